"""A reel: what is kept of reduced frames is what reducing each frame anew gives, whatever was asked before."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.matching.geometry import Pose
from forensics.matching.reel import Reel, averaged, reduced
from forensics.model.media import Window

COUNT = 12
ASKED = st.tuples(
    st.one_of(
        st.tuples(st.integers(0, COUNT), st.integers(0, COUNT)).map(lambda ends: slice(*ends)),
        st.lists(st.integers(0, COUNT - 1), max_size=6).map(lambda rows: np.array(rows, np.intp)),
    ),
    st.sampled_from((1, 2, 4, 8)),
    st.builds(Pose, st.booleans(), st.booleans()),
)


def reel_of(height: int, width: int, seed: int) -> Reel:
    luma = np.random.default_rng(seed).integers(0, 256, (COUNT, height, width), np.uint8)
    return Reel(Window(np.arange(COUNT) / 10, luma))


@settings(max_examples=100, deadline=None)
@given(st.integers(32, 70), st.integers(32, 70), st.integers(0, 2**32 - 1), st.lists(ASKED, min_size=1, max_size=6))
def test_frames_are_reduced_as_each_alone_whatever_was_asked_before(
    height: int, width: int, seed: int, asked: list[tuple[slice, int, Pose]]
) -> None:
    reel = reel_of(height, width, seed)
    for rows, by, pose in asked:
        part = reel.part(rows)
        found = part.reduced(by, pose)
        assert len(found) == len(part.seconds) == len(part.luma)
        assert part.seconds.tolist() == reel.seconds[rows].tolist()
        for one, frame in zip(found, reel.luma[rows], strict=True):
            assert np.array_equal(one, reduced(frame[None], by, pose)[0])


def test_the_frames_between_two_times_are_those_of_the_whole() -> None:
    reel = reel_of(40, 40, 1)
    part = reel.between(0.3, 0.6)
    assert part.seconds.tolist() == reel.seconds[3:7].tolist()
    assert np.array_equal(part.reduced(4, Pose()), reel.reduced(4, Pose())[3:7])


def test_a_part_has_no_parts() -> None:
    with pytest.raises(ValueError, match="whole reel"):
        reel_of(40, 40, 2).between(0.3, 0.6).part(slice(0, 1))


@pytest.mark.parametrize("by", [2, 4, 8, 16])
@pytest.mark.parametrize("levels", [2, 256])
def test_pixels_are_averaged_as_opencv_averages_them(by: int, levels: int) -> None:
    """With few levels many means lie half way between two: these must go the same way."""
    luma = np.random.default_rng(by).integers(0, levels, (5, 4 * by, 12 * by)).astype(np.uint8)
    luma[0] = 255
    size = (12, 4)
    wanted = [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in luma]
    assert np.array_equal(averaged(luma, by), wanted)
