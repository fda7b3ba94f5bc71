"""Three hundred damaged files through the door; `make bench-all` has five thousand (tests/adversarial/mutants.py)."""

import os
import random
import signal
import time
from typing import cast

import pytest

from pipelines.kit import Kit
from tests.adversarial import forked, mutants

COUNT = 300

NO_KIT = cast(Kit, None)

MOST_UNSAID = 0.02
"""Share of files that may be shorter without a word: only of containers in which nothing counts the frames."""


def test_no_mutant_kills_the_parent_hangs_or_is_shortened_without_a_word() -> None:
    found = forked.alone("tests.adversarial.mutants", COUNT)
    assert found["problems"] == {}
    assert sum(found["unsaid"].values()) <= MOST_UNSAID * COUNT
    for kind in mutants.KINDS:
        assert sum(found["outcomes"][kind].values()) >= COUNT // len(mutants.KINDS)


@pytest.mark.parametrize("damage", list(mutants.DAMAGES))
def test_damage_changes_a_file_and_is_the_same_each_time(damage: str) -> None:
    whole = random.Random(1).randbytes(5000)
    one, other = bytearray(whole), bytearray(whole)
    for data in (one, other):
        mutants.DAMAGES[damage](data, random.Random(7))
    assert one == other
    assert one != whole


def test_what_is_wrong_with_an_outcome_is_seen() -> None:
    whole = {"kind": "video", "frames": mutants.FRAMES, "codes": []}
    assert mutants.problem_of(whole, 1.0) is None
    assert mutants.problem_of({**whole, "frames": 3, "codes": ["media.fewer_frames"]}, 1.0) is None
    assert mutants.problem_of({**whole, "frames": 3}, 1.0) == f"3 of {mutants.FRAMES} frames and not a word"
    assert mutants.problem_of({"kind": "undecodable", "frames": 0, "codes": []}, 1.0) is not None
    assert mutants.problem_of({"error": "died: -11"}, 1.0) == "died: -11"
    assert mutants.problem_of(whole, 31.0) == "31 s"


def test_a_file_that_kills_its_worker_is_told_and_the_next_is_read_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    def killed_by_b(data: bytes, *_: object) -> dict[str, object]:
        if data == b"b":
            os.kill(os.getpid(), signal.SIGKILL)
        return {"kind": data.decode(), "worker": os.getpid()}

    monkeypatch.setattr(mutants, "pass_through", killed_by_b)
    files = (b"a", b"b", b"c", b"d")
    found = [outcome for outcome, _ in mutants.outcomes(len(files), files.__getitem__, NO_KIT)]
    assert [each.get("kind") for each in found] == ["a", None, "c", "d"]
    assert found[1] == {"error": "died: -9"}
    assert found[0]["worker"] != found[2]["worker"] == found[3]["worker"]


def test_a_worker_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs_at_a(data: bytes, *_: object) -> dict[str, object]:
        while data == b"a":
            time.sleep(1)
        return {}

    monkeypatch.setattr(mutants, "pass_through", hangs_at_a)
    monkeypatch.setattr(mutants, "HANGS_S", 0.3)
    found = [outcome for outcome, _ in mutants.outcomes(2, (b"a", b"b").__getitem__, NO_KIT)]
    assert found == [{"error": "died: -9"}, {}]
