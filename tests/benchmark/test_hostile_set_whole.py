"""Every hostile file through ``ingest``, each alone: rule breaks, the slowest, the largest."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.adversarial import hostile_set

pytestmark = pytest.mark.benchmark

START_S = 3.0
"""CPU seconds of the program's own start and end, which no limit of a file counts."""

BUSY = 4
"""By the clock a file may take so many times its limit, for other work of the machine; its CPU time may not."""


def test_every_hostile_file_breaks_no_rule(shared: Path, tmp_path: Path) -> None:
    hostile = shared / "hostile"
    listed = hostile_set.listed(hostile)
    canaries = hostile_set.Canaries()
    canaries.put(Path(json.loads((hostile / "manifest.json").read_text())["canary_dir"]) / "canary.mp4")
    canaries.put(tmp_path / "in" / "canary_sibling.mp4")
    watched = canaries.works()
    broken: dict[str, list[str]] = {}
    worst: dict[str, tuple[float, str]] = {}
    for name, entry in listed.items():
        path = tmp_path / "in" / name
        shutil.copyfile(hostile / name, path)
        ran = hostile_set.ingest([path], tmp_path / "case")
        faults = hostile_set.broken(name, entry, ran)
        allowed = entry["limits"]["max_seconds"]
        if ran.cpu_s > allowed + START_S or ran.seconds > BUSY * allowed:
            faults.append(f"{ran.cpu_s:.0f} s of CPU, {ran.seconds:.0f} s by the clock")
        if "Traceback" in ran.err or ran.code not in {0, 3, 4}:
            faults.append(f"exit {ran.code}")
        if watched and canaries.read():
            faults.append(f"read {canaries.read()}")
            canaries.arm()
        if faults:
            broken[name] = faults
        worst[entry["class"]] = max(worst.get(entry["class"], (0.0, "")), (ran.cpu_s, name))
        shutil.rmtree(tmp_path / "case")
        path.unlink()
    tried = Counter(entry["class"] for entry in listed.values())
    for kind in sorted(tried):
        breaks = sum(listed[name]["class"] == kind for name in broken)
        seconds, name = worst[kind]
        print(
            f"\n{kind:12} {tried[kind]:3} files, {breaks} break a rule, dearest {seconds:.1f} s of CPU ({name})", end=""
        )
    print(f"\npeak of any process so far {hostile_set.peak_mb():.0f} MB")
    assert broken == {}


def test_no_process_of_a_batch_asks_for_a_connection(shared: Path, tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    hostile = shared / "hostile"
    lures = [hostile / name for name, entry in hostile_set.listed(hostile).items() if entry["class"] == "A-lure"]
    log = tmp_path / "calls"
    before = ("strace", "-f", "-qq", "-o", str(log), "-e", "trace=connect,sendto,socket")
    hostile_set.ingest(lures, tmp_path / "case", before=before)
    assert re.findall(r".*AF_INET.*", log.read_text()) == []
