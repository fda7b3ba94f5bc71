"""The frames that a film shows: the nearest to each moment, with their own clocks; what is missing is said."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np
import pytest

from forensics import media
from forensics.errors import MediaError
from forensics.model.media import MediaKind
from pipelines.entries import packed
from pipelines.kit import Kit
from pipelines.side_by_side import Reel
from pipelines.volumes import Volume


@pytest.fixture(scope="module")
def kit() -> Kit:
    return Kit(tools=media.find_tools(os.environ["PATH"]), limits=media.DEFAULT_LIMITS)


def volume(kit: Kit, path: Path) -> Volume:
    still = path.suffix == ".png"
    probe = None
    if not still:
        with path.open("rb") as handle:
            probe = media.probe(kit.tools, handle.fileno()).probe
    return Volume(
        id=hashlib.sha256(path.read_bytes()).hexdigest(),
        kind=MediaKind.STILL if still else MediaKind.VIDEO,
        frames=1 if still else 20,
        original_path=str(path),
        fingerprint_path=str(path),
        fingerprint_sha256="0" * 64,
        video_essence=None,
        container=packed(probe),
    )


@pytest.fixture(scope="module")
def gapped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds at ten frames a second, of which the second one is missing."""
    path = tmp_path_factory.mktemp("reel") / "gapped.mp4"
    source = ["-f", "lavfi", "-i", "testsrc2=s=96x64:r=10:d=3", "-vf", "select='not(between(t,0.95,1.95))'"]
    encode = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-threads", "1", "-fps_mode", "passthrough", str(path)]
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *source, *encode], check=True)
    return path


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as each:
        yield each


def test_the_nearest_frame_is_shown_with_its_own_time(kit: Kit, gapped: Path, stack: ExitStack) -> None:
    reel = Reel(stack, kit, volume(kit, gapped), (0.0, 2.9))
    shown = [reel.at(moment) for moment in (0.0, 0.04, 0.06, 0.3, 0.3)]
    assert [round(each.seconds, 3) for each in shown] == [0.0, 0.0, 0.1, 0.3, 0.3]
    told = reel.clock(shown[3], 0.3)
    assert told.startswith("0:00.300   pts ")
    assert told.isascii()
    assert "no frame" not in told


def test_a_frame_that_stands_in_for_another_says_so(kit: Kit, gapped: Path, stack: ExitStack) -> None:
    reel = Reel(stack, kit, volume(kit, gapped), (0.0, 2.9))
    shown = reel.at(1.4)
    assert round(shown.seconds, 3) == 0.9
    assert not reel.beside(shown, 1.4)
    assert reel.clock(shown, 1.4).endswith("no frame at 0:01.400")
    assert round(reel.at(1.6).seconds, 3) == 2.0


def test_a_still_is_the_same_at_every_moment_and_has_no_clock(kit: Kit, tmp_path: Path, stack: ExitStack) -> None:
    path = tmp_path / "still.png"
    path.write_bytes(cv2.imencode(".png", np.full((400, 2000, 3), 77, np.uint8))[1].tobytes())
    reel = Reel(stack, kit, volume(kit, path), (0.0, 0.0))
    assert reel.at(0.0).bgr.shape == (192, 960, 3)
    assert reel.at(9.0) is reel.at(10.0)
    assert reel.clock(reel.at(9.0), 9.0) == "still picture: it has no clock"
    assert reel.commands == ()


def test_a_stretch_without_frames_is_an_error_that_names_the_file(kit: Kit, gapped: Path, stack: ExitStack) -> None:
    with pytest.raises(MediaError) as refused:
        Reel(stack, kit, volume(kit, gapped), (50.0, 60.0))
    assert refused.value.code == "media.damaged"
