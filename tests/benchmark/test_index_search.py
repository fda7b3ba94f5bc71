"""Sixty hashes in ten million: the gates, as ratios to a scan in C in the same process."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from forensics.index import INDEXES, FlatIndex, LinearIndex
from tests.benchmark.index_search import COLD, GATES, RADIUS, made_codes, measured, pairs_of


@pytest.mark.benchmark
@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler: there is no floor to compare with")
def test_flat_and_multi_index_search_hold_their_gates_on_ten_million_codes() -> None:
    figures = measured(10_000_000, 3)
    for name, gate in GATES.items():
        assert figures.ratio(name) <= gate, f"{name}: {figures.ratio(name):.2f} times the floor"


def test_every_index_finds_the_same_pairs_in_the_made_up_archive() -> None:
    codes, asked = made_codes(30_000)
    truth = LinearIndex()
    truth.add(codes)
    expected = pairs_of(truth.query(asked, RADIUS))
    assert len(expected) > COLD * 5
    for kind in INDEXES[1:]:
        index = kind()
        index.add(codes)
        assert pairs_of(index.query(asked, RADIUS)) == expected


def test_planted_neighbours_are_where_they_were_planted() -> None:
    codes, asked = made_codes(20_000)
    index = FlatIndex()
    index.add(codes)
    found = index.query(asked[:COLD], RADIUS)
    assert np.array_equal(np.bincount(found.query), np.full(COLD, 5))
    assert sorted(set(found.distance.tolist())) == [0, 8, 16, 24, 31]
