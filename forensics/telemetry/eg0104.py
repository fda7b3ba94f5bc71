"""MISB EG 0104, the predator universal set: items have keys of 16 bytes, numbers are IEEE floats."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from fractions import Fraction

from forensics.telemetry.klv_items import Content, tell, text_of, universal, universal_items, unsigned
from forensics.telemetry.numbers import MAX_LATITUDE, MAX_LONGITUDE, degrees, metres
from forensics.telemetry.st0102 import read_universal_security

_ST0102_UNIVERSAL = bytes.fromhex("060e2b34020101010208020000000000")


def read_eg0104(value: bytes) -> Content:
    """EG 0104: a universal set, whose items have keys of 16 bytes and whose numbers are IEEE floats."""
    content = Content(family="EG 0104", places=True)
    for key, item in universal_items(value, content):
        if key == _UTC:
            content.micros = unsigned(content, item, 8)
        elif key == _DEVICE_LATITUDE:
            content.latitude = _real(content, item, lambda number: degrees(number, MAX_LATITUDE))
        elif key == _DEVICE_LONGITUDE:
            content.longitude = _real(content, item, lambda number: degrees(number, MAX_LONGITUDE))
        elif key == _DEVICE_ALTITUDE:
            content.altitude = _real(content, item, metres)
        elif key == _ST0102_UNIVERSAL:
            read_universal_security(content, item)
        elif key in _UNIVERSAL_TEXTS:
            tell(content, "eg0104", _UNIVERSAL_TEXTS[key], text_of(item))
    return content


_UTC = universal("0702010101050000")
_DEVICE_LATITUDE = universal("0701020102040200")
_DEVICE_LONGITUDE = universal("0701020102060200")
_DEVICE_ALTITUDE = universal("0701020102020000")
_UNIVERSAL_TEXTS: Mapping[bytes, str] = {
    universal("0101200100000000"): "platform_designation",
    universal("0105050000000000"): "mission",
    universal("0101210100000000"): "platform_tail_number",
    universal("0420010201010000"): "image_source",
    universal("0701010100000000"): "image_coordinate_system",
}


def _real(content: Content, item: bytes, shown: Callable[[Fraction], str | None]) -> str | None:
    """An IEEE number of four or eight bytes as text; one of four bytes has seven digits that mean something."""
    if len(item) not in (4, 8):
        content.damaged += 1
        return None
    number: float = struct.unpack(">f" if len(item) == 4 else ">d", item)[0]
    if not math.isfinite(number):
        content.damaged += 1
        return None
    text = shown(Fraction(number))
    content.damaged += text is None
    return text
