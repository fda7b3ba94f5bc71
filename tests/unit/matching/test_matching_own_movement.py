"""Two pictures that move alike: copies are told from two recordings of one place by what moves of its own."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from forensics.matching import own_movement
from forensics.matching.examine import explore
from forensics.matching.following import STAYS, followable, movement, side_by_side
from forensics.matching.geometry import AS_IS, Pose
from forensics.matching.own_movement import checked, held_motion
from forensics.matching.pairing import Pairing
from forensics.matching.params import PARAMS
from forensics.matching.verdict import Stretch, strength
from forensics.model.match import Decision
from forensics.model.media import Window
from tests.unit.matching.scenes import joined, mirrored, stretch, take
from tests.unit.matching.test_matching_steadied import examined, pairing, placed, wandering

PLACE, EVENTS, OTHER_EVENTS = 11, 21, 77


def moving(events: int, px: float = 30.0, rate: float = 3.0, movers: int = 4) -> Window:
    """Eleven seconds of a place under one movement; what moves of its own depends on ``events``."""
    return wandering(take(PLACE, events, 110, movers=movers), px, rate)


def captioned(window: Window, rows: slice) -> Window:
    """The same with a striped band that stays where it is."""
    luma = window.luma.copy()
    luma[:, rows] = 235
    luma[:, rows, ::9] = 16
    return Window(window.seconds, luma)


def hazy(window: Window) -> Window:
    """The same with a tenth of the contrast."""
    return Window(window.seconds, np.round(128 + 0.1 * (window.luma - 128.0)).astype(np.uint8))


def noisy(window: Window) -> Window:
    noise = np.random.default_rng(5).normal(scale=4.0, size=window.luma.shape)
    return Window(window.seconds, np.clip(window.luma + noise, 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def original() -> Window:
    return moving(EVENTS)


def proven(query: Window, reference: Window) -> tuple[Stretch, Pairing]:
    """What the motion of the whole proves between the two, before anything is asked of what moves of its own."""
    pair = pairing(query, reference)
    (found,) = explore(pair, placed(pair, 3.0, 6.0), [])
    assert strength(found, PARAMS) >= 1.0, "their movement must prove them, or there is nothing to check"
    return found, pair


@pytest.mark.parametrize(("px", "rate"), [(30.0, 3.0), (30.0, 2.0), (30.0, 1.0)])
def test_two_recordings_of_a_place_under_one_movement_are_no_match(px: float, rate: float) -> None:
    one, other = moving(EVENTS, px, rate), stretch(moving(OTHER_EVENTS, px, rate), 3, 9)
    proven(other, one)
    found = examined(other, one, (3.0, 6.0))
    assert found is not None and found.decision is Decision.CANDIDATE
    again = examined(one, other, (6.0, 3.0))
    assert again is not None and again.decision is Decision.CANDIDATE


def test_a_copy_of_a_moving_picture_is_a_match(original: Window) -> None:
    found = examined(noisy(stretch(original, 3, 9)), original, (3.0, 6.0))
    assert found is not None and found.decision is Decision.MATCH


def test_a_mirrored_copy_of_a_moving_picture_is_a_match(original: Window) -> None:
    found = examined(mirrored(stretch(original, 3, 9)), original, (3.0, 6.0), Pose(mirrored=True))
    assert found is not None and found.decision is Decision.MATCH


@pytest.mark.parametrize("rows", [slice(240, 288), slice(0, 70)])
def test_a_copy_with_a_band_drawn_over_it_is_a_match(original: Window, rows: slice) -> None:
    copy = captioned(noisy(stretch(original, 3, 9)), rows)
    for query, reference, at in ((copy, original, (3.0, 6.0)), (original, copy, (6.0, 3.0))):
        found = examined(query, reference, at)
        assert found is not None and found.decision is Decision.MATCH


def test_what_is_drawn_over_a_moving_picture_says_nothing_of_what_moves_in_it(original: Window) -> None:
    plain, covered = noisy(stretch(original, 3, 9)), captioned(noisy(stretch(original, 3, 9)), slice(230, 288))
    agree = []
    for copy in (plain, covered):
        found, pair = proven(copy, original)
        sides = side_by_side(3.0, found, AS_IS, pair, own_movement.EVERY_S)
        assert sides is not None
        own = own_movement.own_movement(sides)
        assert own is not None
        agree.append(own.agree)
    assert min(agree) > 0.8


def test_what_moves_faintly_of_its_own_speaks_against_a_match_too(original: Window) -> None:
    found, pair = proven(stretch(hazy(moving(OTHER_EVENTS)), 3, 9), hazy(original))
    sides = side_by_side(3.0, found, AS_IS, pair, own_movement.EVERY_S)
    assert sides is not None and found.motion is not None
    own = own_movement.own_movement(sides)
    assert own is not None and PARAMS.own_level <= own.level < 2.0
    assert own.agree < PARAMS.own_agree * found.motion.peak


def test_nothing_is_asked_where_the_pictures_stand_still() -> None:
    whole = take(PLACE, EVENTS, 110)
    found, pair = proven(stretch(whole, 3, 9), whole)
    sides = side_by_side(3.0, found, AS_IS, pair, own_movement.EVERY_S)
    assert sides is not None and own_movement.own_movement(sides) is None
    assert checked(found, AS_IS, pair) is found


def test_where_nothing_moves_of_its_own_the_movement_of_the_whole_decides() -> None:
    empty = moving(EVENTS, movers=0)
    found, pair = proven(noisy(stretch(empty, 3, 9)), empty)
    assert checked(found, AS_IS, pair) is found


def test_a_long_stretch_is_looked_at_in_its_middle_and_near_its_ends() -> None:
    one, other = (
        wandering(joined(*(take(PLACE, events + part, 80, movers=4 - 4 * (part % 2)) for part in range(3))), 30.0, 3.0)
        for events in (EVENTS, OTHER_EVENTS)
    )
    found = examined(other, one, (12.0, 12.0))
    assert found is not None and found.decision is Decision.CANDIDATE


def test_what_is_told_of_such_a_pair_is_what_agrees_with_both_held_still(original: Window) -> None:
    found, pair = proven(stretch(moving(OTHER_EVENTS), 3, 9), original)
    assert found.motion is not None
    told = checked(found, AS_IS, pair)
    assert told.motion is not None and told.motion.peak < 0.2 < found.motion.peak
    assert (told.held, told.query_end_s, told.moments) == (found.held, found.query_end_s, found.moments)


def test_held_still_what_changes_in_a_copy_agrees(original: Window) -> None:
    found, pair = proven(noisy(stretch(original, 3, 9)), original)
    frames = side_by_side(3.0, found, AS_IS, pair, 0.1)
    assert frames is not None
    motion = held_motion(frames, found)
    assert motion is not None and motion.peak > 0.6 and motion.z > PARAMS.own_z


def test_each_movement_is_measured_by_the_picture_s_own_points(original: Window) -> None:
    """The same errors in both would pass for movement that agrees."""
    found, pair = proven(noisy(stretch(original, 3, 9)), original)
    sides = side_by_side(3.0, found, AS_IS, pair, own_movement.EVERY_S)
    assert sides is not None
    blurred = np.stack([cv2.GaussianBlur(each, (0, 0), 1.5) for each in sides.query.pictures])
    other = sides._replace(query=sides.query._replace(pictures=blurred))
    for row in range(1, 6):
        points = followable(sides, row)
        mine, theirs = (movement(each, row, row + 1, points, STAYS) for each in (sides, other))
        assert mine is not None and theirs is not None
        assert np.allclose(mine[1], theirs[1], atol=0.02) and not np.array_equal(mine[0], theirs[0])
