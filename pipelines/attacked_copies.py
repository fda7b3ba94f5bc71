"""Attacked copies of evidence, in a temporary folder: what is made for which source, and the workers' job."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from forensics import media
from forensics.errors import MediaError, ToolError
from forensics.media.attack import ATTACKS, RECODE, Made, make_attack, unit_of
from forensics.model.notice import Notice
from forensics.model.validation import Truth
from pipelines.engine import Engine, Failed
from pipelines.kit import Kit
from pipelines.match import read_query
from pipelines.progress import Progress
from pipelines.volumes import Volume, track_of

STRETCH_S = 12.0
"""Copies show at most so much of a source: as long as usual reposts, and short enough for thirty of each source."""

LEAST_S = 3.0
"""Shorter sources and parts are not attacked: no segment that short can be decided."""

GAP_S = 1.0
"""Between two parts of one source that serve as a pair that is no copy."""

BY_NAME = {attack.name: attack for attack in ATTACKS}


class Role(StrEnum):
    """What a copy is for: to be found; or, as two parts of one source apart in time, not to be."""

    ATTACKED = "attacked"
    EARLIER = "earlier"
    LATER = "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A copy to be made of ``span_s`` of a source."""

    number: int
    source: Volume
    attack: str
    role: Role
    span_s: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy that was made."""

    source: str
    attack: str
    role: Role
    volume: Volume
    values: dict[str, float]
    truth: Truth
    command: str


def tasks_for(sources: Sequence[Volume], attacks: Sequence[str], seed: int) -> Iterator[Task | Notice]:
    """Every copy to make of these sources; a source too short for any gives a notice instead."""
    number = 0
    for source in sources:
        length = track_of(source).end_s
        if length < LEAST_S:
            message = f"not attacked: {source.id[:16]} lasts {length:.1f} s, less than {LEAST_S:.0f} s"
            yield Notice(code="match.too_short", message=message)
            continue
        span = _stretch(length, seed, source.id)
        spans = [(attack, Role.ATTACKED, span) for attack in attacks]
        part = (length - GAP_S) / 2
        if part >= LEAST_S:
            spans.append((RECODE.name, Role.EARLIER, (max(0.0, part - STRETCH_S), part)))
            spans.append((RECODE.name, Role.LATER, (length - part, min(length, length - part + STRETCH_S))))
        for attack, role, within in spans:
            yield Task(number=number, source=source, attack=attack, role=role, span_s=within)
            number += 1


def _stretch(length: float, seed: int, source: str) -> tuple[float, float]:
    start = max(0.0, length - STRETCH_S) * unit_of(f"{seed}:{source}:stretch")
    return round(start, 3), min(length, round(start + STRETCH_S, 3))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Make:
    """The worker's job: attack a source, derive the copy's fingerprint."""

    folder: Path
    kit: Kit
    seed: int

    def __call__(self, task: Task) -> Copy | Notice:
        content = self.folder / f"{task.number:08d}"
        content.mkdir()
        file = content / "attacked"
        try:
            made = self._write(task, file)
        except MediaError as error:
            return Notice(code=error.code, message=f"{_named(task)}: {error.message}")
        volume = read_query(str(file), content, self.kit)
        file.unlink()
        if isinstance(volume, Notice):
            return Notice(code=volume.code, message=f"{_named(task)}: the copy cannot be read back")
        return Copy(
            source=task.source.id,
            attack=task.attack,
            role=task.role,
            # Of all copies at once the decoded pictures would fill the memory: what is looked at is decoded again.
            volume=replace(volume, opening=None),
            values=made.values,
            truth=made.truth,
            command=" ".join(made.command),
        )

    def _write(self, task: Task, file: Path) -> Made:
        tools, limits = self.kit.tools, self.kit.limits
        target = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with task.source.original.open("rb") as handle:
                probe = media.probe(tools, handle.fileno(), limits).probe
                attack = BY_NAME[task.attack]
                draw = (self.seed, task.source.id)
                return make_attack(tools, handle.fileno(), probe, target, attack, task.span_s, draw, limits)
        finally:
            os.close(target)


def make_copies(
    engine: Engine, tasks: Sequence[Task], folder: Path, kit: Kit, seed: int, progress: Progress
) -> Iterator[Copy | Notice]:
    """Make the copies below ``folder``; yield each, or why it could not be made.

    Raises:
        ToolError: the program at hand cannot make any.
    """
    progress.grow(len(tasks))
    for done in engine.run(_Make(folder=folder, kit=kit, seed=seed), tasks):
        progress.advance()
        if isinstance(done, Failed) and done.code.startswith(f"{ToolError.code}."):
            raise ToolError(done.message, code=done.code, hint="forensics doctor tells which programs were found")
        if isinstance(done, Failed):
            yield Notice(code=done.code, message=f"{_named(done.item)}: {done.message}")
        else:
            yield done.result


def _named(task: Task) -> str:
    return f"no copy {task.attack} of {task.source.id[:16]}"
