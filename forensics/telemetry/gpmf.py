"""GoPro's metadata stream (GPMF): the places of its GPS, with the clock and the fix that stand beside them.

Source: GoPro's GPMF specification (github gopro/gpmf-parser, README). A payload holds about a second: one clock
reading and 5 to 18 places. Only the first place of a payload has a time; when the others were measured is not
written, and is not computed. ``GPS9`` (Hero 11 on) has a clock of its own for every place.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import NamedTuple

from forensics.model.notice import Notice
from forensics.model.tag import Tag
from forensics.model.telemetry import AltitudeDatum, ClockBasis, ClockRecord, Fix, Packet, Track
from forensics.model.text import visible
from forensics.telemetry.numbers import MAX_LATITUDE, MAX_LONGITUDE, degrees, metres, micros_to_utc
from forensics.telemetry.track_checks import checked

FORMAT = "gpmf"

MAX_BYTES = 512 << 20
"""Of one stream: 8 KiB a second make 14 hours; newer cameras write five times as much."""
MAX_ENTRIES = 2_000_000
"""Key-length-value entries read: 100 a payload for five hours."""
MAX_FIXES = 500_000
"""Seven hours at 18 places a second."""
MAX_DEPTH = 8
"""Of nesting; cameras nest three deep."""
MAX_TEXT = 128

_HEAD = struct.Struct(">4sBBH")
_NESTED = 0
_INTEGERS = {ord("l"): "i", ord("L"): "I", ord("s"): "h", ord("S"): "H", ord("j"): "q", ord("J"): "Q", ord("b"): "b"}
_UTC = re.compile(r"(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})\.(\d{3})", re.ASCII)
_GPS9 = struct.Struct(">7i2H")
_GPS9_TYPE = "lllllllSS"
_GPS9_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_GPRI = struct.Struct(">QiiiHHHHBB")
_GPRI_TYPE = "JlllSSSSBB"
_SYST = struct.Struct(">QQ")
_SYST_TYPE = "JJ"
_KINDS = ("GPS9", "GPS5", "GPRI")
"""In this order, when a stream has places of several kinds."""
_ESTIMATES = frozenset((b"GLPI",))
"""Places that a drone computes from several sensors; what its receiver said stands beside them."""
_DAY_US = 86_400_000_000
_TOLD = {b"DVNM": "device_name", b"CASN": "serial_number", b"MINF": "model", b"FMWR": "firmware"}
_LEAST_FIX = 2
"""``GPSF``: 0 no lock, 2 two-dimensional, 3 three-dimensional."""


class _Moment(NamedTuple):
    """When a place was measured: on the clip's timeline, as UTC, as written; each None when not known."""

    at_ms: int | None
    utc: str | None
    raw: str | None


class Entry(NamedTuple):
    """One key with its values: ``kind`` names their type, each of ``size`` bytes."""

    key: bytes
    kind: int
    size: int
    value: bytes


def sniff(head: bytes, name: str) -> bool:
    """Whether it begins with a device."""
    del name
    return head[:4] == b"DEVC" and len(head) >= _HEAD.size and head[4] == _NESTED


def read(data: bytes) -> Track:
    """The payloads of a whole file without times. Nothing is raised."""
    return read_packets((Packet(None, data),))


def read_packets(packets: Sequence[Packet]) -> Track:
    """The payloads of one stream, in order."""
    reading = _Reading()
    if sum(len(packet.data) for packet in packets) > MAX_BYTES:
        notice = _notice("limit", f"larger than {MAX_BYTES >> 20} MiB; it was not read")
        return Track(format=FORMAT, family=None, cues=0, fixes=(), notices=(notice,))
    for packet in packets:
        for device in reading.entries(packet.data):
            if device.key == b"DEVC":
                reading.device(packet.at_ms, device)
    return checked(reading.track())


class _Reading:
    """The payloads of one stream as they are read."""

    def __init__(self) -> None:
        self.kinds: dict[str, list[Fix]] = {}
        self.tags: dict[Tag, None] = {}
        self.clocks: dict[str, ClockRecord] = {}
        self.datum: AltitudeDatum | None = None
        self.left = MAX_ENTRIES
        self.payloads = self.cut = self.no_fix = self.damaged = self.over = 0

    def entries(self, data: bytes, depth: int = 0) -> Iterator[Entry]:
        """The entries of a payload or of what is nested in one; what does not fit ends it."""
        at = 0
        while at + _HEAD.size <= len(data) and self.left > 0 and depth <= MAX_DEPTH:
            self.left -= 1
            key, kind, size, repeat = _HEAD.unpack_from(data, at)
            if key == b"\0\0\0\0":  # filler at the end of a payload
                return
            at += _HEAD.size
            length = size * repeat
            if at + length > len(data):
                self.cut += 1
                return
            yield Entry(key, kind, size, data[at : at + length])
            at += (length + 3) // 4 * 4
        self.cut += at < len(data) and self.left > 0 and depth <= MAX_DEPTH

    def device(self, at_ms: int | None, device: Entry) -> None:
        """One payload of one device: its names, and its streams."""
        self.payloads += 1
        for entry in self.entries(device.value, 1):
            if entry.key in _TOLD:
                self._tell(_TOLD[entry.key], entry.value)
            elif entry.key == b"STRM" and entry.kind == _NESTED:
                self._stream(at_ms, {each.key: each for each in self.entries(entry.value, 2)})

    def _tell(self, name: str, value: bytes) -> None:
        text = visible(value[:MAX_TEXT].decode("latin-1").strip("\0 "))
        if text and len(self.tags) < MAX_TEXT:
            self.tags.setdefault(Tag(group="gpmf", name=name, value=text))

    def _stream(self, at_ms: int | None, found: dict[bytes, Entry]) -> None:
        """A stream is of the GPS when it has its key; a stream names the scale before the values."""
        if b"GPSA" in found:
            system = found[b"GPSA"].value[:4].decode("latin-1")
            self.datum = AltitudeDatum.MSL if system == "MSLV" else self.datum
        if b"GPS9" in found:
            self._gps9(at_ms, found)
        if b"GPS5" in found:
            self._gps5(at_ms, found)
        if b"GPRI" in found:
            self._gpri(at_ms, found)
        if b"SYST" in found:
            self._syst(found)
        for key in _ESTIMATES & found.keys():
            self._tell("other_positions", key)

    def _gps5(self, at_ms: int | None, found: dict[bytes, Entry]) -> None:
        entry, scale = found[b"GPS5"], _scale(found.get(b"SCAL"))
        if entry.kind != ord("l") or entry.size != 20 or len(scale) < 3:
            self.damaged += 1
            return
        locked = _first(found.get(b"GPSF"))
        utc, raw = self._stamp(found.get(b"GPSU"))
        for values in _rows(struct.Struct(">5i"), entry):
            self._add("GPS5", values[:3], scale, locked, _Moment(at_ms, utc, raw))
            at_ms = utc = raw = None

    def _gps9(self, at_ms: int | None, found: dict[bytes, Entry]) -> None:
        entry, scale = found[b"GPS9"], _scale(found.get(b"SCAL"))
        if not _shaped(found, _GPS9_TYPE) or entry.size != _GPS9.size or len(scale) < 9:
            self.damaged += 1
            return
        for values in _rows(_GPS9, entry):
            raw = f"{values[5]} days {values[6]}"
            days, moment = Fraction(values[5], scale[5]), Fraction(values[6], scale[6])
            utc = micros_to_utc(int(days * _DAY_US + moment * 1_000_000), _GPS9_EPOCH)
            self._record("GPS9", "clock of the first place", raw, utc)
            self._add("GPS9", values[:3], scale, values[8], _Moment(at_ms, utc, raw))
            at_ms = None

    def _gpri(self, at_ms: int | None, found: dict[bytes, Entry]) -> None:
        entry, scale = found[b"GPRI"], _scale(found.get(b"SCAL"))
        if not _shaped(found, _GPRI_TYPE) or entry.size != _GPRI.size or len(scale) < 4:
            self.damaged += 1
            return
        for values in _rows(_GPRI, entry):
            self._add("GPRI", values[1:4], scale[1:], values[8], _Moment(at_ms, None, str(values[0])))
            at_ms = None

    def _syst(self, found: dict[bytes, Entry]) -> None:
        """Time of day in units of the second scale, since 1970."""
        entry, scale = found[b"SYST"], _scale(found.get(b"SCAL"))
        if not _shaped(found, _SYST_TYPE) or entry.size != _SYST.size or len(scale) < 2:
            self.damaged += 1
            return
        for values in _rows(_SYST, entry):
            utc = micros_to_utc(int(Fraction(values[1], scale[1]) * 1_000_000))
            self._record("SYST", "first system time of the drone", str(values[1]), utc)

    def _stamp(self, entry: Entry | None) -> tuple[str | None, str | None]:
        """``GPSU``: yymmddhhmmss.sss of UTC."""
        raw = "" if entry is None else entry.value[:16].decode("latin-1")
        found = _UTC.match(raw)
        if found is None:
            self.damaged += entry is not None
            return None, None
        year, month, day, hour, minute, second, thousandths = (int(part) for part in found.groups())
        try:
            moment = datetime(2000 + year, month, day, hour, minute, second, thousandths * 1000, tzinfo=UTC)
        except ValueError:
            self.damaged += 1
            return None, found[0]
        utc = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self._record("GPSU", "first clock of the GPS", found[0], utc)
        return utc, found[0]

    def _record(self, key: str, source: str, raw: str, utc: str | None) -> None:
        clock = ClockRecord(source=f"{key}: {source}", raw=raw, utc=utc, basis=ClockBasis.UTC_DECLARED)
        self.clocks.setdefault(key, clock)

    def _add(self, kind: str, place: Sequence[int], scale: Sequence[int], locked: int | None, moment: _Moment) -> None:
        """One place; while the receiver has no fix it has none, whatever it repeats."""
        fixes = self.kinds.setdefault(kind, [])
        if len(fixes) >= MAX_FIXES:
            self.over += 1
            return
        latitude = degrees(Fraction(place[0], scale[0]), MAX_LATITUDE)
        longitude = degrees(Fraction(place[1], scale[1]), MAX_LONGITUDE)
        height = metres(Fraction(place[2], scale[2]))
        self.damaged += latitude is None or longitude is None or height is None
        lost = (locked is not None and locked < _LEAST_FIX) or (place[0] == 0 and place[1] == 0)
        self.no_fix += lost
        whole = not lost and latitude is not None and longitude is not None
        fix = Fix(
            cue=len(fixes),
            at_ms=moment.at_ms,
            clock_as_written=moment.raw,
            latitude=latitude if whole else None,
            longitude=longitude if whole else None,
            absolute_altitude=height if whole else None,
            utc=moment.utc,
        )
        fixes.append(fix)

    def track(self) -> Track:
        """What was read: the places of one kind."""
        kind = next((each for each in _KINDS if each in self.kinds), None)
        fixes = self.kinds.get(kind or "", [])
        for other in self.kinds:
            if other != kind:
                self._tell("other_positions", other.encode())
        located = any(fix.latitude for fix in fixes)
        return Track(
            format=FORMAT,
            family=kind,
            cues=len(fixes) + self.over,
            fixes=tuple(fixes),
            notices=tuple(self._notices(located)),
            axis_order_basis="named" if located else None,
            altitude_datum=self._datum(kind) if located else None,
            clocks=tuple(self.clocks.values()),
            tags=tuple(self.tags),
        )

    def _datum(self, kind: str | None) -> AltitudeDatum | None:
        """MAVLink's heights are above mean sea level; of the camera's it is known when ``GPSA`` says so."""
        return AltitudeDatum.MSL if kind == "GPRI" else self.datum

    def _notices(self, located: bool) -> Iterator[Notice]:
        if not self.payloads:
            yield _notice("no_cues", "holds no payload of a device")
        if self.left <= 0 or self.over:
            yield _notice("limit", f"reading stopped after {MAX_ENTRIES} entries or {MAX_FIXES} places")
        for times, code, words in (
            (self.cut, "cut_set", "entries say that they are longer than what is there, and were not read"),
            (self.damaged, "value_invalid", "values or streams are of a kind or a size that GoPro does not write"),
            (self.no_fix, "no_fix", "places were written while the receiver had no fix; they were not taken"),
        ):
            if times:
                yield _notice(code, f"{times} {words}")
        if self.payloads and not located and not self.no_fix:
            yield _notice("no_position", "no payload has a position")


def _shaped(found: dict[bytes, Entry], letters: str) -> bool:
    """Whether the stream says that its rows have these types."""
    kind = found.get(b"TYPE")
    return kind is not None and kind.value.rstrip(b"\0") == letters.encode()


def _rows(layout: struct.Struct, entry: Entry) -> Iterator[tuple[int, ...]]:
    whole = len(entry.value) // layout.size * layout.size
    return layout.iter_unpack(entry.value[:whole])


def _scale(entry: Entry | None) -> tuple[int, ...]:
    """The divisors of a stream's values, none of them zero; empty when there are none that can be read."""
    letter = None if entry is None else _INTEGERS.get(entry.kind)
    if entry is None or letter is None or entry.size != struct.calcsize(letter):
        return ()
    found = struct.unpack(f">{len(entry.value) // entry.size}{letter}", entry.value)
    return found if all(found) else ()


def _first(entry: Entry | None) -> int | None:
    """The first value of an entry of whole numbers."""
    letter = None if entry is None else _INTEGERS.get(entry.kind)
    if entry is None or letter is None or len(entry.value) < struct.calcsize(letter):
        return None
    return int(struct.unpack_from(f">{letter}", entry.value)[0])


def _notice(code: str, message: str) -> Notice:
    return Notice(code=f"telemetry.{code}", message=message)
