"""The grammar of KLV sets (SMPTE ST 336, MISB ST 0107): lengths, items, and what one set says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from forensics.model.tag import Tag
from forensics.model.text import visible
from forensics.telemetry.numbers import micros_to_utc

KEY_BYTES = 16
PREFIX = bytes.fromhex("060e2b34")
"""Every universal label begins so (SMPTE ST 298)."""

MAX_LENGTH_BYTES = 8
"""Of the long form of a BER length; sets are far below 2^64 bytes."""
MAX_ITEMS = 1000
"""Tags read of one set: ST 0601 has 143."""
MAX_TEXT = 256
"""Characters of one value (ST 0601 allows 127)."""

VERSION_BYTE = 7
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
    ``no_value`` counts reserved numbers that stand for "no value", ``damaged`` what could not be read; ``numbers`` are
    angles and places besides the sensor's own, which change from set to set.
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
    numbers: dict[str, str | None] = field(default_factory=dict)

    @property
    def utc(self) -> str | None:
        """The time stamp as RFC 3339."""
        return None if self.micros is None else micros_to_utc(self.micros)


class Item(NamedTuple):
    """One item of a local set: its tag, its value, the offset after it."""

    tag: int
    value: bytes
    end: int


def local_items(value: bytes, content: Content) -> Iterator[Item]:
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
        yield Item(tag.value, value[length.end : at], at)
    content.damaged += at < len(value)


class UniversalItem(NamedTuple):
    """One item of a universal set: its key, in version 1 of its register, and its value."""

    key: bytes
    value: bytes


def universal_items(value: bytes, content: Content) -> Iterator[UniversalItem]:
    """The items of a universal set up to the first that does not fit."""
    at = 0
    for _ in range(MAX_ITEMS):
        if at >= len(value):
            return
        length = ber(value, at + KEY_BYTES)
        if length is None or length.end + length.value > len(value) or value[at : at + 4] != PREFIX:
            content.damaged += 1
            return
        key = value[at : at + VERSION_BYTE] + b"\1" + value[at + VERSION_BYTE + 1 : at + KEY_BYTES]
        at = length.end + length.value
        yield UniversalItem(key, value[length.end : at])
    content.damaged += at < len(value)


def universal(words: str) -> bytes:
    """The key of an item of a universal set, version 1 of its register, from its second half in hexadecimal."""
    return PREFIX + bytes.fromhex("01010101" + words)


def tell(content: Content, group: str, name: str, value: str) -> None:
    """Add a tag, unless its value is empty."""
    if value:
        content.tags.append(Tag(group=group, name=name, value=value))


def text_of(item: bytes, coding: str = "utf-8") -> str:
    """A text without filler, cut, made safe to show."""
    return visible(item[: 4 * MAX_TEXT].decode(coding, "replace").strip("\0 "))[:MAX_TEXT]


def unsigned(content: Content, item: bytes, size: int) -> int | None:
    """A whole number of ``size`` bytes; None, and counted, for any other length."""
    if len(item) != size:
        content.damaged += 1
        return None
    return int.from_bytes(item)
