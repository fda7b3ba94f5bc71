"""What the boxes of an ISO base media or QuickTime file say of place, time, maker and writer, at full precision.

Sources: ISO/IEC 14496-12 (boxes), QuickTime File Format (``udta``, ``meta`` with ``keys``), 3GPP TS 26.244 (``loci``),
ISO 6709 Annex H (``+51.4169-000.0806/``). Each clock is a record by itself. Times of ``mvhd``, ``tkhd`` and ``mdhd``
are UTC by the standard; many cameras write local time into them, which nothing in the file tells.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction

from forensics.model.notice import Notice
from forensics.model.tag import Tag
from forensics.model.telemetry import ClockBasis, ClockRecord, Fix, Track
from forensics.model.text import visible
from forensics.telemetry import gpmf
from forensics.telemetry.box_walk import Box, Source, Walk
from forensics.telemetry.numbers import MAX_LATITUDE, MAX_LONGITUDE, degrees, metres, micros_to_utc
from forensics.telemetry.writers import profile

FORMAT = "boxes"

MAX_TRACKS = 64
MAX_ENTRIES = 1000
"""Entries of one user data or metadata box; phones write 20."""
MAX_TEXT = 512
"""Characters of one value; a caption is no drone's business."""

_1904 = datetime(1904, 1, 1, tzinfo=UTC)
_PLACE = re.compile(
    r"([+-]\d{2}(?:\.\d{1,9})?)([+-]\d{3}(?:\.\d{1,9})?)([+-]\d{1,6}(?:\.\d{1,6})?)?(?:CRS[\w.]{0,40})?/?\Z"
)
_WITH_OFFSET = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)(Z|[+-]\d{2}:?\d{2})\Z", re.ASCII)
_ISO6709_KEYS = frozenset(("com.apple.quicktime.location.ISO6709",))
_TEXT_TYPES = frozenset((1, 2))
"""Well-known types of a metadata value: UTF-8 and UTF-16 (QuickTime File Format, metadata value atom)."""
_FIXED = 1 << 16
"""``loci`` keeps degrees and metres as 16.16 fixed point."""


def read_boxes_of(handle: int) -> Track | None:
    """What the boxes of the clip that is open as ``handle`` say; None when it has none."""
    return read(Source(os.fstat(handle).st_size, lambda at, length: os.pread(handle, length, at)))


def read(source: Source) -> Track | None:
    """What the file's boxes say; None when it is not made of such boxes. Nothing is raised for hostile bytes.

    ``Track.fixes`` has one sample for every place that is written; no place is on the timeline.
    """
    walk = Walk(source)
    reading = _Reading(walk)
    top = list(walk.children(0, source.size))
    if not any(box.kind in (b"ftyp", b"moov", b"mdat", b"wide", b"free") for box in top):
        return None
    for box in top:
        if box.kind == b"ftyp":
            reading.brands(box)
        elif box.kind == b"moov":
            reading.movie(box)
    return reading.track()


class _Reading:
    """The boxes of one file as they are read."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._fixes: list[Fix] = []
        self._clocks: list[ClockRecord] = []
        self._tags: list[Tag] = []
        self._bad_places: list[str] = []
        self._bad_clocks = 0
        self._zero = 0
        self._tracks = 0
        self._moov = False

    def brands(self, box: Box) -> None:
        """File type: major brand, its version, compatible brands."""
        data = self._walk.read(box)
        words = [data[at : at + 4].decode("latin-1") for at in (0, *range(8, min(len(data) - 3, 264), 4))]
        self._tag("ftyp", "major_brand", words[0])
        self._tag("ftyp", "minor_version", str(int.from_bytes(data[4:8])))
        self._tag("ftyp", "compatible_brands", " ".join(words[1:]))

    def movie(self, box: Box) -> None:
        """The movie box: its times, its user data, its metadata, its tracks."""
        self._moov = True
        for child in self._walk.children(box.payload, box.end):
            if child.kind == b"mvhd":
                self._times("moov/mvhd", self._walk.read(child))
            elif child.kind == b"udta":
                self._user_data(child, "moov/udta")
            elif child.kind == b"meta":
                self._metadata(child, "moov/meta")
            elif child.kind == b"trak" and self._tracks < MAX_TRACKS:
                self._track(child, f"moov/trak[{self._tracks}]")
                self._tracks += 1

    def _track(self, box: Box, path: str) -> None:
        for child in self._walk.children(box.payload, box.end):
            if child.kind == b"tkhd":
                self._times(f"{path}/tkhd", self._walk.read(child))
            elif child.kind == b"mdia":
                self._media(child, path)
            elif child.kind == b"udta":
                self._user_data(child, f"{path}/udta")
            elif child.kind == b"meta":
                self._metadata(child, f"{path}/meta")

    def _media(self, box: Box, path: str) -> None:
        for child in self._walk.children(box.payload, box.end):
            if child.kind == b"mdhd":
                self._times(f"{path}/mdhd", self._walk.read(child))
            elif child.kind == b"hdlr":
                data = self._walk.read(child)
                self._tag(path, "handler", data[8:12].decode("latin-1"))
                self._tag(path, "handler_name", _pascal_or_c(data[24:]))
            elif child.kind == b"minf":
                for entry in self._walk.find(child, (b"stbl", b"stsd")):
                    data = self._walk.read(entry)
                    self._tag(path, "sample_entry", data[12:16].decode("latin-1"))

    def _times(self, path: str, data: bytes) -> None:
        """Creation and modification, seconds since 1904; zero means that none was set."""
        layout, at = (">QQ", 4) if data[:1] == b"\1" else (">II", 4)
        if len(data) < at + struct.calcsize(layout):
            return
        for name, seconds in zip(("creation", "modification"), struct.unpack_from(layout, data, at), strict=True):
            if seconds:
                utc = micros_to_utc(seconds * 1_000_000, _1904) if seconds < 1 << 40 else None
                self._clock(f"{path} {name}", str(seconds), ClockBasis.UTC_DECLARED, utc)

    def _clock(self, source: str, raw: str, basis: ClockBasis, utc: str | None, offset: int | None = None) -> None:
        if len(self._clocks) < 4 * MAX_TRACKS:
            clock = ClockRecord(source=source, raw=raw[:MAX_TEXT], basis=basis, utc=utc, offset_minutes=offset)
            self._clocks.append(clock)

    def _tag(self, group: str, name: str, value: str) -> None:
        text = visible(value.strip("\0 "))[:MAX_TEXT]
        if text and len(self._tags) < MAX_ENTRIES:
            self._tags.append(Tag(group=group, name=visible(name)[:MAX_TEXT], value=text))

    def _user_data(self, box: Box, path: str) -> None:
        for place, child in enumerate(self._walk.children(box.payload, box.end)):
            if place >= MAX_ENTRIES:
                return
            if child.kind == b"meta":
                self._metadata(child, f"{path}/meta")
            elif child.kind == b"loci":
                self._loci(self._walk.read(child), f"{path}/loci")
            elif child.kind == b"GPMF":
                for tag in gpmf.read(self._walk.read(child)).tags:
                    self._tag(f"{path}/GPMF", tag.name, tag.value)
            elif child.kind[:1] == b"\xa9":
                self._international(self._walk.read(child), f"{path}/{child.kind.decode('latin-1')}", child.kind)

    def _international(self, data: bytes, path: str, kind: bytes) -> None:
        """QuickTime international text: length, language, bytes; what Apple's ``ilst`` holds is read elsewhere."""
        if len(data) < 4:
            return
        length = int.from_bytes(data[:2])
        text = data[4 : 4 + length].decode("utf-8", "replace")
        self._named(path, "\xa9" + kind[1:].decode("latin-1"), text, is_place=kind == b"\xa9xyz")

    def _named(self, group: str, name: str, text: str, *, is_place: bool) -> None:
        self._tag(group, name, text)
        if is_place:
            self._iso6709(text.strip("\0 "), group)
        elif name.endswith(("creationdate", "\xa9day")):
            self._written_clock(text.strip("\0 "), f"{group} {name}")

    def _written_clock(self, text: str, source: str) -> None:
        found = _WITH_OFFSET.match(text)
        if found is None:
            self._clock(source, visible(text), ClockBasis.LOCAL_UNKNOWN, None)
            return
        zone = "+00:00" if found[2] == "Z" else found[2]
        zone = zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
        try:
            moment = datetime.fromisoformat(found[1] + zone)
            utc = moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self._bad_clocks += 1
            return
        offset = moment.utcoffset()
        assert offset is not None
        minutes = int(offset.total_seconds()) // 60
        text_utc = utc.strftime("%Y-%m-%dT%H:%M:%S.%f").rjust(26, "0") + "Z"
        self._clock(source, text, ClockBasis.OFFSET_DECLARED, text_utc, minutes)

    def _metadata(self, box: Box, path: str) -> None:
        """``meta`` with ``keys`` and ``ilst``; a full box in MP4, a plain one in QuickTime."""
        start = box.payload
        head = self._walk.peek(start, 8)
        start += 4 if head[:4] == b"\0\0\0\0" and head[4:8] != b"hdlr" else 0
        keys: list[str] = []
        for child in self._walk.children(start, box.end):
            if child.kind == b"keys":
                keys = list(_keys(self._walk.read(child)))
            elif child.kind == b"ilst":
                self._items(child, path, keys)

    def _items(self, box: Box, path: str, keys: list[str]) -> None:
        for place, child in enumerate(self._walk.numbered(box.payload, box.end)):
            if place >= MAX_ENTRIES:
                return
            number = int.from_bytes(child.kind)
            known = 0 < number <= len(keys)
            name = keys[number - 1] if known else child.kind.decode("latin-1")
            for value in self._walk.children(child.payload, child.end):
                if value.kind == b"data":
                    self._value(path, name, self._walk.read(value))

    def _value(self, path: str, name: str, data: bytes) -> None:
        kind = int.from_bytes(data[:4])
        if kind in _TEXT_TYPES:
            text = data[8:].decode("utf-8" if kind == 1 else "utf-16-be", "replace")
            self._named(path, name, text, is_place=name in _ISO6709_KEYS or name == "\xa9xyz")

    def _iso6709(self, text: str, source: str) -> None:
        found = _PLACE.match(text)
        if found is None or abs(float(found[1])) > MAX_LATITUDE or abs(float(found[2])) > MAX_LONGITUDE:
            self._bad_places.append(f"{source}: {visible(text[:80])}")
            return
        self._place(found[1], found[2], found[3], source)

    def _loci(self, data: bytes, source: str) -> None:
        """3GPP location information: a name, a role, then longitude, latitude, altitude."""
        wide = data[6:8] in (b"\xfe\xff", b"\xff\xfe")
        end = (
            next((at for at in range(6, len(data) - 1, 2) if data[at : at + 2] == b"\0\0"), -1)
            if wide
            else (data.find(b"\0", 6))
        )
        at = end + (3 if wide else 2)
        if end < 0 or len(data) < at + 12:
            self._bad_places.append(f"{source}: too short")
            return
        longitude, latitude, height = (Fraction(raw, _FIXED) for raw in struct.unpack_from(">iii", data, at))
        here = degrees(latitude, MAX_LATITUDE), degrees(longitude, MAX_LONGITUDE)
        if here[0] is None or here[1] is None:
            self._bad_places.append(f"{source}: {float(latitude)}, {float(longitude)}")
            return
        self._place(here[0], here[1], metres(height), source)

    def _place(self, latitude: str, longitude: str, height: str | None, source: str) -> None:
        zero = float(latitude) == 0 and float(longitude) == 0
        self._zero += zero
        self._tag(source, "place", f"{latitude}, {longitude}" + (f", {height} m" if height else ""))
        fix = Fix(
            cue=len(self._fixes),
            at_ms=None,
            clock_as_written=None,
            latitude=None if zero else latitude,
            longitude=None if zero else longitude,
            absolute_altitude=None if zero else height,
        )
        self._fixes.append(fix)

    def track(self) -> Track:
        """What was read."""
        located = any(fix.latitude for fix in self._fixes)
        clocks = self._distinct_clocks()
        consistent = profile(tuple(self._tags))
        if consistent is not None:
            self._tags.append(Tag(group="writer", name="consistent_with", value=consistent))
        return Track(
            format=FORMAT,
            family=None,
            cues=len(self._fixes),
            fixes=tuple(self._fixes),
            notices=tuple(self._notices()),
            axis_order_basis="named" if located else None,
            clocks=clocks,
            tags=tuple(self._tags),
        )

    def _distinct_clocks(self) -> tuple[ClockRecord, ...]:
        """The clocks without those of tracks that read as the movie's do: ten times the same number tells nothing."""
        movie = {clock.source.rpartition(" ")[2]: clock.raw for clock in self._clocks if "/mvhd " in clock.source}
        found = [
            clock
            for clock in self._clocks
            if "/mvhd " in clock.source
            or clock.offset_minutes is not None
            or movie.get(clock.source.rpartition(" ")[2]) != clock.raw
        ]
        if len(found) < len(self._clocks):
            self._tag("moov", "track_clocks_as_movie", str(len(self._clocks) - len(found)))
        return tuple(found)

    def _notices(self) -> Iterator[Notice]:
        if self._walk.left <= 0:
            yield _notice("limit", "the file has more boxes than are looked at")
        if self._bad_places:
            yield _notice("value_invalid", f"{len(self._bad_places)} places cannot be read: {self._bad_places[0]}")
        if self._bad_clocks:
            yield _notice("value_invalid", f"{self._bad_clocks} clocks are no real date")
        if self._zero:
            yield _notice("no_fix", f"{self._zero} places are 0,0, which is taken for no fix")


def _keys(data: bytes) -> Iterator[str]:
    """The names in a ``keys`` box, up to the first that does not fit."""
    at = 8
    for _ in range(min(int.from_bytes(data[4:8]), MAX_ENTRIES)):
        size = int.from_bytes(data[at : at + 4])
        if size < 8 or at + size > len(data):
            return
        yield data[at + 8 : at + size].decode("utf-8", "replace")[:MAX_TEXT]
        at += size


def _pascal_or_c(data: bytes) -> str:
    """A handler's name: counted in QuickTime, ended by a zero in ISO files."""
    if data and data[0] == len(data) - 1:
        data = data[1:]
    return data.partition(b"\0")[0].decode("utf-8", "replace")


def _notice(code: str, message: str) -> Notice:
    return Notice(code=f"telemetry.{code}", message=message)
