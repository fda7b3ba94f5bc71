"""From matches of attacked copies, whose truth is known, to error rates. Pure functions of values."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from forensics.matching import statistics
from forensics.model.match import Decision, Match, Segment
from forensics.model.validation import (
    AttackResult,
    Calibration,
    CopyResult,
    Localisation,
    NullKind,
    NullResult,
    Outcome,
    ScoreBlock,
    SearchSize,
    Truth,
)

PLACED_S = 1.0
"""A match whose every segment is further off than this names the right file for a wrong reason."""

FOLDS = 10
"""Sources are held out in so many groups for the cost of the calibration."""

ALL = "all"
"""Name of the result over all attacks."""

Pair: TypeAlias = tuple[str, str]
"""Two sources, in rising order."""

Errors: TypeAlias = tuple[float, float, float]
"""Seconds by which a copy's times are off: at the middle of the longest segment, at the start, at the end."""


def pair_of(one: str, other: str) -> Pair:
    """The unordered pair of two sources."""
    return (one, other) if one <= other else (other, one)


def judge_copy(found: Match | None, truth: Truth) -> tuple[Outcome, float, Errors | None]:
    """What became of a copy: the outcome, the score (0 when it was not named), the errors of its times if matched."""
    if found is None:
        return Outcome.MISSED, 0.0, None
    score = _rounded(found.score)
    if found.decision is not Decision.MATCH:
        return Outcome.CANDIDATE, score, None
    placed = [segment for segment in found.segments if _offset_error(segment, truth) <= PLACED_S]
    if not placed:
        return Outcome.MISPLACED, score, None
    longest = max(placed, key=lambda segment: segment.query_end_s - segment.query_start_s)
    errors = (
        _rounded(_offset_error(longest, truth)),
        _rounded(abs(min(segment.query_start_s for segment in placed) - truth.query_start_s)),
        _rounded(abs(max(segment.query_end_s for segment in placed) - truth.query_end_s)),
    )
    return Outcome.MATCHED, score, errors


def _offset_error(segment: Segment, truth: Truth) -> float:
    """Seconds of the reference by which the middle of a segment lies off its true place."""
    query = (segment.query_start_s + segment.query_end_s) / 2
    reference = (segment.reference_start_s + segment.reference_end_s) / 2
    return abs(reference - truth.reference_start_s - truth.speed * (query - truth.query_start_s))


def attack_result(name: str, rows: Sequence[CopyResult]) -> AttackResult:
    """Counts and the interval of the share matched. Copies of one source are one cluster of the interval."""
    counts = Counter(row.outcome for row in rows)
    tried = Counter(row.source for row in rows)
    hit = Counter(row.source for row in rows if row.outcome is Outcome.MATCHED)
    effective = statistics.effective_trials([hit[source] for source in tried], list(tried.values()))
    share = counts[Outcome.MATCHED] / len(rows) if rows else 0.0
    low, high = statistics.wilson(min(effective, share * effective), effective)
    return AttackResult(
        attack=name,
        copies=len(rows),
        matched=counts[Outcome.MATCHED],
        misplaced=counts[Outcome.MISPLACED],
        candidates=counts[Outcome.CANDIDATE],
        missed=counts[Outcome.MISSED],
        effective=_rounded(effective),
        recall_low=_rounded(low),
        recall_high=_rounded(high),
    )


def localisation(rows: Sequence[CopyResult]) -> Localisation:
    """Median and ninth decile of the errors of all matched copies."""
    offsets = [row.offset_error_s for row in rows if row.offset_error_s is not None]
    ends = [error for row in rows for error in (row.start_error_s, row.end_error_s) if error is not None]
    return Localisation(
        matches=len(offsets),
        offset_median_s=statistics.quantile(offsets, 0.5),
        offset_p90_s=statistics.quantile(offsets, 0.9),
        ends_median_s=statistics.quantile(ends, 0.5),
        ends_p90_s=statistics.quantile(ends, 0.9),
    )


def null_result(
    kind: NullKind, scores: Mapping[Pair, float], false: Sequence[Pair], *, trials: int, left_out: int
) -> NullResult:
    """False pairs and their bound. ``scores`` has each pair tried with its highest score (0: never named); ``false``
    names the pair of each false trial, so a pair may stand there several times.
    """
    wrong = set(false)
    return NullResult(
        kind=kind,
        trials=trials,
        false_trials=len(false),
        pairs=len(scores),
        false_pairs=len(wrong),
        candidate_pairs=sum(1 for pair, score in scores.items() if score > 0 and pair not in wrong),
        left_out=left_out,
        upper_bound=_rounded_up(statistics.clopper_pearson_upper(len(wrong), len(scores))),
    )


def calibrate(
    rows: Sequence[CopyResult], negatives: Mapping[Pair, float], overall: AttackResult, null: NullResult
) -> Calibration:
    """Fit the score's likelihood ratio on all copies and all unrelated pairs; its cost on held-out sources."""
    blocks = statistics.likelihood_ratios([row.score for row in rows], list(negatives.values()))
    supported = overall.recall_low > 0 and null.pairs > 0
    return Calibration(
        positives=len(rows),
        negatives=len(negatives),
        blocks=tuple(
            ScoreBlock(
                low=_rounded(block.low),
                high=_rounded(block.high),
                positives=block.positives,
                negatives=block.negatives,
                log10_ratio=_rounded(block.log10_ratio),
            )
            for block in blocks
        ),
        cost=_held_out_cost(rows, negatives),
        match_log10_ratio_low=_rounded(math.log10(overall.recall_low / null.upper_bound)) if supported else None,
    )


def _held_out_cost(rows: Sequence[CopyResult], negatives: Mapping[Pair, float]) -> float | None:
    sources = sorted({row.source for row in rows})
    ours: list[float] = []
    theirs: list[float] = []
    for fold in range(min(FOLDS, len(sources))):
        held = set(sources[fold::FOLDS])
        blocks = statistics.likelihood_ratios(
            [row.score for row in rows if row.source not in held],
            [score for pair, score in negatives.items() if held.isdisjoint(pair)],
        )
        if not blocks:
            return None
        ours += [statistics.ratio_of(row.score, blocks) for row in rows if row.source in held]
        theirs += [statistics.ratio_of(score, blocks) for pair, score in negatives.items() if not held.isdisjoint(pair)]
    cost = statistics.ratio_cost(ours, theirs)
    return None if cost is None else _rounded(cost)


def search_size(references: int, null: NullResult) -> SearchSize:
    """How many false matches the bound lets expect at most, of one search and of the whole case."""
    pairs = references * (references - 1) // 2
    return SearchSize(
        references=references,
        one_query=_rounded_up(references * null.upper_bound),
        case_pairs=pairs,
        whole_case=_rounded_up(pairs * null.upper_bound),
    )


def _rounded(value: float) -> float:
    """Six decimals: what the record keeps of a figure."""
    return round(float(value), 6)


def _rounded_up(bound: float) -> float:
    """Six decimals, never below the bound itself."""
    return math.ceil(bound * 1e6 - 1e-6) / 1e6
