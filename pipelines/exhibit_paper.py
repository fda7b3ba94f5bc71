"""One evidence on paper: a PDF for a filing, the same bytes for the same state of the case.

1  what the profile lets out: findings whose other item goes along, the lines of the log on the item
2  the manifest with what is concealed concealed (public) or with the values at hand (sealed)
3  typeset; where a person signs, the signature is appended; written whole; the log tells of it

The time in it is that of the last line shown. Lines on hand-overs are not shown, so that making it twice gives the
same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from forensics import __version__, custody, report
from forensics.errors import InputError, StoreError
from forensics.model.custody import CustodyEvent, EventType
from forensics.model.manifest import Json, Manifest
from forensics.model.media import MediaKind
from forensics.model.notice import Notice
from forensics.model.store import SIGNATURE_NAME
from pipelines import findings, persons
from pipelines.case import Case, Run
from pipelines.disclosures import PERSONS
from pipelines.facts import carried_lines, duration_of, sound_line, status_of, stream_lines, telemetry_entries
from pipelines.keyframe_views import keyframe_views, keyframes_kept, unread
from pipelines.paper_signature import holder_of, sign_paper
from pipelines.scope import PUBLIC, Extent, extent_of
from pipelines.standing import StoredFinding, with_name
from pipelines.whole_files import require_place_of_file, write_whole

if TYPE_CHECKING:
    from pyhanko.sign.signers import SimpleSigner

MAX_DETAIL = 200
"""Characters of one detail of a log line on paper: digests, counts and names are shorter."""

_VERIFY_TIME = "%Y%m%d%H%M%SZ"
_SIGNERS = "allowed_signers"
_POST_FIELDS = (
    ("platform", "platform"),
    ("channel", "channel"),
    ("message_id", "message"),
    ("posted_unixtime", "posted"),
    ("edited_unixtime", "edited"),
    ("forwarded_from", "forwarded"),
    ("caption", "caption"),
)
_TIMES = frozenset({"posted_unixtime", "edited_unixtime"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A paper that was written. ``sha256`` is over the file, ``unsigned`` over the paper in it that makes the same
    bytes each time; ``signed_by`` is the holder of the certificate.
    """

    evidence: str
    label: str
    path: Path
    sha256: str
    unsigned: str
    profile: str
    findings: int
    withheld: int
    signed_by: str | None = None


def write_paper(
    case: Case,
    run: Run,
    name: str,
    out: Path | None,
    form: report.Form,
    *,
    profile: str,
    along: Sequence[str] = (),
    credentials: SimpleSigner | None = None,
) -> Iterator[Printed | Notice]:
    """Write the paper of the evidence that ``name`` means, to ``out`` (default: reports/ of the case), and log it.

    ``along`` are other items that are given out with it: findings on both are printed. With ``credentials`` it is
    signed.

    Raises:
        CaseError: no evidence of that name.
        InputError: ``out`` is there and holds something else (``input.exists``).
        IntegrityError, ManifestError: the case does not agree with itself.
        StoreError: ``out`` cannot be written.
        ToolError: typst is not installed.
    """
    evidence = case.resolve(name)
    ids = frozenset({evidence, *(case.resolve(each) for each in along)})
    events = tuple(line.event for line in case.log.events())
    extent = extent_of(case, events, findings.load(case), evidence, ids, profile)
    view = view_of(case, evidence, extent)
    paper = report.render_exhibit(view, form)
    data = paper if credentials is None else sign_paper(paper, credentials, run.surroundings.now())
    signed_by = None if credentials is None else holder_of(credentials)
    path = out or case.reports / f"EXHIBIT-{view.label}-{profile}{'' if signed_by is None else '-signed'}.pdf"
    _write(path, data, replaceable=out is None)
    sha256 = hashlib.sha256(data).hexdigest()
    told = {"what": "exhibit paper", "profile": profile, "sha256": sha256}
    if signed_by is not None:
        told |= {"signature": "PAdES B-B", "unsigned": hashlib.sha256(paper).hexdigest()}
    case.record(run, EventType.DISSEMINATION, evidence, told)
    if extent.withheld:
        yield Notice(
            code="export.findings_withheld",
            message=f"{view.label}: {extent.withheld} findings are withheld: their other item is not given out with it "
            "- name it with --with to print them; --sealed prints all",
        )
    yield Printed(
        evidence=evidence,
        label=view.label,
        path=path,
        sha256=sha256,
        unsigned=hashlib.sha256(paper).hexdigest(),
        profile=profile,
        findings=len(extent.findings),
        withheld=extent.withheld,
        signed_by=signed_by,
    )


def _write(path: Path, data: bytes, *, replaceable: bool) -> None:
    """Reports of the case may be made anew; what the user named is never overwritten with something else."""
    require_place_of_file(path)
    try:
        if not replaceable and path.exists() and path.read_bytes() != data:
            raise InputError(
                f"{path} is there and is not what would be written now",
                code="input.exists",
                hint="Nothing was overwritten: name another --out.",
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}", hint="name another place with --out") from error


def view_of(case: Case, evidence: str, extent: Extent) -> report.ExhibitView:
    """The values of the paper.

    Raises:
        ManifestError: a manifest is not canonical, or a disclosure is none.
        IntegrityError: the log is not sound.
    """
    sealed = extent.profile != PUBLIC
    names = persons.names(case) if sealed else {}
    signed = case.signed_manifest(evidence)
    at_hand = case.disclosures.of_evidence(evidence, signed.version) if sealed else ()
    manifest = replace(signed, record=custody.reveal_record(signed.record, at_hand))
    original = next(subject for subject in manifest.subjects if subject.name == "original")
    wanted = frozenset(extent.lines)
    lines = [line for line in case.log.events() if line.event.seq in wanted]
    custodian = case.info.custodian
    keyframes = keyframe_views(case, evidence, manifest, paper=True)
    return report.ExhibitView(
        case_id=case.info.id,
        case_title=case.info.title,
        custodian=custodian if sealed or custodian is None else custody.SHOWN,
        label=str(manifest.record.case.get("exhibit")),
        sealed=sealed,
        sha256=evidence,
        sha512=original.sha512,
        size=original.size,
        status=status_of(manifest.facts),
        names=tuple(dict.fromkeys(_name_of(seen) for seen in manifest.record.appearances)),
        manifest=_files(case, evidence, manifest, [line.event for line in lines]),
        facts=tuple(_fact_rows(manifest)),
        seen=tuple(tuple(_seen_rows(seen)) for seen in manifest.record.appearances),
        keyframes=keyframes,
        keyframes_kept=keyframes_kept(manifest),
        custody=tuple(_custody_row(line, names) for line in lines if line.event.event is not EventType.KEY_CHANGE),
        unshown=extent.unshown,
        findings=tuple(_finding(case, evidence, with_name(each, names)) for each in extent.findings),
        withheld=extent.withheld,
        notices=tuple(f"{notice.message} [{notice.code}]" for notice in manifest.notices + unread(keyframes)),
        limits=manifest.limits,
        keys=tuple(known.key.fingerprint for known in case.key_ring().current()),
        moment=_moment(max((line.event.time for line in lines), default=case.info.created)),
        tool=f"footage-forensics {__version__}",
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(microsecond=0)


def _files(case: Case, evidence: str, manifest: Manifest, events: Sequence[CustodyEvent]) -> report.ManifestFiles:
    data = case.manifest_bytes(evidence)
    sha256 = hashlib.sha256(data).hexdigest()
    newest = case.store.states(evidence)[-1]
    signed = newest.file(SIGNATURE_NAME) is not None
    logged = [event.time for event in events if event.detail.get("manifest") == sha256]
    return report.ManifestFiles(
        data=data,
        sha256=sha256,
        signature=case.store.read(evidence, SIGNATURE_NAME, newest.version) if signed else None,
        signers=custody.key_files(case.key_ring())[_SIGNERS],
        version=manifest.version,
        verify_time=_moment(logged[0]).strftime(_VERIFY_TIME) if logged else None,
    )


def _name_of(seen: Mapping[str, Json]) -> str:
    return str(seen["name"]) if seen.get("name") else PurePosixPath(str(seen.get("path"))).name


def _fact_rows(manifest: Manifest) -> Iterator[report.Row]:
    exact = manifest.facts.exact
    yield report.Row(label="kind", value=str(exact.get("kind")))
    container, frames, essence = exact.get("container"), exact.get("frames"), exact.get("essence")
    if isinstance(container, dict):
        yield report.Row(label="container", value=str(container.get("container")))
        yield report.Row(label="duration", value=report.clock(duration_of(manifest.facts)))
        for line in stream_lines(container):
            yield report.Row(label="stream", value=line)
    if isinstance(frames, dict):
        yield report.Row(label="frames", value=str(frames.get("decoded")))
        yield report.Row(label="times", value=str(frames.get("pts_sha256")))
    for each in essence if isinstance(essence, list) else []:
        if isinstance(each, dict):
            yield report.Row(label="essence", value=str(each.get("sha256")))
    if (heard := sound_line(manifest.facts)) is not None:
        yield report.Row(label="sound", value=heard)
    for entry in telemetry_entries(manifest):
        yield from _telemetry_rows(entry)
    for line in carried_lines(manifest):
        yield report.Row(label="carried", value=line)
    digests = custody.facts_digests(manifest.facts)
    yield report.Row(label="exact", value=digests[0])
    yield report.Row(label="recipe", value=digests[1])


def _telemetry_rows(entry: Mapping[str, Json]) -> Iterator[report.Row]:
    kind = " ".join(str(entry[name]) for name in ("format", "family") if entry.get(name))
    yield report.Row(label="telemetry", value=f"{kind}: {entry.get('fixes')} / {entry.get('cues')}")
    for name in ("first", "last"):
        fix = entry.get(name)
        if isinstance(fix, dict) and fix.get("latitude") is not None:
            clock = fix.get("clock_as_written")
            where = f"{fix['latitude']}, {fix.get('longitude')}{'' if clock is None else f' ({clock})'}"
            yield report.Row(label=f"{name}_fix", value=where)


def _seen_rows(seen: Mapping[str, Json]) -> Iterator[report.Row]:
    yield report.Row(label="name", value=_name_of(seen))
    for field, label in (("kind", "kind"), ("path", "path"), ("seen", "when")):
        if seen.get(field) is not None:
            yield report.Row(label=label, value=str(seen[field]))
    post = seen.get("post")
    for field, label in _POST_FIELDS if isinstance(post, dict) else ():
        assert isinstance(post, dict)
        value = post.get(field)
        if value is not None:
            told = report.utc(value) if field in _TIMES and isinstance(value, int) else str(value)
            yield report.Row(label=label, value=told)
    if seen.get("source_sha256"):
        yield report.Row(label="source", value=str(seen["source_sha256"]))


def _custody_row(line: custody.LogLine, names: Mapping[str, str]) -> report.CustodyRow:
    event = line.event
    return report.CustodyRow(
        seq=event.seq,
        time=event.time,
        event=str(event.event),
        who=names.get(event.operator, event.operator),
        detail=tuple(_detail(name, value, names) for name, value in sorted(event.detail.items())),
        sha256=hashlib.sha256(line.raw).hexdigest(),
    )


def _detail(name: str, value: str | int, names: Mapping[str, str]) -> report.Row:
    told = names.get(str(value), str(value)) if name in PERSONS else str(value)
    cut = told if len(told) <= MAX_DETAIL else f"{told[:MAX_DETAIL]} […]"
    return report.Row(label=name, value=cut)


def _finding(case: Case, evidence: str, stored: StoredFinding) -> report.PaperFinding:
    match = stored.finding.match
    other = match.reference_id if match.query_id == evidence else match.query_id
    query_kind = case.manifest(match.query_id).facts.exact.get("kind")
    return report.PaperFinding(
        finding=stored.finding,
        sha256=stored.sha256,
        other=str(case.signed_manifest(other).record.case.get("exhibit")),
        first=match.query_id == evidence,
        still=query_kind == MediaKind.STILL,
    )
