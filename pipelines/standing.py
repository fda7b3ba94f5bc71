"""Which findings stand, told by the log alone.

A machine's finding is logged when it first stands and again when it is withdrawn. A review takes the place of what was
logged of its pair before. While a review of a pair stands, a machine's finding of that pair does not: it lies beside
the review, for a person to look at.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TypeAlias

from forensics import custody
from forensics.errors import CaseError, IntegrityError
from forensics.model.custody import CustodyEvent, EventType
from forensics.model.finding import Finding, FindingStatus
from pipelines.case import MIN_PREFIX, Case

Pair: TypeAlias = frozenset[str]
"""The two evidences of a finding; which of them is the query does not matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A logged finding: the SHA-256 of its bytes, its file name below findings/, its pair, whether it is a review."""

    sha256: str
    name: str
    pair: Pair
    reviewed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What the log says of findings.

    ``stands`` in the order of the log; ``beside`` are machine findings of a pair of which a review stands;
    ``followed`` maps the SHA-256 of what was superseded to the review that took its place; ``reviews`` are those that
    stand, by their pair; ``of_pair`` has the SHA-256 of all that stand or lie beside.
    """

    stands: dict[str, Filed] = field(default_factory=dict)
    beside: dict[str, Filed] = field(default_factory=dict)
    followed: dict[str, str] = field(default_factory=dict)
    reviews: dict[Pair, Filed] = field(default_factory=dict)
    of_pair: dict[Pair, set[str]] = field(default_factory=lambda: defaultdict(set))

    def take(self, event: CustodyEvent) -> None:
        """Go on by one event of the log."""
        detail = event.detail
        withdrawn = str(detail.get("withdrawn"))
        if event.event is EventType.MATCHING and "finding" in detail:
            filed = filed_by(event)
            self._place(filed, self.beside if filed.pair in self.reviews else self.stands)
        elif event.event is EventType.MATCHING and not self._is_review(withdrawn):
            self._drop(withdrawn)
        elif event.event is EventType.REVIEW and "finding" in detail:
            filed = filed_by(event)
            for former in {str(detail.get("supersedes")), *self.of_pair[filed.pair]} - {filed.sha256}:
                self._drop(former)
                self.followed[former] = filed.sha256
            self.reviews[filed.pair] = filed
            self._place(filed, self.stands)

    def _place(self, filed: Filed, where: dict[str, Filed]) -> None:
        where[filed.sha256] = filed
        self.of_pair[filed.pair].add(filed.sha256)
        self.followed.pop(filed.sha256, None)  # what is filed again is followed by nothing: no circle can come about

    def _drop(self, sha256: str) -> None:
        filed = self.stands.pop(sha256, None) or self.beside.pop(sha256, None)
        if filed is not None:
            self.of_pair[filed.pair].discard(sha256)
            if self.reviews.get(filed.pair) == filed:
                del self.reviews[filed.pair]

    def _is_review(self, sha256: str) -> bool:
        return sha256 in self.stands and self.stands[sha256].reviewed


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFinding:
    """A finding, its digest and its file name below findings/."""

    finding: Finding
    sha256: str
    name: str

    @property
    def rejected(self) -> bool:
        """A person said that it is wrong: it joins nothing and is no match to anybody."""
        return self.finding.status is FindingStatus.REJECTED


def filed_by(event: CustodyEvent) -> Filed:
    """What a line that files a finding says of it."""
    detail = event.detail
    return Filed(
        sha256=str(detail["finding"]),
        name=str(detail.get("file", "")),
        pair=frozenset({str(event.item), str(detail.get("reference", ""))}),
        reviewed=event.event is EventType.REVIEW,
    )


def with_name(stored: StoredFinding, names: Mapping[str, str]) -> StoredFinding:
    """For people to read: the examiner's name in place of the pseudonym, where ``names`` has it."""
    review = stored.finding.review
    if review is None or review.examiner not in names:
        return stored
    return replace(stored, finding=replace(stored.finding, review=replace(review, examiner=names[review.examiner])))


def ledger_of(case: Case) -> Ledger:
    """What the log of the case says of findings."""
    ledger = Ledger()
    for line in case.log.events():
        ledger.take(line.event)
    return ledger


def standing(case: Case) -> dict[str, str]:
    """The findings that stand, reviews among them: SHA-256 to file name, in the order in which they were logged."""
    return {sha256: filed.name for sha256, filed in ledger_of(case).stands.items()}


def load(case: Case) -> Iterator[StoredFinding]:
    """Yield the findings that stand, also those that a person rejected.

    Raises:
        IntegrityError: a finding is missing or its bytes are not those that were logged.
        ManifestError: it is not canonical.
    """
    for filed in ledger_of(case).stands.values():
        yield read(case, filed)


def read(case: Case, filed: Filed) -> StoredFinding:
    """One logged finding.

    Raises:
        IntegrityError: it is missing or its bytes are not those that were logged.
        ManifestError: it is not canonical.
    """
    name = filed.name
    try:
        data = (case.findings / name).read_bytes()
    except OSError as error:
        raise IntegrityError(
            f"finding {name}: {error.strerror}", hint="run verify; restore the case from a copy"
        ) from error
    if hashlib.sha256(data).hexdigest() != filed.sha256:
        raise IntegrityError(f"finding {name} is not the one that was logged", hint="run verify for the whole extent")
    return StoredFinding(finding=custody.decode_finding(data), sha256=filed.sha256, name=name)


def find(case: Case, ledger: Ledger, names: tuple[str, ...]) -> Filed:
    """The finding that a person means: by the SHA-256 of its document or a prefix, by its file name, or by the two
    evidences that it compares. What was superseded leads to the review that stands in its place.

    Raises:
        CaseError: none or several.
    """
    if len(names) == 2:
        pair = frozenset(case.resolve(name) for name in names)
        found = {filed.sha256 for filed in ledger.stands.values() if filed.pair == pair}
    else:
        text = PurePosixPath(names[0].strip()).name
        held = ledger.stands | ledger.beside
        prefix = text.lower().removeprefix("urn:sha256:")
        hexed = len(prefix) >= MIN_PREFIX and set(prefix) <= set("0123456789abcdef")
        named = {sha256 for sha256, filed in held.items() if filed.name == text}
        meant = {sha256 for sha256 in (*held, *ledger.followed) if hexed and sha256.startswith(prefix)}
        found = {_followed(ledger, sha256) for sha256 in named | meant}
    if len(found) != 1:
        reason = "no finding" if not found else f"{len(found)} findings"
        raise CaseError(
            f"{' and '.join(names)}: {reason} of this case by that name",
            hint="give the finding's SHA-256 as match --json and show print it, its file name, or two evidences",
        )
    sha256 = found.pop()
    return ledger.stands.get(sha256) or ledger.beside[sha256]


def _followed(ledger: Ledger, sha256: str) -> str:
    while sha256 in ledger.followed:
        sha256 = ledger.followed[sha256]
    return sha256
