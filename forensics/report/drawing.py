"""Where matched stretches lie in two files: numbers for an SVG that the page template writes.

All lengths are in SVG units (pixels at full width). Nothing here is text from outside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from forensics.model.match import Segment
from forensics.report.values import MatchView

WIDTH, BAR_HEIGHT, GAP = 960, 10, 28
SAME_SCALE_RATIO = 6.0
"""Beyond this ratio of lengths, one scale would draw the shorter file as a speck: each bar gets its own, and the
caption says so."""
_LEAST_WIDTH = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ribbon:
    """One segment: left edge and width in the query bar and in the reference bar, and the band between them."""

    query_x: str
    query_width: str
    reference_x: str
    reference_width: str
    band: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapBar:
    """Two bars (query above, reference below) with a ribbon for each segment; widths as text for SVG."""

    query_width: str
    reference_width: str
    one_scale: bool
    ribbons: tuple[Ribbon, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """What did not match: stretches of each file outside every segment, in seconds; None: length not known."""

    query: tuple[tuple[float, float], ...] | None
    reference: tuple[tuple[float, float], ...] | None


def overlap_bar(view: MatchView) -> OverlapBar | None:
    """Lay out the bar of one match; None when there is nothing to draw (no segments, or times that are no numbers)."""
    segments = view.match.segments
    times = [time for segment in segments for time in _times(segment)]
    if not segments or not all(math.isfinite(time) for time in times):
        return None
    query = _length(view.query.duration_s, [segment.query_end_s for segment in segments])
    reference = _length(view.reference.duration_s, [segment.reference_end_s for segment in segments])
    longer, shorter = max(query, reference), min(query, reference)
    one_scale = longer <= SAME_SCALE_RATIO * shorter
    query_scale = WIDTH / (longer if one_scale else query)
    reference_scale = WIDTH / (longer if one_scale else reference)
    return OverlapBar(
        query_width=_number(query * query_scale),
        reference_width=_number(reference * reference_scale),
        one_scale=one_scale,
        ribbons=tuple(_ribbon(segment, query_scale, reference_scale) for segment in segments),
    )


def unmatched(view: MatchView) -> Gaps:
    """List the stretches of both files that lie outside every segment."""
    segments = view.match.segments
    return Gaps(
        query=_outside(view.query.duration_s, [(part.query_start_s, part.query_end_s) for part in segments]),
        reference=_outside(
            view.reference.duration_s, [(part.reference_start_s, part.reference_end_s) for part in segments]
        ),
    )


def _times(segment: Segment) -> tuple[float, ...]:
    return segment.query_start_s, segment.query_end_s, segment.reference_start_s, segment.reference_end_s


def _length(duration: float | None, ends: list[float]) -> float:
    known = [duration] if duration is not None and math.isfinite(duration) else []
    return max([*known, *ends, 0.001])


def _ribbon(segment: Segment, query_scale: float, reference_scale: float) -> Ribbon:
    query_x, query_end = _span(segment.query_start_s, segment.query_end_s, query_scale)
    reference_x, reference_end = _span(segment.reference_start_s, segment.reference_end_s, reference_scale)
    top, bottom = BAR_HEIGHT, BAR_HEIGHT + GAP
    corners = ((query_x, top), (query_end, top), (reference_end, bottom), (reference_x, bottom))
    return Ribbon(
        query_x=_number(query_x),
        query_width=_number(query_end - query_x),
        reference_x=_number(reference_x),
        reference_width=_number(reference_end - reference_x),
        band=" ".join(f"{_number(x)},{y}" for x, y in corners),
    )


def _span(start: float, end: float, scale: float) -> tuple[float, float]:
    left = min(max(start * scale, 0.0), WIDTH - _LEAST_WIDTH)
    return left, min(max(end * scale, left + _LEAST_WIDTH), float(WIDTH))


def _number(value: float) -> str:
    return f"{value:.1f}"


def _outside(duration: float | None, spans: list[tuple[float, float]]) -> tuple[tuple[float, float], ...] | None:
    if duration is None or not math.isfinite(duration):
        return None
    gaps = []
    reached = 0.0
    for start, end in sorted(spans):
        if start - reached >= LEAST_GAP_S:
            gaps.append((reached, start))
        reached = max(reached, end)
    if duration - reached >= LEAST_GAP_S:
        gaps.append((reached, duration))
    return tuple(gaps)


LEAST_GAP_S = 0.5
"""Shorter gaps are within the accuracy of a segment's ends and say nothing."""
