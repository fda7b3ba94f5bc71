"""A person confirms or rejects what a finding says: a new signed finding that supersedes it. Nothing is edited.

1  the finding that is meant, as it was logged
2  the same subjects and measurements with the person's words, and the digest of what was looked at
3  signed, written beside the other, logged: from then on the review stands
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from forensics import custody
from forensics.errors import InputError
from forensics.model.custody import EventType
from forensics.model.finding import Finding, FindingStatus, Review
from pipelines import standing
from pipelines.case import Case, Run, entry
from pipelines.findings import NOT_CONFIRMED, write_finding
from pipelines.persons import pseudonym
from pipelines.standing import Filed, StoredFinding

CONFIRMED_LIMIT = (
    "Machine output that an examiner confirmed: the opinion of the person named in the review, on what the assessment "
    "says and on no more."
)
REJECTED_LIMIT = "Machine output that an examiner rejected: it joins no files, and is a match to nobody."
"""First limits of a review, in place of `NOT_CONFIRMED`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What a person says: ``confirms`` or rejects, why, and which other explanations were weighed."""

    confirms: bool
    examiner: str
    reason: str
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """The review as filed, and what it supersedes."""

    stored: StoredFinding
    former: StoredFinding


def review(case: Case, run: Run, names: tuple[str, ...], opinion: Opinion) -> Reviewed:
    """File a review of the finding that ``names`` mean (see `pipelines.standing.find`).

    Raises:
        CaseError: no finding by that name, or several.
        InputError: a text is empty or too long.
        IntegrityError: the finding is not the one that was logged; nothing is written then.
    """
    with case.writing():
        ledger = standing.ledger_of(case)
        filed = standing.find(case, ledger, names)
        former = standing.read(case, filed)
        finding = _reviewed(case, former, run, opinion)
        data = custody.encode_finding(finding)
        sha256, name = write_finding(case, run, finding.match, data)
        stored = StoredFinding(finding=finding, sha256=sha256, name=name)
        case.log.append_many([_entry(run, stored, former, ledger.reviews.get(filed.pair))])
    return Reviewed(stored=stored, former=former)


def _reviewed(case: Case, former: StoredFinding, run: Run, opinion: Opinion) -> Finding:
    status = FindingStatus.CONFIRMED if opinion.confirms else FindingStatus.REJECTED
    try:
        words = Review(
            examiner=pseudonym(case, run, opinion.examiner, "--examiner"),
            made=run.surroundings.timestamp(),
            reason=opinion.reason,
            alternatives=opinion.alternatives,
            supersedes=former.sha256,
        )
        for text in (words.reason, *words.alternatives):
            text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError("a reason or alternative is not valid UTF-8", hint="set the terminal to UTF-8") from error
    except ValueError as error:
        raise InputError(str(error), hint="put what is longer into a report and name it in the reason") from error
    heads = (NOT_CONFIRMED, CONFIRMED_LIMIT, REJECTED_LIMIT)
    kept = tuple(limit for limit in former.finding.limits if limit not in heads)
    head = CONFIRMED_LIMIT if opinion.confirms else REJECTED_LIMIT
    urn = run.surroundings.new_urn()
    return replace(former.finding, id=urn, status=status, limits=(head, *kept), review=words)


def _entry(run: Run, stored: StoredFinding, former: StoredFinding, replaced: Filed | None) -> custody.Entry:
    match = stored.finding.match
    detail: dict[str, str | int] = {
        "finding": stored.sha256,
        "file": stored.name,
        "reference": match.reference_id,
        "supersedes": former.sha256,
        "status": str(stored.finding.status),
    }
    if stored.finding.review is not None:
        detail["examiner"] = stored.finding.review.examiner
    if replaced is not None and replaced.sha256 != former.sha256:
        detail["replaces"] = replaced.sha256
    return entry(run, EventType.REVIEW, match.query_id, detail)
