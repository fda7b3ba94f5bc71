"""What every index promises, held against the plain truth. An index joins by standing in the table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.index import INDEXES, Index, LinearIndex
from forensics.model.match import Hits


def codes(rows: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (rows, 32)).astype(np.uint8)


def flipped(code: npt.NDArray[np.uint8], bits: int) -> npt.NDArray[np.uint8]:
    """A copy of one code with its first so many bits flipped."""
    unpacked = np.unpackbits(code)
    unpacked[:bits] ^= 1
    return np.packbits(unpacked)


def listed(hits: Hits) -> list[tuple[int, int, int]]:
    return list(zip(hits.query.tolist(), hits.reference.tolist(), hits.distance.tolist(), strict=True))


def by_text(stored: npt.NDArray[np.uint8], asked: npt.NDArray[np.uint8], radius: int) -> list[tuple[int, int, int]]:
    """The definition, with Python's own integers."""
    numbers = [int.from_bytes(code.tobytes()) for code in stored]
    found = []
    for row, code in enumerate(asked):
        wanted = int.from_bytes(code.tobytes())
        distances = [(wanted ^ number).bit_count() for number in numbers]
        found += [(row, place, distance) for place, distance in enumerate(distances) if distance <= radius]
    return found


def filled(kind: type[Index], *parts: npt.NDArray[np.uint8]) -> Index:
    index = kind()
    for part in parts:
        index.add(part)
    return index


@st.composite
def crowded(draw: st.DrawFn) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], int]:
    """Codes that lie near one another, with many equal ones, and a radius."""
    seeds = codes(draw(st.integers(1, 3)), draw(st.integers(0, 2**32 - 1)))
    flips = st.lists(st.tuples(st.integers(0, len(seeds) - 1), st.integers(0, 256)), max_size=25)
    stored, asked = ([flipped(seeds[row], bits) for row, bits in draw(flips)] for _ in range(2))
    empty = np.zeros((0, 32), dtype=np.uint8)
    return np.array(stored or empty), np.array(asked or empty), draw(st.integers(0, 256))


everywhere = pytest.mark.parametrize("kind", INDEXES, ids=lambda kind: kind.__name__)


def test_the_plain_truth_stands_first_in_the_table() -> None:
    assert INDEXES[0] is LinearIndex


@everywhere
@settings(max_examples=60, deadline=None)
@given(case=crowded())
def test_it_finds_exactly_what_the_definition_says_and_in_order(
    kind: type[Index], case: tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], int]
) -> None:
    stored, asked, radius = case
    assert listed(filled(kind, stored).query(asked, radius)) == by_text(stored, asked, radius)


@everywhere
@pytest.mark.parametrize("radius", [0, 31, 60, 100, 128, 256])
def test_it_equals_the_linear_index_on_many_codes(kind: type[Index], radius: int) -> None:
    stored = np.concatenate([codes(700, 1), codes(50, 2), codes(50, 2)])
    asked = np.concatenate([codes(300, 3), codes(50, 2), stored[:9]])
    assert listed(filled(kind, stored).query(asked, radius)) == listed(filled(LinearIndex, stored).query(asked, radius))


@everywhere
@pytest.mark.parametrize("bits", [0, 1, 30, 31, 32, 255, 256])
def test_the_radius_is_inclusive(kind: type[Index], bits: int) -> None:
    stored = codes(1)
    index = filled(kind, stored)
    asked = flipped(stored[0], bits)[None]
    assert listed(index.query(asked, bits)) == [(0, 0, bits)]
    if bits:
        assert listed(index.query(asked, bits - 1)) == []


@everywhere
def test_a_code_in_the_index_is_at_distance_nought(kind: type[Index]) -> None:
    stored = codes(40)
    assert listed(filled(kind, stored).query(stored, 0)) == [(row, row, 0) for row in range(40)]


@everywhere
def test_distance_is_the_same_both_ways(kind: type[Index]) -> None:
    a, b = codes(30, 4), codes(30, 5)
    there = {(x, y, d) for x, y, d in listed(filled(kind, a).query(b, 120))}
    back = {(y, x, d) for x, y, d in listed(filled(kind, b).query(a, 120))}
    assert there == back
    assert there


@everywhere
def test_nothing_is_capped_when_everything_is_equal(kind: type[Index]) -> None:
    same = np.repeat(codes(1), 3000, axis=0)
    hits = filled(kind, same).query(same[:7], 0)
    assert len(hits.query) == 21_000


@everywhere
def test_adding_in_parts_is_adding_at_once(kind: type[Index]) -> None:
    stored = codes(90)
    parts = filled(kind, stored[:1], stored[1:1], stored[1:50], stored[50:])
    assert len(parts) == 90
    assert listed(parts.query(stored, 115)) == listed(filled(kind, stored).query(stored, 115))


@everywhere
def test_an_index_goes_on_growing_after_a_query(kind: type[Index]) -> None:
    stored = codes(20)
    index = filled(kind, stored[:10])
    assert len(index.query(stored, 0).query) == 10
    index.add(stored[10:])
    assert len(index.query(stored, 0).query) == 20


@everywhere
def test_an_empty_index_and_an_empty_query_find_nothing(kind: type[Index]) -> None:
    for hits in (
        filled(kind).query(codes(3), 256),
        filled(kind, codes(3)).query(codes(0), 256),
        filled(kind).query(codes(0), 0),
    ):
        assert listed(hits) == []
        assert (hits.query.dtype, hits.reference.dtype, hits.distance.dtype) == (np.int64, np.int64, np.uint16)


@everywhere
def test_what_is_found_has_the_promised_types(kind: type[Index]) -> None:
    hits = filled(kind, codes(3)).query(codes(3), 256)
    assert (hits.query.dtype, hits.reference.dtype, hits.distance.dtype) == (np.int64, np.int64, np.uint16)
    assert len(hits.query) == 9


@everywhere
def test_codes_changed_after_adding_do_not_change_the_index(kind: type[Index]) -> None:
    stored = codes(5)
    index = filled(kind, stored)
    kept = stored.copy()
    stored[:] = 0
    assert len(index.query(kept, 0).query) == 5


@everywhere
def test_sealed_and_strided_codes_are_taken(kind: type[Index]) -> None:
    stored = codes(20)
    stored.setflags(write=False)
    wide = np.repeat(stored, 2, axis=0)[::2]
    assert len(filled(kind, stored).query(wide, 0).query) == 20


@everywhere
@pytest.mark.parametrize("radius", [-1, 257])
def test_a_radius_that_no_distance_has_is_refused(kind: type[Index], radius: int) -> None:
    with pytest.raises(ValueError, match=r"0\.\.256"):
        filled(kind, codes(2)).query(codes(2), radius)


@everywhere
@pytest.mark.parametrize("wrong", [np.zeros((2, 8), np.uint8), np.zeros(32, np.uint8), np.zeros((2, 32), np.int64)])
def test_codes_of_another_form_are_refused(kind: type[Index], wrong: npt.NDArray[np.uint8]) -> None:
    index = filled(kind, codes(2))
    with pytest.raises(ValueError, match="32"):
        index.add(wrong)
    with pytest.raises(ValueError, match="32"):
        index.query(wrong, 5)
