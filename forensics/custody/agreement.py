"""Steps 5 to 8 of verification: manifests, store, log and findings against one another; every problem."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from forensics.custody.disclosed import NOTHING, AtHand, check_disclosures
from forensics.custody.finding import decode_finding
from forensics.custody.manifest import decode_manifest, item_of
from forensics.custody.reviews import check_reviews
from forensics.custody.validation import decode_validation
from forensics.custody.verification import LogIndex
from forensics.errors import ManifestError
from forensics.model.custody import Check, CheckStatus
from forensics.model.finding import Finding
from forensics.model.manifest import Manifest, Subject
from forensics.model.store import MANIFEST_NAME, SIGNATURE_NAME, ObjectState
from forensics.model.text import visible
from forensics.model.verification import Step


class _Side(NamedTuple):
    name: str
    manifest: str
    item: str


def check_evidence(
    manifests: Sequence[bytes | None], states: Sequence[ObjectState], log: LogIndex, private: AtHand = NOTHING
) -> Iterator[Check]:
    """Steps 5 to 7 for all versions of one evidence: ``manifests[i]`` are the bytes that ``states[i]`` has as its
    manifest, or None when they cannot be read; ``private`` is what is disclosed of it.
    """
    for data, state in zip(manifests, states, strict=True):
        yield from check_manifest(data, log, state, private)
    former: bytes | None = None
    for data, state in zip(manifests, states, strict=True):
        if former is not None and data is not None:
            yield from _check_succession(former, data, _subject(state))
        former = data


def check_manifest(data: bytes | None, log: LogIndex, state: ObjectState, private: AtHand = NOTHING) -> Iterator[Check]:
    """Steps 5 to 7 for the manifest of one version: canonical with true facts digests, its subjects are the version's
    files, its digest is the one that was logged.
    """
    subject = _subject(state)
    if data is None:
        yield _check(Step.MANIFESTS, "manifest", CheckStatus.FAILED, subject, "a manifest", "none that can be read")
        return
    manifest: Manifest | None = None
    try:
        manifest = decode_manifest(data)
    except ManifestError as error:
        yield _check(Step.MANIFESTS, "manifest", CheckStatus.FAILED, subject, "a canonical manifest", error.message)
    if manifest is not None:
        yield from _check_identity(manifest, state, subject)
        yield from check_disclosures(manifest.record, private, state.version, subject)
        yield from _check_subjects(manifest, state, subject)
    yield _check_logged(data, manifest, log, state, subject)


def check_log_items(log: LogIndex, held: Mapping[str, int]) -> Iterator[Check]:
    """Step 7 from the log's side: each logged version is in the store. ``held`` maps evidence to its versions."""
    for (item, version), digests in sorted(log.admitted.items()):
        if held.get(item, 0) < version:
            subject = f"{item}/v{version}"
            name = "logged manifest kept"
            yield _check(Step.LOG_AND_STORE, name, CheckStatus.FAILED, subject, digests[-1], "not in the store")


def check_findings(found: Iterable[tuple[str, bytes]], log: LogIndex, manifests: Mapping[str, str]) -> Iterator[Check]:
    """Step 8: ``found`` are file names and bytes of findings/, ``manifests`` maps the SHA-256 of every manifest of
    every version in the store to its evidence.

    A sound finding that was not logged is ``skipped``: a crash leaves it, and it does not stand.
    """
    present: dict[str, bytes] = {}
    for name, data in found:
        sha256 = hashlib.sha256(data).hexdigest()
        present[sha256] = data
        yield from _check_finding(visible(name), data, sha256, log, manifests)
    yield from check_reviews(present, log)
    for sha256, name in sorted(log.findings.items()):
        if sha256 not in present:
            subject = f"findings/{visible(name)}"
            yield _check(Step.FINDINGS, "logged finding kept", CheckStatus.FAILED, subject, sha256, "no such bytes")


def check_validations(found: Iterable[tuple[str, bytes]], log: LogIndex) -> Iterator[Check]:
    """Step 8 for the validation records: ``found`` are file names and bytes of validation/.

    A sound record that was not logged is ``skipped``, as a finding is.
    """
    present: set[str] = set()
    for name, data in found:
        sha256 = hashlib.sha256(data).hexdigest()
        present.add(sha256)
        subject = f"validation/{visible(name)}"
        try:
            decode_validation(data)
        except ManifestError as error:
            expected = "a canonical validation record"
            yield _check(Step.FINDINGS, "validation record", CheckStatus.FAILED, subject, expected, error.message)
            continue
        logged = sha256 in log.validations
        status = CheckStatus.OK if logged else CheckStatus.SKIPPED
        told = sha256 if logged else "none: it does not stand; validate again"
        yield _check(Step.FINDINGS, "validation record", status, subject, None if logged else "a log line", told)
    for sha256 in sorted(log.validations - present):
        subject = f"validation/{sha256}.json"
        yield _check(
            Step.FINDINGS, "logged validation record kept", CheckStatus.FAILED, subject, sha256, "no such bytes"
        )


def _check_identity(manifest: Manifest, state: ObjectState, subject: str) -> Iterator[Check]:
    """The manifest is of this evidence and of this version."""
    expected = f"{item_of(state.item)} version {state.version}"
    found = f"{manifest.item} version {manifest.version}"
    status = CheckStatus.OK if found == expected else CheckStatus.FAILED
    yield _check(Step.MANIFESTS, "manifest", status, subject, expected, found)


def _check_succession(former: bytes, data: bytes, subject: str) -> Iterator[Check]:
    try:
        named = decode_manifest(data).supersedes
    except ManifestError:
        return  # told by check_manifest
    expected = hashlib.sha256(former).hexdigest()
    status = CheckStatus.OK if named == expected else CheckStatus.FAILED
    yield _check(Step.MANIFESTS, "manifest succession", status, subject, expected, str(named))


def _check_subjects(manifest: Manifest, state: ObjectState, subject: str) -> Iterator[Check]:
    declared = {each.name: each for each in manifest.subjects}
    stored = {each.name: each for each in state.files if each.name not in {MANIFEST_NAME, SIGNATURE_NAME}}
    problems = [
        _check(
            Step.SUBJECTS,
            "manifest subjects",
            CheckStatus.FAILED,
            f"{subject}/{name}",
            _told(declared.get(name)),
            _told(stored.get(name)),
        )
        for name in sorted(declared.keys() | stored.keys())
        if declared.get(name) != stored.get(name)
    ]
    yield from problems
    if not problems:
        found = f"{len(stored)} files"
        yield _check(Step.SUBJECTS, "manifest subjects", CheckStatus.OK, subject, None, found)


def _check_logged(data: bytes, manifest: Manifest | None, log: LogIndex, state: ObjectState, subject: str) -> Check:
    name = "manifest logged"
    digest = hashlib.sha256(data).hexdigest()
    logged = log.admitted.get((state.item, state.version), ())
    if logged:
        other = next((each for each in logged if each != digest), None)
        status = CheckStatus.OK if other is None else CheckStatus.FAILED
        return _check(Step.LOG_AND_STORE, name, status, subject, other or digest, digest)
    if digest in log.promised:
        found = "none: a merge was cut off before it; merge again"
        return _check(Step.LOG_AND_STORE, name, CheckStatus.SKIPPED, subject, "a log line", found)
    run = manifest.record.log.get("run") if manifest is not None else None
    if isinstance(run, str) and run in log.unfinished_runs:
        found = f"none: the run {visible(run)} was cut off before it; ingest the file again"
        return _check(Step.LOG_AND_STORE, name, CheckStatus.SKIPPED, subject, "a log line", found)
    return _check(Step.LOG_AND_STORE, name, CheckStatus.FAILED, subject, "a log line", "none")


def _check_finding(name: str, data: bytes, sha256: str, log: LogIndex, manifests: Mapping[str, str]) -> Iterator[Check]:
    subject = f"findings/{name}"
    try:
        finding = decode_finding(data)
    except ManifestError as error:
        yield _check(Step.FINDINGS, "finding", CheckStatus.FAILED, subject, "a canonical finding", error.message)
        return
    strangers = [side for side in _sides(finding) if manifests.get(side.manifest) != side.item]
    for side in strangers:
        expected = f"the {side.name}'s manifest {side.manifest} to be of {side.item}"
        known = manifests.get(side.manifest, "unknown")
        yield _check(Step.FINDINGS, "finding subjects", CheckStatus.FAILED, subject, expected, known)
    if sha256 not in log.findings:
        again = "match" if finding.review is None else "review"
        found = f"none: it does not stand; {again} again"
        yield _check(Step.FINDINGS, "finding logged", CheckStatus.SKIPPED, subject, "a log line", found)
    elif log.findings[sha256] not in {"", name}:
        yield _check(Step.FINDINGS, "finding logged", CheckStatus.FAILED, subject, log.findings[sha256], name)
    elif not strangers:
        yield _check(Step.FINDINGS, "finding", CheckStatus.OK, subject, None, sha256)


def _sides(finding: Finding) -> Iterator[_Side]:
    yield _Side("reference", finding.reference_manifest, finding.match.reference_id)
    if finding.query_manifest is not None:
        yield _Side("query", finding.query_manifest, finding.match.query_id)


def _told(file: Subject | None) -> str:
    return "nothing" if file is None else f"sha256:{file.sha256} sha512:{file.sha512} {file.size} bytes"


def _subject(state: ObjectState) -> str:
    return f"{state.item}/v{state.version}"


def _check(step: Step, name: str, status: CheckStatus, subject: str, expected: str | None, found: str | None) -> Check:
    return Check(step=step, name=name, status=status, subject=subject, expected=expected, found=found)
