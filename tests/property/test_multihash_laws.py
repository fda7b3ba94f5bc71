"""Multi-index hashing finds what comparing every code finds, also where its pigeonholes are filled to the brim."""

from __future__ import annotations

from functools import lru_cache
from math import inf

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.index import FlatIndex, LinearIndex, MultiHashIndex, PlannedIndex
from forensics.index.multihash import MULTIHASH_RADIUS, NARROW, WIDE, Cut, MultiHashTables
from forensics.model.match import Hits

ROWS = 20_000
BOTH = pytest.mark.parametrize("cut", [NARROW, WIDE], ids=["16x16", "11x23"])


def listed(hits: Hits) -> list[tuple[int, int, int]]:
    return list(zip(hits.query.tolist(), hits.reference.tolist(), hits.distance.tolist(), strict=True))


@lru_cache(maxsize=2)
def stored(cut: Cut) -> tuple[npt.NDArray[np.uint8], MultiHashTables]:
    """Random codes, of which a tenth are one black frame and its neighbours."""
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 256, (ROWS, 32), dtype=np.uint8)
    codes[: ROWS // 10] = codes[0] ^ (
        rng.integers(0, 256, (ROWS // 10, 32), dtype=np.uint8) * (rng.random((ROWS // 10, 32)) < 0.1)
    )
    return codes, MultiHashTables(codes, cut, scan_ns=inf)


def linear(codes: npt.NDArray[np.uint8]) -> LinearIndex:
    index = LinearIndex()
    index.add(codes)
    return index


@st.composite
def shared_out(draw: st.DrawFn, cut: Cut) -> npt.NDArray[np.uint8]:
    """A pattern of flips with a drawn number of them in every piece, and in the bits that are in none."""
    bits = np.zeros(256, dtype=np.uint8)
    for piece in range(cut.pieces):
        places = st.lists(st.integers(0, cut.bits - 1), min_size=1, max_size=3, unique=True)
        for place in draw(places):
            bits[piece * cut.bits + place] = 1
    for place in range(cut.pieces * cut.bits, 256):
        bits[place] = draw(st.integers(0, 1))
    return np.packbits(bits)


@BOTH
@settings(max_examples=40, deadline=None)
@given(data=st.data(), row=st.integers(0, ROWS - 1))
def test_a_code_is_found_however_its_flips_are_shared_out_among_the_pieces(
    cut: Cut, data: st.DataObject, row: int
) -> None:
    codes, tables = stored(cut)
    flips = data.draw(shared_out(cut))
    asked = (codes[row] ^ flips)[None]
    distance = int(np.bitwise_count(flips).sum())
    found = (0, row, distance) in listed(tables.query(asked, min(distance, MULTIHASH_RADIUS)))
    assert found == (distance <= MULTIHASH_RADIUS)


@BOTH
@pytest.mark.parametrize("radius", [0, 10, 11, 15, 16, 21, 22, 31, 32])
def test_the_tables_equal_the_linear_index_at_every_step_of_the_flips(cut: Cut, radius: int) -> None:
    codes, tables = stored(cut)
    rng = np.random.default_rng(radius)
    asked = codes[rng.integers(0, ROWS, 30)]
    asked = np.concatenate([asked ^ np.packbits(rng.random((30, 256)) < radius / 300, axis=1), codes[:3]])
    expected = listed(linear(codes).query(asked, radius))
    assert listed(tables.query(asked, radius)) == expected
    assert expected


@BOTH
def test_the_tables_refuse_a_radius_for_which_they_would_miss_some(cut: Cut) -> None:
    codes, tables = stored(cut)
    with pytest.raises(ValueError, match="exact up to 32"):
        tables.query(codes[:1], MULTIHASH_RADIUS + 1)


@BOTH
def test_queries_that_are_too_common_to_look_up_find_the_same_by_comparing(cut: Cut) -> None:
    codes, tables = stored(cut)
    asked = np.concatenate([codes[:5], codes[-40:]])
    for scan_ns in (0.0, 1.0, 30.0):
        assert listed(MultiHashTables(codes, cut, scan_ns).query(asked, 31)) == listed(tables.query(asked, 31))


def test_the_pieces_of_both_cuts_are_enough_for_the_radius() -> None:
    for cut in (NARROW, WIDE):
        assert cut.pieces * cut.bits <= 256
        assert cut.pieces * (cut.flips(MULTIHASH_RADIUS) + 1) > MULTIHASH_RADIUS
    assert WIDE.probes(MULTIHASH_RADIUS) == 11 * (1 + 23 + 253)


def test_the_wide_pieces_are_taken_for_many_codes_and_find_what_the_scan_finds() -> None:
    rng = np.random.default_rng(6)
    codes = rng.integers(0, 2**64, (1 << 18, 4), dtype=np.uint64).view(np.uint8)
    assert MultiHashTables(codes[:5]).cut == NARROW
    asked = codes[:: 1 << 13] ^ np.packbits(rng.random((32, 256)) < 0.09, axis=1)
    fast, plain = MultiHashIndex(), FlatIndex()
    for index in (fast, plain):
        index.add(codes)
    assert listed(fast.query(asked, 32)) == listed(plain.query(asked, 32)) != []


def test_the_plan_makes_tables_only_once_they_pay_and_finds_the_same_before_and_after() -> None:
    codes = np.random.default_rng(7).integers(0, 2**64, (1 << 17, 4), dtype=np.uint64).view(np.uint8)
    planned = PlannedIndex()
    planned.add(codes)
    before = [listed(planned.query(codes[:4], radius)) for radius in (31, 200)]
    assert not planned.with_tables
    planned.query(np.repeat(codes[:64], 64, axis=0), 0)
    assert planned.with_tables
    assert [listed(planned.query(codes[:4], radius)) for radius in (31, 200)] == before


def test_the_plan_never_makes_tables_for_a_radius_that_they_do_not_serve() -> None:
    planned = PlannedIndex()
    planned.add(stored(NARROW)[0])
    planned.query(np.repeat(stored(NARROW)[0][:64], 64, axis=0), MULTIHASH_RADIUS + 1)
    assert not planned.with_tables
