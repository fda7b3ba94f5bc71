"""A finding: our analysis of one pair, a document of its own that never touches the certified record."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from forensics.model.evidence import Digests
from forensics.model.manifest import Json
from forensics.model.match import Match

MAX_REASON = 8000
"""Characters of a reason or of an alternative: three printed pages; more belongs into a report of its own."""

MAX_EXAMINER = 200
"""Characters of a name or pseudonym."""

MAX_ALTERNATIVES = 20
"""Alternative explanations of one review; an opinion that names more has not weighed them."""


class FindingStatus(StrEnum):
    """Who stands behind a finding: the program alone, or a person who confirmed or rejected what it says."""

    MACHINE_ONLY = "machine-only"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRates:
    """The method's measured errors and the data they were measured on, as one validation record has them.

    ``record`` is the SHA-256 of the validation record and ``made`` its time; ``of_this_case`` tells whether the data
    were this case's own videos, ``videos`` and ``videos_sha256`` which ones (the digest is over their sorted SHA-256,
    one a line), ``attacked`` how many of them were copied. Of ``copies`` the ``matched`` were found, and the share is
    between ``recall_low`` and ``recall_high`` (Wilson, 95 %). Of ``pairs`` that nothing joins ``false_pairs`` were
    matched; ``false_bound`` is the exact one-sided 95 % bound of that rate.
    """

    record: str
    made: str
    of_this_case: bool
    videos: int
    videos_sha256: str
    attacked: int
    copies: int
    matched: int
    recall_low: float
    recall_high: float
    pairs: int
    false_pairs: int
    false_bound: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a person says of a finding. ``supersedes`` is the SHA-256 of the finding that was looked at.

    ``examiner`` is a name or pseudonym as stated; ``made`` RFC 3339 UTC; ``alternatives`` are other explanations that
    the examiner weighed. All texts are as typed: bounded here, made safe where they are shown.
    """

    examiner: str
    made: str
    reason: str
    alternatives: tuple[str, ...]
    supersedes: str

    def __post_init__(self) -> None:
        if not self.examiner.strip() or len(self.examiner) > MAX_EXAMINER:
            raise ValueError(f"an examiner is named in 1 to {MAX_EXAMINER} characters")
        if len(self.alternatives) > MAX_ALTERNATIVES:
            raise ValueError(f"a review names at most {MAX_ALTERNATIVES} alternatives")
        if any(not text.strip() or len(text) > MAX_REASON for text in (self.reason, *self.alternatives)):
            raise ValueError(f"a reason, as an alternative, has 1 to {MAX_REASON} characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the machine says about two videos, bound to the manifests that describe them.

    ``reference_manifest`` and ``query_manifest`` are the SHA-256 of the manifests' stored bytes. A query from outside
    the case has no manifest: ``query_manifest`` is None and ``query_digests`` are those of the file itself. Exactly
    one of the two is given. ``params`` are the method's parameters, or None when only their digest is kept;
    ``sound_params`` are likewise those of the sound that agrees, where some does. ``calibration`` is None where no
    validation record speaks for the method. A ``review`` stands in every finding but those of the machine alone.
    """

    id: str
    match: Match
    reference_manifest: str
    query_manifest: str | None
    query_digests: Digests | None
    params: dict[str, Json] | None
    status: FindingStatus
    limits: tuple[str, ...]
    sound_params: dict[str, Json] | None = None
    calibration: ErrorRates | None = None
    review: Review | None = None

    def __post_init__(self) -> None:
        if (self.query_manifest is None) == (self.query_digests is None):
            raise ValueError("a query is named by its manifest, or by its digests when it is outside the case")
        if (self.status == FindingStatus.MACHINE_ONLY) != (self.review is None):
            raise ValueError("what a person confirmed or rejected has a review, and nothing else has one")
