"""The excerpt that the decode pass gives beside its own frames, against the window that a decode of its own gives."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from forensics import media
from tests.unit.media.conftest import Decoded, Remux, ffmpeg, opened

plainly = cache(Decoded)
"""A decode of its own, without an excerpt: one for all excerpts of a clip, none of which is made a second time."""


def compared(tools: media.Tools, path: Path, excerpt: media.Excerpt) -> int:
    """Whether both ways give the same frames: how many, in all formats that are tried below."""
    with opened(path) as fd:
        probe = media.probe(tools, fd).probe
        asked = media.opening(tools, fd, probe, excerpt)
        with media.decode(tools, fd, probe, beside=asked.branch) as decoding:
            items = list(decoding)
        plain = plainly(tools, path)
        wanted = media.window(tools, fd, probe, 0.0, *excerpt)
    assert decoding.beside is not None
    given = asked.window(*decoding.beside)
    assert given.seconds.tolist() == wanted.seconds.tolist()
    assert given.luma.dtype == wanted.luma.dtype
    assert np.array_equal(given.luma, wanted.luma)
    assert len(items) == len(plain.items)
    for one, other in zip(items, plain.items, strict=True):
        assert np.array_equal(one.luma, other.luma)
    assert decoding.outcome.essence == plain.outcome.essence
    return len(given.seconds)


@pytest.mark.parametrize("excerpt", [media.Excerpt(40.0, 10.0, 512), media.Excerpt(2.5, 8.0, 80)])
@pytest.mark.parametrize("name", ["o.mp4", "o.mkv", "o.ts", "o.avi", "o.flv", "o.mov"])
def test_an_excerpt_is_the_window_from_zero_in_every_container(
    tools: media.Tools, remux: Remux, name: str, excerpt: media.Excerpt
) -> None:
    assert compared(tools, remux(name), excerpt) >= 20


@pytest.mark.parametrize("pixel_format", ["yuv420p10le", "yuv422p", "rgb24", "gray", "yuvj420p", "yuv444p12le"])
def test_an_excerpt_is_the_window_in_every_pixel_format(
    tools: media.Tools, picture_clip: Callable[..., Path], pixel_format: str
) -> None:
    assert compared(tools, picture_clip(pixel_format, "95x81"), media.Excerpt(40.0, 10.0, 64)) == 10


@pytest.mark.parametrize("rotate", ["90", "180", "270"])
def test_an_excerpt_of_a_turned_picture_stands_upright(
    tools: media.Tools, clip: Path, clips: Path, rotate: str
) -> None:
    turned = clips / f"opening-{rotate}.mp4"
    ffmpeg("-i", clip, "-c", "copy", "-metadata:s:v", f"rotate={rotate}", turned)
    assert compared(tools, turned, media.Excerpt(40.0, 10.0, 80)) == 50


@pytest.mark.parametrize("start", [0, 3])
def test_an_excerpt_is_the_window_where_times_are_uneven(tools: media.Tools, clips: Path, start: int) -> None:
    path = clips / f"opening-uneven-{start}.mkv"
    uneven = f"setpts='(N+0.37*sin(N*7)+{30 * start})/30/TB',select='not(between(mod(n,50),20,31))'"
    ffmpeg("-f", "lavfi", "-i", f"testsrc2=s=64x48:r=30:d=6,{uneven}", "-fps_mode", "passthrough", "-copyts", path)
    assert compared(tools, path, media.Excerpt(4.0, 10.0, 512)) > 25


def test_an_excerpt_is_the_window_where_sound_begins_first(tools: media.Tools, clip: Path, clips: Path) -> None:
    path = clips / "opening-late.mp4"
    ffmpeg("-i", clip, "-itsoffset", "1.7", "-i", clip, "-map", "0:a", "-map", "1:v", "-c", "copy", path)
    assert compared(tools, path, media.Excerpt(4.0, 10.0, 512)) > 20


def test_a_file_that_is_cut_off_gives_no_excerpt(tools: media.Tools, remux: Remux, clips: Path) -> None:
    whole = remux("opening-front.mp4", "-movflags", "+faststart").read_bytes()
    path = clips / "opening-cut.mp4"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with opened(path) as fd:
        probe = media.probe(tools, fd).probe
        asked = media.opening(tools, fd, probe, media.Excerpt(40.0, 10.0, 80))
        with media.decode(tools, fd, probe, beside=asked.branch) as decoding:
            assert list(decoding)
    assert not decoding.outcome.complete
    assert decoding.beside is None


def test_an_excerpt_that_would_not_fit_is_not_given(
    tools: media.Tools, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("forensics.media.decode"), "BESIDE_BYTES", 160 * 120 * 7)
    with opened(clip) as fd:
        probe = media.probe(tools, fd).probe
        asked = media.opening(tools, fd, probe, media.Excerpt(40.0, 10.0, 512))
        with media.decode(tools, fd, probe, beside=asked.branch) as decoding:
            assert list(decoding)
    assert decoding.outcome.complete
    assert decoding.beside is None
