"""MISB ST 0601, the UAS datalink local set: what a military or survey drone says of itself and of what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import NamedTuple

from forensics.telemetry.klv_items import MAX_TEXT, Content, local_items, tell, text_of, unsigned
from forensics.telemetry.numbers import (
    DEGREE_DIGITS,
    MAX_LATITUDE,
    MAX_LONGITUDE,
    METRE_DIGITS,
    decimal_text,
    degrees,
    metres,
)
from forensics.telemetry.st0102 import read_security


def checksum_holds(whole: bytes, stated: int) -> bool:
    """ST 0601 item 1: the 16-bit sum from the key up to and with the checksum's own length, high bytes first."""
    covered = whole[: len(whole) - 2]
    total = sum(covered[::2]) * 256 + sum(covered[1::2])
    return total & 0xFFFF == stated


def read_st0601(value: bytes, whole: bytes) -> Content:
    """The items of one local set; ``whole`` is the set with its key and length, which the checksum covers too."""
    content = Content(family="ST 0601", places=True)
    for tag, item, end in local_items(value, content):
        if tag == 1:
            content.checksum = len(item) == 2 and end == len(value) and checksum_holds(whole, int.from_bytes(item))
        elif tag == 2:
            content.micros = unsigned(content, item, 8)
        elif tag in _SENSOR:
            name, scale = _SENSOR[tag]
            setattr(content, name, _scaled(content, item, scale))
        elif tag in _NUMBERS:
            name, scale = _NUMBERS[tag]
            content.numbers[name] = _scaled(content, item, scale)
        elif tag == 48:
            read_security(content, item)
        elif tag in _TEXTS:
            tell(content, "st0601", _TEXTS[tag], text_of(item))
        elif tag in _BINARY:
            tell(content, "st0601", _BINARY[tag], item[:MAX_TEXT].hex())
    return content


class _Scale(NamedTuple):
    """A linear number (ST 0601, 8): ``size`` bytes, signed over +-``most`` or unsigned over ``least`` to ``most``."""

    size: int
    signed: bool
    least: int
    most: int
    shown: Callable[[Fraction], str | None]


_LATITUDE = _Scale(4, True, -90, 90, lambda value: degrees(value, MAX_LATITUDE))
_LONGITUDE = _Scale(4, True, -180, 180, lambda value: degrees(value, MAX_LONGITUDE))
_ALTITUDE = _Scale(2, False, -900, 19_000, metres)


def _angle(size: int, least: int, most: int) -> _Scale:
    return _Scale(size, least < 0, least, most, lambda value: decimal_text(value, DEGREE_DIGITS))


_SENSOR = {13: ("latitude", _LATITUDE), 14: ("longitude", _LONGITUDE), 15: ("altitude", _ALTITUDE)}
"""The sensor's own place, by the field of `Content`."""
_NUMBERS: Mapping[int, tuple[str, _Scale]] = {
    5: ("platform_heading_deg", _angle(2, 0, 360)),
    6: ("platform_pitch_deg", _angle(2, -20, 20)),
    7: ("platform_roll_deg", _angle(2, -50, 50)),
    16: ("horizontal_field_of_view_deg", _angle(2, 0, 180)),
    17: ("vertical_field_of_view_deg", _angle(2, 0, 180)),
    18: ("sensor_azimuth_deg", _angle(4, 0, 360)),
    19: ("sensor_elevation_deg", _angle(4, -180, 180)),
    20: ("sensor_roll_deg", _angle(4, 0, 360)),
    21: ("slant_range_m", _Scale(4, False, 0, 5_000_000, lambda value: decimal_text(value, METRE_DIGITS))),
    23: ("frame_center_latitude", _LATITUDE),
    24: ("frame_center_longitude", _LONGITUDE),
    25: ("frame_center_height_m", _ALTITUDE),
    40: ("target_latitude", _LATITUDE),
    41: ("target_longitude", _LONGITUDE),
    42: ("target_height_m", _ALTITUDE),
    75: ("sensor_ellipsoid_height_m", _ALTITUDE),
}


def _scaled(content: Content, item: bytes, scale: _Scale) -> str | None:
    """A number of a linear item as text; None, and counted, for the reserved one or a wrong length."""
    if len(item) != scale.size:
        content.damaged += 1
        return None
    raw = int.from_bytes(item, signed=scale.signed)
    bits = 8 * scale.size
    if scale.signed:
        if raw == -(1 << bits - 1):  # "reserved" or "out of range": no value
            content.no_value += 1
            return None
        return scale.shown(Fraction(raw * (scale.most - scale.least), (1 << bits) - 2))
    return scale.shown(Fraction(raw * (scale.most - scale.least), (1 << bits) - 1) + scale.least)


_TEXTS = {
    3: "mission",
    4: "platform_tail_number",
    10: "platform_designation",
    11: "image_source",
    12: "image_coordinate_system",
    59: "platform_call_sign",
}
_BINARY = {65: "version", 94: "miis_core_identifier"}
