"""The order in which files were ingested changes no result, through the real command line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Ran, ffmpeg

ENDS_S = 0.25
"""The later file is the query, so the order exchanges both sides; where a stretch ends is told to some frames."""

ENCODE = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-threads", "1"]


@pytest.fixture(scope="module")
def files(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Two different clips of three seconds and less, and two kinds of copy of the first."""
    folder = tmp_path_factory.mktemp("order")
    first, second = clips / "first.mp4", clips / "second.mp4"
    ffmpeg("-i", first, "-t", "3", *ENCODE, folder / "first.mp4")
    ffmpeg("-i", second, "-t", "2", *ENCODE, folder / "second.mp4")
    ffmpeg("-i", first, "-t", "2.6", *ENCODE, "-crf", "34", "-vf", "scale=240:-2", folder / "copy.mp4")
    ffmpeg("-ss", "0.4", "-i", first, "-t", "2.4", "-vf", "hflip", *ENCODE, "-crf", "30", folder / "mirrored.mp4")
    return tuple(folder / name for name in ("first.mp4", "second.mp4", "copy.mp4", "mirrored.mp4"))


@pytest.fixture(scope="module")
def cases(
    forensics: Callable[..., Ran], files: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """Two cases with the same files in opposite orders."""
    made = []
    for name, order in (("forward", files), ("backward", files[::-1])):
        case = tmp_path_factory.mktemp("cases") / name
        assert forensics("init", case, "--case-id", name).code == 0
        done = forensics("ingest", *order, "-c", case, "--jobs", "1")
        assert done.code == 0, done.err
        made.append(case)
    return made[0], made[1]


def exhibits(case: Path) -> dict[str, str]:
    manifests = [json.loads(path.read_bytes()) for path in case.glob("store/*/*/v1/content/manifest.json")]
    return {
        each["subject"][0]["digest"]["sha256"]: each["predicate"]["record"]["case"]["exhibit"] for each in manifests
    }


def test_the_same_files_stand_in_another_order(cases) -> None:
    forward, backward = map(exhibits, cases)
    assert forward.keys() == backward.keys()
    assert sorted(forward, key=forward.__getitem__) == sorted(backward, key=backward.__getitem__, reverse=True)


def test_a_query_from_outside_has_the_same_answer_to_the_last_digit(forensics, cases, clips, tmp_path) -> None:
    ffmpeg("-ss", "0.2", "-i", clips / "first.mp4", "-t", "2.5", *ENCODE, "-crf", "33", tmp_path / "query.mp4")
    answers = [forensics("match", tmp_path / "query.mp4", "-c", case, "--json", "--jobs", "1") for case in cases]
    assert len(answers[0].of("match")) >= 2
    assert answers[0].of("match") == answers[1].of("match")


def unordered(lines: list[dict[str, Any]]) -> dict[frozenset[str], dict[str, Any]]:
    return {frozenset((line["query"]["id"], line["reference"]["id"])): line for line in lines}


def times(line: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Start and end in each file, by its id."""
    segment = line["segments"][0]
    return {line[side]["id"]: (segment[f"{side}_start_s"], segment[f"{side}_end_s"]) for side in ("query", "reference")}


def test_inside_a_case_the_same_pairs_are_decided_alike(forensics, cases, tmp_path) -> None:
    found = []
    for case in cases:
        copied = shutil.copytree(case, tmp_path / case.name, symlinks=True)
        found.append(unordered(forensics("match", "-c", copied, "--json").of("match")))
    forward, backward = found
    assert forward.keys() == backward.keys()
    assert sum(line["decision"] == "match" for line in forward.values()) == 3
    for pair, line in forward.items():
        other = backward[pair]
        assert (line["decision"], line["assessment"], line["mirrored"]) == (
            other["decision"],
            other["assessment"],
            other["mirrored"],
        )
        if line["decision"] == "match":
            for name, span in times(line).items():
                assert span == pytest.approx(times(other)[name], abs=ENDS_S)
