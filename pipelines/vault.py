"""Locked copies in a bucket: what cannot be derived again, put there once, compared, and fetched back.

put:
    1  which files of the store the log tells no such copy of in this place
    2  each is read and compared with the store's own digests, for a wrong byte would be locked for years
    3  it is put under its SHA-256 unless something lies there; what lies there must be these bytes
    4  the server is asked again what it holds and how: that, and no more, goes into the log
check:
    each copy that the log tells of in this place against what the server tells now, or gives (deep); and each head of
    the log that lies there against the log
fetch:
    an original, as logged, staged and compared before it has its name
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from forensics import acquire, custody
from forensics.errors import CaseError, IntegrityError, StoreError
from forensics.model.copy import Copy, Retention, Told
from forensics.model.custody import Check, CheckStatus, EventType
from forensics.model.manifest import Subject
from forensics.model.notice import Notice
from forensics.model.store import DOCUMENT_NAMES, ORIGINAL_NAME
from forensics.model.verification import Step
from pipelines.bucket import Bucket, Measured, measure
from pipelines.case import Case, Run

SOURCES = "source/"
"""Folder of an object with what came beside the original."""

CONTENT, HEADS = "sha256", "heads"
"""Folders below the place: copies by their SHA-256, heads of logs by a digest of their origin and their size."""


class _File(NamedTuple):
    """A file of the store: whose, and in which version it stands first."""

    item: str
    version: int
    subject: Subject


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
        StoreError: the bucket or the case's disk takes no more.
        IntegrityError: the log does not hold.
    """
    if retention.until is not None:
        bucket.require_lock()
    logged = _logged(case, bucket)
    for item in evidence:
        for file in _irreplaceable(case, item):
            known = logged.get((item, file.subject.sha256))
            if known is not None and known.retention.covers(retention) and not again:
                yield _outcome(file, "known", known)
                continue
            try:
                yield _put(case, run, bucket, file, retention, known, again=again)
            except IntegrityError as error:
                notice = Notice(code=error.code, message=f"{error.message} - {error.hint}")
                yield Copied(item=item, name=file.subject.name, version=file.version, status="failed", notice=notice)


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
    names = [path.name for path in folder.iterdir() if path.name.startswith(f"{last.checkpoint.name}.")]
    for name in (*sorted(names), last.checkpoint.name):
        _put_small(bucket, _heads_key(case, bucket) + name, folder / name, retention)
    return _heads_key(case, bucket) + last.checkpoint.name


def check(case: Case, evidence: Sequence[str], bucket: Bucket, *, deep: bool, now: str) -> Iterator[Check]:
    """Every copy of these evidences in this place, every file of theirs without one, every head; every problem.

    Raises:
        StoreError: the server cannot be asked.
        IntegrityError: the log does not hold.
    """
    logged = _logged(case, bucket)
    for item in evidence:
        for file in _irreplaceable(case, item):
            copy = logged.pop((item, file.subject.sha256), None)
            if copy is None:
                yield custody.no_copy(item, file.subject.name, file.version)
            else:
                yield from _check(bucket, copy, deep=deep, now=now)
    wanted = frozenset(evidence)
    for copy in logged.values():
        if copy.item in wanted:  # logged, and the store has no such file any more: verify says that, and it is here
            yield from _check(bucket, copy, deep=deep, now=now)
    yield from _check_heads(case, bucket)


def fetch(case: Case, item: str, bucket: Bucket, target: Path) -> Copy:
    """Bring the original of an evidence to the new file ``target``, read-only.

    Raises:
        CaseError: the log tells of no copy in this place.
        IntegrityError: what comes is not what was copied; no file is made.
        StoreError: the server cannot be asked, or the file not written.
    """
    copy = _logged(case, bucket).get((item, item))
    if copy is None:
        raise CaseError(
            f"no copy of {item} in {bucket.place.url} is logged", hint="name the place that it was put into"
        )
    bucket.stage(copy.key, copy.version_id, target, sha256=copy.sha256, size=copy.size)
    return copy


def _logged(case: Case, bucket: Bucket) -> dict[tuple[str, str], Copy]:
    """The log's last word on each copy below this place, by evidence and SHA-256."""
    below = bucket.place.key(f"{CONTENT}/")
    return {
        (copy.item, copy.sha256): copy
        for copy in custody.copies(line.event for line in case.log.events())
        if copy.bucket == bucket.place.bucket and copy.key.startswith(below)
    }


def _irreplaceable(case: Case, item: str) -> Iterator[_File]:
    """The original, what came beside it, and each version's manifest and signature; equal bytes once."""
    seen: set[str] = set()
    for state in case.store.states(item):
        for subject in state.files:
            kept = subject.name == ORIGINAL_NAME or subject.name in DOCUMENT_NAMES or subject.name.startswith(SOURCES)
            if kept and subject.sha256 not in seen:
                seen.add(subject.sha256)
                yield _File(item, state.version, subject)


def _put(
    case: Case, run: Run, bucket: Bucket, file: _File, retention: Retention, known: Copy | None, *, again: bool
) -> Copied:
    """Steps 2 to 4 for one file; ``known``: what is logged of it, to be locked anew or, ``again``, looked for first."""
    subject = file.subject
    key = bucket.place.key(f"{CONTENT}/{subject.sha256[:2]}/{subject.sha256}")
    fd = acquire.open_source(os.fspath(case.store.path(file.item, subject.name, file.version)))
    try:
        measured = _measured(fd, file)
        sent = (known is None or again) and bucket.put(key, fd, measured, retention)
    finally:
        os.close(fd)
    held = None if known is None or again else known.version_id
    told = _confirmed(bucket, key, held, measured, retention, sent=sent)
    copy = Copy(
        item=file.item,
        name=subject.name,
        version=file.version,
        sha256=subject.sha256,
        size=subject.size,
        server=bucket.server,
        bucket=bucket.place.bucket,
        key=key,
        version_id=told.version_id,
        retention=told.retention,
        checksum=measured.checksum,
        part_size=measured.part_size,
        server_time=told.time,
    )
    if copy == known:
        return _outcome(file, "known", copy)
    moved = known is None or known.version_id != copy.version_id
    case.record(run, EventType.REPLICATION, file.item, custody.copy_detail(copy, found=moved and not sent))
    return _outcome(file, "copied" if sent else "found" if moved else "extended", copy)


def _measured(fd: int, file: _File) -> Measured:
    try:
        measured = measure(fd)
    except OSError as error:
        raise StoreError(
            f"cannot read {file.subject.name} of {file.item}: {error.strerror}", code="store.read"
        ) from error
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
    if retention.until is not None and not told.retention.covers(retention):
        bucket.retain(key, told.version_id, retention)
        told = _same(bucket, key, told.version_id, measured)
        if not told.retention.covers(retention):
            raise StoreError(
                f"{bucket.server} took {key} and does not lock it as it was asked: {told.retention.until or 'no lock'}",
                code="store.unlocked",
                hint="Locks are told to who may read them (GetObjectRetention). If you may: keep no evidence there.",
            )
    return told


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


def _outcome(file: _File, status: str, copy: Copy) -> Copied:
    return Copied(item=file.item, name=file.subject.name, version=file.version, status=status, copy=copy)


def _put_small(bucket: Bucket, key: str, path: Path, retention: Retention) -> None:
    fd = acquire.open_source(os.fspath(path))
    try:
        measured = measure(fd)
        sent = bucket.put(key, fd, measured, retention)
    finally:
        os.close(fd)
    _confirmed(bucket, key, None, measured, retention, sent=sent)


def _check(bucket: Bucket, copy: Copy, *, deep: bool, now: str) -> Iterator[Check]:
    told = bucket.tell(copy.key, copy.version_id)
    yield from custody.check_copy(copy, told, bucket.lying(copy.key), now)
    if deep and told is not None:
        problem = None
        try:
            bucket.compare(copy.key, copy.version_id, sha256=copy.sha256, size=copy.size)
        except IntegrityError as error:
            problem = error.message
        yield custody.check_copy_bytes(copy, problem)


def _check_heads(case: Case, bucket: Bucket) -> Iterator[Check]:
    """Step 14 for each head of this log that lies in the place: the log still begins with it."""
    events = tuple(line.event for line in case.log.events())
    sealed = custody.read_sealed_log(case.log.path, case.info.id, events)
    # Every version, not the current one alone: a head that somebody hid or wrote over still tells.
    for key, version_id in bucket.versions(_heads_key(case, bucket)):
        if key.endswith(custody.CHECKPOINT_SUFFIX):
            yield _check_head(sealed, bucket, key, version_id)


def _check_head(sealed: custody.SealedLog, bucket: Bucket, key: str, version_id: str) -> Check:
    try:
        head = custody.decode_checkpoint(bucket.small(key, version_id, custody.MAX_CHECKPOINT))
    except IntegrityError as error:
        step, status = Step.HELD_HEAD, CheckStatus.FAILED
        return Check(step=step, name="held head", status=status, subject=key, expected="a head", found=error.message)
    return custody.check_held_head(sealed, head)


def _heads_key(case: Case, bucket: Bucket) -> str:
    origin = hashlib.sha256(custody.origin_of(case.info.id).encode()).hexdigest()
    return bucket.place.key(f"{HEADS}/{origin[:32]}/")
