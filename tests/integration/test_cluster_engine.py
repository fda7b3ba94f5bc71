"""Work on a cluster: a real scheduler and two real workers, each a process of its own on this machine."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from forensics.errors import InputError, ToolError
from pipelines.engine import Cluster, Done, Failed, OnCluster
from pipelines.environment import versions_here
from tests.adversarial import cluster_faults
from tests.integration.conftest import ROOT, environment
from tests.unit.pipelines.test_engines import double, stumble

pytest.importorskip("distributed", reason="Dask is not installed: pip install 'footage-forensics[cluster]'")

START_S = 60


def nothing() -> dict[str, str]:
    return {}


def other_on_workers() -> dict[str, str]:
    return {"made up": "worker" if os.environ.get("A_WORKER") else "driver"}


def die_on_four(number: int) -> int:
    if number == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def slow(number: int) -> tuple[int, int]:
    time.sleep(0.2)
    return number, os.getpid()


class Machines:
    """A scheduler and workers, started as the documentation says."""

    def __init__(self, folder: Path, certificates: Path | None, **extra: str) -> None:
        self.folder, self.certificates, self.extra = folder, certificates, extra
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        scheme = "tcp" if certificates is None else "tls"
        self.contact = f"{scheme}://127.0.0.1:{self.port}"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.start("scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--protocol", scheme, "--no-dashboard")
        for _ in range(2):
            self.worker()

    def worker(self) -> None:
        self.start("worker", self.contact, "--nthreads", "1", "--nworkers", "1", "--no-dashboard")

    def start(self, *words: str) -> None:
        tls: list[str] = []
        if self.certificates is not None:
            names = {"--tls-ca-file": "ca.pem", "--tls-cert": "node.pem", "--tls-key": "node-key.pem"}
            tls = [word for option, name in names.items() for word in (option, str(self.certificates / name))]
        surroundings = {**environment(), "OMP_NUM_THREADS": "1", "A_WORKER": "1", **self.extra}
        with (self.folder / "log").open("ab") as log:
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "dask", *words, *tls],
                    cwd=self.folder,
                    env={**surroundings, "PYTHONPATH": str(ROOT)},
                    stdout=log,
                    stderr=log,
                )
            )

    def cluster(self) -> Cluster:
        return Cluster(address=f"dask+{self.contact}", certificates=self.certificates)

    def ready(self) -> None:
        deadline = time.monotonic() + START_S
        while True:
            try:
                list(OnCluster(self.cluster(), nothing).run(double, [1]))
            except ToolError:
                if time.monotonic() > deadline:
                    raise AssertionError((self.folder / "log").read_text()) from None
                time.sleep(0.5)
            else:
                return

    def nannies(self) -> list[int]:
        """The processes that start a worker each, and another when that one dies."""
        return [process.pid for process in self.processes[1:]]

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture(scope="module")
def machines(forensics, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cluster")
    assert forensics("cluster", "certs", folder / "certs").code == 0
    started = Machines(folder, folder / "certs")
    try:
        started.ready()
        yield started
    finally:
        started.stop()


@pytest.fixture
def engine(machines) -> OnCluster:
    return OnCluster(machines.cluster(), nothing)


def outcomes(engine, job, items):
    return sorted(engine.run(job, items), key=lambda thing: thing.item)


def test_a_cluster_gives_every_item_exactly_one_outcome(engine) -> None:
    assert outcomes(engine, double, range(20)) == [Done(item=n, result=2 * n) for n in range(20)]


def test_a_bug_in_one_job_is_its_outcome_on_a_cluster_too(engine) -> None:
    found = outcomes(engine, stumble, range(6))
    assert [thing.item for thing in found if isinstance(thing, Done)] == [0, 1, 2, 4, 5]
    assert found[3] == Failed(item=3, code="worker.bug", message="RuntimeError: three")


def test_an_item_that_kills_each_worker_is_the_only_one_lost(engine) -> None:
    found = outcomes(engine, die_on_four, range(12))
    assert [thing.item for thing in found] == list(range(12))
    [lost] = [thing for thing in found if isinstance(thing, Failed)]
    assert (lost.item, lost.code) == (4, "worker.killed")
    assert "signal 9, SIGKILL" in lost.message


def test_the_work_of_a_killed_worker_is_done_by_another(engine) -> None:
    run = engine.run(slow, range(12))
    first = next(run)
    os.kill(first.result[1], signal.SIGKILL)
    found = sorted([first, *run], key=lambda thing: thing.item)
    assert [thing.result[0] for thing in found] == list(range(12))


def test_a_worker_that_is_not_as_this_machine_gets_no_work(machines) -> None:
    with pytest.raises(ToolError, match="made up is worker, here driver") as caught:
        list(OnCluster(machines.cluster(), other_on_workers).run(double, [1]))
    assert caught.value.code == "tool.cluster"


def test_who_has_no_certificate_of_the_cluster_gives_no_orders(machines, forensics, tmp_path) -> None:
    assert forensics("cluster", "certs", tmp_path / "other").code == 0
    stranger = Cluster(address=f"dask+{machines.contact}", certificates=tmp_path / "other")
    with pytest.raises(ToolError, match="no scheduler answers"):
        list(OnCluster(stranger, nothing).run(double, [1]))


def test_a_case_made_on_a_cluster_holds_the_same_facts(machines, forensics, clips, ingested, tmp_path) -> None:
    case = tmp_path / "case"
    assert forensics("init", case, "--case-id", "T-1").code == 0
    flags = ("--engine", f"dask+{machines.contact}", "--certs", machines.certificates)
    done = forensics("ingest", clips, "-c", case, "--json", *flags)
    assert done.code == 0, done.err
    assert forensics("verify", case).code == 0

    def facts(root: Path) -> dict[str, object]:
        lines = forensics("ingest", clips, "-c", root, "--json").of("evidence")
        return {line["id"]: json.loads((root / line["manifest"]).read_text())["predicate"]["facts"] for line in lines}

    assert facts(case) == facts(ingested)
    matched = forensics("match", "-c", case, "--json", *flags)
    assert matched.code == 0, matched.err
    assert len(matched.of("match")) == 1
    record = json.loads((case / done.of("evidence")[0]["manifest"]).read_text())["predicate"]["record"]
    assert record["environment"]["settings"]["engine"] == "dask+tls"


def test_an_ingest_on_a_cluster_outlives_a_worker(machines, clips, ingested, tmp_path) -> None:
    case, expected = tmp_path / "case", cluster_faults.facts(ingested)
    words = ["--engine", f"dask+{machines.contact}", "--certs", str(machines.certificates)]
    assert cluster_faults.workers_killed(clips, case, words, machines.nannies(), random.Random(29)) == 1
    assert list(cluster_faults.problems(case, expected)) == []


def test_versions_of_this_machine_are_those_that_the_record_names() -> None:
    versions = versions_here()
    assert {"python", "numpy", "ffmpeg", "file of ffmpeg", "place of ffmpeg", "confinement"} <= versions.keys()
    assert "platform" not in versions


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("dask+tcp://10.0.0.5:8786", "whoever reaches this port"),
        ("dask+tls://host:8786", "needs certificates"),
        ("ray://host:8786", "is not known"),
        ("dask+tcp://127.0.0.1:8786/../x", "is not known"),
    ],
)
def test_an_address_that_would_be_unsafe_or_is_none_is_refused(address, words) -> None:
    with pytest.raises(InputError, match=words):
        Cluster(address=address)


def test_a_plain_address_of_this_machine_needs_no_certificate() -> None:
    assert Cluster(address="dask+tcp://127.0.0.1:8786").contact == "tcp://127.0.0.1:8786"
    assert Cluster(address="dask+tcp://10.0.0.5:8786", insecure=True).contact == "tcp://10.0.0.5:8786"


def test_a_scheduler_that_does_not_answer_ends_the_command_with_the_tool_code(forensics, clips, ingested) -> None:
    done = forensics("match", "-c", ingested, "--engine", "dask+tcp://127.0.0.1:1")
    assert done.code == 6
    assert "no scheduler answers" in done.err
