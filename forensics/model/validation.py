"""Validation: what the whole procedure does on copies whose truth is known, and on pairs that nothing joins."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from forensics.model.match import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Where an attacked copy shows its source: seconds on each file's presentation clock. ``speed`` is reference
    seconds per query second, as in `Segment`.
    """

    query_start_s: float
    query_end_s: float
    reference_start_s: float
    reference_end_s: float
    speed: float
    mirrored: bool


class Outcome(StrEnum):
    """What became of one attacked copy. Only ``matched`` counts as found."""

    MATCHED = "matched"
    MISPLACED = "misplaced"
    CANDIDATE = "candidate"
    MISSED = "missed"


class NullKind(StrEnum):
    """Which pairs that are no copies of one another were tried."""

    UNRELATED = "unrelated"
    OTHER_TIME = "same_source_other_time"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyResult:
    """One attacked copy against its source: from these rows every rate of the record can be counted again.

    ``values`` are the attack's parameters as drawn; ``score`` is 0 when the pair was not named. Errors are seconds,
    for matched copies only: ``offset_error_s`` at the middle of the longest segment, the others at its ends.
    """

    source: str
    attack: str
    values: dict[str, float]
    copy_sha256: str
    truth: Truth
    outcome: Outcome
    score: float
    offset_error_s: float | None
    start_error_s: float | None
    end_error_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseMatch:
    """A copy that was matched with a file that it is no copy of, for a person to look at."""

    kind: NullKind
    source: str
    attack: str
    copy_sha256: str
    reference: str
    score: float
    query_start_s: float
    reference_start_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackResult:
    """Counts of one attack (or of all) and the Wilson 95 % interval of the share that was matched.

    ``effective`` is the number of copies on which the interval rests: copies of one source are not independent.
    """

    attack: str
    copies: int
    matched: int
    misplaced: int
    candidates: int
    missed: int
    effective: float
    recall_low: float
    recall_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Localisation:
    """Errors of the times of matched copies in seconds: median and ninth decile; None when nothing was matched."""

    matches: int
    offset_median_s: float | None
    offset_p90_s: float | None
    ends_median_s: float | None
    ends_p90_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NullResult:
    """False matches observed. A *pair* is two sources, however many copies of one were compared with the other (the
    ``trials``); it is false when any of its trials was. ``left_out`` pairs are joined by the case's own findings.
    ``upper_bound`` is the exact one-sided 95 % bound of the rate of false pairs (1 when no pair was tried).
    """

    kind: NullKind
    trials: int
    false_trials: int
    pairs: int
    false_pairs: int
    candidate_pairs: int
    left_out: int
    upper_bound: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreBlock:
    """Scores from ``low`` to ``high`` (both observed) that the fit gives one log10 likelihood ratio."""

    low: float
    high: float
    positives: int
    negatives: int
    log10_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The score's log10 likelihood ratio by an isotonic fit over attacked copies and unrelated pairs.

    ``cost`` is the log-likelihood-ratio cost with each source held out in turn (0 perfect, 1 says nothing), None when
    too few sources remain. ``match_log10_ratio_low`` is the least that a decided match supports: the lower bound
    of recall over the upper bound of the false match rate.
    """

    positives: int
    negatives: int
    blocks: tuple[ScoreBlock, ...]
    cost: float | None
    match_log10_ratio_low: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSize:
    """Expected false matches at most (pairs times the bound of unrelated pairs): one file against the case, and every
    evidence of the case against every other.
    """

    references: int
    one_query: float
    case_pairs: int
    whole_case: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationRecord:
    """What was tried, with what, and what came of it.

    ``id`` is ``urn:sha256:`` of the canonical record without ``id`` and ``made``: the same case, seed, tools and
    parameters give the same. ``evidence_sha256`` is over the sorted SHA-256 of all videos of the case, one a
    line; ``sources`` are those that were attacked; ``attacks_sha256`` digests the attack table as used, and
    ``commands_sha256`` the command lines that made the copies, one a line. ``not_made`` counts copies that could not
    be made (too short a source, an encoder's failure).
    """

    id: str
    made: str
    method: Method
    params: dict[str, str]
    seed: int
    evidence: int
    evidence_sha256: str
    sources: tuple[str, ...]
    attacks_version: int
    attacks_sha256: str
    commands_sha256: str
    tools: dict[str, str]
    not_made: int
    not_compared: int
    overall: AttackResult
    attacks: tuple[AttackResult, ...]
    localisation: Localisation
    nulls: tuple[NullResult, ...]
    calibration: Calibration
    search: SearchSize
    copies: tuple[CopyResult, ...]
    false_matches: tuple[FalseMatch, ...]
    limits: tuple[str, ...]

    @property
    def unrelated(self) -> NullResult:
        """The null on which the expected false matches rest."""
        return next(null for null in self.nulls if null.kind is NullKind.UNRELATED)
