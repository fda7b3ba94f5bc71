"""The content box: the picture without the bars, blurred fill or fixed frame that a repost put around it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from forensics.fingerprint.dct import SIDE, codes_of
from forensics.model.fingerprint import HASH_BYTES

FINE = 16
"""Parts of a cell in which edges are placed: half a cell (0.8 % of the picture) costs up to 35 bits."""

_FULL = SIDE * FINE

MOST_HELD = 16_384
"""Kept frames held (64 MiB of luma) before the box is decided from those: a quarter of an hour of moving footage."""

MOST_STUDIED = 64
"""Frames, evenly spaced over those held, from which the box is found."""

LEAST_SIDE = 20
"""Cells of 64 that a box measures at the least; less has too few samples for frequencies up to 16."""

LEAST_TRIMMED = 2
"""Cells that a border takes away, both sides together; one cell (1.6 %) does not move the hash far enough to matter."""

_STILL_SPREAD = 6
"""Levels from its median within which a sample stands still: coding noise beside a moving picture reaches 4."""

_STILL_TIME = 90
"""Per cent of frames in which a border's sample stands still: a caption or a fade may pass over it."""

_MOVING_TIME = 25
"""Per cent of frames in which a sample is away from its median where the picture moves."""

_STILL_SAMPLES = 90
"""Per cent of a line's samples that are still in a border."""

_MOVING_SAMPLES = 60
"""Per cent of a line's samples that move just inside a patterned border; a walker before a fixed camera moves fewer."""

_EVEN_SPREAD = 8
"""Levels that the samples of a plain bar differ along its line (medians over time, a tenth of the samples left out)."""

_SEAM_STEP = 4
"""Levels of mean step across the edge of a bar; bars of black beside night footage show little more."""

_WIDE_SEAM_SAMPLES = 90
"""The same where the bar is patterned and nothing but its edge tells it from a scene that stands still."""

_WIDE_SEAM_RATIO = 2
"""How many times the picture's median step such an edge is."""

_SEAM_SAMPLES = 60
"""Per cent of the samples along an edge that show the step: an edge is straight, a horizon is not."""

_BLUR_RATIO = 40
"""Fine detail of a blurred fill in per cent of the content's (fills of ffmpeg's boxblur: below 25)."""

_BLUR_SEAM = 2
"""How many times the fill's own steps the step at its edge is, at `_SEAM_SAMPLES` of the samples."""

_ASYMMETRY = 2
"""Cells by which the two sides of a blurred fill differ at most; every tool lays it symmetrically."""


class Box(NamedTuple):
    """What the content fills of the 64x64 picture, in sixteenths of a cell (0..1024) from its upper left corner."""

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
    """Find what the borders of a video leave, from its kept frames uint8 (n, 64, 64); None when there is no border.

    Known are plain bars; bars and frames with text or pictures that stand still; and blurred fills on two opposite
    sides.
    """
    if not len(luma):
        return None
    frames = luma[:: -(-len(luma) // MOST_STUDIED)].astype(np.int16)
    box = _without_still_borders(frames)
    if _FULL - min(box.bottom - box.top, box.right - box.left) >= LEAST_TRIMMED * FINE:
        return box
    rows = _between_fills(frames)
    if rows is not None:
        return Box(top=rows[0], bottom=rows[1], left=0, right=_FULL)
    columns = _between_fills(frames.swapaxes(1, 2))
    return None if columns is None else Box(top=0, bottom=_FULL, left=columns[0], right=columns[1])


def resample(luma: npt.NDArray[np.uint8], box: Box) -> npt.NDArray[np.uint8]:
    """Scale the box of each frame, uint8 (n, 64, 64), to 64x64 luma by exact area average, rounded half up.

    A cell that an edge cuts holds border and content mixed; its content is taken to be that of the next cell inside.
    """
    rows, down = _area_weights(box.top, box.bottom)
    columns, across = _area_weights(box.left, box.right)
    area = (box.bottom - box.top) * (box.right - box.left)
    pure = luma[:, rows[:, None], columns[None]].astype(np.float64)
    # Whole numbers of at most 255 * 1024 * 1024 throughout: exact in any order.
    sums = (down @ (pure @ across.T)).astype(np.int64)
    return np.asarray((sums + area // 2) // area, dtype=np.uint8)


def _area_weights(first: int, end: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """For each input cell the whole cell inside that stands for it, int64 (64,), and overlaps float64 (64, 64).

    ``first`` and ``end`` are in sixteenths. Overlaps of output with input cells are in 1/64 of a sixteenth; each output
    cell is ``end - first`` of these long.
    """
    inside = np.clip(np.arange(SIDE), -(-first // FINE), end // FINE - 1)
    length = end - first
    out_start = (first * SIDE + np.arange(SIDE) * length)[:, None]
    in_start = (np.arange(SIDE) * FINE * SIDE)[None]
    overlap = np.minimum(out_start + length, in_start + FINE * SIDE) - np.maximum(out_start, in_start)
    return inside, np.clip(overlap, 0, None).astype(np.float64)


def _without_still_borders(frames: npt.NDArray[np.int16]) -> Box:
    """The picture without bars at its sides, rows first; twice, as bars may cross."""
    box = Box(top=0, bottom=_FULL, left=0, right=_FULL)
    for _ in range(2):
        top, bottom = _between_bars(_cells(frames, box))
        box = box._replace(top=top or box.top, bottom=bottom or box.bottom)
        left, right = _between_bars(_cells(frames.swapaxes(1, 2), Box(box.left, box.right, box.top, box.bottom)))
        box = box._replace(left=left or box.left, right=right or box.right)
    return box


class _Lines(NamedTuple):
    """Frames int16 (n, lines, samples) of a box's whole cells, and the number of the first line."""

    levels: npt.NDArray[np.int16]
    first: int


def _cells(frames: npt.NDArray[np.int16], box: Box) -> _Lines:
    first, end = -(-box.top // FINE), box.bottom // FINE
    return _Lines(frames[:, first:end, -(-box.left // FINE) : box.right // FINE], first)


def _between_bars(lines: _Lines) -> tuple[int | None, int | None]:
    """Where the bar before the content ends and the one after it begins, in sixteenths; None where there is none."""
    levels, count = lines.levels, lines.levels.shape[1]
    before, after = _bar_length(levels), _bar_length(levels[:, ::-1])
    if count - before - after < LEAST_SIDE or before + after < LEAST_TRIMMED:
        return None, None
    first = lines.first * FINE + _edge(levels, before) if before else None
    end = (lines.first + count) * FINE - _edge(levels[:, ::-1], after) if after else None
    return first, end


def _bar_length(levels: npt.NDArray[np.int16]) -> int:
    """Lines of the bar with which frames int16 (n, lines, samples) begin; the last one, or the next, may be mixed.

    The bar ends at the strongest seam that follows on lines that stand still, or where everything begins to move.
    """
    middle = np.sort(levels, axis=0)[len(levels) // 2]
    away = np.count_nonzero(np.abs(levels - middle) > _STILL_SPREAD, axis=0) * 100
    still = (away <= (100 - _STILL_TIME) * len(levels)).mean(axis=1) * 100 >= _STILL_SAMPLES
    moving = (away >= _MOVING_TIME * len(levels)).mean(axis=1) * 100 >= _MOVING_SAMPLES
    low, high = np.percentile(middle, (5, 95), axis=1)
    by_seam = _strongest_seam(levels, _leading(still & (high - low <= _EVEN_SPREAD)), _leading(still))
    moves = _leading(~(moving & np.r_[moving[1:], False]))
    if not 0 < moves <= _leading(still) + 1 or moves == len(moving) or not still[0]:
        return by_seam
    return by_seam if abs(moves - by_seam) <= 1 else max(by_seam, moves)


def _strongest_seam(levels: npt.NDArray[np.int16], plain: int, still: int) -> int:
    """The line before which the strongest seam runs, after ``plain`` even or ``still`` unmoving lines; 0 for none."""
    steps = np.abs(np.diff(levels, axis=1)).sum(axis=0, dtype=np.int64)
    strength = steps.sum(axis=1)
    across = (steps >= _SEAM_STEP * len(levels)).mean(axis=1) * 100
    line = np.arange(1, len(strength) + 1)
    seam = (line <= plain + 1) & (plain > 0) & (across >= _SEAM_SAMPLES)
    seam |= (line <= still) & (across >= _WIDE_SEAM_SAMPLES) & (strength >= _WIDE_SEAM_RATIO * np.median(strength))
    # The seam one past the even lines is only that of a mixed line: the content's own steps begin there.
    if 0 < plain < len(strength) and seam[plain - 1]:
        seam[plain] &= bool((steps[plain] > steps[plain - 1]).mean() * 100 >= _SEAM_SAMPLES)
    return int(np.argmax(np.where(seam, strength, 0))) + 1 if seam.any() else 0


def _leading(lines: npt.NDArray[np.bool_]) -> int:
    """How many lines are true from the first on."""
    return int(np.argmin(lines)) if not lines.all() else len(lines)


def _edge(levels: npt.NDArray[np.int16], line: int) -> int:
    """The place of an edge near the beginning of ``line``, in sixteenths of a cell from the first line.

    A mixed line is ``share * bar + (1 - share) * content``: least squares over all samples and frames.
    """
    place = line * FINE + _bar_share(levels, line, bar=line - 1)
    if line >= 2:
        place -= FINE - _bar_share(levels, line - 1, bar=line - 2)
    return place


def _bar_share(levels: npt.NDArray[np.int16], mixed: int, *, bar: int) -> int:
    """How much of a mixed line is the bar's, in sixteenths; less what the content's own texture would feign."""
    share, feigned = _projection(levels, bar, mixed, mixed + 1), _projection(levels, bar, mixed + 1, mixed + 2)
    return min(max(round(FINE * (share - feigned) / max(1 - feigned, 0.5)), 0), FINE)


def _projection(levels: npt.NDArray[np.int16], bar: int, mixed: int, content: int) -> float:
    """By how much a line lies between two others, from 0 at the content to 1 at the bar."""
    whole = (levels[:, content] - levels[:, bar]).astype(np.int64)
    part = (levels[:, content] - levels[:, mixed]).astype(np.int64)
    return int((whole * part).sum()) / max(int((whole * whole).sum()), 1)


def _between_fills(frames: npt.NDArray[np.int16]) -> tuple[int, int] | None:
    """Where the content begins and ends, in sixteenths, when what is above and below lacks fine detail; or None."""
    bend = np.abs(frames[:, :, 2:] - 2 * frames[:, :, 1:-1] + frames[:, :, :-2]).sum(axis=(0, 2), dtype=np.int64)
    steps = np.abs(np.diff(frames, axis=1)).sum(axis=0, dtype=np.int64)
    strength = steps.sum(axis=1)
    best: tuple[int, int, int] | None = None
    for top in range(LEAST_TRIMMED, (SIDE - LEAST_SIDE + _ASYMMETRY) // 2 + 1):
        for bottom in range(SIDE - top - _ASYMMETRY, min(SIDE - top + _ASYMMETRY, SIDE - LEAST_TRIMMED) + 1):
            found = int(strength[top - 1] + strength[bottom - 1])
            if (
                bottom - top >= LEAST_SIDE
                and (best is None or found > best[0])
                and _is_smoother(np.r_[bend[: top - 1], bend[bottom + 1 :]], bend[top + 1 : bottom - 1])
                and _is_fill_edge(steps[top - 1], steps[: top - 2], len(frames))
                and _is_fill_edge(steps[bottom - 1], steps[bottom + 1 :], len(frames))
            ):
                best = (found, top, bottom)
    if best is None:
        return None
    _, top, bottom = best
    return _edge(frames, top), _FULL - _edge(frames[:, ::-1], SIDE - bottom)


def _is_smoother(fill: npt.NDArray[np.int64], content: npt.NDArray[np.int64]) -> bool:
    """Whether no line of the fill has nearly the content's detail."""
    return int(fill.max()) * 100 * len(content) <= _BLUR_RATIO * int(content.sum())


def _is_fill_edge(edge: npt.NDArray[np.int64], fill: npt.NDArray[np.int64], least: int) -> bool:
    """Whether the steps across an edge stand out from the fill's own, or ``least``, nearly everywhere along it."""
    if not len(fill):
        return False
    outstanding = edge * len(fill) >= _BLUR_SEAM * np.maximum(fill.sum(axis=0), least * len(fill))
    return bool(np.count_nonzero(outstanding) * 100 >= _SEAM_SAMPLES * len(edge))
