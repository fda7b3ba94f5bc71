"""Each fast stage of matching against the plain definition of what it computes, on tables small enough to try all."""

from __future__ import annotations

from itertools import pairwise, product

import cv2
import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from forensics.fingerprint import SPEC
from forensics.fingerprint.fingerprinter import KEEP_SECONDS, Keeper
from forensics.matching.alignment import (
    AS_RECORDED,
    BESIDE_S,
    OFFSET_STEP_S,
    _best_stretch,
    _lines_at,
    assign,
    best_line,
    nearest,
    speeds,
)
from forensics.matching.dense import change, detail
from forensics.matching.geometry import Fit, drift_px
from forensics.model.time import TimeBase

Floats = npt.NDArray[np.float64]

EIGHTHS = st.integers(-64, 64).map(lambda n: n / 8)
"""Values whose sums are exact in binary, so that equal sums are equal."""


def sorted_times(most: int) -> st.SearchStrategy[Floats]:
    """Rising times in eighths of a second, equal ones among them."""
    steps = st.lists(st.integers(0, 6), min_size=1, max_size=most)
    return st.tuples(EIGHTHS, steps).map(lambda drawn: drawn[0] + np.cumsum(drawn[1]) / 8)


@settings(max_examples=200, deadline=None)
@given(arrays.arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 12)), elements=EIGHTHS))
def test_the_best_stretch_is_the_best_of_all_stretches(values: Floats) -> None:
    gains, firsts, lasts = _best_stretch(values)
    for row, gain, first, last in zip(values, gains, firsts, lasts, strict=True):
        assert gain == max(row[a : b + 1].sum() for a in range(len(row)) for b in range(a, len(row)))
        assert first <= last
        assert row[first : last + 1].sum() == gain


@settings(max_examples=100, deadline=None)
@given(
    arrays.arrays(np.float64, st.tuples(st.integers(1, 3), st.integers(1, 5)), elements=EIGHTHS),
    st.integers(0, 24).map(lambda n: n / 8),
)
def test_the_division_among_lines_is_the_best_of_all_divisions(values: Floats, switch: float) -> None:
    def gained(path: tuple[int, ...]) -> float:
        won = sum(values[line, row] for row, line in enumerate(path) if line >= 0)
        return float(won) - switch * sum(a != b for a, b in pairwise(path))

    states = range(-1, len(values))
    best = max(gained(path) for path in product(states, repeat=values.shape[1]))
    assert gained(tuple(assign(values, switch).tolist())) == best


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 40), st.integers(8, 40), st.integers(8, 60), st.integers(0, 2**32 - 1), st.sampled_from((2.0, 6.0))
)
def test_detail_is_what_a_blur_of_each_frame_leaves(
    count: int, rows: int, columns: int, seed: int, sigma: float
) -> None:
    random = np.random.default_rng(seed)
    frames = random.uniform(0, 255, (count, rows, columns)).astype(np.float32)
    filled = random.random((rows, columns)) < 0.9
    weight = filled.astype(np.float32)
    share = cv2.GaussianBlur(weight, (0, 0), sigma) + 1e-6
    plain = [(frame - cv2.GaussianBlur(frame * weight, (0, 0), sigma) / share) * weight for frame in frames]
    assert np.allclose(detail(frames, filled, sigma), plain, atol=1e-3)


@settings(max_examples=200, deadline=None)
@given(sorted_times(12), st.lists(EIGHTHS, min_size=1, max_size=12), st.integers(0, 12).map(lambda n: n / 8))
def test_the_nearest_row_is_as_near_as_any(seconds: Floats, wanted: list[float], reach: float) -> None:
    rows, inside = nearest(seconds, np.array(wanted), reach)
    apart = np.abs(np.array(wanted)[:, None] - seconds[None, :])
    assert np.abs(seconds[rows] - wanted).tolist() == apart.min(axis=1).tolist()
    assert inside.tolist() == (apart.min(axis=1) <= reach).tolist()


@st.composite
def frames_in_shots(draw: st.DrawFn) -> tuple[npt.NDArray[np.float32], Floats, npt.NDArray[np.int64]]:
    seconds = draw(sorted_times(14))
    rows = draw(arrays.arrays(np.float32, (len(seconds), 3), elements=st.integers(-200, 200)))
    cuts = draw(arrays.arrays(np.int64, len(seconds), elements=st.integers(0, 1)))
    return rows, seconds, np.cumsum(cuts)


@settings(max_examples=150, deadline=None)
@given(frames_in_shots(), st.integers(0, 16).map(lambda n: n / 8))
def test_change_is_the_frame_minus_the_plain_mean_of_its_neighbours(
    film: tuple[npt.NDArray[np.float32], Floats, npt.NDArray[np.int64]], span: float
) -> None:
    rows, seconds, shot = film
    found = change(rows, seconds, span, shot)
    for row in range(len(rows)):
        beside = (np.abs(seconds - seconds[row]) <= span) & (shot == shot[row])
        expected = rows[row] - rows[beside].astype(np.float64).mean(axis=0)
        assert np.allclose(found[row], expected, atol=1e-4)


def _fit(matrix: Floats) -> Fit:
    empty = np.zeros((0, 2), np.float32)
    return Fit(matrix=matrix, inliers=20, cells=8, putative=40, source=empty, target=empty)


@settings(max_examples=100, deadline=None)
@given(st.lists(arrays.arrays(np.float64, (2, 3), elements=EIGHTHS), min_size=1, max_size=6))
def test_drift_is_the_root_mean_square_distance_of_the_centres_from_their_mean(matrices: list[Floats]) -> None:
    found = drift_px([_fit(matrix) for matrix in matrices], 512, 288)
    if len(matrices) < 2:
        assert found is None
        return
    places = [(m[0, 0] * 256 + m[0, 1] * 144 + m[0, 2], m[1, 0] * 256 + m[1, 1] * 144 + m[1, 2]) for m in matrices]
    x, y = (sum(place[axis] for place in places) / len(places) for axis in (0, 1))
    square = sum((a - x) ** 2 + (b - y) ** 2 for a, b in places) / len(places)
    assert found is not None
    assert abs(found - square**0.5) <= 1e-9 * (1 + square**0.5)


def _line_by_trying_all(gains: Floats, query: Floats, reference: Floats, speed: float, outside: float) -> float:
    """The greatest sum over a stretch of a line of this speed, at any offset of the grid."""
    best = -np.inf
    low, high = reference[0] - abs(speed) * 20, reference[-1] + abs(speed) * 20
    for step in range(int(np.floor(low / OFFSET_STEP_S)), int(np.ceil(high / OFFSET_STEP_S)) + 1):
        values = []
        for row, at in enumerate(query):
            apart = np.abs(reference - (speed * at + step * OFFSET_STEP_S))
            values.append(gains[row, int(apart.argmin())] if apart.min() <= BESIDE_S else outside)
        best = max(best, max(sum(values[a : b + 1]) for a in range(len(values)) for b in range(a, len(values))))
    return best


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(np.float64, st.tuples(st.integers(2, 7), st.integers(2, 7)), elements=EIGHTHS),
    st.sampled_from([1.0, 0.5, 2.0, -1.0]),
)
def test_the_best_line_gains_as_much_as_any_line_of_its_speed(gains: Floats, speed: float) -> None:
    query, reference = np.arange(gains.shape[0]) * 0.2 + 0.05, np.arange(gains.shape[1]) * 0.2
    truth = _line_by_trying_all(gains, query, reference, speed, -0.25)
    found = best_line(gains, query, reference, (speed,), outside=-0.25)
    if truth <= 0:
        assert found is None
        return
    assert found is not None
    assert abs(found.gain - truth) < 1e-9


@settings(max_examples=40, deadline=None)
@given(arrays.arrays(np.float64, (6, 6), elements=EIGHTHS))
def test_of_several_speeds_the_one_that_gains_most_is_taken_unless_speed_one_does_nearly_as_well(
    gains: Floats,
) -> None:
    times = np.arange(6) * 0.2
    tried = (0.5, 1.0, 2.0)
    each = {speed: _line_by_trying_all(gains, times, times, speed, -0.25) for speed in tried}
    found = best_line(gains, times, times, tried, outside=-0.25)
    best = max(each.values())
    if best <= 0:
        assert found is None
        return
    assert found is not None
    assert abs(found.gain - each[found.speed]) < 1e-9
    if each[1.0] >= 0.9 * best + 1e-9:
        assert found.speed == 1.0
    elif each[1.0] < 0.9 * best - 1e-9:
        assert each[found.speed] >= best - 1e-9


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.integers(2, 40), st.integers(0, 2**32 - 1), st.sampled_from((-0.5, -0.1, 0.1)))
def test_what_is_passed_over_in_the_search_for_lines_would_not_have_been_the_best(
    rows: int, columns: int, seed: int, mean: float
) -> None:
    gains = np.random.default_rng(seed).normal(mean, 0.5, (rows, columns))
    query, reference = np.arange(rows) * 0.1 + 0.05, np.arange(columns) * 0.1
    each = [_lines_at(gains, query, reference, speed, -0.2) for speed in speeds()]
    lines = [line for line in each if line is not None and line.gain > 0]
    plain = next((line for line in lines if line.speed == 1.0), None)
    best = max(lines, key=lambda line: (line.gain, -abs(np.log(abs(line.speed)))), default=None)
    if best is not None and plain is not None and plain.gain >= AS_RECORDED * best.gain:
        best = plain
    assert best_line(gains, query, reference, speeds()) == best


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(-3, 40)), min_size=1, max_size=60),
    st.integers(1, 60),
)
def test_hashes_are_kept_by_the_rule_as_it_is_written(steps: list[tuple[int, int]], rate: int) -> None:
    bits = np.zeros((len(steps), 256), np.uint8)
    for row, (flips, _) in enumerate(steps):
        bits[row, (np.arange(flips) * 37 + 11 * row) % 256] = 1
    bits = np.bitwise_xor.accumulate(bits, axis=0)
    pts = np.cumsum([step for _, step in steps]).astype(np.int64)
    expected = [0]
    for row in range(1, len(steps)):
        last = expected[-1]
        far = int((bits[row] != bits[last]).sum()) > SPEC.keep_bits
        if far or abs(int(pts[row] - pts[last])) >= KEEP_SECONDS * rate:
            expected.append(row)
    assert Keeper(TimeBase(num=1, den=rate)).rows(np.packbits(bits, axis=1), pts) == expected
