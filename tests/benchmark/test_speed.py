"""Ingest of the real clips against bare decoding of the same clips in the same run."""

import subprocess
import time

import pytest

from tests.adversarial.killing import call

pytestmark = pytest.mark.benchmark

ROUNDS = 2
"""Interleaved rounds: the machines are noisy, the best of each side counts."""


def bare_decode(clips) -> float:
    started = time.perf_counter()
    for clip in clips:
        subprocess.run(
            ["ffmpeg", "-nostdin", "-v", "quiet", "-i", clip, "-f", "null", "-"], check=False, stdout=subprocess.DEVNULL
        )
    return time.perf_counter() - started


def test_ingest_takes_at_most_twice_the_time_of_bare_decoding(shared, tmp_path) -> None:
    clips = sorted(path for path in (shared / "bench/sources").iterdir() if path.suffix != ".json")
    floors, walls = [], []
    for number in range(ROUNDS):
        floors.append(bare_decode(clips))
        case = tmp_path / f"case-{number}"
        call("init", case, "--case-id", "S")
        started = time.perf_counter()
        done = call("ingest", *clips, "-c", case)
        walls.append(time.perf_counter() - started)
        assert done.returncode in (0, 3), done.stderr
    ratio = min(walls) / min(floors)
    print(f"\n{len(clips)} clips: bare decode {min(floors):.1f} s, ingest {min(walls):.1f} s, ratio {ratio:.2f}")
    assert ratio <= 2.0
