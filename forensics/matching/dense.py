"""Pictures of both videos on one small grid over the area that they share, and what changes in them over time."""

from __future__ import annotations

import functools
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from forensics.matching.geometry import Floats, Pose
from forensics.matching.reel import Reel

Grid = npt.NDArray[np.float32]

LEAST_SHARED_PX = 24
"""An area shared by both pictures that is smaller than this at 512 px proves nothing."""

LEAST_CELLS = 60
"""Grid cells that both pictures must fill."""

CUT_CORRELATION = 0.8
"""Consecutive frames (a tenth of a second apart) that correlate less than this may be of two shots ..."""

CUT_DIP = 0.2
"""... when the frames before and after correlate this much better; in a fast pan all neighbours correlate badly."""


REDUCE_TO = 1.05
"""A frame is halved while a cell still spans a pixel of it, give or take this: 512 pixels on 128 cells are averaged
four by four, which is exact and fast.
"""

AT_ONCE = 16
"""Frames worked on together: on the finest grid they stay in the cache of the processor."""

KEPT_BLURS = 64
"""Blurs kept as matrices of 64 kB at the most: the maps that are tried for one pair give few sizes of the grid."""


class Shared(NamedTuple):
    """The area of the reference that the query shows: ``origin`` and ``size`` in reference pixels."""

    x: float
    y: float
    width: float
    height: float

    def grid(self, cells: int) -> tuple[int, int]:
        """Width and height of a grid with ``cells`` cells along the long side."""
        if self.width >= self.height:
            return cells, max(8, round(cells * self.height / self.width))
        return max(8, round(cells * self.width / self.height)), cells


def shared_area(matrix: Floats, query_shape: tuple[int, int], reference_shape: tuple[int, int]) -> Shared | None:
    """The bounding box, within the reference, of the query's picture mapped by ``matrix``; None when tiny."""
    height, width = query_shape
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], float) @ matrix.T
    limit = np.array([reference_shape[1], reference_shape[0]], float)
    low, high = np.clip(corners.min(0), 0, limit), np.clip(corners.max(0), 0, limit)
    size = high - low
    if size.min() < LEAST_SHARED_PX:
        return None
    return Shared(float(low[0]), float(low[1]), float(size[0]), float(size[1]))


def sample(reel: Reel, matrix: Floats, area: Shared, cells: int, pose: Pose) -> tuple[Grid, npt.NDArray[np.bool_]]:
    """The frames on the grid, float32 (n, rows, columns), and which cells they fill.

    ``matrix`` maps posed frame pixels to reference pixels. The frame is first reduced by area average, by a power of
    two, to between one and two pixels per cell, so that no detail folds back.
    """
    columns, rows = area.grid(cells)
    to_grid = np.array([[columns / area.width, 0, -area.x * columns / area.width],
                        [0, rows / area.height, -area.y * rows / area.height]])  # fmt: skip
    whole = to_grid @ np.vstack([matrix, [0.0, 0.0, 1.0]])
    by = _reduction(float(np.sqrt(abs(np.linalg.det(whole[:, :2])))), reel.luma.shape[1:])
    warp = whole.copy()
    warp[:, :2] *= by
    warp[:, 2] += (whole[:, 0] + whole[:, 1]) * (0.5 * by - 0.5)
    small = reel.reduced(by, pose)
    out = np.empty((len(small), rows, columns), np.float32)
    for index, picture in enumerate(small):
        cv2.warpAffine(
            picture.astype(np.float32), warp, (columns, rows), dst=out[index], flags=cv2.INTER_LINEAR, borderValue=0
        )
    full = np.full(small.shape[1:], 255, np.uint8)
    filled = cv2.warpAffine(full, warp, (columns, rows), flags=cv2.INTER_LINEAR, borderValue=0) > 250
    return out, filled


def _reduction(scale: float, shape: tuple[int, ...]) -> int:
    """The greatest power of two by which frames may be reduced before they are scaled by ``scale``."""
    by = 1
    while 2 * by * scale <= REDUCE_TO and min(shape) >= 4 * by:
        by *= 2
    return by


def detail(frames: Grid, filled: npt.NDArray[np.bool_], sigma: float, known: tuple[slice, Grid] | None = None) -> Grid:
    """Each frame without its broad light and shade (minus a Gaussian mean over the filled cells). Of some neighbouring
    frames it may be ``known``.
    """
    if known is not None:
        rows, made = known
        parts = (detail(frames[: rows.start], filled, sigma), made, detail(frames[rows.stop :], filled, sigma))
        return np.concatenate(parts)
    weight = filled.astype(np.float32)
    part = weight / (cv2.GaussianBlur(weight, (0, 0), sigma) + 1e-6)
    rows, columns = weight.shape
    down, across = _blur(rows, sigma), _blur(columns, sigma)
    out = np.empty_like(frames)
    halfway, broad = np.empty((2, AT_ONCE, rows, columns), np.float32)
    for start in range(0, len(frames), AT_ONCE):
        block = out[start : start + AT_ONCE]
        np.multiply(frames[start : start + AT_ONCE], weight, out=block)
        one, two = halfway[: len(block)], broad[: len(block)]
        np.matmul(down, block, out=one)
        np.matmul(one.reshape(-1, columns), across.T, out=two.reshape(-1, columns))
        two *= part
        block -= two
    return out


@functools.lru_cache(maxsize=KEPT_BLURS)
def _blur(length: int, sigma: float) -> Grid:
    """Gaussian blur of a column of ``length`` cells as a matrix, edges reflected as OpenCV does. Not to be changed."""
    taps = 2 * round(4 * sigma) + 1
    made = np.asarray(cv2.GaussianBlur(np.eye(length, dtype=np.float32), (1, taps), sigma), np.float32)
    made.flags.writeable = False
    return made


def shots(rows: Grid) -> npt.NDArray[np.int64]:
    """Shot number of each frame, int64 (n,): a new shot where neighbours do not correlate but those beside them do."""
    if len(rows) < 2:
        return np.zeros(len(rows), np.int64)
    energy = np.sqrt((rows * rows).sum(1)) + 1e-6
    along = (rows[1:] * rows[:-1]).sum(1) / (energy[1:] * energy[:-1])
    sides = np.concatenate([[1.0], along, [1.0]])
    cut = (along < CUT_CORRELATION) & (np.minimum(sides[:-2], sides[2:]) > along + CUT_DIP)
    return np.concatenate([[0], np.cumsum(cut)]).astype(np.int64)


def change(rows: Grid, seconds: Floats, span_s: float, shot: npt.NDArray[np.int64]) -> Grid:
    """What changes: each frame minus the mean of the frames within ``span_s`` in the same shot, float32 (n, cells)."""
    low = np.maximum(np.searchsorted(seconds, seconds - span_s), np.searchsorted(shot, shot))
    high = np.minimum(
        np.searchsorted(seconds, seconds + span_s, side="right"), np.searchsorted(shot, shot, side="right")
    )
    at = np.arange(len(rows))
    out = np.empty_like(rows)
    # The mean is over few frames of many: of the matrix that takes it, only a band along the diagonal is not zero.
    for start in range(0, len(rows), AT_ONCE):
        own = at[start : start + AT_ONCE, None]
        first, last = low[own].min(), high[own].max()
        others = at[None, first:last]
        near = (others >= low[own]) & (others < high[own])
        weights = (others == own) - near / (high - low)[own]
        np.matmul(weights.astype(np.float32), rows[first:last], out=out[start : start + AT_ONCE])
    return out
