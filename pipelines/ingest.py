"""Take files into a case: keep, digest, probe, keyframes, fingerprint, manifest, log.

    1  find the files, and say what was passed over and why
    2  in a worker: copy into staging while both digests are computed, read back
    3  in a worker: derive the facts from the copy, never from the user's file
    4  here, one at a time, in the order in which they were found: the clerk puts bytes into the store, writes manifest
       and log line

A worker that dies takes only its own file with it; an interrupted run is resumed by the same command.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from forensics import sources
from forensics.errors import ForensicsError, InputError, StoreError
from forensics.model.custody import EventType
from forensics.model.notice import Notice
from forensics.model.provenance import Found, Passed
from pipelines.bucket_inputs import discover_there, in_buckets
from pipelines.case import Case, Run
from pipelines.clerk import Clerk, Outcome, clerk_of
from pipelines.config import Settings
from pipelines.discovery import discover
from pipelines.engine import Done, Failed, in_turn
from pipelines.environment import environment_record
from pipelines.kit import Kit, open_kit
from pipelines.listing import Lister
from pipelines.prepare import Prepare, Prepared, Task
from pipelines.progress import Progress
from pipelines.workers import engine_for

ARCHIVES, BUCKETS = "archives", "buckets"
"""Folders of a run's working area where members of archives, and objects of buckets, are staged."""


def ingest(
    case: Case,
    run: Run,
    inputs: Sequence[str],
    settings: Settings,
    argv: Sequence[str],
    progress: Progress,
    part: sources.Part | None = None,
    *,
    triage: bool = False,
) -> Iterator[Outcome | Passed]:
    """Yield what became of every file found below ``inputs``, or of those in this ``part`` of it, as it happens. A
    ``triage`` decodes sync frames only.

    Raises:
        InputError: with a part, inputs that overlap.
        ToolError: ffmpeg or ffprobe is missing or too old, or the required sandbox is not to be had.
        StoreError: the case cannot be written.

    """
    choice = None
    if part is not None:
        sources.refuse_overlap(inputs)
        if in_buckets(inputs)[1]:
            raise InputError("what lies in a bucket is not divided", hint="give each run prefixes of its own")
        choice = sources.Choice(part=part)
    kit = open_kit(run.surroundings.search_path(), settings)
    clerk = clerk_of(case, run, environment_record(kit.tools, settings, argv))
    counts: dict[str, int] = {"ingested": 0, "known": 0, "failed": 0}
    with case.working_area(run) as area:
        case.record(run, EventType.INGESTION_START, None, {"inputs": len(inputs), **_part_detail(part)})
        job = Prepare(area=area, store=case.store, kit=kit, triage=triage)
        (area / ARCHIVES).mkdir()
        progress.working_on("looking for files")
        passed, tasks = _found(inputs, kit, settings, area / ARCHIVES, progress, choice)
        clerk.refuse_all(thing for thing in passed if thing.failed)
        yield from passed
        prepared = _shown(engine_for(settings).run(job, tasks), progress)
        for done in in_turn(prepared, tasks, lambda task: task.number):
            outcome = _settle(clerk, done)
            counts[outcome.status] += 1
            yield outcome
        units = {} if choice is None else {"units": len(choice.met), "units_of_part": len(choice.taken)}
        case.record(run, EventType.INGESTION_END, None, {**counts, **_part_detail(part), **units})
    # A cache: whoever lists the case next goes on where this ends.
    with suppress(ForensicsError):
        Lister(case=case, settings=settings, surroundings=run.surroundings).catch_up()


def _part_detail(part: sources.Part | None) -> dict[str, str | int]:
    """What log lines say of the part that a run takes, and of the rule that divides."""
    return {} if part is None else {"part": part.number, "parts": part.of, "part_rule": sources.RULE}


def _found(
    inputs: Sequence[str],
    kit: Kit,
    settings: Settings,
    room: Path,
    progress: Progress,
    choice: sources.Choice | None,
) -> tuple[tuple[Passed, ...], tuple[Task, ...]]:
    """Step 1: everything found, in order; the list is whole before work begins, so that a total can be shown."""
    passed: list[Passed] = []
    tasks: list[Task] = []
    paths, places = in_buckets(inputs)
    there: Iterable[Found | Passed] = ()
    if places:
        there = discover_there(
            places, room.with_name(BUCKETS), kit.limits, insecure=settings.insecure, working_on=progress.working_on
        )
    for thing in itertools.chain(discover(paths, kit.limits, str(room), choice), there):
        if isinstance(thing, Passed):
            passed.append(thing)
        else:
            tasks.append(Task(number=len(tasks), found=thing))
    beside = {os.path.abspath(sidecar) for task in tasks for sidecar in task.found.sidecars}
    for task in tasks:
        if os.path.abspath(task.found.opened) in beside:
            message = "it is kept with the clip that it belongs to"
            passed.append(Passed(path=task.found.path, code="input.sidecar", message=message, failed=False))
    alone = tuple(task for task in tasks if os.path.abspath(task.found.opened) not in beside)
    progress.grow(len(alone))
    return tuple(passed), alone


def _shown(
    prepared: Iterable[Done[Task, Prepared] | Failed[Task]], progress: Progress
) -> Iterator[Done[Task, Prepared] | Failed[Task]]:
    """Pass on what workers hand back, and show that they did."""
    for done in prepared:
        progress.advance()
        progress.working_on(Path(done.item.found.path).name)
        yield done


def _settle(clerk: Clerk, thing: Done[Task, Prepared] | Failed[Task]) -> Outcome:
    if isinstance(thing, Failed) and thing.code.partition(".")[0] == StoreError.code:
        raise StoreError(thing.message, code=thing.code, hint=thing.hint)
    if isinstance(thing, Failed):
        return clerk.refuse(thing.item.found.path, Notice(code=thing.code, message=thing.message))
    if thing.result.refused is not None:
        return clerk.refuse(thing.item.found.path, thing.result.refused)
    return clerk.admit(thing.result)
