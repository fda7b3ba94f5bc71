"""A copy of a kept file in a bucket: what was logged of it, and what a server tells of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_HEX64 = re.compile(r"[0-9a-f]{64}\Z")
_DAY = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z", re.ASCII)


class LockMode(StrEnum):
    """How a version is held (S3 Object Lock): not at all, until somebody with a special permission lifts it, or until
    its time has come, whoever asks.
    """

    NONE = "none"
    GOVERNANCE = "governance"
    COMPLIANCE = "compliance"

    @property
    def rank(self) -> int:
        """Stronger ones are greater."""
        return tuple(LockMode).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """A mode and, unless that is `LockMode.NONE`, the moment up to which it holds (RFC 3339 UTC, whole seconds)."""

    lock: LockMode
    until: str | None

    def __post_init__(self) -> None:
        if (self.until is None) != (self.lock is LockMode.NONE):
            raise ValueError("a lock has an end, and without one there is none")
        if self.until is not None and not _DAY.match(self.until):
            raise ValueError("an end is RFC 3339 UTC in whole seconds")

    def covers(self, other: Retention) -> bool:
        """Whether this holds at least as strongly and as long as another. Times of one form compare as text."""
        return self.lock.rank >= other.lock.rank and (self.until or "") >= (other.until or "")

    def joined(self, other: Retention) -> Retention:
        """What holds at least as strongly and as long as both."""
        stronger = max(self, other, key=lambda each: each.lock.rank)
        return Retention(lock=stronger.lock, until=max(self.until or "", other.until or "") or None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One file of one evidence in a bucket, as the server confirmed it when it was logged.

    ``name`` and ``version`` are those of the file in the store; ``checksum`` is base64, as S3 gives it: of the bytes
    when ``part_size`` is None, else of the SHA-256 of each part of so many bytes. ``server_time`` is the server's own
    word on when the version came into being.
    """

    item: str
    name: str
    version: int
    sha256: str
    size: int
    server: str
    bucket: str
    key: str
    version_id: str
    retention: Retention
    checksum: str
    part_size: int | None
    server_time: str

    def __post_init__(self) -> None:
        if not _HEX64.match(self.item) or not _HEX64.match(self.sha256):
            raise ValueError("digests are lower-case hex of 64 digits")
        if self.size < 0 or self.version < 1 or not self.key or not self.version_id:
            raise ValueError("a copy has a size, a version, a key and the server's version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a server tells of one version of an object; ``checksum`` is None where it tells no SHA-256, and ``of_parts``
    when it is over the digests of parts.
    """

    version_id: str
    size: int
    checksum: str | None
    retention: Retention
    time: str
    of_parts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lying:
    """One entry under a key, newest first: a version of it, or a marker that says that it was deleted."""

    version_id: str
    deleted: bool
    time: str
