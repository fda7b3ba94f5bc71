"""Ingests on a real cluster whose workers are killed, whose driver is killed, or that meet a file that kills.

Each compares the case with what a plain ingest makes of the same files: as many manifests, one of each, the same facts.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.adversarial import small_inputs
from tests.adversarial.killing import call
from tests.integration.conftest import ROOT, environment

CLIPS = 12


def clips(folder: Path) -> Path:
    """Small clips and stills with different bytes, under a second of work each."""
    small_inputs.make(folder, CLIPS)
    return folder


def facts(case: Path) -> dict[str, tuple[str, str]]:
    """Both facts digests of each evidence; it must have one version."""
    found = {}
    for path in case.glob("store/*/*/v1/content/manifest.json"):
        told = json.loads(path.read_bytes())["predicate"]["facts"]
        found[path.parents[2].name] = (told["exact_sha256"], told["recipe_sha256"])
    return found


def serial(folder: Path, case: Path) -> dict[str, tuple[str, str]]:
    """What one process makes of it."""
    assert call("init", case, "--case-id", "C").returncode == 0
    done = call("ingest", folder, "-c", case, "-j", "1")
    assert done.returncode == 0, done.stderr
    return facts(case)


def problems(case: Path, expected: dict[str, tuple[str, str]]) -> Iterator[str]:
    """What is wrong with a case that must be as a plain ingest makes it."""
    verified = call("verify", case, "--json")
    if verified.returncode:
        yield f"verify {verified.returncode}: {verified.stdout[-400:]}"
    found = facts(case)
    if found != expected:
        moved = sum(found.get(each) != expected[each] for each in expected)
        yield f"{len(found)} of {len(expected)} manifests, {moved} missing or with other facts"
    lines = [json.loads(line) for line in (case / "log/custody.jsonl").read_text().splitlines()]
    taken = [line["item"] for line in lines if line["event"] == "ingestion"]
    if sorted(taken) != sorted(expected):
        yield f"{len(taken)} ingestions are logged"


def ingest(folder: Path, case: Path, words: list[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pipelines", "ingest", str(folder), "-c", str(case), *words]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=quiet, stderr=quiet)


def begun(case: Path, child: subprocess.Popen[bytes], known: set[Path]) -> None:
    """Wait until the first file is being worked on."""
    while child.poll() is None and not any(area.glob("0*") for area in set((case / "staging").iterdir()) - known):
        time.sleep(0.01)


def kill_a_worker(process: int) -> int:
    """SIGKILL to a child of one of the processes below this one that is at work; how many were hit."""
    workers = [each for each in children(process) if b"multiprocessing" in command_of(each)]
    for each in workers[:1]:
        os.kill(each, signal.SIGKILL)
    return len(workers[:1])


def children(process: int) -> Iterator[int]:
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for word in task.read_text().split():
            yield int(word)


def command_of(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def workers_killed(folder: Path, case: Path, words: list[str], owners: list[int], generator: random.Random) -> int:
    """An ingest, one of whose workers is killed at a random moment; ``owners`` are the processes that started workers,
    none for the ingest itself. How many kills landed.
    """
    fresh(case)
    child = ingest(folder, case, words)
    begun(case, child, set())
    time.sleep(generator.uniform(0.0, 2.0))
    owner = generator.choice(owners) if owners else child.pid
    landed = kill_a_worker(owner) if child.poll() is None else 0
    assert child.wait(120) == 0
    return landed


def driver_killed(folder: Path, case: Path, words: list[str], generator: random.Random) -> int:
    """An ingest that is killed at a random moment, and typed again; whether the kill landed."""
    fresh(case)
    child = ingest(folder, case, words)
    begun(case, child, set())
    time.sleep(generator.uniform(0.0, 1.5))
    landed = child.poll() is None
    child.kill()
    child.wait()
    again = call("ingest", folder, "-c", case, *words)
    assert again.returncode == 0, again.stderr
    return int(landed)


def fresh(case: Path) -> None:
    shutil.rmtree(case, ignore_errors=True)
    assert call("init", case, "--case-id", "C").returncode == 0
