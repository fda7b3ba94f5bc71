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


_CHUNK = 64
"""Frames a step: keeps the int32 working set (3 MiB) near the cache whatever the number of frames."""


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
    down, across = _shares(box.top, box.bottom), _shares(box.left, box.right)
    area = (box.bottom - box.top) * (box.right - box.left)
    scaled = np.empty(luma.shape, dtype=np.uint8)
    for start in range(0, len(luma), _CHUNK):
        # Of at most 255 * 1024 * 1024.
        sums = _weighed(_weighed(luma[start : start + _CHUNK], across, axis=2), down, axis=1)
        scaled[start : start + _CHUNK] = (sums + area // 2) // area
    return scaled


class _Shares(NamedTuple):
    """An output cell is no longer than an input cell, so that it lies in one or in two neighbours: which, intp (64,),
    and how much each counts, int32 (64,).
    """

    first: npt.NDArray[np.intp]
    of_first: npt.NDArray[np.int32]
    second: npt.NDArray[np.intp]
    of_second: npt.NDArray[np.int32]


def _weighed(cells: npt.NDArray[np.integer], shares: _Shares, *, axis: int) -> npt.NDArray[np.int32]:
    """Sums of input cells (n, 64, 64) along an axis, each as often as it counts."""
    shape = (SIDE, 1) if axis == 1 else (SIDE,)
    sums: npt.NDArray[np.int32] = cells.take(shares.first, axis=axis) * shares.of_first.reshape(shape)
    sums += cells.take(shares.second, axis=axis) * shares.of_second.reshape(shape)
    return sums


def _shares(first: int, end: int) -> _Shares:
    weights, each = _area_weights(first, end), np.arange(SIDE)
    lower = np.argmax(weights > 0, axis=1)
    upper = np.minimum(lower + 1, SIDE - 1)
    return _Shares(lower, weights[each, lower], upper, np.where(upper > lower, weights[each, upper], np.int32(0)))


def _area_weights(first: int, end: int) -> npt.NDArray[np.int32]:
    """How much each input cell counts in each output cell, int32 (64 out, 64 in).

    ``first`` and ``end`` are in sixteenths. Overlaps of output with input cells are in 1/64 of a sixteenth; each output
    cell is ``end - first`` of these long. What a cell cut by an edge would count goes to the next whole cell inside.
    """
    inside = np.clip(np.arange(SIDE), -(-first // FINE), end // FINE - 1)
    length = end - first
    out_start = (first * SIDE + np.arange(SIDE) * length)[:, None]
    in_start = (np.arange(SIDE) * FINE * SIDE)[None]
    overlap = np.minimum(out_start + length, in_start + FINE * SIDE) - np.maximum(out_start, in_start)
    weights: npt.NDArray[np.int32] = np.clip(overlap, 0, None).astype(np.int32) @ np.eye(SIDE, dtype=np.int32)[inside]
    return weights
