from __future__ import annotations

import numpy as np
import pytest

from forensics.matching.alignment import assign, best_line, nearest, speeds
from forensics.matching.motion import Pair
from forensics.matching.table import lines, table_of

TIMES = np.arange(120) / 10.0


def gains(speed: float, offset: float, first: float, last: float) -> np.ndarray:
    """A table that gains along one line and loses elsewhere."""
    miss = np.abs(speed * TIMES[:, None] + offset - TIMES[None, :])
    inside = ((first <= TIMES) & (last >= TIMES))[:, None]
    return np.where(inside, 0.7 * np.maximum(0.0, 1.0 - miss / 0.2), 0.0) - 0.15


def frames(seed: int, count: int = 120, cells: int = 400) -> np.ndarray:
    """Smoothly changing rows, as a moving scene gives."""
    rng = np.random.default_rng(seed)
    knots = rng.normal(size=(count // 4 + 3, cells)) * 20
    at = np.arange(count) / 4.0
    low = at.astype(int)
    part = (at - low)[:, None]
    return ((1 - part) * knots[low] + part * knots[low + 1]).astype(np.float32)


def pair(query: np.ndarray, reference: np.ndarray) -> Pair:
    return Pair(
        np.arange(len(query)) / 10, query, np.arange(len(reference)) / 10, reference, 1.0, np.full(query.shape[1], 0.5)
    )


def found_in(query: np.ndarray, reference: np.ndarray) -> list[tuple[float, float, float, float]]:
    table = table_of(pair(query, reference))
    out = lines(table, np.zeros(len(query), bool), 1.5, 8)
    return [(n.speed, n.offset_s, float(table.query_s[n.first]), float(table.query_s[n.last])) for n in out]


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.0, 1.25, 1.5, 2.0])
def test_a_speed_is_recovered(speed: float) -> None:
    line = best_line(gains(speed, 1.0, 0.5, 5.0), TIMES, TIMES, speeds())
    assert line is not None
    assert line.speed == pytest.approx(speed, rel=0.04)
    assert line.speed * 2.5 + line.offset_s == pytest.approx(speed * 2.5 + 1.0, abs=0.25)


def test_the_ends_of_a_stretch_are_recovered() -> None:
    line = best_line(gains(1.0, 2.0, 3.0, 7.0), TIMES, TIMES, speeds())
    assert line is not None
    assert (line.speed, round(line.offset_s, 3), line.first, line.last) == (1.0, 2.0, 30, 70)


def test_a_table_without_gains_has_no_line() -> None:
    assert best_line(np.full((20, 20), -0.1), TIMES[:20], TIMES[:20], speeds()) is None


def test_a_copied_stretch_is_found_to_the_frame() -> None:
    reference = frames(1)
    query = np.concatenate([frames(2, 30), reference[40:90], frames(3, 30)])
    (only,) = found_in(query, reference)
    assert only[0] == 1.0
    assert only[1] == pytest.approx(1.0, abs=0.05)
    assert only[2] == pytest.approx(3.0, abs=0.15)
    assert only[3] == pytest.approx(7.9, abs=0.15)


def test_two_stretches_of_one_reference_are_found_in_their_order() -> None:
    reference = frames(4)
    query = np.concatenate([reference[80:115], frames(5, 20), reference[5:45]])
    first, second = found_in(query, reference)
    assert first[1] == pytest.approx(8.0, abs=0.05)
    assert second[1] == pytest.approx(0.5 - 5.5, abs=0.05)
    assert first[3] == pytest.approx(3.4, abs=0.15)
    assert second[2] == pytest.approx(5.5, abs=0.15)


def test_a_freeze_parts_a_copy_in_two() -> None:
    reference = frames(6)
    query = np.concatenate([reference[:40], np.repeat(reference[40:41], 25, axis=0), reference[40:90]])
    first, second = found_in(query, reference)
    assert first[1] == pytest.approx(0.0, abs=0.05)
    assert second[1] == pytest.approx(-2.5, abs=0.05)
    assert first[3] < 4.6
    assert second[2] > 5.9


def test_footage_played_backwards_is_found_at_speed_minus_one() -> None:
    reference = frames(9)
    (only,) = found_in(reference[30:80][::-1], reference)
    assert only[0] == -1.0
    assert only[1] == pytest.approx(7.9, abs=0.05)


def test_other_footage_has_no_stretch() -> None:
    assert found_in(frames(7), frames(8)) == []


def test_rows_go_to_the_line_under_which_they_gain_most() -> None:
    values = np.full((2, 30), -0.5)
    values[0, 2:12] = 0.4
    values[1, 12:25] = 0.4
    path = assign(values, 0.8)
    assert path[:2].tolist() == [-1, -1]
    assert set(path[2:12].tolist()) == {0}
    assert set(path[12:25].tolist()) == {1}
    assert set(path[25:].tolist()) == {-1}


def test_the_nearest_frame_and_its_reach() -> None:
    rows, inside = nearest(np.array([0.0, 0.1, 0.2]), np.array([-0.5, 0.04, 0.16, 0.26]), 0.12)
    assert rows.tolist() == [0, 0, 2, 2]
    assert inside.tolist() == [False, True, True, True]
