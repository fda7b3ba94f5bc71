"""Two small drawings of a match: where its segments put one clock on the other, and its score against the thresholds.

All lengths are SVG units (pixels). Nothing here is text from outside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from forensics.report.values import MatchView
from forensics.report.wording import clock, count

SIDE, MARGIN = 200, 8
"""Pixels of the square in which the line is drawn, and of the room around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One segment from its start to its end."""

    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetPlot:
    """One file's clock to the right, the other's upwards; both axes start at 0 and have one scale, so that equal speed
    rises at 45 degrees. ``width`` and ``height`` of the field in pixels; the ends of both clocks in words, and what the
    line says where that was worked out.
    """

    width: str
    height: str
    top: str
    lines: tuple[Line, ...]
    across_end: str
    up_end: str
    told: str = ""


Stretch: TypeAlias = tuple[float, float, float, float]
"""A segment: start and end on the clock to the right, then on the one upwards, in seconds."""


def offset_plot(view: MatchView) -> OffsetPlot | None:
    """The line of one match, the query to the right; None without segments of a length, or with times that are no
    numbers.
    """
    segments = view.match.segments
    stretches = [
        (each.query_start_s, each.query_end_s, each.reference_start_s, each.reference_end_s) for each in segments
    ]
    if not all(math.isfinite(each.speed) for each in segments):
        return None
    plot = plotted(stretches, view.query.duration_s, view.reference.duration_s)
    return None if plot is None else replace(plot, told=_in_words(view))


def plotted(stretches: Sequence[Stretch], across_s: float | None, up_s: float | None) -> OffsetPlot | None:
    """Lay out lines on two clocks of these lengths; None without one that is long, or with other times than numbers."""
    if not all(math.isfinite(time) for each in stretches for time in each):
        return None
    if all(start == end for start, end, _, _ in stretches):
        return None
    across = _length(across_s, [end for _, end, _, _ in stretches])
    up = _length(up_s, [end for _, _, _, end in stretches])
    scale = SIDE / max(across, up)
    width, height = max(4.0, across * scale), max(4.0, up * scale)
    return OffsetPlot(
        width=f"{width:.1f}",
        height=f"{height:.1f}",
        top=f"{SIDE - height:.1f}",
        lines=tuple(
            Line(
                x1=_bound(across_start * scale),
                y1=_bound(SIDE - up_start * scale),
                x2=_bound(across_end * scale),
                y2=_bound(SIDE - up_end * scale),
            )
            for across_start, across_end, up_start, up_end in stretches
        ),
        across_end=clock(across),
        up_end=clock(up),
    )


def _in_words(view: MatchView) -> str:
    """What the line says: by how much the second clock is ahead where the longest segment begins, and its speed."""
    longest = max(view.match.segments, key=lambda each: each.query_end_s - each.query_start_s)
    ahead = longest.reference_start_s - longest.query_start_s
    side = "ahead of" if ahead >= 0 else "behind"
    speed = "at the same speed" if abs(longest.speed - 1) < SAME_SPEED else f"at {longest.speed:.3f} times the speed"
    more = len(view.match.segments) - 1
    others = f"; {count(more, 'more segment')} in the table" if more else ""
    return (
        f"The second clock is {abs(ahead):.2f} s {side} the first where the segment begins, and runs {speed}{others}."
    )


SAME_SPEED = 0.005
"""Speeds this near to 1 differ by less than a frame in five seconds."""


def _length(duration: float | None, ends: list[float]) -> float:
    known = [duration] if duration is not None and math.isfinite(duration) else []
    return max([*known, *ends, 0.001])


def _bound(value: float) -> str:
    return f"{min(max(value, 0.0), SIDE):.1f}"


def per_cent(score: float) -> str:
    """Where a value of 0 to 1 lies on a scale."""
    return f"{100 * min(max(score, 0.0), 1.0):.1f}%"
