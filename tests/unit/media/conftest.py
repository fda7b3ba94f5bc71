"""Small clips made with ffmpeg, and the tools under test."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from forensics import media
from forensics.model.media import FrameBatch, Picture, Probe

FFMPEG = shutil.which("ffmpeg")


def ffmpeg(*arguments: str | Path) -> bytes:
    """Run plain ffmpeg as a user would; what it wrote to stdout."""
    assert FFMPEG is not None, "these tests need ffmpeg"
    command = [FFMPEG, "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """The file as a descriptor."""
    fd = os.open(path, os.O_RDONLY)
    try:
        yield fd
    finally:
        os.close(fd)


class Decoded:
    """A whole decode pass of one file."""

    def __init__(self, tools: media.Tools, path: Path, **options: object) -> None:
        with opened(path) as fd:
            self.probed = media.probe(tools, fd)
            self.probe: Probe = self.probed.probe
            with media.decode(tools, fd, self.probe, **options) as decoding:  # type: ignore[arg-type]
                self.items = list(decoding)
        self.outcome = decoding.outcome
        self.batches = [item for item in self.items if isinstance(item, FrameBatch)]
        self.pictures = [item for item in self.items if isinstance(item, Picture)]

    @property
    def pts(self) -> list[int]:
        return [int(value) for batch in self.batches for value in batch.pts]

    @property
    def luma(self) -> npt.NDArray[np.uint8]:
        return np.concatenate([batch.luma for batch in self.batches])

    @property
    def seconds(self) -> list[float]:
        video = self.probe.video_stream
        assert video is not None and video.time_base is not None and self.probe.origin is not None
        return [float(value * video.time_base.fraction - self.probe.origin.seconds) for value in self.pts]

    @property
    def codes(self) -> set[str]:
        return {notice.code for notice in (*self.probed.notices, *self.outcome.notices)}


@pytest.fixture(scope="session")
def tools() -> media.Tools:
    assert FFMPEG is not None, "these tests need ffmpeg"
    return media.find_tools(str(Path(FFMPEG).parent))


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="session")
def clip(clips: Path) -> Path:
    """Four seconds, 160x120, 25 frames a second, H.264 with B-frames, sync frames each second, and AAC sound."""
    path = clips / "clip.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=4", "-f", "lavfi", "-i", "sine=d=4"),
        *("-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "25", "-pix_fmt", "yuv420p"),
        *("-c:a", "aac", "-b:a", "64k", "-shortest", path),
    )
    return path


@pytest.fixture(scope="session")
def whole(tools: media.Tools, clip: Path) -> Decoded:
    """The clip, decoded once for all tests that only look."""
    return Decoded(tools, clip)


Remux = Callable[..., Path]


@pytest.fixture(scope="session")
def remux(clips: Path, clip: Path) -> Remux:
    """Copy the clip's streams into another file: ``remux("a.ts", "-bsf:a", ...)``."""

    def make(name: str, *options: str, before: tuple[str, ...] = (), source: Path = clip) -> Path:
        path = clips / name
        if not path.exists():
            ffmpeg(*before, "-i", source, "-map", "0:v", "-map", "0:a?", "-c", "copy", *options, path)
        return path

    return make


@pytest.fixture(scope="session")
def picture_clip(clips: Path) -> Callable[[str, str], Path]:
    """One second of moving test pattern in a pixel format that FFV1 keeps losslessly."""

    def make(pixel_format: str, size: str = "96x80") -> Path:
        path = clips / f"{pixel_format}-{size}.mkv"
        if not path.exists():
            ffmpeg(
                *("-f", "lavfi", "-i", "testsrc2=s=96x80:r=10:d=1", "-pix_fmt", pixel_format),
                *("-vf", f"scale={size.replace('x', ':')}:flags=area,format={pixel_format}"),
                *("-c:v", "ffv1", "-strict", "-2", path),
            )
        return path

    return make
