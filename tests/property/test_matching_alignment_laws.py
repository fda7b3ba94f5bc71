from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.matching.alignment import assign, best_line, speeds


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(-400, 4000), st.integers(5, 40))
def test_alignment_does_not_depend_on_where_the_reference_clock_begins(seed: int, tenths: int, first: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.normal(scale=0.05, size=(50, 60)) - 0.1
    rows = np.arange(first, min(50, first + 20))
    table[rows, rows + 5] += 0.7
    query, reference = np.arange(50) / 10, np.arange(60) / 10
    plain = best_line(table, query, reference, speeds())
    shifted = best_line(table, query, reference + tenths / 10, speeds())
    if plain is None:
        assert shifted is None
        return
    assert shifted is not None
    assert (plain.first, plain.last, plain.speed) == (shifted.first, shifted.last, shifted.speed)
    assert abs(shifted.offset_s - plain.offset_s - tenths / 10) < 1e-6


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(2, 40))
def test_no_single_line_gains_more_than_the_division_among_lines(seed: int, count: int, rows: int) -> None:
    values = np.random.default_rng(seed).normal(size=(count, rows))
    path = assign(values, 0.8)
    gained = sum(values[line, row] for row, line in enumerate(path) if line >= 0)
    changes = int(np.count_nonzero(np.diff(path)))
    best = max(0.0, float(values.sum(axis=1).max()))
    assert gained - 0.8 * changes >= best - 1e-9
