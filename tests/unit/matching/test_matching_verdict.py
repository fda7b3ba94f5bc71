"""What the grounds of a pair support together: by hand-made stretches, no picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forensics.matching import PARAMS, Subject
from forensics.matching.geometry import Fit, Pose
from forensics.matching.motion import Motion
from forensics.matching.params import METHOD
from forensics.matching.verdict import Stretch, strength, verdict
from forensics.model.fingerprint import Anchors, Fingerprint, HashSpec
from forensics.model.match import Assessment, Match
from forensics.model.time import MediaTime, TimeBase

EMPTY = np.zeros((0, 32), np.uint8)
PRINT = Fingerprint(
    spec=HashSpec(name="n", version="1", bits=256, recipe="r", keep_bits=16),
    origin=MediaTime(pts=0, base=TimeBase(num=1, den=1000)),
    frames=900,
    end_pts=30_000,
    codes=EMPTY,
    pts=np.zeros(0, np.int64),
    quality=np.zeros(0, np.uint8),
    flags=np.zeros(0, np.uint8),
    box_codes=EMPTY,
    anchors=Anchors(pts=np.zeros(0, np.int64), points=np.zeros((0, 2), np.float32), descriptors=EMPTY),
)
QUERY, REFERENCE = (Subject(id=name, fingerprint=PRINT, duration_s=30.0) for name in ("q", "r"))
POINTS = np.zeros((4, 2), np.float32)
FIT = Fit(matrix=np.eye(2, 3), inliers=100, cells=30, putative=120, source=POINTS, target=POINTS)
PROOF = Motion(peak=0.8, second=0.1, z=20.0, shift_s=0.0, level=3.0, still=0.9, frames=90, carried=40.0)
HALF = PROOF._replace(peak=0.45)
FIVE_S = Stretch(
    query_start_s=2.0,
    query_end_s=7.0,
    reference_start_s=10.0,
    reference_end_s=15.0,
    speed=1.0,
    held=FIT,
    pose=Pose(),
    moments=(FIT,) * 5,
    motion=PROOF,
    frames=50,
    unique=1.0,
    share=1.0,
    found_by_line=True,
    query_shape=(288, 512),
    reference_shape=(288, 512),
)


def stretch(query_s: float, reference_s: float, length_s: float, motion: Motion = PROOF) -> Stretch:
    return replace(
        FIVE_S,
        query_start_s=query_s,
        query_end_s=query_s + length_s,
        reference_start_s=reference_s,
        reference_end_s=reference_s + length_s,
        motion=motion,
    )


def judged(*found: Stretch) -> Match:
    return verdict(QUERY, REFERENCE, found, METHOD, PARAMS)


def starts(match: Match) -> list[tuple[float, float]]:
    return [(segment.query_start_s, segment.reference_start_s) for segment in match.segments]


def test_one_proven_stretch_is_the_same_recording() -> None:
    assert judged(FIVE_S).assessment is Assessment.SAME_RECORDING


def test_half_a_proof_counts_after_a_freeze_where_the_proven_stretch_goes_on() -> None:
    after = stretch(9.0, 15.1, 3.0, HALF)
    assert 0.5 <= strength(after, PARAMS) < 1.0
    assert starts(judged(FIVE_S, after)) == [(2.0, 10.0), (9.0, 15.1)]


@pytest.mark.parametrize("elsewhere", [(7.1, 0.0), (0.0, 20.0), (20.0, 15.1)])
def test_half_a_proof_at_a_place_where_nothing_goes_on_is_left_out(elsewhere: tuple[float, float]) -> None:
    assert starts(judged(FIVE_S, stretch(*elsewhere, 1.9, HALF))) == [(2.0, 10.0)]


def test_a_whole_proof_stands_wherever_it_is() -> None:
    assert starts(judged(FIVE_S, stretch(20.0, 0.0, 5.0))) == [(2.0, 10.0), (20.0, 0.0)]


@pytest.mark.parametrize(
    ("moments", "assessment"), [(3, Assessment.SAME_RECORDING), (2, Assessment.SAME_RECORDING_PROBABLE)]
)
def test_geometry_at_fewer_than_three_moments_is_no_match(moments: int, assessment: Assessment) -> None:
    assert judged(replace(FIVE_S, moments=(FIT,) * moments)).assessment is assessment


@pytest.mark.parametrize("lacking", [{"peak": 0.45}, {"z": 4.0}, {"second": 0.5}, {"carried": 9.2}])
def test_a_clear_proof_lacks_nothing(lacking: dict[str, float]) -> None:
    weak = PROOF._replace(**lacking)  # type: ignore[arg-type]
    assert judged(replace(FIVE_S, motion=weak)).assessment is not Assessment.SAME_RECORDING


@pytest.mark.parametrize(("length_s", "peak"), [(1.75, 0.711), (2.08, 0.682), (2.67, 0.596), (3.54, 0.501)])
def test_two_cars_in_one_lane_before_a_fixed_camera_are_no_match(length_s: float, peak: float) -> None:
    passing = stretch(1.5, 0.3, length_s, PROOF._replace(peak=peak))
    assert strength(passing, PARAMS) < 0.8
    assert judged(passing).assessment is not Assessment.SAME_RECORDING
