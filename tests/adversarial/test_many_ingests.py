"""Several ingests into one case at once; `make bench-all` has eight, ten times (tests/benchmark/test_kill_9.py)."""

from tests.adversarial import forked


def test_four_ingests_into_one_case_at_once_lose_nothing_and_double_nothing() -> None:
    assert forked.alone("tests.adversarial.writers", 4, 1)["problems"] == {}
