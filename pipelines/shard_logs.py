"""The logs of merged shards, kept whole: CASE/log/shards/<SHA-256>/, in the form that they had there.

<SHA-256>/custody.jsonl     the shard's log; the folder is named for its digest
<SHA-256>/checkpoints/      its seals
<SHA-256>/torn/             lines that a crash cut off there

A line ``information package merging`` with ``what`` ``begun`` names the folder. It is evidence of who did what in the
shard; it decides nothing in this case.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from forensics import acquire, custody
from forensics.errors import ForensicsError, IntegrityError
from forensics.model.custody import Check, CheckStatus, CustodyEvent, EventType
from forensics.model.text import visible
from forensics.model.verification import Step
from pipelines.whole_files import sync_folder

FOLDER = "log/shards"
LOG = "custody.jsonl"
BESIDE = ("checkpoints", "torn")
"""Folders of a log that are kept with it."""

BEGUN, ENDED, REFUSED = "begun", "ended", "refused"
"""What a line on a merge tells: that it began, that it ended, what a shard could not take."""

_ADMITTING = frozenset({EventType.INGESTION, EventType.APPEARANCE})


class ShardLine(NamedTuple):
    """A line of a shard's log that took a version of a manifest in: its number from 1, whose act, when, of what."""

    line: int
    by: str
    at: str
    item: str | None

    def detail(self) -> dict[str, str | int]:
        """What the merged log says of it."""
        return {"line": self.line, "by": self.by, "at": self.at}


def path_of(case_root: Path, sha256: str) -> Path:
    """Where the log of this digest lies."""
    return case_root / FOLDER / sha256 / LOG


def kept_name(sha256: str) -> str:
    """Under which name a shard's manifest is kept beside bytes that were known."""
    return f"source/shard-{sha256[:16]}.json"


def keep(log: Path, case_root: Path, staged: Path) -> str:
    """Copy a shard's log with its seals below ``staged``, then give it its place; its SHA-256.

    Raises:
        StoreError: it cannot be written.
        Unreadable, NotRegularFile, ChangedWhileRead: a file of it cannot be read, or grows.
        IntegrityError: there are other bytes at its place.
    """
    with acquire.writing(staged):
        staged.mkdir()
        sha256 = acquire.acquire(os.fspath(log), staged / LOG).digests.sha256
        for name in BESIDE:
            folder = log.parent / name
            if folder.is_dir():
                (staged / name).mkdir()
                for file in sorted(folder.iterdir()):
                    acquire.acquire(os.fspath(file), staged / name / file.name)
        place = case_root / FOLDER / sha256
        place.parent.mkdir(exist_ok=True)
        if place.exists():
            if acquire.digest_file(place / LOG).sha256 != sha256:
                raise IntegrityError(f"{place} has other bytes than its name says", code="integrity.log")
        else:
            staged.rename(place)
            for folder in (place, place.parent, place.parent.parent):
                sync_folder(folder)
    return sha256


def lines_of(events: Iterable[CustodyEvent]) -> dict[str, ShardLine]:
    """Of each manifest that these events took in, by its SHA-256, the line that did."""
    told: dict[str, ShardLine] = {}
    for event in events:
        manifest = event.detail.get("manifest")
        if event.event in _ADMITTING and isinstance(manifest, str):
            told.setdefault(manifest, ShardLine(event.seq + 1, event.operator, event.time, event.item))
    return told


def promised(case_root: Path, case_id: str, merging: Iterable[str]) -> dict[str, tuple[str, ShardLine]]:
    """Of each manifest in the kept logs of these digests, by its SHA-256, the log's digest and the line."""
    found: dict[str, tuple[str, ShardLine]] = {}
    for sha256 in sorted(set(merging)):
        events = custody.sound_events(path_of(case_root, sha256), case_id)
        found |= {manifest: (sha256, line) for manifest, line in lines_of(events).items()}
    return found


def with_promises(index: custody.LogIndex, case_root: Path, case_id: str) -> custody.LogIndex:
    """The index with what merges that did not end may have put into the store."""
    if not index.merging:
        return index
    found = promised(case_root, case_id, index.merging.values())
    return replace(index, promised=frozenset(found))


def check(
    case_root: Path, case_id: str, events: Sequence[CustodyEvent], second: custody.Reader | None = None
) -> Iterator[Check]:
    """Steps 2, 7 and 9 to 13 for the kept logs, and that each line of this log tells what they tell; every problem.

    ``second`` judges time-stamps that the first reader refuses. Never raises for what is found.
    """
    begun = [event for event in events if event.event is EventType.MERGING and event.detail.get("what") == BEGUN]
    named = dict.fromkeys(str(event.detail.get("shard")) for event in begun)
    folder = case_root / FOLDER
    there = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    for name in there:
        if name not in named:
            found = "none: a merge that was cut off leaves it; merge again"
            yield _check(Step.LOG, "shard log", CheckStatus.SKIPPED, f"shards/{visible(name)}", "a log line", found)
    told: dict[str, Mapping[str, ShardLine]] = {}
    for sha256 in named:
        yield from _check_kept(path_of(case_root, sha256), sha256, case_id, second)
        told[sha256] = lines_of(custody.sound_events(path_of(case_root, sha256), case_id))
    yield from _check_lines(events, told)


def _check_kept(path: Path, sha256: str, case_id: str, second: custody.Reader | None) -> Iterator[Check]:
    subject = f"shards/{visible(sha256)[:64]}"
    try:
        found = acquire.digest_file(path).sha256
    except ForensicsError as error:
        found = error.message
    status = CheckStatus.OK if found == sha256 else CheckStatus.FAILED
    yield _check(Step.LOG, "shard log", status, subject, sha256, found)
    if status is CheckStatus.FAILED:
        return
    checks = [*custody.check_log(path, case_id)]
    sealed = custody.read_sealed_log(path, case_id, custody.sound_events(path, case_id))
    more, judged = custody.judge(sealed)
    checks += more
    more, stamped = custody.check_stamps(sealed, judged, second)
    checks += [*more, *custody.check_brackets(sealed, stamped)]
    for each in checks:
        if each.status is CheckStatus.FAILED:
            yield replace(each, subject=f"{subject}: {each.subject}")
    for seq, problem in sealed.ring.problems:
        yield _check(Step.KEYS, "key change", CheckStatus.FAILED, f"{subject}: line {seq + 1}", "leave", problem)
    lines = f"{len(sealed.leaves)} lines"
    status = CheckStatus.OK if judged.unsealed == 0 else CheckStatus.FAILED
    yield _check(Step.SEALS, "shard log sealed", status, subject, lines, f"{judged.unsealed} not under a seal")


def _check_lines(events: Sequence[CustodyEvent], told: Mapping[str, Mapping[str, ShardLine]]) -> Iterator[Check]:
    """Each line that names a line of a shard says what stands there."""
    right = 0
    for event in events:
        detail = event.detail
        manifest = detail.get("kept", detail.get("manifest"))
        if event.event is not EventType.MERGING or "line" not in detail or manifest is None:
            continue
        line = told.get(str(detail.get("shard")), {}).get(str(manifest))
        said = (detail["line"], detail.get("by"), detail.get("at"), event.item)
        if line == said:
            right += 1
            continue
        found = "nothing" if line is None else f"line {line.line} by {line.by} at {line.at}"
        expected = f"line {said[0]} by {said[1]} at {said[2]}"
        subject = f"line {event.seq + 1}"
        yield _check(Step.LOG_AND_STORE, "shard line", CheckStatus.FAILED, subject, visible(expected)[:400], found)
    if right:
        yield _check(Step.LOG_AND_STORE, "shard line", CheckStatus.OK, "custody.jsonl", None, f"{right} lines")


def _check(step: Step, name: str, status: CheckStatus, subject: str, expected: str | None, found: str | None) -> Check:
    return Check(step=step, name=name, status=status, subject=subject, expected=expected, found=found)
