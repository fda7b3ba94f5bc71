"""Finding the content box: the picture without the bars, blurred fill or fixed frame that a repost put around it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from forensics.fingerprint.box import FINE, WHOLE, Box
from forensics.fingerprint.dct import SIDE

MOST_STUDIED = 32
"""Frames, evenly spaced over those held, from which the box is found."""

LEAST_SIDE = 20
"""Cells of 64 that a box measures at the least; less has too few samples for frequencies up to 16."""

LEAST_TRIMMED = 2
"""Cells that a border takes away, both sides together; one cell (1.6 %) does not move the hash far enough to matter."""

_STILL_SPREAD = 6
"""Levels from its median within which a sample stands still: more than coding noise beside a moving picture."""

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
"""Fine detail of a blurred fill in per cent of the content's (ffmpeg's boxblur on ten clips: below 22, but for sky)."""

_BLUR_SEAM = 2
"""How many times the fill's own steps the step at its edge is, at `_SEAM_SAMPLES` of the samples."""

_ASYMMETRY = 2
"""Cells by which the two sides of a blurred fill differ at most; every tool lays it symmetrically."""


def find_box(luma: npt.NDArray[np.uint8]) -> Box | None:
    """Find what the borders of a video leave, from its kept frames uint8 (n, 64, 64); None when there is no border.

    Known are plain bars; bars and frames with text or pictures that stand still; and blurred fills on two opposite
    sides.
    """
    if not len(luma):
        return None
    frames = luma[:: -(-len(luma) // MOST_STUDIED)].astype(np.int16)
    box = _without_still_borders(frames)
    if WHOLE - min(box.bottom - box.top, box.right - box.left) >= LEAST_TRIMMED * FINE:
        return box
    rows = _between_fills(frames)
    if rows is not None:
        return Box(top=rows[0], bottom=rows[1], left=0, right=WHOLE)
    columns = _between_fills(frames.swapaxes(1, 2))
    return None if columns is None else Box(top=0, bottom=WHOLE, left=columns[0], right=columns[1])


class _Scene(NamedTuple):
    """Frames ``levels`` int16 (n, lines, samples), their median over time ``middle`` int16 (lines, samples), and
    ``away`` int64 (lines, samples): in how many frames a sample is not near its median.
    """

    levels: npt.NDArray[np.int16]
    middle: npt.NDArray[np.int16]
    away: npt.NDArray[np.int64]

    def part(self, lines: slice, samples: slice) -> _Scene:
        return _Scene(self.levels[:, lines, samples], self.middle[lines, samples], self.away[lines, samples])

    def turned(self) -> _Scene:
        """The scene with columns as lines."""
        return _Scene(self.levels.swapaxes(1, 2), self.middle.T, self.away.T)

    def reversed(self) -> _Scene:
        """The scene with its last line first."""
        return _Scene(self.levels[:, ::-1], self.middle[::-1], self.away[::-1])


def _without_still_borders(frames: npt.NDArray[np.int16]) -> Box:
    """The picture without bars at its sides, rows first; twice, as bars may cross."""
    middle = np.partition(frames, len(frames) // 2, axis=0)[len(frames) // 2]
    away = np.count_nonzero(np.abs(frames - middle) > _STILL_SPREAD, axis=0)
    scene = _Scene(frames, middle, away)
    box = Box(top=0, bottom=WHOLE, left=0, right=WHOLE)
    for _ in range(2):
        rows, columns = _whole_cells(box.top, box.bottom), _whole_cells(box.left, box.right)
        top, bottom = _between_bars(scene.part(rows, columns))
        box = box._replace(
            top=rows.start * FINE + top if top else box.top,
            bottom=rows.stop * FINE - bottom if bottom else box.bottom,
        )
        rows = _whole_cells(box.top, box.bottom)
        left, right = _between_bars(scene.part(rows, columns).turned())
        box = box._replace(
            left=columns.start * FINE + left if left else box.left,
            right=columns.stop * FINE - right if right else box.right,
        )
    return box


def _whole_cells(first: int, end: int) -> slice:
    return slice(-(-first // FINE), end // FINE)


def _between_bars(scene: _Scene) -> tuple[int, int]:
    """How long the bars before and after the content are, in sixteenths; 0 where there is none."""
    backwards = scene.reversed()
    before, after = _bar_length(scene), _bar_length(backwards)
    if len(scene.middle) - before - after < LEAST_SIDE or before + after < LEAST_TRIMMED:
        return 0, 0
    return (
        _edge(scene.levels, before) if before else 0,
        _edge(backwards.levels, after) if after else 0,
    )


def _bar_length(scene: _Scene) -> int:
    """Lines of the bar with which the scene begins; the last one, or the next, may be mixed.

    The bar ends at the strongest seam that follows on lines that stand still, or where everything begins to move.
    """
    frames = len(scene.levels)
    still = (scene.away * 100 <= (100 - _STILL_TIME) * frames).mean(axis=1) * 100 >= _STILL_SAMPLES
    moving = (scene.away * 100 >= _MOVING_TIME * frames).mean(axis=1) * 100 >= _MOVING_SAMPLES
    low, high = np.percentile(scene.middle, (5, 95), axis=1)
    by_seam = _strongest_seam(scene.levels, _leading(still & (high - low <= _EVEN_SPREAD)), _leading(still))
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
    least = len(frames)
    best: tuple[int, int, int] | None = None
    for top in range(LEAST_TRIMMED, (SIDE - LEAST_SIDE + _ASYMMETRY) // 2 + 1):
        if not _is_fill_edge(steps[top - 1], steps[: top - 2], least):
            continue
        for bottom in range(SIDE - top - _ASYMMETRY, min(SIDE - top + _ASYMMETRY, SIDE - LEAST_TRIMMED) + 1):
            found = int(strength[top - 1] + strength[bottom - 1])
            if (
                bottom - top >= LEAST_SIDE
                and (best is None or found > best[0])
                and _is_smoother(np.r_[bend[: top - 1], bend[bottom + 1 :]], bend[top + 1 : bottom - 1])
                and _is_fill_edge(steps[bottom - 1], steps[bottom + 1 :], least)
            ):
                best = (found, top, bottom)
    if best is None:
        return None
    _, top, bottom = best
    return _edge(frames, top), WHOLE - _edge(frames[:, ::-1], SIDE - bottom)


def _is_smoother(fill: npt.NDArray[np.int64], content: npt.NDArray[np.int64]) -> bool:
    """Whether no line of the fill has nearly the content's detail."""
    return int(fill.max()) * 100 * len(content) <= _BLUR_RATIO * int(content.sum())


def _is_fill_edge(edge: npt.NDArray[np.int64], fill: npt.NDArray[np.int64], least: int) -> bool:
    """Whether the steps across an edge stand out from the fill's own, or ``least``, nearly everywhere along it."""
    if not len(fill):
        return False
    outstanding = edge * len(fill) >= _BLUR_SEAM * np.maximum(fill.sum(axis=0), least * len(fill))
    return bool(np.count_nonzero(outstanding) * 100 >= _SEAM_SAMPLES * len(edge))
