"""The repost graph as an arc diagram: chats down the middle in the order of their first post, what posts say of
forwards at the left, what the pictures say at the right. The same case gives the same drawing.

A content edge joins two chats in which the same footage was posted; it has no direction, since a match tells none. A
forward edge leads from the chat that a post names to the chat of that post.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from forensics.report.groups import RepostGroup, posting_range
from forensics.report.lanes import chat_key
from forensics.report.text import visible
from forensics.report.values import EvidenceView, ForwardView

MAX_NODES = 40
"""Chats that are drawn, those with the most edges first: more arcs than these cannot be told apart on a page."""

MAX_NAME = 26
"""Characters of a chat's name in the drawing; the table below it has the whole."""

MAX_PAIRS_OF_GROUP = 2000
"""Pairs of chats of one group that are counted: a group of 64 chats has so many."""

WIDTH, ARC, STEP = 400, 92, 26
"""Pixels of the whole drawing, of the room for arcs on each side, and from one chat to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A chat with its height in the drawing."""

    name: str
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arc:
    """A path between two chats; ``width`` grows with how often."""

    path: str
    head: str
    width: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeRow:
    """One edge in words. ``times`` how many groups, or posts; ``basis`` what it rests on; drawn or only listed."""

    kind: str
    source: str
    target: str
    times: int
    basis: str
    drawn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The drawing and every edge. ``others`` chats have edges and are not drawn; ``uncounted`` pairs were too many."""

    nodes: tuple[Node, ...]
    forwards: tuple[Arc, ...]
    contents: tuple[Arc, ...]
    rows: tuple[EdgeRow, ...]
    height: int
    others: int
    uncounted: int


Key = tuple[str, ...]

CONTENT = "the same footage"
FORWARD = "forward"
_SAME_FOOTAGE = "groups of copies in which both chats posted the footage (section 3)"


def network_of(
    evidence: Sequence[EvidenceView], groups: Sequence[RepostGroup], forwards: Sequence[ForwardView]
) -> Network:
    """Lay out the graph of a case."""
    names, order = _chats(evidence)
    contents, uncounted = _contents(groups)
    claims = _claims(forwards, names)
    rows = tuple(_rows(contents, claims, names))
    weight: Counter[Key] = Counter()
    for pair in contents:
        weight.update(pair)
    for (source, target, _, drawn), times in claims.items():
        if drawn:
            weight.update({source: times, target: times})
    chosen = {key for key, _ in sorted(weight.items(), key=lambda each: (-each[1], each[0]))[:MAX_NODES]}
    placed = sorted(chosen, key=lambda key: (order.get(key, _NEVER), key))
    place = {key: STEP // 2 + STEP * number for number, key in enumerate(placed)}
    return Network(
        nodes=tuple(Node(name=_shortened(names[key]), y=place[key]) for key in placed),
        forwards=tuple(
            _arc(place[source], place[target], times, left=True)
            for (source, target, _, drawn), times in claims.items()
            if drawn and source != target and {source, target} <= chosen
        ),
        contents=tuple(
            _arc(place[one], place[other], times, left=False)
            for (one, other), times in contents.items()
            if {one, other} <= chosen
        ),
        rows=rows,
        height=STEP * max(1, len(placed)),
        others=len(weight) - len(chosen),
        uncounted=uncounted,
    )


_NEVER = 2**62
"""Later than any post: chats that are only named."""


def _chats(evidence: Iterable[EvidenceView]) -> tuple[dict[Key, str], dict[Key, int]]:
    """The name of every chat, as first written, and the first second of a post in it."""
    names: dict[Key, str] = {}
    order: dict[Key, int] = {}
    for view in evidence:
        for seen in view.appearances:
            if seen.post is None:
                continue
            key = chat_key(seen.post)
            names.setdefault(key, seen.post.channel or seen.post.channel_id or "unnamed chat")
            between = posting_range(seen)
            if between is not None:
                order[key] = min(order.get(key, _NEVER), between[0])
    return names, order


def _contents(groups: Iterable[RepostGroup]) -> tuple[dict[tuple[Key, Key], int], int]:
    found: Counter[tuple[Key, Key]] = Counter()
    uncounted = 0
    for group in groups:
        chats = sorted({chat_key(seen.appearance.post) for seen in group.sightings} - {()})
        found.update(islice(combinations(chats, 2), MAX_PAIRS_OF_GROUP))
        uncounted += max(0, len(chats) * (len(chats) - 1) // 2 - MAX_PAIRS_OF_GROUP)
    return dict(sorted(found.items())), uncounted


def _claims(forwards: Iterable[ForwardView], names: dict[Key, str]) -> dict[tuple[Key, Key, str, bool], int]:
    found: Counter[tuple[Key, Key, str, bool]] = Counter()
    for each in forwards:
        source = each.origin_key or ("as named", each.origin)
        names.setdefault(source, each.origin)
        names.setdefault(each.target_key, each.target)
        found[(source, each.target_key, each.basis, each.drawn)] += 1
    return dict(sorted(found.items()))


def _rows(
    contents: dict[tuple[Key, Key], int], claims: dict[tuple[Key, Key, str, bool], int], names: dict[Key, str]
) -> Iterable[EdgeRow]:
    for (source, target, basis, drawn), times in claims.items():
        yield EdgeRow(kind=FORWARD, source=names[source], target=names[target], times=times, basis=basis, drawn=drawn)
    for (one, other), times in contents.items():
        yield EdgeRow(
            kind=CONTENT, source=names[one], target=names[other], times=times, basis=_SAME_FOOTAGE, drawn=True
        )


def _arc(start: int, end: int, times: int, *, left: bool) -> Arc:
    """A curve whose depth grows with the distance; ``head`` is an arrow's head at its end, as points."""
    x = ARC if left else WIDTH - ARC
    reach = min(ARC - 8, 22 + abs(end - start) * 0.34) * (-1 if left else 1)
    path = f"M{x},{start} C{x + reach:.1f},{start} {x + reach:.1f},{end} {x},{end}"
    head = f"{x},{end} {x - 9},{end - 4} {x - 9},{end + 4}" if left else ""
    return Arc(path=path, head=head, width=f"{min(1.2 + 0.5 * (times - 1), 4.0):.1f}")


def _shortened(name: str) -> str:
    return visible(name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…")
