"""Members of an archive as files in a folder of our own, so that every reader of folders can read them.

No name leads out: it is taken apart first, each folder is made and opened below the one above by descriptor, each file
is made new (``O_EXCL``, ``O_NOFOLLOW``), nothing but folders and regular files is ever made. A name that the file
system takes for another one, or that the archive has twice, is refused.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from forensics.errors import ExportInvalid, StoreError
from forensics.sources import paths
from forensics.sources.archive_entries import MAX_RATIO, RATIO_FLOOR, TOTAL_FLOOR, Entry, parts_of, refused
from forensics.sources.walk import MAX_PATH_BYTES

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

_NAME_FAULTS = frozenset({errno.EINVAL, errno.EILSEQ, errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.ELOOP})
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(slots=True, kw_only=True)
class Staging:
    """A new, empty folder that takes the members of one archive of ``size`` bytes.

    ``mtime_ns`` is the archive's own, which its members get: their own times are text without a zone, or anybody's
    word. ``left`` counts the bytes that may still be written: half of what was free, for the case's own copies need
    the other half.
    """

    root: str
    size: int
    mtime_ns: int
    left: int = 0
    folders: set[bytes] = field(default_factory=set)
    files: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        with _writing():
            Path(self.root).mkdir(0o700)
            room = os.statvfs(self.root)
        self.left = min(room.f_bavail * room.f_frsize // 2, max(TOTAL_FLOOR, MAX_RATIO * self.size))

    def take(self, entry: Entry) -> str:
        """Write a member; its path below the root.

        Raises:
            ExportInvalid: why it cannot be taken; nothing of it stays.
            StoreError: the staging folder cannot be written, whatever the member.

        """
        if entry.refusal is not None:
            raise entry.refusal
        parts = parts_of(entry.name)
        whole = b"/".join(parts)
        self._require_room(entry)
        self._require_new(parts, whole)
        if len(os.fsencode(self.root)) + 1 + len(whole) > MAX_PATH_BYTES:
            raise refused("archive.path", "is not taken: its path is too long to be opened by name")
        with self._folder_of(parts) as folder:
            self._write(entry, parts[-1], folder)
        self.files.add(whole)
        self.folders.update(_above(parts))
        return os.fsdecode(whole)

    def _require_room(self, entry: Entry) -> None:
        if entry.size > max(RATIO_FLOOR, MAX_RATIO * entry.stored):
            raise _inflated(f"{entry.size} bytes in {entry.stored}")
        if entry.size > self.left:
            raise refused(
                "archive.no_room", f"would take {entry.size} bytes; {self.left} may still be written for this archive"
            )

    def _require_new(self, parts: tuple[bytes, ...], whole: bytes) -> None:
        if whole in self.files or whole in self.folders or any(above in self.files for above in _above(parts)):
            raise refused("archive.duplicate", "has a name that an earlier member has; the first one was taken")

    @contextmanager
    def _folder_of(self, parts: tuple[bytes, ...]) -> Iterator[int]:
        with _writing():
            fd = os.open(self.root, _FOLDER)
        try:
            for part in parts[:-1]:
                with _writing():
                    with suppress(FileExistsError):  # an earlier member's
                        os.mkdir(part, 0o700, dir_fd=fd)
                    below = os.open(part, _FOLDER, dir_fd=fd)
                os.close(fd)
                fd = below
            yield fd
        finally:
            os.close(fd)

    def _write(self, entry: Entry, name: bytes, folder: int) -> None:
        try:
            with _writing():
                fd = os.open(name, _NEW, 0o600, dir_fd=folder)
        except FileExistsError as err:
            raise refused("archive.duplicate", "has a name that this file system takes for an earlier one") from err
        whole = False
        try:
            written = 0
            for chunk in entry.chunks:
                written += len(chunk)
                if written > min(self.left, entry.size):
                    raise _inflated(f"more than {entry.size} bytes")
                with _writing():
                    _write_all(fd, chunk)
            with _writing():
                os.utime(fd, ns=(self.mtime_ns, self.mtime_ns))
            self.left -= written
            whole = True
        finally:
            os.close(fd)
            if not whole:
                os.unlink(name, dir_fd=folder)

    def path(self, below: str) -> str:
        """The path of what was taken."""
        return paths.join(self.root, below)


def _above(parts: tuple[bytes, ...]) -> Iterator[bytes]:
    return (b"/".join(parts[:length]) for length in range(1, len(parts)))


def _inflated(what: str) -> ExportInvalid:
    return refused("archive.ratio", f"is not taken: {what}; at most {MAX_RATIO} for one, beyond {RATIO_FLOOR} bytes")


def _write_all(fd: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(fd, left) :]


@contextmanager
def _writing() -> Iterator[None]:
    """Tell what is the member's fault, or this archive's, from what makes all further work vain."""
    try:
        yield
    except FileExistsError:
        raise
    except OSError as err:
        if err.errno in _NAME_FAULTS:
            raise refused("archive.path", f"is not taken: the case's disk refuses its name ({err.strerror})") from err
        if err.errno in _NO_ROOM:
            raise refused("archive.no_room", f"is not taken: {err.strerror}") from err
        raise StoreError(
            f"a member of an archive cannot be staged: {err.strerror}", hint="The case's folder must be writable."
        ) from err
