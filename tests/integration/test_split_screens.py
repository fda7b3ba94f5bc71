"""Split screens and their like through the real command line: crop and box of what is seen, not of the outline."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.integration.conftest import Ran, ffmpeg
from tests.unit.matching.scenes import take

FRAMES, RATE = 80, 10
ENCODE = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "26", "-pix_fmt", "yuv420p", "-threads", "1", "-an"]
EDGE = 0.02
"""Share of a side by which an edge may be off."""

Rect = tuple[float, float, float, float]


def filling(width: int, height: int) -> str:
    """The middle of a picture at a size that fills so many pixels."""
    return f"scale={width}:{height}:force_original_aspect_ratio=increase,crop={width}:{height},setsar=1,fps=10"


LAYOUTS: dict[str, tuple[str, Rect]] = {
    "right": (f"[0]{filling(256, 360)}[a];[1]{filling(384, 360)}[b];[b][a]hstack=shortest=1", (0.6, 0, 1, 1)),
    "above": (f"[0]{filling(360, 240)}[a];[1]{filling(360, 400)}[b];[a][b]vstack=shortest=1", (0, 0, 1, 0.375)),
    "captioned": (
        "[0]fps=10,drawbox=0:0:iw:ih*0.13:white:t=fill,drawbox=0:ih*0.85:iw:ih*0.15:black:t=fill",
        (0, 0, 1, 1),
    ),
}
"""For each layout of the first input, its filters and the box that it is seen in."""


def drawn(path: Path, place: int, events: int) -> Path:
    """A drawn recording of a textured place."""
    frames = np.ascontiguousarray(take(place, events, FRAMES).luma)
    source = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", "512x288", "-r", f"{RATE}", "-i", "-"]
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *source, *ENCODE, str(path)]
    subprocess.run(command, input=frames.tobytes(), check=True)
    return path


def crops(box: Rect, width: int, height: int, picture: tuple[int, int]) -> Rect:
    """The middle of an original that fills the box of a picture."""
    across, down = (box[2] - box[0]) * picture[0], (box[3] - box[1]) * picture[1]
    scale = max(across / width, down / height)
    x, y = across / scale / width / 2, down / scale / height / 2
    return (0.5 - x, 0.5 - y, 0.5 + x, 0.5 + y)


SIZES = {"right": (640, 360), "above": (360, 640), "captioned": (1, 1)}


def judged(
    forensics: Callable[..., Ran], folder: Path, original: Path, other: Path, layouts: tuple[str, ...]
) -> dict[str, tuple[Rect, Rect]]:
    """Crop and box of each layout that is decided a match."""
    case, copies = folder / "case", folder / "copies"
    copies.mkdir()
    forensics("init", case, "--case-id", "S-3", "--operator", "t")
    assert forensics("ingest", original, "-c", case, "-q").code == 0
    for name in layouts:
        filters = LAYOUTS[name][0]
        inputs = ["-i", original] if "[1]" not in filters else ["-i", original, "-i", other]
        ffmpeg(*inputs, "-filter_complex", filters, "-t", "7", *ENCODE, copies / f"{name}.mp4")
    ran = forensics("match", copies, "-c", case, "--json", "--jobs", "1")
    assert ran.code == 0, ran.err
    told = {}
    for line in ran.of("match"):
        transform = line["segments"][0]["transform"]
        if line["decision"] == "match":
            told[Path(line["query"]["path"]).stem] = tuple(transform["crop"]), tuple(transform["box"])
    return told


def test_of_drawn_footage_the_part_that_is_seen_is_told(forensics: Callable[..., Ran], tmp_path: Path) -> None:
    original, other = drawn(tmp_path / "original.mp4", 301, 311), drawn(tmp_path / "other.mp4", 302, 312)
    told = judged(forensics, tmp_path, original, other, tuple(LAYOUTS))
    assert set(told) == set(LAYOUTS)
    for name, (_, box) in LAYOUTS.items():
        due = (0, 0, 1, 1) if name == "captioned" else crops(box, 512, 288, SIZES[name])
        assert told[name][0] == pytest.approx(due, abs=EDGE), name
        assert told[name][1] == pytest.approx(box, abs=EDGE), name


def test_of_real_footage_the_part_that_is_seen_is_told(
    forensics: Callable[..., Ran], tmp_path: Path, shared: Path
) -> None:
    sources = shared / "bench/sources"
    told = judged(forensics, tmp_path, sources / "karma.mp4", sources / "bikes.mp4", ("right", "above"))
    assert set(told) == {"right", "above"}
    for name in told:
        assert told[name][1] == pytest.approx(LAYOUTS[name][1], abs=EDGE), name
