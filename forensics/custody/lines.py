"""Reading the custody log's file: its last line without the rest, or all of it piece by piece."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from forensics.custody.event import FIRST_PREV, MAX_LINE, decode_event
from forensics.errors import IntegrityError, ManifestError, StoreError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""No room: on the disk, in the quota, below the limit of a file."""

_TAIL_BLOCK = 8192
"""First read from the end of the log: holds the last line of any ordinary one."""

_TAIL_LIMIT = 4 * MAX_LINE
"""Bytes from the end in which the last whole line must lie: two longest lines, one of them torn, with room."""


class LogHead(NamedTuple):
    """The last line: its ``seq`` (-1 for an empty log), the SHA-256 of its stored bytes, and the number of lines."""

    seq: int
    sha256: str
    lines: int


class Tail(NamedTuple):
    """The end of a log: its head, the case that the last line names, the offset after that line, torn bytes, and the
    time that the last line claims.
    """

    head: LogHead
    case: str | None
    end: int
    torn: bytes
    time: str | None = None


class Piece(NamedTuple):
    """Bytes up to and with a newline, cut to MAX_LINE + 1, with the SHA-256 of all of them.

    ``whole`` is False for what follows the last newline.
    """

    raw: bytes
    sha256: str
    whole: bool


@contextmanager
def open_log(path: Path, flags: int) -> Iterator[int]:
    """The open log. Raises IntegrityError when there is none or it is no regular file, StoreError when it cannot be
    opened.
    """
    try:
        # Without O_NONBLOCK a pipe in the log's place would be waited for.
        fd = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
    except FileNotFoundError as error:
        raise IntegrityError(
            f"the custody log {path.name} is missing",
            code="integrity.log_missing",
            hint="A log is begun once, with the case. Look for a copy of it; do not begin another.",
        ) from error
    except OSError as error:
        raise unwritable("open", error) from error
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise IntegrityError(f"the custody log {path.name} is not a regular file", code="integrity.log")
        yield fd
    finally:
        os.close(fd)


def read_tail(fd: int) -> Tail:
    """The end of the log, reading no more of it than the last line needs.

    Raises IntegrityError when the last whole line is not a sound event, StoreError when it cannot be read.
    """
    try:
        size = os.fstat(fd).st_size
        block = _TAIL_BLOCK
        while True:
            start = max(0, size - block)
            data = os.pread(fd, size - start, start)
            last = data.rfind(b"\n")
            before = data.rfind(b"\n", 0, max(last, 0))
            if start == 0 or (last >= 0 and before >= 0) or block >= _TAIL_LIMIT:
                break
            block *= 4
    except OSError as error:
        raise unwritable("read", error) from error
    if start > 0 and before < 0:
        raise IntegrityError(f"the last line of the custody log is longer than {MAX_LINE} bytes", code="integrity.log")
    if last < 0:
        return Tail(LogHead(-1, FIRST_PREV, 0), None, 0, data)
    return _tail_of(data[before + 1 : last + 1], start + last + 1, data[last + 1 :])


def read_pieces(path: Path) -> Iterator[Piece]:
    """All of the log as it is now, line by line; lines appended meanwhile are left out.

    Raises as `open_log`.
    """
    with open_log(path, os.O_RDONLY) as fd:
        yield from pieces_of(fd, settled_size(fd))


def pieces_of(fd: int, size: int, start: int = 0) -> Iterator[Piece]:
    """``size`` bytes of an open log from ``start``, where a line begins, line by line. Raises StoreError."""
    left = size
    with os.fdopen(os.dup(fd), "rb") as file:
        try:
            file.seek(start)
            while left > 0:
                raw = file.readline(min(left, MAX_LINE + 1))
                if not raw:
                    return
                left -= len(raw)
                digest = hashlib.sha256(raw)
                ended = raw.endswith(b"\n")
                while not ended and left > 0 and (more := file.readline(min(left, MAX_LINE))):
                    left -= len(more)
                    digest.update(more)
                    ended = more.endswith(b"\n")
                yield Piece(raw, digest.hexdigest(), ended)
        except OSError as error:
            raise unwritable("read", error) from error


def unwritable(what: str, error: OSError) -> StoreError:
    """The library's error for an operation on the log that the system refused."""
    if error.errno in _FULL:
        return StoreError(
            f"cannot {what} the custody log: the case's disk is full: {error.strerror}",
            code="store.full",
            hint="Free space or move the case to a larger disk, then run the same command again.",
        )
    return StoreError(
        f"cannot {what} the custody log: {error.strerror or error}",
        code="store.log",
        hint="Check permissions, and keep the case on a local file system that has locks.",
    )


def _tail_of(line: bytes, end: int, torn: bytes) -> Tail:
    try:
        event = decode_event(line)
    except ManifestError as error:
        raise IntegrityError(
            f"the last line of the custody log: {error.message}",
            code="integrity.log",
            hint="Nothing is appended to a log that does not agree. Run verify; it names every line.",
        ) from error
    head = LogHead(event.seq, hashlib.sha256(line).hexdigest(), event.seq + 1)
    return Tail(head, event.case, end, torn, event.time)


def settled_size(fd: int) -> int:
    """The log's size while nobody appends, so that no half-written line is seen."""
    try:
        fcntl.flock(fd, fcntl.LOCK_SH)
        try:
            return os.fstat(fd).st_size
        finally:
            fcntl.flock(fd, fcntl.LOCK_UN)
    except OSError:
        # A copy on a medium without locks: nobody can append to it either.
        return os.fstat(fd).st_size
