"""A keyframe as a file and as the hashes that other tools look up."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

PNG_LEVEL = 3
"""zlib level: a seventh larger than the best at a sixteenth of its time."""


def imagehash_hex(bgr: npt.NDArray[np.uint8]) -> tuple[str, str]:
    """The ordinary 64-bit ``phash`` and ``dhash`` of the imagehash package, 16 hex digits each.

    ``bgr`` is uint8 (height, width, 3). Same values as ``str(imagehash.phash(Image.open(png)))`` for a PNG of these
    samples, so that lists of other tools can be searched. They serve to look up only; nothing is decided by them.
    """
    # Imported on first use: it brings in scipy, 0.3 s that jobs without keyframes need not wait for.
    import imagehash
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(bgr[:, :, ::-1]))
    return str(imagehash.phash(picture)), str(imagehash.dhash(picture))


def encode_png(bgr: npt.NDArray[np.uint8]) -> bytes:
    """A PNG (ISO/IEC 15948) of bgr uint8 (height, width, 3), without loss.

    Its samples are the same everywhere; its bytes depend on the zlib that OpenCV was built with.
    Raises ValueError for an array that is no such picture.
    """
    if bgr.dtype != np.uint8 or bgr.ndim != 3 or bgr.shape[2] != 3 or not bgr.size:
        raise ValueError(f"a picture is uint8 (height, width, 3), not {bgr.dtype} {bgr.shape}")
    done, data = cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, PNG_LEVEL])
    if not done:
        raise ValueError("the picture cannot be written as PNG")
    return data.tobytes()
