"""A keyframe as a file and as the hashes that other tools look up."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True)
class PngRecipe:
    """How a picture is packed as PNG: the samples are the same by each recipe, the bytes are not. ``parameters`` are
    OpenCV's, flags and values in turn.
    """

    name: str
    version: str
    parameters: tuple[int, ...]


FIRST_PNG = PngRecipe(name="opencv:level=3", version="1", parameters=(cv2.IMWRITE_PNG_COMPRESSION, 3))
"""zlib's level 3, the filter chosen anew for each row: that of facts in which no recipe is named."""

PNG = PngRecipe(
    name="opencv:level=1,filter=up",
    version="2",
    parameters=(cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP),
)
"""zlib's quickest level, each row as its difference from the row above: two fifths of the first recipe's time for
files a fifteenth larger.
"""

PNG_RECIPES = (FIRST_PNG, PNG)
"""Every recipe by which keyframes have been written: replay packs by the one that the facts name."""


def imagehash_hex(bgr: npt.NDArray[np.uint8]) -> tuple[str, str]:
    """The ordinary 64-bit ``phash`` and ``dhash`` of the imagehash package, 16 hex digits each.

    ``bgr`` is uint8 (height, width, 3). Same values as ``str(imagehash.phash(Image.open(png)))`` for a PNG of these
    samples, so that lists of other tools can be searched. They serve to look up only; nothing is decided by them.
    """
    # Imported on first use: it brings in scipy, 0.3 s that jobs without keyframes need not wait for.
    import imagehash
    from PIL import Image

    rgb = Image.fromarray(np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8))
    # Both hashes are of the gray picture, which each would make anew.
    gray = rgb.convert("L")
    return str(imagehash.phash(gray)), str(imagehash.dhash(gray))


def encode_png(bgr: npt.NDArray[np.uint8], recipe: PngRecipe = PNG) -> bytes:
    """A PNG (ISO/IEC 15948) of bgr uint8 (height, width, 3), without loss.

    Its samples are the same everywhere; its bytes depend on the zlib that OpenCV was built with.
    Raises ValueError for an array that is no such picture.
    """
    if bgr.dtype != np.uint8 or bgr.ndim != 3 or bgr.shape[2] != 3 or not bgr.size:
        raise ValueError(f"a picture is uint8 (height, width, 3), not {bgr.dtype} {bgr.shape}")
    done, data = cv2.imencode(".png", bgr, recipe.parameters)
    if not done:
        raise ValueError("the picture cannot be written as PNG")
    return data.tobytes()
