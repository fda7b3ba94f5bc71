"""Reading a hostile list: bounded, line by line, with every line that cannot be used named by its number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.exchange.values import CODE_BYTES, MOST_MS, MOST_QUALITY, Algorithm, Hash, Listed, Listing
from forensics.model.notice import Notice
from forensics.model.text import visible

MAX_LIST_BYTES = 128 * 2**20
"""A list above this is refused: a million hashes with their text stay below it."""

MAX_ENTRIES = 1_000_000
"""Hashes read of one list. Past it the search would take minutes a case; split the list."""

MAX_LINE = 4096
"""Characters of a line with one hash. What follows the hash is a label; a longer line is no such list."""

MAX_TOLD = 50
"""Unusable lines named one by one; the others are counted."""

SNIFFED_LINES = 64
"""Lines looked at to tell which format it is: a heading may come first."""

_SHOWN = 40
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+\Z")


class Gathering:
    """Entries and unusable lines of one list, as they are met."""

    def __init__(self) -> None:
        self._entries: list[Listed] = []
        self._notices: list[Notice] = []
        self._bad = 0
        self._left_out_from: int | None = None

    @property
    def full(self) -> bool:
        """Nothing more is taken."""
        return self._left_out_from is not None

    def take(self, line: int, hashed: Hash) -> None:
        """Add an entry, unless `MAX_ENTRIES` have been."""
        if len(self._entries) < MAX_ENTRIES:
            self._entries.append(Listed(line=line, hash=hashed))
        elif self._left_out_from is None:
            self._left_out_from = line

    def refuse(self, line: int, why: str, found: str) -> None:
        """Note a line that cannot be used."""
        self._bad += 1
        if self._bad <= MAX_TOLD:
            shown = visible(found[:_SHOWN]) + ("…" if len(found) > _SHOWN else "")
            self._notices.append(Notice(code="exchange.bad_line", message=f"line {line}: {why}: {shown!r}"))

    def say(self, notice: Notice) -> None:
        """Note something else."""
        self._notices.append(notice)

    def done(self) -> Listing:
        """Everything, with the counts of what was not told one by one."""
        more = []
        if self._bad > MAX_TOLD:
            message = f"{self._bad - MAX_TOLD} more lines cannot be used"
            more.append(Notice(code="exchange.bad_line", message=message))
        if self._left_out_from is not None:
            message = (
                f"only the first {MAX_ENTRIES} hashes are used; line {self._left_out_from} and all after it are not"
            )
            more.append(Notice(code="exchange.limit", message=message))
        return Listing(entries=tuple(self._entries), notices=(*self._notices, *more))


def text_of(data: bytes) -> str:
    """The list as text without a byte order mark; bytes that are no UTF-8 become U+FFFD and spoil only their line."""
    return data.decode("utf-8", "replace").removeprefix("\ufeff")


def content_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield number and content of every line that is neither blank nor a comment (``#``)."""
    for number, line in enumerate(text.split("\n"), 1):
        content = line.strip()
        if content and not content.startswith("#"):
            yield number, content


def first_lines(data: bytes) -> list[str]:
    """The first content lines, from which a format is told."""
    head = text_of(data[: SNIFFED_LINES * MAX_LINE])
    found = []
    for _, line in content_lines(head):
        found.append(line)
        if len(found) == SNIFFED_LINES:
            break
    return found


def code_of(text: str, algorithm: Algorithm) -> bytes | None:
    """The hash that hex digits of either case spell, or None when they do not."""
    if len(text) != 2 * CODE_BYTES[algorithm] or not _HEX.match(text):
        return None
    return bytes.fromhex(text)


def quality_of(value: object) -> int | None:
    """A quality in 0..100 from a number or its decimal text, or None."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(MOST_QUALITY)):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_QUALITY:
        return value
    return None


def milliseconds_of(value: object) -> int | None:
    """Seconds (a number or its text) as whole milliseconds, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        milliseconds = float(value) * 1000
    except (ValueError, OverflowError):
        return None
    return round(milliseconds) if 0 <= milliseconds <= MOST_MS else None
