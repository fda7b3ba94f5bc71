"""The content box: the picture without the bars, blurred fill or fixed frame that a repost put around it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from forensics.fingerprint.dct import SIDE, codes_of
from forensics.model.fingerprint import HASH_BYTES

MOST_HELD = 16_384
"""Kept frames held (64 MiB of luma) before the box is decided from those: a quarter of an hour of moving footage."""

MOST_STUDIED = 256
"""Frames, evenly spaced over those held, from which the box is found."""

LEAST_SIDE = 20
"""Cells of 64 that a box measures at the least; less has too few samples for frequencies up to 16."""

LEAST_TRIMMED = 2
"""Cells that a border takes away, both sides together; one cell (1.6 %) does not move the hash far enough to matter."""

_STILL_SPREAD = 6
"""Levels from its median within which a border's sample stays: coding noise beside a moving picture reaches 4."""

_STILL_TIME = 90
"""Per cent of frames in which it does: a caption or a fade may pass over a bar."""

_STILL_SAMPLES = 90
"""Per cent of a line's samples that are still in a border."""

_EVEN_SPREAD = 8
"""Levels that the samples of a plain bar differ along its line (compared as medians over time)."""

_LEAST_INNER_CHANGE = 8
"""Mean deviation over time, in levels, of what lies inside a fixed patterned border: otherwise the whole scene stands."""

_BLUR_RATIO = 35
"""Fine detail of a blurred border in per cent of the inside's (measured on fills: below 20)."""

_SEAM_RATIO = 3
"""How many times stronger the step at a blurred border's edge is than the median step of the picture."""

_LEAST_SEAM_FRACTION = 70
"""Per cent of the samples along the edge at which the step is a peak across it: an edge is straight, a horizon is not."""


class Box(NamedTuple):
    """Cells of the 64x64 picture that the content fills: rows ``top`` to ``bottom``, columns ``left`` to ``right``
    (first inside, first outside).
    """

    top: int
    bottom: int
    left: int
    right: int


class BoxHasher:
    """Collects the kept frames of one video and hashes their content box, if there is one."""

    def __init__(self) -> None:
        self._held: list[npt.NDArray[np.uint8]] = []
        self._count = 0
        self._decided = False
        self._box: Box | None = None
        self._codes: list[npt.NDArray[np.uint8]] = []

    def add(self, luma: npt.NDArray[np.uint8]) -> None:
        """Take the next kept frames, luma uint8 (n, 64, 64)."""
        if self._decided:
            self._hash(luma)
            return
        self._held.append(luma)
        self._count += len(luma)
        if self._count >= MOST_HELD:
            self._decide()

    def finish(self) -> npt.NDArray[np.uint8]:
        """Hashes of the box uint8 (n, 32), one for each frame added, or no rows when there is no border."""
        if not self._decided:
            self._decide()
        return np.concatenate([np.empty((0, HASH_BYTES), dtype=np.uint8), *self._codes])

    def _decide(self) -> None:
        held = np.concatenate([np.empty((0, SIDE, SIDE), dtype=np.uint8), *self._held])
        self._held = []
        self._decided = True
        self._box = find_box(held)
        self._hash(held)

    def _hash(self, luma: npt.NDArray[np.uint8]) -> None:
        if self._box is not None:
            self._codes.append(codes_of(resample(luma, self._box)))


def find_box(luma: npt.NDArray[np.uint8]) -> Box | None:
    """The content box of a video's kept frames uint8 (n, 64, 64), or None when nothing surrounds the content.

    Tried in this order: plain bars, a fixed patterned border, a blurred fill.
    """
    if not len(luma):
        return None
    step = -(-len(luma) // MOST_STUDIED)
    frames = luma[::step].astype(np.int16)
    return _still_border(frames) or _blurred_border(frames)


def resample(luma: npt.NDArray[np.uint8], box: Box) -> npt.NDArray[np.uint8]:
    """The box's area of each frame as 64x64 luma, by exact area average, rounded half up."""
    down = _area_weights(box.top, box.bottom)
    across = _area_weights(box.left, box.right)
    area = (box.bottom - box.top) * (box.right - box.left)
    sums = down @ (luma.astype(np.float64) @ across.T)
    return ((sums.astype(np.int64) + area // 2) // area).astype(np.uint8)


def _area_weights(first: int, end: int) -> npt.NDArray[np.float64]:
    """Integer overlaps (64, 64) of the 64 output cells with the input cells ``first`` to ``end``.

    In units of 1/64 input cell an output cell is ``end - first`` long, which is what each row sums to.
    """
    length = end - first
    out_start = (np.arange(SIDE) * length)[:, None]
    in_start = ((np.arange(SIDE) - first) * SIDE)[None]
    overlap = np.minimum(out_start + length, in_start + SIDE) - np.maximum(out_start, in_start)
    return np.clip(overlap, 0, None).astype(np.float64)


def _still_border(frames: npt.NDArray[np.int16]) -> Box | None:
    """Plain bars, else lines that stand still around a picture that moves."""
    middle = np.sort(frames, axis=0)[len(frames) // 2]
    near = np.count_nonzero(np.abs(frames - middle) <= _STILL_SPREAD, axis=0)
    still = near * 100 >= _STILL_TIME * len(frames)
    lines = [still.mean(axis=axis) * 100 >= _STILL_SAMPLES for axis in (1, 0)]
    even = [_even_lines(middle, axis) for axis in (0, 1)]
    plain = _box_without(lines[0] & even[0], lines[1] & even[1])
    if plain is not None:
        return plain
    fixed = _box_without(lines[0], lines[1])
    if fixed is None:
        return None
    inside = frames[:, fixed.top : fixed.bottom, fixed.left : fixed.right]
    return fixed if float(inside.std(axis=0).mean()) >= _LEAST_INNER_CHANGE else None


def _even_lines(middle: npt.NDArray[np.int16], axis: int) -> npt.NDArray[np.bool_]:
    """Which rows (axis 0) or columns (axis 1) hold one level, but for a tenth of their samples."""
    low, high = np.percentile(middle, (5, 95), axis=1 - axis)
    return np.asarray(high - low <= _EVEN_SPREAD)


def _box_without(dead_rows: npt.NDArray[np.bool_], dead_columns: npt.NDArray[np.bool_]) -> Box | None:
    """What is left when the outermost dead lines are taken away, or None when that is nothing or nearly all."""
    top, bottom = _alive_span(dead_rows)
    left, right = _alive_span(dead_columns)
    trimmed = max(SIDE - (bottom - top), SIDE - (right - left))
    if min(bottom - top, right - left) < LEAST_SIDE or trimmed < LEAST_TRIMMED:
        return None
    return Box(top=top, bottom=bottom, left=left, right=right)


def _alive_span(dead: npt.NDArray[np.bool_]) -> tuple[int, int]:
    alive = np.flatnonzero(~dead)
    return (int(alive[0]), int(alive[-1]) + 1) if len(alive) else (0, 0)


def _blurred_border(frames: npt.NDArray[np.int16]) -> Box | None:
    """A fill without fine detail above and below, or left and right, with a straight edge towards the content."""
    rows = _blurred_span(frames)
    if rows is not None:
        return Box(top=rows[0], bottom=rows[1], left=0, right=SIDE)
    columns = _blurred_span(frames.swapaxes(1, 2))
    if columns is not None:
        return Box(top=0, bottom=SIDE, left=columns[0], right=columns[1])
    return None


def _blurred_span(frames: npt.NDArray[np.int16]) -> tuple[int, int] | None:
    """First row of the content and first row of the lower fill, or None.

    The fill is symmetric to within two cells, as all tools that make one lay it.
    """
    bend = np.abs(frames[:, :, 2:] - 2 * frames[:, :, 1:-1] + frames[:, :, :-2]).mean(axis=(0, 2))
    steps = np.abs(np.diff(frames, axis=1)).mean(axis=0)
    strength = steps.mean(axis=1)
    edges = [row for row in range(1, SIDE) if _is_seam(steps, strength, row)]
    best: tuple[float, int, int] | None = None
    for top in (row for row in edges if row <= (SIDE - LEAST_SIDE) // 2 + 1):
        for bottom in (row for row in edges if abs(SIDE - row - top) <= 2 and row - top >= LEAST_SIDE):
            outside = np.r_[bend[: top - 1], bend[bottom + 1 :]]
            inside = float(bend[top + 1 : bottom - 1].mean())
            if len(outside) and float(outside.mean()) * 100 <= _BLUR_RATIO * inside:
                candidate = (float(strength[top - 1] + strength[bottom - 1]), top, bottom)
                best = max(best, candidate) if best else candidate
    return None if best is None else (best[1], best[2])


def _is_seam(steps: npt.NDArray[np.float64], strength: npt.NDArray[np.float64], row: int) -> bool:
    """Whether a straight edge runs between the rows ``row - 1`` and ``row``."""
    if strength[row - 1] < _SEAM_RATIO * np.median(strength):
        return False
    beside = np.maximum(steps[max(row - 3, 0)], steps[min(row + 1, SIDE - 2)])
    return bool((steps[row - 1] > beside).mean() * 100 >= _LEAST_SEAM_FRACTION)
