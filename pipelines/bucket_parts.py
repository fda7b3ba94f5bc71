"""A file before it goes to a bucket: its digest, and those of the parts in which S3 takes large ones."""

from __future__ import annotations

import base64
import hashlib
import os
from typing import NamedTuple

SINGLE_BYTES = 5 * 2**30
"""Bytes that go in one request: the most that S3 takes so, since only then is its checksum that of the file."""

PART_BYTES = 2**26
"""Bytes of a part of a larger file: held in memory, and sent again when the network fails."""

MAX_PARTS = 10_000
"""Parts of an upload that S3 takes."""

_CHUNK = 2**20


class Measured(NamedTuple):
    """A file before it is sent. ``checksum`` is base64, of the bytes or, with ``part_size``, of its parts' digests."""

    sha256: str
    size: int
    checksum: str
    part_size: int | None
    parts: tuple[bytes, ...]


def measure(fd: int) -> Measured:
    """Read a descriptor to its end for its digest and those of its parts. Raises OSError."""
    size = os.fstat(fd).st_size
    part_size = part_size_of(size)
    whole, parts, total = hashlib.sha256(), [], 0
    part = hashlib.sha256()
    os.lseek(fd, 0, os.SEEK_SET)
    while chunk := os.read(fd, min(_CHUNK, (part_size or _CHUNK) - total % (part_size or _CHUNK))):
        whole.update(chunk)
        part.update(chunk)
        total += len(chunk)
        if part_size is not None and (total % part_size == 0 or total == size):
            parts.append(part.digest())
            part = hashlib.sha256()
    digest = hashlib.sha256(b"".join(parts)).digest() if part_size else whole.digest()
    return Measured(whole.hexdigest(), total, base64.b64encode(digest).decode(), part_size, tuple(parts))


def part_size_of(size: int) -> int | None:
    """Bytes of each part but the last of a file of so many bytes; None when it goes in one request."""
    if size <= SINGLE_BYTES:
        return None
    part = PART_BYTES
    while part * MAX_PARTS < size:
        part *= 2
    return part
