"""A dump of JSON objects as a stream: one list of them, or one after the other (JSON lines, or a single object).

Nothing is repaired: only Telegram Desktop is known to write what is no JSON.
"""

from __future__ import annotations

from collections.abc import Iterator

from forensics.sources.telegram_decoding import Decoder
from forensics.sources.telegram_json import MAX_MESSAGES, Chat
from forensics.sources.telegram_window import CLOSE_LIST, COMMA, END, OPEN_LIST, Window, cut, invalid
from forensics.sources.told import Record


def records(window: Window) -> Iterator[Record]:
    """Each element or object in order. Raises ExportCut, ExportInvalid, Unreadable."""
    window.skip_mark()
    if window.peek() == OPEN_LIST:
        window.at += 1
        yield from _elements(window)
        if window.peek() != END:
            raise invalid(f"not JSON at byte {window.offset}: something follows the list")
        return
    for _ in range(MAX_MESSAGES):
        if window.peek() == END:
            return
        yield _next(window)
    raise invalid(f"more than {MAX_MESSAGES} messages", code="telegram.too_many_messages")


def _elements(window: Window) -> Iterator[Record]:
    if window.peek() == CLOSE_LIST:
        window.at += 1
        return
    for _ in range(MAX_MESSAGES):
        if window.peek() == END:
            raise cut(f"it ends at byte {window.offset} before the list does")
        yield _next(window)
        sign = window.peek()
        if sign == END:
            raise cut(f"it ends at byte {window.offset} before the list does")
        window.at += 1
        if sign == CLOSE_LIST:
            return
        if sign != COMMA:
            raise invalid(f"not JSON at byte {window.offset - 1}: a comma or an end was expected")
    raise invalid(f"more than {MAX_MESSAGES} messages", code="telegram.too_many_messages")


def _next(window: Window) -> Record:
    offset, raw = window.offset, window.value()
    record = again(raw, offset, Chat())
    window.at += len(raw)
    return record


def again(raw: bytes, offset: int, chat: Chat) -> Record:
    """The record of a JSON value's bytes. Raises ExportInvalid."""
    decoder = Decoder()
    value = decoder.value(raw, offset)
    if decoder.repairs:
        raise invalid(f"not JSON in the value at byte {offset}")
    if decoder.repeated_keys:
        raise invalid(f"an object in the value at byte {offset} names a key twice", code="telegram.key_repeated")
    return Record(offset=offset, raw=raw, value=value, chat=chat)
