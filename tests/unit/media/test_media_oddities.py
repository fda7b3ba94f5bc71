"""What stands beside the video or cannot be true is told; ordinary files stay without a word."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from forensics import media
from forensics.media import isobmff
from forensics.media.oddities import implausible_duration, shorter_than_stated
from forensics.model.media import Probe, Stream
from forensics.model.time import TimeBase

CLIP = ("-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=1")


def made(tools: media.Tools, path: Path, *words: str) -> Path:
    subprocess.run([tools.ffmpeg.path, "-nostdin", "-v", "error", *words, str(path)], check=True, timeout=60)
    return path


def codes(tools: media.Tools, path: Path) -> list[str]:
    fd = os.open(path, os.O_RDONLY)
    try:
        return [notice.code for notice in media.probe(tools, fd).notices]
    finally:
        os.close(fd)


def test_one_video_with_sound_needs_no_word(tools: media.Tools, tmp_path: Path) -> None:
    sound = ("-f", "lavfi", "-i", "sine=d=1")
    assert codes(tools, made(tools, tmp_path / "a.mp4", *CLIP, *sound)) == []


def test_a_second_video_is_told(tools: media.Tools, tmp_path: Path) -> None:
    path = made(tools, tmp_path / "a.mp4", *CLIP, *CLIP, "-map", "0", "-map", "1")
    assert codes(tools, path) == ["media.other_video"]


def test_a_picture_beside_the_video_is_told_as_a_picture(tools: media.Tools, tmp_path: Path) -> None:
    cover = made(tools, tmp_path / "cover.png", *CLIP, "-frames:v", "1")
    words = (*CLIP, "-i", str(cover), "-map", "0", "-map", "1", "-c:v:1", "copy", "-disposition:v:1", "attached_pic")
    assert codes(tools, made(tools, tmp_path / "a.mp4", *words)) == ["media.cover_picture"]


def test_an_encrypted_track_is_told_before_anything_fails(tools: media.Tools, tmp_path: Path) -> None:
    key = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "0f" * 16, "-encryption_kid", "a7" * 16)
    path = made(tools, tmp_path / "a.mp4", *CLIP, "-c:v", "libx264", *key)
    assert codes(tools, path) == ["media.encrypted"]


def test_sample_entries_and_the_length_of_the_edit_list_are_read_from_the_boxes(
    tools: media.Tools, tmp_path: Path
) -> None:
    path = made(tools, tmp_path / "a.mp4", *CLIP, "-c:v", "libx264")
    fd = os.open(path, os.O_RDONLY)
    try:
        boxes = isobmff.walk(fd)
    finally:
        os.close(fd)
    assert boxes is not None
    assert [(track.entries, track.edits_stated, len(track.edits)) for track in boxes.tracks] == [(("avc1",), 1, 1)]


def test_an_edit_list_that_states_more_than_it_holds_is_told(tools: media.Tools, tmp_path: Path) -> None:
    path = made(tools, tmp_path / "a.mp4", *CLIP, "-c:v", "libx264")
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 8
    data[at : at + 4] = (7).to_bytes(4, "big")
    path.write_bytes(data)
    assert "media.edit_list_cut" in codes(tools, path)


TICK = TimeBase(num=1, den=1000)
STREAM = Stream(index=0, kind="video", codec="h264", time_base=TICK, start_pts=0, duration=None, packets=None)


@pytest.mark.parametrize(
    ("claimed", "span", "told"),
    [
        ("10.0", (0, 9_960), False),
        ("86000", (0, 0), False),
        ("86401", (0, 0), True),
        ("1000004.0", (1_000_000_000, 1_000_003_960), True),
        ("2592000", (0, 2_592_000_000), False),
        ("2592001", (0, 2_592_001_000), True),
        (None, (-5, 7), False),
        ("9" * 40, None, False),
        ("inf", (0, 1), False),
    ],
)
def test_a_duration_that_no_recording_has_is_told(
    claimed: str | None, span: tuple[int, int] | None, told: bool
) -> None:
    probe = Probe(
        container="mov", duration=claimed, start=None, bit_rate=None, brands=(), streams=(STREAM,), tags=(), video=0,
        origin=None, edit_list=False, trailing_bytes=0,
    )  # fmt: skip
    found = [notice.code for notice in implausible_duration(probe, STREAM, span)]
    assert found == (["media.duration_implausible"] if told else [])


@pytest.mark.parametrize(
    ("container", "stated", "span", "frames", "told"),
    [
        ("flv", "1.5", (0, 1400), 15, False),
        ("flv", "1.5", (0, 1200), 13, True),
        ("flv", "1.5", (0, 0), 1, True),
        ("flv", "10", (0, 9000), 10, False),
        ("flv", None, (0, 1400), 15, False),
        ("flv", "1.5", None, 1, False),
        ("mpegts", "1.5", (0, 100), 2, False),
    ],
)
def test_an_flv_whose_pictures_end_before_the_stated_length_is_told(
    container: str, stated: str | None, span: tuple[int, int] | None, frames: int, told: bool
) -> None:
    video = replace(STREAM, time_base=TimeBase(num=1, den=1000))
    probe = Probe(
        container=container, duration=stated, start=None, bit_rate=None, brands=(), streams=(video,), tags=(), video=0,
        origin=None, edit_list=False, trailing_bytes=0,
    )  # fmt: skip
    found = [notice.code for notice in shorter_than_stated(probe, video, span, frames)]
    assert found == (["media.shorter_than_stated"] if told else [])
