"""What counts as found, what as a false match."""

from dataclasses import replace

import pytest

from forensics.matching import rates
from forensics.model.match import Assessment, Decision, Match, Method, Segment, SegmentEvidence
from forensics.model.validation import CopyResult, NullKind, Outcome, Truth

TRUTH = Truth(
    query_start_s=3.0, query_end_s=8.0, reference_start_s=10.0, reference_end_s=20.0, speed=2.0, mirrored=False
)
GROUNDS = SegmentEvidence(
    frames=10,
    hamming_median=4.0,
    moments=3,
    inliers=50.0,
    cells=9.0,
    inlier_ratio=0.9,
    drift_px=0.1,
    motion=0.9,
    motion_z=9.0,
)
SEGMENT = Segment(
    query_start_s=3.5,
    query_end_s=7.5,
    reference_start_s=11.0,
    reference_end_s=19.0,
    speed=2.0,
    score=0.9,
    transform=None,
    evidence=GROUNDS,
)
ELSEWHERE = replace(SEGMENT, reference_start_s=31.0, reference_end_s=39.0)
MATCH = Match(
    query_id="q",
    reference_id="r",
    score=0.9,
    decision=Decision.MATCH,
    assessment=Assessment.SAME_RECORDING,
    mirrored=False,
    segments=(SEGMENT,),
    method=Method(name="m", version="1", params_sha256="0" * 64),
)


def row(source: str, outcome: Outcome, score: float = 0.9, attack: str = "trim") -> CopyResult:
    return CopyResult(
        source=source,
        attack=attack,
        values={},
        copy_sha256="c" * 64,
        truth=TRUTH,
        outcome=outcome,
        score=score,
        offset_error_s=None,
        start_error_s=None,
        end_error_s=None,
    )


def test_a_match_at_the_true_place_is_found_with_its_errors() -> None:
    assert rates.judge_copy(MATCH, TRUTH) == (Outcome.MATCHED, 0.9, (0.0, 0.5, 0.5))


def test_a_match_at_another_place_only_is_not_counted_as_found() -> None:
    assert rates.judge_copy(replace(MATCH, segments=(ELSEWHERE,)), TRUTH)[0] is Outcome.MISPLACED
    assert rates.judge_copy(replace(MATCH, segments=(ELSEWHERE, SEGMENT)), TRUTH)[0] is Outcome.MATCHED


def test_a_candidate_is_not_counted_as_found_and_keeps_its_score() -> None:
    assert rates.judge_copy(replace(MATCH, decision=Decision.CANDIDATE), TRUTH) == (Outcome.CANDIDATE, 0.9, None)
    assert rates.judge_copy(None, TRUTH) == (Outcome.MISSED, 0.0, None)


def test_the_overall_interval_is_wider_than_if_copies_of_one_source_were_independent() -> None:
    rows = [row(source, Outcome.MATCHED, attack=attack) for source in "ab" for attack in ("trim", "crop", "noise")]
    overall = rates.attack_result(rates.ALL, rows)
    assert (overall.copies, overall.matched, overall.effective) == (6, 6, 2.0)
    assert overall.recall_low == pytest.approx(0.342380, abs=1e-6)
    assert overall.recall_high == 1.0


def test_a_pair_counts_once_however_many_copies_were_tried() -> None:
    scores = {("a", "b"): 0.8, ("a", "c"): 0.2, ("b", "c"): 0.0}
    null = rates.null_result(NullKind.UNRELATED, scores, [("a", "b"), ("a", "b")], trials=60, left_out=2)
    assert (null.pairs, null.false_pairs, null.false_trials, null.candidate_pairs) == (3, 1, 2, 1)
    assert null.upper_bound == pytest.approx(0.864650, abs=1e-6)
    assert rates.search_size(10, null).whole_case == pytest.approx(45 * 0.864650, abs=1e-3)


def test_a_bound_is_never_rounded_down() -> None:
    null = rates.null_result(NullKind.UNRELATED, {(str(n), "x"): 0.0 for n in range(59)}, [], trials=59, left_out=0)
    assert null.upper_bound >= 1 - 0.05 ** (1 / 59)
    assert null.upper_bound == pytest.approx(1 - 0.05 ** (1 / 59), abs=2e-6)


def test_the_calibration_holds_sources_out_and_says_what_a_match_is_worth() -> None:
    names = [f"s{n:02}" for n in range(30)]
    rows = [row(name, Outcome.MATCHED) for name in names]
    negatives = {rates.pair_of(a, b): 0.0 for a in names for b in names if a < b}
    overall = rates.attack_result(rates.ALL, rows)
    null = rates.null_result(NullKind.UNRELATED, negatives, [], trials=len(negatives), left_out=0)
    fit = rates.calibrate(rows, negatives, overall, null)
    assert (fit.positives, fit.negatives, len(fit.blocks)) == (30, 435, 2)
    assert fit.cost is not None and fit.cost < 0.1
    assert fit.match_log10_ratio_low == pytest.approx(2.107, abs=0.01)


def test_without_unrelated_pairs_there_is_no_calibration() -> None:
    rows = [row("a", Outcome.MATCHED)]
    overall = rates.attack_result(rates.ALL, rows)
    null = rates.null_result(NullKind.UNRELATED, {}, [], trials=0, left_out=0)
    fit = rates.calibrate(rows, {}, overall, null)
    assert (fit.blocks, fit.cost, fit.match_log10_ratio_low, null.upper_bound) == ((), None, None, 1.0)
