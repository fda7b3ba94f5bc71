from __future__ import annotations

import cv2
import numpy as np
import pytest

from forensics.matching.geometry import AS_IS, Detector, Pose, cells_of, detect, drift_px, fit, joint_fit, posed
from forensics.matching.transforms import describe
from tests.unit.matching.scenes import texture


def warped(picture: np.ndarray, scale: float, degrees: float, shift: tuple[float, float]) -> np.ndarray:
    height, width = picture.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    matrix[:, 2] += shift
    return cv2.warpAffine(picture, matrix, (width, height))


@pytest.mark.parametrize(
    ("scale", "degrees", "shift"), [(1.0, 0, (0, 0)), (1.4, 3, (20, -9)), (0.6, 0, (40, 30)), (1, 90, (0, 0))]
)
def test_a_similarity_is_recovered(scale: float, degrees: float, shift: tuple[float, float]) -> None:
    original = texture(1, 288, 512)
    found = fit(detect(warped(original, scale, degrees, shift), Detector.ORB), detect(original, Detector.ORB))
    assert found is not None
    assert found.inliers >= 30
    assert found.cells >= 10
    assert found.scale == pytest.approx(1 / scale, rel=0.02)


def test_unrelated_pictures_do_not_fit() -> None:
    found = fit(detect(texture(1, 288, 512), Detector.ORB), detect(texture(2, 288, 512), Detector.ORB))
    assert found is None or found.inliers < 12 or found.cells < 5


def test_a_mirrored_picture_fits_only_after_it_is_mirrored_back() -> None:
    original = texture(3, 288, 512)
    query = np.ascontiguousarray(original[:, ::-1])
    theirs = detect(original, Detector.ORB)
    back = fit(detect(posed(query, Pose(mirrored=True)), Detector.ORB), theirs)
    plain = fit(detect(posed(query, AS_IS), Detector.ORB), theirs)
    assert back is not None
    assert back.inliers > 200
    assert plain is None or plain.inliers < 12


def test_a_negative_fits_only_after_it_is_negated() -> None:
    original = texture(4, 288, 512)
    theirs = detect(original, Detector.ORB)
    back = fit(detect(posed(255 - original, Pose(inverted=True)), Detector.ORB), theirs)
    assert back is not None
    assert back.inliers > 200


def test_the_same_pictures_give_the_same_fit_every_time() -> None:
    original = texture(5, 288, 512)
    query = detect(warped(original, 0.8, 2, (5, 5)), Detector.ORB)
    fits = [fit(query, detect(original, Detector.ORB)) for _ in range(3)]
    assert all(f is not None and np.array_equal(f.matrix, fits[0].matrix) for f in fits)


def test_a_quarter_turn_and_a_crop_are_told() -> None:
    original = texture(6, 288, 512)
    turned = np.ascontiguousarray(np.rot90(original))
    held = fit(detect(turned, Detector.ORB), detect(original, Detector.ORB))
    assert held is not None
    told = describe(held, AS_IS, turned.shape, original.shape)
    assert told.quarter_turns == 1
    assert abs(told.rotation_deg) < 1
    half = cv2.resize(original[72:216, 128:384], (512, 288))
    held = fit(detect(half, Detector.ORB), detect(original, Detector.ORB))
    assert held is not None
    told = describe(held, AS_IS, half.shape, original.shape)
    assert told.crop == pytest.approx((0.25, 0.25, 0.75, 0.75), abs=0.02)
    assert told.box == pytest.approx((0, 0, 1, 1), abs=0.02)
    assert told.scale == pytest.approx(2.0, rel=0.03)


@pytest.mark.parametrize("detector", [Detector.ORB, Detector.ORB_ENLARGED, Detector.ORB_REDUCED])
@pytest.mark.parametrize("shape", [(1, 1), (1, 512), (2, 512), (512, 3), (62, 512)])
def test_a_picture_too_narrow_for_a_feature_has_none(shape: tuple[int, int], detector: Detector) -> None:
    found = detect(np.random.default_rng(1).integers(0, 256, shape, np.uint8), detector)
    assert (found.height, found.width) == shape
    assert detector is Detector.ORB_ENLARGED or not len(found.points)


@pytest.mark.parametrize("detector", [Detector.ORB_ENLARGED, Detector.ORB_REDUCED])
def test_points_are_in_the_pixels_of_the_picture_whatever_size_it_is_drawn_in(detector: Detector) -> None:
    picture = texture(4, 289, 511)
    found = fit(detect(picture, detector), detect(picture, Detector.ORB))
    assert found is not None
    assert found.inliers >= 30
    assert found.matrix == pytest.approx(np.array([[1, 0, 0], [0, 1, 0]]), abs=1.0)
    assert found.scale == pytest.approx(1, rel=0.005)


def test_points_in_one_place_count_as_one_cell() -> None:
    assert cells_of(np.array([[3, 3], [8, 9], [30, 31]], np.float32)) == 1
    assert cells_of(np.array([[3, 3], [33, 3], [3, 33]], np.float32)) == 3


def test_drift_is_the_spread_of_the_map_over_time() -> None:
    original = texture(7, 288, 512)
    theirs = detect(original, Detector.ORB)
    still = [fit(detect(original, Detector.ORB), theirs) for _ in range(3)]
    moved = [fit(detect(warped(original, 1, 0, (12 * k, 0)), Detector.ORB), theirs) for k in range(3)]
    assert drift_px([f for f in still if f], 512, 288) == pytest.approx(0, abs=0.2)
    spread = drift_px([f for f in moved if f], 512, 288)
    assert spread is not None
    assert spread > 5
    assert drift_px([f for f in still if f][:1], 512, 288) is None
    assert joint_fit([f for f in still if f]) is not None
