"""What an archive's reader tells of each member, the limits of reading one, and what is wrong with a name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from forensics.errors import ExportInvalid

MAX_MEMBERS = 100_000
"""An export of several years of a busy channel has a tenth of it; each costs 1 kB of memory and three system calls."""

MAX_RATIO = 200
"""Bytes out for one byte in. Video does not shrink and JSON shrinks by 10 to 30; deflate can reach 1032, xz 7000."""

RATIO_FLOOR = 16 * 2**20
"""A member up to this size may have any ratio: a repetitive text shrinks a thousandfold and fits in memory."""

TOTAL_FLOOR = 2**30
"""An archive may yield so much whatever its own size: the floor above, for a few dozen members."""

MAX_DEPTH = 64
"""Folders in folders. Half of what a walk of a plain folder goes down to: the archive itself lies in some."""

MAX_PART_BYTES = 255
"""One name in a path (NAME_MAX of every common file system)."""

CHUNK_BYTES = 1 << 19
"""Bytes read, and at most yielded, at a time: no member is held in memory, and half a pipe is filled while the other
half is taken from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One member as it stands in the archive.

    ``size`` is what the archive says that it holds, ``stored`` how many bytes it takes in the file. ``chunks`` yields
    the bytes once, before the next entry is asked for; it raises ExportInvalid where they are not what was said.
    ``refusal`` tells why it cannot be taken.
    """

    name: bytes
    offset: int
    size: int
    stored: int
    chunks: Iterator[bytes]
    modified: str | None = None
    folder: bool = False
    refusal: ExportInvalid | None = None


def refused(code: str, message: str) -> ExportInvalid:
    """The refusal of an archive or a member of it; the message follows its name in a sentence."""
    return ExportInvalid(message, code=code, hint="The archive is kept whole; what it holds is not lost with this.")


def parts_of(name: bytes) -> tuple[bytes, ...]:
    """The names of a member's relative path, for a tree of our own.

    Raises:
        ExportInvalid: ``archive.path`` for what leads out, or is read in one way here and in another elsewhere.

    """
    parts = tuple(part for part in name.split(b"/") if part not in (b"", b"."))
    why = None
    if name.startswith(b"/"):
        why = "a root"
    elif b"\\" in name:
        why = "a backslash, which some programs take for a slash"
    elif b"\0" in name:
        why = "a NUL"
    elif b".." in parts:
        why = "a step up"
    elif not parts:
        why = "no name"
    elif any(len(part) > MAX_PART_BYTES for part in parts):
        why = f"a name of more than {MAX_PART_BYTES} bytes"
    elif len(parts) > MAX_DEPTH:
        why = f"more than {MAX_DEPTH} folders"
    if why is not None:
        raise refused("archive.path", f"is not taken: its path has {why}")
    return parts
