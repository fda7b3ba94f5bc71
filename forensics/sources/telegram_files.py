"""The files that an export's messages name: inside the export, by safe names only, each looked at once.

A path in result.json is an adversary's text. It is taken apart before the file system is asked, and opened one folder
at a time by descriptors that follow no link, so that it cannot lead out of the export.
"""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass, field

from forensics.errors import ExportInvalid, InputError, NotRegularFile
from forensics.model import content
from forensics.model.content import Looks
from forensics.sources import opening, paths
from forensics.sources.opening import Kind
from forensics.sources.walk import MAX_PATH_BYTES

MAX_PART_BYTES = 255
"""One name in a path (NAME_MAX of every common file system)."""

MAX_KNOWN = 8192
"""Paths of which it is remembered what was found: albums and reposts name a file again soon, a hostile export never."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file of the export: its real name below the root, and what it looks like.

    ``respelled`` tells that the message writes the name in another case or Unicode form.
    """

    name: str
    looks: Looks | None
    respelled: bool


class PathRefused(ExportInvalid):
    """A path that leads, or could lead, out of the export."""

    code = "telegram.path_refused"


class FileMissing(ExportInvalid):
    """A message names a file that is not in the export."""

    code = "telegram.file_missing"


def parts_of(path: str) -> tuple[str, ...]:
    """The names of a relative path.

    Raises:
        PathRefused: absolute, a drive, a share, a URL, a step up, a backslash, a NUL, a name that is too long or
            that no exporter can have written.
    """
    why = _fault(path)
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if why is None and (".." in parts or not parts):
        why = "a step up" if parts else "no name"
    if why is None and any(len(os.fsencode(part)) > MAX_PART_BYTES for part in parts):
        why = "a name of more than 255 bytes"
    if why is not None:
        raise PathRefused(f"was not opened: the path has {why}")
    return parts


def _fault(path: str) -> str | None:
    if path.startswith("/"):
        return "a root"
    if _SCHEME.match(path):
        return "a drive or a scheme"
    if "\\" in path:
        return "a backslash"
    if "\0" in path:
        return "a NUL"
    return "half a character pair" if _SURROGATE.search(path) else None


@dataclass(frozen=True, slots=True)
class ExportFiles:
    """The files below an export's open root folder; what was learnt of the last names is kept."""

    root: str
    fd: int
    known: dict[str, Media | InputError] = field(default_factory=dict)
    listings: dict[tuple[str, ...], dict[str, list[str]]] = field(default_factory=dict)

    def find(self, path: str) -> Media | InputError:
        """The file that a message names by this path, or why it is not taken."""
        if path not in self.known:
            if len(self.known) >= MAX_KNOWN:
                self.known.clear()
            try:
                self.known[path] = self._look(parts_of(path))
            except FileNotFoundError:
                self.known[path] = FileMissing("is not in the export")
            except InputError as err:
                self.known[path] = err
        return self.known[path]

    def open(self, name: str) -> int:
        """A descriptor of a file that was found, by its real name below the root. The caller closes it.

        Raises:
            InputError: it is not what was found.
        """
        fd = os.dup(self.fd)
        try:
            *above, last = name.split("/")
            for part in above:
                below = _enter(fd, part)
                os.close(fd)
                fd = below
            return opening.open_file(last, dir_fd=fd)
        finally:
            os.close(fd)

    def at(self, name: str) -> str:
        """The file system path of a name below the root."""
        return paths.join(self.root, name)

    def _look(self, parts: tuple[str, ...]) -> Media:
        fd = os.dup(self.fd)
        real: tuple[str, ...] = ()
        try:
            for part in parts[:-1]:
                name = self._real(fd, real, part)
                below = _enter(fd, name)
                os.close(fd)
                fd, real = below, (*real, name)
            name = self._real(fd, real, parts[-1])
            real = (*real, name)
            if len(os.fsencode(self.at("/".join(real)))) > MAX_PATH_BYTES:
                raise ExportInvalid("has a path too long to be opened by name", code="input.path_too_long")
            if opening.kind_of(name, dir_fd=fd) is Kind.LINK:
                raise PathRefused("is a symbolic link; it was not followed")
            looks = content.looks(name, opening.read_head(name, dir_fd=fd))
            return Media(name="/".join(real), looks=looks, respelled=real != parts)
        finally:
            os.close(fd)

    def _real(self, fd: int, above: tuple[str, ...], name: str) -> str:
        """The name as the folder has it: itself, or the only one that differs in case or Unicode form."""
        try:
            opening.kind_of(name, dir_fd=fd)
        except InputError as err:
            missing = err.__cause__
            if not isinstance(missing, FileNotFoundError):
                raise
            if above not in self.listings:
                self.listings[above] = _by_folded_name(fd)
            alike = self.listings[above].get(_folded(name), [])
            if len(alike) != 1:
                raise missing from err
            return alike[0]
        return name


def _enter(fd: int, name: str) -> int:
    kind = opening.kind_of(name, dir_fd=fd)
    if kind is Kind.LINK:
        raise PathRefused("lies behind a symbolic link; it was not followed")
    if kind is not Kind.FOLDER:
        raise NotRegularFile(f"lies in what is {kind.value}, no folder")
    return opening.open_folder(name, dir_fd=fd)


def _by_folded_name(fd: int) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in sorted(opening.names_in(fd)):
        found.setdefault(_folded(name), []).append(name)
    return found


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
