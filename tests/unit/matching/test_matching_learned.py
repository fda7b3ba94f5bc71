"""What a learned model may add to a ranking, and what it may not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.matching import Candidate, LearnedParams, Ranking, Seed, with_learned
from forensics.matching.candidates import LEAST_ANCHOR_INLIERS
from forensics.matching.geometry import Pose
from forensics.matching.learned import ROWS_AT_ONCE, closest
from forensics.model.learned import Descriptors

LENGTH = 24
PARAMS = LearnedParams()
LEAST_PROVEN = LEAST_ANCHOR_INLIERS / 4.0


def units(rows: int, seed: int) -> np.ndarray:
    drawn = np.random.RandomState(seed).standard_normal((rows, LENGTH))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float16)


def said(rows: np.ndarray) -> Descriptors:
    return Descriptors(seconds=np.arange(len(rows)) * 2.0, as_is=rows, negative=units(len(rows), 999))


def leaning(row: np.ndarray, cosine: float, seed: int) -> np.ndarray:
    """A unit vector at this cosine from another."""
    base = row.astype(np.float64)
    other = units(1, seed)[0].astype(np.float64)
    other -= (other @ base) * base
    other /= np.linalg.norm(other)
    return np.asarray(cosine * base + np.sqrt(1 - cosine**2) * other, np.float16)


QUERY = said(units(4, 1))
NOTHING = Ranking((), 0)


def holding(cosine: float, seed: int = 50) -> Descriptors:
    """A video whose second picture has this cosine to the third of the query, and all others far less."""
    rows = np.stack([leaning(QUERY.as_is[2], 0.0, seed + n) for n in range(3)])
    rows[1] = leaning(QUERY.as_is[2], cosine, seed)
    return said(rows)


def test_a_close_picture_makes_a_candidate_at_its_place_as_is_and_mirrored() -> None:
    (made,) = with_learned(NOTHING, ("q", QUERY), {"r": holding(0.9)}).candidates
    assert (made.query_id, made.reference_id) == ("q", "r")
    assert [(seed.query_s, seed.reference_s, seed.pose) for seed in made.seeds] == [
        (4.0, 2.0, Pose(False, False)),
        (4.0, 2.0, Pose(True, False)),
    ]
    assert all(seed.learned and not seed.by_hash for seed in made.seeds)


def test_an_unrelated_video_is_not_proposed() -> None:
    assert with_learned(NOTHING, ("q", QUERY), {"r": holding(0.49)}) == NOTHING
    assert with_learned(NOTHING, ("q", QUERY), {"r": said(units(0, 1))}) == NOTHING


def test_rows_that_say_nothing_propose_nothing() -> None:
    silent = said(np.zeros((3, LENGTH), np.float16))
    assert with_learned(NOTHING, ("q", silent), {"r": silent}) == NOTHING


def test_a_negative_is_proposed_as_one() -> None:
    query = Descriptors(seconds=QUERY.seconds, as_is=QUERY.as_is, negative=np.roll(units(4, 7), 1, axis=0))
    (made,) = with_learned(NOTHING, ("q", query), {"r": said(query.negative[:2])}).candidates
    assert made.seeds[0].pose.inverted


def test_all_weights_lie_below_what_geometry_proved() -> None:
    (made,) = with_learned(NOTHING, ("q", QUERY), {"q2": QUERY}).candidates
    assert all(0 < seed.weight <= 1.0 < LEAST_PROVEN for seed in made.seeds)


def test_seeds_of_a_known_candidate_stand_behind_its_heavier_ones_in_their_order() -> None:
    own = tuple(
        Seed(query_s=0.0, reference_s=at, pose=Pose(), weight=weight, by_hash=False)
        for at, weight in ((1.0, 5.0), (9.0, LEAST_PROVEN), (17.0, 0.3), (1.5, 4.0))
    )
    known = Candidate(query_id="q", reference_id="r", score=7.0, seeds=own)
    (made,) = with_learned(Ranking((known,), 3), ("q", QUERY), {"r": holding(0.9)}).candidates
    assert made.score == 7.0
    assert tuple(seed for seed in made.seeds if not seed.learned) == own
    assert [seed.learned for seed in made.seeds] == [False, False, True, True, False, False]


def test_new_candidates_come_last_the_closest_first_and_only_a_few() -> None:
    known = Candidate(query_id="q", reference_id="k", score=0.1, seeds=())
    others = {f"r{n}": holding(0.6 + n / 100, seed=100 + 10 * n) for n in range(9)}
    made = with_learned(Ranking((known,), 2), ("q", QUERY), others)
    assert made.left_out == 2
    assert [each.reference_id for each in made.candidates] == ["k", "r8", "r7", "r6", "r5", "r4"]


def test_places_of_a_pair_stand_apart_in_time() -> None:
    (made,) = with_learned(NOTHING, ("q", QUERY), {"q2": QUERY}).candidates
    places = sorted({(seed.query_s, seed.reference_s) for seed in made.seeds})
    assert len(places) == PARAMS.most_places
    assert places[1][0] - places[0][0] >= PARAMS.apart_s


@given(st.permutations(range(6)))
def test_the_order_of_the_references_changes_nothing(order: list[int]) -> None:
    videos = {f"r{n}": holding(0.55 + n / 20, seed=10 * n) for n in range(6)}
    usual = with_learned(NOTHING, ("q", QUERY), videos)
    assert with_learned(NOTHING, ("q", QUERY), {f"r{n}": videos[f"r{n}"] for n in order}) == usual


@pytest.mark.parametrize("rows", [1, ROWS_AT_ONCE - 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 3 * ROWS_AT_ONCE])
def test_the_closest_rows_are_those_of_comparing_one_by_one(rows: int) -> None:
    ours, theirs = units(rows, 3), units(40, 4)
    theirs[7] = ours[-1]
    cosine, column = closest(ours, theirs)
    for row in range(rows):
        each = [float(ours[row].astype(np.float64) @ other.astype(np.float64)) for other in theirs]
        assert cosine[row] == pytest.approx(max(each), abs=1e-5)
        assert each[column[row]] == pytest.approx(max(each), abs=1e-5)
    assert column[-1] == 7
