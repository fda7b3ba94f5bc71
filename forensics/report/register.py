"""The ways into a large case: all its evidence by number, by file name and by chat, each as a list of links.

The lists are whole without scripts. One page has a script besides, `SCRIPT`, that leaves of its entries those that
hold the words typed.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from forensics.report.lanes import chat_key
from forensics.report.views import EvidenceEntry

SCRIPT = (Path(__file__).parent / "templates" / "find.js").read_text(encoding="utf-8")
"""The only script of a report, the same in each: the page's policy admits it by its SHA-256."""

STEP = 100
"""Entries of the list by number under one heading: a jump of the index at its head."""

LONGEST_NAME = 255
"""Characters of a name in these lists: no file system has longer names and Telegram no longer titles, so that only an
attack is cut. The page of the evidence has it whole.
"""

LONGEST_LABEL = 16
"""Characters of the first and the last name of a page, where the first page leads to it."""

MOST_LINKS = 12
"""Groups that an entry leads to; the page of the evidence leads to all, and to its matches, which are far more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A stretch of the list by number: its place on the page, and its entries."""

    anchor: str
    entries: Sequence[EvidenceEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A file name and all evidence found under it; or a chat's names, its id, and all evidence posted there."""

    names: tuple[str, ...]
    id: str | None
    entries: tuple[EvidenceEntry, ...]


def steps(entries: Sequence[EvidenceEntry]) -> tuple[Step, ...]:
    """Cut a page of the list by number into stretches of `STEP`."""
    places = [*range(0, len(entries), STEP), len(entries)]
    return tuple(
        Step(anchor=f"from-{entries[start].number}", entries=entries[start:end]) for start, end in pairwise(places)
    )


def chats_of(entry: EvidenceEntry) -> tuple[str, ...]:
    """The names of the chats in which an evidence was posted, each once."""
    posts = (seen.post for seen in entry.view.appearances)
    return tuple(dict.fromkeys(post.channel for post in posts if post is not None and post.channel is not None))


def by_name(entries: Sequence[EvidenceEntry]) -> tuple[Named, ...]:
    """Every file name of the case, in alphabetical order."""
    held: dict[str, list[EvidenceEntry]] = defaultdict(list)
    for entry in entries:
        for name in dict.fromkeys(entry.view.names):
            held[name].append(entry)
    return tuple(Named(names=(name,), id=None, entries=tuple(held[name])) for name in sorted(held, key=alphabetical))


def by_chat(entries: Sequence[EvidenceEntry]) -> tuple[Named, ...]:
    """Every chat of the case, in alphabetical order of the name that its first post here gives it."""
    names: dict[tuple[str, ...], dict[str, None]] = defaultdict(dict)
    ids: dict[tuple[str, ...], str] = {}
    held: dict[tuple[str, ...], dict[str, EvidenceEntry]] = defaultdict(dict)
    for entry in entries:
        for post in (seen.post for seen in entry.view.appearances):
            if post is not None:
                key = chat_key(post)
                names[key][post.channel or "unnamed chat"] = None
                held[key][entry.view.sha256] = entry
                if post.channel_id is not None:
                    ids.setdefault(key, post.channel_id)
    chats = [Named(names=tuple(names[key]), id=ids.get(key), entries=tuple(held[key].values())) for key in held]
    return tuple(sorted(chats, key=lambda each: (alphabetical(each.names[0]), each.id or "")))


def alphabetical(name: str) -> tuple[str, str]:
    """The order of names: of their code points, whether capital or composed (Unicode NFKD, case folded)."""
    return unicodedata.normalize("NFKD", name).casefold(), name
