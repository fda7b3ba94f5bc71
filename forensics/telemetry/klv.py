"""Key-length-value metadata of military and survey drones: MISB ST 0601 and EG 0104, with ST 0102 security.

Sources: SMPTE ST 336 (keys, BER lengths), MISB ST 0107 (local sets), ST 0601.19, EG 0104.5, ST 0102.12, ST 0603
(time). A local set holds tags, a universal set holds 16-byte keys. Every packet is one sample. Sensor heights are
above mean sea level (ST 0601 item 15). Times are microseconds of UTC as the standard has it; an encoder may count
leap seconds differently (ST 0603), which nothing in the packet tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from forensics.model.notice import Notice
from forensics.model.tag import Tag
from forensics.model.telemetry import AltitudeDatum, ClockBasis, ClockRecord, Fix, Packet, Track
from forensics.telemetry import klv_sets
from forensics.telemetry.klv_items import KEY_BYTES, PREFIX, Content, ber
from forensics.telemetry.st0102 import SECURITY
from forensics.telemetry.track_checks import MAX_AIRCRAFT_SPEED, checked

FORMAT = "klv"

MAX_BYTES = 256 << 20
"""Of one stream: a packet is below 3 KiB, so half a day at 2 packets a second, or an hour at 25."""
MAX_SETS = 300_000
"""Packets read: three hours at 25 a second."""
MAX_TAGS = 200
"""Different values told of what is no place and no time; a mission changes a dozen of them."""
AU_HEADER_BYTES = 5
"""Metadata access unit header before each packet of a synchronous stream (Rec. ITU-T H.222.0, 2.12.4)."""

_NO_KEY = -1


def sniff(head: bytes, name: str) -> bool:
    """Whether it begins with a universal label, or with one after the header of an access unit."""
    del name
    return head.find(PREFIX, 0, len(PREFIX) + AU_HEADER_BYTES) != _NO_KEY


def read(data: bytes) -> Track:
    """The packets of a whole file. Nothing is raised."""
    return read_packets((Packet(None, data),))


def read_packets(packets: Sequence[Packet]) -> Track:
    """The sets of the packets of one stream, in order, each with the time of the packet that it begins in.

    A set whose checksum fails is read, and told: which of its bytes is wrong nobody knows.
    """
    reading = _Reading()
    if sum(len(packet.data) for packet in packets) > MAX_BYTES:
        notice = _notice("limit", f"larger than {MAX_BYTES >> 20} MiB; it was not read")
        return Track(format=FORMAT, family=None, cues=0, fixes=(), notices=(notice,))
    for packet in packets:
        for key, value, whole in reading.split(packet.data):
            reading.add(packet.at_ms, key, value, whole)
    return checked(reading.track(), MAX_AIRCRAFT_SPEED)


class _Set(NamedTuple):
    key: bytes
    value: bytes
    whole: bytes


class _Reading:
    """The sets of one stream as they are read."""

    def __init__(self) -> None:
        self.fixes: list[Fix] = []
        self.tags: dict[Tag, None] = {}
        self.numbers: dict[str, Tag] = {}
        self.families: dict[str, int] = {}
        self.sets = self.skipped = self.cut = self.unknown = self.damaged = self.no_value = 0
        self.bad_checksums = self.good_checksums = self.zero = 0
        self.clock: ClockRecord | None = None

    def split(self, data: bytes) -> Iterator[_Set]:
        """Every whole set; bytes that belong to none are counted."""
        at = 0
        while self.sets < MAX_SETS:
            start = data.find(PREFIX, at)
            if start == _NO_KEY:
                self.skipped += len(data) - at
                return
            self.skipped += start - at if start - at != AU_HEADER_BYTES else 0
            length = ber(data, start + KEY_BYTES)
            if length is None or length.end + length.value > len(data):
                self.cut += 1
                at = start + len(PREFIX)
                if data.find(PREFIX, at) == _NO_KEY:
                    return
                continue
            end = length.end + length.value
            self.sets += 1
            yield _Set(data[start : start + KEY_BYTES], data[length.end : end], data[start:end])
            at = end

    def add(self, at_ms: int | None, key: bytes, value: bytes, whole: bytes) -> None:
        """Read one set; one of a key that is not known is counted."""
        content = klv_sets.read_set(key, value, whole)
        if content is None:
            self.unknown += 1
            return
        self.families[content.family] = self.families.get(content.family, 0) + 1
        self.damaged += content.damaged
        self.no_value += content.no_value
        self.bad_checksums += content.checksum is False
        self.good_checksums += content.checksum is True
        for name, number in content.numbers.items():
            if number is not None:
                self.numbers.setdefault(name, Tag(group="st0601", name=f"{name}, first", value=number))
        for tag in content.tags:
            if len(self.tags) < MAX_TAGS:
                self.tags.setdefault(tag)
        if content.places:
            self._sample(at_ms, content)

    def _sample(self, at_ms: int | None, content: Content) -> None:
        latitude, longitude = content.latitude, content.longitude
        if latitude is None or longitude is None:
            latitude = longitude = None
        elif float(latitude) == 0 and float(longitude) == 0:
            self.zero += 1
            latitude = longitude = None
        if self.clock is None and content.micros is not None:
            self.clock = ClockRecord(
                source=f"{content.family} time stamp of the first set",
                raw=str(content.micros),
                utc=content.utc,
                basis=ClockBasis.UTC_DECLARED,
            )
        fix = Fix(
            cue=len(self.fixes),
            at_ms=at_ms,
            clock_as_written=None if content.micros is None else str(content.micros),
            latitude=latitude,
            longitude=longitude,
            absolute_altitude=content.altitude,
            utc=content.utc,
        )
        self.fixes.append(fix)

    def track(self) -> Track:
        """What was read."""
        family = max(self.families, key=lambda name: self.families[name]) if self.families else None
        located = any(fix.latitude for fix in self.fixes)
        if self.good_checksums or self.bad_checksums:
            verdict = f"{self.good_checksums} good, {self.bad_checksums} bad"
            self.tags.setdefault(Tag(group="klv", name="checksums", value=verdict))
        return Track(
            format=FORMAT,
            family=family,
            cues=self.sets,
            fixes=tuple(self.fixes),
            notices=tuple(self._notices(located)),
            axis_order_basis="named" if located else None,
            altitude_datum=AltitudeDatum.MSL if any(fix.absolute_altitude for fix in self.fixes) else None,
            clocks=() if self.clock is None else (self.clock,),
            tags=(*sorted(self.tags, key=lambda tag: tag.group != SECURITY), *self.numbers.values()),
        )

    def _notices(self, located: bool) -> Iterator[Notice]:
        if not self.sets:
            yield _notice("no_cues", "holds no whole set")
        if self.sets == MAX_SETS:
            yield _notice("limit", f"reading stopped after {MAX_SETS} sets")
        for times, code, words in (
            (self.cut, "cut_set", "sets say that they are longer than what is there, and were not read"),
            (self.unknown, "unknown_set", "sets are of no standard that is read here"),
            (self.damaged, "value_invalid", "values have a length or a number that their standard does not allow"),
            (self.zero, "no_fix", "sets are at 0,0, which is taken for no fix"),
        ):
            if times:
                yield _notice(code, f"{times} {words}")
        if self.bad_checksums:
            message = f"{self.bad_checksums} of {self.sets} sets do not add up to their checksum; values may be wrong"
            yield Notice(code="telemetry.checksum", message=message)
        if self.skipped:
            yield _notice("bytes_skipped", f"{self.skipped} bytes belong to no set")
        if self.sets and not located and not self.zero:
            yield _notice("no_position", "no set has a position")


def _notice(code: str, message: str) -> Notice:
    return Notice(code=f"telemetry.{code}", message=message)
