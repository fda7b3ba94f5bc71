"""A bounded walk over the boxes of an ISO base media file (ISO/IEC 14496-12, 4.2) through a function that reads.

It steps over headers and reads the payload of small boxes; it follows no offset, so it ends.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

MAX_BOXES = 20_000
"""Headers read in one file; a phone's has 200, a fragmented recording of half an hour 10,000."""
MAX_PAYLOAD = 64 << 10
"""Bytes read of one payload: user data of phones takes below 1 KiB."""

_PRINTABLE = re.compile(rb"[ -~\xa9]{4}\Z")


class Source(NamedTuple):
    """A file: its size, and a function that gives up to so many bytes from an offset."""

    size: int
    read_at: Callable[[int, int], bytes]


class Box(NamedTuple):
    """One box: its type, where its payload starts and where it ends, within what holds it."""

    kind: bytes
    payload: int
    end: int


class Walk:
    """Reads headers within the caps; ``left`` is how many it may still read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.left = MAX_BOXES

    def children(self, start: int, end: int) -> Iterator[Box]:
        """The boxes between two offsets, up to the first header that is none."""
        return self._boxes(start, end, numbered=False)

    def numbered(self, start: int, end: int) -> Iterator[Box]:
        """The same where a type may be a number (the items of ``ilst``)."""
        return self._boxes(start, end, numbered=True)

    def find(self, box: Box, path: Sequence[bytes]) -> Iterator[Box]:
        """The boxes at a path of types below ``box``."""
        for child in self.children(box.payload, box.end):
            if child.kind == path[0]:
                if len(path) == 1:
                    yield child
                else:
                    yield from self.find(child, path[1:])

    def read(self, box: Box) -> bytes:
        """The payload, up to the cap."""
        return self.peek(box.payload, min(MAX_PAYLOAD, box.end - box.payload))

    def peek(self, at: int, length: int) -> bytes:
        """Bytes at an offset, fewer at the end of the file."""
        return self._source.read_at(at, length) if length > 0 else b""

    def _boxes(self, at: int, end: int, *, numbered: bool) -> Iterator[Box]:
        end = min(end, self._source.size)
        while at + 8 <= end and self.left > 0:
            self.left -= 1
            box = self._box(at, end, numbered=numbered)
            if box is None:
                return
            yield box
            at = box.end

    def _box(self, at: int, end: int, *, numbered: bool) -> Box | None:
        head = self.peek(at, 16)
        if len(head) < 8:
            return None
        length, kind = struct.unpack_from(">I4s", head)
        payload = at + 8
        if length == 1 and len(head) == 16:
            length, payload = struct.unpack_from(">Q", head, 8)[0], at + 16
        elif length == 0:
            length = end - at
        if length < payload - at or not (numbered or _PRINTABLE.match(kind)):
            return None
        return Box(kind, payload, min(at + length, end))
