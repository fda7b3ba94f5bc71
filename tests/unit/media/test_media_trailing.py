"""What is appended to an AVI or Matroska file is counted to the byte; files as written have nothing after the end."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics import media
from forensics.media.trailing import trailing_bytes

NAMES = {"avi": "avi", "mkv": "matroska,webm", "webm": "matroska,webm", "ts": "mpegts"}


def after(path: Path, container: str) -> int:
    fd = os.open(path, os.O_RDONLY)
    try:
        return trailing_bytes(fd, container)
    finally:
        os.close(fd)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    for suffix in NAMES:
        words = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=1", str(folder / f"a.{suffix}")]
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *words], check=True, timeout=60)
    return folder


@pytest.mark.parametrize("suffix", sorted(NAMES))
def test_a_file_as_written_has_nothing_after_its_end(clips: Path, suffix: str) -> None:
    assert after(clips / f"a.{suffix}", NAMES[suffix]) == 0


@pytest.mark.parametrize("suffix", ["avi", "mkv", "webm"])
@pytest.mark.parametrize("tail", [b"x", b"PK\x03\x04" * 100, b"\0" * 4096])
def test_what_is_appended_is_counted(clips: Path, tmp_path: Path, suffix: str, tail: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes((clips / f"a.{suffix}").read_bytes() + tail)
    assert after(path, NAMES[suffix]) == len(tail)


@pytest.mark.parametrize("suffix", ["avi", "mkv"])
def test_a_second_file_behind_the_first_is_counted_whole_and_told(
    tools: media.Tools, clips: Path, tmp_path: Path, suffix: str
) -> None:
    data = (clips / f"a.{suffix}").read_bytes()
    path = tmp_path / "a"
    path.write_bytes(data + data)
    fd = os.open(path, os.O_RDONLY)
    try:
        told = {notice.code: notice.message for notice in media.probe(tools, fd).notices}
    finally:
        os.close(fd)
    assert told["media.trailing_data"].startswith(f"{len(data)} bytes")
    assert after(path, NAMES[suffix]) == len(data)


@pytest.mark.parametrize("suffix", ["avi", "mkv", "webm"])
def test_a_file_cut_anywhere_has_nothing_after_its_end(clips: Path, tmp_path: Path, suffix: str) -> None:
    data = (clips / f"a.{suffix}").read_bytes()
    path = tmp_path / "a"
    for length in (0, 1, 7, 12, 40, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:length])
        assert after(path, NAMES[suffix]) == 0


def test_a_segment_of_unknown_size_and_an_avi_never_finished_state_no_end(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\x1a\x45\xdf\xa3\x80" + b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + b"x" * 50)
    assert after(path, "matroska,webm") == 0
    path.write_bytes(b"RIFF\0\0\0\0AVI " + b"x" * 50)
    assert after(path, "avi") == 0


@given(st.binary(max_size=200), st.sampled_from(["avi", "matroska,webm"]))
def test_no_bytes_make_the_count_fail_or_exceed_the_file(data: bytes, container: str) -> None:
    fd = os.memfd_create("a")
    try:
        os.write(fd, data)
        assert 0 <= trailing_bytes(fd, container) <= len(data)
    finally:
        os.close(fd)
