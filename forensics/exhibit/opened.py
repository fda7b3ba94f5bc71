"""Reading an exhibit that somebody sent: a folder or a zip, each member a regular file of a plain name, or a problem.

Nothing is unpacked. A zip is read only in the form that `forensics.exhibit.written` gives it: members are stored, not
compressed, so that they are no larger together than the file itself.
"""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from forensics.errors import IntegrityError, Unreadable
from forensics.exhibit.bag import BAGIT, SHA256, TAGS, is_plain, unsound
from forensics.model.evidence import Digests
from forensics.model.text import visible

MAX_FILES = 200_000
"""Files of one exhibit: the keyframes of a day of video with one a second are below 90,000."""

MAX_DEPTH = 8
"""Folders within folders: ours has four."""

CHUNK = 2**20
_UNPACK = "if it was packed anew, unpack it with a program that you trust, and verify the folder"
ZIP_MAGIC = b"PK\x03\x04"


class Opened(Protocol):
    """An exhibit to read. ``sizes`` has each sound member; ``problems`` what is none, and why."""

    sizes: dict[str, int]
    problems: list[tuple[str, str]]

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a member. Raises IntegrityError, Unreadable."""
        ...


def looks_like_exhibit(path: Path) -> bool:
    """Whether a path is a zip, or a folder with a file that a bag has."""
    if path.is_dir():
        return any((path / name).exists() for name in (BAGIT, SHA256, TAGS))
    try:
        with path.open("rb") as file:
            return file.read(len(ZIP_MAGIC)) == ZIP_MAGIC
    except OSError:
        return False


def open_exhibit(path: Path) -> Opened:
    """Open it. Raises IntegrityError (``integrity.bag``) for a zip that cannot be read, Unreadable."""
    try:
        return OpenedFolder(path) if path.is_dir() else OpenedZip(path)
    except OSError as error:
        raise Unreadable(f"{visible(os.fspath(path))}: {error.strerror or error}") from error


def read(opened: Opened, name: str, limit: int) -> bytes | None:
    """The bytes of a small member, or None: absent, too large, not readable."""
    if opened.sizes.get(name, limit + 1) > limit:
        return None
    try:
        data = b"".join(opened.chunks(name))
    except (IntegrityError, Unreadable):
        return None
    return data if len(data) <= limit else None


def digest(opened: Opened, name: str) -> Digests:
    """Both digests and the size of a member. Raises IntegrityError, Unreadable."""
    sha256, sha512, size = hashlib.sha256(), hashlib.sha512(), 0
    for chunk in opened.chunks(name):
        sha256.update(chunk)
        sha512.update(chunk)
        size += len(chunk)
    return Digests(sha256=sha256.hexdigest(), sha512=sha512.hexdigest(), size=size)


class OpenedFolder:
    """A folder. No link is followed, no pipe waited for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sizes: dict[str, int] = {}
        self.problems: list[tuple[str, str]] = []
        self._walk("", 0)

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a member."""
        try:
            fd = os.open(self.root / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(fd, "rb") as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except OSError as error:
            raise Unreadable(f"{visible(name)}: {error.strerror or error}") from error

    def _walk(self, folder: str, depth: int) -> None:
        with os.scandir(self.root / folder) as entries:
            for entry in sorted(entries, key=lambda each: os.fsencode(each.name)):
                name = f"{folder}{entry.name}"
                mode = entry.stat(follow_symlinks=False).st_mode
                if not is_plain(name):
                    self.problems.append((visible(name), "a name that no file of an exhibit has"))
                elif stat.S_ISDIR(mode) and depth < MAX_DEPTH:
                    self._walk(f"{name}/", depth + 1)
                elif not stat.S_ISREG(mode):
                    self.problems.append((name, "a link, a device, or folders too deep: no regular file"))
                elif len(self.sizes) >= MAX_FILES:
                    raise unsound(f"it has more than {MAX_FILES} files")
                else:
                    self.sizes[name] = entry.stat(follow_symlinks=False).st_size


class OpenedZip:
    """A zip whose members all lie in one folder."""

    def __init__(self, path: Path) -> None:
        self.sizes: dict[str, int] = {}
        self.problems: list[tuple[str, str]] = []
        self._infos: dict[str, zipfile.ZipInfo] = {}
        self._path = path
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, ValueError) as error:
            raise unsound(f"the zip cannot be read: {visible(str(error))[:120]}") from error
        if len(members) > MAX_FILES or sum(each.file_size for each in members) > path.stat().st_size:
            raise unsound(f"the zip holds more than its own size, or is a bomb; {_UNPACK}")
        top = members[0].filename.partition("/")[0] if members else ""
        for info in members:
            self._take(info, top)

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a member."""
        try:
            with zipfile.ZipFile(self._path) as archive, archive.open(self._infos[name]) as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, ValueError, EOFError) as error:
            raise unsound(f"{name} cannot be read from the zip: {visible(str(error))[:120]}") from error
        except OSError as error:
            raise Unreadable(f"{name}: {error.strerror or error}") from error

    def _take(self, info: zipfile.ZipInfo, top: str) -> None:
        problem = None
        name = info.filename.removeprefix(f"{top}/")
        if not is_plain(info.filename) or name == info.filename or info.orig_filename != info.filename:
            problem = "a name that no file of an exhibit has"
        elif name in self.sizes:
            problem = "there twice"
        elif info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            problem = f"compressed; {_UNPACK}"
        elif info.flag_bits & 1 or not stat.S_ISREG(info.external_attr >> 16):
            problem = "encrypted, or no regular file"
        if problem is not None:
            self.problems.append((visible(info.filename)[:200], problem))
            return
        self.sizes[name] = info.file_size
        self._infos[name] = info
