"""What a case can answer of a requirement on one evidence: a closed table of tests, each a question to the record.

An answer is yes, no or not applicable, with its reason and the field that was looked at. The record is taken at its
word here: whether it was tampered with, `verify` tells. What cannot be told from the record is answered "no".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from stat import S_IWGRP, S_IWOTH, S_IWUSR
from typing import NamedTuple

from forensics.model.custody import CustodyEvent, EventType
from forensics.model.manifest import Json, Manifest
from forensics.model.provenance import SourceKind
from forensics.report.wording import count
from pipelines.case import Case
from pipelines.config import UNNAMED
from pipelines.named_checks import NamedCheck
from pipelines.standing import StoredFinding


class Answer(StrEnum):
    """What can be said of a requirement. There is no "partly", and no number."""

    YES = "yes"
    NO = "no"
    NOT_APPLICABLE = "not applicable"


class Answered(NamedTuple):
    """An answer, why, and where that was looked up."""

    answer: Answer
    reason: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a case holds on one evidence: manifest, its events of the log, the findings that stand, named checks."""

    case: Case
    evidence: str
    manifest: Manifest
    events: tuple[CustodyEvent, ...]
    findings: tuple[StoredFinding, ...]
    checks: tuple[NamedCheck, ...]


_ACQUISITION = "manifest, predicate.record.acquisition"
_APPEARANCES = "manifest, predicate.record.appearances"
_SUBJECTS = "manifest, subject"
_LOG = "log/custody.jsonl"
_FINDINGS = "findings/"


def told(yes: bool, reason: str, field: str) -> Answered:
    """Yes or no."""
    return Answered(Answer.YES if yes else Answer.NO, reason, field)


def outside_the_record(_: object) -> Answered:
    """For what people do and no case can show."""
    return told(False, "nothing that a case holds can show this: a person must", "none")


def digest_at_acquisition(held: Held) -> Answered:
    """The digest was computed while the bytes came in."""
    computed = _integrity(held).get("computed")
    known = any(subject.name == "original" for subject in held.manifest.subjects)
    reason = (
        f"SHA-256 and SHA-512, computed {computed}" if known and computed else "no digest of the original is recorded"
    )
    return told(bool(known and computed), reason, f"{_ACQUISITION}.integrity.computed")


def copy_read_back(held: Held) -> Answered:
    """The copy was read back from disk and compared."""
    found = _integrity(held).get("readback")
    return told(
        found == "match",
        f"read back and held to the digest of what was read: {found or 'not recorded'}",
        f"{_ACQUISITION}.integrity.readback",
    )


def original_kept(held: Held) -> Answered:
    """The bytes as they came in are in the store, and cannot be written to by accident."""
    path = held.case.store.path(held.evidence, "original")
    if not path.is_file():
        return told(False, "the original is not in the store", _SUBJECTS)
    writable = path.stat().st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)
    reason = "in the store, but the file can be written to"
    if not writable:
        reason = "in the store, write-protected; that its bytes are those of the manifest, verify tells"
    return told(not writable, reason, f"{_SUBJECTS} original; mode of the file")


def transformations_documented(held: Held) -> Answered:
    """There is a list of transformations; an empty one says that there were none."""
    listed = held.manifest.record.acquisition.get("transformations")
    if not isinstance(listed, list):
        return told(False, "no list of transformations is recorded", f"{_ACQUISITION}.transformations")
    reason = (
        "the list is empty: the record states that there were none"
        if not listed
        else f"{count(len(listed), 'transformation')} listed"
    )
    return told(True, reason, f"{_ACQUISITION}.transformations")


def url_recorded(held: Held) -> Answered:
    """An address at which the item was online."""
    seen = held.manifest.record.appearances
    addresses = [post.get("url") for each in seen if isinstance(post := each.get("post"), dict) and post.get("url")]
    if addresses:
        return told(True, f"{count(len(addresses), 'address', 'addresses')} recorded", f"{_APPEARANCES}[].post.url")
    if any(each.get("kind") != SourceKind.FILE for each in seen):
        reason = "channel and message number are recorded from an export, but no address"
        return told(False, reason, f"{_APPEARANCES}[].post")
    reason = "seen only as a file in a folder; if it never was online, say so: the requirement does not apply then"
    return told(False, reason, f"{_APPEARANCES}[].kind")


def html_source_kept(held: Held) -> Answered:
    """A page's source among the kept files."""
    return _subject_kept(held, (".html", ".htm", ".mhtml", ".wacz", ".warc"), "the source of the page")


def full_page_kept(held: Held) -> Answered:
    """A picture of the page among the kept sources."""
    return _subject_kept(held, (".png", ".jpg", ".pdf", ".wacz"), "a capture of the full page")


def custody_chronological(held: Held) -> Answered:
    """The log has the evidence's events in order, from its ingestion on."""
    taken = [event for event in held.events if event.takes_in]
    times = [event.time for event in held.events]
    ordered = times == sorted(times)
    if not taken or not ordered:
        reason = "no ingestion is logged" if not taken else "the logged times do not go forward"
        return told(False, reason, _LOG)
    reason = f"{count(len(times), 'event')} from {times[0]} to {times[-1]}, by the clock of that computer"
    return told(True, reason, f"{_LOG}, seq {held.events[0].seq} to {held.events[-1].seq}")


def custodians_named(held: Held) -> Answered:
    """Each event of the evidence names who acted."""
    names = sorted({event.operator for event in held.events})
    unnamed = not names or any(not name.strip() or name == UNNAMED for name in names)
    reason = "an event names nobody" if unnamed else f"named as {', '.join(names)}; names are as typed"
    return told(not unnamed, reason, f"{_LOG}, operator")


def transfers_recorded(held: Held) -> Answered:
    """Events by which the evidence went to others. Their absence does not show that there was none."""
    found = [event for event in held.events if str(event.event) == "transfer"]
    if found:
        return told(True, f"{count(len(found), 'transfer')} logged", f"{_LOG}, event transfer")
    return Answered(Answer.NOT_APPLICABLE, "no transfer is logged; one outside the program would not be", _LOG)


def analysis_recorded(held: Held) -> Answered:
    """Facts were derived by named steps; comparisons are findings."""
    steps = held.manifest.record.processing.get("commands")
    reason = "no processing step is recorded"
    if isinstance(steps, list):
        reason = f"{count(len(steps), 'command')} recorded; {count(len(held.findings), 'finding')} on it in findings/"
    return told(isinstance(steps, list), reason, "manifest, predicate.record.processing; findings/")


def working_copies_apart(held: Held) -> Answered:
    """What was derived lies apart from the original."""
    derived = [subject.name for subject in held.manifest.subjects if subject.name.startswith("derived/")]
    reason = f"the original apart from {count(len(derived), 'derived file')}, each with its digest"
    return told(True, reason, _SUBJECTS)


def source_recorded(held: Held) -> Answered:
    """Where the bytes were found."""
    seen = [each for each in held.manifest.record.appearances if each.get("path")]
    return told(bool(seen), f"found in {count(len(seen), 'place')}", f"{_APPEARANCES}[].path")


def process_described(held: Held) -> Answered:
    """Program, versions and commands are named."""
    environment = held.manifest.record.environment
    missing = [name for name in ("tool", "packages", "programs") if not environment.get(name)]
    reason = f"not recorded: {', '.join(missing)}" if missing else "program, packages and ffmpeg named with versions"
    return told(not missing, reason, "manifest, predicate.record.environment")


def facts_replayed(held: Held) -> Answered:
    """The facts were derived again from the kept bytes, the last time with the same result."""
    replays = [event for event in held.events if event.event is EventType.REPLAY]
    if not replays:
        return told(False, "never derived again in this case: run replay", f"{_LOG}, event {EventType.REPLAY}")
    found = str(replays[-1].detail.get("facts"))
    return told(found == "equal", f"{replays[-1].time}: {found}", f"{_LOG}, seq {replays[-1].seq}")


def named_check(held: Held) -> Answered:
    """A person checked the digest with another program, and none found another digest."""
    if not held.checks:
        return told(False, "no named check is logged: attest-check", f"{_LOG}, event {EventType.FIXITY_CHECK}")
    worst = next((check for check in held.checks if not check.equal), held.checks[-1])
    return told(worst.equal, worst.in_words(), f"{_LOG}, seq {worst.seq}")


def findings_apart(held: Held) -> Answered:
    """Findings on the evidence are documents of their own."""
    if not held.findings:
        return Answered(Answer.NOT_APPLICABLE, "no finding on it stands", _FINDINGS)
    reason = f"{count(len(held.findings), 'finding')}, each a document of its own that names the manifest by digest"
    return told(True, reason, _FINDINGS)


def findings_reviewed(held: Held) -> Answered:
    """A person stands behind, or against, each finding on the evidence."""
    return _each_finding(held, lambda stored: stored.finding.review is not None, "reviewed by a person", "status")


def findings_state_error_rates(held: Held) -> Answered:
    """Each finding on the evidence has the measured error rates with it."""
    return _each_finding(held, lambda stored: stored.finding.calibration is not None, "with error rates", "calibration")


def _each_finding(held: Held, holds: Callable[[StoredFinding], bool], what: str, field: str) -> Answered:
    if not held.findings:
        return Answered(Answer.NOT_APPLICABLE, "no finding on it stands", _FINDINGS)
    without = [stored for stored in held.findings if not holds(stored)]
    reason = (
        f"each finding on it is {what}" if not without else f"not {what}: {', '.join(s.sha256[:12] for s in without)}"
    )
    return told(not without, reason, f"findings/, predicate.{field}")


def _subject_kept(held: Held, endings: tuple[str, ...], what: str) -> Answered:
    names = [each.name for each in held.manifest.subjects if each.name.startswith("source/")]
    kept = [name for name in names if name.lower().endswith(endings)]
    return told(
        bool(kept), f"kept as {kept[0]}" if kept else f"{what} is not among the kept files", f"{_SUBJECTS} source/"
    )


def _integrity(held: Held) -> Mapping[str, Json]:
    found = held.manifest.record.acquisition.get("integrity")
    return found if isinstance(found, dict) else {}


EVIDENCE_TESTS: Mapping[str, Callable[[Held], Answered]] = {
    test.__name__: test
    for test in (
        *(digest_at_acquisition, copy_read_back, original_kept, transformations_documented, source_recorded),
        *(url_recorded, html_source_kept, full_page_kept, working_copies_apart),
        *(custody_chronological, custodians_named, transfers_recorded, analysis_recorded),
        *(process_described, facts_replayed, named_check),
        *(findings_apart, findings_reviewed, findings_state_error_rates),
    )
}
"""Every test that a profile may ask of an evidence, by name."""
