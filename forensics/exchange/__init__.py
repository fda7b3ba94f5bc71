"""Hash lists of other organisations: bytes in, values out, and back. Reads and decides nothing of a case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from forensics.errors import InputError
from forensics.exchange import imagehash, pdq, vpdq
from forensics.exchange.lines import MAX_LIST_BYTES
from forensics.exchange.values import CODE_BYTES, RADIUS, Algorithm, Hash, Listed, Listing

__all__ = [
    "CODE_BYTES",
    "FORMATS",
    "MAX_LIST_BYTES",
    "RADIUS",
    "Algorithm",
    "Format",
    "Hash",
    "Listed",
    "Listing",
    "format_of",
]


class Format(Protocol):
    """A list format: a module of this room. ``WITH_QUALITY`` says that a receiver learns the quality of each hash."""

    NAME: str
    ALGORITHMS: tuple[Algorithm, ...]
    WITH_QUALITY: bool

    def sniff(self, data: bytes) -> bool:
        """Whether the bytes look like a list of this format."""
        ...

    def read(self, data: bytes) -> Listing:
        """Every entry, and every line that is none."""
        ...

    def write(self, hashes: Sequence[Hash]) -> bytes:
        """The hashes of one video as whole lines; the lines of several videos may follow one another."""
        ...


FORMATS: tuple[Format, ...] = (pdq, vpdq, imagehash)
"""Every format. `tests/contract/test_exchange_formats.py` holds each to its promises."""


def format_of(data: bytes) -> Format:
    """The format of these bytes.

    Raises:
        InputError: none that is known (``exchange.unknown_format``).
    """
    for each in FORMATS:
        if each.sniff(data):
            return each
    raise InputError(
        "no hash list that is known",
        hint="one hash a line: PDQ (64 hex digits), vPDQ (JSON) or imagehash (16 hex digits)",
        code="exchange.unknown_format",
    )
