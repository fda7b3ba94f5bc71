"""What is made quickly from many frames against the plain statement of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.matching.dense import Grid, change, detail
from forensics.matching.geometry import Floats
from forensics.matching.motion import BESIDE_S, LEAST_FRAMES, _Trial

SEEDS = st.integers(0, 2**32 - 1)


def frames_of(seed: int, count: int, *shape: int) -> Grid:
    return np.random.default_rng(seed).normal(0.0, 40.0, (count, *shape)).astype(np.float32)


def times_of(seed: int, count: int) -> Floats:
    """Rising times a tenth of a second apart, some doubled, some with a gap."""
    steps = np.random.default_rng(seed).choice([0.0, 0.1, 0.1, 0.1, 1.3], count)
    return np.cumsum(steps)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(1, 70), st.sampled_from((0.1, 0.5, 1.5)))
def test_change_is_each_frame_less_the_mean_of_those_near_it_in_its_shot(seed: int, count: int, span_s: float) -> None:
    rows, seconds = frames_of(seed, count, 9), times_of(seed, count)
    shot = np.sort(np.random.default_rng(seed).integers(0, 3, count))
    found = change(rows, seconds, span_s, shot)
    for at in range(count):
        near = (seconds >= seconds[at] - span_s) & (seconds <= seconds[at] + span_s) & (shot == shot[at])
        assert np.allclose(found[at], rows[at] - rows[near].mean(0, dtype=np.float64), atol=2e-4)


@pytest.mark.parametrize(("first", "last"), [(0, 0), (0, 40), (7, 30), (39, 40)])
def test_detail_known_of_some_frames_is_what_is_made_of_all(first: int, last: int) -> None:
    frames = frames_of(1, 40, 20, 30)
    filled: npt.NDArray[np.bool_] = np.ones((20, 30), bool)
    filled[:4, 5:] = False
    known = detail(frames[first:last], filled, 3.0)
    whole = detail(frames, filled, 3.0)
    assert np.allclose(detail(frames, filled, 3.0, (slice(first, last), known)), whole, atol=1e-3)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(2, 40), st.integers(2, 60), st.sampled_from((0.5, 1.0, -1.0)))
def test_offsets_tried_together_correlate_as_each_alone(seed: int, ours: int, theirs: int, speed: float) -> None:
    one, two = np.abs(frames_of(seed, ours, 5)), np.abs(frames_of(seed + 1, theirs, 5))
    energies = (one * one).sum(1), (two * two).sum(1)
    query_s, reference_s = times_of(seed, ours), times_of(seed + 1, theirs)
    trial = _Trial(
        query_s=query_s, reference_s=reference_s, table=one @ two.T, speed=speed,
        energy_q=energies[0], energy_r=energies[1], level_q=energies[0], level_r=energies[1],
    )  # fmt: skip
    offsets = np.arange(-10.0, 12.0, 0.31)
    values, counts = trial.at_offsets(offsets)
    for offset, value, count in zip(offsets.tolist(), values.tolist(), counts.tolist(), strict=True):
        index, rows = trial.beside(offset)
        assert len(rows) == count
        near = np.abs(reference_s[rows] - (speed * query_s[index] + offset))
        assert (near <= BESIDE_S).all()
        if count < LEAST_FRAMES:
            assert np.isnan(value)
            continue
        both = float(energies[0][index].sum(dtype=np.float64)) * float(energies[1][rows].sum(dtype=np.float64))
        assert value == pytest.approx(float(trial.table[index, rows].sum(dtype=np.float64)) / np.sqrt(both), abs=1e-5)
