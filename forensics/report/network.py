"""The repost graph: chats as rows in the order of their first post, what posts say of forwards as arrows at the left,
footage that the pictures join as upright lines at the right, one a group. The same case gives the same drawing.

A forward leads from the chat that a post names to the chat of that post. A group joins all chats in which the same
footage was posted, without direction, since a match tells none; drawn pair by pair it would be a blot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from forensics.report.groups import RepostGroup, posting_range
from forensics.report.lanes import chat_key
from forensics.report.text import visible
from forensics.report.values import EvidenceView, ForwardView

MAX_NODES = 60
"""Chats that are drawn, those with the most edges first: more rows than these are no picture any more."""

MAX_COLUMNS = 40
"""Groups that are drawn, the largest first, for the same reason."""

MAX_NAME = 26
"""Characters of a chat's name in the drawing; the table below it has the whole."""

ARC, NAME, STEP, COLUMN, HEAD = 96, 180, 26, 22, 26
"""Pixels of the room for arrows and for names, from one chat to the next, from one group to the next, and above."""

Key = tuple[str, ...]

FOOTAGE = "the same footage"
FORWARD = "forward"
_JOINED = "the pictures, or the same bytes: see the group"
_NEVER = 2**62
"""Later than any post: chats that are only named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A chat with its height in the drawing."""

    name: str
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A forward between two chats: a path, its head as points, a width that grows with how many posts."""

    path: str
    head: str
    width: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A group: its title, where its line stands, and the heights of its chats with whether the earliest is there."""

    title: str
    x: int
    top: int
    bottom: int
    dots: tuple[tuple[int, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeRow:
    """One edge in words: the chats that it joins (of a forward, from and to), the group's title or None, how many posts
    or files, what it rests on, and whether it may be drawn.
    """

    kind: str
    names: tuple[str, ...]
    group: str | None
    times: int
    basis: str
    drawn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The drawing and every edge. ``others`` chats and ``other_groups`` have edges and are not drawn."""

    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
    columns: tuple[Column, ...]
    rows: tuple[EdgeRow, ...]
    width: int
    height: int
    others: int
    other_groups: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Footage:
    """A group of at least two chats: in the order of their first posts, and the one of the earliest post."""

    title: str
    chats: tuple[Key, ...]
    first: Key | None
    files: int


def network_of(
    evidence: Sequence[EvidenceView], groups: Sequence[RepostGroup], forwards: Sequence[ForwardView]
) -> Network:
    """Lay out the graph of a case; ``groups`` in the order of their numbers."""
    names, order = _chats(evidence)
    footage = [each for number, group in enumerate(groups, 1) if len((each := _footage(number, group)).chats) > 1]
    claims = _claims(forwards, names)
    weight = _weights(footage, claims)
    chosen = {key for key, _ in sorted(weight.items(), key=lambda each: (-each[1], each[0]))[:MAX_NODES]}
    placed = sorted(chosen, key=lambda key: (order.get(key, _NEVER), key))
    place = {key: HEAD + STEP // 2 + STEP * number for number, key in enumerate(placed)}
    columns = tuple(_columns(footage, place))
    return Network(
        nodes=tuple(Node(name=_shortened(names[key]), y=place[key]) for key in placed),
        arrows=tuple(
            _arrow(place[source], place[target], times)
            for (source, target, _, drawn), times in claims.items()
            if drawn and source != target and {source, target} <= chosen
        ),
        columns=columns,
        rows=tuple(_rows(footage, claims, names)),
        width=ARC + NAME + COLUMN * (len(columns) + 1),
        height=HEAD + STEP * max(1, len(placed)),
        others=len(weight) - len(chosen),
        other_groups=len(footage) - len(columns),
    )


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


def _footage(number: int, group: RepostGroup) -> _Footage:
    chats = dict.fromkeys(chat_key(seen.appearance.post) for seen in group.sightings if seen.appearance.post)
    first = group.first
    return _Footage(
        title=f"G-{number}",
        chats=tuple(chats),
        first=chat_key(first.appearance.post) if first is not None else None,
        files=len(group.items),
    )


def _claims(forwards: Iterable[ForwardView], names: dict[Key, str]) -> dict[tuple[Key, Key, str, bool], int]:
    found: Counter[tuple[Key, Key, str, bool]] = Counter()
    for each in forwards:
        source = each.origin_key or ("as named", each.origin)
        names.setdefault(source, each.origin)
        names.setdefault(each.target_key, each.target)
        found[(source, each.target_key, each.basis, each.drawn)] += 1
    return dict(sorted(found.items()))


def _weights(footage: Iterable[_Footage], claims: Mapping[tuple[Key, Key, str, bool], int]) -> Counter[Key]:
    weight: Counter[Key] = Counter()
    for each in footage:
        weight.update(each.chats)
    for (source, target, _, drawn), times in claims.items():
        if drawn:
            weight.update({source: times})
            weight.update({target: times})
    return weight


def _columns(footage: Iterable[_Footage], place: Mapping[Key, int]) -> Iterable[Column]:
    shown = [(each, sorted((place[key], key == each.first) for key in each.chats if key in place)) for each in footage]
    drawn = [(each, dots) for each, dots in shown if len(dots) == len(each.chats)][:MAX_COLUMNS]
    for number, (each, dots) in enumerate(drawn):
        yield Column(
            title=each.title,
            x=ARC + NAME + COLUMN * number + COLUMN // 2,
            top=dots[0][0],
            bottom=dots[-1][0],
            dots=tuple(dots),
        )


def _rows(
    footage: Iterable[_Footage], claims: Mapping[tuple[Key, Key, str, bool], int], names: Mapping[Key, str]
) -> Iterable[EdgeRow]:
    for (source, target, basis, drawn), times in claims.items():
        told = (names[source], names[target])
        yield EdgeRow(kind=FORWARD, names=told, group=None, times=times, basis=basis, drawn=drawn)
    for each in footage:
        chats = tuple(names[key] for key in each.chats)
        yield EdgeRow(kind=FOOTAGE, names=chats, group=each.title, times=each.files, basis=_JOINED, drawn=True)


def _arrow(start: int, end: int, times: int) -> Arrow:
    """A curve to the left whose depth grows with the distance."""
    reach = ARC - min(ARC - 6, 24 + abs(end - start) * 0.3)
    head = f"{ARC - 4},{end} {ARC - 13},{end - 4} {ARC - 13},{end + 4}"
    path = f"M{ARC - 4},{start} C{reach:.1f},{start} {reach:.1f},{end} {ARC - 8},{end}"
    return Arrow(path=path, head=head, width=f"{min(1.2 + 0.5 * (times - 1), 4.0):.1f}")


def _shortened(name: str) -> str:
    return visible(name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…")
