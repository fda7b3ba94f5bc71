"""Captures: what somebody's export of chats held at one time, and how two of them differ.

A capture proves what it holds. What it does not hold proves something only inside its coverage: between the least
and the greatest message number of a chat that are present in what could be read of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from forensics.model.notice import Notice
from forensics.model.provenance import Post

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class MediaState(StrEnum):
    """Whether a post's file came with the export, as the export says."""

    NAMED = "named"
    NOT_INCLUDED = "not_included"
    TOO_LARGE = "too_large"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "placeholder_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostMedia:
    """What a post says of its file. ``name`` is the path in the export, ``file_name`` the sender's name for it.

    ``sha256`` is that of the file's bytes as they lie in the export, where they were read.
    """

    state: MediaState
    kind: str | None = None
    name: str | None = None
    file_name: str | None = None
    mime: str | None = None
    size: int | None = None
    duration_s: int | None = None
    width: int | None = None
    height: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedPost:
    """One post as one capture has it.

    ``sender`` is the id in the export's form (``channel5``); ``markup`` the parts of the text with kind and link
    target, None when the format does not tell; ``document`` the name of the post's file when a capture has several.
    ``content`` are parts that are neither text nor file (a poll, a place, a contact) by name, as canonical JSON;
    ``rendered`` tells that it was read from a page made for people, which has names as shown and no times of edits;
    ``program`` names what wrote it when that is not Telegram Desktop: only text and time are compared across programs.
    """

    number: int
    post: Post
    document: str | None = None
    rendered: bool = False
    program: str = ""
    sender: str | None = None
    media: tuple[PostMedia, ...] = ()
    markup: tuple[tuple[str, str, str], ...] | None = None
    content: tuple[tuple[str, str], ...] = ()

    def digested(self, sha256: Callable[[PostMedia], str | None]) -> CapturedPost:
        """The same with the digests of its files, as far as ``sha256`` has them."""
        return replace(self, media=tuple(replace(media, sha256=sha256(media)) for media in self.media))


class Order(StrEnum):
    """How the message numbers of a chat follow one another in a capture."""

    RISING = "rising"
    FALLING = "falling"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCoverage:
    """What a capture has of one chat.

    ``key`` names the chat across captures (kind and bare id); ``least`` and ``greatest`` are message numbers;
    ``complete`` tells that the list of messages was read to its end; ``sender`` is the one id that all posts are from,
    None when there are several or it is not told. ``selected`` tells that posts may have been left out by choice, so
    that what is missing proves nothing; ``leaves_out_services`` that the format does not show all service messages;
    ``unread`` counts messages that stand in the document and are not among the posts: any number may be theirs.
    """

    key: str
    name: str | None
    type: str | None
    id: str | None
    posts: int
    least: int
    greatest: int
    complete: bool
    order: Order
    sender: str | None = None
    selected: bool = False
    leaves_out_services: bool = False
    unread: int = 0

    @property
    def has_own_numbers(self) -> bool:
        """Whether message numbers count this chat alone (channels and supergroups), so that a gap means something."""
        return self.key.startswith(("channel:", "t.me:"))

    def proves_absence(self, other: ChatCoverage) -> bool:
        """Whether a number between ``least`` and ``greatest`` that is missing was missing when this was captured.

        Of a list that was not read to its end, the rest may hold any number, unless its numbers come in one order, and
        the other capture's in the same: then they stand where the exporter puts them.
        """
        if self.selected or self.unread:
            return False
        return self.complete or (self.order is not Order.MIXED and self.order is other.order)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One export as it was read.

    ``sha256`` is the digest of the document (of the list of digests, when ``documents`` are several pages; of the JSON,
    when pages lie beside it); ``offsets``
    the differences of local and UTC time in seconds with the number of posts that have each; ``newest`` the latest
    time in seconds UTC that the capture speaks of: it was made no earlier. ``era`` tells the oldest version of the
    exporter that writes such fields.
    """

    path: str
    sha256: str
    size: int
    format: str
    tool: str
    era: str
    chats: tuple[ChatCoverage, ...]
    offsets: tuple[tuple[int, int], ...]
    newest: int | None
    repairs: tuple[tuple[str, int], ...] = ()
    documents: tuple[tuple[str, str], ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The posts of one chat: ``numbers`` int64, rising, each once; ``digests`` (n, 2) uint64 of their source bytes;
    ``filed`` (n,) tells which name a file that may lie in the export.
    """

    numbers: NDArray[np.int64]
    digests: NDArray[np.uint64]
    filed: NDArray[np.bool_]


class Captured(Protocol):
    """An open capture: its description, and each post when it is asked for."""

    @property
    def about(self) -> Capture:
        """What was read."""
        ...

    def columns(self, key: str) -> Columns:
        """All posts of a chat that the capture has."""
        ...

    def post(self, key: str, number: int) -> CapturedPost:
        """One of them. Raises InputError when the document has changed since."""
        ...

    def posts(self, key: str, numbers: Sequence[int], *, files: bool) -> Iterator[CapturedPost]:
        """Several of them, in the order of ``numbers``; with ``files`` each has the digests of its files as they lie
        in the export, as far as they are at hand and can be read. They are asked for at once and told one by one: all
        are to be taken before anything else is asked. Raises as `post` does.
        """
        ...


class State(StrEnum):
    """What two captures say of a post, or of a chat. None of them says why."""

    ABSENT = "absent_in_coverage"
    NOT_COVERED = "not_covered"
    TEXT_EDITED = "text_edited"
    MEDIA_REPLACED = "media_replaced"
    FILE_DIFFERS = "file_differs"
    PLACEHOLDER_CHANGED = "placeholder_changed"
    TIME_CHANGED = "time_changed"
    EDIT_STAMP_ONLY = "edit_stamp_only"
    OTHER_CHANGED = "other_fields_changed"
    APPEARED_LATE = "appeared_late"
    ADDED = "added"
    NEVER_SEEN = "id_never_seen"
    RENAMED_CHAT = "renamed_chat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field with both values, as text for a reader; None where a capture does not have it."""

    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that the later capture says otherwise than the earlier.

    Of one post: ``number`` with ``old`` and ``new`` as far as they are there. Of a stretch or a chat: ``ranges`` of
    message numbers (inclusive) and how many are meant (``count``). ``neighbours`` are the nearest numbers below and
    above that the capture has in which the post is missing; ``album`` the numbers that were probably posted as one.
    """

    states: tuple[State, ...]
    chat: ChatCoverage
    reason: str
    number: int | None = None
    old: CapturedPost | None = None
    new: CapturedPost | None = None
    changes: tuple[Change, ...] = ()
    neighbours: tuple[int, int] | None = None
    album: tuple[int, ...] = ()
    ranges: tuple[tuple[int, int], ...] = ()
    count: int = 1
