"""Swim-lanes of a repost group: one lane a chat, time in UTC from left to right.

Positions are percentages of the lane's width, so that marks and words keep their size on every screen. Nothing here is
text from outside: names stand beside the lanes, in the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from forensics.model.provenance import Post
from forensics.report.groups import EARLIEST, RepostGroup, Sighting

LEFT, RIGHT = 4.0, 96.0
"""Per cent of the width between which times are drawn: a mark at an end keeps its outline inside."""

NEAR = 7.0
"""Per cent of the width that a mark takes on a narrow screen (22 of 300 pixels): nearer ones are put one below the
other."""

ROW_HEIGHT, RADIUS = 24, 9
"""Pixels of one row of marks, and of a mark."""

MAX_ROWS = 8
"""Rows of one lane: what falls together beyond that is counted, and the table has it."""

MAX_LANES = 40
"""Lanes of one group: more fill several screens; the table has the rest."""

_SHORT_SPAN_S = 600
"""Below ten minutes the seconds are written at the ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One sighting: its number in the group's table, where it lies, and whether it is the earliest in this case.

    ``end`` is None for a known second; else the mark reaches from ``x`` to there: the time is one of those between.
    """

    number: int
    x: str
    end: str | None
    width: str
    y: int
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One chat: a post that names it, the marks, its height in pixels and how many marks found no room."""

    post: Post
    marks: tuple[Mark, ...]
    height: int
    left_out: int
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """All lanes of a group with the times at the left end, the middle and the right end.

    ``undated`` are the numbers of sightings without a time in UTC, ``other_lanes`` how many lanes are not drawn,
    ``ranges`` tells whether any mark is a bar, ``bases`` what the times rest on, with the numbers of the sightings.
    """

    lanes: tuple[Lane, ...]
    ticks: tuple[str, ...]
    undated: tuple[int, ...]
    other_lanes: int
    ranges: bool
    bases: tuple[tuple[str, tuple[int, ...]], ...]


def lanes_of(group: RepostGroup, standings: Sequence[str | None]) -> Lanes:
    """Lay out a group; lanes in the order of their first mark, that of the table."""
    dated = [(number, seen) for number, seen in enumerate(group.sightings, 1) if seen.between is not None]
    ends = [second for _, seen in dated if seen.between is not None for second in seen.between]
    span = (min(ends), max(ends)) if ends else (0, 0)
    by_chat: dict[tuple[str, ...], list[tuple[int, Sighting]]] = {}
    for number, seen in dated:
        by_chat.setdefault(chat_key(seen.appearance.post), []).append((number, seen))
    firsts = {number for number, told in enumerate(standings, 1) if told == EARLIEST}
    chosen = list(by_chat.values())[:MAX_LANES]
    return Lanes(
        lanes=tuple(_lane(seen, span, firsts) for seen in chosen),
        ticks=_ticks(*span) if ends else (),
        undated=tuple(number for number, seen in enumerate(group.sightings, 1) if seen.between is None),
        other_lanes=len(by_chat) - len(chosen),
        ranges=any(seen.posted is None for _, seen in dated),
        bases=_bases(group.sightings),
    )


def chat_key(post: Post | None) -> tuple[str, ...]:
    """What makes two posts be of one chat."""
    if post is None:
        return ()
    return (post.platform, *(post.chat or ("as written", post.channel or "")))


def _lane(seen: Sequence[tuple[int, Sighting]], span: tuple[int, int], firsts: set[int]) -> Lane:
    marks: list[Mark] = []
    reached: list[float] = []
    left_out = 0
    for number, each in seen:
        start, end = (_place(second, span) for second in each.between or span)
        row = next((row for row, last in enumerate(reached) if start - last >= NEAR), len(reached))
        if row == MAX_ROWS:
            left_out += 1
            continue
        reached[row : row + 1] = [max(end, start)]
        exact = each.between is not None and each.between[0] == each.between[1]
        marks.append(
            Mark(
                number=number,
                x=f"{start:.2f}%",
                end=None if exact else f"{end:.2f}%",
                width=f"{end - start:.2f}%",
                y=row * ROW_HEIGHT + ROW_HEIGHT // 2,
                first=number in firsts,
            )
        )
    post = seen[0][1].appearance.post
    assert post is not None  # a time in UTC is a post's
    return Lane(
        post=post,
        marks=tuple(marks),
        height=max(1, len(reached)) * ROW_HEIGHT,
        left_out=left_out,
        first=any(mark.first for mark in marks),
    )


def _place(second: int, span: tuple[int, int]) -> float:
    first, last = span
    return (LEFT + RIGHT) / 2 if first == last else LEFT + (RIGHT - LEFT) * (second - first) / (last - first)


def _ticks(first: int, last: int) -> tuple[str, ...]:
    form = "%Y-%m-%d %H:%M:%S" if last - first < _SHORT_SPAN_S else "%Y-%m-%d %H:%M"
    moments = (first,) if first == last else (first, (first + last) // 2, last)
    return tuple(datetime.fromtimestamp(moment, UTC).strftime(form) for moment in moments)


def _bases(sightings: Iterable[Sighting]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Each basis of a time, with the numbers of the sightings that rest on it."""
    found: dict[str, list[int]] = {}
    for number, seen in enumerate(sightings, 1):
        found.setdefault(seen.basis, []).append(number)
    return tuple((basis, tuple(numbers)) for basis, numbers in found.items())
