from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from forensics.matching import Candidate, Seed, examine
from forensics.matching.geometry import AS_IS, Detector, Pose
from forensics.matching.pairing import Pairing, Placed
from forensics.matching.params import PARAMS
from forensics.matching.steadied import moved_px, steadied
from forensics.model.match import Assessment, Decision, Match, Moving
from forensics.model.media import Window
from tests.unit.matching.scenes import FPS, mirrored, stretch, take
from tests.unit.matching.test_matching_pairs import footage, subject

PLACE, EVENTS, OTHER_EVENTS = 11, 21, 77
WIDTH, HEIGHT = 448, 252


def wandering(window: Window, px: float = 30.0, rate: float = 6.0, phase: float = 0.0) -> Window:
    """A part of each frame that wanders about the whole, at full size again."""
    places = (corner(at, px, rate, phase) for at in window.seconds.tolist())
    return Window(
        window.seconds, np.stack([part(frame, *place) for frame, place in zip(window.luma, places, strict=True)])
    )


def corner(at: float, px: float = 30.0, rate: float = 6.0, phase: float = 0.0) -> tuple[int, int]:
    """Left and top of what `wandering` shows at a moment."""
    return round(32 + px * np.sin(rate * at + phase)), round(18 + 0.5 * px * np.cos(0.7 * rate * at + phase))


def part(frame: np.ndarray, left: int, top: int) -> np.ndarray:
    height, width = frame.shape
    return cv2.resize(frame[top : top + HEIGHT, left : left + WIDTH], (width, height))


def examined(query: Window, reference: Window, seed: tuple[float, float], pose: Pose = AS_IS) -> Match | None:
    """What one seed gives."""
    at = Seed(query_s=seed[0], reference_s=seed[1], pose=pose, weight=9.0, by_hash=True)
    candidate = Candidate(query_id="q", reference_id="r", score=9.0, seeds=(at,))
    return examine(subject("q", query), subject("r", reference), candidate, footage(q=query, r=reference))


def pairing(query: Window, reference: Window) -> Pairing:
    return Pairing(
        query=subject("q", query),
        reference=subject("r", reference),
        footage=footage(q=query, r=reference),
        params=PARAMS,
    )


def placed(pair: Pairing, query_s: float, reference_s: float) -> Placed:
    found = pair.place(Seed(query_s=query_s, reference_s=reference_s, pose=Pose(), weight=9.0, by_hash=True))
    assert found is not None and found.detector is Detector.ORB
    return found


@pytest.fixture(scope="module")
def original() -> Window:
    return take(PLACE, EVENTS, 110)


@pytest.fixture(scope="module")
def copy(original: Window) -> Window:
    """Six seconds of the original, from the third on, that wander within the frame."""
    return wandering(stretch(original, 3, 9))


def test_a_copy_that_wanders_within_its_frame_is_a_match_at_its_times(original: Window, copy: Window) -> None:
    found = examined(copy, original, (3.0, 6.0))
    assert found is not None
    assert (found.decision, found.assessment) == (Decision.MATCH, Assessment.SAME_RECORDING)
    (segment,) = found.segments
    assert segment.reference_start_s - segment.query_start_s == pytest.approx(3.0, abs=0.06)
    assert (segment.query_start_s, segment.query_end_s) == (pytest.approx(0, abs=0.2), pytest.approx(6, abs=0.2))
    assert (segment.held_still, segment.transform) == (Moving.QUERY, None)


def test_it_is_found_from_a_seed_that_is_seconds_off_for_every_moment_of_a_fixed_camera_fits(
    original: Window, copy: Window
) -> None:
    found = examined(copy, original, (3.0, 1.0))
    assert found is not None and found.decision is Decision.MATCH
    segment = found.segments[0]
    assert segment.reference_start_s - segment.query_start_s == pytest.approx(3.0, abs=0.06)


def test_it_is_the_same_decision_the_other_way_round(original: Window, copy: Window) -> None:
    found = examined(original, copy, (6.0, 3.0))
    assert found is not None and found.decision is Decision.MATCH
    assert {segment.held_still for segment in found.segments} == {Moving.REFERENCE}


def test_a_mirrored_copy_that_wanders_is_a_match_and_said_to_be_mirrored(original: Window, copy: Window) -> None:
    found = examined(mirrored(copy), original, (3.0, 6.0), Pose(mirrored=True))
    assert found is not None and found.decision is Decision.MATCH and found.mirrored


@pytest.mark.parametrize("px", [10.0, 30.0])
def test_another_recording_of_the_place_that_wanders_is_no_match(original: Window, px: float) -> None:
    other = wandering(stretch(take(PLACE, OTHER_EVENTS, 110), 3, 9), px)
    found = examined(other, original, (3.0, 6.0))
    assert found is None or found.decision is Decision.CANDIDATE
    found = examined(original, other, (6.0, 3.0))
    assert found is None or found.decision is Decision.CANDIDATE


def test_nothing_is_held_still_where_both_pictures_wander(original: Window, copy: Window) -> None:
    pair = pairing(copy, wandering(original, rate=4.1, phase=2.0))
    assert steadied(pair, placed(pair, 3.0, 6.0), 30.0) is None


def test_nothing_is_held_still_where_neither_does(original: Window) -> None:
    pair = pairing(stretch(original, 3, 9), original)
    assert steadied(pair, placed(pair, 3.0, 6.0), 30.0) is None


def test_a_copy_that_keeps_its_place_is_told_with_its_transform(original: Window) -> None:
    found = examined(stretch(original, 3, 9), original, (3.0, 6.0))
    assert found is not None and found.decision is Decision.MATCH
    assert found.segments[0].held_still is None and found.segments[0].transform is not None


def test_the_frames_that_are_held_still_do_not_depend_on_the_other_video(original: Window, copy: Window) -> None:
    others = original, take(PLACE, OTHER_EVENTS, 110)
    frames = []
    for other in others:
        pair = pairing(copy, other)
        held = steadied(pair, placed(pair, 3.0, 6.0), 30.0)
        assert held is not None and held.moving is Moving.QUERY
        frames.append(held.pairing.footage.stretch("q", 0.0, 6.0))
        assert np.array_equal(held.pairing.footage.stretch("r", 0.0, 11.0).luma, other.luma)
    assert np.array_equal(frames[0].luma, frames[1].luma)


def test_held_still_each_frame_shows_what_the_place_showed_then(original: Window, copy: Window) -> None:
    pair = pairing(copy, original)
    held = steadied(pair, placed(pair, 3.0, 6.0), 30.0)
    assert held is not None
    window = held.pairing.footage.stretch("q", 0.0, 6.0)
    rows = np.round(window.seconds * FPS).astype(int)
    assert len(rows) >= 55
    shown = np.stack([part(frame, *corner(3.0)) for frame in original.luma[30:90]])[rows]
    assert off(window.luma, shown) < 6
    assert off(copy.luma[rows], shown) > 20


def off(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Grey levels by which the middles of pictures differ."""
    middle = np.s_[:, 80:208, 90:420]
    return float(np.abs(ours[middle].astype(int) - theirs[middle].astype(int)).mean())


def test_how_far_a_picture_moves_is_told_in_pixels_of_512(original: Window, copy: Window) -> None:
    still, moving = moved_of(original, 5.0), moved_of(copy, 3.0)
    assert still is not None and still < 0.5
    assert moving is not None and 20 < moving < 80


def test_nothing_is_said_of_a_picture_that_shows_one_place_only_for_a_moment(original: Window) -> None:
    others = [take(place, 1, 1).luma for place in range(100, 100 + len(original.seconds))]
    luma = np.concatenate([*others[:48], original.luma[48:53], *others[53:]])
    assert moved_of(Window(original.seconds, luma), 5.0) is None


def moved_of(window: Window, at_s: float) -> float | None:
    return moved_px(pairing(window, window), "q", len(window.seconds) / FPS, at_s)


def test_where_the_frames_cannot_be_laid_on_one_another_nothing_is_held(original: Window, copy: Window) -> None:
    pair = pairing(copy, original)
    strict = replace(pair, params=replace(PARAMS, held_share=1.01))
    assert steadied(strict, placed(pair, 3.0, 6.0), 30.0) is None
