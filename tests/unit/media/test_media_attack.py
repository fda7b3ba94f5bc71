"""Attacked copies: the truth about their times holds, the seed decides everything, faults are named."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest

from forensics import media
from forensics.errors import MediaError, ToolError
from forensics.media import attack as attack_module
from forensics.media import commands
from forensics.media.attack import ATTACKS, Made, describe_attack, make_attack
from tests.unit.media.conftest import Decoded, ffmpeg, opened

BY_NAME = {attack.name: attack for attack in ATTACKS}
FRAME_S = 1 / 20


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine seconds in which every frame differs from every other: a clock face of two moving bars, over detail."""
    path = tmp_path_factory.mktemp("attack") / "source.mp4"
    moving = (
        "color=gray:s=160x120:r=20:d=9[b];color=white:s=14x120:r=20:d=9[v];color=black:s=160x10:r=20:d=9[h];"
        "[b][v]overlay=x='16*t':y=0[c];[c][h]overlay=x=0:y='mod(53*t,110)'"
    )
    ffmpeg("-filter_complex", moving, "-c:v", "libx264", "-crf", "12", "-g", "20", "-pix_fmt", "yuv420p", path)
    return path


def make(tools: media.Tools, source: Path, out: Path, name: str, span=(1.0, 8.0), seed: int = 1) -> Made:
    target = os.open(out, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with opened(source) as fd:
            probe = media.probe(tools, fd).probe
            return make_attack(tools, fd, probe, target, BY_NAME[name], span, (seed, "source"))
    finally:
        os.close(target)


def lags(copy: Decoded, source: Decoded, made: Made) -> list[float]:
    """For frames of the true stretch: reference time of the most similar source frame less the time the truth says."""
    truth, times = made.truth, np.array(source.seconds)
    planes = source.luma.astype(np.int16)
    found = []
    for second, luma in zip(copy.seconds, copy.luma.astype(np.int16), strict=True):
        if truth.query_start_s <= second <= truth.query_end_s:
            luma = luma[:, ::-1] if truth.mirrored else luma
            best = times[np.abs(planes - luma).mean(axis=(1, 2)).argmin()]
            found.append(best - truth.reference_start_s - truth.speed * (second - truth.query_start_s))
    return found


@pytest.mark.parametrize("name", ["recode", "trim", "faster", "slower", "embed", "mirror", "frame_rate"])
def test_the_true_times_are_those_of_the_frames(tools: media.Tools, source: Path, tmp_path: Path, name: str) -> None:
    made = make(tools, source, tmp_path / "copy.mp4", name)
    copy = Decoded(tools, tmp_path / "copy.mp4")
    off = lags(copy, Decoded(tools, source), made)
    assert len(off) > 30
    assert np.abs(np.median(off)) <= FRAME_S * 0.6
    assert np.quantile(np.abs(off), 0.9) <= FRAME_S * 1.1
    after = made.values.get("after_s", 0.0)
    assert copy.seconds[-1] - after == pytest.approx(made.truth.query_end_s, abs=0.13)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_every_attack_makes_a_video(tools: media.Tools, source: Path, tmp_path: Path, name: str) -> None:
    make(tools, source, tmp_path / "copy.mp4", name, span=(2.0, 3.0))
    with opened(tmp_path / "copy.mp4") as fd:
        probe = media.probe(tools, fd).probe
    assert probe.video_stream is not None
    assert (probe.video_stream.packets or 0) >= 9
    assert not [tag for tag in probe.tags if tag.name.startswith("creation")]


def test_the_seed_decides_every_byte(tools: media.Tools, source: Path, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.mp4" for number in range(3)]
    made = [make(tools, source, path, "noise", (1.0, 2.0), seed) for path, seed in zip(paths, (5, 5, 6), strict=True)]
    assert paths[0].read_bytes() == paths[1].read_bytes() != paths[2].read_bytes()
    assert made[0] == made[1]
    assert made[0].values != made[2].values


def test_values_stay_in_their_ranges() -> None:
    for attack in ATTACKS:
        for seed in range(50):
            for name, value in attack.draw(seed, "source").items():
                low, high = attack.ranges[name]
                assert low <= value <= high


def test_a_copy_stands_upright(tools: media.Tools, source: Path, tmp_path: Path) -> None:
    turned = tmp_path / "turned.mp4"
    ffmpeg("-i", source, "-c", "copy", "-metadata:s:v", "rotate=90", turned)
    make(tools, turned, tmp_path / "copy.mp4", "recode")
    whole, copy = Decoded(tools, turned), Decoded(tools, tmp_path / "copy.mp4")
    assert whole.probe.video_stream is not None and whole.probe.video_stream.rotation
    assert copy.probe.video_stream is not None
    assert (copy.probe.video_stream.width, copy.probe.video_stream.height) == (120, 160)
    assert np.abs(copy.luma[0].astype(int) - whole.luma[20].astype(int)).mean() < 8


def test_an_ffmpeg_without_the_encoder_is_named(
    tools: media.Tools, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(*arguments: object, **options: object) -> list[str]:
        return [w.replace("libx264", "libx264gone") for w in commands.attack_command(*arguments, **options)]

    monkeypatch.setattr(attack_module, "attack_command", build)
    with pytest.raises(ToolError) as caught:
        make(tools, source, tmp_path / "copy.mp4", "recode")
    assert caught.value.code == "tool.no_encoder"


def test_a_copy_never_grows_beyond_its_bound(
    tools: media.Tools, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attack_module, "MAX_FILE_BYTES", 4096)
    with pytest.raises(MediaError):
        make(tools, source, tmp_path / "copy.mp4", "noise")
    assert (tmp_path / "copy.mp4").stat().st_size <= 4096


def test_the_description_of_an_attack_tells_its_ranges_as_text() -> None:
    told = describe_attack(BY_NAME["trim"])
    assert told == {"name": "trim", "version": 1, "ranges": {"keep_s": ["4.0", "6.0"]}, "mirrored": False}
    other = dataclasses.replace(BY_NAME["trim"], ranges={"keep_s": (4, 7)})
    assert describe_attack(other) != told
