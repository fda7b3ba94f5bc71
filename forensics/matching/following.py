"""Two videos side by side on one grid around a moment, and how the picture of each moves as a whole.

Which points move as the picture does is found in both together, so that what is drawn over one of them does not count;
each movement is then measured by that picture's own points, so that no error of measuring can agree.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from forensics.matching.alignment import nearest
from forensics.matching.dense import Grid, detail, sample, shared_area
from forensics.matching.footage import FPS
from forensics.matching.geometry import AS_IS, SEED, Floats, Luma, Pose
from forensics.matching.motion import LEAST_CELLS
from forensics.matching.pairing import Pairing
from forensics.matching.reel import Reel
from forensics.matching.verdict import Stretch

Mask: TypeAlias = npt.NDArray[np.bool_]
Points: TypeAlias = npt.NDArray[np.float32]

GRID = 128
"""Cells along the long side of the shared area: a person far off is two of them."""

HALF_S = 2.5
"""So much of a stretch is looked at on either side of a moment."""

DETAIL_CELLS = 4.0
"""Light and shade broader than so many cells are left out."""

LEAST_MOMENTS = 5

POINTS, POINTS_APART, POINTS_QUALITY, LEAST_POINTS = 120, 4, 0.01, 10
POINT_OFF = 0.7
"""Cells by which a point may be off the movement of the whole."""

TRIES = 500
"""Of the search for that movement: more than half of the points may belong to something else."""

WINDOW, SMALLER = (11, 11), 3
"""A point is looked for in windows of so many cells, first in pictures halved so many times."""

STAYS = np.eye(2, 3)


class Side(NamedTuple):
    """One video's frames on the grid: ``pictures`` uint8 and ``details`` float32, both (n, rows, columns)."""

    seconds: Floats
    pictures: Luma
    details: Grid


class Sides(NamedTuple):
    """Frames of both videos that show the same moments, and the cells that both fill."""

    query: Side
    reference: Side
    filled: Mask


def side_by_side(at: float, stretch: Stretch, pose: Pose, pairing: Pairing, every_s: float) -> Sides | None:
    """Both videos around a moment of the query, a frame each in ``every_s`` seconds; None where they show too little at
    the same time.
    """
    start, end = max(stretch.query_start_s, at - HALF_S), min(stretch.query_end_s, at + HALF_S)
    ends = stretch.beside(start), stretch.beside(end)
    ours = Reel(pairing.footage.stretch(pairing.query.id, start, end))
    theirs = Reel(pairing.footage.stretch(pairing.reference.id, min(ends), max(ends)))
    area = shared_area(stretch.held.matrix, stretch.query_shape, stretch.reference_shape)
    if area is None or min(len(ours.seconds), len(theirs.seconds)) < LEAST_MOMENTS:
        return None
    mine = np.unique(nearest(ours.seconds, np.arange(start, end + every_s / 2, every_s), every_s)[0])
    yours, near = nearest(theirs.seconds, stretch.beside(ours.seconds[mine]), 1 / FPS)
    if near.sum() < LEAST_MOMENTS:
        return None
    ours, theirs = ours.part(mine[near]), theirs.part(yours[near])
    query, here = sample(ours, stretch.held.matrix, area, GRID, pose)
    reference, there = sample(theirs, STAYS, area, GRID, AS_IS)
    filled = cv2.erode((here & there).astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    if filled.sum() < LEAST_CELLS:
        return None
    return Sides(_side(ours.seconds, query, filled), _side(theirs.seconds, reference, filled), filled)


def _side(seconds: Floats, frames: Grid, filled: Mask) -> Side:
    return Side(seconds, np.clip(np.rint(frames), 0, 255).astype(np.uint8), detail(frames, filled, DETAIL_CELLS))


def followable(sides: Sides, row: int) -> tuple[Points, Points]:
    """Points that can be followed from a frame of either video."""
    mask = sides.filled.astype(np.uint8)
    return _corners(sides.query.pictures[row], mask), _corners(sides.reference.pictures[row], mask)


def _corners(picture: Luma, mask: Luma) -> Points:
    found = cv2.goodFeaturesToTrack(picture, POINTS, POINTS_QUALITY, POINTS_APART, mask=mask)
    if found is None:
        return np.zeros((0, 2), np.float32)
    return np.asarray(found.reshape(-1, 2), np.float32)


def movement(
    sides: Sides, start: int, end: int, points: tuple[Points, Points], guess: Floats
) -> tuple[Floats, Floats] | None:
    """How the picture of either video moves between two frames: the movement on which the points of both agree, by the
    own points of each; None where either has too few.
    """
    pairs = [
        _followed(side.pictures[start], side.pictures[end], own, guess)
        for side, own in zip((sides.query, sides.reference), points, strict=True)
    ]
    if min(len(before) for before, _ in pairs) < LEAST_POINTS:
        return None
    before, after = (np.concatenate(each) for each in zip(*pairs, strict=True))
    cv2.setRNGSeed(SEED)
    joint, kept = cv2.estimateAffine2D(before, after, ransacReprojThreshold=POINT_OFF, maxIters=TRIES)
    if joint is None:
        return None
    count, inside = len(pairs[0][0]), kept.ravel() > 0
    own = [(before[part][inside[part]], after[part][inside[part]]) for part in (slice(0, count), slice(count, None))]
    if min(len(there) for there, _ in own) < LEAST_POINTS:
        return None
    ours, theirs = (_best_map(*each) for each in own)
    return ours, theirs


def _followed(one: Luma, other: Luma, points: Points, guess: Floats) -> tuple[Points, Points]:
    """The points of one picture that are found in the other, and where."""
    if not len(points):
        return points, points
    near = (np.c_[points, np.ones(len(points))] @ guess.T).astype(np.float32)
    found, told, _ = cv2.calcOpticalFlowPyrLK(
        one, other, points, near, winSize=WINDOW, maxLevel=SMALLER, flags=cv2.OPTFLOW_USE_INITIAL_FLOW
    )
    kept = told.ravel() > 0
    return points[kept], np.asarray(found[kept], np.float32)


def _best_map(before: Points, after: Points) -> Floats:
    """The affine map (2, 3) with the least squares."""
    solved, *_ = np.linalg.lstsq(np.c_[before, np.ones(len(before))], after, rcond=None)
    return np.asarray(solved.T, np.float64)


def laid(picture: Grid, moved: Floats) -> Grid:
    """A picture on the one from which it has moved; nothing where it has nothing."""
    size = (picture.shape[1], picture.shape[0])
    return np.asarray(cv2.warpAffine(picture, moved, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP), np.float32)
