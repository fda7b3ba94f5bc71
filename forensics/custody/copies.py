"""Copies in buckets: the lines of the log that tell of them, and holding them against what the server tells now.

The event is PREMIS "replication" (https://id.loc.gov/vocabulary/preservation/eventType/rep): a copy made that is
bit-wise the same. Locks are those of S3 Object Lock (Amazon S3 User Guide, "Locking objects with Object Lock").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from forensics.errors import IntegrityError
from forensics.model.copy import Copy, LockMode, Lying, Retention, Told
from forensics.model.custody import Check, CheckStatus, CustodyEvent, EventType
from forensics.model.text import visible
from forensics.model.verification import Step

NO_COPY = "copy made"
"""Name of the check that only says that there is no copy of a file."""

FILE = "file"
"""The detail by which a line about the copy of a file is known; a line about a head of the log has none."""


def copy_detail(copy: Copy, *, found: bool) -> dict[str, str | int]:
    """What the log says of a copy. ``found``: it lay there already, with these bytes."""
    detail: dict[str, str | int] = {
        FILE: copy.name,
        "version": copy.version,
        "sha256": copy.sha256,
        "size": copy.size,
        "server": copy.server,
        "bucket": copy.bucket,
        "key": copy.key,
        "version_id": copy.version_id,
        "lock": str(copy.retention.lock),
        "checksum": copy.checksum,
        "server_time": copy.server_time,
    }
    if copy.retention.until is not None:
        detail["retain_until"] = copy.retention.until
    if copy.part_size is not None:
        detail["part_size"] = copy.part_size
    return {**detail, "found": 1} if found else detail


def copies(events: Iterable[CustodyEvent]) -> tuple[Copy, ...]:
    """The last word of the log on each copy of each file of each evidence, in the order of their first lines.

    Raises IntegrityError (``integrity.copy``) for a line that is no sound one.
    """
    last: dict[tuple[str, str, str, str], Copy] = {}
    for event in events:
        if event.event is EventType.REPLICATION and FILE in event.detail:
            copy = _copy(event)
            last[(copy.item, copy.sha256, copy.bucket, copy.key)] = copy
    return tuple(last.values())


def check_copy_lines(events: Iterable[CustodyEvent], held: Mapping[str, int]) -> Iterator[Check]:
    """Step 7 for the lines about copies: each is sound, and of a version that the store has. ``held`` maps evidence to
    its versions. Whether the copies are there only `check_copy` tells.
    """
    for event in events:
        if event.event is not EventType.REPLICATION or FILE not in event.detail:
            continue
        subject, expected = f"line {event.seq + 1}", "a copy of a file of the store"
        try:
            copy = _copy(event)
            known = held.get(copy.item, 0) >= copy.version
            status = CheckStatus.OK if known else CheckStatus.FAILED
            found = copy_subject(copy) if known else f"{copy_subject(copy)}, which the store has not"
        except IntegrityError as error:
            status, found = CheckStatus.FAILED, error.message
        step, name = Step.LOG_AND_STORE, "logged copy"
        yield Check(step=step, name=name, status=status, subject=subject, expected=expected, found=found)


def check_copy(copy: Copy, told: Told | None, lying: Sequence[Lying], now: str) -> Iterator[Check]:
    """One copy against what the server tells of its version, and of all that lies under its key, newest first.

    ``now`` is RFC 3339 UTC: a lock that has run out since is told, and is no problem.
    """
    subject = copy_subject(copy)
    if told is None:
        found = "; ".join(map(_in_words, lying)) or "nothing under its key"
        yield _check("copy kept", CheckStatus.FAILED, subject, f"version {copy.version_id}", found)
        return
    kept, found = (f"version {each.version_id}, {each.size} bytes" for each in (copy, told))
    yield _equal("copy kept", subject, kept, found)
    if told.checksum is None:
        found = "the server tells none; --deep reads the bytes"
        yield _check("copy checksum", CheckStatus.SKIPPED, subject, copy.checksum, found)
    else:
        yield _equal("copy checksum", subject, copy.checksum, told.checksum)
    yield _current(copy, lying, subject)
    yield _locked(copy, told, subject, now)


def check_copy_bytes(copy: Copy, problem: str | None) -> Check:
    """The bytes of a copy that were read: that they have the logged digest, or what is the matter with them."""
    status = CheckStatus.OK if problem is None else CheckStatus.FAILED
    expected = f"sha256:{copy.sha256} {copy.size} bytes"
    return _check("copy bytes", status, copy_subject(copy), expected, problem or expected)


def no_copy(item: str, name: str, version: int) -> Check:
    """A file of the case that the log tells no copy of in this place."""
    found = "none is logged; vault put makes one"
    return _check(NO_COPY, CheckStatus.SKIPPED, f"{item}/v{version}/{visible(name)}", "a copy", found)


def copy_subject(copy: Copy) -> str:
    """What a check calls a copy: evidence, version and name, as in the store."""
    return f"{copy.item}/v{copy.version}/{visible(copy.name)}"


def _current(copy: Copy, lying: Sequence[Lying], subject: str) -> Check:
    """Whether a plain request for the key, without a version, still gives this one."""
    newest = lying[0] if lying else None
    if newest is not None and newest.version_id == copy.version_id and not newest.deleted:
        return _check("copy current", CheckStatus.OK, subject, f"version {copy.version_id}", _in_words(newest))
    found = "not listed under its key" if newest is None else f"{_in_words(newest)} lies over it"
    return _check("copy current", CheckStatus.FAILED, subject, f"version {copy.version_id}", found)


def _locked(copy: Copy, told: Told, subject: str, now: str) -> Check:
    logged = copy.retention
    if logged.until is None:
        return _check("copy locked", CheckStatus.SKIPPED, subject, "a lock", "it was put without one, by choice")
    if logged.until <= now and told.retention.until in (None, logged.until):
        found = "it has run out: the version can be deleted now"
        return _check("copy locked", CheckStatus.SKIPPED, subject, _lock_in_words(logged), found)
    status = CheckStatus.OK if told.retention.covers(logged) else CheckStatus.FAILED
    return _check("copy locked", status, subject, _lock_in_words(logged), _lock_in_words(told.retention))


def _lock_in_words(retention: Retention) -> str:
    return "no lock" if retention.until is None else f"{retention.lock} until {retention.until}"


def _in_words(lying: Lying) -> str:
    kind = "a marker that it was deleted" if lying.deleted else "version"
    return f"{kind} {visible(lying.version_id)[:200]} of {lying.time}"


def _equal(name: str, subject: str, expected: str, found: str) -> Check:
    return _check(name, CheckStatus.OK if expected == found else CheckStatus.FAILED, subject, expected, found)


def _check(name: str, status: CheckStatus, subject: str, expected: str, found: str) -> Check:
    return Check(step=Step.COPIES, name=name, status=status, subject=subject, expected=expected, found=found)


def _copy(event: CustodyEvent) -> Copy:
    detail = event.detail
    try:
        until, part_size = detail.get("retain_until"), detail.get("part_size")
        return Copy(
            item=event.item or "",
            name=_text(detail[FILE]),
            version=_number(detail["version"]),
            sha256=_text(detail["sha256"]),
            size=_number(detail["size"]),
            server=_text(detail["server"]),
            bucket=_text(detail["bucket"]),
            key=_text(detail["key"]),
            version_id=_text(detail["version_id"]),
            retention=Retention(lock=LockMode(_text(detail["lock"])), until=None if until is None else _text(until)),
            checksum=_text(detail["checksum"]),
            part_size=None if part_size is None else _number(part_size),
            server_time=_text(detail["server_time"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityError(
            f"line {event.seq + 1} of the custody log tells of a copy, and not soundly: {error}",
            code="integrity.copy",
            hint="Run verify: whether the line was written by this case, its chain and seals tell.",
        ) from error


def _text(value: str | int) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value} is no text")
    return value


def _number(value: str | int) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r:.60} is no whole number")
    return value
