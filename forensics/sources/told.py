"""What a document tells of posts: the values that each reader of pages and dumps makes, and what they are made from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from forensics.model.capture import CapturedPost
from forensics.model.provenance import Post, SourceKind
from forensics.sources.telegram_json import Chat
from forensics.sources.telegram_posts import Oddities
from forensics.sources.telegram_window import Window

LEAST_TIME, GREATEST_TIME = 0, 99_999_999_999
"""Seconds UTC that `Oddities.unixtime` takes, too: eleven digits."""

MAX_DIGITS = 18
"""Of a number in a text: what fits 63 bits."""

_PAGE = re.compile(r"(?:https?://)?(?:www\.)?t\.me/(?:s/)?([A-Za-z0-9_]{2,64})(?:/([0-9]{1,18}))?/?(?:[?#].*)?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A piece of a document that tells of posts: its place, its bytes, their value, and the chat that holds it."""

    offset: int
    raw: bytes
    value: object
    chat: Chat


@dataclass(frozen=True, slots=True, kw_only=True)
class FileName:
    """A name under which a post's file may lie.

    ``own`` tells that no other post's file can have it; ``size`` in bytes is what the document says of the file.
    """

    name: str
    own: bool = False
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One post: the chat it is in (``key`` names that across captures), the post, and the names of its files."""

    key: str
    chat: Chat
    captured: CapturedPost
    files: tuple[FileName, ...] = ()


class Format(Protocol):
    """A kind of document that tells of posts."""

    KIND: SourceKind
    PROGRAM: str
    NOTICE: str

    def sniff(self, name: str, head: bytes) -> bool:
        """Whether a document of this name that begins so is one; ``head`` has at most `HEAD_BYTES`."""

    def records(self, window: Window) -> Iterator[Record]:
        """Every piece, in order. Raises ExportInvalid, Unreadable."""

    def again(self, raw: bytes, offset: int, chat: Chat) -> Record:
        """A piece read again from its bytes."""

    def told(self, record: Record, oddities: Oddities) -> tuple[Told, ...]:
        """The posts of a piece; none when it is no post."""

    def selected(self, told: Told) -> bool | None:
        """Whether this post shows that posts were left out by choice (True), or were not (False); None: neither."""


def address(value: object) -> tuple[str, str | None] | None:
    """Name and post number of a public t.me address; None for any other (t.me/c/… is a private chat)."""
    found = _PAGE.match(value) if isinstance(value, str) else None
    return None if found is None or found[1] in ("c", "s", "joinchat") else (found[1], found[2])


def moment(value: object, oddities: Oddities) -> tuple[int | None, str | None]:
    """A time as seconds UTC, or (without a zone, which is never guessed) as the wall clock that was written.

    Takes ISO 8601 text and whole seconds UTC; anything else is counted as odd.
    """
    if value is None or value == 0:
        return None, None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int):
        return oddities.unixtime(value), None
    try:
        when = datetime.fromisoformat(value if isinstance(value, str) else "")
        seconds = None if when.tzinfo is None else int(when.timestamp())
    except (ValueError, OverflowError, OSError):
        oddities.counts["telegram.time_invalid"] += 1
        return None, None
    if seconds is None:
        return None, when.isoformat(timespec="seconds")
    return (seconds if LEAST_TIME < seconds <= GREATEST_TIME else None), None


def number(value: object) -> str | None:
    """A whole number as text; None for anything else, and for 0, which programs write for none."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    whole = isinstance(value, str) and value.removeprefix("-").isdecimal() and len(value) <= MAX_DIGITS + 2
    return str(value) if whole and value not in ("0", "-0") else None


def member(value: object, *names: str) -> object:
    """What lies in objects within objects under these names; None where one is missing."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def with_page(told: Told, page: tuple[str, str | None]) -> Told:
    """The same post, known to stand at a public address."""
    post: Post = replace(told.captured.post, public_page=f"t.me/{page[0]}/{told.captured.number}")
    return replace(told, captured=replace(told.captured, post=post))
