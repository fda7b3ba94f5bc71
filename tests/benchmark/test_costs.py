"""CPU cost and size of the index, held by ratios to references of the same run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmark import costs
from tests.benchmark.cost_measuring import HOUR_S

pytestmark = pytest.mark.benchmark

MOST_OF_VPDQ = 1.5
"""Fingerprinting every frame against vPDQ's one frame a second; measured 1.0, the rest is noise of the machine."""

MOST_INGEST_OF_DECODE = 2.6
"""Digests, keyframes and manifest included; measured 1.9."""

MOST_QUERY_OF_VPDQ = 25.0
"""A match is decided on decoded pictures of both files, vPDQ's on hashes alone; measured 15."""

MOST_INDEX_OF_VPDQ = 40.0
"""Bytes against raw PDQ hashes at one a second; measured 32, of which two thirds are the anchors of geometry."""


def test_fingerprinting_matching_and_storing_cost_no_more_than_their_ratios(shared: Path, tmp_path: Path) -> None:
    found = costs.run(shared, tmp_path, minutes=1.0, queries=3)
    print("\n" + costs.shown(found))
    hour, search, index = found.hour, found.search, found.index
    assert hour.fingerprint <= MOST_OF_VPDQ * hour.vpdq
    assert hour.ingest <= MOST_INGEST_OF_DECODE * hour.decode
    assert search.each_of_many <= MOST_QUERY_OF_VPDQ * search.vpdq_each
    assert index.whole <= MOST_INDEX_OF_VPDQ * costs.VPDQ_BYTES * HOUR_S
