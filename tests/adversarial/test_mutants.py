"""Three hundred damaged files through the door; `make bench-all` has five thousand (tests/adversarial/mutants.py)."""

import random

import pytest

from tests.adversarial import forked, mutants

COUNT = 150

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
