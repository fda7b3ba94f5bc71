"""Cases made apart become one: nothing is lost, nothing doubled, and nothing false comes in."""

import pytest

from tests.adversarial import forked

REFUSED = {
    "other_case": (8, "integrity.shard_case"),
    "broken_chain": (8, "integrity.shard"),
    "flipped_byte": (8, "integrity.shard"),
    "false_seal": (8, "integrity.shard"),
    "no_seal": (8, "integrity.shard"),
    "stolen_signature": (8, "integrity.shard"),
    "unsealed_line": (2, "case.shard_unfinished"),
    "strangers_key": (2, "case.key"),
    "copy_of_the_case": (8, "integrity.shard_fork"),
    "reviewed": (2, "case.shard_events"),
    "no_case": (2, "case"),
}
TAMPERED = {"kept_log": "shard log", "kept_log_gone": "shard log", "kept_seal": "checkpoint", "kept_manifest": "kept"}


@pytest.fixture(scope="module")
def merged() -> dict[str, object]:
    return forked.alone("tests.adversarial.merges", 2)


def test_three_shards_become_one_case_that_verifies_also_after_kill_9(merged) -> None:
    assert merged["problems"] == {}
    assert merged["landed"]


def test_a_merge_says_what_came_and_does_nothing_twice(merged) -> None:
    counts = {"type": "summary", "shards": 3, "notices": 1}
    assert merged["first"] == [3, {**counts, "admitted": 6, "joined": 2, "known": 0}]
    assert merged["again"] == [3, {**counts, "admitted": 0, "joined": 0, "known": 8}]
    assert "merge.refused_there" in merged["said"]


@pytest.mark.parametrize("name", REFUSED)
def test_a_shard_that_may_not_come_is_refused_in_one_line_and_nothing_is_taken(merged, name) -> None:
    code, line = merged["refusals"][name]
    assert (code, line.rpartition("[")[2].rstrip("]")) == REFUSED[name]
    assert line.startswith("forensics: ")


@pytest.mark.parametrize("name", TAMPERED)
def test_a_change_to_what_a_merge_keeps_is_found(merged, name) -> None:
    code, said = merged["tampered"][name]
    assert code == 8
    assert TAMPERED[name] in said


@pytest.mark.benchmark
def test_merges_killed_at_sixty_points_lose_nothing_and_double_nothing() -> None:
    found = forked.alone("tests.adversarial.merges", 60)
    assert found["problems"] == {}
    assert found["landed"] > 30
