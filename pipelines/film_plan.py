"""What a film of two files shows: which segments at which moments, by which transform, and what is said beside them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from forensics import report
from forensics.model.match import Assessment, Match, Moving, Segment, Transform
from pipelines.standing import StoredFinding
from pipelines.volumes import Volume

RATES = (Fraction(5), Fraction(30))
"""The film has the query's frame rate within these bounds: every frame of usual footage once."""

HOLD_S = 5.0
"""Seconds that a still is shown for; a video is run past it for as long around the moment of the still."""


class Step(NamedTuple):
    """A moment of the film: seconds on the clocks of query and reference."""

    query_s: float
    reference_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Couple:
    """What is compared: the match with its finding, if one is filed, both files, and which of them was named first."""

    match: Match
    stored: StoredFinding | None
    query: Volume
    reference: Volume
    query_party: report.Party
    reference_party: report.Party
    query_first: bool

    @property
    def left(self) -> report.Party:
        """Named first."""
        return self.query_party if self.query_first else self.reference_party

    @property
    def right(self) -> report.Party:
        """Named second."""
        return self.reference_party if self.query_first else self.query_party

    @property
    def lines(self) -> tuple[tuple[float, float, float, float], ...]:
        """Each segment on the clocks of left and right."""
        return tuple(self._sides(segment) for segment in self.match.segments)

    def _sides(self, segment: Segment) -> tuple[float, float, float, float]:
        query = segment.query_start_s, segment.query_end_s
        reference = segment.reference_start_s, segment.reference_end_s
        return (*query, *reference) if self.query_first else (*reference, *query)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which segments are shown, in the order of the query's clock, with their moments; ``left_out_s`` is footage of
    segments that the film has no room for.
    """

    rate: Fraction
    parts: tuple[tuple[Segment, tuple[Step, ...]], ...]
    left_out_s: float

    @property
    def frames(self) -> int:
        """Frames of the film."""
        return sum(len(steps) for _, steps in self.parts)

    @property
    def seconds(self) -> float:
        """Seconds of the film."""
        return float(self.frames / self.rate)


def plan(couple: Couple, most_s: float) -> Plan:
    """Share ``most_s`` seconds out among the segments, first come first served."""
    rate = _rate(couple)
    room, parts, left_out = math.floor(most_s * rate), [], 0.0
    for segment in sorted(couple.match.segments, key=lambda each: (each.query_start_s, each.reference_start_s)):
        steps = tuple(_steps(segment, couple, rate))
        kept = steps[:room]
        left_out += float((len(steps) - len(kept)) / rate)
        room -= len(kept)
        if kept:
            parts.append((segment, kept))
    return Plan(rate=rate, parts=tuple(parts), left_out_s=left_out)


def _rate(couple: Couple) -> Fraction:
    volume = couple.reference if couple.query.still else couple.query
    stream = None if volume.probe is None or volume.still else volume.probe.video_stream
    try:
        rate = Fraction(stream.frame_rate or "25") if stream is not None else RATES[0]
    except (ValueError, ZeroDivisionError):
        rate = Fraction(25)
    return min(max(rate, RATES[0]), RATES[1]).limit_denominator(1001)


def _steps(segment: Segment, couple: Couple, rate: Fraction) -> Iterator[Step]:
    """Yield the moments of one segment at an even rate, its last one included."""
    if not couple.query.still:
        for query_s in _even(segment.query_start_s, segment.query_end_s, rate):
            yield Step(query_s, segment.reference_start_s + segment.speed * (query_s - segment.query_start_s))
    elif couple.reference.still:
        yield from (Step(0.0, 0.0) for _ in _even(0.0, HOLD_S, rate))
    else:
        at_s = segment.reference_start_s if segment.moment is None else segment.moment.at_s
        start = max(0.0, at_s - HOLD_S / 2)
        end = min(couple.reference_party.length_s, at_s + HOLD_S / 2)
        yield from (Step(0.0, reference_s) for reference_s in _even(start, max(start, end), rate))


def _even(start: float, end: float, rate: Fraction) -> Iterator[float]:
    for number in range(math.floor((end - start) * rate) + 1):
        yield start + float(number / rate)


def transform_of(couple: Couple, segment: Segment) -> Transform | None:
    """The transform by which one picture is laid over the other; None where none was found.

    The same encoded pictures need none, unless one container turns them and the other does not.
    """
    if segment.transform is not None:
        return segment.transform
    same = couple.match.assessment in (Assessment.IDENTICAL_FILE, Assessment.IDENTICAL_BITSTREAM)
    return report.UNCHANGED if same and _turn(couple.query) == _turn(couple.reference) else None


def _turn(volume: Volume) -> int:
    stream = None if volume.probe is None else volume.probe.video_stream
    return 0 if stream is None else stream.rotation or 0


def facts_of(couple: Couple, segment: Segment, place: int, count: int) -> Iterator[str]:
    """Yield what is written beside the pictures of a segment, in words of our own."""
    left, right = couple.left.letter, couple.right.letter
    query, reference = couple.query_party.letter, couple.reference_party.letter
    if not couple.query.still:
        ours = f"{query} {report.clock(segment.query_start_s)} to {report.clock(segment.query_end_s)}"
        theirs = f"{reference} {report.clock(segment.reference_start_s)} to {report.clock(segment.reference_end_s)}"
        yield f"Segment {place} of {count}: {ours} is {theirs}"
        yield f"Speed: {segment.speed:.3f} s of {reference} in a second of {query}"
    elif segment.moment is not None:
        span = f"{report.clock(segment.reference_start_s)} to {report.clock(segment.reference_end_s)}"
        yield f"{query} is a still. {reference} agrees best at {report.clock(segment.moment.at_s)} ({span})"
    if segment.held_still is not None:
        moving = query if segment.held_still is Moving.QUERY else reference
        yield f"Transform: none holds throughout, for the picture of {moving} moves within its frame"
    else:
        yield f"Transform: {in_words(transform_of(couple, segment), query, reference)}"
    match, stored = couple.match, couple.stored
    filed = "compared for this film, no finding filed" if stored is None else f"{stored.sha256[:16]}..."
    yield f"Finding: {filed}; score {match.score:.3f} (no probability)"
    if stored is not None:
        yield f"Status: {stored.finding.status}"
    yield f"{left} and {right} as decoded, scaled to fit; clocks are each file's own"


def in_words(transform: Transform | None, query: str, reference: str) -> str:
    """A transform in one line of ASCII."""
    if transform is None:
        return "none was found"
    if transform == report.UNCHANGED:
        return "none, the pictures are the same bytes"
    changes = [
        *(["mirrored"] if transform.mirrored else []),
        *(["negative"] if transform.inverted else []),
        *([f"turned {90 * transform.quarter_turns} deg"] if transform.quarter_turns else []),
        f"scale {transform.scale:.3f}",
        f"turn {transform.rotation_deg:z.1f} deg",
    ]
    x0, y0, x1, y1 = transform.crop
    a0, b0, a1, b1 = transform.box
    shows = f"{query} shows {100 * (x1 - x0):.0f} % x {100 * (y1 - y0):.0f} % of {reference}"
    whole = min(a1 - a0, b1 - b0) > 0.99
    where = "" if whole else f", in a box of {100 * (a1 - a0):.0f} % x {100 * (b1 - b0):.0f} %"
    return f"{', '.join(changes)}. {shows}{where}"
