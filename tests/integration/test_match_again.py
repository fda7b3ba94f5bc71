"""A case that grows, or whose matching was killed, is matched on: the same result, and nothing compared twice."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import ROOT, Ran, environment, ffmpeg

ENCODE = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-threads", "1", "-an"]

DIES = """
import os, signal
from pipelines import compared
from pipelines.cli import main
real = compared.Records.file
def file(self, run, record):
    filed = real(self, run, record)
    os.kill(os.getpid(), signal.SIGKILL)
compared.Records.file = file
main()
"""
"""The program, killed right after its first record is logged."""


@pytest.fixture(scope="module")
def files(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Five short files: two recordings, a copy of each, a still of the first."""
    folder = tmp_path_factory.mktemp("grows")
    first, second = clips / "first.mp4", clips / "second.mp4"
    ffmpeg("-i", first, "-t", "3", *ENCODE, folder / "1.mp4")
    ffmpeg("-ss", "0.4", "-i", first, "-t", "2.4", "-vf", "hflip", *ENCODE, "-crf", "30", folder / "2.mp4")
    ffmpeg("-ss", "1", "-i", first, "-frames:v", "1", "-update", "1", folder / "3.png")
    ffmpeg("-i", second, "-t", "2", *ENCODE, folder / "4.mp4")
    ffmpeg("-i", first, "-t", "2.6", *ENCODE, "-crf", "34", "-vf", "scale=240:-2", folder / "5.mp4")
    return tuple(sorted(folder.iterdir()))


@pytest.fixture(scope="module")
def fresh(forensics: Callable[..., Ran], files: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of all five, not matched yet."""
    case = tmp_path_factory.mktemp("cases") / "fresh"
    assert forensics("init", case, "--case-id", "M").code == 0
    assert forensics("ingest", *files, "-c", case).code == 0
    return case


@pytest.fixture(scope="module")
def scratch(forensics: Callable[..., Ran], fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """That case after one matching, and what it said."""
    case = shutil.copytree(fresh, tmp_path_factory.mktemp("cases") / "scratch", symlinks=True)
    done = forensics("match", "-c", case, "--json")
    assert done.code == 0, done.err
    assert len(done.of("match")) >= 4
    return case, done


def facts(done: Ran) -> list[dict[str, Any]]:
    """The pairs found, without what names this very record."""
    return [{name: value for name, value in line.items() if name != "finding"} for line in done.of("match")]


def compared(done: Ran) -> dict[str, Any]:
    found: dict[str, Any] = done.of("summary")[0]["compared"]
    return found


def events(case: Path) -> list[dict[str, Any]]:
    lines = (case / "log/custody.jsonl").read_text().splitlines()
    return [each["detail"] for each in map(json.loads, lines) if each["event"] == "matching"]


def groups(forensics: Callable[..., Ran], case: Path) -> list[object]:
    return [(each["id"], each["evidence"]) for each in forensics("timeline", "-c", case, "--json").of("group")]


def test_a_case_that_grows_by_batches_gives_what_one_matching_of_all_gives(forensics, files, scratch, tmp_path) -> None:
    case = tmp_path / "case"
    forensics("init", case, "--case-id", "M")
    for batch in (files[:2], files[2:4], files[4:]):
        assert forensics("ingest", *batch, "-c", case).code == 0
        done = forensics("match", "-c", case, "--json")
        assert done.code == 0, done.err
    assert facts(done) == facts(scratch[1])
    assert groups(forensics, case) == groups(forensics, scratch[0])
    summaries = [each for each in events(case) if "pairs" in each]
    assert [each["pairs"] for each in summaries] == [1, 6, 10]
    assert compared(done)["looked_up_before"] > 0
    assert compared(done)["looked_up"] + compared(done)["looked_up_before"] == 20
    assert events(scratch[0])[-1]["records_sha256"] == compared(scratch[1])["records_sha256"]
    assert forensics("verify", case).code == 0


def test_a_second_matching_looks_nothing_up_and_says_so(forensics, scratch, tmp_path) -> None:
    case = shutil.copytree(scratch[0], tmp_path / "case", symlinks=True)
    done = forensics("match", "-c", case, "--json")
    assert facts(done) == facts(scratch[1])
    assert (compared(done)["looked_up"], compared(done)["looked_up_before"]) == (0, 20)
    before = len(events(case))
    again = forensics("match", "-c", case, "--again", "--json")
    assert facts(again) == facts(scratch[1])
    assert (compared(again)["looked_up"], compared(again)["looked_up_before"]) == (20, 0)
    assert [each["pairs_compared"] for each in events(case)[before:] if "compared" in each] == [10, 10]


def test_after_kill_9_the_same_command_goes_on_and_gives_the_same(forensics, fresh, scratch, tmp_path) -> None:
    case = shutil.copytree(fresh, tmp_path / "case", symlinks=True)
    died = subprocess.run(
        [sys.executable, "-c", DIES, "match", "-c", str(case)], cwd=ROOT, env=environment(), capture_output=True
    )
    assert died.returncode == -signal.SIGKILL
    assert [each["pairs_compared"] for each in events(case)] == [10]
    done = forensics("match", "-c", case, "--json")
    assert done.code == 0, done.err
    assert facts(done) == facts(scratch[1])
    assert (compared(done)["looked_up"], compared(done)["looked_up_before"]) == (10, 10)
    assert compared(done)["records_sha256"] == compared(scratch[1])["records_sha256"]


def test_a_record_that_is_not_the_logged_one_is_compared_again(forensics, scratch, tmp_path) -> None:
    case = shutil.copytree(scratch[0], tmp_path / "case", symlinks=True)
    for path in (case / "index/compared").iterdir():
        path.write_bytes(path.read_bytes().replace(b'"candidate"', b'"match"', 1) + b" ")
    done = forensics("match", "-c", case, "--json")
    assert facts(done) == facts(scratch[1])
    assert (compared(done)["looked_up"], compared(done)["looked_up_before"]) == (20, 0)
    assert '"withdrawn"' not in (case / "log/custody.jsonl").read_text()


def test_again_is_refused_for_files_from_outside(forensics, fresh, clips) -> None:
    assert forensics("match", "--again", clips / "first.mp4", "-c", fresh).code == 2
