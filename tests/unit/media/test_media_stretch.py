"""Windows and shown pictures against a decode from the start."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics import media
from forensics.errors import MediaError
from forensics.media import stretch
from forensics.media.stretch import fit
from forensics.model.media import Probe, Window
from tests.unit.media.conftest import Decoded, Remux, ffmpeg, opened

WHOLE = (-1e3, 1e6, 1000.0, 80)


@cache
def probed(tools: media.Tools, path: Path) -> Probe:
    """Each clip is probed once and asked many times; no clip here is made a second time."""
    with opened(path) as fd:
        return media.probe(tools, fd).probe


def ask(tools: media.Tools, path: Path, start_s: float, end_s: float, fps: float = 1000.0, side: int = 80) -> Window:
    probe = probed(tools, path)
    with opened(path) as fd:
        return media.window(tools, fd, probe, start_s, end_s, fps, side)


def inside(whole: Window, start_s: float, end_s: float) -> npt.NDArray[np.bool_]:
    return (whole.seconds >= start_s - 1e-6) & (whole.seconds < end_s - 1e-6)


@pytest.mark.parametrize("fps", [1000.0, 10.0, 4.0])
@pytest.mark.parametrize("name", ["w.mp4", "w.mkv", "w.ts", "w.avi", "w.flv"])
def test_a_window_is_the_same_stretch_of_a_decode_from_the_start(
    tools: media.Tools, remux: Remux, name: str, fps: float
) -> None:
    path = remux(name)
    whole = ask(tools, path, -1e3, 1e6, fps)
    for start_s, end_s in ((0.0, 0.99), (2.3, 3.1), (3.5, 99.0)):
        part = ask(tools, path, start_s, end_s, fps)
        chosen = inside(whole, start_s, end_s)
        assert chosen.sum() >= 2
        assert np.array_equal(part.seconds, whole.seconds[chosen])
        assert np.array_equal(part.luma, whole.luma[chosen])


def test_windows_that_meet_give_what_one_over_both_gives_where_times_are_uneven(
    tools: media.Tools, tmp_path: Path
) -> None:
    path = tmp_path / "uneven.mkv"
    uneven = "setpts='(N+0.37*sin(N*7))/30/TB',select='not(between(mod(n,50),20,31))'"
    ffmpeg("-f", "lavfi", "-i", f"testsrc2=s=64x48:r=30:d=8,{uneven}", "-fps_mode", "passthrough", path)
    whole = ask(tools, path, 0.0, 9.0, 10.0)
    parts = [ask(tools, path, start, start + 1.5, 10.0) for start in np.arange(0.0, 9.0, 1.5)]
    assert len(whole.seconds) > 50
    assert np.array_equal(whole.seconds, np.concatenate([part.seconds for part in parts]))


@pytest.mark.parametrize(("rate", "every"), [(15, 1), (24, 2), (25, 2), (30, 3), (60, 6)])
def test_a_thinned_window_takes_every_nth_frame_and_at_least_the_rate_asked_for(
    tools: media.Tools, tmp_path: Path, rate: int, every: int
) -> None:
    path = tmp_path / "rate.mp4"
    ffmpeg("-f", "lavfi", "-i", f"testsrc2=s=64x48:r={rate}:d=2", path)
    taken = ask(tools, path, 0.0, 2.0, 10.0)
    assert taken.seconds.tolist() == pytest.approx([k * every / rate for k in range(len(taken.seconds))], abs=1e-4)
    assert len(taken.seconds) == -(-2 * rate // every)


def test_the_whole_window_has_every_frame_on_the_presentation_clock(
    tools: media.Tools, clip: Path, whole: Decoded
) -> None:
    everything = ask(tools, clip, *WHOLE)
    assert everything.seconds.tolist() == whole.seconds
    assert everything.luma.shape == (100, 60, 80)
    assert everything.luma.dtype == np.uint8


def test_a_frame_is_found_again_by_the_time_it_was_given(tools: media.Tools, clip: Path) -> None:
    whole = ask(tools, clip, *WHOLE)
    for second in whole.seconds[[37, 91]]:
        again = ask(tools, clip, float(second), float(second) + 0.001)
        assert again.seconds.tolist() == [second]


def test_a_window_never_enlarges(tools: media.Tools, clip: Path) -> None:
    assert ask(tools, clip, 0.0, 0.1, side=4000).luma.shape[1:] == (120, 160)


@pytest.mark.parametrize(("start_s", "end_s"), [(1.0, 1.0), (2.0, 1.0), (50.0, 60.0)])
def test_an_empty_window_is_empty(tools: media.Tools, clip: Path, start_s: float, end_s: float) -> None:
    part = ask(tools, clip, start_s, end_s)
    assert part.seconds.shape == (0,)
    assert part.luma.shape == (0, 60, 80)


def test_a_window_too_large_for_memory_is_a_limit(
    tools: media.Tools, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretch, "MAX_WINDOW_BYTES", 80 * 60 * 10)
    with pytest.raises(MediaError) as caught:
        ask(tools, clip, *WHOLE)
    assert caught.value.code == "media.limit"


def test_an_open_group_of_pictures_is_entered_cleanly_in_a_transport_stream(tools: media.Tools, clips: Path) -> None:
    path = clips / "open.ts"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=s=128x96:r=10:d=25", "-c:v", "libx265", "-preset", "ultrafast"),
        *("-x265-params", "log-level=none:keyint=70:min-keyint=70:open-gop=1:bframes=3:scenecut=0", path),
    )
    whole, part = ask(tools, path, *WHOLE), ask(tools, path, 22.0, 24.0)
    chosen = inside(whole, 22.0, 24.0)
    assert chosen.sum() == 20
    assert np.array_equal(part.luma, whole.luma[chosen])


def shown(tools: media.Tools, path: Path, seconds: list[float], side: int = 80) -> list[tuple[float, np.ndarray]]:
    probe = probed(tools, path)
    with opened(path) as fd:
        return media.pictures_at(tools, fd, probe, seconds, side)


def test_the_frame_shown_at_a_moment_began_before_it(tools: media.Tools, clip: Path) -> None:
    pictures = shown(tools, clip, [3.0, 0.05, 2.999, 1.5])
    assert [round(second, 3) for second, _ in pictures] == [3.0, 0.04, 2.96, 1.48]
    assert {picture.shape for _, picture in pictures} == {(60, 80, 3)}


def test_moments_outside_the_clip_show_its_ends(tools: media.Tools, clip: Path) -> None:
    (first, _), (last, _) = shown(tools, clip, [-5.0, 500.0])
    assert (first, round(last, 3)) == (0.0, 3.96)


def test_a_long_pause_shows_the_frame_before_it(tools: media.Tools, clips: Path) -> None:
    path = clips / "slow.mkv"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=s=64x48:r=1:d=4", "-vf", "setpts=N*100/TB", "-fps_mode", "passthrough"),
        *("-c:v", "libx264", path),
    )
    assert [second for second, _ in shown(tools, path, [199.0, 250.0, 300.0])] == [100.0, 200.0, 300.0]


def test_pictures_stand_upright_and_have_their_colours(tools: media.Tools, clips: Path) -> None:
    flat, turned = clips / "flat.mp4", clips / "flat-turned.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "color=0x2060c0:s=160x96:d=0.4,format=yuv420p,drawbox=0:0:80:96:color=red:t=fill"),
        *("-c:v", "libx264", "-crf", "4", flat),
    )
    ffmpeg("-i", flat, "-c", "copy", "-metadata:s:v", "rotate=180", turned)
    ((_, picture),) = shown(tools, flat, [0.2], 160)
    assert np.abs(picture[48, 20].astype(int) - [0, 0, 254]).max() <= 4
    assert np.abs(picture[48, 140].astype(int) - [0xC0, 0x60, 0x20]).max() <= 4
    ((_, turned_picture),) = shown(tools, turned, [0.2], 160)
    assert np.array_equal(turned_picture, picture[::-1, ::-1])


def test_no_moments_show_nothing_and_too_many_are_refused(tools: media.Tools, clip: Path) -> None:
    assert shown(tools, clip, []) == []
    with pytest.raises(ValueError, match="at most"):
        shown(tools, clip, [0.0] * 65)


@pytest.mark.parametrize(
    ("size", "side", "result"),
    [((1920, 1080), 480, (480, 270)), ((3, 4000), 100, (1, 100)), ((1, 1), 64, (1, 1)), ((100, 50), 100, (100, 50))],
)
def test_sizes_keep_their_shape(size: tuple[int, int], side: int, result: tuple[int, int]) -> None:
    assert fit(*size, side) == result


@given(st.lists(st.integers(-(2**62), 2**62)), st.fractions(min_value=Fraction(1, 10**9)), st.fractions())
def test_seconds_are_exact_fractions_rounded_once(pts: list[int], tick: Fraction, origin: Fraction) -> None:
    assert stretch.presented(pts, tick, origin).tolist() == [float(value * tick - origin) for value in pts]
