"""Writing an exhibit: into a folder that nobody looks at yet, all of it on disk before it gets its name; and as a zip.

The bytes are a function of what goes in: no time, no order of a file system, no compressor has a part in them.
"""

from __future__ import annotations

import errno
import fcntl
import filecmp
import hashlib
import os
import shutil
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from forensics.errors import IntegrityError, StoreError
from forensics.exhibit import bag
from forensics.exhibit.opened import CHUNK, OpenedFolder
from forensics.model.evidence import Digests
from forensics.model.manifest import Subject
from forensics.model.text import visible

READ_ONLY = 0o444

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can say: it says nothing."""

_UNIX = 3
"""The system whose file modes the zip has (APPNOTE 4.4.2)."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Map what the system says into StoreError."""
    try:
        yield
    except OSError as error:
        full = error.errno in _FULL
        raise StoreError(
            f"cannot write {visible(os.fspath(path))}: {error.strerror or error}",
            code="store.full" if full else "store.write",
            hint="Free space there, or name another folder with --out; nothing half-made is left under its name.",
        ) from error


class BagFolder:
    """A bag in the making. ``payload`` and ``tags`` are what was written so far, by name."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.payload: dict[str, Digests] = {}
        self.tags: dict[str, Digests] = {}

    def put(self, name: str, data: bytes) -> None:
        """Write a file: payload when its name begins with data/, else a tag file. Raises StoreError."""
        self._write(name, iter([data]))

    def copy(self, name: str, source: Path, expected: Subject) -> None:
        """Copy a kept file into the payload.

        Raises IntegrityError (``integrity.store``) when its bytes are not those expected, StoreError.
        """
        found = self._write(name, _chunks(source))
        if (found.sha256, found.sha512, found.size) != (expected.sha256, expected.sha512, expected.size):
            raise IntegrityError(
                f"{expected.name} is not the file that the manifest names",
                code="integrity.store",
                hint="Nothing is exported. Run verify for the whole extent.",
            )

    def put_manifests(self) -> bytes:
        """Write the payload manifests and the tag manifest; the tag manifest's bytes. Raises StoreError."""
        self.put(bag.BAGIT, bag.DECLARATION)
        self.put(bag.SHA256, bag.manifest(self.payload))
        self.put(bag.SHA512, bag.manifest(self.payload, sha512=True))
        tags = bag.manifest(self.tags)
        self.put(bag.TAGS, tags)
        return tags

    def _write(self, name: str, chunks: Iterator[bytes]) -> Digests:
        if not bag.is_plain(name) or name in self.payload or name in self.tags:
            raise IntegrityError(f"{visible(name)[:120]} cannot be a file of an exhibit", code="integrity.store")
        path = self.root / name
        sha256, sha512, size = hashlib.sha256(), hashlib.sha512(), 0
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                for chunk in chunks:
                    sha256.update(chunk)
                    sha512.update(chunk)
                    size += len(chunk)
                    file.write(chunk)
                file.flush()
                os.fchmod(file.fileno(), READ_ONLY)
                os.fsync(file.fileno())
        digests = Digests(sha256=sha256.hexdigest(), sha512=sha512.hexdigest(), size=size)
        (self.payload if name.startswith(bag.PAYLOAD) else self.tags)[name] = digests
        return digests


def write_zip(folder: Path, top: str, target: Path) -> None:
    """The files of a folder as a zip in which they lie in the folder ``top``: sorted, stored, one time, one mode.

    Raises StoreError.
    """
    with writing(target), target.open("xb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            for name, size in sorted(OpenedFolder(folder).sizes.items()):
                info = zipfile.ZipInfo(f"{top}/{name}", _ZIP_TIME)
                info.create_system = _UNIX
                info.external_attr = (stat.S_IFREG | READ_ONLY) << 16
                info.file_size = size
                with archive.open(info, "w") as member:
                    for chunk in _chunks(folder / name):
                        member.write(chunk)
        file.flush()
        os.fchmod(file.fileno(), READ_ONLY)
        os.fsync(file.fileno())


def are_equal(one: Path, other: Path) -> bool:
    """Whether two folders hold the same files with the same bytes, or two files the same bytes. Raises StoreError."""
    with writing(other):
        if one.is_dir() != other.is_dir() or one.is_symlink() or other.is_symlink():
            return False
        if not one.is_dir():
            return filecmp.cmp(one, other, shallow=False)
        first, second = OpenedFolder(one), OpenedFolder(other)
        if first.sizes != second.sizes or first.problems or second.problems:
            return False
        return all(filecmp.cmp(one / name, other / name, shallow=False) for name in first.sizes)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Make the folder if need be, and hold it against other exports into it. Raises StoreError."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # A medium without locks (a network share) takes exports too, one at a time.
        with suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def publish(made: Path, target: Path) -> None:
    """Put what was made on disk and give it its name, which must be free. Raises StoreError."""
    with writing(target):
        if made.is_dir():
            for folder, _, _ in os.walk(made, topdown=False):
                _sync(Path(folder))
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "there is something by that name", str(target))
        made.rename(target)
        _sync(target.parent)


def discard(path: Path) -> None:
    """Remove what was being made; nothing when there is nothing. Raises StoreError."""
    with writing(path):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _chunks(path: Path) -> Iterator[bytes]:
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
