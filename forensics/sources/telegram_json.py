"""Telegram Desktop's result.json as a stream of messages, each with its place in the file, in bounded memory.

A single chat is ``{name, type, id, messages}``; a whole account has ``chats`` and ``left_chats``, each with a ``list``
of chats. Telegram Desktop indents by one blank a level: the end of a message is the next closing brace at its own
indentation. That is tried first, and taken only when those bytes are one legal JSON object, which can end nowhere
else; otherwise the message's end is found by its strings and brackets. Both ways give the same messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from forensics.errors import ExportInvalid
from forensics.sources.telegram_decoding import Decoder
from forensics.sources.telegram_window import (
    CLOSE_LIST,
    CLOSE_OBJECT,
    COLON,
    COMMA,
    END,
    MAX_VALUE_BYTES,
    OPEN_LIST,
    OPEN_OBJECT,
    QUOTE,
    Window,
    cut,
    invalid,
)

MAX_MESSAGES = 20_000_000
"""In one file. The largest public chats have a few million; each costs a reader of coverage some 40 bytes."""

MAX_CHATS = 100_000
"""In one account. Telegram shows an account no more than some thousands of chats."""

MAX_MEMBERS = 10_000
"""Keys of one object that is looked into; the largest, an account's, has about a dozen."""

MAX_MISSES = 16
"""Each may cost a search through `MAX_VALUE_BYTES`."""

_LOOKED_INTO = 4
"""Levels at which containers of no interest are read piece by piece: an account's sections hold lists of objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """One chat of an export, as written. ``id`` is a whole number as text; ``type`` Telegram Desktop's word."""

    name: str | None = None
    type: str | None = None
    id: str | None = None


class Member(NamedTuple):
    """One element of a chat's list of messages: where it stands, and its unchecked value.

    ``chat`` counts the chats of the file from 0, ``place`` the elements of this one's list; ``offset`` counts bytes of
    the file, ``raw`` are the bytes themselves.
    """

    chat: int
    place: int
    offset: int
    raw: bytes
    value: object


class _Lines:
    """How the messages of one list lie on their lines, while they do."""

    def __init__(self, indent: bytes | None) -> None:
        self.closing = b"" if indent is None else indent + b"}"
        self.between = b"" if indent is None else b"," + indent + b"{"
        self._misses = 0

    def missed(self) -> None:
        """Note that a message did not end with its closing line; in a list where many do not, no more are tried."""
        self._misses += 1
        if self._misses > MAX_MISSES:
            self.closing = b""


class NoExport(ExportInvalid):
    """JSON, but nothing that Telegram Desktop writes."""

    code = "telegram.no_export"


@dataclass(slots=True, kw_only=True)
class Export:
    """One pass over the file behind ``window``.

    While `messages` runs, ``chats`` grows: what a chat says of itself may stand behind its messages, so that it is
    whole only at the end. ``own_lines`` tells that messages lie on lines of their own, as the program writes them;
    ``decoder`` counts repairs and repeated keys; ``closed`` has the chats whose lists ended.
    """

    window: Window
    quick: bool = True
    decoder: Decoder = field(default_factory=Decoder)
    chats: list[Chat] = field(default_factory=list)
    closed: set[int] = field(default_factory=set)
    count: int = 0
    lists: int = 0
    own_lines: bool = True

    def messages(self) -> Iterator[Member]:
        """Every message in the order of the file.

        Raises:
            NoExport: it is JSON without chats.
            ExportCut: the file ends before the export does; what came before was whole.
            ExportInvalid: it is no JSON, even after the known repairs, or a limit is passed.
            Unreadable: an input/output error.
        """
        self.window.skip_mark()
        if self.window.peek() == OPEN_OBJECT:
            yield from self._top()
        else:
            self._pass_over(1)
        if self.window.peek() != END:
            raise self._unexpected()
        if not self.lists:
            raise NoExport("JSON, but no Telegram export: it has neither messages nor chats")

    def _top(self) -> Iterator[Member]:
        about: dict[str, object] = {}
        number: int | None = None
        for key in self._members():
            opens = self.window.peek()
            if key == "messages" and opens == OPEN_LIST:
                number = self._new_chat() if number is None else number
                self.chats[number] = _chat(about)  # in case the file ends among the messages
                yield from self._messages(number)
            elif key in ("chats", "left_chats") and opens == OPEN_OBJECT:
                yield from self._chats()
            else:
                self._note(key, about)
                if number is not None:
                    self.chats[number] = _chat(about)

    def _chats(self) -> Iterator[Member]:
        for key in self._members():
            if key != "list" or self.window.peek() != OPEN_LIST:
                self._pass_over(2)
                continue
            self.lists += 1
            for _ in self._elements():
                if self.window.peek() == OPEN_OBJECT:
                    yield from self._one_chat()
                else:
                    self._pass_over(3)

    def _one_chat(self) -> Iterator[Member]:
        number = self._new_chat()
        about: dict[str, object] = {}
        for key in self._members():
            if key == "messages" and self.window.peek() == OPEN_LIST:
                yield from self._messages(number)
            else:
                self._note(key, about)
                self.chats[number] = _chat(about)

    def _new_chat(self) -> int:
        if len(self.chats) == MAX_CHATS:
            raise invalid(f"more than {MAX_CHATS} chats", code="telegram.too_many_chats")
        self.chats.append(Chat())
        return len(self.chats) - 1

    def _note(self, key: str, about: dict[str, object]) -> None:
        if key in ("name", "type", "id") and self.window.peek() not in (OPEN_LIST, OPEN_OBJECT):
            about[key] = self._take()
        else:
            self._pass_over(2)

    def _messages(self, number: int) -> Iterator[Member]:
        window = self.window
        self.lists += 1
        window.at += 1
        indent = window.indent() if self.quick else None
        if window.peek() == CLOSE_LIST:
            window.at += 1
            self.closed.add(number)
            return
        lines = _Lines(indent)
        place = 0
        while True:
            offset = window.offset
            value, raw = self._message(lines)
            window.at += len(raw)
            yield Member(number, place, offset, raw, value)
            place += 1
            self._counted()
            if lines.between and window.data.startswith(lines.between, window.at):
                window.at += len(lines.between) - 1
            elif self._ended(CLOSE_LIST):
                self.closed.add(number)
                return

    def _message(self, lines: _Lines) -> tuple[object, bytes]:
        """The message that begins here and its bytes: by its closing line where that is one whole object."""
        raw = self.window.line_value(lines.closing) if lines.closing else None
        if raw is not None and len(raw) <= MAX_VALUE_BYTES:
            try:
                return self.decoder.quick(raw), raw
            except ValueError:
                pass
        value, slow = self._slow()
        if lines.closing and (raw is None or len(raw) != len(slow)):
            lines.missed()
        self.own_lines = self.own_lines and bool(lines.closing)
        return value, slow

    def _counted(self) -> None:
        self.count += 1
        if self.count > MAX_MESSAGES:
            raise invalid(f"more than {MAX_MESSAGES} messages", code="telegram.too_many_messages")

    def _slow(self, *, document: bool = False) -> tuple[object, bytes]:
        if self.window.peek() == END:
            raise self._unexpected()
        raw = self.window.value(document=document)
        return self.decoder.value(raw, self.window.offset), raw

    def _take(self, *, document: bool = False) -> object:
        value, raw = self._slow(document=document)
        self.window.at += len(raw)
        return value

    def _pass_over(self, depth: int) -> None:
        """Read and check a value of no interest without holding more of it than one piece."""
        opens = self.window.peek()
        if depth > _LOOKED_INTO or opens not in (OPEN_LIST, OPEN_OBJECT):
            self._take(document=depth == 1)
            return
        for _ in self._members() if opens == OPEN_OBJECT else self._elements():
            self._pass_over(depth + 1)

    def _members(self) -> Iterator[str]:
        """Each key of the object that begins here; the caller takes its value before the next."""
        window = self.window
        window.at += 1
        if window.peek() == CLOSE_OBJECT:
            window.at += 1
            return
        seen: set[str] = set()
        repeated = False
        for _ in range(MAX_MEMBERS):
            if window.peek() != QUOTE:
                raise self._unexpected()
            key = str(self._take())
            repeated = repeated or key in seen
            seen.add(key)
            if window.peek() != COLON:
                raise self._unexpected()
            window.at += 1
            window.peek()
            yield key
            if self._ended(CLOSE_OBJECT):
                self.decoder.repeated_keys += repeated
                return
        raise invalid(f"an object with more than {MAX_MEMBERS} members", code="telegram.too_many_members")

    def _elements(self) -> Iterator[None]:
        """A step for each element of the list that begins here; the caller takes it before the next."""
        self.window.at += 1
        if self.window.peek() == CLOSE_LIST:
            self.window.at += 1
            return
        while True:
            yield None
            if self._ended(CLOSE_LIST):
                return

    def _ended(self, closing: int) -> bool:
        """Step over a comma to the next value (False) or over the closing bracket (True)."""
        sign = self.window.peek()
        if sign not in (COMMA, closing):
            raise self._unexpected()
        self.window.at += 1
        if sign == COMMA:
            self.window.peek()
        return sign == closing

    def _unexpected(self) -> ExportInvalid:
        if self.window.peek() == END:
            return cut(f"it ends at byte {self.window.offset} before the export does")
        return invalid(f"not JSON at byte {self.window.offset}: a comma, a colon or an end was expected")


def _chat(about: dict[str, object]) -> Chat:
    name, kind, number = about.get("name"), about.get("type"), about.get("id")
    return Chat(
        name=name if isinstance(name, str) else None,
        type=kind if isinstance(kind, str) else None,
        id=str(number) if isinstance(number, int) and not isinstance(number, bool) else None,
    )
