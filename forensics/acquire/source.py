"""The one reading of a source file: open it without side effects, copy and digest it, prove the copy.

The source is evidence: it is never opened through a link, never opened when it is a device or a pipe, and its access
time is left alone where the system allows it.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forensics.acquire.digest import Hashing
from forensics.acquire.durable import READ_ONLY, disk_full, writing
from forensics.errors import ChangedWhileRead, IntegrityError, NotRegularFile, Unreadable
from forensics.model.evidence import Acquisition, Digests
from forensics.model.text import visible

_NOATIME: int = getattr(os, "O_NOATIME", 0)

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

MAX_HOLE_BYTES = 16 * 2**30
"""Bytes of a file that are nowhere on disk: they are read as zeros, and take room and time in the copy, a tebibyte
hours. A recording has none; a download that was given its full size beforehand seldom has so many."""

_BLOCK = 512
"""Unit of st_blocks (stat(2))."""

_NOT_A_FILE = frozenset({errno.ELOOP, errno.ENXIO, errno.ENODEV, errno.EISDIR})
"""What open(2) says of links, sockets and absent devices."""


def open_source(path: str) -> int:
    """A read-only descriptor of a regular file that is not a link. The caller closes it.

    Raises NotRegularFile for a directory, device, pipe, socket or link; Unreadable when there is no permission, no
    such file or an input/output error.
    """
    with _reading(path):
        # Opening a tape, a watchdog or a pipe has effects of its own: look before.
        _require_regular(path, Path(path).lstat())
        try:
            fd = os.open(path, _FLAGS | _NOATIME)
        except PermissionError:
            # O_NOATIME is for the owner only; whether the file may be read, the second attempt tells.
            fd = os.open(path, _FLAGS)
        try:
            _require_regular(path, os.fstat(fd))
        except BaseException:
            os.close(fd)
            raise
    return fd


def acquire(path: str, staged: Path) -> Acquisition:
    """Copy a source file to ``staged`` and digest it in one reading; then read the copy back from disk and compare.

    ``staged`` is made new, is on disk (fsync) when this returns, and has mode 0444. Whatever goes wrong, no partial
    copy stays behind.

    Raises as `open_source`; Unreadable (``input.sparse``) for a file of more than `MAX_HOLE_BYTES` that are on no disk;
    ChangedWhileRead when size, times or inode differ before and after, or the bytes read are
    not as many as the size; StoreError when ``staged`` exists or cannot be written (disk full, quota, permission);
    IntegrityError when the copy on disk does not have the digest of what was read.
    """
    source = open_source(path)
    try:
        before = os.fstat(source)
        _require_solid(path, before)
        _require_space(before.st_size, staged)
        with _new_file(staged) as copy:
            digests = _copy(source, before.st_size, copy, path, staged)
            _require_unchanged(path, before, os.fstat(source), digests.size)
            with writing(staged):
                os.fchmod(copy, READ_ONLY)
                os.fsync(copy)
            _read_back(copy, digests, staged)
    finally:
        os.close(source)
    return Acquisition(
        digests=digests,
        staged=os.fspath(staged),
        mtime_ns=before.st_mtime_ns,
        device=before.st_dev,
        inode=before.st_ino,
        readback=True,
    )


def digest_file(path_or_fd: str | os.PathLike[str] | int) -> Digests:
    """Both digests and the size of a regular file, given by path or as an open descriptor (read from its start).

    Raises as `open_source`.
    """
    if isinstance(path_or_fd, int):
        return _digest_descriptor(path_or_fd, f"descriptor {path_or_fd}")
    path = os.fspath(path_or_fd)
    fd = open_source(path)
    try:
        return _digest_descriptor(fd, path)
    finally:
        os.close(fd)


def sha256_file(path: str | os.PathLike[str]) -> str:
    """SHA-256, lower-case hex, of a regular file. Raises as `open_source`."""
    shown = os.fspath(path)
    fd = open_source(shown)
    try:
        with _reading(shown), Hashing(sha512=False) as hashing:
            for _ in hashing.read(fd):
                pass
    finally:
        os.close(fd)
    return hashing.sha256()


def _digest_descriptor(fd: int, shown: str) -> Digests:
    with _reading(shown), Hashing() as hashing:
        os.lseek(fd, 0, os.SEEK_SET)
        for _ in hashing.read(fd):
            pass
    return hashing.digests()


def _copy(source: int, size: int, copy: int, path: str, staged: Path) -> Digests:
    """Copy and digest at most one chunk more than ``size``: a file that grows for ever must not fill the disk."""
    with Hashing() as hashing:
        reading = hashing.read(source)
        while hashing.size <= size:
            with _reading(path):
                chunk = next(reading, None)
            if chunk is None:
                break
            with writing(staged):
                _write_all(copy, chunk)
    return hashing.digests()


def _read_back(copy: int, digests: Digests, staged: Path) -> None:
    with writing(staged):
        # Only clean pages can be dropped, and fsync has made them so: what is read next comes from the disk.
        os.posix_fadvise(copy, 0, 0, os.POSIX_FADV_DONTNEED)
        os.lseek(copy, 0, os.SEEK_SET)
        with Hashing(sha512=False) as hashing:
            for _ in hashing.read(copy):
                pass
    if hashing.sha256() != digests.sha256:
        raise IntegrityError(
            f"the copy on disk has SHA-256 {hashing.sha256()}, but {digests.sha256} was read from the source",
            code="integrity.readback",
            hint="The disk or the memory is failing: check both before going on. The source was not touched.",
        )


def _require_regular(path: str, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise _not_regular(path, _kind(found.st_mode))


def _require_solid(path: str, found: os.stat_result) -> None:
    holes = found.st_size - found.st_blocks * _BLOCK
    if holes > MAX_HOLE_BYTES:
        raise Unreadable(
            f"{visible(path)} says that it has {found.st_size} bytes, of which {holes} are holes; it was not read",
            code="input.sparse",
            hint="Find out what made it; a copy of what is in it can be ingested.",
        )


def _require_unchanged(path: str, before: os.stat_result, after: os.stat_result, read: int) -> None:
    fields = ("st_size", "st_mtime_ns", "st_ctime_ns", "st_ino")
    changed = [name.removeprefix("st_") for name in fields if getattr(before, name) != getattr(after, name)]
    if read != before.st_size and not changed:
        changed = [f"{read} bytes read of {before.st_size}"]
    if changed:
        raise ChangedWhileRead(
            f"{visible(path)} changed while it was read ({', '.join(changed)})",
            hint="Let the download or recording end, then ingest it again.",
        )


def _require_space(size: int, staged: Path) -> None:
    with writing(staged):
        room = os.statvfs(staged.parent)
        free = room.f_bavail * room.f_frsize
    if size > free:
        raise disk_full(f"{size} bytes are to be copied and {free} are free")


@contextmanager
def _new_file(staged: Path) -> Iterator[int]:
    """A new file to write and read; removed again when the block fails."""
    with writing(staged):
        copy = os.open(staged, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    whole = False
    try:
        yield copy
        whole = True
    finally:
        os.close(copy)
        if not whole:
            staged.unlink(missing_ok=True)


@contextmanager
def _reading(path: str) -> Iterator[None]:
    """Map what the system says about a source into the library's errors."""
    try:
        yield
    except OSError as error:
        if error.errno in _NOT_A_FILE:
            raise _not_regular(path, "a link or something that cannot be opened as a file") from error
        raise Unreadable(
            f"cannot read {visible(path)}: {error.strerror or error}",
            hint="Check that the file exists, that you may read it, and that its disk is well.",
        ) from error
    except ValueError as error:  # a NUL in the name
        raise Unreadable(f"cannot read {visible(path)}: {error}", hint="No file can have this name.") from error


def _write_all(fd: int, data: memoryview) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _not_regular(path: str, kind: str) -> NotRegularFile:
    return NotRegularFile(
        f"{visible(path)} is {kind}, not a regular file", hint="Give the file itself, not a link or a device."
    )


def _kind(mode: int) -> str:
    return {
        stat.S_IFDIR: "a directory",
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a character device",
        stat.S_IFBLK: "a block device",
    }.get(stat.S_IFMT(mode), "of an unknown kind")
