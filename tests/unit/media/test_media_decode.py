"""The one decode pass: frames, timestamps, pictures, essence, and when it must stop."""

from __future__ import annotations

import gc
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from forensics import media
from forensics.errors import MediaError, ToolError
from forensics.media import commands
from forensics.media.decode import BATCH_FRAMES
from forensics.model.media import FrameBatch, Picture
from tests.unit.media.conftest import Decoded, Remux, ffmpeg, opened


def test_every_frame_comes_with_the_timestamp_that_the_container_stores(whole: Decoded, clip: Path) -> None:
    listed = ffmpeg(
        *("-copyts", "-ignore_editlist", "1", "-i", clip, "-map", "0:v", "-fps_mode", "passthrough"),
        *("-enc_time_base", "1:12800", "-f", "framecrc", "-"),
    )
    stored = [int(line.split(b",")[2]) for line in listed.splitlines() if not line.startswith(b"#")]
    assert whole.pts == stored
    assert len(stored) == 100
    assert whole.outcome.frames == 100
    assert whole.outcome.last_pts == stored[-1]
    assert whole.outcome.complete
    assert not whole.codes


def test_luma_is_the_mean_over_each_cell_of_the_decoded_plane(whole: Decoded, clip: Path) -> None:
    planes = np.frombuffer(
        ffmpeg(
            *("-ignore_editlist", "1", "-i", clip, "-map", "0:v", "-vf", "extractplanes=y"),
            *("-fps_mode", "passthrough", "-f", "rawvideo", "-"),
        ),
        dtype=np.uint8,
    ).reshape(-1, 120, 160)
    means = np.stack([cv2.resize(plane.astype(np.float32), (64, 64), interpolation=cv2.INTER_AREA) for plane in planes])
    assert whole.luma.shape == means.shape
    assert np.abs(whole.luma - means).max() < 1.0


def test_luma_does_not_depend_on_simd(tools: media.Tools, clip: Path, whole: Decoded) -> None:
    plain = Decoded(tools, clip, cpu_flags="0")
    assert np.array_equal(plain.luma, whole.luma)
    assert [p.planes for p in plain.pictures] == [p.planes for p in whole.pictures]


def test_luma_of_a_real_clip_does_not_depend_on_simd(tools: media.Tools, shared: Path) -> None:
    real = shared / "bench" / "sources" / "hamilton.mp4"
    assert np.array_equal(Decoded(tools, real, cpu_flags="0").luma, Decoded(tools, real).luma)


def test_a_range_tag_does_not_change_the_luma(tools: media.Tools, remux: Remux) -> None:
    limited = remux("limited.mp4", "-bsf:v", "h264_metadata=video_full_range_flag=0")
    untagged = remux("untagged.mp4", "-bsf:v", "h264_metadata=colour_primaries=2")
    tagged = Decoded(tools, limited)
    assert tagged.probe.video_stream is not None
    assert tagged.probe.video_stream.color_range == "tv"
    assert np.array_equal(tagged.luma, Decoded(tools, untagged).luma)


def test_pictures_are_the_decoded_planes_to_the_byte(whole: Decoded, clip: Path) -> None:
    raw = ffmpeg("-ignore_editlist", "1", "-i", clip, "-map", "0:v", "-fps_mode", "passthrough", "-f", "rawvideo", "-")
    size = 160 * 120 * 3 // 2
    frames = {pts: raw[place * size : (place + 1) * size] for place, pts in enumerate(whole.pts)}
    assert whole.outcome.exact
    assert [picture.planes for picture in whole.pictures] == [frames[picture.pts] for picture in whole.pictures]
    first = whole.pictures[0]
    assert first.pixel_format == "yuv420p"
    assert first.luma.tobytes() == first.planes[: 160 * 120]


def test_pictures_are_the_first_frame_and_one_each_interval(whole: Decoded) -> None:
    ticks = [picture.pts for picture in whole.pictures]
    assert ticks[0] == whole.pts[0]
    assert set(np.diff(ticks)) == {13 * 512}  # 0.52 s: the first frame that is 0.5 s on


def test_batches_and_pictures_leave_in_the_same_order_each_time(tools: media.Tools, clip: Path) -> None:
    def order(whole: Decoded) -> list[tuple[str, int]]:
        return [("batch", len(x.pts)) if isinstance(x, FrameBatch) else ("picture", x.pts) for x in whole.items]

    first = order(Decoded(tools, clip, picture_interval_s=0.04))
    assert first == order(Decoded(tools, clip, picture_interval_s=0.04))
    assert first[0] == ("batch", 100)
    assert first[1] == ("picture", 1024)
    assert len(first) == 101


def test_long_clips_come_in_full_batches(tools: media.Tools, clips: Path) -> None:
    path = clips / "long.mkv"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=32x32:r=100:d=6", "-c:v", "ffv1", path)
    whole = Decoded(tools, path)
    assert [len(batch.pts) for batch in whole.batches] == [BATCH_FRAMES, BATCH_FRAMES, 600 - 2 * BATCH_FRAMES]
    shown = [picture.pts for picture in whole.pictures]
    assert shown == sorted(shown)
    assert len(shown) == 12


@pytest.fixture(scope="module")
def plain_pattern(tools: media.Tools, picture_clip: Callable[..., Path]) -> Decoded:
    return Decoded(tools, picture_clip("yuv420p"))


@pytest.mark.parametrize(
    ("pixel_format", "layout", "exact"),
    [
        ("yuv420p", "yuv420p", True),
        ("yuv422p", "yuv422p", True),
        ("yuv444p", "yuv444p", True),
        ("gray", "gray", True),
        ("yuv420p10le", "yuv420p10le", True),
        ("gray10le", "gray10le", True),
        ("yuv444p12le", "yuv444p12le", True),
        ("bgr0", "yuv444p", False),
        ("yuva420p", "yuv444p", False),
    ],
)
def test_each_pixel_format_has_its_recipe(
    tools: media.Tools,
    picture_clip: Callable[..., Path],
    plain_pattern: Decoded,
    pixel_format: str,
    layout: str,
    exact: bool,
) -> None:
    whole = Decoded(tools, picture_clip(pixel_format))
    reference = plain_pattern
    assert whole.pictures[0].pixel_format == layout
    assert whole.outcome.exact is exact
    assert whole.pictures[0].luma.shape == (80, 96)
    assert ("plane-y" if exact else "converted-yuv444p-y") in whole.outcome.recipe
    # One pattern in another format: gray is full range, so only its order of brightness is the same.
    likeness = np.corrcoef(whole.luma.ravel(), reference.luma.ravel())[0, 1]
    assert likeness > 0.98
    if not pixel_format.startswith("gray"):
        assert np.abs(whole.luma.astype(int) - reference.luma).mean() < 2


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "gray10le"])
def test_odd_sizes_stay_in_step(tools: media.Tools, picture_clip: Callable[..., Path], pixel_format: str) -> None:
    whole = Decoded(tools, picture_clip(pixel_format, "35x27"))
    assert whole.outcome.frames == 10
    assert whole.outcome.complete
    assert whole.pictures[0].luma.shape == (27, 35)


@pytest.mark.parametrize("name", ["copy.mkv", "copy.mov", "copy.ts", "copy.flv", "fragments.mp4"])
def test_the_essence_digest_survives_remuxing(tools: media.Tools, whole: Decoded, remux: Remux, name: str) -> None:
    options = ("-movflags", "frag_keyframe+empty_moov") if name == "fragments.mp4" else ()
    copied, original = Decoded(tools, remux(name, *options)), whole
    assert [e.sha256 for e in copied.outcome.essence] == [e.sha256 for e in original.outcome.essence]
    assert [(e.kind, e.codec) for e in original.outcome.essence] == [("video", "h264"), ("audio", "aac")]
    assert np.array_equal(copied.luma, original.luma)


def test_the_essence_digest_of_hevc_survives_remuxing(tools: media.Tools, clips: Path, remux: Remux) -> None:
    source = clips / "hevc.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=s=128x96:r=10:d=1", "-c:v", "libx265", "-preset", "ultrafast"),
        *("-x265-params", "log-level=none", source),
    )
    copies = [remux(name, source=source) for name in ("hevc.ts", "hevc.mkv")]
    digests = {Decoded(tools, path).outcome.essence[0].sha256 for path in (source, *copies)}
    assert len(digests) == 1


def test_the_essence_digest_tells_another_encoding(tools: media.Tools, clip: Path, whole: Decoded, clips: Path) -> None:
    again = clips / "again.mp4"
    ffmpeg("-i", clip, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "copy", again)
    ours, theirs = whole.outcome.essence, Decoded(tools, again).outcome.essence
    assert ours[0].sha256 != theirs[0].sha256
    assert ours[1].sha256 == theirs[1].sha256


def test_packets_that_a_filter_refuses_give_no_digest(tools: media.Tools, clip: Path, clips: Path) -> None:
    path = clips / "unconfigured.mp4"
    path.write_bytes(clip.read_bytes().replace(b"esds", b"xsds"))
    outcome = Decoded(tools, path).outcome
    assert [essence.kind for essence in outcome.essence] == ["video"]
    assert "media.no_essence" in [notice.code for notice in outcome.notices]
    assert not outcome.complete


def test_an_ffmpeg_without_the_filters_still_decodes(
    tools: media.Tools, clip: Path, whole: Decoded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(commands._ESSENCE_FILTERS, "h264", "not_built_in")
    found = Decoded(tools, clip)
    assert np.array_equal(found.luma, whole.luma)
    assert found.outcome.essence == ()
    assert found.codes == {"media.no_essence"}
    assert "streamhash" not in found.outcome.command


def test_the_essence_digest_is_over_all_packets(tools: media.Tools, clips: Path) -> None:
    source = clips / "mjpeg.avi"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:r=5:d=1", "-c:v", "mjpeg", source)
    packets = ffmpeg("-i", source, "-c", "copy", "-f", "rawvideo", "-")
    (essence,) = Decoded(tools, source).outcome.essence
    assert essence.sha256 == hashlib.sha256(packets).hexdigest()
    assert essence.packets == 5


@pytest.mark.parametrize("rotate", ["90", "180", "270"])
def test_luma_stands_upright_and_pictures_stay_as_coded(
    tools: media.Tools, clip: Path, whole: Decoded, clips: Path, rotate: str
) -> None:
    turned = clips / f"turned-{rotate}.mp4"
    ffmpeg("-i", clip, "-c", "copy", "-metadata:s:v", f"rotate={rotate}", turned)
    found = Decoded(tools, turned)
    assert found.probe.video_stream is not None
    rotation = found.probe.video_stream.rotation
    if not rotation:
        pytest.skip("this ffmpeg writes no display matrix from the rotate tag")
    assert np.array_equal(found.luma, np.rot90(whole.luma, rotation // 90, (1, 2)))
    assert found.pictures[0].planes == whole.pictures[0].planes
    player = ffmpeg("-i", turned, "-map", "0:v", "-frames:v", "1", "-vf", "extractplanes=y", "-f", "rawvideo", "-")
    shape = (160, 120) if rotate != "180" else (120, 160)
    shown = np.frombuffer(player, dtype=np.uint8).reshape(shape)
    assert np.array_equal(media.upright(found.pictures[0].luma, rotation), shown)


def test_a_change_of_size_keeps_pictures_in_step_and_is_told(tools: media.Tools, clips: Path) -> None:
    path = clips / "sizes.ts"
    data = b""
    for size in ("160x120", "96x80"):
        part = clips / f"{size}.ts"
        ffmpeg(
            *("-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=2", "-s", size, "-g", "1"),
            *("-c:v", "mpeg2video", "-q:v", "2", part),
        )
        data += part.read_bytes()
    path.write_bytes(data)
    whole = Decoded(tools, path)
    assert whole.outcome.frames >= 38
    assert all(len(picture.planes) == 160 * 120 * 3 // 2 for picture in whole.pictures)
    assert {"media.geometry_changes", "media.clock_jumps_back"} <= whole.codes
    assert not whole.outcome.exact
    lumas = np.stack([cv2.resize(p.luma, (64, 64), interpolation=cv2.INTER_AREA) for p in whole.pictures])
    assert np.abs(lumas[0].astype(int) - lumas[len(lumas) // 2]).mean() < 12  # both parts begin with the same pattern


def test_a_pause_of_a_day_is_two_frames_and_not_a_flood(tools: media.Tools, clips: Path) -> None:
    path = clips / "pause.mkv"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=s=64x48:r=1:d=2", "-vf", "setpts=N*86400/TB", "-fps_mode", "passthrough"),
        *("-c:v", "ffv1", path),
    )
    whole = Decoded(tools, path)
    assert whole.seconds == [0.0, 86400.0]
    assert len(whole.pictures) == 2


def test_decoding_stops_at_the_frame_limit_and_says_so(tools: media.Tools, clip: Path) -> None:
    whole = Decoded(tools, clip, limits=media.Limits(max_frames=30))
    assert whole.outcome.frames == len(whole.pts) == 30
    assert not whole.outcome.complete
    assert [notice.code for notice in whole.outcome.notices] == ["media.limit"]


def test_exactly_as_many_frames_as_the_limit_is_complete(tools: media.Tools, clip: Path) -> None:
    whole = Decoded(tools, clip, limits=media.Limits(max_frames=100))
    assert whole.outcome.complete
    assert len(whole.outcome.essence) == 2


def test_pictures_beyond_the_pixel_limit_are_refused_before_decoding(tools: media.Tools, clip: Path) -> None:
    with pytest.raises(MediaError) as caught:
        Decoded(tools, clip, limits=media.Limits(max_pixels=160 * 119))
    assert caught.value.code == "media.limit"


def test_a_damaged_clip_is_decoded_as_far_as_it_goes(tools: media.Tools, clip: Path, clips: Path) -> None:
    data = bytearray(clip.read_bytes())
    at = data.index(b"mdat") + 2000
    data[at : at + 3000] = bytes(3000)
    path = clips / "damaged.mp4"
    path.write_bytes(data)
    whole = Decoded(tools, path)
    assert 0 < whole.outcome.frames <= 100
    assert not whole.outcome.complete
    assert "media.decode_errors" in whole.codes
    assert not any("0x" in notice.message or "/dev/fd" in notice.message for notice in whole.outcome.notices)


def test_a_clip_without_one_good_frame_is_damaged(tools: media.Tools, clip: Path, clips: Path) -> None:
    data = bytearray(clip.read_bytes())
    start = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    data[start:end] = bytes(end - start)
    path = clips / "zeroed.mp4"
    path.write_bytes(data)
    with pytest.raises(MediaError) as caught:
        Decoded(tools, path)
    assert caught.value.code == "media.damaged"


def test_sound_alone_is_probed_but_not_decoded(tools: media.Tools, clip: Path, clips: Path) -> None:
    path = clips / "sound.mp4"
    ffmpeg("-i", clip, "-vn", "-c", "copy", path)
    with opened(path) as fd:
        probe = media.probe(tools, fd).probe
        assert probe.video is None
        assert [stream.kind for stream in probe.streams] == ["audio"]
        with pytest.raises(MediaError) as caught:
            media.decode(tools, fd, probe)
    assert caught.value.code == "media.no_video"


def test_the_recorded_command_is_what_ran_but_for_descriptor_numbers(
    tools: media.Tools, clip: Path, whole: Decoded
) -> None:
    command = whole.outcome.command
    assert command[0] == tools.ffmpeg.path
    assert command[command.index("-i") + 1] == "/dev/fd/3"
    text = " ".join(command)
    assert sorted(re.findall(r"pipe\\*:(\d+)", text)) == ["4", "5", "6", "7", "8"]
    assert command[-1] == "pipe:8"
    assert str(clip) not in text
    assert command == Decoded(tools, clip).outcome.command
    for option in ("-protocol_whitelist", "-format_whitelist", "-max_streams", "-ignore_editlist", "-noautorotate"):
        assert option in command


def test_a_decoding_that_is_left_early_ends_its_child(tools: media.Tools, clips: Path) -> None:
    path = clips / "endless.mkv"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x240:r=100:d=9", "-c:v", "mjpeg", path)
    with opened(path) as fd:
        probe = media.probe(tools, fd).probe
        with media.decode(tools, fd, probe) as decoding:
            next(iter(decoding))
            process = decoding._child._process
            assert process.poll() is None
        assert process.poll() is not None
        with pytest.raises(RuntimeError, match="not read to its end"):
            _ = decoding.outcome


def _impostor(tools: media.Tools, folder: Path, program: str) -> media.Tools:
    """Tools whose ffmpeg is a Python program of our own."""
    script = folder / "ffmpeg"
    script.write_text(f"#!{sys.executable}\n{program}")
    script.chmod(0o755)
    tool = media.Tool(
        name="ffmpeg", path=str(script), version="5.1", version_numbers=(5, 1), banner="ffmpeg", sha256="0" * 64
    )
    return media.Tools(ffmpeg=tool, ffprobe=tools.ffprobe)


def test_a_child_that_hangs_is_ended(tools: media.Tools, clip: Path, tmp_path: Path) -> None:
    hanging = _impostor(tools, tmp_path, "import time; time.sleep(60)")
    with pytest.raises(MediaError) as caught:
        Decoded(hanging, clip, limits=media.Limits(stall_s=0.5))
    assert caught.value.code == "media.limit"


def test_a_child_that_burns_its_cpu_time_is_ended(tools: media.Tools, clip: Path, tmp_path: Path) -> None:
    burning = _impostor(tools, tmp_path, "while True: pass")
    with pytest.raises(MediaError) as caught:
        Decoded(burning, clip, limits=media.Limits(decode_cpu_s=1))
    assert caught.value.code == "media.limit"


def test_a_program_that_refuses_its_options_is_the_tools_fault(tools: media.Tools, clip: Path, tmp_path: Path) -> None:
    refusing = _impostor(
        tools, tmp_path, "import sys; sys.stderr.write(\"[error] Unrecognized option 'x'.\\n\"); sys.exit(1)"
    )
    with pytest.raises(ToolError) as caught:
        Decoded(refusing, clip)
    assert caught.value.code == "tool.refused"


def test_a_program_that_cannot_be_started_is_the_tools_fault(tools: media.Tools, clip: Path, tmp_path: Path) -> None:
    gone = _impostor(tools, tmp_path, "")
    (tmp_path / "ffmpeg").unlink()
    with pytest.raises(ToolError) as caught:
        Decoded(gone, clip)
    assert caught.value.code == "tool.cannot_start"


def test_no_descriptor_stays_open(tools: media.Tools, clip: Path) -> None:
    gc.collect()

    def count() -> int:
        return len(list(Path("/dev/fd").iterdir()))

    before = count()
    Decoded(tools, clip)
    assert count() == before


def test_a_picture_carries_its_luma_without_a_copy(whole: Decoded) -> None:
    picture = whole.pictures[0]
    assert isinstance(picture, Picture)
    assert not picture.luma.flags.owndata


def test_the_equality_of_planes_holds_across_processes(tools: media.Tools, clip: Path, whole: Decoded) -> None:
    program = (
        "import os, sys, hashlib; from forensics import media; from forensics.model.media import Picture;"
        "tools = media.find_tools(sys.argv[2]); fd = os.open(sys.argv[1], os.O_RDONLY);"
        "probe = media.probe(tools, fd).probe; d = media.decode(tools, fd, probe).__enter__();"
        "print(hashlib.sha256(b''.join(x.planes for x in d if isinstance(x, Picture))).hexdigest());"
        "print(d.outcome.command)"
    )
    arguments = [sys.executable, "-c", program, str(clip), str(Path(tools.ffmpeg.path).parent)]
    root = Path(media.__file__).parents[2]
    seed = {"PYTHONHASHSEED": "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"}
    told = subprocess.run(arguments, cwd=root, env=seed, capture_output=True, check=True, text=True).stdout
    planes = hashlib.sha256(b"".join(p.planes for p in whole.pictures)).hexdigest()
    assert told.splitlines() == [planes, str(whole.outcome.command)]


def test_sync_frames_alone_are_the_first_of_each_group_and_never_complete(tools: media.Tools, tmp_path: Path) -> None:
    path = tmp_path / "groups.mp4"
    drawn = ("-f", "lavfi", "-i", "testsrc2=s=160x120:r=25", "-t", "4", "-c:v", "libx264", "-g", "20")
    ffmpeg(*drawn, "-keyint_min", "20", "-sc_threshold", "0", "-pix_fmt", "yuv420p", path)
    with opened(path) as fd:
        probe = media.probe(tools, fd).probe
        with media.decode(tools, fd, probe, sync_only=True) as decoding:
            batches = [item for item in decoding if isinstance(item, FrameBatch)]
    pts = [moment for batch in batches for moment in batch.pts.tolist()]
    whole = Decoded(tools, path)
    assert pts == whole.pts[::20]
    assert np.array_equal(np.concatenate([batch.luma for batch in batches]), whole.luma[::20])
    assert not decoding.outcome.complete
    assert decoding.outcome.notices == ()
    assert decoding.outcome.essence == whole.outcome.essence
    assert decoding.outcome.recipe != whole.outcome.recipe
