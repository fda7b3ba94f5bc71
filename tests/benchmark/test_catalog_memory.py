"""A hundred thousand evidences: what the driver of `match` needs before it searches for one clip."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmark.catalog_memory import figures

MOST_MB = 400
"""Resident megabytes of the driver at its peak, the list packed for a worker."""

MOST_S = 20
"""CPU seconds until it searches."""


@pytest.mark.benchmark
def test_the_driver_lists_a_hundred_thousand_evidences_within_its_memory(tmp_path: Path) -> None:
    found = figures(tmp_path, 100_000)
    print(found)
    assert found["evidence"] == 100_000
    assert found["packed"]["peak"] <= MOST_MB
    assert found["list_s"] + found["index_s"] <= MOST_S
