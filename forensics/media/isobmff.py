"""A small bounded walk over the boxes of an ISO base media file (ISO/IEC 14496-12; QuickTime File Format).

It reads what ffprobe does not tell: brands, whether the index is there, edit lists, bytes after the last box. It
never follows an offset: it steps over box headers, and reads the payload of a few small boxes in whole.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

MAX_BOXES = 20_000
"""Headers read in one file: a fragmented recording of half an hour has about 10,000."""
MAX_DEPTH = 4
"""moov/trak/edts/elst and moov/trak/mdia/minf/stbl/stsd are as deep as this reader goes."""
MAX_PAYLOAD = 64 << 10
"""Bytes read of one payload: an edit list of 64 KiB has 5000 entries."""
MAX_BRANDS = 64
MAX_TRACKS = 64

MAX_ENTRIES = 16
"""Sample entries of one track whose type is read: one in practice, two or three where the encoding changes."""

_CONTAINERS = frozenset({b"edts", b"mdia", b"minf", b"stbl"})
_READ = frozenset({b"tkhd", b"mdhd", b"hdlr", b"elst", b"stsd"})
_USUAL = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"uuid"})
_TOP_LEVEL = _USUAL | {b"sidx", b"moof", b"meta", b"mfra", b"pdin", b"emsg", b"ssix", b"prft", b"udta"}
"""Types whose box may run past the end of a cut file; any other that does is not a box but what was appended."""
_PRINTABLE = re.compile(rb"[ -~\xa9]{4}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One box: its type, where its payload starts, and where it says that it ends."""

    kind: bytes
    payload: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One entry of an edit list (8.6.6): ``duration`` in movie ticks, ``media_time`` in track ticks, -1 if empty."""

    duration: int
    media_time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What one trak box says: number, handler (``vide``, ``soun`` ...), ticks a second, edit list, how many entries
    that list states (it may be more than were read), types of its sample entries (``avc1``, ``encv`` ...).
    """

    id: int
    handler: str
    timescale: int
    edits: tuple[Edit, ...]
    edits_stated: int = 0
    entries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxes:
    """The outcome of the walk. ``kinds`` are the types of the top-level boxes of the first movie; ``missing_bytes``
    by how much its last box runs past the end of the file; ``trailing_bytes`` what follows its last box, a second
    movie included; ``complete`` is False when a cap stopped the walk.
    """

    brands: tuple[str, ...]
    timescale: int
    kinds: tuple[str, ...]
    tracks: tuple[Track, ...]
    missing_bytes: int
    trailing_bytes: int
    complete: bool


def walk(handle: int) -> Boxes | None:
    """Walk the file open as ``handle`` (its offset does not move); None when it is not made of such boxes."""
    size = os.fstat(handle).st_size
    walker = _Walker(handle, size)
    top = walker.first_movie()
    if not any(box.kind in _USUAL for box in top):
        return None
    end = top[-1].end
    movie = next((box for box in top if box.kind == b"moov"), None)
    timescale, tracks = walker.movie(movie) if movie else (0, ())
    return Boxes(
        brands=walker.brands(next((box for box in top if box.kind == b"ftyp"), None)),
        timescale=timescale,
        kinds=tuple(box.kind.decode("latin-1") for box in top),
        tracks=tracks,
        missing_bytes=max(0, end - size),
        trailing_bytes=max(0, size - end) if walker.left else 0,
        complete=walker.left > 0,
    )


class _Walker:
    """Reads box headers within the caps; ``left`` is how many it may still read."""

    def __init__(self, fd: int, size: int) -> None:
        self.fd = fd
        self.size = size
        self.left = MAX_BOXES

    def first_movie(self) -> list[Box]:
        """Top-level boxes up to the first thing that is none, or to a second ``ftyp``."""
        found: list[Box] = []
        for box in self.children(0, self.size):
            second = box.kind == b"ftyp" and any(other.kind == b"ftyp" for other in found)
            if second or (box.end > self.size and box.kind not in _TOP_LEVEL):
                break
            found.append(box)
        return found

    def children(self, start: int, end: int) -> Iterator[Box]:
        """The boxes between two offsets, up to the first header that is none."""
        at = start
        while at + 8 <= end and self.left > 0:
            self.left -= 1
            box = self._box(at, end)
            if box is None:
                return
            yield box
            at = box.end

    def _box(self, at: int, end: int) -> Box | None:
        head = os.pread(self.fd, 16, at)
        if len(head) < 8:
            return None
        length, kind = struct.unpack_from(">I4s", head)
        payload = at + 8
        if length == 1 and len(head) == 16:  # a 64-bit size follows the type
            length, payload = struct.unpack_from(">Q", head, 8)[0], at + 16
        elif length == 0:  # reaches to the end of what holds it
            length = end - at
        if length < payload - at or not _PRINTABLE.match(kind):
            return None
        return Box(kind=kind, payload=payload, end=at + length)

    def read(self, box: Box) -> bytes:
        """The payload, up to the cap and to the end of the file."""
        length = min(box.end, self.size) - box.payload
        return os.pread(self.fd, min(MAX_PAYLOAD, length), box.payload) if length > 0 else b""

    def brands(self, box: Box | None) -> tuple[str, ...]:
        """Major brand first, then the compatible ones (4.3)."""
        if box is None:
            return ()
        data = self.read(box)[: 8 + 4 * MAX_BRANDS]
        words = [data[at : at + 4] for at in (0, *range(8, len(data) - 3, 4))]
        return tuple(word.decode("latin-1") for word in words if len(word) == 4)

    def movie(self, box: Box) -> tuple[int, tuple[Track, ...]]:
        """Ticks a second of the movie, and its tracks."""
        timescale = 0
        tracks: list[Track] = []
        for child in self.children(box.payload, min(box.end, self.size)):
            if child.kind == b"mvhd":
                timescale = _timescale(self.read(child))
            elif child.kind == b"trak" and len(tracks) < MAX_TRACKS:
                tracks.append(self._track(child))
        return timescale, tuple(tracks)

    def _track(self, box: Box) -> Track:
        leaves = dict(self._leaves(box, 0))
        return Track(
            id=_track_id(leaves.get(b"tkhd", b"")),
            handler=leaves.get(b"hdlr", b"")[8:12].decode("latin-1"),
            timescale=_timescale(leaves.get(b"mdhd", b"")),
            edits=_edits(leaves.get(b"elst", b"")),
            edits_stated=_unpack(">I", leaves.get(b"elst", b""), 4)[0],
            entries=_entries(leaves.get(b"stsd", b"")),
        )

    def _leaves(self, box: Box, depth: int) -> Iterator[tuple[bytes, bytes]]:
        for child in self.children(box.payload, min(box.end, self.size)):
            if child.kind in _READ:
                yield child.kind, self.read(child)
            elif child.kind in _CONTAINERS and depth < MAX_DEPTH:
                yield from self._leaves(child, depth + 1)


def _unpack(layout: str, data: bytes, offset: int) -> tuple[int, ...]:
    """Big-endian integers at an offset, or zeros when the payload is too short for them."""
    size = struct.calcsize(layout)
    return struct.unpack(layout, data[offset : offset + size].ljust(size, b"\0"))


def _timescale(data: bytes) -> int:
    """Ticks a second of an mvhd (8.2.2) or mdhd (8.4.2) payload: both begin alike."""
    return _unpack(">I", data, 20 if data[:1] == b"\1" else 12)[0]


def _track_id(data: bytes) -> int:
    """track_ID of a tkhd payload (8.3.2)."""
    return _unpack(">I", data, 20 if data[:1] == b"\1" else 12)[0]


def _entries(data: bytes) -> tuple[str, ...]:
    """Types of the sample entries of an stsd payload (8.5.2)."""
    found: list[str] = []
    at = 8
    while len(found) < MAX_ENTRIES and at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        found.append(kind.decode("latin-1"))
        if length < 8:
            break
        at += length
    return tuple(found)


def _edits(data: bytes) -> tuple[Edit, ...]:
    """The entries of an elst payload (8.6.6) that were read."""
    layout = ">Qqhh" if data[:1] == b"\1" else ">Iihh"
    size = struct.calcsize(layout)
    stated = _unpack(">I", data, 4)[0]
    entries = (
        struct.unpack_from(layout, data, 8 + place * size) for place in range(min(stated, (len(data) - 8) // size))
    )
    return tuple(Edit(duration=duration, media_time=media_time) for duration, media_time, _, _ in entries)
