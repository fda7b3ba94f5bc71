"""The values of a large case, without any media: evidence and matches in groups of copies, as posts repeat them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, islice

from forensics.model.custody import CaseInfo, CustodyEvent, EventType
from forensics.model.match import Method, Transform
from forensics.model.notice import Notice
from forensics.report import (
    AlignedPair,
    CaseReport,
    EvidenceView,
    KeyframeView,
    LogHeadView,
    MatchView,
    MethodView,
    Row,
    ToolView,
    VerificationView,
)
from tests.report_values import make_evidence, make_match, make_post, make_segment, make_view, sha

COPIES = 21
"""Evidence of one group: each pair matched gives ten matches an evidence."""

KEYFRAMES, PICTURE = 4, b"\xff\xd8\xff\xe0" + bytes(range(256)) * 17
"""Pictures of an evidence in a case of this size, and one of the usual 4.4 kB."""

STRIPS, PAIRS = 150, 6
"""Matches with pictures (pipelines.strips fetches 900 pairs), and pairs of each."""

FIRST = 1_645_000_000
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
            matching=Method(name="ladder", version="1", params_sha256=sha("params")),
            versions=(Row(label="Python", value="3.11.2"),),
            parameters=(Row(label="least_moments", value="3"),),
            limits=(),
            match_floor=0.7,
            candidate_ceiling=0.6,
        ),
    )


def _evidence(number: int) -> EvidenceView:
    label = f"E-{number + 1:04d}"
    seen = make_post(
        f"Канал {number % 60}",
        FIRST + 3571 * number,
        f"export/video_files/{number}.mp4",
        channel_id=str(1000 + number % 60),
        channel_type="public_channel",
        message_id=str(number),
        caption="Над містом знову дрон, відео з різних боків\nчастина друга",
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
            item=sha(label),
            detail={"manifest": sha(f"manifest of {label}"), "size": 18_446_201},
        )
        for place, event in enumerate((EventType.INGESTION_START, EventType.INGESTION, EventType.MATCHING))
    )
    keyframes = tuple(
        KeyframeView(
            time_text=f"0:0{place}.000", pts_text=f"{place}*1/25", planes_sha256=sha(f"{number} {place}"), jpeg=PICTURE
        )
        for place in range(KEYFRAMES)
    )
    notices = (Notice(code="media.truncated", message="The file ends early."),) if number % 10 == 0 else ()
    return make_evidence(label, seen, keyframes=keyframes, keyframes_kept=12, custody=events, notices=notices)


def _matches(views: tuple[EvidenceView, ...]) -> Iterator[MatchView]:
    segment = make_segment((0.0, 20.0), (2.0, 22.0), CROP)
    pair = AlignedPair(
        query_jpeg=PICTURE, query_s=1.0, reference_jpeg=PICTURE, reference_s=3.0, difference_jpeg=PICTURE
    )
    numbers = iter(range(10**9))
    for start in range(0, len(views), COPIES):
        for query, reference in combinations(views[start : start + COPIES], 2):
            number = next(numbers)
            yield make_view(
                make_match(query.label, reference.label, segment, score=0.7 + (number % 300) / 1000),
                names=(query.names[0], reference.names[0]),
                strip=(pair,) * PAIRS if number < STRIPS else (),
                finding=number + 2,
            )
