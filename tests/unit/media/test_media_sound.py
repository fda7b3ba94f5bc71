"""Listening to a file: Chromaprint's words on the presentation clock, levels, and what is said when there is none."""

from __future__ import annotations

import math
import os
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from forensics import media
from forensics.media.limits import DEFAULT_LIMITS
from forensics.media.sound import Sound, level_of
from forensics.model.sound import NO_LEVEL, SoundState
from tests.unit.media.conftest import FFMPEG, Remux, ffmpeg, opened

BLOCK_S = 8 * 1365 / 11025
SWEEP = "aevalsrc='0.3*sin(2*PI*(300*t+40*t*t))+0.2*sin(2*PI*(900+200*sin(3*t))*t)':s=44100"
PICTURES = "testsrc2=s=64x48:r=10"


def heard(tools: media.Tools, path: Path, **options: object) -> Sound:
    with opened(path) as fd:
        return media.read_sound(tools, fd, media.probe(tools, fd), **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def sweep(clips: Path) -> Path:
    """Ten seconds of moving tones beside moving pictures, AAC in MP4 (which has an edit list for the priming)."""
    path = clips / "sweep.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", PICTURES, "-f", "lavfi", "-i", SWEEP, "-t", "10"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-b:a", "96k", path),
    )
    return path


def test_the_words_are_those_of_ffmpeg_itself(tools: media.Tools, sweep: Path) -> None:
    sound = heard(tools, sweep)
    plain = ffmpeg(
        *("-i", sweep, "-map", "0:a", "-af", "aformat=s16:11025:mono", "-f", "chromaprint", "-fp_format", "raw", "-")
    )
    assert sound.state is SoundState.READ
    assert sound.words.tolist() == [word for (word,) in struct.iter_unpack("=I", plain)]
    assert (sound.stream, sound.reason, sound.notices) == (1, None, ())


def test_samples_words_and_levels_belong_together(tools: media.Tools, sweep: Path) -> None:
    sound = heard(tools, sweep)
    assert abs(sound.samples - 110_250) < 600
    assert len(sound.words) == (sound.samples - 30_031) // 1365 + 1
    assert len(sound.levels) == math.ceil(sound.samples / (8 * 1365))
    assert set(sound.levels.tolist()) <= set(range(9, 14))


@pytest.mark.parametrize("seconds", [0, 3])
@pytest.mark.parametrize("container", ["mp4", "mkv", "ts", "mov"])
def test_sound_stands_on_the_clock_of_the_pictures(
    tools: media.Tools, clips: Path, container: str, seconds: int
) -> None:
    """Tone from the third block on, in a stream that begins that much later than the pictures."""
    path = clips / f"late-{seconds}.{container}"
    silent = 6 * BLOCK_S
    tone = f"aevalsrc='0.3*gte(t,{silent - seconds})*sin(2*PI*500*t)':s=44100:d={9 - seconds}"
    ffmpeg(
        *("-f", "lavfi", "-i", PICTURES + ":d=9", "-itsoffset", str(seconds), "-f", "lavfi", "-i", tone),
        *("-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", path),
    )
    levels = heard(tools, path).levels.tolist()
    # 25 ms of tone in a block of a second would lie at 30 dB, half of that at 33.
    assert min(levels[:5]) > 70, levels
    assert levels[5] > 33, levels
    assert max(levels[6:8]) in {13, 14}, levels


def test_a_gap_in_the_timestamps_is_silence(tools: media.Tools, clips: Path, sweep: Path) -> None:
    path = clips / "gap.mkv"
    ffmpeg("-i", sweep, "-map", "0", "-c:v", "copy", "-af", "asetpts='PTS+gte(T,5)*4/TB'", "-c:a", "flac", path)
    sound = heard(tools, path)
    assert abs(sound.samples / 11025 - 14) < 0.1
    assert sound.levels.tolist().count(NO_LEVEL) == 3


def test_a_gap_of_an_hour_ends_at_the_limit(tools: media.Tools, clips: Path, sweep: Path) -> None:
    path = clips / "hour.mkv"
    ffmpeg("-i", sweep, "-map", "0", "-c:v", "copy", "-af", "asetpts='PTS+gte(T,5)*3600/TB'", "-c:a", "flac", path)
    sound = heard(tools, path, limits=replace(DEFAULT_LIMITS, max_sound_s=60))
    assert sound.samples == 60 * 11025
    assert sound.levels.tolist().count(NO_LEVEL) > 50
    assert [notice.code for notice in sound.notices] == ["media.sound_cut"]


def test_what_lies_before_zero_is_left_out(tools: media.Tools, sweep: Path, remux: Remux) -> None:
    whole = heard(tools, sweep)
    longer = remux("priming.mp4", "-use_editlist", "0", source=sweep)
    assert abs(heard(tools, longer).samples - whole.samples) <= 1024 * 11025 // 44100 + 1


@pytest.mark.parametrize("codec", ["aac", "libopus", "libmp3lame", "flac"])
def test_copies_in_other_codecs_have_nearly_the_same_words(
    tools: media.Tools, clips: Path, sweep: Path, codec: str
) -> None:
    path = clips / f"sweep-{codec}.mkv"
    ffmpeg("-i", sweep, "-map", "0:v", "-map", "0:a", "-c:v", "copy", "-c:a", codec, "-b:a", "48k", path)
    first, second = heard(tools, sweep).words, heard(tools, path).words
    length = min(len(first), len(second))
    assert abs(len(first) - len(second)) <= 1
    differing = [(int(a) ^ int(b)).bit_count() for a, b in zip(first[:length], second[:length], strict=True)]
    assert np.mean(differing) < 2


def test_the_words_do_not_depend_on_the_processor(tools: media.Tools, sweep: Path) -> None:
    with opened(sweep) as fd:
        probed = media.probe(tools, fd)
        fast, plain = (media.read_sound(tools, fd, probed, cpu_flags=flags) for flags in (None, "0"))
    assert np.array_equal(fast.words, plain.words)
    assert np.array_equal(fast.levels, plain.levels)


def test_no_sound_stream_is_a_state_and_costs_no_process(tools: media.Tools, clips: Path) -> None:
    path = clips / "mute.mp4"
    ffmpeg("-f", "lavfi", "-i", PICTURES + ":d=1", path)
    sound = heard(tools, path)
    assert (sound.state, sound.command, sound.notices) == (SoundState.ABSENT, (), ())
    assert sound.reason


def test_sound_shorter_than_one_word_is_said_to_be(tools: media.Tools, clips: Path) -> None:
    path = clips / "short.mp4"
    ffmpeg("-f", "lavfi", "-i", PICTURES + ":d=2", "-f", "lavfi", "-i", "sine=d=2", path)
    sound = heard(tools, path)
    assert (sound.state, len(sound.words)) == (SoundState.TOO_SHORT, 0)


def test_sound_that_cannot_be_decoded_is_a_state_with_a_notice(tools: media.Tools, clips: Path, sweep: Path) -> None:
    path = clips / "noise.mkv"
    ffmpeg("-i", sweep, "-map", "0", "-c", "copy", "-bsf:a", "noise=amount=1", path)
    sound = heard(tools, path)
    codes = {notice.code for notice in sound.notices}
    assert codes in ({"media.sound_errors"}, {"media.sound_unreadable"})
    assert sound.state is SoundState.READ or sound.reason


def test_listening_ends_at_the_limit_and_says_so(tools: media.Tools, sweep: Path) -> None:
    sound = heard(tools, sweep, limits=replace(DEFAULT_LIMITS, max_sound_s=5))
    assert sound.samples == 5 * 11025
    assert [notice.code for notice in sound.notices] == ["media.sound_cut"]


@pytest.fixture
def deaf(tmp_path: Path) -> media.Tools:
    """An ffmpeg that was built without the muxer: the real one behind a script that does not know it."""
    script = tmp_path / "ffmpeg"
    script.write_text(
        "#!/bin/sh\n"
        f'case " $* " in *" -muxers "*) {FFMPEG} "$@" | grep -v chromaprint; exit 0;;\n'
        "*chromaprint*) echo \"[NULL @ 0x1] [error] Requested output format 'chromaprint' is not a suitable output"
        ' format" >&2; exit 1;; esac\n'
        f'exec {FFMPEG} "$@"\n'
    )
    script.chmod(0o755)
    os.symlink(str(FFMPEG).replace("ffmpeg", "ffprobe"), tmp_path / "ffprobe")
    return media.find_tools(str(tmp_path))


def test_an_ffmpeg_without_chromaprint_is_a_recorded_state(deaf: media.Tools, tools: media.Tools, sweep: Path) -> None:
    sound = heard(deaf, sweep)
    assert (sound.state, sound.stream, sound.notices) == (SoundState.UNAVAILABLE, 1, ())
    assert "chromaprint" in str(sound.reason)
    assert media.can_listen(tools.ffmpeg)
    assert not media.can_listen(deaf.ffmpeg)


@pytest.mark.parametrize("samples", [1, 10_920, 7919])
def test_levels_are_whole_decibels_below_full_scale(samples: int) -> None:
    assert level_of(0, samples) == NO_LEVEL
    assert level_of(samples * 32768**2, samples) == 0
    for below in range(1, 90):
        exact = samples * 32768**2 / 10 ** (below / 10)
        assert level_of(math.floor(exact * 0.999), samples) == below or exact < 1000
        assert level_of(math.ceil(exact * 1.001), samples) == below - 1 or exact < 1000
    assert level_of(1, samples) >= 90


def test_the_command_is_kept_with_its_descriptors_renumbered(tools: media.Tools, sweep: Path) -> None:
    command = heard(tools, sweep).command
    assert command[command.index("-i") + 1] == "/dev/fd/3"
    assert {"pipe:4", "pipe:5"} <= set(command)
    assert "chromaprint" in command
    assert subprocess.run([command[0], "-version"], capture_output=True, check=True).stdout
