"""The scripts of the page on clusters, run by a shell with a program that only notes how it was called."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import click
import pytest

from forensics import sources
from pipelines.cli import commands
from tests.unit.docs.test_docs import DOCS, fenced

PAGE = DOCS / "cluster.md"
NOTE = """#!/bin/sh
for word in "$@"; do printf '%s\\0' "$word"; done >> "$NOTES"
printf '\\n' >> "$NOTES"
exit ${EXIT:-0}
"""


def called(script: str, folder: Path, **environ: str) -> tuple[int, list[list[str]]]:
    """The exit code of a script, and how it called the program; each call has options that the program takes."""
    program = folder / "bin/forensics"
    program.parent.mkdir(exist_ok=True)
    program.write_text(NOTE)
    program.chmod(0o755)
    notes = folder / "notes"
    notes.unlink(missing_ok=True)
    env = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "NOTES": str(notes), **environ}
    done = subprocess.run(["sh", "-eu", "-c", script], env=env, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    calls = [line.split("\0")[:-1] for line in notes.read_text().splitlines()]
    for words in calls:
        command = commands.commands[words[0]]
        assert isinstance(command, click.Command)
        command.make_context(words[0], words[1:])
    return done.returncode, calls


def block(language: str, words: str) -> str:
    [found] = [each for each in fenced(PAGE, language) if words in each]
    return found


def test_the_slurm_array_takes_one_part_each(tmp_path: Path) -> None:
    script = block("sh", "SBATCH")
    assert "#SBATCH --array=1-8\n" in script
    parts = set()
    for task in range(1, 9):
        # One task started again has a count of 1: the script must not go by it.
        environ = {"SLURM_ARRAY_TASK_ID": str(task), "SLURM_ARRAY_TASK_COUNT": "1"}
        code, [words] = called(script, tmp_path, **environ)
        assert code == 0
        parts.add(sources.read_part(words[words.index("--shard") + 1]))
    assert parts == {sources.Part(number=number, of=8) for number in range(1, 9)}


def job() -> dict[str, object]:
    yaml = pytest.importorskip("yaml", reason="PyYAML comes with Dask")
    loaded: dict[str, object] = yaml.safe_load(block("yaml", "kind: Job"))
    return loaded


def test_the_indexed_job_takes_one_part_each_in_a_case_of_its_own(tmp_path: Path) -> None:
    spec = job()["spec"]
    assert spec["completionMode"] == "Indexed"
    [container] = spec["template"]["spec"]["containers"]
    assert container["command"] == ["/bin/sh", "-c"]
    parts = set()
    for index in range(spec["completions"]):
        code, [made, taken] = called(container["args"][0], tmp_path, JOB_COMPLETION_INDEX=str(index))
        assert code == 0
        assert made[:2] == ["init", f"/shards/{index}"]
        assert taken[taken.index("-c") + 1] == f"/shards/{index}"
        parts.add(sources.read_part(taken[taken.index("--shard") + 1]))
    assert parts == {sources.Part(number=number + 1, of=spec["completions"]) for number in range(spec["completions"])}


@pytest.mark.parametrize(("code", "told"), [(0, 0), (3, 0), (7, 7), (8, 8)])
def test_a_pod_fails_when_the_work_failed_and_not_for_a_notice(tmp_path: Path, code: int, told: int) -> None:
    [container] = job()["spec"]["template"]["spec"]["containers"]
    script = container["args"][0].replace("forensics init", "true")
    # A pod's shell has no -e: the code of the program is looked at.
    found, _ = called(f"set +e\n{script}", tmp_path, JOB_COMPLETION_INDEX="0", EXIT=str(code))
    assert found == told


def test_the_merge_names_every_shard_of_the_job(tmp_path: Path) -> None:
    code, [words] = called(block("sh", "forensics merge"), tmp_path)
    assert code == 0
    assert words == ["merge", "/cases/bridge", *(f"/shards/{index}" for index in range(job()["spec"]["completions"]))]
