"""Small pictures for a report: thumbnails, JPEG (ITU-T T.81) without any metadata.

Paths never reach OpenCV: arrays in, bytes out.
"""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

Bgr: TypeAlias = npt.NDArray[np.uint8]
"""A picture, uint8 (height, width, 3), blue first."""

THUMBNAIL_SIDE = 240
"""Long side in pixels: a person can tell what is shown, at 4 to 6 kB a picture."""
THUMBNAIL_QUALITY = 62
"""JPEG quality of a thumbnail: below it, blocks are seen at this size; above it, a large case outgrows one file."""


def thumbnail(bgr: Bgr, long_side: int = THUMBNAIL_SIDE, quality: int = THUMBNAIL_QUALITY) -> bytes:
    """Make a JPEG of the whole picture, its long side at most ``long_side`` pixels; never scaled up.

    ``quality`` is OpenCV's 1..100. Raises ValueError for an empty picture or one that is not uint8 (h, w, 3).
    """
    _require_bgr(bgr)
    height, width = bgr.shape[:2]
    return _jpeg(_fit(bgr, min(1.0, long_side / max(height, width))), quality)


def shrunk(bgr: Bgr, long_side: int) -> Bgr:
    """The whole picture with its long side at most ``long_side`` pixels; never scaled up. Raises ValueError so."""
    _require_bgr(bgr)
    return _fit(bgr, min(1.0, long_side / max(bgr.shape[:2])))


def _fit(bgr: Bgr, scale: float) -> Bgr:
    height, width = bgr.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(bgr, size, interpolation=method), np.uint8)


def _jpeg(bgr: Bgr, quality: int) -> bytes:
    done, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1])
    if not done:
        raise ValueError("the picture cannot be written as JPEG")
    return encoded.tobytes()


def _require_bgr(bgr: Bgr) -> None:
    if bgr.dtype != np.uint8 or bgr.ndim != 3 or bgr.shape[2] != 3 or not bgr.size:
        raise ValueError(f"a picture is uint8 (height, width, 3), not {bgr.dtype} {bgr.shape}")
