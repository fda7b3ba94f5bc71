"""Laws of the Hamming distance, on which every index and every radius rests."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from forensics.fingerprint import VIEWS, variants
from forensics.model.hamming import hamming

CODES = arrays.arrays(np.uint8, 32)


@settings(max_examples=200, deadline=None)
@given(CODES, CODES, CODES)
def test_the_distance_is_a_metric(a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8], c: npt.NDArray[np.uint8]) -> None:
    assert (hamming(a, b) == 0) == np.array_equal(a, b)
    assert hamming(a, b) == hamming(b, a)
    assert int(hamming(a, c)) <= int(hamming(a, b)) + int(hamming(b, c))
    assert hamming(a, b) + hamming(a, ~b) == 256


@settings(max_examples=60, deadline=None)
@given(CODES, CODES, st.sampled_from(VIEWS))
def test_a_view_keeps_all_distances(
    a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8], view: tuple[bool, bool, int]
) -> None:
    both = variants(np.stack([a, b]))[view]  # type: ignore[index]
    assert hamming(both[0], both[1]) == hamming(a, b)


@settings(max_examples=60, deadline=None)
@given(CODES)
def test_two_views_never_fall_together(a: npt.NDArray[np.uint8]) -> None:
    seen = {codes.tobytes() for codes in variants(np.stack([a])).values()}
    inverted = {bytes(255 - value for value in code) for code in seen}
    assert seen == inverted
