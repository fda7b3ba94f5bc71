"""What runs that died left behind: finished, logged or set aside, and nothing deleted.

1  half-done versions of the store are finished or set aside
2  work in staging that no living run holds goes into quarantine
3  what had reached the store without its log line gets one
4  dead runs are closed in the log
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from forensics import acquire, custody
from forensics.model.custody import EventType, Namespace
from forensics.model.store import MANIFEST_NAME, SIGNATURE_NAME
from pipelines import shard_logs
from pipelines.case import Case, Run, entry


def recover(case: Case, run: Run) -> tuple[str, ...]:
    """Put right what dead runs left, and log it. One sentence a thing found.

    Raises:
        IntegrityError: the log or a manifest is not what it was.
        StoreError: the case cannot be written.
    """
    with case.writing(), acquire.writing(case.root):
        index = custody.index_log(line.event for line in case.log.events())
        left = [folder for folder in sorted(case.staging.iterdir()) if _abandoned(folder)]
        areas = {each: case.area_of(each) for each in index.unfinished_runs}
        dead = sorted(each for each, area in areas.items() if not area.exists() or area in left)
        if not left and not dead:
            return ()
        said = [notice.message.replace(f"{case.root}/", "") for notice in case.store.recover(case.quarantine)]
        for folder in left:
            kept = _set_aside(folder, case.quarantine)
            said.append(f"unfinished work of an interrupted run is now in quarantine/{kept.name}")
        found = list(_logged_late(case, run, index, frozenset(dead)))
        said += [_late(each) for each in found if custody.PUT_AWAY in each.detail]
        entries = [entry(run, EventType.RECOVERY, None, {"found": sentence}) for sentence in said]
        entries += found
        entries += [_ended(replace(run, id=each), index) for each in dead]
        case.log.append_many(entries)
    return tuple(said)


def _logged_late(case: Case, run: Run, index: custody.LogIndex, dead: frozenset[str]) -> Iterator[custody.Entry]:
    """Yield the log lines of what a dead run had committed and not yet logged.

    Only manifests that name such a run, or that are told by the log of the shard that it merged: anything else
    that lies in the store unlogged was put there by somebody else, and verify says so. Where the key that signed
    one was put away in the meantime, the line says that too: nothing shows that the manifest is older.
    """
    ring, lines = case.key_ring(), case.log.head().lines
    merges = [shard for each, shard in index.merging.items() if each in dead]
    brought = shard_logs.promised(case.root, case.info.id, merges)
    for evidence in case.store.ids():
        for state in case.store.states(evidence):
            manifest = state.file(MANIFEST_NAME)
            if manifest is None or (evidence, state.version) in index.admitted:
                continue
            data = case.store.read(evidence, MANIFEST_NAME, state.version)
            by = custody.decode_manifest(data).record.log.get("run")
            if by not in dead and manifest.sha256 not in brought:
                continue
            event = EventType.INGESTION if state.version == 1 else EventType.APPEARANCE
            detail: dict[str, str | int] = {"manifest": manifest.sha256, "version": state.version, "recovered": 1}
            if manifest.sha256 in brought:
                shard, line = brought[manifest.sha256]
                event, detail = EventType.MERGING, {**detail, "shard": shard, **line.detail()}
            elif by in index.merging:
                event, detail = EventType.MERGING, {**detail, "shard": index.merging[str(by)]}
            if state.file(SIGNATURE_NAME) is not None:
                signature = case.store.read(evidence, SIGNATURE_NAME, state.version)
                detail.update(custody.put_away(ring, Namespace.MANIFEST, data, signature, lines))
            yield entry(run, event, evidence, detail)


def _abandoned(folder: Path) -> bool:
    try:
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):  # a file in staging is nobody's work either
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True


def _set_aside(folder: Path, quarantine: Path) -> Path:
    """Move a folder into quarantine under a name that is free there."""
    quarantine.mkdir(exist_ok=True)
    number = 1
    while (kept := quarantine / f"{folder.name}-{number}").exists():
        number += 1
    folder.rename(kept)
    return kept


def _ended(run: Run, index: custody.LogIndex) -> custody.Entry:
    """The line that closes a dead run."""
    if run.id not in index.merging:
        return entry(run, EventType.INGESTION_END, None, {"interrupted": 1})
    detail: dict[str, str | int] = {"what": shard_logs.ENDED, "shard": index.merging[run.id], "interrupted": 1}
    return entry(run, EventType.MERGING, None, detail)


def _late(logged: custody.Entry) -> str:
    return (
        f"the manifest of {logged.item}, version {logged.detail['version']}, is signed by a key that was put away at "
        f"line {logged.detail[custody.PUT_AWAY]}: that it was written before cannot be shown"
    )
