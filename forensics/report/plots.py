"""Two small drawings of a match: where its segments put one clock on the other, and its score against the thresholds.

All lengths are SVG units (pixels). Nothing here is text from outside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

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
    """The first file's clock to the right, the second's upwards; both axes start at 0 and have one scale, so that equal
    speed rises at 45 degrees. ``width`` and ``height`` of the field in pixels; the ends in words.
    """

    width: str
    height: str
    top: str
    lines: tuple[Line, ...]
    query_end: str
    reference_end: str
    told: str


def offset_plot(view: MatchView) -> OffsetPlot | None:
    """Lay out the line of one match; None without segments of a length, or with times that are no numbers."""
    segments = view.match.segments
    times = [
        time
        for each in segments
        for time in (each.query_start_s, each.query_end_s, each.reference_start_s, each.reference_end_s, each.speed)
    ]
    if not segments or not all(math.isfinite(time) for time in times):
        return None
    if all(each.query_start_s == each.query_end_s for each in segments):
        return None
    query = _length(view.query.duration_s, [each.query_end_s for each in segments])
    reference = _length(view.reference.duration_s, [each.reference_end_s for each in segments])
    scale = SIDE / max(query, reference)
    width, height = max(4.0, query * scale), max(4.0, reference * scale)
    return OffsetPlot(
        width=f"{width:.1f}",
        height=f"{height:.1f}",
        top=f"{SIDE - height:.1f}",
        lines=tuple(
            Line(
                x1=_bound(each.query_start_s * scale),
                y1=_bound(SIDE - each.reference_start_s * scale),
                x2=_bound(each.query_end_s * scale),
                y2=_bound(SIDE - each.reference_end_s * scale),
            )
            for each in segments
        ),
        query_end=clock(query),
        reference_end=clock(reference),
        told=_in_words(view),
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
