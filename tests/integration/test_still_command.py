"""A still through the real command line: it finds its video and its second, and is never decided a match."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.conftest import ROOT, Ran, ffmpeg

DRONE = ROOT / "sample_media/drone/DJI_0042.MP4"
COAST = ROOT / "sample_media/telegram/ChatExport_2025-06-03/video_files/IMG_2071.MP4"
AT_S, STEADY_S = 6.04, 9.0
"""Second 6.04 shows what its neighbours do not; around second 9 one picture is much like the next."""


@pytest.fixture(scope="module")
def case(forensics: Callable[..., Ran], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stills") / "case"
    forensics("init", folder, "--case-id", "S-1", "--operator", "t")
    assert forensics("ingest", DRONE, COAST, "-c", folder, "-q").code == 0
    return folder


def grabbed(target: Path, at_s: float, filters: str) -> Path:
    ffmpeg("-ss", f"{at_s}", "-i", DRONE, "-frames:v", "1", "-vf", filters, "-q:v", "5", target)
    return target


WAYS = {
    "plain": "scale=640:-2",
    "cropped": "crop=iw*0.7:ih*0.7:iw*0.1:ih*0.2",
    "mirrored": "hflip,scale=800:-2",
    "telephone": "scale=400:-2,pad=420:900:10:300:color=0x202020",
}
"""What was done to the frame before it was shown to the case."""


@pytest.fixture(scope="module")
def compared(forensics: Callable[..., Ran], case: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """What one command says of the frame in each of the ways."""
    folder = tmp_path_factory.mktemp("frames")
    frames = [grabbed(folder / f"{name}.jpg", AT_S, filters) for name, filters in WAYS.items()]
    return forensics("match", *frames, "-c", case, "-j", "2", "--json")


@pytest.mark.parametrize("name", WAYS)
def test_a_frame_finds_its_video_and_its_second_and_no_other(compared: Ran, name: str) -> None:
    assert compared.code == 0, compared.err
    (found,) = (line for line in compared.of("match") if Path(line["query"]["path"]).stem == name)
    assert Path(found["reference"]["path"]).name == DRONE.name
    assert (found["decision"], found["mirrored"]) == ("candidate", name == "mirrored")
    (segment,) = found["segments"]
    assert segment["query_start_s"] == segment["query_end_s"]
    assert segment["moment"]["at_s"] == pytest.approx(AT_S, abs=0.1)
    assert segment["reference_start_s"] - 0.1 <= AT_S <= segment["reference_end_s"] + 0.1


def test_of_a_place_without_an_instant_it_is_said_that_it_may_be_another_moment(
    forensics: Callable[..., Ran], case: Path, tmp_path: Path
) -> None:
    ran = forensics("match", grabbed(tmp_path / "shot.png", STEADY_S, "scale=640:-2"), "-c", case)
    assert "same_scene" in ran.out
    assert "another moment, or another recording of the place, is not excluded" in ran.out
    assert "shows the moment" not in ran.out


def test_a_picture_of_another_place_finds_nothing(forensics: Callable[..., Ran], case: Path) -> None:
    ran = forensics("match", ROOT / "sample_media/more/coast_still.jpg", "-c", case, "--json")
    assert [line for line in ran.of("match") if Path(line["reference"]["path"]).name == DRONE.name] == []


def test_a_still_of_the_case_finds_a_video_from_outside(forensics: Callable[..., Ran], tmp_path: Path) -> None:
    folder = tmp_path / "case"
    forensics("init", folder, "--case-id", "S-2", "--operator", "t")
    assert forensics("ingest", grabbed(tmp_path / "shot.png", AT_S, "scale=640:-2"), "-c", folder, "-q").code == 0
    (found,) = forensics("match", DRONE, "-c", folder, "--json").of("match")
    assert Path(found["query"]["path"]).name == "shot.png"
    assert Path(found["reference"]["path"]).name == DRONE.name
    assert found["segments"][0]["moment"]["at_s"] == pytest.approx(AT_S, abs=0.1)


def test_stills_of_a_case_become_findings_that_say_why_they_are_no_match(
    forensics: Callable[..., Ran], tmp_path: Path
) -> None:
    folder = tmp_path / "case"
    shot = grabbed(tmp_path / "shot.png", AT_S, "scale=640:-2")
    assert forensics("run", shot, DRONE, "-c", folder, "--case-id", "S-3", "--operator", "t").code == 0
    (finding,) = (folder / "findings").glob("*.json")
    assert "a still is never decided a match" in finding.read_text()
    assert forensics("verify", folder).code == 0
    assert forensics("replay", "--all", "-c", folder).code == 0
