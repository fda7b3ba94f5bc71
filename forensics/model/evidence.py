"""Evidence: one distinct byte sequence, named by its SHA-256."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEX64 = re.compile(r"[0-9a-f]{64}\Z")
_HEX128 = re.compile(r"[0-9a-f]{128}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """Both SHA-2 digests (FIPS 180-4, lower-case hex) and the size in bytes of one byte sequence."""

    sha256: str
    sha512: str
    size: int

    def __post_init__(self) -> None:
        if not _HEX64.match(self.sha256) or not _HEX128.match(self.sha512):
            raise ValueError("digests are lower-case hex of 64 and 128 digits")
        if self.size < 0:
            raise ValueError("a size is not negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
    """How the bytes of one evidence came into the case's staging area.

    ``mtime_ns`` is the source file's modification time as found; ``readback`` says that the copy was read
    again from disk and had the same SHA-256.
    """

    digests: Digests
    staged: str
    mtime_ns: int
    device: int
    inode: int
    readback: bool
