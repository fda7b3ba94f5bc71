"""What a bucket's server answers, as values; and what it is asked in its own words.

Every function raises KeyError or ValueError for an answer that lacks what S3 prescribes (Amazon S3 API Reference).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, NamedTuple

from forensics.model.copy import LockMode, Retention, Told

_VERSION_NAME = re.compile(r"[!-~]{1,1024}\Z")
"""Names of versions are opaque and have at most 1024 bytes (Amazon S3 User Guide, "How S3 Versioning works")."""

UNVERSIONED = "null"
"""S3's name for the version of what lies in a bucket without versions."""


class Listed(NamedTuple):
    """An entry of a listing: a version, or a marker that the key was deleted; ``latest`` of its key or below others."""

    key: str
    version_id: str
    size: int
    time: str
    latest: bool
    deleted: bool


def told_of(answer: dict[str, Any]) -> Told:
    """What an answer tells of a version. Raises KeyError, ValueError when it lacks what S3 prescribes."""
    checksum = answer.get("ChecksumSHA256")
    return Told(
        version_id=version_name(answer.get("VersionId", UNVERSIONED)),
        size=int(answer["ContentLength"]),
        # Of an upload in parts S3 adds their number (``=-3``), others do not.
        checksum=None if checksum is None else str(checksum).partition("-")[0],
        # Its word for that is newer than the ending of the ETag, which every server gives.
        of_parts=answer.get("ChecksumType") == "COMPOSITE" or "-" in str(answer.get("ETag", "")),
        retention=_retention(answer),
        time=moment(answer["LastModified"]),
    )


def listed_of(entry: dict[str, Any], *, deleted: bool) -> Listed:
    """An entry of a listing of versions."""
    return Listed(
        key=str(entry["Key"]),
        version_id=version_name(entry["VersionId"]),
        size=int(entry.get("Size", 0)),
        time=moment(entry["LastModified"]),
        latest=bool(entry.get("IsLatest", False)),
        deleted=deleted,
    )


def _retention(answer: dict[str, Any]) -> Retention:
    mode, until = answer.get("ObjectLockMode"), answer.get("ObjectLockRetainUntilDate")
    if mode is None or until is None:
        return Retention(lock=LockMode.NONE, until=None)
    return Retention(lock=LockMode(str(mode).lower()), until=moment(until))


def version_name(told: object) -> str:
    """A version's name, which goes into the log. Raises ValueError for one that no server of S3's kind gives."""
    if not isinstance(told, str) or not _VERSION_NAME.match(told):
        raise ValueError("no name of a version")
    return told


def version_fields(version_id: str) -> dict[str, Any]:
    """Where there are no versions a plain request gives the one that there is, and not every server knows its name."""
    return {} if version_id == UNVERSIONED else {"VersionId": version_id}


def lock_fields(retention: Retention) -> dict[str, Any]:
    """The parameters of a request that asks for a lock; none without one."""
    if retention.until is None:
        return {}
    until = datetime.strptime(retention.until, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return {"ObjectLockMode": str(retention.lock).upper(), "ObjectLockRetainUntilDate": until}


def moment(time: datetime) -> str:
    """An aware time as RFC 3339 UTC in whole seconds: servers tell no more."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
