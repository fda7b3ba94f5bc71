"""Kills and a poisoned file on a pool and on a real cluster, at random points; and what Dask costs beside the pool."""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.engine import Done, OnCluster, Processes
from tests.adversarial import cluster_faults
from tests.adversarial.killing import call
from tests.adversarial.test_poisoned_file import BY, FILES, POISON, SCRIPT
from tests.integration.conftest import ROOT, environment
from tests.integration.test_cluster_engine import Machines, nothing

pytest.importorskip("distributed", reason="Dask is not installed: pip install 'footage-forensics[cluster]'")
pytestmark = pytest.mark.benchmark

KILLS = 10
TASKS, TASK_CPU_S, ROUNDS = 6, 1.0, 3
MOST_RATIO = 1.10
"""What a cluster of this machine's cores may cost beside the pool, for tasks of a second and more."""


@pytest.fixture
def machines(tmp_path):
    started = Machines(tmp_path, None)
    try:
        started.ready()
        yield started
    finally:
        started.stop()


@pytest.mark.parametrize("engine", ["pool", "dask"])
def test_kills_at_random_points_lose_no_manifest_and_double_none(machines, engine, tmp_path) -> None:
    folder, case = cluster_faults.clips(tmp_path / "in"), tmp_path / "case"
    expected = cluster_faults.serial(folder, tmp_path / "serial")
    words = ["-j", "2"] if engine == "pool" else ["--engine", f"dask+{machines.contact}"]
    owners = [] if engine == "pool" else machines.nannies()
    generator = random.Random(f"29 {engine}")
    landed = {"worker": 0, "driver": 0}
    for _ in range(KILLS):
        landed["worker"] += cluster_faults.workers_killed(folder, case, words, owners, generator)
        assert list(cluster_faults.problems(case, expected)) == []
        landed["driver"] += cluster_faults.driver_killed(folder, case, words, generator)
        assert list(cluster_faults.problems(case, expected)) == []
    print(f"{engine}: kills that landed {landed}, {len(expected)} manifests each time, facts as of one process")
    assert min(landed.values()) > KILLS // 2


def test_of_twenty_files_on_a_cluster_the_one_that_kills_its_workers_is_named_with_the_signal(tmp_path: Path) -> None:
    ffprobe = shutil.which("ffprobe")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/ffprobe").write_text(SCRIPT.format(signal=int(BY), ffprobe=ffprobe))
    (tmp_path / "bin/ffprobe").chmod(0o755)
    path = f"{tmp_path}/bin:{os.environ['PATH']}"
    folder, case = tmp_path / "in", tmp_path / "case"
    folder.mkdir()
    first = folder / "00.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=s=32x32:r=5:d=0.4", str(first)]
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *picture], check=True)
    for number in range(1, FILES):
        tail = POISON if number == 7 else b"%06d" % number
        (folder / f"{number:02d}.mp4").write_bytes(first.read_bytes() + bytes([0, 0, 0, 14]) + b"free" + tail)
    machines = Machines(tmp_path, None, PATH=path)
    try:
        machines.ready()
        assert call("init", case, "--case-id", "P").returncode == 0
        words = [sys.executable, "-m", "pipelines", "ingest", str(folder), "-c", str(case), "--json"]
        words += ["--engine", f"dask+{machines.contact}"]
        env = {**environment(), "PATH": path}
        done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    finally:
        machines.stop()
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    failed = {Path(line["path"]).name: line["notices"][0] for line in lines if line.get("status") == "failed"}
    assert failed.keys() == {"07.mp4"}, done.stderr
    assert failed["07.mp4"]["code"] == "worker.killed"
    assert BY.name in failed["07.mp4"]["message"]
    assert sum(line.get("status") == "ingested" for line in lines) == FILES - 1
    assert done.returncode == 3
    assert call("verify", case).returncode == 0


def work(number: int) -> int:
    """A task of `TASK_CPU_S` of this process's own time."""
    until = time.process_time() + TASK_CPU_S
    while time.process_time() < until:
        number = (number * 6364136223846793005 + 1442695040888963407) % 2**64
    return number


def test_dask_costs_at_most_a_tenth_more_than_the_pool_for_tasks_of_a_second(machines) -> None:
    engines = {"pool": Processes(2), "dask": OnCluster(machines.cluster(), nothing)}
    took: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(ROUNDS):
        for name, engine in engines.items():
            begun = time.monotonic()
            found = list(engine.run(work, range(TASKS)))
            took[name].append(time.monotonic() - begun)
            assert sum(isinstance(each, Done) for each in found) == TASKS
    ratio = statistics.median(dask / pool for pool, dask in zip(took["pool"], took["dask"], strict=True))
    shown = {name: [f"{each:.2f}" for each in times] for name, times in took.items()}
    print(f"{TASKS} tasks of {TASK_CPU_S} s CPU, interleaved: {shown}; median ratio {ratio:.3f}")
    assert ratio <= MOST_RATIO
