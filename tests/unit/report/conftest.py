"""A small case with everything that the page can show, in fixed values."""

import pytest

from forensics.model.custody import CaseInfo, Check, CheckStatus, CustodyEvent, EventType
from forensics.model.match import Assessment, Transform
from forensics.model.notice import Notice
from forensics.model.provenance import Appearance, Passed, SourceKind
from forensics.model.telemetry import Fix
from forensics.report import (
    AlignedPair,
    CaseReport,
    KeyframeView,
    LogHeadView,
    MethodView,
    Row,
    TelemetryView,
    ToolView,
    VerificationView,
)
from tests.report_values import JPEG, make_evidence, make_match, make_post, make_segment, make_view, sha

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
