"""The case as one page: gather the values, fetch the pictures, render, write.

1  every evidence from its newest manifest, with the keyframes that the store holds
2  every finding that stands, with frames of both files at the same aligned moments
3  what was refused, from the log
4  render and write one HTML file
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from forensics import __version__, matching, media, report
from forensics.errors import MediaError, StoreError
from forensics.model.custody import Check, CheckStatus, CustodyEvent, EventType
from forensics.model.manifest import Json, Manifest
from forensics.model.match import Joining, Match, Segment
from forensics.model.media import MediaKind
from forensics.model.notice import Notice
from forensics.model.provenance import Passed
from forensics.model.telemetry import Fix
from pipelines import findings, persons
from pipelines.case import Case, Run
from pipelines.config import Settings
from pipelines.derive import open_kit
from pipelines.environment import PACKAGES
from pipelines.facts import appearance_of, duration_of, sound_line, status_of, stream_lines, telemetry_entries
from pipelines.keyframe_views import keyframe_views, keyframes_kept
from pipelines.progress import Progress
from pipelines.readers import STILL
from pipelines.same_server_file import comparable, served
from pipelines.seal import unsealed
from pipelines.standing import with_name

PAIRS_PER_SEGMENT = 6
"""Aligned pairs shown of one segment: enough to judge, few enough to print."""

STRIP_LONG_SIDE = 320
"""Pixels of the long side of a strip's frames."""

MAX_PAIRS = 900
"""Aligned pairs on one page: about 8 MB; past that, matches are shown without pictures and a notice says so."""

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
        ToolError: ffmpeg is missing, or the required sandbox is not to be had.
        ManifestError: a manifest or finding of the case is not canonical.
    """
    path = out or case.reports / "case-report.html"
    page = report.render_case(gather(case, run, settings, progress, checks))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(page)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}", hint="name another place with --out") from error
    case.record(run, EventType.DISSEMINATION, None, {"what": "case report", "sha256": hashlib.sha256(page).hexdigest()})
    return path


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
    views = []
    for evidence in sorted(manifests, key=lambda each: str(manifests[each].record.case.get("exhibit"))):
        views.append(_evidence_view(case, evidence, manifests[evidence], events))
        progress.advance()
    strips = _Strips(case, tools, manifests)
    matches = []
    for each in stored:
        matches.append(_match_view(each, strips))
        progress.advance()
    head = case.log.head()
    joins = [view.match for view in matches if not view.rejected]
    same = served(views, joins, comparable(manifests.items()))
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
        method=_method(events, stored),
        notices=(*strips.notices, *same.notices),
        group_names=_group_names(views, [*joins, *same.links]),
        server_files=tuple(
            report.ServerFileView(name=each.name, items=each.items, posts=len(each.places), basis=each.basis)
            for each in same.edges
        ),
        links=same.links,
        attached=same.attached,
    )


def _group_names(
    views: Sequence[report.EvidenceView], matches: Sequence[Joining]
) -> dict[tuple[tuple[str, float, float], ...], str]:
    """The names that `timeline` gives, by the stretches of each group."""
    groups = report.repost_groups(views, matches)
    exhibits = {view.sha256: view.label for view in views}
    order = sorted(exhibits, key=lambda item: (len(exhibits[item]), exhibits[item]))
    names = matching.name_groups(groups, matches, order, exhibits.__getitem__)
    return {group.stretches: name.id for group, name in zip(groups, names, strict=True) if len(group.items) > 1}


def _verification(checks: Sequence[Check]) -> report.VerificationView:
    return report.VerificationView(
        ok=sum(check.status is CheckStatus.OK for check in checks),
        skipped=sum(check.status is CheckStatus.SKIPPED for check in checks),
        problems=tuple(check for check in checks if check.status is CheckStatus.FAILED),
    )


def _evidence_view(
    case: Case, evidence: str, manifest: Manifest, events: Sequence[CustodyEvent]
) -> report.EvidenceView:
    exact = manifest.facts.exact
    container = exact.get("container")
    appearances = tuple(appearance_of(seen) for seen in manifest.record.appearances)
    original = next(subject for subject in manifest.subjects if subject.name == "original")
    return report.EvidenceView(
        sha256=evidence,
        label=str(manifest.record.case.get("exhibit")),
        status=status_of(manifest.facts),
        names=tuple(dict.fromkeys(Path(seen.path).name for seen in appearances)),
        appearances=appearances,
        size=original.size,
        duration_s=duration_of(manifest.facts),
        streams=tuple(stream_lines(container)) if isinstance(container, dict) else (),
        keyframes=keyframe_views(case, evidence, manifest),
        keyframes_kept=keyframes_kept(manifest),
        telemetry=tuple(_telemetry_view(entry) for entry in telemetry_entries(manifest)),
        custody=tuple(event for event in events if event.item == evidence),
        notices=manifest.notices,
        original_path=str(case.store.path(evidence, "original").relative_to(case.root)),
        manifest_path=str(case.store.path(evidence, "manifest.json").relative_to(case.root)),
        manifest_sha256=hashlib.sha256(case.manifest_bytes(evidence)).hexdigest(),
        facts=() if (heard := sound_line(manifest.facts)) is None else (report.Row(label="Sound", value=heard),),
    )


def _telemetry_view(entry: dict[str, Json]) -> report.TelemetryView:
    return report.TelemetryView(
        origin=str(entry.get("file")),
        format=str(entry.get("format") or "not known"),
        family=str(entry["family"]) if entry.get("family") else None,
        cues=int(str(entry.get("cues") or 0)),
        located=int(str(entry.get("fixes") or 0)),
        first=_fix(entry.get("first")),
        last=_fix(entry.get("last")),
    )


def _fix(value: Json) -> Fix | None:
    return msgspec.convert(value, Fix) if isinstance(value, dict) else None


def _refused(events: Sequence[CustodyEvent]) -> Iterator[Passed]:
    for event in events:
        if event.event is EventType.INGESTION_REFUSED:
            detail = event.detail
            yield Passed(
                path=str(detail.get("name")),
                code=str(detail.get("code")),
                message=str(detail.get("reason")),
                failed=True,
            )


def _match_view(stored: findings.StoredFinding, strips: _Strips) -> report.MatchView:
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


class _Strips:
    """Fetches frames of both files of a match at the same aligned moments."""

    def __init__(self, case: Case, tools: media.Tools, manifests: dict[str, Manifest]) -> None:
        self._case = case
        self._tools = tools
        self._manifests = manifests
        self._fetched = 0
        self.notices: list[Notice] = []

    def side(self, evidence: str) -> report.SideView:
        """Name and length of one file."""
        manifest = self._manifests[evidence]
        name = Path(str(manifest.record.appearances[0]["path"])).name
        return report.SideView(name=name, duration_s=duration_of(manifest.facts))

    def pairs(self, match: Match) -> Iterator[report.AlignedPair]:
        """Yield aligned pairs of all segments; a frame that cannot be decoded is a notice."""
        for segment in match.segments:
            if self._fetched >= MAX_PAIRS:
                self._say_once(
                    "report.pictures_left_out", f"only the first {MAX_PAIRS} aligned pairs are shown as pictures"
                )
                return
            self._fetched += PAIRS_PER_SEGMENT
            moments = _moments(segment)
            try:
                asked = self._pictures(match.query_id, [moment for moment, _ in moments])
                known = self._pictures(match.reference_id, [moment for _, moment in moments])
            except MediaError as error:
                self.notices.append(
                    Notice(code=error.code, message=f"no strip for {match.query_id[:16]}: {error.message}")
                )
                continue
            for (query_s, query), (reference_s, reference) in zip(asked, known, strict=False):
                yield report.AlignedPair(
                    query_jpeg=report.thumbnail(query),
                    query_s=query_s,
                    reference_jpeg=report.thumbnail(reference),
                    reference_s=reference_s,
                )

    def _say_once(self, code: str, message: str) -> None:
        notice = Notice(code=code, message=message)
        if notice not in self.notices:
            self.notices.append(notice)

    def _pictures(self, evidence: str, seconds: list[float]) -> list[tuple[float, npt.NDArray[np.uint8]]]:
        original = self._case.store.path(evidence, "original")
        if self._manifests[evidence].facts.exact.get("kind") == MediaKind.STILL:
            with original.open("rb") as handle:
                shown = media.read(STILL, handle=handle.fileno()).bgr
            return [(0.0, shown) for _ in seconds]
        with original.open("rb") as handle:
            probed = media.probe(self._tools, handle.fileno())
            return media.pictures_at(self._tools, handle.fileno(), probed.probe, seconds, STRIP_LONG_SIDE)


def _moments(segment: Segment) -> list[tuple[float, float]]:
    """Evenly spaced moments inside a segment, on both clocks; the one moment that a still shows."""
    if segment.query_start_s == segment.query_end_s:
        at_s = segment.reference_start_s if segment.moment is None else segment.moment.at_s
        return [(0.0, at_s)]
    steps = (np.arange(PAIRS_PER_SEGMENT) + 0.5) / PAIRS_PER_SEGMENT
    query = segment.query_start_s + steps * (segment.query_end_s - segment.query_start_s)
    reference = segment.reference_start_s + steps * (segment.reference_end_s - segment.reference_start_s)
    return list(zip(query.tolist(), reference.tolist(), strict=True))


def _method(events: Sequence[CustodyEvent], stored: Sequence[findings.StoredFinding]) -> report.MethodView:
    """The method as the newest finding names it; without findings that of the program, unless a model took part."""
    from importlib import metadata

    runs = [event.detail for event in events if event.event is EventType.MATCHING and "pairs" in event.detail]
    method = findings.METHOD if runs and "model" not in runs[-1] else None
    known = findings.PARAMETERS
    for each in stored:
        if each.finding.match.method.name == findings.METHOD.name and each.finding.params is not None:
            method, known = each.finding.match.method, each.finding.params
    return report.MethodView(
        text=METHOD_TEXT,
        matching=method,
        versions=tuple(report.Row(label=name, value=metadata.version(name)) for name in PACKAGES),
        parameters=tuple(
            report.Row(label=name, value=str(value))
            for parameters in (known, findings.SOUND_PARAMETERS)
            for name, value in sorted(parameters.items())
        ),
        limits=METHOD_LIMITS,
    )
