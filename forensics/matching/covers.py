"""Whether one side of a picture's place is covered by something larger, measured where the pictures cease to agree.

What lies over a picture is of two kinds. A caption bar, a ticker, a logo is drawn on it: it ends where the picture
ends, or covers part of a side. A second picture of a split screen, a neighbouring inset, the ground of a padded crop is
larger: nothing shows where the picture's outline lies beneath. Only the second kind cuts the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from forensics.matching.dense import Grid
from forensics.matching.geometry import Floats
from forensics.matching.params import Params

LEVEL_QUANTILE = 0.9
"""How well the pictures agree is read here: the greater part of a place may be covered."""

PIECES = 8
"""A side is looked at in so many pieces: a logo or an inset in a corner covers some, a neighbouring picture all."""

PIECE_KNOWN = 0.15
"""Share of a piece's cells in which there is detail to compare; with fewer it tells nothing."""

ODD_ONE = 6
"""Of so many pieces one may agree by chance."""

FRINGE_CELLS = 2
"""Smoothing and the blur of detail carry agreement and disagreement this far across a line."""

BESIDE_CELLS = 8
"""As much as is covered, and at least this much, must agree beside it."""

LINE_CELLS = (5, 2)
"""A line is looked for this far outward and inward of where agreement ends: what lies beyond spoils detail inside."""

LINE_PX = 2
"""Pixels to either side over which coding and the map's error spread a step."""

OUTLINE_PX = 3
"""The map's error at an outline; pictures that reach this near to the edge of the shown one reach to it."""

FURTHER_PX = 10
"""So much beyond the outline, and as much more as is covered inside, tells how a cover's columns usually differ."""

STEP_TIMES, STEP_LEVEL = 2.0, 1.0
"""A step from column to column stands out in a piece where it is so many times the usual and so many levels more."""

OWN_TIMES = 1.5
"""A line is the shown picture's own where its step is so many times the greatest near it in the other picture."""

TIE = 1e-3
"""Among columns that stand out in equally many pieces the greatest step, in grey levels, decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What was measured where agreement ends at one side.

    ``line_px`` pixels from the shown picture's side to the line; ``cells`` from the outline to it. As shares of the
    usual agreement: ``hidden`` the mean beyond the line, ``worst`` that of the piece with most (of six and more the
    second), ``beside`` that within. ``pieces`` are those that tell. ``line`` is the share of the pieces in which a step
    stands out at the line and is not the other picture's; ``foreign`` how great a step only the other picture has
    there, as a share of the line's; ``outline`` the share of the pieces in which one stands out at the outline, None
    where the shown picture ends there too. ``reach`` is the share of the shown picture beyond the line, ``change`` how
    much what covers changes over time, grey levels.
    """

    line_px: float
    cells: float
    hidden: float
    worst: float
    pieces: int
    beside: float
    line: float
    foreign: float
    outline: float | None
    reach: float
    change: float


class Side(NamedTuple):
    """The place of a picture in the shown one, turned so that the side looked at is on the left.

    By cells, first column at the outline: ``agree`` correlation of detail, ``known`` where it tells, ``change`` of the
    shown picture over time. ``pictures`` (2, rows of the place, columns) are the mean pictures, shown and other.
    ``start`` pixels from the shown picture's side to the outline, ``step`` pixels of a cell.
    """

    agree: Grid
    known: npt.NDArray[np.bool_]
    change: Grid
    pictures: Grid
    start: float
    step: float

    @property
    def outline_inside(self) -> bool:
        """Whether the shown picture goes on beyond the outline."""
        return self.start > OUTLINE_PX + 1


def measured(side: Side, params: Params) -> Cover | None:
    """What covers a side as far as agreement tells; None where it goes on to the outline, or hardly is any."""
    if not side.known.any():
        return None
    usual = float(np.quantile(side.agree[side.known], LEVEL_QUANTILE))
    votes = np.cumsum(np.where(side.known, params.seen_share * usual - side.agree, 0.0).sum(0))
    ends = int(np.argmax(votes)) + 1
    if votes[ends - 1] <= 0 or ends < params.cover_cells or usual < params.seen_agree:
        return None
    ours, theirs = (_steps(picture) for picture in side.pictures)
    stands = _standing(ours, side, ends)
    own = stands & (ours > OWN_TIMES * _greatest(theirs))
    at = _line(own, ours, side, ends)
    line_px = at + STEP_MIDDLE
    cells = (line_px - side.start) / side.step
    hidden = np.s_[:, : max(1, int(cells) - FRINGE_CELLS)]
    first = int(cells) + FRINGE_CELLS
    beside = np.s_[:, first : first + max(BESIDE_CELLS, int(cells))]
    told = _pieces(side.agree[hidden], side.known[hidden])
    if cells < params.cover_cells or not len(told) or not side.known[beside].any():
        return None
    outline = slice(_index(side.start - OUTLINE_PX, ours), _index(side.start + OUTLINE_PX, ours) + 1)
    return Cover(
        line_px=line_px,
        cells=cells,
        hidden=float(side.agree[hidden][side.known[hidden]].mean()) / usual,
        worst=float(np.sort(told)[-2 if len(told) >= ODD_ONE else -1]) / usual,
        pieces=len(told),
        beside=float(side.agree[beside][side.known[beside]].mean()) / usual,
        line=float(own[:, at].mean()),
        foreign=_foreign(ours, theirs, side, ends, at),
        outline=float(stands[:, outline].mean(0).max()) if side.outline_inside else None,
        reach=line_px / side.pictures.shape[2],
        change=float(side.change[hidden].mean()),
    )


def covers(cover: Cover, params: Params) -> bool:
    """Whether what was measured is clearly something larger that lies over the picture."""
    parted = (
        cover.pieces >= params.cover_pieces
        and cover.hidden <= params.cover_hidden
        and cover.worst <= params.cover_worst
        and cover.beside >= params.cover_beside
        and cover.line >= params.cover_line
        and cover.foreign <= params.cover_foreign
    )
    if cover.outline is not None:
        return parted and cover.outline <= params.cover_outline
    return parted and cover.reach >= params.cover_reach and cover.change >= params.cover_change


STEP_MIDDLE = 1.5
"""Step 0 is from pixel 0 to pixel 2: its middle lies so far from the picture's side."""


def _steps(picture: Grid) -> Grid:
    """How much columns two apart differ in each piece of the side, (pieces, width - 2)."""
    apart = np.abs(picture[:, 2:] - picture[:, :-2])
    return np.stack([piece.mean(0) for piece in np.array_split(apart, PIECES)])


def _index(px: float, steps: Grid) -> int:
    """The step nearest to a line."""
    return int(np.clip(round(px - STEP_MIDDLE), 0, steps.shape[1] - 1))


def _around(side: Side, ends: int, steps: Grid) -> tuple[int, int]:
    """First and last step among which the line is looked for."""
    outward, inward = LINE_CELLS
    low, high = side.start + (ends - outward) * side.step, side.start + (ends + inward) * side.step
    return _index(low, steps), _index(high, steps)


def _line(own: npt.NDArray[np.bool_], steps: Grid, side: Side, ends: int) -> int:
    """The step, near where agreement ends, that stands out in most pieces."""
    first, last = _around(side, ends, steps)
    part = np.s_[:, first : last + 1]
    return first + int(np.argmax(own[part].mean(0) + TIE * steps[part].mean(0)))


def _foreign(ours: Grid, theirs: Grid, side: Side, ends: int, at: int) -> float:
    """The greatest step near the line that only the other picture has, as a share of the line's own."""
    own = float(np.maximum(0.0, ours[:, at] - _greatest(theirs)[:, at]).mean())
    first, last = _around(side, ends, ours)
    first = max(first, _index(side.start + OUTLINE_PX + 1, ours))
    only = np.maximum(0.0, theirs - _greatest(ours))[:, first : last + 1].mean(0)
    return float(only.max(initial=0.0)) / (own + TIE)


def _greatest(steps: Grid) -> Grid:
    """The greatest step near each."""
    return np.asarray(cv2.dilate(steps, np.ones((1, 2 * LINE_PX + 1), np.uint8)), np.float32)


def _standing(steps: Grid, side: Side, ends: int) -> npt.NDArray[np.bool_]:
    """Which steps of which pieces stand out from those usual in what covers, inside the outline and beyond it."""
    at = np.arange(steps.shape[1]) + STEP_MIDDLE
    covered = ends * side.step
    within = (at > side.start - FURTHER_PX - covered) & (at < side.start + covered - LINE_PX)
    within &= np.abs(at - side.start) > OUTLINE_PX
    if not within.any():
        return np.ones(steps.shape, bool)
    usual = np.median(steps[:, within], axis=1, keepdims=True)
    return np.asarray(steps > STEP_TIMES * usual + STEP_LEVEL)


def _pieces(agree: Grid, known: npt.NDArray[np.bool_]) -> Floats:
    """Mean agreement of the pieces that tell."""
    parts = zip(np.array_split(agree, PIECES), np.array_split(known, PIECES), strict=True)
    return np.array([part[there].mean() for part, there in parts if there.mean() >= PIECE_KNOWN], np.float64)
