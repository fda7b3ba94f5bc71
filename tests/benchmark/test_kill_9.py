"""kill -9 at 20 random moments of an ingest of 20 real clips."""

import shutil

import pytest

from tests.adversarial.killing import call, kill_during_ingest, look

pytestmark = pytest.mark.benchmark

CLIPS = 20
KILLS = 20


def test_twenty_kills_lose_nothing_and_double_nothing(shared, tmp_path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    sources = sorted(
        (path for path in (shared / "bench/sources").iterdir() if path.suffix != ".json"),
        key=lambda p: p.stat().st_size,
    )
    for path in sources[10 : 10 + CLIPS]:
        shutil.copy(path, folder)
    case = tmp_path / "case"
    call("init", case, "--case-id", "K20")
    landed = kill_during_ingest(folder, case, kills=KILLS, longest_s=6.0, seed=20)
    found = look(folder, case)
    print(f"\n{len(landed)} of {KILLS} kills landed while the ingest ran; then: {found}")
    assert found["verify_exit"] == 0
    assert (found["lost"], found["extra"], found["manifests"]) == (0, 0, CLIPS)
    assert found["appearances"] == [1] * CLIPS
