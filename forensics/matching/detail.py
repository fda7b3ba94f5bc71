"""How well fine detail of a still and of a frame seen through a map agree, block by block.

A still and the frame that it was taken from differ by coding noise and by what was drawn over it. Any other frame of
a moving camera differs by parallax and perspective, any other frame of a fixed camera where things move. Blocks are
compared each for itself, so that a caption spoils its own blocks and no others.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from forensics.matching.geometry import Floats, Luma
from forensics.matching.sharpen import fine_detail
from forensics.matching.sight import carried, shrinking

Field = npt.NDArray[np.float32]

CANVAS_SIDE = 256
"""Pixels of the long side of the canvas: a frame of motion shows, coding noise hardly."""

BLOCK = 16
"""Pixels of a block's side: 144 blocks of a 16:9 picture, each with room for some detail."""

NOISE = 1.0
"""Grey levels (root mean square) below which a block's detail counts as this much, so that flat blocks agree with
nothing.
"""

LEAST_FILLED = 0.75
"""Share of a block that the frame must fill."""


class Canvas(NamedTuple):
    """The part of a still that a frame shows, reduced: its fine ``detail`` float32 (h, w), ``to_still`` the map (3, 3)
    from its pixels to the still's, ``grid`` its blocks (rows, columns).
    """

    detail: Field
    to_still: Floats
    grid: tuple[int, int]


class Blocks(NamedTuple):
    """Agreement with one frame, float64 (blocks,): correlation, nan where the frame does not fill the block; root mean
    square detail of the frame.
    """

    agree: Floats
    level: Floats


def canvas_of(still: Luma, warp: Floats, frame_shape: tuple[int, int]) -> Canvas | None:
    """The canvas for a still and the map (3, 3) from its pixels to a frame; None where they share too little."""
    back = np.asarray(np.linalg.inv(warp), np.float64)
    corners = carried(back, frame_shape)
    limit = np.array([still.shape[1], still.shape[0]], float)
    low, high = np.floor(np.clip(corners.min(0), 0, limit)), np.ceil(np.clip(corners.max(0), 0, limit))
    span = high - low
    if not np.isfinite(span).all() or span.min() < 2 * BLOCK:
        return None
    scale = min(1.0, CANVAS_SIDE / float(span.max()), _size(warp))
    size = (int(span[0] * scale) // BLOCK * BLOCK, int(span[1] * scale) // BLOCK * BLOCK)
    if min(size) < BLOCK:
        return None
    # A whole number of blocks: the rest of a block at the right and lower edge is left out.
    cut = still[int(low[1]) : int(low[1] + size[1] / scale), int(low[0]) : int(low[0] + size[0] / scale)]
    small = np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA), np.uint8)
    to_still = np.asarray(np.linalg.inv(shrinking((cut.shape[0], cut.shape[1]), (size[1], size[0]))), np.float64)
    to_still[:2, 2] += low
    return Canvas(fine_detail(small), to_still, (size[1] // BLOCK, size[0] // BLOCK))


def _size(warp: Floats) -> float:
    """How many times as long things become under a map."""
    return float(np.sqrt(abs(np.linalg.det(warp[:2, :2]))))


def seen(frame: Luma, warp: Floats, canvas: Canvas) -> tuple[Field, npt.NDArray[np.bool_]]:
    """Fine detail of a frame through the map ``warp`` from the still's pixels, float32 (h, w), and which pixels of
    the canvas it fills.
    """
    to_frame = warp @ canvas.to_still
    height, width = frame.shape
    scale = _size(to_frame)
    if scale > 1.0:
        small = (max(2, round(height / scale)), max(2, round(width / scale)))
        frame = np.asarray(cv2.resize(frame, small[::-1], interpolation=cv2.INTER_AREA), np.uint8)
        to_frame = shrinking((height, width), small) @ to_frame
    size = (canvas.detail.shape[1], canvas.detail.shape[0])
    inverse = cv2.WARP_INVERSE_MAP
    shown = cv2.warpPerspective(
        frame, to_frame, size, flags=inverse | cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    filled = cv2.warpPerspective(np.ones_like(frame), to_frame, size, flags=inverse | cv2.INTER_NEAREST)
    return fine_detail(np.asarray(shown, np.uint8)), np.asarray(filled) > 0


def block_agreement(one: Field, other: Field, filled: npt.NDArray[np.bool_]) -> Blocks:
    """Correlation of two fields in each block, over the pixels that are filled."""
    used = filled.astype(np.float32)
    count = _sums(used)
    part = np.maximum(count, 1.0)
    both, ours, theirs = (_sums(x * used) for x in (one * other, one * one, other * other))
    floor = part * NOISE**2
    agree = both / np.sqrt(np.maximum(ours, floor) * np.maximum(theirs, floor))
    agree[count < LEAST_FILLED * BLOCK * BLOCK] = np.nan
    return Blocks(agree, np.sqrt(theirs / part))


def _sums(field: Field) -> Floats:
    rows, columns = field.shape[0] // BLOCK, field.shape[1] // BLOCK
    parts = field.reshape(rows, BLOCK, columns, BLOCK).sum(axis=(1, 3), dtype=np.float64)
    return np.asarray(parts.ravel())
