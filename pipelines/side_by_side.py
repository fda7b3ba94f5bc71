"""The film of two files in step: the frames of each planned moment, one canvas after another into the encoder.

Two decoders run beside one encoder; of each file one frame is held, whatever the length of the stretch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from forensics import matching, media, report
from forensics.errors import MediaError
from forensics.model.match import Segment
from forensics.model.media import MediaKind
from pipelines.film_plan import Couple, Plan, Step, facts_of, transform_of
from pipelines.kit import Kit
from pipelines.progress import Progress
from pipelines.readers import STILL
from pipelines.volumes import Volume

TAKES = 8
"""Frame pairs on the page."""

TAKE_SIDE = 320

BESIDE_S = 0.2
"""A frame further than this from the moment asked for is not that moment's: the film says so below it."""

_MARGIN_S = 1.0
"""Decoded before and after a stretch, so that the frame nearest to its first and last moment is among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filmed:
    """What making the film gave: frames for the page, every command, and frames that had to stand in for others."""

    takes: tuple[report.Take, ...]
    commands: tuple[tuple[str, ...], ...]
    facts: tuple[str, ...]
    stand_ins: int


class Reel:
    """The frames of one side; asked for in the order of its clock, it gives the nearest one each time."""

    def __init__(self, stack: ExitStack, kit: Kit, volume: Volume, span_s: tuple[float, float]) -> None:
        self.command: tuple[str, ...] | None = None
        self._still = volume.kind is MediaKind.STILL
        self._tick = ""
        if self._still:
            with volume.original.open("rb") as still:
                shown = media.read(STILL, handle=still.fileno(), limits=kit.limits).bgr
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
