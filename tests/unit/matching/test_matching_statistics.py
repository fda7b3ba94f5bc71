"""Intervals and bounds against published and independent values; the laws of the fit."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from forensics.matching import statistics


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_score_interval_is_that_of_newcombe_1998_table_i(successes, trials, low, high) -> None:
    assert statistics.wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_without_trials_nothing_is_known() -> None:
    assert statistics.wilson(0, 0) == (0.0, 1.0)
    assert statistics.clopper_pearson_upper(0, 0) == 1.0


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_score_interval_holds_the_share_and_mirrors(counts) -> None:
    successes, trials = counts
    low, high = statistics.wilson(successes, trials)
    assert 0 <= low <= successes / trials <= high <= 1
    assert statistics.wilson(trials - successes, trials) == pytest.approx((1 - high, 1 - low), abs=1e-12)


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, min(n, 40)), st.just(n))))
def test_the_exact_bound_is_the_beta_quantile(counts) -> None:
    successes, trials = counts
    expected = 1.0 if successes == trials else stats.beta.ppf(0.95, successes + 1, trials - successes)
    assert statistics.clopper_pearson_upper(successes, trials) == pytest.approx(expected, rel=1e-9)


def test_no_false_match_in_a_hundred_thousand_pairs_gives_the_rule_of_three() -> None:
    bound = statistics.clopper_pearson_upper(0, 100_000)
    assert bound == pytest.approx(1 - 0.05 ** (1 / 100_000), rel=1e-9)
    assert bound == pytest.approx(3 / 100_000, rel=0.002)


def test_more_successes_than_trials_are_refused() -> None:
    for function in (statistics.wilson, statistics.clopper_pearson_upper):
        with pytest.raises(ValueError, match="3 successes of 2"):
            function(3, 2)


def test_copies_of_one_source_that_share_its_fate_count_as_one() -> None:
    assert statistics.effective_trials([10, 0, 10, 0], [10] * 4) == pytest.approx(4, abs=1.1)
    assert statistics.effective_trials([10, 10, 10, 10], [10] * 4) == 4
    assert statistics.effective_trials([5, 5, 5, 5], [10] * 4) == 40
    assert statistics.effective_trials([3], [10]) == 1


@given(
    st.lists(st.tuples(st.floats(-100, 100), st.floats(0.1, 10)), min_size=1, max_size=40),
)
def test_the_isotonic_fit_is_scipys(pairs) -> None:
    values, weights = (np.array(column) for column in zip(*pairs, strict=True))
    ours = statistics.isotonic(values, weights)
    assert (np.diff(ours) >= 0).all()
    assert ours == pytest.approx(optimize.isotonic_regression(values, weights=weights).x, abs=1e-9)


scores = st.lists(st.integers(0, 20).map(lambda step: step / 20), min_size=1, max_size=60)


@given(scores, scores)
def test_ratios_rise_with_the_score_and_no_sample_supports_an_infinite_one(positives, negatives) -> None:
    blocks = statistics.likelihood_ratios(positives, negatives)
    ratios = [block.log10_ratio for block in blocks]
    assert ratios == sorted(ratios)
    assert sum(block.positives for block in blocks) == len(positives)
    assert sum(block.negatives for block in blocks) == len(negatives)
    assert max(ratios) <= math.log10(len(negatives) + 2) + 1e-9
    assert min(ratios) >= -math.log10(len(positives) + 2) - 1e-9


def test_separated_scores_give_a_ratio_of_about_the_number_of_pairs_tried() -> None:
    blocks = statistics.likelihood_ratios([0.9] * 50, [0.0] * 1000)
    assert [(block.low, block.high) for block in blocks] == [(0.0, 0.0), (0.9, 0.9)]
    assert statistics.ratio_of(0.95, blocks) == pytest.approx(math.log10(51 / 1 / (52 / 1002)))
    assert statistics.ratio_of(0.5, blocks) == blocks[0].log10_ratio


def test_ratios_that_say_nothing_cost_one_and_right_ones_less() -> None:
    assert statistics.ratio_cost([0.0] * 5, [0.0] * 9) == pytest.approx(1.0)
    assert statistics.ratio_cost([2.0] * 5, [-2.0] * 9) < 0.02
    assert statistics.ratio_cost([-2.0], [2.0]) > 6
    assert statistics.ratio_cost([], [1.0]) is None


def test_a_quantile_is_an_observed_value() -> None:
    assert statistics.quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert statistics.quantile([float(n) for n in range(1, 11)], 0.9) == 9.0
    assert statistics.quantile([], 0.5) is None
