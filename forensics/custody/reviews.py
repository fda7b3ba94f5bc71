"""Step 8 for reviews: a person's finding against the one that it supersedes, and against the line that logged it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from forensics.custody.finding import decode_finding
from forensics.custody.verification import LogIndex
from forensics.errors import ManifestError
from forensics.model.custody import Check, CheckStatus
from forensics.model.finding import Finding, FindingStatus
from forensics.model.verification import Step

CALIBRATION = "finding's error rates"
"""Name of the check that the record of a finding's error rates is one of the case."""

_MARKS = (b'"review":{', b'"of_this_case":true')
"""In the canonical form, what has neither holds no review and no figures of this case: most findings are such."""


def check_reviews(present: Mapping[str, bytes], log: LogIndex) -> Iterator[Check]:
    """Every logged finding of findings/, its bytes by their SHA-256, for what a review must be.

    It supersedes a finding that was logged before it, is kept, and has the same subjects and measurements; its line
    says the same of it; and what no review event logged has no reviewer's words. Two reviews of one finding are both
    in order: which of them stands is told by the log.
    """
    for sha256, data in present.items():
        finding = _decoded(data) if sha256 in log.reviews or any(mark in data for mark in _MARKS) else None
        if finding is None or sha256 not in log.findings:
            continue  # nothing to hold it to, or told by check_findings
        if finding.review is not None or sha256 in log.reviews:
            yield from _check_review(sha256, finding, present, log)
        if finding.calibration is not None and finding.calibration.of_this_case:
            yield _check_calibration(sha256, finding.calibration.record, log)


def _check_review(sha256: str, finding: Finding, present: Mapping[str, bytes], log: LogIndex) -> Iterator[Check]:
    said = (_supersedes(finding), str(finding.status))
    logged = log.reviews.get(sha256)
    if logged != said:
        found = "a line of matching" if logged is None else _told(*logged)
        yield _check("review logged", CheckStatus.FAILED, sha256, _told(*said), found)
        return
    former = present.get(said[0])
    known = None if former is None else _decoded(former)
    problem = _problem(finding, known, log.told_at.get(said[0]), log.told_at[sha256])
    status = CheckStatus.OK if problem is None else CheckStatus.FAILED
    expected = f"supersedes finding {said[0]}, kept, logged before it, of the same subjects and measurements"
    yield _check("review", status, sha256, None if problem is None else expected, problem or _told(*said))


def _problem(finding: Finding, former: Finding | None, at: int | None, own: int) -> str | None:
    if at is None or at >= own:
        return "no line of the log before it files that finding"
    if former is None:
        return "that finding is not in findings/"
    if _measured(former) != _measured(finding):
        return "it has other subjects or measurements"
    if finding.status == FindingStatus.MACHINE_ONLY:
        return "it is the machine's own"
    return None


def _measured(finding: Finding) -> tuple[object, ...]:
    subjects = (finding.reference_manifest, finding.query_manifest, finding.query_digests)
    return (*subjects, finding.match, finding.params, finding.sound_params, finding.calibration)


def _check_calibration(sha256: str, record: str, log: LogIndex) -> Check:
    status = CheckStatus.OK if record in log.validations else CheckStatus.FAILED
    expected = None if status is CheckStatus.OK else f"validation record {record} to be logged"
    return _check(CALIBRATION, status, sha256, expected, record if expected is None else "no line of it")


def _decoded(data: bytes) -> Finding | None:
    try:
        return decode_finding(data)
    except ManifestError:
        return None


def _supersedes(finding: Finding) -> str:
    return "nothing" if finding.review is None else finding.review.supersedes


def _told(supersedes: str, status: str) -> str:
    return f"{status}, supersedes {supersedes}"


def _check(name: str, status: CheckStatus, sha256: str, expected: str | None, found: str | None) -> Check:
    subject = f"finding {sha256}"
    return Check(step=Step.FINDINGS, name=name, status=status, subject=subject, expected=expected, found=found)
