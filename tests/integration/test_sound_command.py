"""Sound through the real command line: it supports, it makes candidates, it decides nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import ROOT, Ran, environment, ffmpeg

FIRST = "mandelbrot=s=320x240:r=12:end_scale=0.02:end_pts=120"
SECOND = "life=s=320x240:r=12:mold=10:ratio=0.3:seed=7:death_color=#483D8B:life_color=#E0C080"
MELODY = (
    "aevalsrc='0.25*sin(2*PI*t*(200+37*mod(floor(t*3)*7,23)))+0.2*sin(2*PI*t*(500+61*mod(floor(t*2)*7+3,17)))':s=44100"
)
SILENCE = "anullsrc=r=44100:cl=stereo"
VIDEO = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-threads", "1")


@dataclass(frozen=True)
class Heard:
    """A folder of clips, the case that was run with them, and what the run printed."""

    clips: Path
    case: Path
    run: Ran

    @property
    def pairs(self) -> dict[frozenset[str], dict[str, Any]]:
        return {names(line): line for line in self.run.of("match")}


@pytest.fixture(scope="module")
def heard(forensics: Callable[..., Ran], tmp_path_factory: pytest.TempPathFactory) -> Heard:
    """``tune`` and ``other`` show different pictures to the same melody, ``copy`` is a repost of ``tune`` with its
    sound, ``quiet`` and ``still`` have silent tracks.
    """
    folder = tmp_path_factory.mktemp("heard")
    clips = folder / "clips"
    clips.mkdir()
    for name, pictures, sound in (
        ("tune", FIRST, MELODY),
        ("other", SECOND, MELODY),
        ("quiet", "testsrc2=s=96x64:r=5", SILENCE),
        ("still", "smptebars=s=96x64:r=5", SILENCE),
    ):
        sources = ("-f", "lavfi", "-i", pictures, "-f", "lavfi", "-i", sound)
        ffmpeg(*sources, "-t", "9", *VIDEO, "-c:a", "aac", "-b:a", "64k", clips / f"{name}.mp4")
    ffmpeg("-i", clips / "tune.mp4", *VIDEO, "-crf", "32", "-vf", "scale=256:-2", "-c:a", "libopus", clips / "copy.mkv")
    case = folder / "case"
    done = forensics("run", clips, "-c", case, "--case-id", "S-1", "--operator", "tester", "-j", "1", "--json")
    assert done.code == 0, done.err
    return Heard(clips, case, done)


def names(line: dict) -> frozenset[str]:
    return frozenset(Path(line[side]["path"]).stem for side in ("query", "reference"))


def manifest_of(case: Path, name: str) -> dict:
    for path in case.glob("store/*/*/v1/content/manifest.json"):
        predicate = json.loads(path.read_bytes())["predicate"]
        if Path(predicate["record"]["appearances"][0]["name"]).stem == name:
            return predicate
    raise AssertionError(f"{name} is not in the case")


def facts_of(case: Path, name: str) -> dict:
    return manifest_of(case, name)["facts"]["recipe"]["sound"]


def test_one_command_decodes_pictures_and_sound_where_the_clock_allows_it(heard) -> None:
    """MP4 tells every sample of its sound, Matroska milliseconds."""
    programs = {
        name: [command[0] for command in manifest_of(heard.case, name)["record"]["processing"]["commands"]]
        for name in ("tune", "copy")
    }
    assert programs == {"tune": ["ffprobe", "ffmpeg"], "copy": ["ffprobe", "ffmpeg", "ffmpeg"]}
    assert facts_of(heard.case, "tune")["state"] == facts_of(heard.case, "copy")["state"] == "read"


def test_the_same_sound_over_other_pictures_is_a_candidate_by_sound_alone(heard) -> None:
    line = heard.pairs[frozenset({"tune", "other"})]
    assert (line["assessment"], line["decision"]) == ("audio_only", "candidate")
    assert line["score"] < 0.05
    assert line["segments"][0]["transform"] is None
    assert line["method"]["name"] == "sound-offset"
    assert line["sound"]["agrees_with_pictures"] is None
    assert abs(line["sound"]["offset_s"]) < 0.13
    assert line["sound"]["seconds"] >= 5
    assert line["sound"]["bits"] <= 6 <= line["sound"]["chance_bits"] / 2 + 1
    assert heard.run.of("summary")[-1]["sound"] == {"audible": 3, "silent": 2, "absent": 0, "not_read": 0}


def test_a_repost_with_its_sound_is_supported_and_decided_by_its_pictures(heard) -> None:
    line = heard.pairs[frozenset({"tune", "copy"})]
    assert (line["assessment"], line["decision"]) == ("same_recording", "match")
    assert line["method"]["name"] == "geometry-motion"
    assert line["sound"]["agrees_with_pictures"] is True
    assert line["sound"]["method"]["name"] == "sound-offset"


def test_silent_tracks_give_nothing(heard) -> None:
    assert not frozenset().union(*heard.pairs) & {"quiet", "still"}
    fact = facts_of(heard.case, "quiet")
    assert fact["audible"] == 0
    assert fact["silent"] == fact["words"] > 41


def test_findings_carry_the_sound_with_its_thresholds_and_verify(forensics, heard) -> None:
    by_sound = supported = 0
    for path in (heard.case / "findings").glob("*.json"):
        predicate = json.loads(path.read_bytes())["predicate"]
        sound = predicate["sound"]
        assert sound["method"]["params"]["most_bits"] == "6"
        assert any("same recording" in limit and "Sound" in limit for limit in predicate["limits"])
        by_sound += predicate["assessment"] == "audio_only"
        supported += predicate["method"]["name"] == "geometry-motion"
    assert by_sound == 2
    assert supported == 1
    assert forensics("verify", heard.case).code == 0


def test_the_report_says_what_agreeing_sound_does_not_say(heard) -> None:
    page = " ".join((heard.case / "reports/case-report.html").read_text("utf-8").split())
    assert "sound only" in page
    assert page.count("This does not say that the pictures are of the same recording") == 2
    assert page.count("this does not say that the pictures are of the same recording") == 1
    assert "at the offset of the pictures" in page
    assert "Frames at the same moments of the sound" in page


def test_a_query_from_outside_is_heard_too(forensics, heard, tmp_path) -> None:
    pictures = ("-f", "lavfi", "-i", "testsrc=s=96x64:r=5:d=8")
    later = ("-ss", "1", "-i", heard.clips / "tune.mp4", "-map", "0:v", "-map", "1:a", "-t", "8")
    ffmpeg(*pictures, *later, tmp_path / "q.mp4")
    done = forensics("match", tmp_path / "q.mp4", "-c", heard.case, "-j", "1", "--json")
    assert done.code == 0, done.err
    found = done.of("match")
    assert {names(line) - {"q"} for line in found} == {frozenset({name}) for name in ("tune", "other", "copy")}
    assert {line["assessment"] for line in found} == {"audio_only"}
    assert all(abs(line["sound"]["offset_s"] - 1) < 0.15 for line in found)


def test_the_facts_of_the_sound_are_equal_when_derived_again(forensics, heard) -> None:
    done = forensics("replay", "E-0004", "-c", heard.case, "--json")
    assert done.code == 0, done.out
    assert done.of("replay")[0]["recipe_equal"]


def test_a_changed_sound_track_is_found_by_verify_and_not_compared(forensics, heard, tmp_path) -> None:
    case = shutil.copytree(heard.case, tmp_path / "case", symlinks=True)
    track = next(case.glob("store/*/*/v1/content/derived/audio.bin"))
    track.chmod(0o644)
    track.write_bytes(track.read_bytes()[:-1] + b"\1")
    assert forensics("verify", case).code == 8
    done = forensics("match", heard.clips / "still.mp4", "-c", case, "-j", "1", "--json")
    assert done.code == 8
    assert [line["code"] for line in done.of("not_compared")] == ["integrity"]
    assert [line["assessment"] for line in done.of("match")] == ["identical_file"]


def test_an_ffmpeg_without_chromaprint_leaves_a_fact_and_loses_nothing_else(forensics, heard, tmp_path) -> None:
    real = shutil.which("ffmpeg")
    tools = tmp_path / "tools"
    tools.mkdir()
    script = tools / "ffmpeg"
    script.write_text(
        "#!/bin/sh\n"
        f'case " $* " in *" -muxers "*) {real} "$@" | grep -v chromaprint; exit 0;;\n'
        "*chromaprint*) echo \"[error] Requested output format 'chromaprint' is not known.\" >&2; exit 1;; esac\n"
        f'exec {real} "$@"\n'
    )
    script.chmod(0o755)
    tools.joinpath("ffprobe").symlink_to(str(shutil.which("ffprobe")))

    def run(*arguments: str | Path) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "pipelines", *map(str, arguments)],
            cwd=ROOT,
            env={**environment(), "PATH": f"{tools}{os.pathsep}/usr/bin{os.pathsep}/bin"},
            capture_output=True,
            timeout=240,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode("utf-8", "replace"))

    case = tmp_path / "case"
    assert run("init", case, "--case-id", "D-1", "--operator", "tester").code == 0
    ingested = run("ingest", heard.clips / "quiet.mp4", "-c", case, "-j", "1", "--json")
    assert ingested.code == 0, ingested.err
    assert ingested.of("evidence")[0]["notices"] == []
    fact = facts_of(case, "quiet")
    assert fact["state"] == "unavailable"
    assert "chromaprint" in fact["reason"]
    told = {line["name"]: line for line in run("doctor", "--json").of("doctor")}
    assert "cannot be compared" in told["sound"]["found"]
    found = run("match", heard.clips / "quiet.mp4", "-c", case, "-j", "1", "--json")
    assert [(line["assessment"], line["sound"]) for line in found.of("match")] == [("identical_file", None)]
    assert found.of("summary")[0]["sound"] == {"audible": 0, "silent": 0, "absent": 0, "not_read": 1}
