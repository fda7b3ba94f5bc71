"""One evidence, for a person: facts, appearances, matches, custody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec

from forensics import custody
from forensics.model.custody import CustodyEvent, EventType
from forensics.model.manifest import Json, Manifest
from forensics.model.provenance import SourceKind
from forensics.report.wording import sound_in_words
from pipelines import findings, named_checks, persons
from pipelines.case import Case
from pipelines.facts import carried_lines, is_triage, sound_line, stream_lines, telemetry_entries
from pipelines.standing import StoredFinding, with_name
from pipelines.tables import table


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What a case holds on one evidence. ``operators`` are the names behind the log's pseudonyms,
    ``others`` the exhibit numbers of what the findings are about: None for what the case does not hold.

    ``concealed``, when what a public copy tells is asked for, is what the signed manifest has as digests: each place
    with the names of the values at hand, and how many digests have no disclosure.
    """

    id: str
    manifest_path: str
    manifest: Manifest
    findings: tuple[StoredFinding, ...]
    others: Mapping[str, str | None]
    checks: tuple[named_checks.NamedCheck, ...]
    events: tuple[CustodyEvent, ...]
    concealed: tuple[tuple[str, tuple[str, ...], int], ...]
    operators: Mapping[str, str]

    def as_fields(self) -> dict[str, object]:
        """The fields of the JSON line."""
        return {
            "type": "evidence",
            "id": self.id,
            "exhibit": self.manifest.record.case.get("exhibit"),
            "manifest": self.manifest_path,
            "version": self.manifest.version,
            "facts": {"exact": self.manifest.facts.exact, "recipe": self.manifest.facts.recipe},
            "appearances": list(self.manifest.record.appearances),
            "matches": [_match_fields(stored) for stored in self.findings],
            "checks": [check.as_fields() for check in self.checks],
            "events": [
                {
                    "seq": event.seq,
                    "time": event.time,
                    "event": str(event.event),
                    "operator": self.operators.get(event.operator, event.operator),
                    **self._elsewhere(event),
                }
                for event in self.events
            ],
            "concealed": [
                {"place": place, "names": list(names), "not_disclosed": hidden}
                for place, names, hidden in self.concealed
            ],
            "notices": [{"code": notice.code, "message": notice.message} for notice in self.manifest.notices],
        }

    def lines(self) -> Iterator[str]:
        """Yield the lines of plain text."""
        yield f"exhibit    {self.manifest.record.case.get('exhibit')}"
        yield f"SHA-256    {self.id}"
        yield f"manifest   {self.manifest_path} (version {self.manifest.version})"
        if is_triage(self.manifest.facts):
            yield "triage     sync frames only: exact cuts and the frames between are not known"
        yield from _fact_lines(self.manifest)
        for seen in self.manifest.record.appearances:
            yield from _appearance_lines(seen)
        for stored in self.findings:
            yield from self._match_lines(stored)
        for check in self.checks:
            yield f"checked    {check.in_words()}"
        acts = [(event, self.operators.get(event.operator, event.operator)) for event in self.events]
        rows = [
            ("custody  ", str(event.seq), f"{event.time[:19]}Z", str(event.event), f"by {name}{self._of(event)}")
            for event, name in acts
        ]
        yield from table(rows, right=(1,))
        for place, names, hidden in self.concealed:
            erased = f"{hidden} not disclosed" if hidden else ""
            yield f"concealed  {place}: {', '.join((*names, *filter(None, [erased])))}"
        for notice in self.manifest.notices:
            yield f"notice     {notice.message} [{notice.code}]"
        for limit in self.manifest.limits:
            yield f"limit      {limit}"

    def _elsewhere(self, event: CustodyEvent) -> dict[str, object]:
        """Whose act, in a merged shard, this line tells of: ``by``, when there, and in which line of which log."""
        detail = event.detail
        if event.event is not EventType.MERGING or "line" not in detail:
            return {}
        by = self.operators.get(str(detail["by"]), str(detail["by"]))
        return {"act_of": {"by": by, "at": detail["at"], "shard": detail["shard"], "line": detail["line"]}}

    def _of(self, event: CustodyEvent) -> str:
        act = self._elsewhere(event).get("act_of")
        return f", what {act['by']} did {str(act['at'])[:19]}Z" if isinstance(act, dict) else ""

    def _match_lines(self, stored: StoredFinding) -> Iterator[str]:
        match = stored.finding.match
        asked = match.query_id == self.id
        other = match.reference_id if asked else match.query_id
        decision = "rejected" if stored.rejected else match.decision
        named = f"{self.others.get(other) or '-'} {other[:16]}"
        yield f"{decision:9}  {match.assessment} with {named}, score {match.score:.3f}"
        yield from _review_lines(stored)
        times = [
            (f"{part.query_start_s:.2f} to {part.query_end_s:.2f}",
             f"{part.reference_start_s:.2f} to {part.reference_end_s:.2f}")
            for part in match.segments
        ]  # fmt: skip
        rows = [
            (*(pair if asked else pair[::-1]), f"{part.speed if asked or not part.speed else 1 / part.speed:.2f}")
            for pair, part in zip(times, match.segments, strict=True)
        ]
        yield from table(rows, heads=("seconds here", "seconds there", "speed"), right=(0, 1), indent=11)
        if match.sound is not None:
            yield f"           {sound_in_words(match.sound)}"


def describe(case: Case, evidence: str, *, public: bool = False) -> Described:
    """Gather what the case holds on ``evidence``; ``public``: with what a copy without disclosures tells only.

    Raises:
        ManifestError: its manifest or a finding is not canonical.
        IntegrityError: a finding is not the one that was logged.
    """
    signed = case.signed_manifest(evidence)
    at_hand = case.disclosures.of_evidence(evidence, signed.version)
    names = {} if public else persons.names(case)
    stored = [(with_name(each, names), each.finding.match) for each in findings.load(case)]
    concerning = [(each, match) for each, match in stored if evidence in (match.query_id, match.reference_id)]
    return Described(
        id=evidence,
        manifest_path=str(case.store.path(evidence, "manifest.json").relative_to(case.root)),
        manifest=replace(signed, record=custody.reveal_record(signed.record, () if public else at_hand)),
        findings=tuple(each for each, _ in concerning),
        others={
            each: case.exhibit_of(each) for _, match in concerning for each in (match.query_id, match.reference_id)
        },
        checks=tuple(named_checks.with_name(each, names) for each in named_checks.checks_of(case, evidence)),
        events=tuple(line.event for line in case.log.events() if line.event.item == evidence),
        concealed=tuple(custody.concealed_places(signed.record, at_hand)) if public else (),
        operators=names,
    )


def _match_fields(stored: StoredFinding) -> dict[str, object]:
    match, review = stored.finding.match, stored.finding.review
    return {
        "query": match.query_id,
        "reference": match.reference_id,
        "score": match.score,
        "decision": str(match.decision),
        "assessment": str(match.assessment),
        "finding": stored.sha256,
        "file": f"findings/{stored.name}",
        "status": str(stored.finding.status),
        "review": None if review is None else msgspec.to_builtins(review),
    }


def _review_lines(stored: StoredFinding) -> Iterator[str]:
    review = stored.finding.review
    yield f"           finding {stored.sha256[:16]}, {stored.finding.status}"
    if review is None:
        return
    yield f"           by {review.examiner}, {review.made}: {review.reason}"
    for text in review.alternatives:
        yield f"           alternative weighed: {text}"


def _fact_lines(manifest: Manifest) -> Iterator[str]:
    exact = manifest.facts.exact
    yield f"kind       {exact.get('kind')}"
    container = exact.get("container")
    if isinstance(container, dict):
        yield f"container  {container.get('container')}, {container.get('duration')} s"
        yield from (f"stream     {line}" for line in stream_lines(container))
    frames = exact.get("frames")
    if isinstance(frames, dict):
        yield f"frames     {frames.get('decoded')} decoded"
    heard = sound_line(manifest.facts)
    if heard is not None:
        yield f"sound      {heard}"
    for entry in telemetry_entries(manifest):
        counts = f"{entry.get('fixes')} fixes in {entry.get('cues')} cues"
        family = f" {entry['family']}" if entry.get("family") else ""
        yield f"telemetry  {entry.get('format')}{family}: {counts}"
        for name in ("first", "last"):
            fix = entry.get(name)
            if isinstance(fix, dict):
                place = f"{fix.get('latitude')}, {fix.get('longitude')}"
                moment = fix.get("utc") or fix.get("clock_as_written")
                yield f"           {name} {place}" + (f" at {moment}" if moment else "")
    yield from (f"carried    {line}" for line in carried_lines(manifest))


def _appearance_lines(seen: dict[str, Json]) -> Iterator[str]:
    read = ", an archive whose members were read" if seen.get("kind") == SourceKind.ARCHIVE else ""
    yield f"seen at    {seen.get('path')}{read}"
    archive = seen.get("archive")
    if isinstance(archive, dict):
        yield f"           {archive.get('member')} in the archive {archive.get('sha256')}, byte {archive.get('offset')}"
    bucket = seen.get("bucket")
    if isinstance(bucket, dict):
        version, since = bucket.get("version_id"), bucket.get("modified")
        yield f"           version {version} at {bucket.get('server')}, there since {since}"
    post = seen.get("post")
    if isinstance(post, dict):
        moment = post.get("posted_unixtime")
        posted = datetime.fromtimestamp(moment, UTC).isoformat() if isinstance(moment, int) else "time unknown"
        yield f"           {post.get('channel')} message {post.get('message_id')}, posted {posted}"
        if post.get("forwarded_from"):
            yield f"           forwarded from {post.get('forwarded_from')}"
        if post.get("caption"):
            yield f"           caption: {post.get('caption')}"
