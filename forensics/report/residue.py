"""Where two aligned frames differ, as a grey picture: white is equal, black is `FULL` grey levels apart or more."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from forensics.model.match import Transform
from forensics.report.pictures import Bgr, thumbnail
from forensics.report.residual import UNCHANGED, residual

FULL = 64
"""Grey levels of 256 that are drawn black: coding noise stays light, a caption or another scene does not."""

SOFT_SIGMA = 1.2
"""Pixels of blur before the difference: half a pixel of misplacement would draw every edge."""

_HATCH, _HATCH_LIGHT, _HATCH_DARK = 4, 232, 190
"""Width of the stripes that stand for what only one of both shows, and their two greys."""


def difference_map(query: Bgr, reference: Bgr, transform: Transform | None, measured_side: int) -> bytes:
    """Lay the reference on the query and write a JPEG, in the query's shape, of how far apart their lumas are.

    ``transform`` is that of the segment, measured at ``measured_side`` (see `residual`); None lays one frame on the
    other as they are. What is not seen in both is hatched.
    """
    left = residual(_soft(query), _soft(reference), transform or UNCHANGED, measured_side)
    drawn = 255 - np.minimum(255, left.levels.astype(np.uint16) * 255 // FULL)
    grey = np.where(left.compared, drawn, _hatched(*left.levels.shape)).astype(np.uint8)
    return thumbnail(np.repeat(grey[:, :, None], 3, axis=2))


def _soft(picture: Bgr) -> Bgr:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), SOFT_SIGMA), np.uint8)


def _hatched(height: int, width: int) -> npt.NDArray[np.uint8]:
    stripes = (np.add.outer(np.arange(height), np.arange(width)) // _HATCH) % 2
    return np.where(stripes == 0, _HATCH_LIGHT, _HATCH_DARK).astype(np.uint8)
