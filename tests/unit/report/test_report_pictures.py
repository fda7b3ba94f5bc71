import cv2
import numpy as np
import pytest

from forensics.report import thumbnail

RED, GREEN = (0, 0, 255), (0, 255, 0)


def plain(height, width, colour):
    return np.full((height, width, 3), colour, np.uint8)


def decode(jpeg):
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def segments_of(jpeg):
    """The markers before the scan: a JPEG without metadata has no APP1 (EXIF, XMP) and no comment."""
    markers, position = [], 2
    while jpeg[position + 1] != 0xDA:
        markers.append(jpeg[position + 1])
        position += 2 + int.from_bytes(jpeg[position + 2 : position + 4], "big")
    return markers


@pytest.mark.parametrize(("height", "width"), [(1080, 1920), (1920, 1080), (480, 480), (2, 4000), (4000, 1)])
def test_a_thumbnail_keeps_the_shape_and_has_the_long_side_asked_for(height, width):
    small = decode(thumbnail(plain(height, width, GREEN), long_side=240))
    assert max(small.shape[:2]) == 240
    assert small.shape[0] / small.shape[1] == pytest.approx(height / width, rel=0.02) or min(small.shape[:2]) == 1
    assert np.abs(small.astype(int) - GREEN).max() < 12


def test_a_small_picture_is_not_blown_up():
    assert decode(thumbnail(plain(30, 40, RED), long_side=240)).shape[:2] == (30, 40)


def test_a_thumbnail_of_a_detailed_picture_stays_below_eight_thousand_bytes():
    noise = np.random.default_rng(1).normal(0, 18, (360, 640, 3))
    ramp = np.linspace(0, 200, 640)[None, :, None] + np.linspace(0, 50, 360)[:, None, None]
    assert len(thumbnail(np.clip(ramp + noise, 0, 255).astype(np.uint8))) < 8_000


def test_a_picture_carries_no_metadata():
    assert not {0xE1, 0xE2, 0xED, 0xFE} & set(segments_of(thumbnail(plain(90, 160, RED))))


def test_the_same_picture_gives_the_same_bytes():
    assert thumbnail(plain(90, 160, RED)) == thumbnail(plain(90, 160, RED))


def test_what_cannot_be_drawn_is_refused():
    for wrong in (np.zeros((0, 5, 3), np.uint8), np.zeros((5, 5), np.uint8), np.zeros((5, 5, 3), np.float32)):
        with pytest.raises(ValueError, match="uint8"):
            thumbnail(wrong)
