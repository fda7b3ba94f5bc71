"""Measure the error rates of matching on the case's own footage.

1  choose videos of the case, in an order that the seed decides
2  make attacked copies of each in a temporary folder, and two parts of it that share no moment; nothing is admitted
3  match the copies with the case, and the earlier parts with the later ones
4  tell apart a copy with its source, pairs that nothing joins (the null), pairs that the case itself joins (left out)
5  count: recall for each attack, false matches and their bound, errors of the times, calibration of the score
6  write the record into the case and log it
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

from forensics import __version__, custody
from forensics.errors import CaseError, InputError
from forensics.matching import rates
from forensics.media.attack import ATTACKS_VERSION, LONG_SIDE, describe_attack
from forensics.model.custody import EventType
from forensics.model.match import Match
from forensics.model.notice import Notice
from forensics.model.validation import NullKind, ValidationRecord
from pipelines import error_rates, findings
from pipelines.attacked_copies import BY_NAME, STRETCH_S, Copy, Role, Task, make_copies, tasks_for
from pipelines.case import Case, Run
from pipelines.config import Settings
from pipelines.engine import Engine
from pipelines.environment import DISTRIBUTION, PACKAGES
from pipelines.kit import Kit
from pipelines.learned import NamedModel, learned_for
from pipelines.library import Library
from pipelines.match import compare, kit_for
from pipelines.progress import Progress
from pipelines.validation_tally import Kinship, Tally, by_role
from pipelines.volumes import Volume, videos_of
from pipelines.workers import engine_for

SOURCES_AT_ONCE = 16
"""Copies of so many sources lie on disk together: about a gigabyte."""

LIMITS = (
    "Measured on this footage with these attacks: other footage and other attacks have other rates.",
    "A pair that the case's own findings join, directly or through others, is in no null: whether those findings are "
    "right is for an examiner.",
    "Pairs share videos and are not fully independent; a pair of videos counts once, however many copies were tried.",
    "A repeating scene may truly recur at another time: judge each false match by its pictures.",
    f"Copies show at most {STRETCH_S:.0f} seconds, without sound, at most {LONG_SIDE} pixels long.",
    "The likelihood ratio compares copies made here with unrelated pairs; it is no probability that a finding is "
    "right.",
)
"""What no record claims."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to try: ``most`` sources (None: all), attacks by name (none: all), the seed."""

    most: int | None = None
    attacks: tuple[str, ...] = ()
    seed: int = 1

    def __post_init__(self) -> None:
        if self.most is not None and self.most < 1:
            raise InputError("at least one video must be attacked")
        unknown = sorted(set(self.attacks) - set(BY_NAME))
        if unknown:
            raise InputError(f"no attack is called {unknown[0]}", hint=f"known: {', '.join(BY_NAME)}")

    @property
    def names(self) -> tuple[str, ...]:
        """The attacks, in the order of the table."""
        return tuple(name for name in BY_NAME if not self.attacks or name in self.attacks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """The record and where it was written."""

    record: ValidationRecord
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """With what copies are made and compared."""

    engine: Engine
    kit: Kit
    videos: tuple[Volume, ...]
    plan: Plan
    progress: Progress
    case: Case
    model: NamedModel | None

    @property
    def by(self) -> findings.Procedure:
        """The methods whose error rates are measured."""
        return findings.procedure(None if self.model is None else self.model.spec)


def validate(
    case: Case, run: Run, plan: Plan, settings: Settings, progress: Progress, model: NamedModel | None = None
) -> Iterator[Notice | Validated]:
    """Yield what could not be done, then the record.

    Raises:
        CaseError: the case has no video, or was not matched since its last file came in.
        ToolError: ffmpeg or ffprobe is missing, too old or without the encoder.
        IntegrityError: a stored fingerprint or finding is not the one that was recorded.
    """
    _require_matched(case)
    bench = _Bench(
        engine=engine_for(settings),
        kit=kit_for(run, settings),
        videos=videos_of(case),
        plan=plan,
        progress=progress,
        case=case,
        model=model,
    )
    chosen = _choose(bench.videos, plan)
    tally = Tally(kinship=_kinship(case))
    for first in range(0, len(chosen), SOURCES_AT_ONCE):
        with tempfile.TemporaryDirectory(prefix="validate-") as folder:
            yield from _try(bench, chosen[first : first + SOURCES_AT_ONCE], Path(folder), tally)
    if not tally.rows:
        raise CaseError("no attacked copy could be made", hint="the case needs videos of three seconds or more")
    record = _record(bench, run, chosen, tally)
    yield Validated(record=record, path=error_rates.file_record(case, run, record))


def _require_matched(case: Case) -> None:
    """Unknown copies in the case would be counted as false matches: it must have been matched as it is."""
    current = False
    for line in case.log.events():
        if line.event.event is EventType.MATCHING and "pairs" in line.event.detail:
            current = True
        elif line.event.takes_in:
            current = False
    if not current:
        raise CaseError(
            "the case was not matched since its last file came in",
            hint="run forensics match first: pairs that it joins are left out of the count of false matches",
        )


def _choose(videos: Sequence[Volume], plan: Plan) -> tuple[Volume, ...]:
    """Step 1: nobody picks the videos but the seed."""
    drawn = sorted(videos, key=lambda volume: hashlib.sha256(f"{plan.seed}:{volume.id}".encode()).digest())
    return tuple(drawn[: plan.most])


def _kinship(case: Case) -> Kinship:
    stored = (each.finding.match for each in findings.load(case) if not each.rejected)
    return Kinship(pairs=tuple(rates.pair_of(match.query_id, match.reference_id) for match in stored))


def _try(bench: _Bench, sources: Sequence[Volume], folder: Path, tally: Tally) -> Iterator[Notice]:
    """Steps 2 to 4 for some of the sources."""
    tasks: list[Task] = []
    for thing in tasks_for(sources, bench.plan.names, bench.plan.seed):
        if isinstance(thing, Notice):
            tally.not_made += len(bench.plan.names)
            yield thing
        else:
            tasks.append(thing)
    copies: list[Copy] = []
    for made in make_copies(bench.engine, tasks, folder, bench.kit, bench.plan.seed, bench.progress):
        if isinstance(made, Notice):
            tally.not_made += 1
            yield made
        else:
            copies.append(made)
            tally.commands.append(made.command)
    attacked, earlier, later = (by_role(copies, role) for role in (Role.ATTACKED, Role.EARLIER, Role.LATER))
    matches, notices = _match(bench, attacked, bench.videos, folder)
    tally.take_case(attacked, [volume.id for volume in bench.videos], matches)
    in_parts, more = _match(bench, earlier, _distinct(later), folder)
    tally.take_parts(earlier, later, in_parts)
    tally.not_compared += len(notices) + len(more)
    yield from (*notices, *more)


def _match(
    bench: _Bench, copies: Sequence[Copy], references: tuple[Volume, ...], scratch: Path
) -> tuple[tuple[Match, ...], tuple[Notice, ...]]:
    """Step 3: the whole chain, as `match` runs it for files from outside."""
    queries = _distinct(copies)
    library = Library(kit=bench.kit, references=references, queries=queries)
    kept = tuple(volume.id for volume in bench.videos)
    learned = learned_for(bench.model, bench.case, library, kept, scratch / "descriptors")
    asked = tuple(volume.id for volume in queries)
    found = tuple(compare(bench.engine, library, asked, bench.progress, learned))
    matches = tuple(thing for thing in found if not isinstance(thing, Notice))
    return matches, tuple(thing for thing in found if isinstance(thing, Notice))


def _distinct(copies: Iterable[Copy]) -> tuple[Volume, ...]:
    return tuple({copy.volume.id: copy.volume for copy in copies}.values())


def _record(bench: _Bench, run: Run, chosen: Sequence[Volume], tally: Tally) -> ValidationRecord:
    """Step 5. Everything stands in an order of its own, whichever worker was first."""
    names = bench.plan.names
    rows = sorted(tally.rows, key=lambda row: (row.source, names.index(row.attack)))
    wrong = sorted(tally.wrong, key=lambda each: (each.kind, each.source, each.attack, each.reference))
    overall = rates.attack_result(rates.ALL, rows)
    nulls = {
        kind: rates.null_result(
            kind,
            tally.scores[kind],
            [rates.pair_of(each.source, each.reference) for each in wrong if each.kind is kind],
            trials=tally.trials[kind],
            left_out=len(tally.left_out) if kind is NullKind.UNRELATED else 0,
        )
        for kind in NullKind
    }
    unrelated = nulls[NullKind.UNRELATED]
    ids = sorted(volume.id for volume in bench.videos)
    record = ValidationRecord(
        id="",
        made=run.surroundings.timestamp(),
        method=bench.by.video,
        params={name: str(value) for name, value in bench.by.parameters.items()},
        seed=bench.plan.seed,
        evidence=len(ids),
        evidence_sha256=_lines_sha256(ids),
        sources=tuple(sorted(volume.id for volume in chosen)),
        attacks_version=ATTACKS_VERSION,
        attacks_sha256=custody.canonical.digest([describe_attack(BY_NAME[name]) for name in names]),
        commands_sha256=_lines_sha256(sorted(tally.commands)),
        tools=_tools(bench.kit),
        not_made=tally.not_made,
        not_compared=tally.not_compared,
        overall=overall,
        attacks=tuple(rates.attack_result(name, [row for row in rows if row.attack == name]) for name in names),
        localisation=rates.localisation(rows),
        nulls=tuple(nulls.values()),
        calibration=rates.calibrate(rows, tally.scores[NullKind.UNRELATED], overall, unrelated),
        search=rates.search_size(len(ids), unrelated),
        copies=tuple(rows),
        false_matches=tuple(wrong),
        limits=LIMITS,
    )
    return replace(record, id=custody.validation_id(record))


def _tools(kit: Kit) -> dict[str, str]:
    versions = {name: metadata.version(name) for name in PACKAGES}
    ffmpeg = kit.tools.ffmpeg
    return {DISTRIBUTION: __version__, "ffmpeg": ffmpeg.version, "ffmpeg_sha256": ffmpeg.sha256, **versions}


def _lines_sha256(lines: Iterable[str]) -> str:
    """SHA-256 of lines, each with its newline."""
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")).hexdigest()
