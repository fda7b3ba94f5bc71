"""Where two aligned frames differ, as a grey picture: white is equal, black is `FULL` grey levels apart or more."""

from __future__ import annotations

import math
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from forensics.model.match import Transform
from forensics.report.pictures import Bgr, thumbnail

FULL = 64
"""Grey levels of 256 that are drawn black: coding noise stays light, a caption or another scene does not."""

SOFT_SIGMA = 1.2
"""Pixels of blur before the difference: half a pixel of misplacement would draw every edge."""

_HATCH, _HATCH_LIGHT, _HATCH_DARK = 4, 232, 190
"""Width of the stripes that stand for what only one of both shows, and their two greys."""

Luma: TypeAlias = npt.NDArray[np.uint8]


def difference_map(query: Bgr, reference: Bgr, transform: Transform | None) -> bytes:
    """Lay the reference on the query and write a JPEG, in the query's shape, of how far apart their lumas are.

    ``transform`` is that of the segment (see `Transform`); None lays one frame on the other as they are. What the
    reference does not show is hatched.
    """
    ours = np.asarray(cv2.cvtColor(query, cv2.COLOR_BGR2GRAY), np.uint8)
    theirs = np.asarray(cv2.cvtColor(reference, cv2.COLOR_BGR2GRAY), np.uint8)
    height, width = ours.shape
    matrix = _matrix(transform, ours.shape, theirs.shape)
    laid = cv2.warpAffine(theirs, matrix, (width, height), flags=cv2.INTER_AREA)
    seen = cv2.warpAffine(np.full_like(theirs, 255), matrix, (width, height), flags=cv2.INTER_NEAREST)
    if transform is not None and transform.mirrored:
        laid, seen = laid[:, ::-1], seen[:, ::-1]
    if transform is not None and transform.inverted:
        laid = 255 - laid
    apart = np.abs(_soft(ours) - _soft(np.ascontiguousarray(laid, np.uint8)))
    drawn = np.asarray(255 - np.minimum(255, apart * (255 / FULL)), np.uint8)
    grey = np.where(seen > 0, drawn, _hatched(height, width)).astype(np.uint8)
    return thumbnail(np.repeat(grey[:, :, None], 3, axis=2))


def _matrix(transform: Transform | None, shape: tuple[int, ...], source: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Affine map, float64 (2, 3), from pixels of the reference to those of the query before any mirror."""
    if transform is None:
        return np.array([[shape[1] / source[1], 0, 0], [0, shape[0] / source[0], 0]], np.float64)
    long_side = max(shape[:2])
    size = transform.scale * long_side / max(source[:2])
    turn = -math.radians(90.0 * transform.quarter_turns + transform.rotation_deg)
    cos, sin = size * math.cos(turn), size * math.sin(turn)
    return np.array([[cos, -sin, transform.dx * long_side], [sin, cos, transform.dy * long_side]], np.float64)


def _soft(luma: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(luma.astype(np.float32), (0, 0), SOFT_SIGMA))


def _hatched(height: int, width: int) -> Luma:
    stripes = (np.add.outer(np.arange(height), np.arange(width)) // _HATCH) % 2
    return np.where(stripes == 0, _HATCH_LIGHT, _HATCH_DARK).astype(np.uint8)
