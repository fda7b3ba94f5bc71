"""Names of groups of copies that stay when copies are added.

A group is named by its founder: the earliest-ingested file of the first pair of it that was in the case. So that the
name is the same however often and in whatever order matching was run, the growth of each group is played through in
the order of ingestion. When a later file joins two groups, the older name stays and the other is told as merged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from forensics.model.match import Joining

OVERLAP_S = 1.0
"""Seconds that stretches of one file share when they are of one group, as in the grouping itself."""

NAMESPACE = "footage:"
"""Begins every name, so that no group is taken for an exhibit."""


class Group(Protocol):
    """What is needed of a group: its files, their stretches (id, start, end in seconds), positions of its matches."""

    @property
    def items(self) -> tuple[str, ...]:
        """Evidence ids."""
        ...

    @property
    def stretches(self) -> tuple[tuple[str, float, float], ...]:
        """Which part of each file."""
        ...

    @property
    def matches(self) -> tuple[int, ...]:
        """Positions in the sequence of matches that was grouped."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupName:
    """The name of a group, and the names of groups that later files made part of it."""

    id: str
    merged: tuple[str, ...]


class _Birth(NamedTuple):
    """When two files first shared this footage: ingestion ranks of the later and of the earlier file, and the second
    of the earlier file at which the shared stretch begins.
    """

    rank: int
    founder: int
    start_s: float
    item: str
    partner: str


class _Island(NamedTuple):
    start_s: float
    end_s: float
    family: int


def name_groups(
    groups: Sequence[Group], matches: Sequence[Joining], order: Sequence[str], label: Callable[[str], str]
) -> tuple[GroupName, ...]:
    """Name every group, in the order given.

    ``order`` are all evidence ids in the order of ingestion, ``label`` gives an id's exhibit number. A founder's
    first group is named by its label alone, a further one by the second file's label too (``footage:E-0001+E-0003``),
    and separate stretches of the same two files are counted (``/2``).
    """
    rank = {item: number for number, item in enumerate(order)}
    histories = [_Growth(rank, group.stretches).play(_joined(group, matches, rank)) for group in groups]
    named = _names([birth for births in histories for birth in births], label)
    return tuple(
        GroupName(id=named[births[0]], merged=tuple(named[birth] for birth in births[1:]))
        if births
        else GroupName(id=NAMESPACE + label(group.items[0]), merged=())
        for group, births in zip(groups, histories, strict=True)
    )


def _joined(group: Group, matches: Sequence[Joining], rank: Mapping[str, int]) -> list[Joining]:
    """The matches of a group in the order in which they became possible."""

    def later(match: Joining) -> tuple[int, int]:
        first, second = sorted((rank[match.query_id], rank[match.reference_id]))
        return second, first

    return sorted((matches[number] for number in group.matches), key=later)


class _Growth:
    """Plays through how one group grew, file by file."""

    def __init__(self, rank: Mapping[str, int], stretches: Sequence[tuple[str, float, float]]) -> None:
        self._rank = rank
        self._inside: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for item, start, end in stretches:
            self._inside[item].append((start, end))
        self._islands: dict[str, list[_Island]] = defaultdict(list)
        self._births: dict[int, _Birth] = {}
        self._absorbed: list[_Birth] = []
        self._families = 0

    def play(self, matches: Sequence[Joining]) -> tuple[_Birth, ...]:
        """The births of the group: the one that names it, then those that were absorbed, oldest first."""
        now = -1
        for match in matches:
            now = max(self._rank[match.query_id], self._rank[match.reference_id])
            self._add(match, now)
        if not self._births:
            return ()
        # What the grouping holds together by other rules (a gap of equal length in both files) is one group at last.
        self._unite(sorted(self._births), now)
        (oldest,) = self._births.values()
        return (oldest, *sorted(self._absorbed))

    def _add(self, match: Joining, now: int) -> None:
        pieces = list(self._pieces(match))
        touched = {island.family for item, start, end in pieces for island in self._touching(item, start, end)}
        if touched:
            family = self._unite(sorted(touched), now)
        else:
            founder, partner = sorted((match.query_id, match.reference_id), key=self._rank.__getitem__)
            start_s = min((start for item, start, _ in pieces if item == founder), default=0.0)
            family = self._families
            self._families += 1
            self._births[family] = _Birth(now, self._rank[founder], start_s, founder, partner)
        for item, start, end in pieces:
            self._settle(item, start, end, family)

    def _pieces(self, match: Joining) -> Iterator[tuple[str, float, float]]:
        """The match's stretches that belong to this group."""
        if not match.segments:
            for item in (match.query_id, match.reference_id):
                yield from ((item, start, end) for start, end in self._inside[item])
        for segment in match.segments:
            query = (match.query_id, segment.query_start_s, segment.query_end_s)
            reference = (match.reference_id, segment.reference_start_s, segment.reference_end_s)
            if self._holds(*query) and self._holds(*reference):
                yield query
                yield reference

    def _holds(self, item: str, start: float, end: float) -> bool:
        return any(low <= start and end <= high for low, high in self._inside[item])

    def _touching(self, item: str, start: float, end: float) -> list[_Island]:
        found = []
        for island in self._islands[item]:
            needed = min(OVERLAP_S, (end - start) / 2, (island.end_s - island.start_s) / 2)
            if min(end, island.end_s) - max(start, island.start_s) >= needed:
                found.append(island)
        return found

    def _settle(self, item: str, start: float, end: float, family: int) -> None:
        touching = self._touching(item, start, end)
        rest = [island for island in self._islands[item] if island not in touching]
        low = min([start, *(island.start_s for island in touching)])
        high = max([end, *(island.end_s for island in touching)])
        self._islands[item] = [*rest, _Island(low, high, family)]

    def _unite(self, families: Sequence[int], now: int) -> int:
        """Make several families one under the oldest birth. What was born at this very file had no name before it."""
        oldest = min(families, key=self._births.__getitem__)
        for family in families:
            if family == oldest:
                continue
            birth = self._births.pop(family)
            if birth.rank < now:
                self._absorbed.append(birth)
            for item, islands in self._islands.items():
                self._islands[item] = [
                    island._replace(family=oldest) if island.family == family else island for island in islands
                ]
        return oldest


def _names(births: Sequence[_Birth], label: Callable[[str], str]) -> dict[_Birth, str]:
    """A name for every birth that nothing later can change: births are named in their order."""
    taken: dict[str, int] = {}
    named = {}
    founders: set[str] = set()
    for birth in sorted(set(births)):
        name = NAMESPACE + label(birth.item)
        if birth.item in founders:
            name += f"+{label(birth.partner)}"
        founders.add(birth.item)
        taken[name] = taken.get(name, 0) + 1
        named[birth] = name if taken[name] == 1 else f"{name}/{taken[name]}"
    return named
