"""Mirrored, turned and inverted codes, against hashing the changed picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from forensics.fingerprint import AS_IS, VIEWS, View, hash_batch, variants
from forensics.model.hamming import hamming
from tests.unit.fingerprint.scenes import RECIPE, decoded, flight

EXACT = [view for view in VIEWS if (view.mirrored, view.quarter_turns) in ((False, 0), (True, 1))]


def seen_as(frames: npt.NDArray[np.uint8], view: View) -> npt.NDArray[np.uint8]:
    """What a query shows when the reference was treated as the view says, in the view's order."""
    shown = frames[:, :, ::-1] if view.mirrored else frames
    shown = 255 - shown if view.inverted else shown
    return np.ascontiguousarray(np.rot90(shown, view.quarter_turns, axes=(1, 2)))


def bits_off(frames: npt.NDArray[np.uint8], view: View) -> npt.NDArray[np.uint16]:
    query, _ = hash_batch(seen_as(frames, view))
    return hamming(variants(query)[view], hash_batch(frames)[0])


def test_there_are_sixteen_different_views_and_the_plain_one_is_first() -> None:
    assert VIEWS[0] == AS_IS
    assert len(set(VIEWS)) == 16
    codes, _ = hash_batch(flight(1, 1))
    assert len({code.tobytes() for code in variants(codes).values()}) == 16


def test_the_plain_view_is_the_codes_themselves() -> None:
    codes, _ = hash_batch(flight(1, 4))
    assert np.array_equal(variants(codes)[AS_IS], codes)


def test_a_view_is_a_plain_tuple_of_what_was_done() -> None:
    assert (True, False, 3) in variants(hash_batch(flight(1, 1))[0])


@pytest.mark.parametrize("view", EXACT)
def test_transposed_and_negative_pictures_are_found_exactly(view: View) -> None:
    assert bits_off(flight(6, 40), view).max() == 0


@pytest.mark.parametrize("view", [view for view in VIEWS if view not in EXACT])
def test_mirrored_and_turned_pictures_are_found_within_thirty_bits(view: View) -> None:
    distance = bits_off(flight(6, 40), view)
    assert np.median(distance) <= 12
    assert distance.max() <= 30


def test_another_view_than_the_right_one_is_as_far_as_unrelated_footage() -> None:
    frames = flight(7, 20)
    mirrored, _ = hash_batch(seen_as(frames, View(mirrored=True, inverted=False, quarter_turns=0)))
    plain, _ = hash_batch(frames)
    assert np.median(hamming(mirrored, plain)) > 90


def test_real_footage_is_found_in_every_view(shared: Path) -> None:
    frames = decoded(
        ["-i", str(shared / "bench" / "sources" / "karma.mp4"), "-frames:v", "30", "-vf", RECIPE], (64, 64)
    )
    assert max(int(bits_off(frames, view).max()) for view in VIEWS) <= 26


def test_no_codes_have_no_codes_in_any_view() -> None:
    assert {codes.shape for codes in variants(np.zeros((0, 32), dtype=np.uint8)).values()} == {(0, 32)}
