"""Where each thing stands: on the one page, or in the folder of pages that a large case is written as.

A place is named by a letter and a number (``e-12``); how many things of a letter stand on one page is fixed, so that
the page follows from the number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

PAGE_SIZES = {"g": 20, "m": 25, "c": 25, "r": 25, "e": 20, "t": 25, "k": 100, "n": 500, "x": 500, "f": 500, "a": 500,
              "i": 10_000, "b": 1_000, "h": 200}  # fmt: skip
"""Things on one page of the folder form, by their letter: groups, matches, candidates, rejected, evidence, tracks,
custody, notices, inputs that are no evidence, edges of the graph, absences; the list of all evidence with its search,
file names and chats from A to Z. With pictures a page stays near 3 MB, and so does the list of 5,000 evidence."""

NAMES = {
    "g": "groups", "m": "matches", "c": "candidates", "r": "rejected", "e": "evidence", "t": "tracks", "k": "custody",
    "n": "notices", "x": "refused", "f": "edges", "a": "absences", "i": "find", "b": "names", "h": "chats",
}  # fmt: skip
"""The letter's word in file names."""

_PLACE = re.compile(r"([a-z])-([0-9]+)\Z")
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """How one page refers to the others. ``index`` is the address of the first page as seen from this one, ``folder``
    that of the folder of pages, None where the case is one page.
    """

    index: str = ""
    folder: str | None = None

    @property
    def is_one(self) -> bool:
        """Whether all stands on one page."""
        return self.folder is None

    def __call__(self, anchor: str) -> str:
        """The address of a place."""
        found = _PLACE.match(anchor)
        if self.folder is None or found is None:
            return f"{self.index}#{anchor}"
        letter, number = found[1], int(found[2])
        return f"{self.folder}{page_name(letter, (number - 1) // PAGE_SIZES[letter] + 1)}#{anchor}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One page of the folder form: its letter, number, name and the positions of what stands on it."""

    letter: str
    number: int
    name: str
    start: int
    end: int


def sheets(letter: str, things: int) -> tuple[Sheet, ...]:
    """The pages that so many things of a letter take."""
    size = PAGE_SIZES[letter]
    starts: Sequence[int] = range(0, things, size)
    return tuple(
        Sheet(letter=letter, number=number, name=page_name(letter, number), start=start, end=min(start + size, things))
        for number, start in zip(count(1), starts, strict=False)
    )


def page_name(letter: str, number: int) -> str:
    """``matches-0001.html``."""
    return f"{NAMES[letter]}-{number:04d}.html"


def as_address(name: str) -> str:
    """A file name as a relative address (RFC 3986, section 2.1): every byte but plain letters and digits is escaped."""
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in name.encode("utf-8", "surrogateescape"))
