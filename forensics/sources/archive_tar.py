"""A tar, read from its first byte to its last: ustar, the pax headers of POSIX.1-2017, GNU's long names.

A tar has no directory; its members stand one after the other. Sparse members of GNU tar are not read: a few bytes of
them may stand for terabytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from forensics.errors import ExportInvalid
from forensics.sources.archive_entries import Entry, refused

BLOCK = 512

MAX_HEADER_BYTES = 64 * 1024
"""A pax header or a long name: both hold a path, and no system has one above 4 KiB."""

MAX_HEADERS = 8
"""Headers that may speak of one member: tar writes a pax header, or a long name and a long link."""

_REGULAR, _FOLDER, _LINKS, _SPECIAL = b"\0" + b"07", b"5", b"12", b"346"
_PAX, _PAX_GLOBAL, _LONG_NAME, _LONG_LINK, _SPARSE = b"x", b"g", b"L", b"K", b"S"
_NO_DATA = _LINKS + _SPECIAL + _FOLDER
_ACTING = frozenset((b"path", b"size", b"linkpath"))


class _Stream:
    """Bytes in order, from chunks of any size; ``at`` is how many were taken."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = memoryview(b"")
        self.at = 0
        self.fault: ExportInvalid | None = None

    def some(self, most: int) -> bytes:
        """At most so many bytes, none at the end."""
        while not self._left:
            try:
                chunk = next(self._chunks, None)
            except ExportInvalid as err:
                self.fault = err
                raise
            if chunk is None:
                return b""
            self._left = memoryview(chunk)
        taken, self._left = bytes(self._left[:most]), self._left[most:]
        self.at += len(taken)
        return taken

    def read(self, count: int) -> bytes:
        """So many bytes, or as many as there are."""
        parts: list[bytes] = []
        while count > 0 and (part := self.some(count)):
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def skip_to(self, place: int) -> None:
        """Go on to a place ahead. Raises ExportInvalid (``archive.truncated``) when there is none."""
        while self.at < place:
            if not self.some(place - self.at):
                raise _cut()


@dataclass(slots=True)
class _About:
    """What headers before a member say of it."""

    name: bytes | None = None
    size: int | None = None
    sparse: bool = False


def members(chunks: Iterator[bytes]) -> Iterator[Entry]:
    """Every member in order, its bytes to be taken before the next is asked for.

    Raises:
        ExportInvalid: ``archive.damaged``; ``archive.truncated`` when it ends too soon; ``archive.trailing_data`` when
            something follows its end; and what ``chunks`` raises.

    """
    stream = _Stream(chunks)
    about, headers, begun = _About(), 0, 0
    while True:
        at = stream.at
        head = stream.read(BLOCK)
        if len(head) < BLOCK:
            raise _cut()
        if not any(head):
            _require_end(stream)
            return
        _require_sum(head)
        begun = at if not headers else begun
        kind, size = head[156:157], _number(head[124:136])
        if kind in (_PAX, _PAX_GLOBAL, _LONG_NAME, _LONG_LINK):
            headers += 1
            _take_header(kind, _header(stream, size, headers), about)
            continue
        size = size if about.size is None else about.size
        if size < 0:
            raise refused("archive.damaged", "has a member of less than no bytes")
        length = 0 if kind in _NO_DATA else size
        data = stream.at
        yield _entry(head, kind, about, begun, _data(stream, data + length), length)
        if stream.fault is not None:  # it ended the member that was being taken, and is no fault of that one alone
            raise stream.fault
        stream.skip_to(data + -(-length // BLOCK) * BLOCK)
        about, headers = _About(), 0


def _entry(head: bytes, kind: bytes, about: _About, begun: int, chunks: Iterator[bytes], size: int) -> Entry:
    name = _name(head) if about.name is None else about.name
    refusal = None
    if kind in _LINKS:
        refusal = refused("archive.link", "is a link; none is made")
    elif kind == _SPARSE or about.sparse:
        refusal = refused("archive.sparse", "is a sparse file, of which holes are left out; it is not read")
    elif kind not in _REGULAR + _FOLDER:
        refusal = refused("archive.special", "is no regular file")
    return Entry(
        name=name,
        offset=begun,
        size=size,
        stored=size,
        chunks=chunks,
        modified=f"@{_number(head[136:148])}",
        folder=kind == _FOLDER or name.endswith(b"/"),
        refusal=refusal,
    )


def _data(stream: _Stream, end: int) -> Iterator[bytes]:
    while stream.at < end:
        part = stream.some(end - stream.at)
        if not part:
            raise _cut()
        yield part


def _header(stream: _Stream, size: int, headers: int) -> bytes:
    if size > MAX_HEADER_BYTES or headers > MAX_HEADERS:
        raise refused("archive.damaged", "has a header longer than any path")
    end = stream.at + -(-size // BLOCK) * BLOCK
    data = stream.read(size)
    stream.skip_to(end)
    return data


def _take_header(kind: bytes, data: bytes, about: _About) -> None:
    if kind == _LONG_NAME:
        about.name = data.rstrip(b"\0")
    elif kind == _PAX:
        for key, value in _records(data):
            about.sparse |= key.startswith(b"GNU.sparse")
            if key == b"path":
                about.name = value
            elif key == b"size":
                about.size = _decimal(value)
    elif kind == _PAX_GLOBAL and any(key in _ACTING or key.startswith(b"GNU.sparse") for key, _ in _records(data)):
        raise refused("archive.damaged", "gives all members one name or size")


def _records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The records of a pax header: length, blank, key, equals sign, value, newline."""
    at = 0
    while at < len(data):
        digits, blank, _ = data[at : at + 8].partition(b" ")
        length = _decimal(digits) if blank else 0
        record = data[at : at + length]
        key, equals, value = record[len(digits) + 1 :].partition(b"=")
        if length < 5 or len(record) < length or not equals or not value.endswith(b"\n"):
            raise refused("archive.damaged", "has a header that cannot be read")
        yield key, value[:-1]
        at += length


def _name(head: bytes) -> bytes:
    name, prefix = head[:100].partition(b"\0")[0], head[345:500].partition(b"\0")[0]
    posix = head[257:263] == b"ustar\0"  # GNU tar keeps times where POSIX has a prefix
    return prefix + b"/" + name if posix and prefix else name


def _decimal(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > 18:
        raise refused("archive.damaged", "has a number that cannot be read")
    return int(digits)


def _number(field: bytes) -> int:
    """A number in octal digits, or in base 256 as GNU tar writes large ones."""
    if field[0] == 0x80:
        value = int.from_bytes(field[1:], "big")
        if value < 1 << 62:
            return value
        raise refused("archive.damaged", "has a number that cannot be read")
    if field[0] == 0xFF:
        return int.from_bytes(field, "big", signed=True) if len(field) == 12 else 0
    digits = field.strip(b" \0")
    if digits.strip(b"01234567"):
        raise refused("archive.damaged", "has a number that cannot be read")
    return int(digits or b"0", 8)


def _require_sum(head: bytes) -> None:
    """The sum of the header's bytes, its own field taken for blanks."""
    told = _number(head[148:156])
    if told != sum(head[:148]) + sum(head[156:]) + 8 * 0x20:
        raise refused("archive.damaged", "has a header whose checksum is another")


def _require_end(stream: _Stream) -> None:
    """Nothing but zeros up to the end; reading it all lets the compression around it check its own sum."""
    while part := stream.some(1 << 20):
        if part.strip(b"\0"):
            raise refused("archive.trailing_data", "has bytes after its end mark, which were not read")


def _cut() -> ExportInvalid:
    return refused("archive.truncated", "ends before its end mark; what stands before was read")
