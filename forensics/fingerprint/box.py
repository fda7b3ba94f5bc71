"""The content box as a picture of its own: the part of each frame that a repost's borders leave."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from forensics.fingerprint.dct import SIDE

FINE = 16
"""Parts of a cell in which edges are placed: half a cell (0.8 % of the picture) costs up to 35 bits."""

WHOLE = SIDE * FINE
"""Length of the picture's side in those parts."""


_CHUNK = 128
"""Frames a step: keeps the float64 working set (12 MiB) near the cache whatever the number of frames."""


class Box(NamedTuple):
    """What the content fills of the 64x64 picture, in sixteenths of a cell (0..1024) from its upper left corner."""

    top: int
    bottom: int
    left: int
    right: int


def resample(luma: npt.NDArray[np.uint8], box: Box) -> npt.NDArray[np.uint8]:
    """Scale the box of each frame, uint8 (n, 64, 64), to 64x64 luma by exact area average, rounded half up.

    A cell that an edge cuts holds border and content mixed; its content is taken to be that of the next cell inside.
    """
    down, across = _area_weights(box.top, box.bottom), _area_weights(box.left, box.right)
    area = (box.bottom - box.top) * (box.right - box.left)
    scaled = np.empty(luma.shape, dtype=np.uint8)
    for start in range(0, len(luma), _CHUNK):
        # Whole numbers of at most 255 * 1024 * 1024 throughout: exact in any order.
        part = luma[start : start + _CHUNK].reshape(-1, SIDE).astype(np.float64) @ across.T
        sums = down @ part.reshape(-1, SIDE, SIDE)
        # A quotient that is not whole is at least 1 / 2**20 away from the next, far more than float64 rounds.
        scaled[start : start + _CHUNK] = np.floor((sums + area // 2) / area)
    return scaled


def _area_weights(first: int, end: int) -> npt.NDArray[np.float64]:
    """How much each input cell counts in each output cell, float64 (64 out, 64 in), whole numbers.

    ``first`` and ``end`` are in sixteenths. Overlaps of output with input cells are in 1/64 of a sixteenth; each output
    cell is ``end - first`` of these long. What a cell cut by an edge would count goes to the next whole cell inside.
    """
    inside = np.clip(np.arange(SIDE), -(-first // FINE), end // FINE - 1)
    length = end - first
    out_start = (first * SIDE + np.arange(SIDE) * length)[:, None]
    in_start = (np.arange(SIDE) * FINE * SIDE)[None]
    overlap = np.minimum(out_start + length, in_start + FINE * SIDE) - np.maximum(out_start, in_start)
    weights: npt.NDArray[np.float64] = np.clip(overlap, 0, None).astype(np.float64) @ np.eye(SIDE)[inside]
    return weights
