"""The places of a still: of its EXIF, as a decimal of nine digits, and of DJI's XMP, as written; each by itself.

Source: CIPA DC-008 (Exif 2.32 and 3.0), 4.6.6. The clock of the picture is a wall clock; an offset beside it makes it
UTC. The GPS has a clock of its own, which is UTC. No clock is told from another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

from forensics.model.notice import Notice
from forensics.model.tag import Tag
from forensics.model.telemetry import AltitudeDatum, ClockBasis, ClockRecord, Fix, Track
from forensics.telemetry import xmp
from forensics.telemetry.exif import app1_segments, read_tags
from forensics.telemetry.numbers import MAX_LATITUDE, MAX_LONGITUDE, degrees, metres
from forensics.telemetry.srt_values import Faults

FORMAT = "exif"

_JPEG = b"\xff\xd8\xff"
_TIFF = (b"II*\0", b"MM\0*")
_HEIF = frozenset((b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif"))
_NUMBER = re.compile(r"-?\d{1,12}(?:/\d{1,12})?")
_DATE = re.compile(r"(\d{4}):(\d{2}):(\d{2}) (\d{2}):(\d{2}):(\d{2})\Z", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d{2}):(\d{2})\Z", re.ASCII)
_TOLD = ("Make", "Model", "BodySerialNumber", "Software")
_BELOW = frozenset(("1", "3"))
_DATUMS = {"2": AltitudeDatum.MSL, "3": AltitudeDatum.MSL}
"""``GPSAltitudeRef`` 0 and 1 are above and below the sea in Exif 2.32, the ellipsoid in Exif 3.0: not known."""


def sniff(head: bytes, name: str) -> bool:
    """Whether it is a still of a format that holds EXIF."""
    del name
    return head.startswith((_JPEG, *_TIFF)) or (head[4:8] == b"ftyp" and head[8:12] in _HEIF)


def read(data: bytes) -> Track:
    """One sample for EXIF, with its place or none, and one for DJI's XMP if it names a place. Nothing is raised."""
    tags, notices = read_tags(data)
    found = {f"{tag.group} {tag.name}": tag.value for tag in tags}
    faults: list[str] = []
    fix = Fix(
        cue=0,
        at_ms=None,
        clock_as_written=found.get("EXIF DateTimeOriginal"),
        **_place(found, faults),
    )
    packet = xmp.packet(app1_segments(data))
    extra = xmp.read(packet) if packet else ()
    fixes = (*((fix,) if tags else ()), *_of_dji(extra, 1 if tags else 0, faults))
    located = any(each.latitude is not None for each in fixes)
    more = [Notice(code="telemetry.value_invalid", message=fault) for fault in faults]
    if not located and not faults:
        more.append(Notice(code="telemetry.no_position", message="the still names no place"))
    return Track(
        format=FORMAT,
        family=None,
        cues=len(fixes),
        fixes=fixes,
        notices=(*notices, *more),
        axis_order_basis="named" if located else None,
        altitude_datum=_datum(found) if len(fixes) == 1 and fix.absolute_altitude else None,
        clocks=(*_clocks(found), *_dates(extra)),
        tags=(*(Tag(group=FORMAT, name=tag.name, value=tag.value) for tag in tags if tag.name in _TOLD), *extra),
    )


def _place(found: Mapping[str, str], faults: list[str]) -> dict[str, str | None]:
    """Latitude, longitude and height; half a position is none, and 0,0 is none."""
    latitude = _angle(found, "Latitude", ("N", "S"), MAX_LATITUDE, faults)
    longitude = _angle(found, "Longitude", ("E", "W"), MAX_LONGITUDE, faults)
    if latitude is None or longitude is None:
        return {"latitude": None, "longitude": None}
    if float(latitude) == 0 and float(longitude) == 0:
        faults.append("the place is 0,0, which is taken for no fix")
        return {"latitude": None, "longitude": None}
    return {"latitude": latitude, "longitude": longitude, "absolute_altitude": _height(found, faults)}


def _of_dji(extra: Sequence[Tag], cue: int, faults: list[str]) -> Iterator[Fix]:
    """The place that DJI writes beside EXIF, with the height above the take-off place, which EXIF has no field for."""
    said = {tag.name.partition(":")[2]: tag.value for tag in extra if tag.name.startswith("drone-dji:")}
    longitude = said.get("GpsLongitude") or said.get("GpsLongtitude")
    if said.get("GpsLatitude") is None and longitude is None and said.get("RelativeAltitude") is None:
        return
    checked = Faults()
    here = checked.degrees(said.get("GpsLatitude"), MAX_LATITUDE), checked.degrees(longitude, MAX_LONGITUDE)
    zero = here[0] is not None and here[1] is not None and float(here[0]) == 0 == float(here[1])
    whole = here[0] is not None and here[1] is not None and not zero
    relative, absolute = (checked.metres(said.get(f"{name}Altitude")) for name in ("Relative", "Absolute"))
    faults += [f"XMP: {times} values of {kind} cannot be read" for kind, times in checked.counts.items() if times]
    if zero:
        faults.append("the place of the XMP is 0,0, which is taken for no fix")
    yield Fix(
        cue=cue,
        at_ms=None,
        clock_as_written=None,
        latitude=here[0] if whole else None,
        longitude=here[1] if whole else None,
        relative_altitude=relative,
        absolute_altitude=absolute,
    )


def _dates(extra: Sequence[Tag]) -> Iterator[ClockRecord]:
    """Dates of the packet, none of which is told to be of any zone."""
    for tag in extra:
        if tag.name in ("exif:DateTimeOriginal", "photoshop:DateCreated", "drone-dji:UTCAtExposure"):
            yield ClockRecord(source=f"XMP {tag.name}", raw=tag.value, basis=ClockBasis.LOCAL_UNKNOWN)


def _datum(found: Mapping[str, str]) -> AltitudeDatum | None:
    return _DATUMS.get(found.get("GPS GPSAltitudeRef", ""))


def _angle(found: Mapping[str, str], name: str, letters: tuple[str, str], limit: int, faults: list[str]) -> str | None:
    text, letter = found.get(f"GPS GPS{name}"), found.get(f"GPS GPS{name}Ref", "")
    if text is None:
        return None
    parts = _numbers(text)
    if parts is None or len(parts) != 3 or letter not in letters or any(part < 0 for part in parts):
        faults.append(f"GPS{name} is no angle with its letter")
        return None
    value = parts[0] + parts[1] / 60 + parts[2] / 3600
    shown = degrees(-value if letter == letters[1] else value, limit)
    if shown is None:
        faults.append(f"GPS{name} is beyond {limit} degrees")
    return shown


def _height(found: Mapping[str, str], faults: list[str]) -> str | None:
    text = found.get("GPS GPSAltitude")
    if text is None:
        return None
    parts = _numbers(text)
    shown = metres(-parts[0] if found.get("GPS GPSAltitudeRef") in _BELOW else parts[0]) if parts else None
    if shown is None:
        faults.append("GPSAltitude is no height")
    return shown


def _numbers(text: str) -> Sequence[Fraction] | None:
    """The numbers that exifread prints, ``[60, 10, 16251/1250]``; None when one divides by zero."""
    try:
        return [Fraction(word) for word in _NUMBER.findall(text)]
    except ZeroDivisionError:
        return None


def _clocks(found: Mapping[str, str]) -> Iterator[ClockRecord]:
    """The picture's own clock, and that of its GPS."""
    written = found.get("EXIF DateTimeOriginal", "")
    moment = _moment(written)
    if written:
        offset = _minutes(found.get("EXIF OffsetTimeOriginal", ""))
        utc = None
        if moment is not None and offset is not None:
            utc = _rfc3339(moment.replace(tzinfo=timezone(timedelta(minutes=offset))))
        basis = ClockBasis.OFFSET_DECLARED if utc else ClockBasis.LOCAL_UNKNOWN
        yield ClockRecord(
            source="EXIF DateTimeOriginal", raw=written, basis=basis, utc=utc, offset_minutes=offset if utc else None
        )
    day, time = found.get("GPS GPSDate", ""), _numbers(found.get("GPS GPSTimeStamp", ""))
    if day and time and len(time) == 3:
        start = _moment(f"{day} 00:00:00")
        seconds = time[0] * 3600 + time[1] * 60 + time[2]
        utc = None
        if start is not None and 0 <= seconds <= 86_400:
            utc = _rfc3339(start.replace(tzinfo=UTC) + timedelta(microseconds=round(seconds * 1_000_000)))
        raw = f"{day} {found['GPS GPSTimeStamp']}"
        yield ClockRecord(source="GPS date and time", raw=raw, basis=ClockBasis.UTC_DECLARED, utc=utc)


def _moment(text: str) -> datetime | None:
    """A date and time without any zone."""
    found = _DATE.match(text)
    try:
        return None if found is None else datetime.fromisoformat("{}-{}-{}T{}:{}:{}".format(*found.groups()))
    except ValueError:
        return None


def _minutes(text: str) -> int | None:
    found = _OFFSET.match(text)
    if found is None or int(found[2]) > 14 or int(found[3]) > 59:
        return None
    return (int(found[2]) * 60 + int(found[3])) * (-1 if found[1] == "-" else 1)


def _rfc3339(moment: datetime) -> str | None:
    try:
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rjust(26, "0") + "Z"
    except OverflowError:
        return None
