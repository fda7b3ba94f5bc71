import cv2
import numpy as np
import pytest

from forensics.model.match import Transform
from forensics.report import difference_map as at_any_side


def difference_map(query, reference, moved):
    return at_any_side(query, reference, moved, max(query.shape))


def scene(height=180, width=320):
    """A picture in which every place looks different."""
    noise = np.random.default_rng(3).integers(0, 256, (height // 10, width // 10, 3)).astype(np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)


def transform(**changed):
    base = {
        "mirrored": False, "inverted": False, "quarter_turns": 0, "scale": 1.0, "rotation_deg": 0.0, "dx": 0.0,
        "dy": 0.0, "crop": (0.0, 0.0, 1.0, 1.0), "box": (0.0, 0.0, 1.0, 1.0),
    }  # fmt: skip
    return Transform(**(base | changed))


def seen(jpeg):
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE).astype(int)


def test_equal_frames_are_white():
    assert seen(difference_map(scene(), scene(), None)).min() > 245


def test_what_was_drawn_on_one_is_black_there_and_nowhere_else():
    marked = scene()
    marked[20:60, 20:120] = 255 - marked[20:60, 20:120] // 8
    shown = seen(difference_map(marked, np.zeros_like(marked) + scene(), transform()))
    assert np.median(shown[25 * 3 // 4 : 55 * 3 // 4, 25 * 3 // 4 : 115 * 3 // 4]) < 60
    assert np.median(shown[90:, :]) > 245


@pytest.mark.parametrize(
    ("made", "how"),
    [
        (lambda picture: picture[:, ::-1], {"mirrored": True}),
        (lambda picture: 255 - picture, {"inverted": True}),
        (lambda picture: picture[::-1, ::-1], {"quarter_turns": 2, "dx": 319 / 320, "dy": 179 / 320}),
        (lambda picture: np.roll(picture, 32, axis=1), {"dx": 0.1}),
        (lambda picture: cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), {}),
        (lambda picture: np.rot90(picture), {"quarter_turns": 1, "dy": 319 / 320}),
    ],
)
def test_the_recorded_transform_lays_the_reference_on_the_query(made, how):
    query = np.ascontiguousarray(made(scene()))
    there = seen(difference_map(query, scene(), transform(**how)))
    without = seen(difference_map(query, np.ascontiguousarray(scene()[::-1]), transform(**how)))
    assert np.median(there) > 240
    assert np.median(without) < 150


def test_what_the_reference_does_not_show_is_hatched():
    shown = seen(difference_map(scene(), scene(), transform(dx=0.5)))
    left = shown[:, :100]
    assert 150 < left.mean() < 240
    assert left.std() > 10
