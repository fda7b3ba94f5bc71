"""DJI's protobuf streams (``djmd``, ``dbgi``), read without their schema, so every value is inferred and says so.

Known from exiftool's tables of sixteen protocols (DJI.pm): a place is a message of exactly ``{1: unit, 2: latitude,
3: longitude}`` with two doubles, unit 0 (or none) for radians, 1 for degrees; field 1.1.5 is the serial number, 1.1.10
the model. Heights have no shape by which they could be known, so none is told. No real clip was at hand: proven on
built frames only. Wire format: protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from forensics.model.notice import Notice
from forensics.model.tag import Tag
from forensics.model.telemetry import ClockBasis, ClockRecord, Fix, Packet, Track
from forensics.model.text import visible
from forensics.telemetry.numbers import MAX_LATITUDE, MAX_LONGITUDE, degrees
from forensics.telemetry.track_checks import checked

FORMAT = "djmd"
NAMES = frozenset(("djmd", "dbgi"))

MAX_DEPTH = 8
"""DJI's messages nest five deep."""
MAX_FIELDS = 20_000
"""Fields looked at in one packet: DJI's frames have some hundreds; a stream's first one carries more."""
MAX_PACKETS = 500_000
"""Two hours at 60 frames a second."""
MAX_TEXT = 128

_CLOCK = re.compile(rb"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d{1,6})?\Z")
_NAMED: Mapping[tuple[int, ...], str] = {(1, 1, 5): "serial_number", (1, 1, 10): "model"}
_PRINTABLE = re.compile(rb"[ -~]{2,128}\Z")
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class Field(NamedTuple):
    """One field: its number, its wire type, its value (whole number or bytes)."""

    number: int
    wire: int
    value: int | bytes


def sniff(head: bytes, name: str) -> bool:
    """Whether the stream's sample entry is DJI's."""
    del head
    return name in NAMES


def read_packets(packets: Sequence[Packet]) -> Track:
    """One sample a packet, with the one place in it; a packet with two different places has none."""
    reading = _Reading()
    for packet in packets[:MAX_PACKETS]:
        reading.add(packet)
    return checked(reading.track(len(packets)))


def fields(data: bytes) -> tuple[Field, ...] | None:
    """The fields of a message that fills ``data`` to the last byte; None when it is none."""
    found: list[Field] = []
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if at < 0 or not 0 < number < 1 << 29 or len(found) >= MAX_FIELDS:
            return None
        if wire == _VARINT:
            value: int | bytes
            value, at = _varint(data, at)
            if at < 0:
                return None
        elif wire in (_FIXED64, _FIXED32, _BYTES):
            size, at = _varint(data, at) if wire == _BYTES else (8 if wire == _FIXED64 else 4, at)
            if at < 0 or at + size > len(data):
                return None
            value, at = data[at : at + size], at + size
        else:
            return None
        found.append(Field(number, wire, value))
    return tuple(found)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A variable-length number and the offset after it, -1 when there is none."""
    value = 0
    for shift in range(10):
        if at >= len(data):
            return 0, -1
        value |= (data[at] & 0x7F) << (7 * shift)
        at += 1
        if data[at - 1] < 0x80:
            return value, at
    return 0, -1


class _Reading:
    """The packets of one stream as they are read."""

    def __init__(self) -> None:
        self.fixes: list[Fix] = []
        self.tags: dict[Tag, None] = {}
        self.clock: ClockRecord | None = None
        self.no_message = self.ambiguous = self.zero = self.cut = 0
        self._left = 0

    def add(self, packet: Packet) -> None:
        """Look for a place, names and a clock in one packet."""
        self._left = MAX_FIELDS
        message = fields(packet.data)
        if message is None:
            self.no_message += 1
            return
        places: dict[tuple[str, str], None] = {}
        self._look(message, (), places)
        self.cut += self._left <= 0
        latitude, longitude = next(iter(places)) if len(places) == 1 else (None, None)
        self.ambiguous += len(places) > 1
        if latitude is not None and longitude is not None and float(latitude) == 0 and float(longitude) == 0:
            self.zero += 1
            latitude = longitude = None
        fix = Fix(
            cue=len(self.fixes),
            at_ms=packet.at_ms,
            clock_as_written=None,
            latitude=latitude,
            longitude=longitude,
        )
        self.fixes.append(fix)

    def _look(self, message: Sequence[Field], path: tuple[int, ...], places: dict[tuple[str, str], None]) -> None:
        place = _place(message)
        if place is not None:
            places.setdefault(place)
            return
        for field in message:
            self._left -= 1
            if self._left <= 0:
                return
            if field.wire != _BYTES or not isinstance(field.value, bytes):
                continue
            here = (*path, field.number)
            if self._text(here, field.value):
                continue
            inner = fields(field.value) if len(here) < MAX_DEPTH and field.value else None
            if inner:
                self._look(inner, here, places)

    def _text(self, path: tuple[int, ...], value: bytes) -> bool:
        """Whether the value is a text that is told: a serial number, a model, a clock."""
        name = _NAMED.get(path)
        if name is not None and _PRINTABLE.match(value) and len(self.tags) < MAX_TEXT:
            self.tags.setdefault(Tag(group=FORMAT, name=name, value=visible(value.decode("ascii"))))
            return True
        if not _CLOCK.match(value):
            return False
        if self.clock is None:
            source = f"text of field {'.'.join(map(str, path))}"
            self.clock = ClockRecord(source=source, raw=value.decode("ascii"), basis=ClockBasis.LOCAL_UNKNOWN)
        return True

    def track(self, packets: int) -> Track:
        """What was read."""
        located = any(fix.latitude for fix in self.fixes)
        return Track(
            format=FORMAT,
            family="inferred" if located else None,
            cues=packets,
            fixes=tuple(self.fixes),
            notices=tuple(self._notices(packets, located)),
            axis_order_basis="family" if located else None,
            clocks=() if self.clock is None else (self.clock,),
            tags=tuple(self.tags),
        )

    def _notices(self, packets: int, located: bool) -> Iterator[Notice]:
        if located:
            message = "the stream was read without its schema: places were known by their shape, check one by hand"
            yield _notice("inferred", message)
        if packets > MAX_PACKETS or self.cut:
            yield _notice("limit", f"reading stopped after {MAX_PACKETS} packets or {MAX_FIELDS} fields of one")
        for times, code, words in (
            (self.no_message, "undecoded_cues", "packets are no protobuf message and were not read"),
            (self.ambiguous, "ambiguous", "packets hold two different places; none was taken"),
            (self.zero, "no_fix", "packets are at 0,0, which is taken for no fix"),
        ):
            if times:
                yield _notice(code, f"{times} of {packets} {words}")
        if not located and not self.zero:
            yield _notice("no_position", "no packet has a place of the shape that is known")


def _place(message: Sequence[Field]) -> tuple[str, str] | None:
    """Latitude and longitude of a message of exactly the shape of a place; None for any other."""
    values = {field.number: field.value for field in message}
    kinds = {field.number: field.wire for field in message}
    if len(values) != len(message) or values.keys() - {1} != {2, 3}:
        return None
    if kinds[2] != _FIXED64 or kinds[3] != _FIXED64 or kinds.get(1, _VARINT) != _VARINT:
        return None
    unit = values.get(1, 0)
    first, second = (struct.unpack("<d", value)[0] for value in (values[2], values[3]) if isinstance(value, bytes))
    if unit not in (0, 1) or not (math.isfinite(first) and math.isfinite(second)):
        return None
    turn = 1 if unit == 1 else Fraction(180) / Fraction(math.pi)
    latitude = degrees(Fraction(first) * turn, MAX_LATITUDE)
    longitude = degrees(Fraction(second) * turn, MAX_LONGITUDE)
    return None if latitude is None or longitude is None else (latitude, longitude)


def _notice(code: str, message: str) -> Notice:
    return Notice(code=f"telemetry.{code}", message=message)
