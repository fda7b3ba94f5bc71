"""Writing so that a crash or a power cut leaves the old state or the new one, never half of it."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forensics.errors import IntegrityError, StoreError, Unreadable
from forensics.model.text import visible

READ_ONLY = 0o444
"""Mode of every kept file."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def is_full(error: OSError) -> bool:
    """Whether the system says that there is no room: on the disk, in the quota, or below the limit of a file."""
    return error.errno in _FULL


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Map what the system says about the case's disk into StoreError."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise disk_full(error.strerror or str(error)) from error
        raise StoreError(
            f"cannot write {visible(os.fspath(path))}: {error.strerror or error}",
            code="store.write",
            hint="Check that the case's folder may be written and that its disk is well.",
        ) from error


def disk_full(found: str) -> StoreError:
    """The error for a disk or quota with no room left."""
    return StoreError(
        f"the case's disk is full: {found}",
        code="store.full",
        hint="Free space or move the case to a larger disk, then run the same command again.",
    )


def write_new(path: Path, data: bytes) -> None:
    """Write a file that must not exist yet, read-only and on disk. Raises OSError."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fchmod(fd, READ_ONLY)
        os.fsync(fd)


def sync_directory(path: Path) -> None:
    """Wait until the names in a folder are on disk. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_tree(root: Path) -> None:
    """Make every file of a tree read-only and put files and folders on disk, children first. Raises OSError."""
    for folder, _, names in os.walk(root, topdown=False, followlinks=False, onerror=_raise):
        for name in names:
            fd = os.open(Path(folder, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                os.fchmod(fd, READ_ONLY)
                os.fsync(fd)
            finally:
                os.close(fd)
        sync_directory(Path(folder))


def read_small(path: Path, limit: int) -> bytes:
    """A regular file of at most ``limit`` bytes, not through a link, never waiting for a pipe.

    Raises OSError, or IntegrityError if it is not such a file.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise IntegrityError(f"{visible(os.fspath(path))} is not a regular file", code="integrity.store")
        data = file.read(limit + 1)
    if len(data) > limit:
        raise IntegrityError(f"{visible(os.fspath(path))} has more than {limit} bytes", code="integrity.store")
    return data


def read_kept(path: Path, limit: int) -> bytes:
    """A file of the case itself, of at most ``limit`` bytes: no link is followed, no pipe waited for.

    Raises IntegrityError when it is no such file, Unreadable when it is missing or cannot be read.
    """
    try:
        return read_small(path, limit)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise IntegrityError(f"{visible(os.fspath(path))} is a link", code="integrity.store") from error
        raise Unreadable(
            f"cannot read {visible(os.fspath(path))}: {error.strerror or error}",
            hint="Run verify; compare with another copy of the case.",
        ) from error


@contextmanager
def folder_lock(path: Path, *, shared: bool) -> Iterator[None]:
    """Hold a lock on a folder: shared to read what several files say together, exclusive to change it.

    A reader goes on without a lock where there are none (a copy on a read-only medium). Raises OSError.
    """
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        except OSError:
            if not shared:
                raise
        yield
    finally:
        os.close(fd)


def _raise(error: OSError) -> None:
    raise error
