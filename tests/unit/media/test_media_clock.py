"""The presentation clock against what plain ffmpeg, with edit lists on, shows."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from forensics import media
from forensics.media import clock
from forensics.media.clock import clock_origin, read_spans, sound_origin
from forensics.media.isobmff import Boxes, Edit, Track
from forensics.model.media import Stream
from forensics.model.time import TimeBase
from tests.unit.media.conftest import Decoded, Remux, ffmpeg


def shown_by_player(path: Path, stream: int, base: TimeBase) -> list[float]:
    """Presentation times of the frames that plain ffmpeg decodes, in seconds."""
    listed = ffmpeg(
        *("-i", path, "-map", f"0:{stream}", "-fps_mode", "passthrough"),
        *("-enc_time_base", f"{base.num}:{base.den}", "-f", "framecrc", "-"),
        *("-map", "0:a?", "-map", f"0:{stream}", "-c", "copy", "-f", "null", "-"),  # a player plays the sound too
    )
    ticks = [int(line.split(b",")[2]) for line in listed.splitlines() if not line.startswith(b"#")]
    return [float(tick * base.fraction) for tick in ticks]


def assert_same_clock(tools: media.Tools, path: Path, *, within_s: float = 1e-9) -> Decoded:
    whole = Decoded(tools, path)
    video = whole.probe.video_stream
    assert video is not None and video.time_base is not None
    player = shown_by_player(path, video.index, video.time_base)
    ours = [second for second in whole.seconds if second > -1e-9][: len(player)]
    assert len(ours) == len(player)
    assert max(abs(a - b) for a, b in zip(ours, player, strict=True)) <= within_s
    return whole


@pytest.mark.parametrize("name", ["same.mp4", "same.mov", "same.mkv", "same.ts", "same.flv"])
def test_frames_are_shown_when_a_player_shows_them(tools: media.Tools, remux: Remux, name: str) -> None:
    whole = assert_same_clock(tools, remux(name))
    assert whole.seconds[0] == pytest.approx(0.0, abs=0.03)


def test_a_b_frame_delay_is_taken_out(tools: media.Tools, clip: Path) -> None:
    whole = assert_same_clock(tools, clip)
    assert whole.pts[0] == 1024
    assert whole.seconds[0] == 0.0


def test_a_late_start_is_kept_when_the_sound_begins_first(tools: media.Tools, clip: Path, clips: Path) -> None:
    path = clips / "late.mp4"
    ffmpeg("-itsoffset", "0.5", "-i", clip, "-i", clip, "-map", "0:v", "-map", "1:a", "-c", "copy", path)
    whole = assert_same_clock(tools, path)
    assert whole.seconds[0] == pytest.approx(0.5, abs=0.001)
    assert whole.probe.edit_list


def test_the_spans_that_are_told_with_the_probe_are_those_that_the_boxes_tell(
    tools: media.Tools, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    probed = Decoded(tools, clip).probed
    assert probed.presented
    with clip.open("rb") as file:
        assert probed.presented == read_spans(file.fileno(), probed.probe)
    anew = Decoded(tools, clip)
    monkeypatch.setattr(clock, "read", None)
    told = Decoded(tools, clip, presented=probed.presented)
    assert (told.outcome, told.pts) == (anew.outcome, anew.pts)


def test_a_late_start_of_everything_is_no_delay(tools: media.Tools, remux: Remux) -> None:
    for name in ("shifted.mp4", "shifted.mkv", "shifted.ts"):
        whole = assert_same_clock(tools, remux(name, "-output_ts_offset", "95000"))
        assert abs(whole.seconds[0]) < 0.03


def test_a_cut_without_encoding_hides_frames_and_says_so(tools: media.Tools, clip: Path, clips: Path) -> None:
    path = clips / "cut.mp4"
    ffmpeg("-ss", "1.5", "-i", clip, "-c", "copy", path)
    # ffmpeg moves the first frame shown to zero; the standard shows it where it lies, less than a frame later.
    whole = assert_same_clock(tools, path, within_s=0.04)
    hidden = sum(second < 0 for second in whole.seconds)
    assert hidden > 0
    (notice,) = [notice for notice in whole.outcome.notices if notice.code == "media.hidden_frames"]
    assert f"stored {len(whole.pts)}, presented {len(whole.pts) - hidden}." in notice.message
    assert whole.outcome.complete


def test_real_clips_are_shown_when_a_player_shows_them(tools: media.Tools, shared: Path) -> None:
    for name in ("hamilton.mp4", "pancake.mkv"):
        assert_same_clock(tools, shared / "bench" / "sources" / name)


def _stream(index: int, kind: str, base: int, start: int | None) -> Stream:
    return Stream(
        index=index,
        kind=kind,
        codec="x",
        time_base=TimeBase(num=1, den=base),
        start_pts=start,
        duration=None,
        packets=None,
    )


def _boxes(*tracks: Track, timescale: int = 1000) -> Boxes:
    return Boxes(
        brands=(), timescale=timescale, kinds=(), tracks=tracks, missing_bytes=0, trailing_bytes=0, complete=True
    )


def _track(number: int, timescale: int, *edits: tuple[int, int]) -> Track:
    listed = tuple(Edit(duration=duration, media_time=start) for duration, start in edits)
    return Track(id=number, handler="", timescale=timescale, edits=listed)


def test_the_origin_is_the_first_edit_less_the_empty_time_before_it() -> None:
    streams = (_stream(0, "video", 10_000, 200), _stream(1, "audio", 48_000, 0))
    boxes = _boxes(_track(1, 10_000, (300, -1), (9000, 700)), _track(2, 48_000))
    origin, edited = clock_origin(streams, 0, [1, 2], boxes, "0.000000")
    assert edited
    assert origin is not None
    assert origin.seconds == Fraction(700, 10_000) - Fraction(300, 1000)


def test_zero_is_where_the_first_stream_starts() -> None:
    streams = (_stream(0, "video", 10_000, 0), _stream(1, "audio", 48_000, 0))
    boxes = _boxes(_track(1, 10_000, (300, -1), (9000, 0)), _track(2, 48_000, (200, -1), (9000, 1024)))
    origin, _ = clock_origin(streams, 0, [1, 2], boxes, "0.000000")
    assert origin is not None
    assert origin.seconds == -Fraction(100, 1000)


def test_other_containers_say_their_start_themselves() -> None:
    origin, edited = clock_origin((_stream(0, "video", 90_000, 130_500),), 0, [None], None, "1.440000")
    assert (origin is not None and origin.pts, edited) == (129_600, False)


@pytest.mark.parametrize("start", [None, "N/A", "nan", "1e400", "-"])
def test_a_start_that_is_no_number_is_zero(start: str | None) -> None:
    origin, _ = clock_origin((_stream(0, "video", 90_000, 0),), 0, [None], None, start)
    assert origin is not None
    assert origin.pts == 0


def test_a_file_without_video_has_no_origin() -> None:
    assert clock_origin((_stream(0, "audio", 48_000, 0),), None, [1], None, "0") == (None, False)


def test_a_timescale_of_zero_leaves_the_edit_list_out() -> None:
    boxes = _boxes(_track(1, 0, (10, 5)), timescale=0)
    origin, edited = clock_origin((_stream(0, "video", 1, 3),), 0, [1], boxes, "3.0")
    assert origin is not None
    assert (origin.pts, edited) == (3, True)


def test_the_sound_is_on_the_same_clock_as_the_pictures() -> None:
    """Priming of 1024 samples lies before the movie's zero; the pictures begin 200 ms later."""
    streams = (_stream(0, "video", 10_000, 0), _stream(1, "audio", 48_000, 0))
    boxes = _boxes(_track(1, 10_000, (200, -1), (9000, 0)), _track(2, 48_000, (9000, 1024)))
    pictures, _ = clock_origin(streams, 0, [1, 2], boxes, "0.000000")
    sound = sound_origin(streams, 1, [1, 2], boxes, "0.000000")
    assert pictures is not None
    assert sound is not None
    assert (pictures.seconds, sound.seconds) == (-Fraction(200, 1000), Fraction(1024, 48_000))


def test_sound_that_begins_before_the_pictures_sets_zero_for_both() -> None:
    streams = (_stream(0, "video", 90_000, 135_000), _stream(1, "audio", 90_000, 126_000))
    sound = sound_origin(streams, 1, [None, None], None, "1.400000")
    assert sound is not None
    assert (sound.pts, str(sound.base)) == (126_000, "1/90000")
    assert sound_origin(streams, None, [None, None], None, "1.4") is None
