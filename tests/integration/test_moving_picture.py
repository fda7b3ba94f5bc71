"""A copy whose picture moves within its frame, through the real command line: what is said of it, and where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.conftest import ffmpeg
from tests.unit.matching.scenes import FPS, take

SHAKEN = "crop=448:252:32*(1+sin(6*t)):18*(1+cos(4*t)),scale=512:288"
CODED = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-threads", "1")


def filmed(events: int, target: Path) -> Path:
    """Eleven seconds of a fixed camera; what moves before it depends on ``events``."""
    raw = target.with_suffix(".raw")
    raw.write_bytes(take(11, events, 110).luma.tobytes())
    size = ("-f", "rawvideo", "-pix_fmt", "gray", "-s", "512x288", "-r", str(FPS))
    ffmpeg(*size, "-i", raw, *CODED, target)
    raw.unlink()
    return target


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("moving")
    original, other = filmed(21, folder / "original.mp4"), filmed(77, folder / "other.mp4")
    ffmpeg("-ss", "3", "-t", "6", "-i", original, "-vf", SHAKEN, *CODED, folder / "shaken.mp4")
    ffmpeg("-ss", "3", "-t", "6", "-i", other, "-vf", SHAKEN, *CODED, folder / "other-shaken.mp4")
    other.unlink()
    return folder


@pytest.fixture(scope="module")
def case(forensics, clips, tmp_path_factory) -> Path:
    """A case of the original and both shaken clips, matched."""
    case = tmp_path_factory.mktemp("case") / "case"
    assert forensics("run", clips, "-c", case, "--case-id", "M-1", "--operator", "tester", "-j", "2").code in (0, 3)
    return case


def test_a_shaken_copy_is_matched_and_another_recording_that_shakes_alike_is_not(forensics, case) -> None:
    done = forensics("match", "-c", case, "-j", "2", "--json")
    lines = {frozenset(Path(line[side]["path"]).name for side in ("query", "reference")): line
             for line in done.of("match")}  # fmt: skip
    line = lines.pop(frozenset(("original.mp4", "shaken.mp4")))
    assert (line["decision"], line["assessment"]) == ("match", "same_recording")
    moving = "query" if line["query"]["path"].endswith("shaken.mp4") else "reference"
    segment = line["segments"][0]
    assert (segment["held_still"], segment["transform"]) == (moving, None)
    shift = segment["reference_start_s"] - segment["query_start_s"]
    assert abs(shift) == pytest.approx(3.0, abs=0.1)
    assert {line["decision"] for line in lines.values()} <= {"candidate"}


def test_its_finding_says_among_its_limits_that_the_picture_was_held_still(forensics, case) -> None:
    documents = [json.loads(path.read_text()) for path in sorted((case / "findings").rglob("*.json"))]
    (matched,) = [each["predicate"] for each in documents if each["predicate"]["decision"] == "match"]
    assert any("moves within its frame" in limit for limit in matched["limits"])
    assert "held_still" in matched["segments"][0]
    others = [each["predicate"] for each in documents if each["predicate"]["decision"] != "match"]
    assert not any("moves within its frame" in limit for each in others for limit in each["limits"])
    assert forensics("verify", case).code == 0


def test_a_person_reads_it_on_the_screen_and_a_film_can_be_made(forensics, case, clips, tmp_path) -> None:
    said = forensics("match", clips / "shaken.mp4", "-c", case)
    assert "identical_file" in said.out
    again = tmp_path / "again.mp4"
    ffmpeg("-i", clips / "shaken.mp4", *CODED, again)
    told = forensics("match", again, "-c", case, "-j", "0").out
    assert "the picture of the query moves within its frame: it was held still to be compared" in told
    exhibit = next(
        line["exhibit"]
        for line in forensics("ingest", clips / "original.mp4", "-c", case, "--json").of("evidence")
        if line["path"].endswith("original.mp4")
    )
    film = forensics("compare", exhibit, again, "-c", case, "--seconds", "1", "--out", tmp_path / "film", "--json")
    assert film.code in (0, 3), film.err
