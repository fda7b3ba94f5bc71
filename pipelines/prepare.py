"""What a worker does with one file of an ingest: copy it into staging while its digests are computed, and derive.

A worker loads this module and what it needs, and nothing of what the one process that writes store and log needs.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from forensics import acquire, media
from forensics.errors import ForensicsError, StoreError
from forensics.model.evidence import Acquisition
from forensics.model.notice import Notice
from forensics.model.provenance import Found
from pipelines.appearances import without_folders
from pipelines.derive import Derived, derive, single_threaded
from pipelines.keyframe_files import subject_of
from pipelines.kit import Kit
from pipelines.sidecars import Sidecar

MAX_SIDECAR_BYTES = 64 * 2**20
"""A telemetry text above this is not read: fifty cues a second for a day stay below it."""

_CHANGED = Notice(
    code="input.changed_while_reading",
    message="the archive was changed after its members were read - wait until nothing writes to it, and run again",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One file that was found, and its place among all of them."""

    number: int
    found: Found


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What a worker hands back: the staged folder, or why there is none."""

    found: Found
    folder: Path | None = None
    acquisition: Acquisition | None = None
    sidecars: tuple[Sidecar, ...] = ()
    derived: Derived | None = None
    refused: Notice | None = None
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare:
    """The worker's job: steps 2 and 3 of `pipelines.ingest` for one file."""

    area: Path
    store: acquire.Store
    kit: Kit
    triage: bool = False

    def __call__(self, task: Task) -> Prepared:
        """The file in staging with its facts, or why not. Raises StoreError when the case cannot take any more."""
        single_threaded()
        media.warm()
        with acquire.writing(self.area):
            folder = _own_folder(self.area, task.number)
        content = folder / "v1" / "content"
        try:
            acquisition = acquire.acquire(task.found.opened, content / "original")
        except StoreError:
            # Not this file's fault: the case cannot take any more.
            raise
        except ForensicsError as error:
            refused = _notice(error)
            shown = refused.message.replace(task.found.opened, task.found.path)
            return Prepared(found=task.found, refused=replace(refused, message=shown))
        if task.found.sha256 not in (None, acquisition.digests.sha256):
            return Prepared(found=task.found, refused=_CHANGED)
        sidecars, unread = _read_sidecars(task.found.sidecars)
        notices = task.found.notices + unread
        if self.store.contains(acquisition.digests.sha256):
            return Prepared(
                found=task.found, folder=folder, acquisition=acquisition, sidecars=sidecars, notices=notices
            )
        with (content / "original").open("rb") as handle:
            derived = derive(handle.fileno(), acquisition.digests, sidecars, content, self.kit, triage=self.triage)
        return Prepared(
            found=task.found,
            folder=folder,
            acquisition=acquisition,
            sidecars=sidecars,
            derived=derived,
            notices=notices,
        )


def _own_folder(area: Path, number: int) -> Path:
    """A new folder for this file: a worker that died on it, or beside it, may have left one or still write into it.

    Raises OSError.
    """
    attempts = (area / f"{number:08d}-{attempt}" for attempt in itertools.count())
    folder = next(each for each in attempts if _made(each))
    (folder / "v1" / "content").mkdir(parents=True)
    return folder


def _made(folder: Path) -> bool:
    try:
        folder.mkdir()
    except FileExistsError:
        return False
    return True


def _read_sidecars(paths: Iterable[str]) -> tuple[tuple[Sidecar, ...], tuple[Notice, ...]]:
    read: list[Sidecar] = []
    notices: list[Notice] = []
    for path in paths:
        try:
            handle = acquire.open_source(path)
            try:
                data = os.pread(handle, MAX_SIDECAR_BYTES + 1, 0)
            finally:
                os.close(handle)
        except ForensicsError as error:
            notices.append(Notice(code="sidecar.unreadable", message=without_folders(error.message, path)))
            continue
        if len(data) > MAX_SIDECAR_BYTES:
            message = f"{Path(path).name}: above {MAX_SIDECAR_BYTES} bytes, not taken as a sidecar"
            notices.append(Notice(code="sidecar.too_large", message=message))
            continue
        suffix = Path(path).suffix.lower()
        name = f"source/sidecar-{subject_of('', data).sha256[:16]}{suffix if suffix == '.srt' else '.bin'}"
        read.append(Sidecar(found_as=path, stored_as=name, data=data))
    return tuple(read), tuple(notices)


def _notice(error: ForensicsError) -> Notice:
    return Notice(code=error.code, message=f"{error.message}{f' - {error.hint}' if error.hint else ''}")
