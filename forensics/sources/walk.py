"""Walking a folder by descriptors: every name is met once, in one order, and nothing leads out of it or round it.

Each folder is opened relative to the one above, never by a path that could have been exchanged meanwhile. Names are
ordered by their bytes as in a sorted list of whole paths, so that two runs tell the same story. What is no regular
file and no folder is passed over with a reason.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from forensics.errors import InputError
from forensics.model.provenance import Found, Passed
from forensics.sources import opening, paths
from forensics.sources.opening import Kind
from forensics.sources.parts import Holds

MAX_DEPTH = 128
"""Folders in folders. Each level holds a descriptor; a process may have as few as 256 of them."""

MAX_PATH_BYTES = os.pathconf("/", "PC_PATH_MAX") - 1
"""A longer path cannot be opened by name (POSIX PATH_MAX counts the closing NUL), so it could not be acquired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """An open folder: its path as given or as found, a descriptor, and the names of its regular files in order."""

    path: str
    fd: int
    files: tuple[str, ...]

    def at(self, name: str) -> str:
        """The path of a name in this folder."""
        return paths.join(self.path, name)


Taker = Callable[[str], Iterator[Found | Passed]]
"""What becomes of one regular file of a folder."""

Survey = Callable[[Folder], Taker]
"""Looks at a whole folder (sidecars need their neighbours) and says what becomes of each of its files."""

Claim = Callable[[str], Iterator[Found | Passed] | None]
"""Another reader's work on a folder of this path, if the folder is its own; else None."""


def everything(path: str) -> bool:
    """Each path is wanted."""
    return True


def walk(path: str, survey: Survey, claim: Claim, holds: Holds = everything) -> Iterator[Found | Passed]:
    """All that is below the folder ``path``, which is itself not offered to ``claim``.

    Of names that are no folders only those that ``holds``. A folder that cannot be looked into is told always: nobody
    knows what lies in it.
    """
    try:
        fd = opening.open_folder(path)
    except InputError as err:
        yield opening.passed(path, err)
        return
    try:
        yield from _visit(path, fd, survey, claim, holds, ())
    finally:
        os.close(fd)


def _visit(
    path: str, fd: int, survey: Survey, claim: Claim, holds: Holds, above: tuple[tuple[int, int], ...]
) -> Iterator[Found | Passed]:
    entries = _entries(fd)
    if isinstance(entries, InputError):
        yield opening.passed(path, entries)
        return
    here = os.fstat(fd)
    chain = (*above, (here.st_dev, here.st_ino))
    entries = [(name, kind) for name, kind in entries if kind is Kind.FOLDER or holds(paths.join(path, name))]
    folder = Folder(path=path, fd=fd, files=tuple(name for name, kind in entries if kind is Kind.FILE))
    take = survey(folder)
    for name, kind in entries:
        below = folder.at(name)
        if len(os.fsencode(below)) > MAX_PATH_BYTES and kind is not Kind.FOLDER:
            yield Passed(path=below, code="input.path_too_long", message=_TOO_LONG, failed=True)
        elif kind is Kind.FILE:
            yield from take(name)
        elif kind is Kind.FOLDER:
            yield from _descend(folder, name, survey, claim, holds, chain)
        elif kind is Kind.LINK:
            yield _link(folder, name, chain)
        else:
            yield opening.passed(below, opening.not_regular(kind))


def _descend(
    folder: Folder, name: str, survey: Survey, claim: Claim, holds: Holds, chain: tuple[tuple[int, int], ...]
) -> Iterator[Found | Passed]:
    path = folder.at(name)
    if len(chain) >= MAX_DEPTH:
        message = f"more than {MAX_DEPTH} folders deep; what is below was not looked at: give this folder by itself"
        yield Passed(path=path, code="input.too_deep", message=message, failed=True)
        return
    try:
        fd = opening.open_folder(name, dir_fd=folder.fd)
    except InputError as err:
        yield opening.passed(path, err)
        return
    try:
        there = os.fstat(fd)
        if (there.st_dev, there.st_ino) in chain:
            yield Passed(path=path, code="input.directory_loop", message=_LOOP, failed=True)
            return
        claimed = claim(path)
        yield from claimed if claimed is not None else _visit(path, fd, survey, claim, holds, chain)
    finally:
        os.close(fd)


def _entries(fd: int) -> list[tuple[str, Kind]] | InputError:
    """Names and kinds in the order of whole paths: a folder sorts as its name with a slash."""
    try:
        names = opening.names_in(fd)
    except InputError as err:
        return err
    entries: list[tuple[str, Kind]] = []
    for name in names:
        try:
            entries.append((name, opening.kind_of(name, dir_fd=fd)))
        except InputError:  # vanished since it was listed; opening it tells so
            entries.append((name, Kind.FILE))
    return sorted(entries, key=lambda entry: os.fsencode(entry[0]) + (b"/" if entry[1] is Kind.FOLDER else b""))


def _link(folder: Folder, name: str, chain: tuple[tuple[int, int], ...]) -> Passed:
    """A link is never opened; where it leads is only asked in order to call a loop a loop."""
    path = folder.at(name)
    try:
        target = opening.shown(os.fsdecode(os.readlink(name, dir_fd=folder.fd)))
    except OSError:
        target = "an unreadable target"
    try:
        there = os.stat(name, dir_fd=folder.fd)
        loops = (there.st_dev, there.st_ino) in chain
    except OSError as err:
        loops = err.errno == errno.ELOOP
    if loops:
        return Passed(
            path=path, code="input.directory_loop", message=f"a symbolic link to {target}; {_LOOP}", failed=True
        )
    message = f"a symbolic link to {target}; links are not followed: give the target itself"
    return Passed(path=path, code="input.symlink", message=message, failed=True)


_LOOP = "it leads back to where it came from and was not followed"
_TOO_LONG = f"the path is longer than {MAX_PATH_BYTES} bytes and cannot be opened by name; move it to a shorter place"
