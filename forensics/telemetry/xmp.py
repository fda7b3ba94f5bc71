"""What a still's XMP packet says of an aircraft: DJI's own names, serial numbers, dates.

Source: Adobe XMP Specification part 3 (the packet stands in an APP1 segment of a JPEG); names of ``drone-dji`` as in
exiftool's DJI tables. The packet is searched for known names, not parsed as XML: it comes from an adversary, and what
is not known by name is not wanted.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from forensics.model.tag import Tag
from forensics.model.text import visible

GROUP = "xmp"

MAX_PACKET = 64 << 10
"""Bytes of a packet: one segment of a JPEG holds no more; what Adobe's extended XMP adds holds no drone's names."""
MAX_VALUE = 256
_HEAD = b"http://ns.adobe.com/xap/1.0/\0"

_NAMES = frozenset(
    (
        "drone-dji:GpsLatitude", "drone-dji:GpsLongitude", "drone-dji:GpsLongtitude", "drone-dji:AbsoluteAltitude",
        "drone-dji:RelativeAltitude", "drone-dji:GimbalYawDegree", "drone-dji:GimbalPitchDegree",
        "drone-dji:GimbalRollDegree", "drone-dji:FlightYawDegree", "drone-dji:FlightPitchDegree",
        "drone-dji:FlightRollDegree", "drone-dji:FlightXSpeed", "drone-dji:FlightYSpeed", "drone-dji:FlightZSpeed",
        "drone-dji:RtkFlag", "drone-dji:UTCAtExposure", "drone-dji:DroneModel", "drone-dji:DroneSerialNumber",
        "drone-dji:CameraSerialNumber", "aux:SerialNumber", "exifEX:BodySerialNumber", "exif:DateTimeOriginal",
        "photoshop:DateCreated", "xmp:CreateDate", "tiff:Make", "tiff:Model",
    )
)  # fmt: skip
"""``GpsLongtitude`` is a DJI spelling."""
_NAME = r"([A-Za-z-]{2,12}:[A-Za-z]{2,24})"
_ENTRY = re.compile(
    rf"""{_NAME}(?:\s?=\s?(?:"([^"<]{{0,{MAX_VALUE}}})"|'([^'<]{{0,{MAX_VALUE}}})')|>([^<]{{0,{MAX_VALUE}}})</)"""
)
"""As an attribute in either quotes, or as an element."""


def packet(segments: Iterator[bytes]) -> bytes | None:
    """The first XMP packet among the APP1 segments of a JPEG."""
    found = next((segment for segment in segments if segment.startswith(_HEAD)), None)
    return None if found is None else found[len(_HEAD) : len(_HEAD) + MAX_PACKET]


def read(data: bytes) -> tuple[Tag, ...]:
    """The known names of a packet with their values as written, in its order; the same entry is told once."""
    found: dict[Tag, None] = {}
    for name, double, single, inner in _ENTRY.findall(data[:MAX_PACKET].decode("utf-8", "replace")):
        value = visible(html.unescape(double or single or inner).strip())[:MAX_VALUE]
        if name in _NAMES and value:
            found.setdefault(Tag(group=GROUP, name=name, value=value))
    return tuple(found)
