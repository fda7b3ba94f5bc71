"""The values of a large case, without any media: evidence and matches in groups of copies, as posts repeat them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import combinations, islice

from forensics.model.custody import CaseInfo, CustodyEvent, EventType
from forensics.model.match import Assessment, Decision, Match, Method, Segment, SegmentEvidence, Transform
from forensics.model.notice import Notice
from forensics.model.provenance import Appearance, Post, SourceKind
from forensics.report import (
    AlignedPair,
    CaseReport,
    EvidenceView,
    KeyframeView,
    LogHeadView,
    MatchView,
    MethodView,
    Row,
    SideView,
    ToolView,
    VerificationView,
)

COPIES = 21
"""Evidence of one group: each pair matched gives ten matches an evidence."""

KEYFRAMES, PICTURE = 4, b"\xff\xd8\xff\xe0" + bytes(range(256)) * 17
"""Pictures of an evidence in a case of this size, and one of the usual 4.4 kB."""

STRIPS, PAIRS = 150, 6
"""Matches with pictures (pipelines.strips fetches 900 pairs), and pairs of each."""

FIRST = 1_645_000_000
METHOD = Method(name="geometry-motion", version="1", params_sha256="0" * 64)
GROUND = SegmentEvidence(
    frames=31, hamming_median=34.0, moments=5, inliers=143.0, cells=38.0, inlier_ratio=0.81, drift_px=0.9, motion=0.74,
    motion_z=11.3,
)  # fmt: skip
CROP = Transform(
    mirrored=False, inverted=False, quarter_turns=0, scale=1.1, rotation_deg=0.2, dx=0.0, dy=0.0,
    crop=(0.0, 0.1, 1.0, 0.9), box=(0.0, 0.0, 1.0, 1.0),
)  # fmt: skip


def large_case(evidence: int, matches: int) -> CaseReport:
    """A case of so many evidence and at most so many matches, the same each time."""
    views = tuple(_evidence(number) for number in range(evidence))
    return CaseReport(
        case=CaseInfo(
            id="LARGE-1", title=None, custodian=None, operator="op-07", schema=1, created="2026-02-03T08:00:00Z"
        ),
        created="2026-02-03T09:12:44Z",
        tool=ToolView(name="footage-forensics", version="0.1.0", ffmpeg="ffmpeg version 5.1", confinement="full"),
        verification=VerificationView(ok=64, skipped=2, problems=()),
        log_head=LogHeadView(seq=41, sha256="0" * 64, unsealed=2),
        evidence=views,
        matches=tuple(islice(_matches(views), matches)),
        refused=(),
        method=MethodView(
            text=("Frames are hashed; close hashes propose pairs; pictures decide.",),
            matching=METHOD,
            versions=(Row(label="Python", value="3.11.2"),),
            parameters=(Row(label="least_moments", value="3"),),
            limits=(),
            match_floor=0.7,
            candidate_ceiling=0.6,
        ),
    )


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _evidence(number: int) -> EvidenceView:
    sha256, label = _sha(f"evidence {number}"), f"E-{number + 1:04d}"
    post = Post(
        platform="telegram", channel=f"Канал {number % 60}", channel_id=str(1000 + number % 60),
        message_id=str(number), posted_unixtime=FIRST + 3571 * number, posted_local=None,
        caption="Над містом знову дрон, відео з різних боків\nчастина друга", channel_type="public_channel",
    )  # fmt: skip
    seen = Appearance(
        kind=SourceKind.TELEGRAM_EXPORT, path=f"export/video_files/{number}.mp4", source="export/result.json", post=post
    )
    events = tuple(
        CustodyEvent(
            case="LARGE-1",
            seq=3 * number + place,
            prev="0" * 64,
            time="2026-02-03T08:01:00.000000Z",
            event=event,
            run="urn:uuid:0",
            operator="op-07",
            item=sha256,
            detail={"manifest": _sha(f"m {number}"), "size": 18_446_201},
        )
        for place, event in enumerate((EventType.INGESTION_START, EventType.INGESTION, EventType.MATCHING))
    )
    return EvidenceView(
        sha256=sha256, label=label, status="whole", names=(f"{number}.mp4",), appearances=(seen,), size=18_446_201,
        duration_s=30.0, streams=("0 video h264 1280x720 30/1 frames/s",),
        keyframes=tuple(
            KeyframeView(
                time_text=f"0:0{place}.000", pts_text=f"{place}*1/25", planes_sha256=_sha(f"{number} {place}"),
                jpeg=PICTURE,
            )
            for place in range(KEYFRAMES)
        ),
        keyframes_kept=12, telemetry=(), custody=events,
        notices=(Notice(code="media.truncated", message="The file ends early."),) if number % 10 == 0 else (),
        original_path=f"store/{sha256[:2]}/{sha256}/v1/content/original",
        manifest_path=f"store/{sha256[:2]}/{sha256}/v1/content/manifest.json", manifest_sha256=_sha(f"m {number}"),
    )  # fmt: skip


def _matches(views: tuple[EvidenceView, ...]) -> Iterator[MatchView]:
    numbers = iter(range(10**9))
    for start in range(0, len(views), COPIES):
        for query, reference in combinations(views[start : start + COPIES], 2):
            number = next(numbers)
            segment = Segment(
                query_start_s=0.0, query_end_s=20.0, reference_start_s=2.0, reference_end_s=22.0, speed=1.0, score=0.9,
                transform=CROP, evidence=GROUND,
            )  # fmt: skip
            match = Match(
                query_id=query.sha256, reference_id=reference.sha256, score=0.7 + (number % 300) / 1000,
                decision=Decision.MATCH, assessment=Assessment.SAME_RECORDING, mirrored=False, segments=(segment,),
                method=METHOD,
            )  # fmt: skip
            pair = AlignedPair(
                query_jpeg=PICTURE, query_s=1.0, reference_jpeg=PICTURE, reference_s=3.0, difference_jpeg=PICTURE
            )
            yield MatchView(
                match=match,
                query=SideView(name=query.names[0], duration_s=30.0),
                reference=SideView(name=reference.names[0], duration_s=30.0),
                strip=(pair,) * PAIRS if number < STRIPS else (),
                finding_path=f"findings/{number}.json",
                finding_sha256=_sha(f"finding {number}"),
            )
