"""Counting differing bits."""

from __future__ import annotations

import numpy as np
import pytest

from forensics.model import hamming as room
from forensics.model.hamming import hamming, popcount

RANDOM = np.random.default_rng(3)


def by_text(a: bytes, b: bytes) -> int:
    return sum(bin(x ^ y).count("1") for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("width", [1, 7, 8, 31, 32])
def test_the_distance_is_the_number_of_differing_bits(width: int) -> None:
    a = RANDOM.integers(0, 256, (50, width)).astype(np.uint8)
    b = RANDOM.integers(0, 256, (50, width)).astype(np.uint8)
    expected = [by_text(x.tobytes(), y.tobytes()) for x, y in zip(a, b, strict=True)]
    assert hamming(a, b).tolist() == expected


def test_the_table_of_older_numpy_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    a = RANDOM.integers(0, 256, (200, 32)).astype(np.uint8)
    expected = hamming(a, a[0])
    monkeypatch.delattr(room.np, "bitwise_count", raising=False)
    assert np.array_equal(hamming(a, a[0]), expected)


def test_rows_are_compared_with_every_row_by_broadcasting() -> None:
    a, b = (RANDOM.integers(0, 256, (n, 32)).astype(np.uint8) for n in (4, 9))
    table = hamming(a[:, None], b[None])
    assert table.shape == (4, 9)
    assert table[3, 7] == hamming(a[3], b[7])
    assert table.dtype == np.uint16


def test_the_largest_distance_fits() -> None:
    assert hamming(np.zeros(32, np.uint8), np.full(32, 255, np.uint8)) == 256


def test_strided_and_sealed_arrays_are_compared_too() -> None:
    a = RANDOM.integers(0, 256, (20, 64)).astype(np.uint8)
    a.setflags(write=False)
    assert np.array_equal(hamming(a[::2, :32], a[::2, 32:]), hamming(a[::2, :32].copy(), a[::2, 32:].copy()))


def test_codes_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="32 and 8"):
        hamming(np.zeros((3, 32), np.uint8), np.zeros((3, 8), np.uint8))


def test_popcount_of_a_single_number_is_its_bits() -> None:
    assert popcount(np.array(7, dtype=np.uint8)) == 3
