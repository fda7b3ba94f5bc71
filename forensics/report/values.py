"""What a case report shows: frozen values that the caller fills, so that rendering reads no file and no clock.

Every text from outside (names, captions, metadata, reasons) is given raw, exactly as found: the page escapes it
once. Applying `forensics.report.text.visible` before would escape it twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from forensics.model.custody import CaseInfo, Check, CustodyEvent
from forensics.model.finding import ErrorRates, FindingStatus, Review
from forensics.model.match import Match, Method, SameServerFile
from forensics.model.notice import Notice
from forensics.model.provenance import Appearance, Passed
from forensics.model.telemetry import Fix

_HEX64 = re.compile(r"[0-9a-f]{64}\Z")
_JPEG_START = b"\xff\xd8\xff"


def _require_sha256(*digests: str | None) -> None:
    for digest in digests:
        if digest is not None and not _HEX64.match(digest):
            raise ValueError(f"a SHA-256 is 64 lower-case hex digits, not {digest!r}")


def _require_jpeg(*pictures: bytes | None) -> None:
    for picture in pictures:
        if picture is not None and not picture.startswith(_JPEG_START):
            raise ValueError("a picture of a report is a JPEG file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A label and its value, for lists of versions and parameters."""

    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolView:
    """What made the report: ``ffmpeg`` is its version line, ``confinement`` the level in which it ran, in words."""

    name: str
    version: str
    ffmpeg: str
    confinement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationView:
    """What `verify` said in this run: how many checks of each outcome, and every failed one."""

    ok: int
    skipped: int
    problems: tuple[Check, ...]

    @property
    def verified(self) -> bool:
        """No check failed."""
        return not self.problems


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHeadView:
    """The custody log's last event: its number, the SHA-256 of its line, how many events no seal covers yet."""

    seq: int
    sha256: str
    unsealed: int

    def __post_init__(self) -> None:
        _require_sha256(self.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyframeView:
    """One keyframe: its time on the presentation clock in words, its exact timestamp as written in the manifest
    (``pts*num/den``), the digest of its decoded planes, and a small JPEG (None: not stored).
    """

    time_text: str
    pts_text: str
    planes_sha256: str
    jpeg: bytes | None

    def __post_init__(self) -> None:
        _require_sha256(self.planes_sha256)
        _require_jpeg(self.jpeg)


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryView:
    """One telemetry source of an evidence: counts, the first and last fix with a position, where it came from.

    ``drawing`` is an SVG element that this program made of its places, every text in it escaped; empty without one.
    """

    origin: str
    format: str
    family: str | None
    cues: int
    located: int
    first: Fix | None
    last: Fix | None
    drawing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceView:
    """One evidence.

    ``label`` is the exhibit number or a short id; ``status`` one plain word (``whole``, ``partial``,
    ``triage``, ``undecodable``, …); ``names`` the file names under which it was found; ``duration_s`` seconds on the
    presentation clock; ``streams`` one line a stream; paths are relative to the case. ``keyframes_kept`` is how many
    the store holds when ``keyframes`` are only some of them, so that the page says so. ``contact_sheet`` is shown
    only where no keyframe carries its own picture: it would show the same pictures twice.
    """

    sha256: str
    label: str
    status: str
    names: tuple[str, ...]
    appearances: tuple[Appearance, ...]
    size: int
    duration_s: float | None
    streams: tuple[str, ...]
    keyframes: tuple[KeyframeView, ...]
    telemetry: tuple[TelemetryView, ...]
    custody: tuple[CustodyEvent, ...]
    notices: tuple[Notice, ...]
    original_path: str
    manifest_path: str
    manifest_sha256: str
    facts: tuple[Row, ...] = ()
    keyframes_kept: int | None = None
    contact_sheet: bytes | None = None

    def __post_init__(self) -> None:
        _require_sha256(self.sha256, self.manifest_sha256)
        _require_jpeg(self.contact_sheet)


@dataclass(frozen=True, slots=True, kw_only=True)
class SideView:
    """One side of a match: the name to show, and the length in seconds where it is known."""

    name: str
    duration_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignedPair:
    """Two frames that the alignment puts at the same moment, each as JPEG with the seconds of its own clock.

    ``difference_jpeg`` maps where both differ once one is laid on the other (see `forensics.report.pictures`).
    """

    query_jpeg: bytes
    query_s: float
    reference_jpeg: bytes
    reference_s: float
    difference_jpeg: bytes | None = None

    def __post_init__(self) -> None:
        _require_jpeg(self.query_jpeg, self.reference_jpeg, self.difference_jpeg)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchView:
    """One match or candidate with the frames that let a person judge it.

    ``finding_path`` and ``finding_sha256`` name the finding below the case, where there is one. ``status`` tells
    whether a person stands behind it, and ``review`` what that person says: raw, as typed.
    """

    match: Match
    query: SideView
    reference: SideView
    strip: tuple[AlignedPair, ...]
    finding_path: str | None = None
    finding_sha256: str | None = None
    status: FindingStatus = FindingStatus.MACHINE_ONLY
    review: Review | None = None

    def __post_init__(self) -> None:
        _require_sha256(self.finding_sha256, None if self.review is None else self.review.supersedes)

    @property
    def rejected(self) -> bool:
        """A person said that it is wrong: it joins no group and counts as no match."""
        return self.status is FindingStatus.REJECTED


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodView:
    """How it was found, in plain paragraphs, with versions, the parameters in force and what the method cannot do.

    ``matching`` is the procedure that was run, also when it found nothing; None when it was not run or is not known.
    Every match scores ``match_floor`` or more, every candidate ``candidate_ceiling`` or less. ``rates`` are the errors
    that were measured with these parameters; None: not measured.
    """

    text: tuple[str, ...]
    matching: Method | None
    versions: tuple[Row, ...]
    parameters: tuple[Row, ...]
    limits: tuple[str, ...]
    rates: ErrorRates | None = None
    match_floor: float | None = None
    candidate_ceiling: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardView:
    """What a post says of where it was forwarded from.

    ``origin`` names the chat or person in words and ``target`` the chat of the post; both keys are those of
    `forensics.report.lanes.chat_key`, ``origin_key`` None where the origin is not told for certain. ``drawn`` is False
    for what rests on a name alone.
    """

    origin: str
    origin_key: tuple[str, ...] | None
    target: str
    target_key: tuple[str, ...]
    basis: str
    drawn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceView:
    """A post that a logged comparison found in an earlier capture and not in a later one that covers its number.

    ``post`` names it (``channel:77/3``); ``items`` are the evidence that was seen in it; ``seq`` and ``time`` are those
    of the event in the log, ``old`` and ``new`` the SHA-256 of both captures.
    """

    post: str
    items: tuple[str, ...]
    seq: int
    time: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFileView:
    """One file of a platform's servers that posts name: its name, which evidence the posts were saved as, how many
    posts, and what that rests on, in words.
    """

    name: str
    items: tuple[str, ...]
    posts: int
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReport:
    """Everything that the page of one case shows. ``created`` is RFC 3339 text in UTC, given by the caller.

    ``verification`` is None when `verify` was not part of the run; ``refused`` are inputs that are not evidence,
    with the reason. ``group_names`` gives the lasting name of a group by its stretches (see `repost_groups`);
    ``server_files`` are posts with one file of the servers, ``links`` the files that these alone join, and
    ``attached`` how many recordings less there are because they give a file as one that a match joins. ``forwards`` and
    ``absences`` are what posts and logged comparisons of captures say.
    """

    case: CaseInfo
    created: str
    tool: ToolView
    verification: VerificationView | None
    log_head: LogHeadView | None
    evidence: tuple[EvidenceView, ...]
    matches: tuple[MatchView, ...]
    refused: tuple[Passed, ...]
    method: MethodView
    notices: tuple[Notice, ...] = ()
    group_names: Mapping[tuple[tuple[str, float, float], ...], str] = field(default_factory=dict)
    server_files: tuple[ServerFileView, ...] = ()
    links: tuple[SameServerFile, ...] = ()
    attached: int = 0
    forwards: tuple[ForwardView, ...] = ()
    absences: tuple[AbsenceView, ...] = ()

    def __post_init__(self) -> None:
        if len({item.sha256 for item in self.evidence}) != len(self.evidence):
            raise ValueError("an evidence appears once in a report")
