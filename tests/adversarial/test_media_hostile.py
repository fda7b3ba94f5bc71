"""Bad media, named for their fault: refused or decoded in part, always with the reason, never for long."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics import media
from forensics.errors import MediaError
from forensics.model.media import FrameBatch


@pytest.fixture(scope="module")
def hostile() -> Path:
    folder = Path(__file__).resolve().parents[3] / "shared" / "hostile"
    if not folder.is_dir():
        pytest.skip("the folder ../shared with real material is absent")
    return folder


@pytest.fixture(scope="module")
def tools() -> media.Tools:
    found = shutil.which("ffmpeg")
    assert found is not None
    return media.find_tools(str(Path(found).parent))


def decoded(tools: media.Tools, path: Path, limits: media.Limits = media.DEFAULT_LIMITS) -> tuple[int, bool, set[str]]:
    """Frames, whether complete, and the codes of all notices."""
    fd = os.open(path, os.O_RDONLY)
    try:
        probed = media.probe(tools, fd, limits)
        with media.decode(tools, fd, probed.probe, limits=limits) as decoding:
            frames = sum(len(item.pts) for item in decoding if isinstance(item, FrameBatch))
        outcome = decoding.outcome
        assert frames == outcome.frames
        return frames, outcome.complete, {notice.code for notice in (*probed.notices, *outcome.notices)}
    finally:
        os.close(fd)


LURES = (
    "clip_concat_abs.mp4",
    "clip_concat_http.mkv",
    "dash_file.mp4",
    "dash_xxe.mpd",
    "ffmeta_chapters.mp4",
    "hls_concat_exfil.avi",
    "hls_file_abs.mp4",
    "hls_live_never_ends.m3u8",
    "hls_rel_sibling.mp4",
    "sdp_rtp.mp4",
    "svg_href.mp4",
    "webm_dash_sub.mp4",
)


@pytest.mark.parametrize("name", LURES)
def test_a_file_that_names_others_is_no_media(tools: media.Tools, hostile: Path, name: str) -> None:
    with pytest.raises(MediaError) as caught:
        decoded(tools, hostile / name)
    assert caught.value.code == "media.not_media"


REFUSED = {
    "empty.mp4": "media.empty",
    "random_bytes.mp4": "media.not_media",
    "exe_named.mp4": "media.not_media",
    "ts_sync_only_4mb.ts": "media.not_media",
    "ftyp_only.mp4": "media.truncated",
    "tail_trunc_half.mp4": "media.moov_missing",
    "audio_only.mp4": "media.no_video",
    "codec_unknown.mp4": "media.unsupported",
    "gif_65535_2000frames.gif": "media.unsupported",
    "h264_16384x8192_black.mp4": "media.limit",
    "mkv_5000_tracks.mkv": "media.limit",
    "mdat_zeroed.mp4": "media.damaged",
    "mp4_deep_moov.mp4": "media.damaged",
    "mov_dref_alis.mp4": "media.damaged",
    "gab2_hls_file.avi": "media.damaged",
    "mp4_free_2e63.mp4": "media.damaged",
}


@pytest.mark.parametrize(("name", "code"), REFUSED.items())
def test_what_cannot_be_decoded_is_refused_with_its_reason(
    tools: media.Tools, hostile: Path, name: str, code: str
) -> None:
    with pytest.raises(MediaError) as caught:
        decoded(tools, hostile / name)
    assert caught.value.code == code


DECODED: dict[str, tuple[int, bool, set[str]]] = {
    "cover_first_then_video.mp4": (100, True, {"media.cover_picture"}),
    "gap_1_day.mp4": (2, True, set()),
    "elst_empty_huge.mp4": (1, True, set()),
    "mp4_elst_200k.mp4": (1, True, {"media.edit_list_cut"}),
    "mp4_duration_header_lies.mp4": (100, True, {"media.duration_implausible"}),
    "fps_1_over_1e6.avi": (100, True, {"media.duration_implausible", "media.fewer_frames"}),
    "start_1e6s.mkv": (100, True, {"media.duration_implausible"}),
    "size_1x1.avi": (5, True, set()),
    "sar_extreme.mp4": (100, True, set()),
    "xmp_billion_laughs.mp4": (100, True, set()),
    "meta_long.mp4": (100, True, {"media.tags_cut"}),
    "two_mp4_concatenated.mp4": (100, True, {"media.trailing_data"}),
    "ts_trunc_odd.ts": (52, True, {"media.truncated", "media.end_unclear"}),
    "mkv_trunc.mkv": (51, False, {"media.truncated"}),
    "webm_trunc.webm": (22, False, {"media.truncated"}),
    "fast_trunc_last_byte.mp4": (100, False, {"media.truncated", "media.decode_errors"}),
    "neg_ts.mkv": (100, True, {"media.clock_jumps_back"}),
}


@pytest.mark.parametrize(("name", "expected"), DECODED.items())
def test_what_can_be_decoded_is_and_every_oddity_is_told(
    tools: media.Tools, hostile: Path, name: str, expected: tuple[int, bool, set[str]]
) -> None:
    assert decoded(tools, hostile / name) == expected


@pytest.mark.parametrize("name", ["flip_mp4_1.mp4", "flip_webm_1.webm", "flip_real_bikes_1.mp4", "insert_junk.mp4"])
def test_a_damaged_clip_is_never_taken_for_complete(tools: media.Tools, hostile: Path, name: str) -> None:
    frames, complete, codes = decoded(tools, hostile / name)
    assert frames > 0
    assert not complete
    assert "media.decode_errors" in codes


def test_a_change_of_size_half_way_keeps_step(tools: media.Tools, hostile: Path) -> None:
    frames, complete, codes = decoded(tools, hostile / "res_change.ts")
    assert frames >= 49
    assert "media.geometry_changes" in codes
    assert not complete


def test_a_flood_of_frames_stops_at_the_limit(tools: media.Tools, hostile: Path) -> None:
    limits = media.Limits(max_frames=2_000)
    frames, complete, codes = decoded(tools, hostile / "frames_100k_1000fps.mp4", limits)
    assert (frames, complete, codes) == (2_000, False, {"media.limit"})


def test_tags_that_cost_minutes_stop_at_the_cpu_limit(tools: media.Tools, hostile: Path) -> None:
    with pytest.raises(MediaError) as caught:
        decoded(tools, hostile / "mkv_200k_tags.mkv", media.Limits(probe_cpu_s=1))
    assert caught.value.code == "media.limit"


def test_every_expectation_named_here_agrees_with_the_set(hostile: Path) -> None:
    listed = json.loads((hostile / "manifest.json").read_text())["files"]
    for name in (*LURES, *REFUSED):
        assert listed[name]["expect"].startswith(("reject", "ok_or")), name
    for name in DECODED:
        assert listed[name]["expect"] != "reject", name


@pytest.fixture
def beside_a_canary(tmp_path: Path) -> Iterator[Path]:
    """A folder with a real clip that nothing may open, as the current folder."""
    ffmpeg = shutil.which("ffmpeg")
    assert ffmpeg is not None
    made = [ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x48:d=1", str(tmp_path / "canary_sibling.mp4")]
    subprocess.run(made, check=True, timeout=60)
    before = Path.cwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(before)


@pytest.mark.skipif(sys.platform != "linux", reason="access times are watched as Linux keeps them")
def test_a_clip_beside_a_lure_is_never_read(tools: media.Tools, beside_a_canary: Path) -> None:
    canary = beside_a_canary / "canary_sibling.mp4"
    os.utime(canary, ns=(1, 1))
    canary.read_bytes()
    if canary.stat().st_atime_ns == 1:
        pytest.skip("this file system keeps no access times")
    os.utime(canary, ns=(1, 1))
    texts = (
        "ffconcat version 1.0\nfile 'canary_sibling.mp4'\n",
        f"ffconcat version 1.0\nfile '{canary}'\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\ncanary_sibling.mp4\n#EXT-X-ENDLIST\n",
        f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{canary}\n#EXT-X-ENDLIST\n",
    )
    for number, text in enumerate(texts):
        lure = beside_a_canary / f"lure{number}.mp4"
        lure.write_text(text)
        with pytest.raises(MediaError):
            decoded(tools, lure)
    assert canary.stat().st_atime_ns == 1


@pytest.mark.parametrize("name", ["%03d.mp4", "-i.mp4", "http:x.mp4", "a\nb.mp4", "concat:a|b.mp4", "\udcff.mp4"])
def test_no_file_name_reaches_ffmpeg(tools: media.Tools, beside_a_canary: Path, name: str) -> None:
    path = beside_a_canary / name
    shutil.copyfile(beside_a_canary / "canary_sibling.mp4", path)
    frames, complete, _ = decoded(tools, path)
    assert (frames, complete) == (25, True)
