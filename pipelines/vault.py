"""Put locked copies into a bucket: of what cannot be derived again, and of the sealed head of the log.

    1  which files of the store the log tells no such copy of in this place
    2  each is read and compared with the store's own digests, for a wrong byte would be locked for years
    3  it is put under its SHA-256 unless something lies there; what lies there must be these bytes
    4  the server is asked again what it holds and how: that, and no more, goes into the log

Steps 2 and 3 are done for several files at a time; the log has one writer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from forensics import acquire, custody
from forensics.errors import InputError, IntegrityError, StoreError
from forensics.model.copy import Copy, Retention, Told
from forensics.model.custody import EventType
from forensics.model.notice import Notice
from forensics.model.text import visible
from pipelines.bucket import Bucket
from pipelines.bucket_parts import Measured, measure
from pipelines.case import Case, Run
from pipelines.extent import in_order
from pipelines.vault_files import AT_ONCE, File, copy_key, heads_key, irreplaceable, logged_copies


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What became of one file: ``status`` is copied, found (it lay there), extended (its lock), known or failed."""

    item: str
    name: str
    version: int
    status: str
    copy: Copy | None = None
    notice: Notice | None = None


def put(
    case: Case, run: Run, evidence: Sequence[str], bucket: Bucket, retention: Retention, *, again: bool = False
) -> Iterator[Copied]:
    """Copy what these evidences have that cannot be derived again; what is logged and locked so is not asked about,
    unless ``again``: then what is gone from the bucket is put anew.

    Raises:
        InputError: a lock that is there is stronger or longer in one respect, and weaker or shorter in the other.
        StoreError: the bucket or the case's disk takes no more.
        IntegrityError: the log does not hold, or an object of the store cannot be read.
    """
    if retention.until is not None:
        bucket.require_lock()
    logged = logged_copies(case, bucket.place)
    files = (file for item in evidence for file in irreplaceable(case, item))
    tasks = (_Task(file, logged.get((file.item, file.subject.sha256))) for file in files)
    porter = _Porter(case=case, bucket=bucket, retention=retention, again=again)
    for copied in in_order(porter, tasks, AT_ONCE):
        if copied.copy is not None and copied.status != "known":
            detail = custody.copy_detail(copied.copy, found=copied.status == "found")
            case.record(run, EventType.REPLICATION, copied.item, detail)
        yield copied


def put_head(case: Case, bucket: Bucket, retention: Retention) -> str | None:
    """Put the last sealed head of the log, with its signature and tokens; its key, or None when nothing is sealed.

    Raises:
        IntegrityError: another head over as many lines lies there: the log was written anew.
        StoreError: the bucket takes no more.
    """
    last = custody.last_seal(case.log.path)
    if last is None:
        return None
    folder = custody.checkpoint_folder(case.log.path)
    # The head itself comes last, as in the case: one that is there has its signature.
    beside = sorted(path.name for path in folder.iterdir() if path.name.startswith(f"{last.checkpoint.name}."))
    below = heads_key(case, bucket.place)
    for name in (*beside, last.checkpoint.name):
        with _opened(folder / name) as fd:
            measured = measure(fd)
            sent = bucket.put(below + name, fd, measured, retention)
        _confirmed(bucket, below + name, None, measured, retention, sent=sent)
    return below + last.checkpoint.name


class _Task(NamedTuple):
    """A file, and the copy of it that the log tells of in this place."""

    file: File
    known: Copy | None


@dataclass(slots=True, kw_only=True)
class _Porter:
    """Steps 2 to 4 for one file; several threads call it."""

    case: Case
    bucket: Bucket
    retention: Retention
    again: bool
    ended: list[InputError | StoreError] = field(default_factory=list)

    def __call__(self, task: _Task) -> Copied:
        file, known = task
        if known is not None and known.retention.covers(self.retention) and not self.again:
            return _outcome(file, "known", known)
        if self.ended:  # What stopped another file stops this one: nobody waits for a dead network once a file.
            raise self.ended[0]
        try:
            return self._copied(file, known)
        except IntegrityError as error:
            notice = Notice(code=error.code, message=f"{error.message} - {error.hint}")
            name, version = file.subject.name, file.version
            return Copied(item=file.item, name=name, version=version, status="failed", notice=notice)
        except (InputError, StoreError) as error:
            self.ended.append(error)
            raise

    def _copied(self, file: File, known: Copy | None) -> Copied:
        key = copy_key(self.bucket.place, file.subject.sha256)
        with _opened(self.case.store.path(file.item, file.subject.name, file.version)) as fd:
            measured = _measured(fd, file)
            sent = (known is None or self.again) and self.bucket.put(key, fd, measured, self.retention)
        held = None if known is None or self.again else known.version_id
        told = _confirmed(self.bucket, key, held, measured, self.retention, sent=sent)
        copy = _copy(file, self.bucket, key, measured, told)
        if copy == known:
            return _outcome(file, "known", copy)
        moved = known is None or known.version_id != copy.version_id
        return _outcome(file, "copied" if sent else "found" if moved else "extended", copy)


def _measured(fd: int, file: File) -> Measured:
    measured = measure(fd)
    if (measured.sha256, measured.size) != (file.subject.sha256, file.subject.size):
        raise IntegrityError(
            f"{file.subject.name} of {file.item} has SHA-256 {measured.sha256}, not {file.subject.sha256}; not copied",
            code="integrity.store",
            hint="Run verify; an earlier copy may be whole: vault fetch.",
        )
    return measured


def _confirmed(
    bucket: Bucket, key: str, version_id: str | None, measured: Measured, retention: Retention, *, sent: bool
) -> Told:
    """What the server tells of these bytes under this key, locked as wanted: by its upload, or now.

    Raises IntegrityError when other bytes lie there, StoreError when the server does not hold them as it was asked.
    """
    told = _same(bucket, key, version_id, measured)
    if told.checksum is None and not sent and version_id is None:
        # Bytes that this run did not send, and a server without a digest of them: only reading tells.
        bucket.compare(key, told.version_id, sha256=measured.sha256, size=measured.size)
    if not told.retention.covers(retention):
        _require_longer(key, told.retention, retention)
        bucket.retain(key, told.version_id, retention)
        told = _same(bucket, key, told.version_id, measured)
        if not told.retention.covers(retention):
            raise StoreError(
                f"{bucket.server} took {key} and does not lock it as it was asked: {told.retention.until or 'no lock'}",
                code="store.unlocked",
                hint="Locks are told to who may read them (GetObjectRetention). If you may: keep no evidence there.",
            )
    return told


def _require_longer(key: str, held: Retention, wanted: Retention) -> None:
    """A lock that would be weaker or shorter than the one there is not asked for, nor one that nobody named.

    Raises InputError (``input.lock``).
    """
    joined = held.joined(wanted)
    if joined != wanted:
        raise InputError(
            f"{key} is held in {held.lock} mode until {held.until}, not {wanted.lock} until {wanted.until}",
            code="input.lock",
            hint=f"No lock is made weaker or shorter: --lock {joined.lock} --retain-until {(joined.until or '')[:10]}",
        )


def _same(bucket: Bucket, key: str, version_id: str | None, measured: Measured) -> Told:
    told = bucket.tell(key, version_id)
    if told is None or told.size != measured.size or told.checksum not in (None, measured.checksum):
        found = "nothing" if told is None else f"{told.size} bytes with the checksum {told.checksum}"
        raise IntegrityError(
            f"under {bucket.place.bucket}/{key} lies {found}, expected {measured.size} with {measured.checksum}",
            code="integrity.copy",
            hint="Somebody else put it there, or the server lies: vault check --deep. Use another prefix meanwhile.",
        )
    return told


def _copy(file: File, bucket: Bucket, key: str, measured: Measured, told: Told) -> Copy:
    return Copy(
        item=file.item,
        name=file.subject.name,
        version=file.version,
        sha256=file.subject.sha256,
        size=file.subject.size,
        server=bucket.server,
        bucket=bucket.place.bucket,
        key=key,
        version_id=told.version_id,
        retention=told.retention,
        checksum=measured.checksum,
        part_size=measured.part_size,
        server_time=told.time,
    )


def _outcome(file: File, status: str, copy: Copy) -> Copied:
    return Copied(item=file.item, name=file.subject.name, version=file.version, status=status, copy=copy)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """A descriptor of a kept file. Raises as `acquire.open_source`, and StoreError when reading it fails."""
    fd = acquire.open_source(os.fspath(path))
    try:
        yield fd
    except OSError as error:
        found = f"cannot read {visible(os.fspath(path))}: {error.strerror or error}"
        raise StoreError(found, code="store.read", hint="Is its disk well? Run verify.") from error
    finally:
        os.close(fd)
