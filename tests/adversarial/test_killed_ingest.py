"""An ingest that is killed loses nothing that it acknowledged, and resumes."""

import shutil

import pytest

from tests.adversarial import forked
from tests.adversarial.killing import call, kill_during_ingest, look
from tests.integration.conftest import clips  # noqa: F401


def test_after_kill_9_the_same_command_completes_and_the_case_verifies(clips, tmp_path) -> None:  # noqa: F811
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(3):
        for clip in sorted(clips.iterdir()):
            copy = folder / f"{clip.stem}-{number}.mp4"
            shutil.copy(clip, copy)
            with copy.open("ab") as handle:
                handle.write(bytes([0, 0, 0, 12]) + b"free" + bytes([0, 0, 0, number]))
    case = tmp_path / "case"
    call("init", case, "--case-id", "K")
    landed = kill_during_ingest(folder, case, kills=3, longest_s=1.5, seed=11)
    found = look(folder, case)
    assert landed, "no kill landed while the ingest ran"
    assert (found["resume_exit"], found["verify_exit"]) == (0, 0), found["said"]
    assert (found["lost"], found["extra"]) == (0, 0)
    assert found["manifests"] == 9
    assert found["appearances"] == [1] * 9


POINTS = 12
"""`make bench-all` has three hundred."""


@pytest.mark.benchmark
def test_a_dozen_kills_at_random_points_lose_nothing_and_the_same_command_completes() -> None:
    found = forked.alone("tests.adversarial.kills", POINTS)
    assert found["problems"] == {}
    assert found["landed"] > POINTS // 2
