"""The case as one page: gather the values, fetch the pictures, render, write.

1  every evidence from its newest manifest, with the keyframes that the store holds
2  every finding that stands, with frames of both files at the same aligned moments
3  what was refused, from the log
4  what posts say of forwards, and which are absent later
5  render and write one HTML file; a large case as a first page with a folder of pages beside it
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from forensics import __version__, report
from forensics.errors import IntegrityError, StoreError
from forensics.matching.verdict import CANDIDATE_CEILING, MATCH_FLOOR
from forensics.model.custody import Check, CheckStatus, CustodyEvent, EventType
from forensics.model.finding import ErrorRates
from forensics.model.manifest import Json, Manifest
from forensics.model.notice import Notice
from forensics.model.provenance import Passed
from forensics.model.telemetry import Fix
from pipelines import error_rates, findings, persons, searched, shard_logs
from pipelines.case import Case, Run
from pipelines.config import Settings
from pipelines.environment import PACKAGES
from pipelines.facts import appearance_of, duration_of, sound_line, status_of, stream_lines, telemetry_entries
from pipelines.grouping import grouping
from pipelines.keyframe_views import KEYFRAMES_SHOWN, keyframe_views, keyframes_kept, unread
from pipelines.kit import open_kit
from pipelines.progress import Progress
from pipelines.report_posts import absence_views, forward_views
from pipelines.seal import unsealed
from pipelines.standing import with_name
from pipelines.strips import Strips
from pipelines.track_drawings import sidecar_drawing
from pipelines.whole_files import require_place_of_file, write_whole

KEYFRAMES_OF_A_CASE = 24_000
"""Keyframes of one report: some 100 MB of pictures. Of a larger case each file shows fewer, and says so."""

LEAST_KEYFRAMES = 4
"""Keyframes of each file however large the case: below that a person cannot tell what a clip shows."""

METHOD_TEXT = (
    "Every frame is reduced to 64 by 64 luma values and hashed to 256 bits by the signs of a discrete cosine transform "
    "(the PDQ family). Hashes only propose pairs of files and a time offset.",
    "A pair is decided on pictures: local features of frames at the same aligned moments must agree under one "
    "geometric transform, at three moments at least, and the transform must stay the same over time. Then the motion "
    "inside the pictures must correlate, so that another take of the same place is told from a copy.",
    "Only pairs that pass all of it are called a match. What passes geometry alone is a candidate for a person to "
    "look at.",
    "Sound is compared too (Chromaprint words of 32 bits), apart from the pictures. It supports a pair that they gave "
    "and changes nothing of it; where only the sound agrees, the pair is a candidate. Silence, tones and hum "
    "support nothing.",
)
"""How matches are found, in words for a reader who is no engineer."""

METHOD_LIMITS = ("Copies with very little motion or detail may be left as candidates, or be missed.",)
"""What the method cannot do."""


def write_report(
    case: Case,
    run: Run,
    settings: Settings,
    out: Path | None,
    progress: Progress,
    checks: Iterable[Check] | None = None,
) -> Path:
    """Render the case report to ``out`` (default: reports/case-report.html) and log it.

    ``checks`` are those of a verification in the same run; None when there was none, and the page says so.

    Raises:
        StoreError: the file cannot be written.
        NotRegularFile: a device or pipe stands there.
        ToolError: ffmpeg is missing, or the required sandbox is not to be had.
        ManifestError: a manifest or finding of the case is not canonical.
    """
    path = out or case.reports / "case-report.html"
    require_place_of_file(path)
    gathered = gather(case, run, settings, progress, checks)
    detail: dict[str, str | int] = {"what": "case report"}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if report.is_large(gathered):
            detail |= _write_folder(gathered, path)
        else:
            page = report.render_case(gathered)
            write_whole(path, page)
            detail["sha256"] = hashlib.sha256(page).hexdigest()
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}", hint="name another place with --out") from error
    case.record(run, EventType.DISSEMINATION, None, detail)
    return path


def _write_folder(gathered: report.CaseReport, path: Path) -> dict[str, str | int]:
    """Write the first page at ``path`` and the others into a folder beside it; what the log says of them.

    The first page and the pages of an earlier report there are removed before: a reader must not mistake them for those
    of this one, not even when it is killed half-way.
    """
    folder = path.with_name(f"{path.stem}-pages")
    folder.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    for former in folder.glob("*-[0-9][0-9][0-9][0-9].html"):
        former.unlink()
    index, listed = "", hashlib.sha256()
    written = 0
    for name, page in report.render_folder(gathered, path.name, folder.name):
        digest = hashlib.sha256(page).hexdigest()
        if name == path.name:
            write_whole(path, page)
            index = digest
        else:
            page_path = folder / name.removeprefix(f"{folder.name}/")
            page_path.write_bytes(page)
            listed.update(f"{digest}  {page_path.name}\n".encode())
            written += 1
    return {"sha256": index, "pages": written, "pages_sha256": listed.hexdigest()}


def gather(
    case: Case, run: Run, settings: Settings, progress: Progress, checks: Iterable[Check] | None = None
) -> report.CaseReport:
    """Fill the values of the page (steps 1 to 3)."""
    tools = open_kit(run.surroundings.search_path(), settings).tools
    names = persons.names(case)
    logged = (line.event for line in case.log.events())
    events = tuple(replace(event, operator=names.get(event.operator, event.operator)) for event in logged)
    manifests = {evidence: case.manifest(evidence) for evidence in case.store.ids()}
    stored = tuple(with_name(each, names) for each in findings.load(case))
    progress.grow(len(manifests) + len(stored))
    progress.working_on("evidence")
    most = max(LEAST_KEYFRAMES, min(KEYFRAMES_SHOWN, KEYFRAMES_OF_A_CASE // max(1, len(manifests))))
    views = []
    for evidence in sorted(manifests, key=lambda each: str(manifests[each].record.case.get("exhibit"))):
        views.append(_evidence_view(case, evidence, manifests[evidence], events, most))
        progress.advance()
    strips = Strips(case, tools, manifests)
    progress.working_on("pictures of matches")
    matches = []
    for each in sorted(stored, key=lambda each: -each.finding.match.score):
        matches.append(_match_view(each, strips))
        progress.advance()
    head = case.log.head()
    joins = [view.match for view in matches if not view.rejected]
    grouped = grouping(views, joins, manifests.items())
    same = grouped.same
    method = _method(events, stored)
    rates, unread = _rates(case, method)
    return report.CaseReport(
        case=case.info,
        created=run.surroundings.timestamp(),
        tool=report.ToolView(
            name="footage-forensics",
            version=__version__,
            ffmpeg=tools.ffmpeg.banner,
            confinement=tools.confinement,
        ),
        verification=None if checks is None else _verification(tuple(checks)),
        log_head=report.LogHeadView(seq=head.seq, sha256=head.sha256, unsealed=unsealed(case)),
        evidence=tuple(views),
        matches=tuple(matches),
        refused=tuple(_refused(events)),
        method=replace(method, rates=rates),
        notices=(*strips.notices, *same.notices, *unread),
        group_names=dict(grouped.named),
        server_files=tuple(
            report.ServerFileView(name=each.name, items=each.items, posts=len(each.places), basis=each.basis)
            for each in same.edges
        ),
        links=same.links,
        attached=same.attached,
        forwards=tuple(forward_views(views, grouped.groups)),
        absences=tuple(absence_views(views, events)),
    )


def _rates(case: Case, method: report.MethodView) -> tuple[ErrorRates | None, tuple[Notice, ...]]:
    """The measured errors of the method in force. A record that is damaged is told, and no reason for having no report:
    the page is where a reader learns that the case was changed.
    """
    if method.matching is None:
        return None, ()
    try:
        return error_rates.as_calibration(error_rates.reliance(case, method.matching.params_sha256)), ()
    except IntegrityError as error:
        return None, (Notice(code=error.code, message=error.message),)


def _verification(checks: Sequence[Check]) -> report.VerificationView:
    return report.VerificationView(
        ok=sum(check.status is CheckStatus.OK for check in checks),
        skipped=sum(check.status is CheckStatus.SKIPPED for check in checks),
        problems=tuple(check for check in checks if check.status is CheckStatus.FAILED),
    )


def _evidence_view(
    case: Case, evidence: str, manifest: Manifest, events: Sequence[CustodyEvent], most: int
) -> report.EvidenceView:
    exact = manifest.facts.exact
    container = exact.get("container")
    appearances = tuple(appearance_of(seen) for seen in manifest.record.appearances)
    original = next(subject for subject in manifest.subjects if subject.name == "original")
    keyframes = keyframe_views(case, evidence, manifest, most=most)
    return report.EvidenceView(
        sha256=evidence,
        label=str(manifest.record.case.get("exhibit")),
        status=status_of(manifest.facts),
        names=tuple(dict.fromkeys(Path(seen.path).name for seen in appearances)),
        appearances=appearances,
        size=original.size,
        duration_s=duration_of(manifest.facts),
        streams=tuple(stream_lines(container)) if isinstance(container, dict) else (),
        keyframes=keyframes,
        keyframes_kept=keyframes_kept(manifest),
        telemetry=tuple(_telemetry_view(case, evidence, entry) for entry in telemetry_entries(manifest)),
        custody=tuple(event for event in events if event.item == evidence),
        notices=manifest.notices + unread(keyframes, most),
        original_path=str(case.store.path(evidence, "original").relative_to(case.root)),
        manifest_path=str(case.store.path(evidence, "manifest.json").relative_to(case.root)),
        manifest_sha256=hashlib.sha256(case.manifest_bytes(evidence)).hexdigest(),
        facts=() if (heard := sound_line(manifest.facts)) is None else (report.Row(label="Sound", value=heard),),
    )


def _telemetry_view(case: Case, evidence: str, entry: dict[str, Json]) -> report.TelemetryView:
    return report.TelemetryView(
        origin=str(entry.get("file")),
        format=str(entry.get("format") or "not known"),
        family=str(entry["family"]) if entry.get("family") else None,
        cues=int(str(entry.get("cues") or 0)),
        located=int(str(entry.get("fixes") or 0)),
        first=_fix(entry.get("first")),
        last=_fix(entry.get("last")),
        drawing=sidecar_drawing(case, evidence, entry),
    )


def _fix(value: Json) -> Fix | None:
    return msgspec.convert(value, Fix) if isinstance(value, dict) else None


def _refused(events: Sequence[CustodyEvent]) -> Iterator[Passed]:
    for event in events:
        detail = event.detail
        elsewhere = event.event is EventType.MERGING and detail.get("what") == shard_logs.REFUSED
        if event.event is EventType.INGESTION_REFUSED or elsewhere:
            yield Passed(
                path=str(detail.get("name")),
                code=str(detail.get("code")),
                message=str(detail.get("reason")),
                failed=True,
            )


def _match_view(stored: findings.StoredFinding, strips: Strips) -> report.MatchView:
    match = stored.finding.match
    return report.MatchView(
        match=match,
        query=strips.side(match.query_id),
        reference=strips.side(match.reference_id),
        strip=tuple(strips.pairs(match)),
        finding_path=f"findings/{stored.name}",
        finding_sha256=stored.sha256,
        status=stored.finding.status,
        review=stored.finding.review,
    )


def _method(events: Sequence[CustodyEvent], stored: Sequence[findings.StoredFinding]) -> report.MethodView:
    """The method as the newest finding names it; without findings that of the program, unless a model took part."""
    from importlib import metadata

    runs = [event.detail for event in events if event.event is EventType.MATCHING and "pairs" in event.detail]
    told = searched.in_words(runs[-1]) if runs else None
    method = findings.METHOD if runs and "model" not in runs[-1] else None
    known = findings.PARAMETERS
    for each in stored:
        if each.finding.match.method.name == findings.METHOD.name and each.finding.params is not None:
            method, known = each.finding.match.method, each.finding.params
    return report.MethodView(
        text=METHOD_TEXT if told is None else (*METHOD_TEXT, told),
        matching=method,
        versions=tuple(report.Row(label=name, value=metadata.version(name)) for name in PACKAGES),
        parameters=tuple(
            report.Row(label=name, value=str(value))
            for parameters in (known, findings.SOUND_PARAMETERS)
            for name, value in sorted(parameters.items())
        ),
        limits=METHOD_LIMITS,
        match_floor=MATCH_FLOOR,
        candidate_ceiling=CANDIDATE_CEILING,
    )
