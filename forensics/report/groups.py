"""Which files hold the same footage, and where each was posted: repost groups.

The unit is a stretch of footage, not a file: a compilation that holds two clips puts each clip into a group of its
own, so that the earliest post of one clip is never told as the earliest post of the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Protocol, TypeAlias

from forensics.model.match import Decision, Match
from forensics.model.provenance import Appearance, SourceKind

OVERLAP_S = 1.0
"""Seconds that two stretches of one file must share to count as the same footage: the ends of a segment are known
to some tenths of a second, and neighbouring clips of a compilation must not be joined by that."""

_WHOLE_FILE = (0.0, float("inf"))
_LAST_SECOND = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())

Stretch: TypeAlias = tuple[str, float, float]
"""An evidence id with start and end in seconds."""


class Seen(Protocol):
    """What grouping needs of an evidence: its id and where it was seen."""

    @property
    def sha256(self) -> str:
        """The evidence's id."""
        ...

    @property
    def appearances(self) -> tuple[Appearance, ...]:
        """Where these bytes were seen."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One appearance of one file of a group. ``posted`` is seconds UTC, None when no clock with a zone tells it."""

    item: str
    appearance: Appearance
    posted: int | None
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepostGroup:
    """Files that hold the same footage.

    ``items`` in the order of their first sighting; ``stretches`` which part of each file; ``sightings`` in UTC
    order, those without a posting time last; ``matches`` the positions in the given sequence of matches.
    """

    items: tuple[str, ...]
    stretches: tuple[Stretch, ...]
    sightings: tuple[Sighting, ...]
    matches: tuple[int, ...]

    @property
    def earliest(self) -> int | None:
        """Posting time of the earliest sighting, seconds UTC, or None when none is known."""
        return self.sightings[0].posted if self.sightings else None


def repost_groups(evidence: Sequence[Seen], matches: Sequence[Match]) -> tuple[RepostGroup, ...]:
    """Find the groups of two or more sightings of the same footage, most files first.

    Files are joined by the segments of ``match`` decisions only; a candidate joins nothing. One evidence with
    several appearances (the same bytes found twice) is a group of its own.
    """
    views = {view.sha256: view for view in evidence}
    groups = [_group(views, pieces, numbers) for pieces, numbers in _components(matches)]
    joined = {item for group in groups for item in group.items}
    groups += [
        _group(views, [(view.sha256, *_WHOLE_FILE)], [])
        for view in evidence
        if view.sha256 not in joined and len(view.appearances) > 1
    ]
    return tuple(sorted(groups, key=lambda group: (-len(group.items), -len(group.sightings), group.items)))


_UTC_BASES = {
    SourceKind.YT_DLP: "the UTC time that yt-dlp read on the post's page (timestamp)",
    SourceKind.TELEGRAM_PAGE: "the time with its zone on the post's page at t.me (datetime)",
    SourceKind.TELETHON: "the time with its zone in the Telethon dump (date)",
    SourceKind.PYROGRAM: "the time with its zone in the Pyrogram dump (date)",
    SourceKind.TDL: "the UTC time in the tdl export (date)",
    SourceKind.AUTO_ARCHIVER: "the time with its zone in the auto-archiver's record (api_data.date)",
}
"""What a posting time rests on, where it is not Telegram Desktop's export."""


def posting_time(appearance: Appearance) -> tuple[int | None, str]:
    """When an appearance was posted in seconds UTC, if a clock with a zone tells it, and what that rests on."""
    post = appearance.post
    if post is None:
        return None, "found as a file; no posting time"
    if post.posted_unixtime is None:
        if post.posted_candidates:
            return None, f"a label that may mean {len(post.posted_candidates)} times; as written: {post.posted_local}"
        if post.posted_local is None:
            return None, "the export gives no time"
        return None, f"local time without zone, as written: {post.posted_local}"
    if not 0 <= post.posted_unixtime <= _LAST_SECOND:
        return None, f"the export gives an impossible time: {post.posted_unixtime}"
    return post.posted_unixtime, _UTC_BASES.get(appearance.kind, "the export's UTC time (date_unixtime)")


def _components(matches: Sequence[Match]) -> Iterator[tuple[list[Stretch], list[int]]]:
    """Yield connected stretches: joined across files by segments, within a file by overlap or one unbroken offset."""
    pieces: list[Stretch] = []
    origin: list[int] = []
    links: list[tuple[int, int]] = []
    for number, match in enumerate(matches):
        if match.decision is not Decision.MATCH or match.query_id == match.reference_id:
            continue
        first = len(pieces)
        for query, reference in _segment_pairs(match):
            links.append((len(pieces), len(pieces) + 1))
            pieces += [query, reference]
            origin += [number, number]
        links += _one_offset(pieces, range(first, len(pieces), 2))
    roots = _roots(len(pieces), [*links, *_overlaps(pieces)])
    members: dict[int, list[int]] = defaultdict(list)
    for position, root in enumerate(roots):
        members[root].append(position)
    for positions in members.values():
        yield [pieces[position] for position in positions], sorted({origin[position] for position in positions})


def _segment_pairs(match: Match) -> list[tuple[Stretch, Stretch]]:
    if not match.segments:
        return [((match.query_id, *_WHOLE_FILE), (match.reference_id, *_WHOLE_FILE))]
    return [
        (
            (match.query_id, segment.query_start_s, segment.query_end_s),
            (match.reference_id, segment.reference_start_s, segment.reference_end_s),
        )
        for segment in match.segments
    ]


def _one_offset(pieces: Sequence[Stretch], queries: Iterable[int]) -> list[tuple[int, int]]:
    """Neighbouring segments of one pair whose gap is equally long in both files: one recording with a hole."""
    order = sorted(queries, key=lambda position: pieces[position][1])
    links = []
    for before, after in pairwise(order):
        query_gap = pieces[after][1] - pieces[before][2]
        reference_gap = pieces[after + 1][1] - pieces[before + 1][2]
        if abs(query_gap - reference_gap) <= OVERLAP_S:
            links.append((before, after))
    return links


def _overlaps(pieces: Sequence[Stretch]) -> list[tuple[int, int]]:
    """Pairs of stretches of the same file that share `OVERLAP_S`, or half of the shorter one if that is less."""
    links = []
    furthest = -1
    for position in sorted(range(len(pieces)), key=lambda place: pieces[place]):
        item, start, end = pieces[position]
        if furthest >= 0 and pieces[furthest][0] == item:
            _, other_start, other_end = pieces[furthest]
            needed = min(OVERLAP_S, (end - start) / 2, (other_end - other_start) / 2)
            if min(end, other_end) - start >= needed:
                links.append((furthest, position))
            if end <= other_end:
                continue
        furthest = position
    return links


def _roots(count: int, links: Iterable[tuple[int, int]]) -> list[int]:
    """Union-find with path halving (Tarjan and van Leeuwen 1984)."""
    parent = list(range(count))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for left, right in links:
        parent[root(right)] = root(left)
    return [root(node) for node in range(count)]


def _group(views: dict[str, Seen], pieces: Sequence[Stretch], numbers: Sequence[int]) -> RepostGroup:
    sightings = [
        Sighting(item=item, appearance=appearance, posted=posted, basis=basis)
        for item in sorted({piece[0] for piece in pieces})
        if item in views
        for appearance in views[item].appearances
        for posted, basis in [posting_time(appearance)]
    ]
    sightings.sort(key=lambda seen: (seen.posted is None, seen.posted or 0, seen.item, seen.appearance.path))
    items = dict.fromkeys([*(seen.item for seen in sightings), *sorted(piece[0] for piece in pieces)])
    return RepostGroup(
        items=tuple(items),
        stretches=tuple(_merged(pieces)),
        sightings=tuple(sightings),
        matches=tuple(numbers),
    )


def _merged(pieces: Sequence[Stretch]) -> list[Stretch]:
    """Stretches of each file with those that touch made one, in order."""
    merged: list[Stretch] = []
    for item, start, end in sorted(pieces):
        if merged and merged[-1][0] == item and start <= merged[-1][2]:
            merged[-1] = (item, merged[-1][1], max(merged[-1][2], end))
        else:
            merged.append((item, start, end))
    return merged
