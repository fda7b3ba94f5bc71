"""Frames one after another, against a decode from the start; a film of drawn frames, byte for byte."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from forensics import media
from forensics.errors import MediaError, ToolError
from forensics.media import film as film_module
from tests.unit.media.conftest import ffmpeg, opened

TITLE = "Demonstrative. Not evidence."


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds with few sync frames, so that the middle is entered."""
    path = tmp_path_factory.mktemp("rolling") / "clip.mp4"
    source = ("-f", "lavfi", "-i", "testsrc2=s=160x120:r=20:d=6")
    ffmpeg(*source, "-c:v", "libx264", "-g", "30", "-threads", "1", "-pix_fmt", "yuv420p", path)
    return path


def rolled(tools: media.Tools, path: Path, start_s: float, end_s: float) -> list[media.Shown]:
    with opened(path) as fd, media.Rolling(tools, fd, media.probe(tools, fd).probe, (start_s, end_s), 80) as rolling:
        return list(rolling)


def test_the_frames_of_a_stretch_are_those_of_a_decode_from_the_start(tools: media.Tools, clip: Path) -> None:
    whole = {shown.pts: shown for shown in rolled(tools, clip, -1.0, 99.0)}
    assert len(whole) == 120
    part = rolled(tools, clip, 4.0, 4.5)
    assert [round(shown.seconds, 3) for shown in part] == [round(4.0 + number / 20, 3) for number in range(11)]
    assert all((shown.bgr == whole[shown.pts].bgr).all() for shown in part)
    assert part[0].bgr.shape == (60, 80, 3)


def test_a_file_without_an_index_is_entered_from_its_start(tools: media.Tools, clip: Path, tmp_path: Path) -> None:
    stream = tmp_path / "clip.ts"
    ffmpeg("-i", clip, "-c", "copy", stream)
    with opened(stream) as fd:
        origin = media.probe(tools, fd).probe.origin
    assert origin is not None
    whole, part = rolled(tools, stream, -1.0, 99.0), rolled(tools, stream, 5.0, 5.5)
    assert len(part) == 11
    kept = {shown.pts: shown for shown in whole}
    assert all((shown.bgr == kept[shown.pts].bgr).all() for shown in part)


def test_a_stretch_behind_the_end_has_no_frames(tools: media.Tools, clip: Path) -> None:
    assert rolled(tools, clip, 50.0, 60.0) == []


def test_what_is_no_video_is_refused(tools: media.Tools, clip: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    data = bytearray(clip.read_bytes())
    start = data.index(b"mdat") + 4
    length = int.from_bytes(data[start - 8 : start - 4]) - 8
    data[start : start + length] = bytes(length)
    broken.write_bytes(data)
    with pytest.raises(MediaError, match="no frame") as refused:
        rolled(tools, broken, 0.0, 0.2)
    assert refused.value.code == "media.damaged"


def test_whoever_leaves_early_leaves_no_child_and_no_descriptor(tools: media.Tools, clip: Path) -> None:
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0
    with opened(clip) as fd, media.Rolling(tools, fd, media.probe(tools, fd).probe, (0.0, 9.0), 80) as rolling:
        next(iter(rolling))
    assert before == 0 or len(os.listdir("/proc/self/fd")) == before


def frames(count: int = 12) -> list[np.ndarray]:
    drawn = []
    for number in range(count):
        frame = np.full((72, 128, 3), 40, np.uint8)
        frame[10:30, 4 * number : 4 * number + 20] = (30, 60, 220)
        drawn.append(frame)
    return drawn


def filmed(tools: media.Tools, path: Path, drawn: list[np.ndarray]) -> bytes:
    target = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        with media.Film(tools, target, (128, 72), Fraction(25), len(drawn), TITLE) as film:
            for frame in drawn:
                film.add(frame)
            film.finish()
    finally:
        os.close(target)
    return path.read_bytes()


def test_the_same_frames_give_the_same_bytes(tools: media.Tools, tmp_path: Path) -> None:
    one, two = filmed(tools, tmp_path / "1.mp4", frames()), filmed(tools, tmp_path / "2.mp4", frames())
    assert hashlib.sha256(one).digest() == hashlib.sha256(two).digest()
    changed = frames()
    changed[5][0, 0] = 255
    assert filmed(tools, tmp_path / "3.mp4", changed) != one


def test_the_film_has_every_frame_its_rate_its_colours_and_says_what_it_is(tools: media.Tools, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    filmed(tools, path, frames())
    asked = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-count_frames", "-of", "json", str(path)]
    told = json.loads(subprocess.run(asked, check=True, capture_output=True).stdout)
    (stream,) = told["streams"]
    assert (stream["nb_read_frames"], stream["r_frame_rate"], stream["pix_fmt"]) == ("12", "25/1", "yuv420p")
    assert stream["color_space"] == "bt709"
    assert told["format"]["tags"]["title"] == TITLE
    shown = rolled(tools, path, 0.0, 9.0)
    assert np.abs(shown[0].bgr[13, 6].astype(int) - (30, 60, 220)).max() < 40


def test_a_frame_of_another_size_is_refused(tools: media.Tools, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a frame of this film"):
        filmed(tools, tmp_path / "film.mp4", [np.zeros((72, 126, 3), np.uint8)])


def test_a_film_that_grows_too_large_is_stopped(
    tools: media.Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(film_module, "MAX_FILM_BYTES", 2000)
    noise = np.random.default_rng(1).integers(0, 256, (40, 72, 128, 3), dtype=np.uint8)
    with pytest.raises(MediaError) as refused:
        filmed(tools, tmp_path / "film.mp4", list(noise))
    assert refused.value.code == "media.limit"


def test_an_encoder_that_is_not_there_is_named(
    tools: media.Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = film_module.film_command
    monkeypatch.setattr(
        film_module,
        "film_command",
        lambda *given, **named: ["libnone264" if word == "libx264" else word for word in real(*given, **named)],
    )
    with pytest.raises(ToolError) as refused:
        filmed(tools, tmp_path / "film.mp4", frames(200))
    assert refused.value.code == "tool.no_encoder"
