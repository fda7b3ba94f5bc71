"""A small case with everything that the page can show, in fixed values."""

import base64
import hashlib

import pytest

from forensics.model.custody import CaseInfo, Check, CheckStatus, CustodyEvent, EventType
from forensics.model.match import Assessment, Decision, Match, Method, Segment, SegmentEvidence, Transform
from forensics.model.notice import Notice
from forensics.model.provenance import Appearance, Passed, Post, SourceKind
from forensics.model.telemetry import Fix
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
    TelemetryView,
    ToolView,
    VerificationView,
)

# A JPEG of one grey pixel, in fixed bytes: what an encoder writes depends on its version.
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4z"
    "NDL/wAALCAABAAEBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKB"
    "kaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ip"
    "qrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/APn+iiigD//Z"
)


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def make_evidence(label, *appearances, **changed):
    digest = sha(label)
    base = {
        "sha256": digest,
        "label": label,
        "status": "whole",
        "names": tuple(seen.path.rpartition("/")[2] for seen in appearances) or ("clip.mp4",),
        "appearances": appearances,
        "size": 18_446_201,
        "duration_s": 30.0,
        "streams": ("0: video h264, 1280x720",),
        "keyframes": (),
        "telemetry": (),
        "custody": (),
        "notices": (),
        "original_path": f"store/{digest[:2]}/{digest}/v1/content/original",
        "manifest_path": f"store/{digest[:2]}/{digest}/v1/content/manifest.json",
        "manifest_sha256": sha(f"manifest of {label}"),
    }
    return EvidenceView(**(base | changed))


def make_post(channel, unixtime, path, **told):
    post = Post(
        platform="telegram",
        channel=channel,
        channel_id=f"id-{channel}",
        message_id="4211",
        posted_unixtime=unixtime,
        posted_local=told.pop("posted_local", None),
        **told,
    )
    return Appearance(kind=SourceKind.TELEGRAM_EXPORT, path=path, source="export/result.json", post=post)


def make_segment(query, reference, transform=None):
    ground = SegmentEvidence(
        frames=31,
        hamming_median=34.0,
        moments=9,
        inliers=143.0,
        cells=38.0,
        inlier_ratio=0.81,
        drift_px=0.9,
        motion=0.74,
        motion_z=11.3,
    )
    return Segment(
        query_start_s=query[0],
        query_end_s=query[1],
        reference_start_s=reference[0],
        reference_end_s=reference[1],
        speed=1.0,
        score=0.93,
        transform=transform,
        evidence=ground,
    )


def make_match(query, reference, *segments, assessment=Assessment.SAME_RECORDING, score=0.93):
    decided = {Assessment.IDENTICAL_FILE, Assessment.IDENTICAL_BITSTREAM, Assessment.SAME_RECORDING}
    return Match(
        query_id=sha(query),
        reference_id=sha(reference),
        score=score,
        decision=Decision.MATCH if assessment in decided else Decision.CANDIDATE,
        assessment=assessment,
        mirrored=False,
        segments=segments,
        method=Method(name="ladder", version="1", params_sha256=sha("params")),
    )


def make_view(match, *, durations=(30.0, 30.0), strip=()):
    return MatchView(
        match=match,
        query=SideView(name="query.mp4", duration_s=durations[0]),
        reference=SideView(name="reference.mp4", duration_s=durations[1]),
        strip=strip,
        finding_path="findings/1.json",
        finding_sha256=sha("finding"),
    )


MIRROR = Transform(
    mirrored=True,
    inverted=False,
    quarter_turns=0,
    scale=1.18,
    rotation_deg=0.2,
    dx=0.0,
    dy=0.0,
    crop=(0.08, 0.08, 0.92, 0.92),
    box=(0.0, 0.0, 1.0, 1.0),
)


def first_evidence():
    fix = Fix(
        cue=0,
        at_ms=0,
        clock_as_written="2022-03-14 11:21:07.114",
        latitude="49.9935000",
        longitude="36.2304000",
        relative_altitude="112.300",
    )
    return make_evidence(
        "EX-0001",
        make_post("Канал Харків", 1_647_249_613, "export/video_files/DJI_0042.MP4", caption="Перший рядок\nдругий"),
        Appearance(kind=SourceKind.FILE, path="input/copy of DJI_0042.MP4"),
        keyframes=(
            KeyframeView(time_text="0:00.300", pts_text="9000*1/30000", planes_sha256=sha("planes"), jpeg=JPEG),
        ),
        keyframes_kept=12,
        telemetry=(
            TelemetryView(
                origin="DJI_0042.SRT", format="dji-srt", family="Mavic 3", cues=2, located=1, first=fix, last=fix
            ),
        ),
        custody=(
            CustodyEvent(
                case="CASE-1",
                seq=3,
                prev=sha("line 2"),
                time="2026-02-03T08:14:00.120455Z",
                event=EventType.INGESTION,
                run="run-1",
                operator="op-07",
                item=sha("EX-0001"),
                detail={"readback": "equal", "size": 18_446_201},
            ),
        ),
    )


def small_case():
    second = make_evidence(
        "EX-0002",
        make_post(
            "قناة الأخبار",
            1_647_297_390,
            "export/video_files/مسيّرة.mp4",
            caption="هذا الفيديو <b>&amp;</b>",
            forwarded_from="Канал Харків",
            edited_unixtime=1_647_300_000,
            author="محرر",
            posted_local="2022-03-15T00:36:30",
        ),
        notices=(Notice(code="media.truncated", message="The container says 900 frames, 880 were decoded."),),
        status="partial",
    )
    third = make_evidence("EX-0003", Appearance(kind=SourceKind.FILE, path="input/other.mkv"), duration_s=None)
    pair = AlignedPair(query_jpeg=JPEG, query_s=1.5, reference_jpeg=JPEG, reference_s=13.5)
    copy = make_match("EX-0002", "EX-0001", make_segment((0.4, 9.2), (12.4, 21.2), MIRROR))
    scene = make_match("EX-0003", "EX-0001", make_segment((3, 9), (3, 9)), assessment=Assessment.SAME_SCENE, score=0.4)
    return CaseReport(
        case=CaseInfo(
            id="CASE-1",
            title="Footage over Kharkiv",
            custodian=None,
            operator="op-07",
            schema=1,
            created="2026-02-03T08:00:00Z",
        ),
        created="2026-02-03T09:12:44Z",
        tool=ToolView(name="footage-forensics", version="0.1.0", ffmpeg="ffmpeg version 5.1", confinement="full"),
        verification=VerificationView(ok=64, skipped=2, problems=()),
        log_head=LogHeadView(seq=41, sha256=sha("head"), unsealed=2),
        evidence=(first_evidence(), second, third),
        matches=(make_view(scene, durations=(None, 30.0)), make_view(copy, strip=(pair,) * 7)),
        refused=(
            Passed(path="input/notes.txt", code="input.not_media", message="No media file.", failed=False),
            Passed(path="input/cut.mp4", code="media.moov_missing", message="The index is missing.", failed=True),
        ),
        method=MethodView(
            text=("Frames are hashed; close hashes propose pairs; pictures decide.",),
            matching=copy.method,
            versions=(Row(label="Python", value="3.11.2"),),
            parameters=(Row(label="radius", value="64"),),
            limits=("Integrity is asserted from ingestion onward only.",),
        ),
        notices=(Notice(code="key.unencrypted", message="The operator key has no passphrase."),),
    )


def failed_check():
    return Check(
        step=3,
        name="stored bytes",
        status=CheckStatus.FAILED,
        subject="store/aa/original",
        expected="the first",
        found="the second",
    )


@pytest.fixture(scope="session")
def case():
    return small_case()


@pytest.fixture(scope="session")
def build():
    """The makers of values, for tests that need values of their own."""

    class Build:
        evidence = staticmethod(make_evidence)
        post = staticmethod(make_post)
        segment = staticmethod(make_segment)
        match = staticmethod(make_match)
        view = staticmethod(make_view)
        failed_check = staticmethod(failed_check)
        sha = staticmethod(sha)
        jpeg = JPEG

    return Build
