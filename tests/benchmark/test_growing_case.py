"""New evidence costs what it adds, not what the case holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmark.growing_case import NEW, measure

LEAST_GAIN = 2.0
"""Of 45 files the 5 new ones cost at most half of all: start-up and what is read of every file are in both."""


@pytest.mark.benchmark
def test_five_new_files_cost_less_than_half_of_all_and_find_the_same(tmp_path: Path) -> None:
    (row,) = measure(tmp_path, [40])
    assert row["files"] == 40 + NEW
    assert row["scratch_looked_up"] == 45 * 44
    assert row["grown_looked_up"] < row["scratch_looked_up"] / LEAST_GAIN
    assert row["grown_s"] * LEAST_GAIN < row["scratch_s"]
