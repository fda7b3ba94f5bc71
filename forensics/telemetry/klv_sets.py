"""One KLV set taken apart: which standard it is of, what its tags say, whether its checksum holds."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from forensics.model.media import Tag
from forensics.model.text import visible
from forensics.telemetry.numbers import MAX_LATITUDE, MAX_LONGITUDE, degrees, metres, micros_to_utc

KEY_BYTES = 16
PREFIX = bytes.fromhex("060e2b34")
"""Every universal label begins so (SMPTE ST 298)."""

MAX_LENGTH_BYTES = 8
"""Of the long form of a BER length; sets are far below 2^64 bytes."""
MAX_ITEMS = 1000
"""Tags read of one set: ST 0601 has 143."""
MAX_TEXT = 256
"""Characters of one value (ST 0601 allows 127)."""

SECURITY = "st0102"
_ST0601 = bytes.fromhex("060e2b34020b01010e01030101000000")
_ST0102_LOCAL = bytes.fromhex("060e2b34020301010e01030302000000")
_EG0104 = bytes.fromhex("060e2b34020101010e01010201010000")
_ST0102_UNIVERSAL = bytes.fromhex("060e2b34020101010208020000000000")
_VERSION_BYTE = 7
"""Of a key: the version of the register, which does not change what the key means (SMPTE ST 336)."""


class Length(NamedTuple):
    """A BER length and the offset after it."""

    value: int
    end: int


def ber(data: bytes, at: int) -> Length | None:
    """A BER length (SMPTE ST 336, short or long form), or None: cut, indefinite, or longer than any set."""
    if at >= len(data):
        return None
    first = data[at]
    if first < 0x80:
        return Length(first, at + 1)
    count = first & 0x7F
    end = at + 1 + count
    if count == 0 or count > MAX_LENGTH_BYTES or end > len(data):
        return None
    return Length(int.from_bytes(data[at + 1 : end], "big"), end)


def ber_oid(data: bytes, at: int) -> Length | None:
    """A tag number in BER-OID form (seven bits a byte), or None."""
    value = 0
    for place in range(at, min(at + 4, len(data))):
        value = value << 7 | data[place] & 0x7F
        if data[place] < 0x80:
            return Length(value, place + 1)
    return None


@dataclass(slots=True, kw_only=True)
class Content:
    """What one set says. ``checksum`` is None when it has none; ``places`` tells that it is of a kind that has some;
    ``no_value`` counts reserved numbers that stand for "no value", ``damaged`` what could not be read.
    """

    family: str
    places: bool
    latitude: str | None = None
    longitude: str | None = None
    altitude: str | None = None
    micros: int | None = None
    checksum: bool | None = None
    damaged: int = 0
    no_value: int = 0
    tags: list[Tag] = field(default_factory=list)

    @property
    def utc(self) -> str | None:
        """The time stamp as RFC 3339."""
        return None if self.micros is None else micros_to_utc(self.micros)


def read_set(key: bytes, value: bytes, whole: bytes) -> Content | None:
    """The content of a set; None when its standard is not read here."""
    key = key[:_VERSION_BYTE] + b"\1" + key[_VERSION_BYTE + 1 :]
    if key == _ST0601:
        return _st0601(value, whole)
    if key == _ST0102_LOCAL:
        content = Content(family="ST 0102", places=False)
        _security(content, value)
        return content
    if key == _EG0104:
        return _eg0104(value)
    return None


def checksum_holds(whole: bytes, stated: int) -> bool:
    """ST 0601 item 1: the 16-bit sum from the key up to and with the checksum's own length, high bytes first."""
    covered = whole[: len(whole) - 2]
    total = sum(covered[::2]) * 256 + sum(covered[1::2])
    return total & 0xFFFF == stated


def _st0601(value: bytes, whole: bytes) -> Content:
    content = Content(family="ST 0601", places=True)
    last_end = 0
    for tag, item, end in _local_items(value, content):
        last_end = end
        if tag == 1:
            content.checksum = len(item) == 2 and end == len(value) and checksum_holds(whole, int.from_bytes(item))
        elif tag == 2:
            content.micros = _unsigned(content, item, 8)
        elif tag == 13:
            content.latitude = _scaled(content, item, _LATITUDE)
        elif tag == 14:
            content.longitude = _scaled(content, item, _LONGITUDE)
        elif tag == 15:
            content.altitude = _scaled(content, item, _ALTITUDE)
        elif tag == 48:
            _security(content, item)
        elif tag in _TEXTS:
            _tell(content, "st0601", _TEXTS[tag], _text(item))
        elif tag in _BINARY:
            _tell(content, "st0601", _BINARY[tag], item[:MAX_TEXT].hex())
    content.damaged += last_end != len(value)
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

_CLASSIFICATION = {1: "UNCLASSIFIED", 2: "RESTRICTED", 3: "CONFIDENTIAL", 4: "SECRET", 5: "TOP SECRET"}
_SECURITY_TEXTS = {
    3: "classifying_country",
    4: "compartment",
    5: "caveats",
    6: "releasing_instructions",
    7: "classified_by",
    8: "derived_from",
    9: "classification_reason",
    10: "declassification_date",
    11: "marking_system",
    14: "classification_comments",
}


def _security(content: Content, value: bytes) -> None:
    """ST 0102 as a local set."""
    for tag, item, _ in _local_items(value, content):
        if tag == 1:
            number = int.from_bytes(item[:1])
            _tell(content, SECURITY, "classification", _CLASSIFICATION.get(number, f"unknown ({number})"))
        elif tag == 13:
            coding = "utf-16-be" if b"\0" in item else "utf-8"
            _tell(content, SECURITY, "object_country_codes", _text(item, coding))
        elif tag in _SECURITY_TEXTS:
            _tell(content, SECURITY, _SECURITY_TEXTS[tag], _text(item))


class _Item(NamedTuple):
    tag: int
    value: bytes
    end: int


def _local_items(value: bytes, content: Content) -> Iterator[_Item]:
    """The items of a local set up to the first that does not fit."""
    at = 0
    for _ in range(MAX_ITEMS):
        if at >= len(value):
            return
        tag = ber_oid(value, at)
        length = None if tag is None else ber(value, tag.end)
        if tag is None or length is None or length.end + length.value > len(value):
            content.damaged += 1
            return
        at = length.end + length.value
        yield _Item(tag.value, value[length.end : at], at)
    content.damaged += at < len(value)


def _tell(content: Content, group: str, name: str, value: str) -> None:
    if value:
        content.tags.append(Tag(group=group, name=name, value=value))


def _text(item: bytes, coding: str = "utf-8") -> str:
    return visible(item[: 4 * MAX_TEXT].decode(coding, "replace").strip("\0 "))[:MAX_TEXT]


def _unsigned(content: Content, item: bytes, size: int) -> int | None:
    if len(item) != size:
        content.damaged += 1
        return None
    return int.from_bytes(item)


def _eg0104(value: bytes) -> Content:
    """EG 0104: a universal set, whose items have keys of 16 bytes and whose numbers are IEEE floats."""
    content = Content(family="EG 0104", places=True)
    for key, item in _universal_items(value, content):
        if key == _UTC:
            content.micros = _unsigned(content, item, 8)
        elif key == _DEVICE_LATITUDE:
            content.latitude = _real(content, item, lambda number: degrees(number, MAX_LATITUDE))
        elif key == _DEVICE_LONGITUDE:
            content.longitude = _real(content, item, lambda number: degrees(number, MAX_LONGITUDE))
        elif key == _DEVICE_ALTITUDE:
            content.altitude = _real(content, item, metres)
        elif key == _ST0102_UNIVERSAL:
            for inner, text in _universal_items(item, content):
                if inner in _UNIVERSAL_SECURITY:
                    _tell(content, SECURITY, _UNIVERSAL_SECURITY[inner], _text(text))
        elif key in _UNIVERSAL_TEXTS:
            _tell(content, "eg0104", _UNIVERSAL_TEXTS[key], _text(item))
    return content


def _universal(words: str) -> bytes:
    return bytes.fromhex("060e2b3401010101" + words)


_UTC = _universal("0702010101050000")
_DEVICE_LATITUDE = _universal("0701020102040200")
_DEVICE_LONGITUDE = _universal("0701020102060200")
_DEVICE_ALTITUDE = _universal("0701020102020000")
_UNIVERSAL_TEXTS: Mapping[bytes, str] = {
    _universal("0101200100000000"): "platform_designation",
    _universal("0105050000000000"): "mission",
    _universal("0101210100000000"): "platform_tail_number",
    _universal("0420010201010000"): "image_source",
    _universal("0701010100000000"): "image_coordinate_system",
}
_UNIVERSAL_SECURITY: Mapping[bytes, str] = {
    _universal("0208020100000000"): "classification",
    _universal("0701200102070000"): "classifying_country",
    _universal("0701200102080000"): "object_country_codes",
    _universal("0208020600000000"): "releasing_instructions",
}


class _UniversalItem(NamedTuple):
    key: bytes
    value: bytes


def _universal_items(value: bytes, content: Content) -> Iterator[_UniversalItem]:
    at = 0
    for _ in range(MAX_ITEMS):
        if at >= len(value):
            return
        length = ber(value, at + KEY_BYTES)
        if length is None or length.end + length.value > len(value) or value[at : at + 4] != PREFIX:
            content.damaged += 1
            return
        key = value[at : at + _VERSION_BYTE] + b"\1" + value[at + _VERSION_BYTE + 1 : at + KEY_BYTES]
        at = length.end + length.value
        yield _UniversalItem(key, value[length.end : at])
    content.damaged += at < len(value)


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
