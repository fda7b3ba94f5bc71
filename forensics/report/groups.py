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

from forensics.model.match import Decision, Joining
from forensics.model.provenance import Appearance, SourceKind
from forensics.report.wording import later

OVERLAP_S = 1.0
"""Seconds that two stretches of one file must share to count as the same footage: the ends of a segment are known
to some tenths of a second, and neighbouring clips of a compilation must not be joined by that."""

EARLIEST = "earliest in this case"
"""Said of the first known sighting, never without the last three words."""

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
    """One appearance of one file of a group. ``posted`` is seconds UTC, None when no clock with a zone tells it.

    ``between`` are the first and the last second UTC that the posting time may mean: the same one twice when it is
    known, None when nothing is.
    """

    item: str
    appearance: Appearance
    posted: int | None
    basis: str
    between: tuple[int, int] | None = None

    def is_post(self, other: Sighting) -> bool | None:
        """Whether both are one post; None when that cannot be told."""
        mine, others = self.appearance.post, other.appearance.post
        return None if mine is None or others is None else mine.is_post(others)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepostGroup:
    """Files that hold the same footage.

    ``items`` in the order of their first sighting; ``stretches`` which part of each file; ``sightings`` in UTC
    order (of the first second that each may mean), those without a posting time last; ``matches`` the positions in the
    given sequence of what joins.
    """

    items: tuple[str, ...]
    stretches: tuple[Stretch, ...]
    sightings: tuple[Sighting, ...]
    matches: tuple[int, ...]

    @property
    def perhaps_first(self) -> tuple[Sighting, ...]:
        """The sightings before which no other one certainly was: more than one where times may mean several."""
        ends = [seen.between[1] for seen in self.sightings if seen.between is not None]
        return tuple(seen for seen in self.sightings if seen.between is not None and seen.between[0] <= min(ends))

    @property
    def first(self) -> Sighting | None:
        """The earliest known sighting, in the capture that tells its time best; None when the times do not tell which
        post was the first.
        """
        perhaps = self.perhaps_first
        best = min(perhaps, key=_vagueness, default=None)
        if best is None or not all(seen is best or best.is_post(seen) for seen in perhaps):
            return None
        return best

    @property
    def earliest(self) -> int | None:
        """Posting time of the earliest sighting, seconds UTC, or None when it is not known."""
        return self.first.posted if self.first is not None else None

    @property
    def begins(self) -> int | None:
        """The first second that any posting time of the group may mean, for putting groups in order."""
        return min((seen.between[0] for seen in self.sightings if seen.between is not None), default=None)


def _vagueness(seen: Sighting) -> int:
    return seen.between[1] - seen.between[0] if seen.between is not None else _LAST_SECOND


def standing(group: RepostGroup, seen: Sighting) -> str | None:
    """How a sighting stands to the earliest one, in words; None when its posting time is not known at all.

    Where times may mean several, no order is claimed between those that overlap.
    """
    return _standing(group.first, group.perhaps_first, seen)


def standings(group: RepostGroup) -> tuple[str | None, ...]:
    """`standing` of every sighting of a group, in their order."""
    first, perhaps = group.first, group.perhaps_first
    return tuple(_standing(first, perhaps, seen) for seen in group.sightings)


def _standing(first: Sighting | None, perhaps: Sequence[Sighting], seen: Sighting) -> str | None:
    if seen.between is None:
        return None
    if first is not None and (seen is first or first.is_post(seen)):
        return EARLIEST
    if any(seen is each for each in perhaps):
        return "may be the earliest: the times do not tell"
    if first is None or first.posted is None or seen.posted is None:
        return "later"
    return later(seen.posted - first.posted)


def repost_groups(evidence: Sequence[Seen], matches: Sequence[Joining]) -> tuple[RepostGroup, ...]:
    """Find the groups of two or more sightings of the same footage, most files first.

    Files are joined by the segments of ``match`` decisions only, and whole by what joins without segments; a candidate
    joins nothing. One evidence with several appearances (the same bytes found twice) is a group of its own.
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


def alone(view: Seen) -> RepostGroup:
    """The sightings of one evidence by itself, in the order of groups."""
    return _group({view.sha256: view}, [(view.sha256, *_WHOLE_FILE)], [])


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


def posting_range(appearance: Appearance) -> tuple[int, int] | None:
    """The first and the last second UTC that the posting time of an appearance may mean; None when nothing tells."""
    posted, _ = posting_time(appearance)
    if posted is not None:
        return posted, posted
    post = appearance.post
    if post is None or post.posted_unixtime is not None or not post.posted_candidates:
        return None
    low, high = min(post.posted_candidates), max(post.posted_candidates)
    return (low, high) if 0 <= low <= high <= _LAST_SECOND else None


def _components(matches: Sequence[Joining]) -> Iterator[tuple[list[Stretch], list[int]]]:
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


def _segment_pairs(match: Joining) -> list[tuple[Stretch, Stretch]]:
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
        Sighting(item=item, appearance=appearance, posted=posted, basis=basis, between=posting_range(appearance))
        for item in sorted({piece[0] for piece in pieces})
        if item in views
        for appearance in views[item].appearances
        for posted, basis in [posting_time(appearance)]
    ]
    sightings.sort(key=lambda seen: (seen.between is None, seen.between or (0, 0), seen.item, seen.appearance.path))
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
