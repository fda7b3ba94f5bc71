"""A zip file, by its directory, each line of which is held against the header that stands before the member's bytes.

PKWARE APPNOTE.TXT 6.3.10. What two readers could read in two ways is not read at all: a directory that is not where
the end says, a member whose two headers differ (one program would show one name, another the other), members that
share bytes (Fifield 2019, "A better zip bomb").
"""

from __future__ import annotations

import os
import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from forensics.errors import ExportInvalid
from forensics.sources.archive_decoding import decoded, stored
from forensics.sources.archive_entries import MAX_MEMBERS, Entry, refused
from forensics.sources.opening import unreadable

MAX_DIRECTORY_BYTES = 64 * 2**20
"""It is held in memory: 100,000 lines of 650 bytes, of which a usual one takes 100."""

_END, _END_MARK = struct.Struct("<4s4H2LH"), b"PK\x05\x06"
_LOCATOR, _LOCATOR_MARK = struct.Struct("<4sLQL"), b"PK\x06\x07"
_END64, _END64_MARK = struct.Struct("<4sQ2H2L4Q"), b"PK\x06\x06"
_LINE, _LINE_MARK = struct.Struct("<4s6H3L5H2L"), b"PK\x01\x02"
_HEADER, _HEADER_MARK = struct.Struct("<4s5H3L2H"), b"PK\x03\x04"
_LONGEST_COMMENT = 0xFFFF
_IN_64, _COUNT_IN_64 = 0xFFFFFFFF, 0xFFFF
_EXTRA_64, _EXTRA_NAME = 0x0001, 0x7075
_ENCRYPTED, _SIZES_FOLLOW, _STRONG, _MASKED = 0x1, 0x8, 0x40, 0x2000
_SIZES_BYTES = 24
"""The longest record of sizes after a member (APPNOTE 4.3.9): a mark, the checksum and two sizes of eight bytes."""
_METHODS = {0: "stored", 8: "deflate", 12: "bzip2"}
_AES = 99
_UNIX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line of the directory."""

    name: bytes
    shown: bytes
    flags: int
    method: int
    clock: tuple[int, int]
    crc: int
    stored: int
    size: int
    disk: int
    mode: int
    offset: int


class _Place(NamedTuple):
    """Where a member's bytes begin and end, or why they cannot be told."""

    begin: int
    end: int
    fault: ExportInvalid | None


def members(fd: int) -> Iterator[Entry]:
    """Every member in the order of the directory.

    Raises:
        ExportInvalid: ``archive.damaged``, ``archive.split``, ``archive.too_many_members``; after the last member
            ``archive.hidden_bytes`` when something lies between or behind them.
        Unreadable: the file cannot be read.

    """
    size = os.fstat(fd).st_size
    count, start, length = _directory(fd, size)
    lines = list(_lines(_read(fd, start, length), count))
    places = [_place(fd, line, start) for line in lines]
    shared = _sharing(lines, places)
    for number, (line, place) in enumerate(zip(lines, places, strict=True)):
        fault = _fault(line) or place.fault or (refused("archive.overlap", _SHARED) if number in shared else None)
        yield Entry(
            name=line.shown,
            offset=line.offset,
            size=line.size,
            stored=line.stored,
            chunks=iter(()) if fault else _chunks(fd, line, place),
            modified=_modified(*line.clock),
            folder=line.name.endswith(b"/") or stat.S_ISDIR(line.mode),
            refusal=fault,
        )
    hidden = _hidden(lines, places, start)
    if hidden:
        raise refused("archive.hidden_bytes", f"has {hidden} bytes that belong to no member, which were not read")


def _hidden(lines: list[_Line], places: list[_Place], directory: int) -> int:
    """Bytes before the directory that are neither a header nor of a member nor the sizes that may follow one."""
    hidden = at = room = 0
    for line, place in sorted(zip(lines, places, strict=True), key=lambda pair: pair[0].offset):
        gap = line.offset - at
        hidden += gap if gap > room else 0
        if place.end >= at:
            at, room = place.end, _SIZES_BYTES if line.flags & _SIZES_FOLLOW else 0
    gap = directory - at
    return hidden + (gap if gap > room else 0)


def _read(fd: int, start: int, length: int) -> bytes:
    try:
        return os.pread(fd, length, start)
    except (OSError, OverflowError) as err:
        raise unreadable(err) if isinstance(err, OSError) else _no_directory() from err


def _directory(fd: int, size: int) -> tuple[int, int, int]:
    """How many lines the directory has, where it begins, how long it is."""
    tail_at = max(0, size - _END.size - _LONGEST_COMMENT)
    tail = _read(fd, tail_at, size - tail_at)
    at = _end_in(tail)
    if at is None:
        raise _no_directory()
    _, disk, first_disk, here, count, length, start, _ = _END.unpack_from(tail, at)
    end = tail_at + at
    if _COUNT_IN_64 in (count, here) or _IN_64 in (length, start):
        disk, first_disk, here, count, length, start, end = _directory64(fd, end)
    if disk or first_disk or here != count:
        raise refused("archive.split", "is one part of several and was not opened: join them first")
    if count > MAX_MEMBERS or length > MAX_DIRECTORY_BYTES:
        raise refused("archive.too_many_members", f"has {count} members, more than {MAX_MEMBERS}; none was read")
    if start + length != end:
        raise _no_directory()
    return count, start, length


def _end_in(tail: bytes) -> int | None:
    """Where the last end record stands whose comment fills the rest of the file."""
    at = len(tail)
    while (at := tail.rfind(_END_MARK, 0, at)) >= 0:
        if at + _END.size <= len(tail) and at + _END.size + _END.unpack_from(tail, at)[-1] == len(tail):
            return at
    return None


def _directory64(fd: int, end: int) -> tuple[int, int, int, int, int, int, int]:
    found = _read(fd, max(0, end - _LOCATOR.size), _LOCATOR.size)
    if len(found) < _LOCATOR.size or not found.startswith(_LOCATOR_MARK):
        raise _no_directory()
    _, first, at, disks = _LOCATOR.unpack(found)
    record = _read(fd, at, _END64.size) if at < end else b""
    if len(record) < _END64.size or not record.startswith(_END64_MARK):
        raise _no_directory()
    _, length_of_record, _, _, disk, first_disk, here, count, length, start = _END64.unpack(record)
    if at + 12 + length_of_record != end - _LOCATOR.size:
        raise _no_directory()
    return (disk or first or max(0, disks - 1)), first_disk, here, count, length, start, at


def _lines(data: bytes, count: int) -> Iterator[_Line]:
    at = 0
    for _ in range(count):
        if at + _LINE.size > len(data) or not data.startswith(_LINE_MARK, at):
            raise _no_directory()
        (_, made, _, flags, method, clock, day, crc, packed, size, names, extras, comments, disk, _, mode, offset) = (
            _LINE.unpack_from(data, at)
        )
        name_at = at + _LINE.size
        name, extra = data[name_at : name_at + names], data[name_at + names : name_at + names + extras]
        at = name_at + names + extras + comments
        if at > len(data):
            raise _no_directory()
        size, packed, offset = _in_full(extra, size, packed, offset)
        yield _Line(
            name=name, shown=_name(name, extra), flags=flags, method=method, clock=(day, clock), crc=crc,
            stored=packed, size=size, disk=disk, mode=mode >> 16 if made >> 8 == _UNIX else 0, offset=offset,
        )  # fmt: skip
    if at != len(data):
        raise _no_directory()


def _extras(extra: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        yield kind, extra[at + 4 : at + 4 + length]
        at += 4 + length


def _in_full(extra: bytes, *values: int) -> tuple[int, int, int]:
    """Sizes and offset, each from the extra field where the line has no room for it."""
    wide = next((data for kind, data in _extras(extra) if kind == _EXTRA_64), b"")
    found, at = [], 0
    for value in values:
        if value != _IN_64:
            found.append(value)
        elif at + 8 <= len(wide):
            found.append(int.from_bytes(wide[at : at + 8], "little"))
            at += 8
        else:
            raise _no_directory()
    size, packed, offset = found
    return size, packed, offset


def _name(name: bytes, extra: bytes) -> bytes:
    """The UTF-8 name of the extra field (APPNOTE 4.6.9) if it was made for this very name; else the name itself."""
    for kind, data in _extras(extra):
        made_for = int.from_bytes(data[1:5], "little")
        if kind == _EXTRA_NAME and len(data) > 5 and data[0] == 1 and made_for == zlib.crc32(name):
            return data[5:]
    return name


def _place(fd: int, line: _Line, directory: int) -> _Place:
    """Where the member's bytes lie, after its own header was held against the directory's line."""
    head = _read(fd, line.offset, _HEADER.size) if line.offset + _HEADER.size <= directory else b""
    if len(head) < _HEADER.size or not head.startswith(_HEADER_MARK):
        return _Place(line.offset, line.offset, refused("archive.damaged", "has no header where the directory says"))
    _, _, flags, method, _, _, crc, packed, size, names, extras = _HEADER.unpack(head)
    name = _read(fd, line.offset + _HEADER.size, len(line.name)) if names == len(line.name) else b""
    begin = line.offset + _HEADER.size + names + extras
    end = begin + line.stored
    if end > directory:
        return _Place(begin, begin, refused("archive.truncated", "would end within the directory"))
    equal = (name, method, flags & _ENCRYPTED) == (line.name, line.method, line.flags & _ENCRYPTED)
    if equal and not flags & _SIZES_FOLLOW:
        told = ((crc, line.crc), (packed, line.stored), (size, line.size))
        equal = all(here in (there, _IN_64) for here, there in told)
    return _Place(begin, end, None if equal else refused("archive.headers_differ", _DIFFERING))


def _sharing(lines: list[_Line], places: list[_Place]) -> frozenset[int]:
    """The members that have bytes in common with another."""
    order = sorted(range(len(lines)), key=lambda number: lines[number].offset)
    shared: set[int] = set()
    furthest = -1
    for number in order:
        if furthest >= 0 and lines[number].offset < places[furthest].end:
            shared |= {furthest, number}
        if furthest < 0 or places[number].end > places[furthest].end:
            furthest = number
    return frozenset(shared)


def _fault(line: _Line) -> ExportInvalid | None:
    kind = stat.S_IFMT(line.mode)
    if line.flags & (_ENCRYPTED | _STRONG | _MASKED) or line.method == _AES:
        return refused("archive.encrypted", "is encrypted; unpack it with the password and ingest that too")
    if line.disk:
        return refused("archive.split", "begins in another part of a split archive")
    if kind == stat.S_IFLNK:
        return refused("archive.link", "is a symbolic link; none is made")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return refused("archive.special", "is no regular file")
    if line.method not in _METHODS:
        return refused("archive.method", f"is compressed by method {line.method}, which is not read here")
    if line.method == 0 and line.stored != line.size:
        return refused("archive.size", "is stored as it is and has two sizes")
    return None


def _chunks(fd: int, line: _Line, place: _Place) -> Iterator[bytes]:
    parts = stored(fd, place.begin, line.stored)
    method = _METHODS[line.method]
    size = crc = 0
    for chunk in parts if line.method == 0 else decoded(method, parts, several=False):
        size += len(chunk)
        if size > line.size:
            raise refused("archive.size", f"holds more than the {line.size} bytes that the archive says")
        crc = zlib.crc32(chunk, crc)
        yield chunk
    if size != line.size:
        raise refused("archive.size", f"holds {size} bytes, the archive says {line.size}")
    if crc != line.crc:
        raise refused("archive.crc", "does not have the checksum that the archive says")


def _modified(day: int, clock: int) -> str | None:
    """MS-DOS date and time as written: no zone is told, and no such day may exist."""
    if day == 0:
        return None
    date = f"{1980 + (day >> 9):04}-{day >> 5 & 15:02}-{day & 31:02}"
    return f"{date}T{clock >> 11:02}:{clock >> 5 & 63:02}:{(clock & 31) * 2:02}"


def _no_directory() -> ExportInvalid:
    return refused("archive.damaged", "has no directory that agrees with its end, and was not opened")


_DIFFERING = "stands in the directory otherwise than before its bytes"
_SHARED = "shares bytes with another member"
