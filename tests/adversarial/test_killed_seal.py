"""Seals under kill -9 and under many writers: the chain is whole, and what was sealed stays sealed."""

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from forensics import custody
from pipelines.verify import NOT_RECOMPUTED
from tests.adversarial.sealed_case import SealedCase, checks, copy_of, fired, unsealed
from tests.integration.conftest import ROOT, environment

WORKER = """
    import sys
    from pathlib import Path
    from forensics.custody import make_key
    from forensics.model.custody import EventType
    from pipelines.case import Run, open_case
    from pipelines.seal import seal_case
    from pipelines.surroundings import Surroundings

    case = open_case(Path(sys.argv[1]))
    run = Run(
        id=f"urn:uuid:{sys.argv[2]}", operator="op-07", surroundings=Surroundings(environ={}),
        signer=make_key(bytes(range(32)), None)[1],
    )
    for number in range(int(sys.argv[3])):
        case.record(run, EventType.LIST_CHECK, None, {"number": number})
        print(seal_case(case, run).checkpoint.size, flush=True)
"""


def start(case: SealedCase, name: str, rounds: int) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", textwrap.dedent(WORKER), str(case.root), name, str(rounds)]
    return subprocess.Popen(words, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True)


@pytest.fixture
def case(tmp_path: Path) -> SealedCase:
    SealedCase(tmp_path / "made").make()
    return copy_of(tmp_path / "made", tmp_path / "case")


def kill(case: SealedCase, kills: int, seed: int) -> int:
    """Kill a process that seals on and on, at random moments; give the size of the largest seal it acknowledged."""
    generator = random.Random(seed)
    acknowledged = 0
    for number in range(kills):
        worker = start(case, str(number), 100000)
        assert worker.stdout is not None
        first = worker.stdout.readline()
        time.sleep(generator.uniform(0.0, 0.05))
        os.kill(worker.pid, signal.SIGKILL)
        said = [first, *worker.communicate()[0].splitlines()]
        acknowledged = max([acknowledged, *(int(line) for line in said if line)])
        assert fired(case) == set(), number
    return acknowledged


def whole(case: SealedCase, acknowledged: int) -> None:
    case.seal()
    assert (fired(case), unsealed(case)) == (set(), 0)
    # The case's own clock stands still at its making; the workers have that of the machine.
    assert {check.name for check in checks(case) if check.status == "skipped"} <= {
        "time from outside",
        "log time order",
        NOT_RECOMPUTED,
    }
    sizes = custody.read_checkpoints(case.root / "log/checkpoints")
    assert acknowledged in sizes
    events = [json.loads(line) for line in case.lines()]
    assert [event["seq"] for event in events] == list(range(len(events)))


def test_a_seal_that_is_killed_leaves_the_chain_whole_and_the_next_one_goes_on(case: SealedCase) -> None:
    whole(case, kill(case, kills=5, seed=5))


def test_several_writers_seal_one_log_and_no_line_is_lost(case: SealedCase) -> None:
    before = len(case.lines())
    workers = [start(case, str(number), 5) for number in range(4)]
    said = [worker.communicate()[0].split() for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * 4
    whole(case, max(int(size) for sizes in said for size in sizes))
    events = [json.loads(line) for line in case.lines()[before:]]
    written = [(event["run"], event["detail"]["number"]) for event in events if event["event"] == "hash list check"]
    assert sorted(written) == sorted((f"urn:uuid:{name}", number) for name in range(4) for number in range(5))


@pytest.mark.parametrize("left", ["000000099.ckpt.sig", "000000099.ckpt.part", "000000099.ckpt.sig.part"])
def test_what_a_killed_seal_leaves_is_put_away_and_told(case: SealedCase, left: str) -> None:
    (case.root / "log/checkpoints" / left).write_bytes(b"half")
    assert fired(case) == set()
    whole(case, 0 + max(custody.read_checkpoints(case.root / "log/checkpoints")))
    assert (case.root / "quarantine" / f"{left}-1").read_bytes() == b"half"
    assert any(b"a seal that was cut off" in line for line in case.lines())


@pytest.mark.benchmark
def test_twenty_five_kills_and_eight_writers_leave_the_chain_whole(case: SealedCase) -> None:
    whole(case, kill(case, kills=25, seed=25))
    workers = [start(case, f"w{number}", 10) for number in range(8)]
    said = [worker.communicate()[0].split() for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * 8
    whole(case, max(int(size) for sizes in said for size in sizes))
    seals = len(case.checkpoints)
    print(f"\n25 kills and 8 writers: {len(case.lines())} lines, {seals} seals, chain whole")
