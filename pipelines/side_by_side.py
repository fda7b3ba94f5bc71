"""The film of two files in step: which moments, which frames, one canvas after another into the encoder.

Two decoders run beside one encoder; of each file one frame is held, whatever the length of the stretch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from forensics import matching, media, report
from forensics.errors import MediaError
from forensics.model.match import Assessment, Match, Segment, Transform
from forensics.model.media import MediaKind
from pipelines.derive import Kit
from pipelines.library import Volume
from pipelines.progress import Progress
from pipelines.standing import StoredFinding

RATES = (Fraction(5), Fraction(30))
"""The film has the query's frame rate within these bounds: every frame of usual footage once."""

HOLD_S = 5.0
"""Seconds that a still is shown for; a video is run past it for as long around the moment of the still."""

TAKES = 8
"""Frame pairs on the page."""

TAKE_SIDE = 320

BESIDE_S = 0.2
"""A frame further than this from the moment asked for is not that moment's: the film says so below it."""

_MARGIN_S = 1.0
"""Decoded before and after a stretch, so that the frame nearest to its first and last moment is among them."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Filmed:
    """What making the film gave: frames for the page, every command, and frames that had to stand in for others."""

    takes: tuple[report.Take, ...]
    commands: tuple[tuple[str, ...], ...]
    facts: tuple[str, ...]
    stand_ins: int


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


class Reel:
    """The frames of one side; asked for in the order of its clock, it gives the nearest one each time."""

    def __init__(self, stack: ExitStack, kit: Kit, volume: Volume, span_s: tuple[float, float]) -> None:
        self.command: tuple[str, ...] | None = None
        self._still = volume.kind is MediaKind.STILL
        self._tick = ""
        if self._still:
            shown = media.read_still(volume.original.read_bytes()).bgr
            frames: Iterator[media.Shown] = iter((media.Shown(0.0, 0, report.shrunk(shown, report.PICTURE_SIDE)),))
        else:
            assert volume.probe is not None
            handle = stack.enter_context(volume.original.open("rb"))
            span = span_s[0] - _MARGIN_S, span_s[1] + _MARGIN_S
            rolling = stack.enter_context(
                media.Rolling(kit.tools, handle.fileno(), volume.probe, span, report.PICTURE_SIDE, kit.limits)
            )
            frames, self._tick = iter(rolling), rolling.tick
            self._rolling = rolling
        first = next(frames, None)
        if first is None:
            raise MediaError(f"no frame of {volume.id[:16]} can be decoded here", code="media.damaged")
        self._frames, self._now = frames, first
        self._next = next(frames, None)

    def at(self, seconds: float) -> media.Shown:
        """The frame nearest to a moment that is not before the last one asked for."""
        while self._next is not None and abs(self._next.seconds - seconds) <= abs(self._now.seconds - seconds):
            self._now, self._next = self._next, next(self._frames, None)
        return self._now

    def clock(self, shown: media.Shown, wanted_s: float) -> str:
        """What is printed below a frame: its presentation time and the stream's own timestamp."""
        if self._still:
            return "still picture: it has no clock"
        told = f"{report.clock(shown.seconds)}   pts {shown.pts} x {self._tick} s"
        return told if self.beside(shown, wanted_s) else f"{told}   no frame at {report.clock(wanted_s)}"

    def beside(self, shown: media.Shown, wanted_s: float) -> bool:
        """Whether a frame is of the moment that was asked for."""
        return self._still or abs(shown.seconds - wanted_s) <= BESIDE_S

    @property
    def commands(self) -> tuple[tuple[str, ...], ...]:
        """The program call that decodes it, if one does."""
        return () if self._still else (self._rolling.command,)


class Director:
    """Makes the film of a couple."""

    def __init__(self, kit: Kit, couple: Couple, planned: Plan) -> None:
        self._kit, self._couple, self._plan = kit, couple, planned
        chosen = (round((number + 0.5) * planned.frames / TAKES - 0.5) for number in range(TAKES))
        self._chosen = frozenset(chosen)
        self._takes: list[report.Take] = []
        self._commands: list[tuple[str, ...]] = []
        self._facts: list[str] = []
        self._stand_ins = 0

    def make(self, target: int, progress: Progress) -> Filmed:
        """Write the film into the file open as ``target``.

        Raises `MediaError` when a side cannot be decoded or the film grows too large, `ToolError` without an encoder.
        """
        planned = self._plan
        progress.grow(planned.frames)
        size, number = (report.WIDTH, report.HEIGHT), 0
        with media.Film(
            self._kit.tools, target, size, planned.rate, planned.frames, report.BANNER, self._kit.limits
        ) as film:
            for place, (segment, steps) in enumerate(planned.parts, 1):
                scene = self._scene(place, segment)
                progress.working_on(f"segment {place} of {len(planned.parts)}")
                for instant in self._instants(segment, steps):
                    film.add(report.compose(scene, instant))
                    if number in self._chosen:
                        self._takes.append(_take(instant))
                    number += 1
                    progress.advance()
            film.finish()
            self._commands.append(film.command)
        return Filmed(
            takes=tuple(self._takes),
            commands=tuple(dict.fromkeys(self._commands)),
            facts=tuple(dict.fromkeys(self._facts)),
            stand_ins=self._stand_ins,
        )

    def _scene(self, place: int, segment: Segment) -> report.Scene:
        couple = self._couple
        facts = tuple(facts_of(couple, segment, place, len(couple.match.segments)))
        self._facts += facts
        return report.Scene(
            left=couple.left,
            right=couple.right,
            query_first=couple.query_first,
            decision=couple.match.decision,
            assessment=couple.match.assessment,
            rejected=couple.stored is not None and couple.stored.rejected,
            transform=transform_of(couple, segment),
            measured_side=matching.LONG_SIDE,
            facts=facts,
            lines=couple.lines,
        )

    def _instants(self, segment: Segment, steps: Sequence[Step]) -> Iterator[report.Instant]:
        couple, transform = self._couple, transform_of(self._couple, segment)
        with ExitStack() as stack:
            query = Reel(stack, self._kit, couple.query, (steps[0].query_s, steps[-1].query_s))
            reference = Reel(stack, self._kit, couple.reference, (steps[0].reference_s, steps[-1].reference_s))
            for step in steps:
                ours = query.at(step.query_s)
                # The frame that is shown decides which moment of the other file it is held against.
                moved = 0.0 if couple.query.still else segment.speed * (ours.seconds - step.query_s)
                wanted_s = step.reference_s + (moved if query.beside(ours, step.query_s) else 0.0)
                theirs = reference.at(wanted_s)
                beside = query.beside(ours, step.query_s) and reference.beside(theirs, wanted_s)
                self._stand_ins += not beside
                laid = (
                    None if transform is None else report.residual(ours.bgr, theirs.bgr, transform, matching.LONG_SIDE)
                )
                one = ours.bgr, ours.seconds, query.clock(ours, step.query_s)
                two = theirs.bgr, theirs.seconds, reference.clock(theirs, wanted_s)
                left, right = (one, two) if couple.query_first else (two, one)
                yield report.Instant(
                    left=left[0],
                    left_s=left[1],
                    left_clock=left[2],
                    right=right[0],
                    right_s=right[1],
                    right_clock=right[2],
                    residual=laid,
                )
            self._commands += [*query.commands, *reference.commands]


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
        f"turn {transform.rotation_deg:.1f} deg",
    ]
    x0, y0, x1, y1 = transform.crop
    a0, b0, a1, b1 = transform.box
    shows = f"{query} shows {100 * (x1 - x0):.0f} % x {100 * (y1 - y0):.0f} % of {reference}"
    whole = min(a1 - a0, b1 - b0) > 0.99
    where = "" if whole else f", in a box of {100 * (a1 - a0):.0f} % x {100 * (b1 - b0):.0f} %"
    return f"{', '.join(changes)}. {shows}{where}"


def _take(instant: report.Instant) -> report.Take:
    laid = instant.residual
    mean = None if laid is None else laid.mean
    return report.Take(
        left_jpeg=report.thumbnail(instant.left, TAKE_SIDE),
        left_clock=instant.left_clock,
        right_jpeg=report.thumbnail(instant.right, TAKE_SIDE),
        right_clock=instant.right_clock,
        difference_jpeg=None if laid is None else report.thumbnail(laid.shown(), TAKE_SIDE),
        difference_note="not shown" if mean is None else f"mean {mean:.1f} of 255",
    )


def named(command: Sequence[str]) -> list[str]:
    """A command with its program by name: where it lies on this machine is nobody's business."""
    return [Path(command[0]).name, *command[1:]]
