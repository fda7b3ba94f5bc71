"""Where each post of a capture stands, in some 40 bytes a post: numbers, places and digests in columns."""

from __future__ import annotations

import hashlib
import os
from array import array
from bisect import bisect_left
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from forensics.errors import ChangedWhileRead
from forensics.model.capture import ChatCoverage, Columns, Order
from forensics.sources.telegram_json import Chat

DIGEST_BYTES = 16
"""BLAKE2b (RFC 7693): nobody finds a second text for a given digest of 128 bits."""

_NO_SENDER, _SEVERAL = "", "several"


@dataclass(slots=True, kw_only=True)
class ChatIndex:
    """The posts of one chat as they were met; all are added before any is asked for.

    ``places`` are what the reader needs to find a post again; ``unread`` counts messages that are not among the posts.
    """

    numbers: array[int] = field(default_factory=lambda: array("q"))
    places: array[int] = field(default_factory=lambda: array("q"))
    lengths: array[int] = field(default_factory=lambda: array("i"))
    digests: bytearray = field(default_factory=bytearray)
    filed: bytearray = field(default_factory=bytearray)
    sender: str = _NO_SENDER
    rising: bool = True
    falling: bool = True
    unread: int = 0
    _sorted: tuple[NDArray[np.int64], NDArray[np.intp]] | None = None

    def add(self, number: int, place: int, raw: bytes, sender: str | None, *, filed: bool = False) -> None:
        """Note one post. ``sender`` is None for what is nobody's (a service message); ``filed`` if it names a file."""
        if self.numbers:
            self.rising = self.rising and number > self.numbers[-1]
            self.falling = self.falling and number < self.numbers[-1]
        self.numbers.append(number)
        self.places.append(place)
        self.lengths.append(len(raw))
        self.digests += digest_of(raw)
        self.filed.append(filed)
        if sender is not None and sender != self.sender:
            self.sender = sender if self.sender == _NO_SENDER else _SEVERAL

    @property
    def repeated(self) -> int:
        """Posts beyond the first of each number."""
        return 0 if self.rising or self.falling else len(self.numbers) - len(self._first()[0])

    def coverage(self, *, key: str, chat: Chat, complete: bool) -> ChatCoverage:
        """What the capture has of the chat, which has at least one post."""
        return ChatCoverage(
            key=key,
            name=chat.name,
            type=chat.type,
            id=chat.id,
            posts=len(self.numbers) - self.repeated,
            least=min(self.numbers),
            greatest=max(self.numbers),
            complete=complete,
            order=Order.RISING if self.rising else Order.FALLING if self.falling else Order.MIXED,
            sender=None if self.sender in (_NO_SENDER, _SEVERAL) else self.sender,
            unread=self.unread,
        )

    def columns(self) -> Columns:
        """The columns that are compared; of a number that stands more than once, the first post."""
        digests = np.frombuffer(self.digests, dtype=np.uint64).reshape(-1, 2)
        filed = np.frombuffer(self.filed, dtype=np.bool_)
        if self.rising:
            return Columns(numbers=np.frombuffer(self.numbers, dtype=np.int64), digests=digests, filed=filed)
        numbers, first = self._first()
        return Columns(numbers=numbers, digests=digests[first], filed=filed[first])

    def read_again(self, fd: int, number: int, path: str) -> tuple[int, bytes]:
        """Offset and source bytes of a post, where places are offsets in the file ``fd``. Raises ChangedWhileRead."""
        offset, length, digest = self.find(number)
        raw = os.pread(fd, length, offset)
        if digest_of(raw) != digest:
            raise ChangedWhileRead(
                f"{path}: written to while it was compared", hint="compare again when nothing writes to it"
            )
        return offset, raw

    def has(self, number: int) -> bool:
        """Whether there is a post of this number."""
        numbers = self.numbers if self.rising else self._first()[0]
        at = bisect_left(numbers, number)
        return at < len(numbers) and int(numbers[at]) == number

    def find(self, number: int) -> tuple[int, int, bytes]:
        """Place, length and digest of the post of a number that is there."""
        at = self._place(number)
        return self.places[at], self.lengths[at], bytes(self.digests[at * DIGEST_BYTES : (at + 1) * DIGEST_BYTES])

    def _place(self, number: int) -> int:
        if self.rising:
            return bisect_left(self.numbers, number)
        numbers, first = self._first()
        return int(first[int(np.searchsorted(numbers, number))])

    def _first(self) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
        if self._sorted is None:
            self._sorted = np.unique(np.array(self.numbers, dtype=np.int64), return_index=True)
        return self._sorted


def digest_of(raw: bytes) -> bytes:
    """The digest of a post's source bytes."""
    return hashlib.blake2b(raw, digest_size=DIGEST_BYTES).digest()
