"""A page of Telegram Desktop's HTML export, taken apart message by message, in time and memory that its size bounds.

The exporter writes regular HTML: every element closed, every ``<`` of a text escaped (its export_output_html.cpp). So a
tag is what stands between ``<`` and ``>``, quotes respected; anything else is text. No general parser is needed, and
none that an enemy can slow down.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from forensics.errors import ExportInvalid

MAX_PAGE_BYTES = 64 << 20
"""The exporter puts a thousand messages on a page: a few megabytes."""

MAX_DEPTH = 64
"""Elements in elements; the exporter nests about a dozen."""

MAX_MESSAGE_CHARACTERS = 1 << 21
"""Of one message's HTML, as for JSON."""

MAX_PAGE_MESSAGES = 10_000
"""Of one page; they are held together while posts are compared."""

_TOKEN = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9]*+)((?:[^<>"]++|"[^"]*+")*+)>|[^<]++|<""")
_ATTRIBUTE = re.compile(r"""([a-zA-Z-]++)="([^"]*+)\"""")
_MESSAGE = re.compile(r'<div class="message(?: [a-z_ ]*+)?" id="message(-?[0-9]{1,18})">')
_TITLE = re.compile(r'<div class="text bold">([^<]*+)</div>')
_HEADER_CHARACTERS = 1 << 16
"""The header stands at the top of a page, before its first message."""

_VOID = frozenset(("meta", "link", "img", "br", "hr", "input"))
_HINT = "export the chat again, as JSON if you can: it has the times in UTC"


@dataclass(slots=True)
class Element:
    """An element: its name, classes, attributes, and what it holds in order (texts and elements)."""

    name: str
    classes: frozenset[str]
    attributes: dict[str, str]
    holds: list[str | Element] = field(default_factory=list)

    def children(self, *classes: str) -> Iterator[Element]:
        """The elements directly inside that have all these classes."""
        for each in self.holds:
            if isinstance(each, Element) and each.classes.issuperset(classes):
                yield each

    def inside(self, *classes: str) -> Iterator[Element]:
        """The elements anywhere inside that have all these classes, in order."""
        for each in self.holds:
            if isinstance(each, Element):
                if each.classes.issuperset(classes):
                    yield each
                yield from each.inside(*classes)

    def text(self, *, but: str = "") -> str:
        """The text inside, without that of elements of class ``but``; line breaks are those of ``br``."""
        parts = []
        for each in self.holds:
            if isinstance(each, str):
                parts.append(each)
            elif each.name == "br":
                parts.append("\n")
            elif not but or but not in each.classes:
                parts.append(each.text(but=but))
        return "".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMessage:
    """One message of a page: its number as the page has it, its bytes in the page, and its element."""

    number: int
    offset: int
    raw: bytes
    element: Element

    @property
    def length(self) -> int:
        """How many bytes."""
        return len(self.raw)


def title_of(page: str) -> str | None:
    """The chat's name, from the header of a page."""
    found = _TITLE.search(page, 0, _HEADER_CHARACTERS)
    return None if found is None else html.unescape(found[1]).strip() or None


def messages_of(page: str) -> Iterator[PageMessage]:
    """Every message of a page in order, the date dividers among them.

    Args:
        page: Its text; bytes that are no UTF-8 as surrogate escapes, so that offsets are those of the file.

    Raises:
        ExportInvalid: a message that is nested too deep, too long, or not closed; too many of them.
    """
    at = offset = count = 0
    while (found := _MESSAGE.search(page, at)) is not None:
        count += 1
        if count > MAX_PAGE_MESSAGES:
            raise ExportInvalid(
                f"more than {MAX_PAGE_MESSAGES} messages on one page", hint=_HINT, code="telegram.too_many_messages"
            )
        element, end = element_at(page, found.start())
        offset += len(encoded(page[at : found.start()]))
        raw = encoded(page[found.start() : end])
        yield PageMessage(number=int(found[1]), offset=offset, raw=raw, element=element)
        offset, at = offset + len(raw), end


def decoded(data: bytes) -> str:
    """A page's text, from which `encoded` makes the same bytes again."""
    return data.decode("utf-8", "surrogateescape")


def encoded(text: str) -> bytes:
    """The bytes of a part of a page's text."""
    return text.encode("utf-8", "surrogateescape")


def element_at(page: str, start: int) -> tuple[Element, int]:
    """The element that begins at ``start``, and where it ends."""
    stack: list[Element] = []
    for token in _TOKEN.finditer(page, start, min(len(page), start + MAX_MESSAGE_CHARACTERS)):
        if token[2] is None:
            stack[-1].holds.append(html.unescape(token[0]))
        elif not token[1]:
            _open(stack, token)
        elif any(each.name == token[2].lower() for each in stack):
            while stack[-1].name != token[2].lower():
                stack.pop()
            closed = stack.pop()
            if not stack:
                return closed, token.end()
    if len(page) > start + MAX_MESSAGE_CHARACTERS:
        raise ExportInvalid(
            f"the message at character {start} is longer than {MAX_MESSAGE_CHARACTERS} characters; none is",
            hint=_HINT,
            code="telegram.message_too_large",
        )
    raise ExportInvalid(f"it ends inside the message at character {start}", hint=_HINT, code="telegram.page_cut")


def _open(stack: list[Element], token: re.Match[str]) -> None:
    attributes = {each[1].lower(): html.unescape(each[2]) for each in _ATTRIBUTE.finditer(token[3])}
    name = token[2].lower()
    element = Element(name, frozenset(attributes.get("class", "").split()), attributes)
    if stack:
        stack[-1].holds.append(element)
    if name in _VOID or token[3].endswith("/"):
        return
    if len(stack) == MAX_DEPTH:
        raise ExportInvalid(
            f"more than {MAX_DEPTH} elements inside one another at character {token.start()}",
            hint=_HINT,
            code="telegram.nested_too_deep",
        )
    stack.append(element)
