"""kill -9 at 25 random moments of an ingest of 20 real clips by several workers, and at 300 of one of small files."""

import shutil

import pytest

from tests.adversarial import forked
from tests.adversarial.killing import call, kill_during_ingest, look

pytestmark = pytest.mark.benchmark

CLIPS = 20
KILLS = 25

MOST_ROUNDS = 12
"""Fresh cases of up to five kills each; on a fast machine an ingest may end before the fifth."""


def test_twenty_five_kills_lose_nothing_and_double_nothing(shared, tmp_path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    sources = sorted(
        (path for path in (shared / "bench/sources").iterdir() if path.suffix != ".json"),
        key=lambda p: p.stat().st_size,
    )
    for path in sources[10 : 10 + CLIPS]:
        shutil.copy(path, folder)
    landed = 0
    for round_ in range(MOST_ROUNDS):
        if landed >= KILLS:
            break
        case = tmp_path / f"case-{round_}"
        call("init", case, "--case-id", f"K{round_}")
        landed += kill_during_ingest(folder, case, kills=5, longest_s=2.5, seed=round_)
        found = look(folder, case)
        print(f"\nround {round_}: {landed} kills have landed; resume and verify: {found}")
        assert (found["resume_exit"], found["verify_exit"]) == (0, 0)
        assert (found["lost"], found["extra"], found["manifests"]) == (0, 0, CLIPS)
        assert found["appearances"] == [1] * CLIPS
    assert landed >= KILLS


POINTS = 300
SEED = 2


def test_three_hundred_kills_at_random_points_lose_nothing_and_the_same_command_completes() -> None:
    found = forked.alone("tests.adversarial.kills", POINTS, SEED)
    print(f"\n{found}")
    assert found["problems"] == {}
    assert found["landed"] > POINTS // 2


def test_eight_ingests_at_once_lose_nothing_and_double_nothing_ten_times() -> None:
    found = forked.alone("tests.adversarial.writers", 8, 10)
    print(f"\n{found}")
    assert found["problems"] == {}
