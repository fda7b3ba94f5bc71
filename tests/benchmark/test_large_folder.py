"""A folder and a zip of 100,000 names: seconds of CPU and memory of finding what is in them."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.benchmark

NAMES = 100_000
ROOT = Path(__file__).resolve().parents[2]

MAX_S_PER_NAME = 0.001
MAX_MB = 400

FIND = (
    "import resource, sys, time\n"
    "from forensics.sources import discover\n"
    "met = sum(1 for _ in discover([sys.argv[1]], sys.argv[2]))\n"
    "print(met, time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)\n"
)


def _name(number: int) -> str:
    return f"clip_{number:06}.{'mp4' if number % 10 == 0 else 'txt'}"


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_hundred_thousand_names_are_found_in_bounds(tmp_path: Path, kind: str) -> None:
    (tmp_path / "room").mkdir()
    source = tmp_path / "source.zip"
    if kind == "folder":
        source = tmp_path / "source"
        source.mkdir()
        for number in range(NAMES):
            (source / _name(number)).write_bytes(b"x")
    else:
        with zipfile.ZipFile(source, "w") as archive:
            for number in range(NAMES):
                archive.writestr(_name(number), b"x")
    words = [sys.executable, "-c", FIND, str(source), str(tmp_path / "room")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, timeout=900)
    met, cpu_s, rss_mb = done.stdout.split()
    print(f"\n{kind}: {met} met in {float(cpu_s):.1f} s of CPU, {rss_mb} MB at most", end="")
    assert int(met) == NAMES + (kind == "zip")
    assert float(cpu_s) < NAMES * MAX_S_PER_NAME
    assert int(rss_mb) < MAX_MB
