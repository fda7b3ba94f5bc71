"""Telling apart, for `validate`: a copy with its source, pairs that nothing joins, pairs that the case itself joins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from forensics.matching.rates import Pair, judge_copy, pair_of
from forensics.model.match import Decision, Match
from forensics.model.validation import CopyResult, FalseMatch, NullKind
from pipelines.attacked_copies import Copy, Role


@dataclass(frozen=True, kw_only=True)
class Kinship:
    """Which evidences the case's findings join, directly or through others."""

    pairs: tuple[Pair, ...]

    @cached_property
    def _group(self) -> Mapping[str, str]:
        group: dict[str, str] = {}
        members: dict[str, list[str]] = {}
        for pair in self.pairs:
            one, other = (group.get(name, name) for name in pair)
            if one == other:
                continue
            joined = members.pop(one, [one]) + members.pop(other, [other])
            members[one] = joined
            group.update(dict.fromkeys(joined, one))
        return group

    def joined(self, one: str, other: str) -> bool:
        """Whether two evidences are one, or findings lead from one to the other."""
        return self._group.get(one, one) == self._group.get(other, other)


@dataclass(slots=True, kw_only=True)
class Tally:
    """What has been seen so far, in no order. ``scores`` maps each pair of a null to its highest score."""

    kinship: Kinship
    rows: list[CopyResult] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    scores: dict[NullKind, dict[Pair, float]] = field(default_factory=lambda: {kind: {} for kind in NullKind})
    trials: dict[NullKind, int] = field(default_factory=lambda: dict.fromkeys(NullKind, 0))
    wrong: list[FalseMatch] = field(default_factory=list)
    left_out: set[Pair] = field(default_factory=set)
    not_made: int = 0
    not_compared: int = 0

    def take_case(self, copies: Sequence[Copy], references: Sequence[str], found: Iterable[Match]) -> None:
        """Attacked copies that were matched with these evidences of the case."""
        by_id = _by_id(copies)
        own: dict[tuple[str, str], Match] = {}
        for match in found:
            for copy in by_id[match.query_id]:
                if match.reference_id == copy.source:
                    own[copy.source, copy.volume.id] = match
                elif not self.kinship.joined(copy.source, match.reference_id):
                    self._take_hit(NullKind.UNRELATED, copy, match.reference_id, match)
        for copy in copies:
            self.rows.append(_row(copy, own.get((copy.source, copy.volume.id))))
            for reference in references:
                self._take_trial(copy.source, reference)

    def take_parts(self, earlier: Sequence[Copy], later: Sequence[Copy], found: Iterable[Match]) -> None:
        """Earlier parts that were matched with later parts, of the same sources and of others."""
        queries, references = _by_id(earlier), _by_id(later)
        for match in found:
            for copy in queries[match.query_id]:
                for reference in references[match.reference_id]:
                    if copy.source == reference.source:
                        self._take_hit(NullKind.OTHER_TIME, copy, reference.source, match)
                    elif not self.kinship.joined(copy.source, reference.source):
                        self._take_hit(NullKind.UNRELATED, copy, reference.source, match)
        for copy in earlier:
            for reference in later:
                if copy.source == reference.source:
                    self._count(NullKind.OTHER_TIME, (copy.source, copy.source))
                else:
                    self._take_trial(copy.source, reference.source)

    def _take_trial(self, source: str, reference: str) -> None:
        if source == reference:
            return
        if self.kinship.joined(source, reference):
            self.left_out.add(pair_of(source, reference))
        else:
            self._count(NullKind.UNRELATED, pair_of(source, reference))

    def _count(self, kind: NullKind, pair: Pair) -> None:
        self.trials[kind] += 1
        self.scores[kind].setdefault(pair, 0.0)

    def _take_hit(self, kind: NullKind, copy: Copy, reference: str, match: Match) -> None:
        scores, pair = self.scores[kind], pair_of(copy.source, reference)
        scores[pair] = max(scores.get(pair, 0.0), round(match.score, 6))
        if match.decision is Decision.MATCH:
            first = match.segments[0]
            self.wrong.append(
                FalseMatch(
                    kind=kind,
                    source=copy.source,
                    attack=copy.attack,
                    copy_sha256=copy.volume.id,
                    reference=reference,
                    score=round(match.score, 6),
                    query_start_s=first.query_start_s,
                    reference_start_s=first.reference_start_s,
                )
            )


def by_role(copies: Iterable[Copy], role: Role) -> tuple[Copy, ...]:
    """The copies that are for this."""
    return tuple(copy for copy in copies if copy.role is role)


def _by_id(copies: Iterable[Copy]) -> Mapping[str, list[Copy]]:
    """Copies by their bytes: two attacks may leave the same."""
    found: dict[str, list[Copy]] = defaultdict(list)
    for copy in copies:
        found[copy.volume.id].append(copy)
    return found


def _row(copy: Copy, match: Match | None) -> CopyResult:
    outcome, score, errors = judge_copy(match, copy.truth)
    offset, start, end = errors or (None, None, None)
    return CopyResult(
        source=copy.source,
        attack=copy.attack,
        values=copy.values,
        copy_sha256=copy.volume.id,
        truth=copy.truth,
        outcome=outcome,
        score=score,
        offset_error_s=offset,
        start_error_s=start,
        end_error_s=end,
    )
