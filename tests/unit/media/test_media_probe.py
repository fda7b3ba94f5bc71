"""Container facts of files made here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from forensics import media
from forensics.errors import MediaError
from forensics.media.probe import Probed
from tests.unit.media.conftest import Remux, ffmpeg, opened

Ask = Callable[..., Probed]


@pytest.fixture
def ask(tools: media.Tools) -> Ask:
    def run(path: Path, limits: media.Limits = media.DEFAULT_LIMITS) -> Probed:
        with opened(path) as fd:
            return media.probe(tools, fd, limits)

    return run


def _refused(ask: Ask, path: Path, limits: media.Limits = media.DEFAULT_LIMITS) -> MediaError:
    with pytest.raises(MediaError) as caught:
        ask(path, limits)
    return caught.value


def test_streams_are_told_as_stored(ask: Ask, clip: Path) -> None:
    probed = ask(clip)
    probe = probed.probe
    video, audio = probe.streams
    assert probe.video == 0
    assert probe.video_stream == video
    assert (video.kind, video.codec, video.width, video.height) == ("video", "h264", 160, 120)
    assert (video.pixel_format, video.frame_rate, video.packets, video.start_pts) == ("yuv420p", "25/1", 100, 1024)
    assert str(video.time_base) == "1/12800"
    assert (audio.kind, audio.codec, audio.sample_rate, audio.channels) == ("audio", "aac", 44100, 1)
    assert probe.brands[0] == "isom"
    assert probe.edit_list
    assert probe.trailing_bytes == 0
    assert probed.notices == ()
    assert isinstance(probe.duration, str)


def test_the_recorded_command_names_no_file(ask: Ask, clip: Path) -> None:
    command = ask(clip).command
    assert command[-2:] == ("-i", "/dev/fd/3")
    assert str(clip) not in " ".join(command)
    assert command[command.index("-o") + 1] == "pipe:4"


def test_the_first_real_video_is_chosen_over_a_cover_picture(ask: Ask, clip: Path, clips: Path) -> None:
    cover, path = clips / "cover.jpg", clips / "covered.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=red:s=320x240", "-frames:v", "1", cover)
    ffmpeg(
        *("-i", cover, "-i", clip, "-map", "0", "-map", "1:v", "-c", "copy"),
        *("-disposition:v:0", "attached_pic", path),
    )
    probe = ask(path).probe
    assert probe.video_stream is not None
    assert (probe.video_stream.codec, probe.video_stream.width) == ("h264", 160)
    assert [stream.attached_picture for stream in probe.streams].count(True) == 1


def test_tags_are_kept_with_repeats_and_cut_with_a_notice(ask: Ask, clip: Path, clips: Path) -> None:
    path = clips / "tagged.mkv"
    ffmpeg("-i", clip, "-c", "copy", "-metadata", "comment=" + "x" * 300, "-metadata", "title=Ünïcode", path)
    probed = ask(path, media.Limits(max_tag_chars=100))
    tags = {tag.name.lower(): tag.value for tag in probed.probe.tags if tag.group == "format"}
    assert tags["title"] == "Ünïcode"
    assert tags["comment"] == "x" * 100
    assert [notice.code for notice in probed.notices] == ["media.tags_cut"]
    few = ask(path, media.Limits(max_tags=1))
    assert len(few.probe.tags) == 1
    assert "media.tags_dropped" in [notice.code for notice in few.notices]


def test_a_file_of_more_tags_than_an_opening_may_cost_is_not_opened_again(ask: Ask, clip: Path) -> None:
    probed = ask(clip)
    assert probed.tags_found == len(probed.probe.tags) > 0
    assert probed.openable(media.Limits()) is None
    refused = probed.openable(media.Limits(max_opened_tags=probed.tags_found - 1))
    assert refused is not None
    assert refused.code == "media.limit"


def test_tags_over_the_byte_cap_are_left_out_but_not_the_streams(ask: Ask, clip: Path, clips: Path) -> None:
    path = clips / "wordy.mkv"
    ffmpeg("-i", clip, "-c", "copy", "-metadata", "comment=" + "x" * 60_000, path)
    probed = ask(path, media.Limits(max_probe_bytes=20_000))
    assert probed.probe.tags == ()
    assert [stream.codec for stream in probed.probe.streams] == ["h264", "aac"]
    assert [notice.code for notice in probed.notices] == ["media.tags_dropped"]


def test_trailing_data_is_told(ask: Ask, clip: Path, clips: Path) -> None:
    path = clips / "tail.mp4"
    path.write_bytes(clip.read_bytes() + b"PK\x03\x04" + bytes(96))
    probed = ask(path)
    assert probed.probe.trailing_bytes == 100
    assert [notice.code for notice in probed.notices] == ["media.trailing_data"]


def test_a_cut_file_whose_index_is_there_is_truncated(ask: Ask, remux: Remux, clips: Path) -> None:
    fast = remux("fast.mp4", "-movflags", "+faststart")
    path = clips / "cut-fast.mp4"
    path.write_bytes(fast.read_bytes()[:-20_000])
    codes = [notice.code for notice in ask(path).notices]
    assert "media.truncated" in codes


def test_a_cut_transport_stream_is_truncated(ask: Ask, remux: Remux, clips: Path) -> None:
    whole, path = remux("whole.ts"), clips / "cut.ts"
    path.write_bytes(whole.read_bytes()[:-100])
    assert ask(whole).notices == ()
    assert [notice.code for notice in ask(path).notices] == ["media.truncated"]


def test_a_cut_file_whose_index_was_at_the_end_has_no_moov(ask: Ask, clip: Path, clips: Path) -> None:
    path = clips / "cut-slow.mp4"
    path.write_bytes(clip.read_bytes()[:20_000])
    error = _refused(ask, path)
    assert error.code == "media.moov_missing"
    assert "Fetch it again" in error.hint


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "media.empty"),
        (b"<html><body>Not found</body></html>", "media.not_media"),
        (b"MZ" + bytes(500), "media.not_media"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isomiso2", "media.truncated"),
        (b"ffconcat version 1.0\nfile other.mp4\n", "media.not_media"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nother.ts\n#EXT-X-ENDLIST\n", "media.not_media"),
        (b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n", "media.not_media"),
    ],
)
def test_what_is_no_video_is_refused_with_its_reason(ask: Ask, tmp_path: Path, data: bytes, code: str) -> None:
    path = tmp_path / "file.mp4"
    path.write_bytes(data)
    assert _refused(ask, path).code == code


def test_too_many_streams_are_a_limit(ask: Ask, clip: Path, clips: Path) -> None:
    path = clips / "many.mkv"
    ffmpeg("-i", clip, *("-map", "0:a") * 9, "-c", "copy", path)
    assert _refused(ask, path, media.Limits(max_streams=8)).code == "media.limit"
    assert len(ask(path).probe.streams) == 9


def test_a_picture_larger_than_allowed_is_a_limit(ask: Ask, clips: Path) -> None:
    path = clips / "large.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=s=640x480:d=0.1", "-c:v", "libx264", path)
    assert _refused(ask, path, media.Limits(max_pixels=640 * 400)).code == "media.limit"


def test_an_unknown_box_in_front_does_not_hide_the_movie(ask: Ask, clip: Path, clips: Path) -> None:
    path = clips / "prefixed.mov"
    path.write_bytes(b"\x00\x00\x00\x10abcd" + bytes(8) + b"\x00\x00\x00\x08free" + clip.read_bytes())
    probed = ask(path)
    assert probed.probe.edit_list
    assert probed.probe.brands[0] == "isom"
    assert probed.probe.origin is not None
    assert probed.probe.origin.pts == 1024


def test_the_rotation_is_the_one_of_the_display_matrix(ask: Ask, clip: Path, clips: Path) -> None:
    path = clips / "quarter.mp4"
    ffmpeg("-i", clip, "-c", "copy", "-metadata:s:v", "rotate=90", path)
    video = ask(path).probe.video_stream
    assert video is not None
    assert video.rotation in {90, -90, None}
