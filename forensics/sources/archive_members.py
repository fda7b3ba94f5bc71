"""The members of an archive, read here or told by another process as they are read.

What decompresses is the likeliest to be harmed by what it reads, so it may run apart: it tells each member's head, its
bytes in chunks, and how they ended. Whoever listens bounds and names what is written, and checks that the bytes are as
many as the head says.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from forensics.errors import ExportInvalid, ParserStopped
from forensics.model import content
from forensics.sources import archive_tar, archive_zip, opening
from forensics.sources.archive_decoding import decoded, stored
from forensics.sources.archive_entries import MAX_RATIO, RATIO_FLOOR, TOTAL_FLOOR, Entry, refused

Entries = Callable[[int, int, int], Iterator[Entry]]
"""Gives the members of the archive behind a descriptor, of so many bytes; and of so many at most a member is taken."""

_CODE = re.compile(r"archive\.[a-z_]{1,40}\Z")
_MAX_MESSAGE = 1000
"""Characters of a refusal; ours are below 300."""


class Refusal(NamedTuple):
    """Why a member, or the rest of one, cannot be taken."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """An `Entry` without its bytes; ``follows`` tells whether these come next, up to an empty chunk or a refusal."""

    name: bytes
    offset: int
    size: int
    stored: int
    modified: str | None
    folder: bool
    refusal: Refusal | None
    follows: bool


def entries_of(fd: int, size: int, most: int) -> Iterator[Entry]:
    """The members of the archive ``fd`` of ``size`` bytes, read here, be they larger than ``most`` or not.

    Raises:
        ExportInvalid: of what was not yielded nothing can be read.
        Unreadable: the file cannot be read.
    """
    form = content.archive_form(os.pread(fd, opening.HEAD_BYTES, 0))
    if form is None:
        raise refused("archive.damaged", "is named like an archive, and is none that is read here")
    if form == "zip":
        return archive_zip.members(fd)
    parts = stored(fd, 0, size)
    return archive_tar.members(parts if form == "tar" else _bounded(decoded(form, parts, several=True), size))


def _bounded(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """What a compressed tar yields, as far as its size allows: members passed over count, too."""
    total, most = 0, max(TOTAL_FLOOR, MAX_RATIO * size)
    for chunk in chunks:
        total += len(chunk)
        if total > most:
            raise refused("archive.ratio", f"yields more than {MAX_RATIO} bytes for one; the rest was not read")
        yield chunk


def tell_members(handle: int, size: int, most: int) -> Iterator[bytes | Refusal | Head]:
    """As `entries_of`, told to another process. Bytes of a member that cannot be taken are not read."""
    for entry in entries_of(handle, size, most):
        too_large = entry.size > min(most, max(RATIO_FLOOR, MAX_RATIO * entry.stored))
        follows = not (entry.folder or entry.refusal or too_large)
        yield Head(
            name=entry.name,
            offset=entry.offset,
            size=entry.size,
            stored=entry.stored,
            modified=entry.modified,
            folder=entry.folder,
            refusal=None if entry.refusal is None else Refusal(entry.refusal.code, entry.refusal.message),
            follows=follows,
        )
        if follows:
            yield from _chunks_and_end(entry)


def _chunks_and_end(entry: Entry) -> Iterator[bytes | Refusal]:
    left = entry.size
    try:
        for chunk in filter(None, entry.chunks):
            yield chunk
            left -= len(chunk)
            if left < 0:
                break  # more than was said: whoever listens has refused it by now
    except ExportInvalid as err:
        yield Refusal(err.code, err.message)
    else:
        yield b""


def heard(told: Iterator[bytes | Refusal | Head]) -> Iterator[Entry]:
    """The members that `tell_members` tells. Raises ParserStopped (``parser.nonsense``) when it tells no members."""
    for head in told:
        if not isinstance(head, Head):
            raise _nonsense()
        chunks = _chunks(head, told)
        yield Entry(
            name=head.name,
            offset=head.offset,
            size=head.size,
            stored=head.stored,
            chunks=chunks,
            modified=head.modified,
            folder=head.folder,
            refusal=None if head.refusal is None else _refused(head.refusal),
        )
        with suppress(ExportInvalid):  # of a member that was not taken
            for _ in chunks if head.follows else ():
                pass


def _chunks(head: Head, told: Iterator[bytes | Refusal | Head]) -> Iterator[bytes]:
    if not head.follows:
        raise _nonsense()
    left = head.size
    for word in told:
        if isinstance(word, Refusal):
            raise _refused(word)
        if isinstance(word, Head):
            break
        if not word and left <= 0:
            return
        if not word:
            break
        left -= len(word)
        yield word
    raise _nonsense()


def _refused(told: Refusal) -> ExportInvalid:
    if not _CODE.match(told.code):
        raise _nonsense()
    return refused(told.code, told.message[:_MAX_MESSAGE])


def _nonsense() -> ParserStopped:
    return ParserStopped("the reader of an archive told what is no answer", code="parser.nonsense")
