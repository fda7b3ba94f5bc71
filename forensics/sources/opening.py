"""Opening what belongs to somebody else: never through a link, never waiting, never moving its access time.

Every file and folder of a source is opened here, read-only, with ``O_NOFOLLOW`` (a link is refused, not followed),
``O_NONBLOCK`` (a named pipe does not hang us) and, where the system allows it, ``O_NOATIME`` (open(2): only the
owner or a privileged process may ask for it). What was opened is checked again with fstat, because a name may have
changed hands since it was listed.
"""

from __future__ import annotations

import os
import stat
from enum import StrEnum

from forensics.errors import InputError, NotRegularFile, ParserStopped, Unreadable
from forensics.model.provenance import Passed
from forensics.model.text import visible

HEAD_BYTES = 4096
"""How much of a file is read to see what it is: five MPEG-TS packets of 204 bytes from any start fit well within."""

SHOWN_CHARACTERS = 300
"""Names and link targets are cut to this in a message: a file name has at most 255 bytes, a target 4096."""

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NOATIME: int = getattr(os, "O_NOATIME", 0)


class Kind(StrEnum):
    """What a name in a folder stands for."""

    FILE = "a regular file"
    FOLDER = "a folder"
    LINK = "a symbolic link"
    PIPE = "a named pipe"
    SOCKET = "a socket"
    DEVICE = "a device"
    OTHER = "no regular file"


_KINDS = (
    (stat.S_ISREG, Kind.FILE),
    (stat.S_ISDIR, Kind.FOLDER),
    (stat.S_ISLNK, Kind.LINK),
    (stat.S_ISFIFO, Kind.PIPE),
    (stat.S_ISSOCK, Kind.SOCKET),
    (stat.S_ISBLK, Kind.DEVICE),
    (stat.S_ISCHR, Kind.DEVICE),
)


def shown(text: str) -> str:
    """Text of a hostile name for a message: quoted, what would act on a screen made visible, cut."""
    return f"'{visible(text[:SHOWN_CHARACTERS])}{'…' if len(text) > SHOWN_CHARACTERS else ''}'"


def passed(path: str, error: InputError | ParserStopped) -> Passed:
    """The refusal of ``path``, as a value that the caller of `discover` gets."""
    return Passed(path=path, code=error.code, message=error.message, failed=True)


def kind_of(name: str, *, dir_fd: int | None = None) -> Kind:
    """What ``name`` is, without following it if it is a link.

    Raises:
        Unreadable: no such name, no permission, or a name with a NUL byte.
    """
    try:
        mode = os.lstat(name) if dir_fd is None else os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
    except (OSError, ValueError) as err:
        raise unreadable(err) from err
    return next((kind for test, kind in _KINDS if test(mode.st_mode)), Kind.OTHER)


def open_folder(name: str, *, dir_fd: int | None = None) -> int:
    """A descriptor of a folder, to list it and to open what is in it. The caller closes it.

    Raises:
        NotRegularFile: it is a link or no folder.
        Unreadable: no permission, vanished.
    """
    return _open(name, os.O_DIRECTORY, dir_fd)


def open_file(name: str, *, dir_fd: int | None = None) -> int:
    """A descriptor of a regular file. The caller closes it.

    Raises:
        NotRegularFile: it is a link, folder, pipe, socket or device.
        Unreadable: no permission, vanished.
    """
    kind = kind_of(name, dir_fd=dir_fd)
    if kind is not Kind.FILE:
        raise not_regular(kind)
    fd = _open(name, 0, dir_fd)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise not_regular(Kind.OTHER)
    return fd


def read_head(name: str, *, dir_fd: int | None = None) -> bytes:
    """The first `HEAD_BYTES` bytes of a regular file.

    Raises:
        NotRegularFile, Unreadable: as `open_file`.
    """
    fd = open_file(name, dir_fd=dir_fd)
    try:
        return read_up_to(fd, HEAD_BYTES)
    except OSError as err:
        raise unreadable(err) from err
    finally:
        os.close(fd)


def names_in(fd: int) -> list[str]:
    """The names in an open folder, in no order, undecodable bytes as surrogate escapes.

    Raises:
        Unreadable: the folder cannot be listed.
    """
    try:
        return os.listdir(fd)
    except OSError as err:
        raise unreadable(err) from err


def read_up_to(fd: int, limit: int) -> bytes:
    """At most ``limit`` bytes from the descriptor's place on. Raises OSError."""
    parts: list[bytes] = []
    while limit > 0 and (part := os.read(fd, min(limit, 1 << 20))):
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)


def unreadable(err: OSError | ValueError) -> Unreadable:
    """What to raise when the system does not let us read a name. The message follows the name in a sentence."""
    reason = (err.strerror or "input/output error") if isinstance(err, OSError) else "a name with a NUL byte"
    return Unreadable(f"cannot be read: {reason}", hint="check that it exists and that you may read it")


def not_regular(kind: Kind) -> NotRegularFile:
    """What to raise when a name is no regular file. The message follows the name in a sentence."""
    code = "input.symlink" if kind is Kind.LINK else None
    hint = "give the file itself, not what leads to it"
    return NotRegularFile(f"is {kind.value}; it is not opened", hint=hint, code=code)


def _open(name: str, extra: int, dir_fd: int | None) -> int:
    try:
        try:
            return os.open(name, _FLAGS | extra | _NOATIME, dir_fd=dir_fd)
        except PermissionError:
            return os.open(name, _FLAGS | extra, dir_fd=dir_fd)
    except (OSError, ValueError) as err:
        raise unreadable(err) from err
