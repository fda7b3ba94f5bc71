"""What is seen of a picture: cut where something larger covers it, left whole where something is drawn on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from forensics.matching.covers import Cover, covers
from forensics.matching.geometry import AS_IS, Fit, Pose
from forensics.matching.params import PARAMS
from forensics.matching.transforms import Rect, Seen, describe, whole
from forensics.matching.visible import seen, uncovered
from forensics.model.match import Decision
from forensics.model.media import Window
from tests.unit.matching.scenes import mirrored, stretch, take
from tests.unit.matching.test_matching_pairs import compared

Frames = np.ndarray
Box = tuple[int, int, int, int]

FRAMES = 12
CLOSE_PX = 3.0
"""Pixels of 512: a third of the error that the benchmark allows."""

ORIGINAL = take(201, 211, FRAMES).luma
OTHER = take(202, 212, FRAMES).luma
THIRD = take(203, 213, FRAMES).luma
HEIGHT, WIDTH = ORIGINAL.shape[1:]


def scaled(frames: Frames, width: int, height: int) -> Frames:
    return np.stack([cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA) for frame in frames])


def covering(frames: Frames, width: int, height: int, zoom: float = 1.0) -> tuple[Frames, float]:
    """The middle of the frames at a size that fills so many pixels, and how much smaller it is."""
    scale = zoom * max(width / WIDTH, height / HEIGHT)
    large = scaled(frames, round(WIDTH * scale), round(HEIGHT * scale))
    x, y = (large.shape[2] - width) // 2, (large.shape[1] - height) // 2
    return large[:, y : y + height, x : x + width], scale


def coded(frames: Frames) -> Frames:
    """The frames after a lossy codec."""
    pictures = (cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 50])[1] for frame in frames)
    return np.stack([cv2.imdecode(picture, cv2.IMREAD_GRAYSCALE) for picture in pictures])


def canvas(height: int = 288, width: int = 512, ground: int = 0) -> Frames:
    return np.full((FRAMES, height, width), ground, np.uint8)


def put(target: Frames, part: Frames, x: int, y: int) -> None:
    target[:, y : y + part.shape[1], x : x + part.shape[2]] = part


def placed(x: float, y: float, scale: float) -> np.ndarray:
    """The map from the original's pixels to a picture in which it lies at x, y."""
    return np.array([[scale, 0.0, x], [0.0, scale, y]])


def middle(box: Box, scale: float) -> np.ndarray:
    """The map of the original whose middle fills the box."""
    x0, y0, x1, y1 = box
    return placed((x0 + x1 - WIDTH * scale) / 2, (y0 + y1 - HEIGHT * scale) / 2, scale)


def tiled(height: int, width: int, box: Box, others: list[tuple[Frames, Box]], zoom: float = 1.0):
    """A picture made of several, the original's middle in ``box``; and its map."""
    out = canvas(height, width)
    for frames, (x0, y0, x1, y1) in others:
        put(out, covering(frames, x1 - x0, y1 - y0)[0], x0, y0)
    part, scale = covering(ORIGINAL, box[2] - box[0], box[3] - box[1], zoom)
    put(out, part, box[0], box[1])
    return out, middle(box, scale)


def left_half():
    box = (0, 0, 256, 288)
    return *tiled(288, 512, box, [(OTHER, (256, 0, 512, 288))]), box


def right_two_fifths():
    box = (308, 0, 512, 288)
    return *tiled(288, 512, box, [(OTHER, (0, 0, 308, 288))]), box


def beside_a_still_picture():
    box = (0, 0, 256, 288)
    still = np.repeat(OTHER[:1], FRAMES, axis=0)
    return *tiled(288, 512, box, [(still, (256, 0, 512, 288))]), box


def beside_a_plain_ground():
    box = (0, 0, 256, 288)
    return *tiled(288, 512, box, [(canvas(ground=90), (256, 0, 512, 288))]), box


def below_another():
    box = (0, 300, 320, 512)
    return *tiled(512, 320, box, [(OTHER, (0, 0, 320, 300))], 1.2), box


def between_two():
    box = (170, 0, 340, 288)
    return *tiled(288, 512, box, [(OTHER, (0, 0, 170, 288)), (THIRD, (340, 0, 512, 288))]), box


def one_of_four():
    box = (256, 144, 512, 288)
    others = [(OTHER // 2, (0, 0, 256, 144)), (THIRD // 2, (256, 0, 512, 144)), (THIRD // 3, (0, 144, 256, 288))]
    return *tiled(288, 512, box, others, 1.3), box


def enlarged_beside_moving_footage():
    box = (256, 0, 512, 288)
    return *tiled(288, 512, box, [(OTHER, (0, 0, 256, 288))], 2.0), box


def inset_under_another():
    out = canvas()
    put(out, OTHER, 0, 0)
    put(out, scaled(ORIGINAL, 320, 180), 60, 40)
    put(out, scaled(THIRD, 400, 225)[:, :, :212], 300, 20)
    return out, placed(60, 40, 0.625), (60, 40, 300, 220)


def cropped_on_a_ground():
    out = canvas(ground=40)
    part, scale = covering(ORIGINAL, 300, 240)
    put(out, part, 106, 24)
    return out, middle((106, 24, 406, 264), scale), (106, 24, 406, 264)


COVERED = [
    left_half,
    right_two_fifths,
    beside_a_still_picture,
    beside_a_plain_ground,
    below_another,
    between_two,
    one_of_four,
    enlarged_beside_moving_footage,
    inset_under_another,
    cropped_on_a_ground,
]


@pytest.mark.parametrize("made", COVERED, ids=lambda made: made.__name__)
def test_a_picture_ends_where_something_larger_lies_over_it(made: Callable) -> None:
    shown, matrix, box = made()
    left = uncovered(coded(shown), ORIGINAL, matrix, PARAMS)
    x0, y0, x1, y1 = box
    for edge, due, limit in zip(left, box, (0, 0, shown.shape[2], shown.shape[1]), strict=True):
        assert abs(edge - due) <= CLOSE_PX or edge == limit, (left, box)
    outline = np.array([[0, 0, 1], [WIDTH, HEIGHT, 1]]) @ matrix.T
    seen_box = (*np.maximum(outline[0], left[:2]), *np.minimum(outline[1], left[2:]))
    assert seen_box == pytest.approx((x0, y0, x1, y1), abs=CLOSE_PX)


def caption_bars():
    out = ORIGINAL.copy()
    out[:, :40] = 255
    out[:, -44:] = 0
    for frame in out:
        cv2.putText(frame, "THEY DO NOT SHOW YOU THIS", (60, 275), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2)
    return out, placed(0, 0, 1)


def moving_ticker():
    out = ORIGINAL.copy()
    for row, frame in enumerate(out):
        frame[-40:] = 30
        cv2.putText(frame, "BREAKING NEWS " * 4, (-20 * row, 275), cv2.FONT_HERSHEY_SIMPLEX, 1, 255, 2)
    return out, placed(0, 0, 1)


def captioned_crop():
    out, scale = covering(ORIGINAL, 512, 288, 1.25)
    out = out.copy()
    out[:, -50:] = 0
    return out, middle((0, 0, 512, 288), scale)


def logo():
    out = ORIGINAL.copy()
    out[:, 10:70, 380:500] = 200
    return out, placed(0, 0, 1)


def footage_in_a_corner():
    out = ORIGINAL.copy()
    put(out, scaled(OTHER, 180, 101), 320, 176)
    return out, placed(0, 0, 1)


def inset():
    out = OTHER.copy()
    put(out, scaled(ORIGINAL, 256, 144), 30, 100)
    return out, placed(30, 100, 0.5)


def inset_with_caption_bars():
    part = scaled(ORIGINAL, 320, 180)
    part[:, :26] = 235
    part[:, -28:] = 20
    out = OTHER.copy()
    put(out, part, 150, 60)
    return out, placed(150, 60, 0.625)


def bars_outside():
    out = canvas(400, 512)
    put(out, ORIGINAL, 0, 56)
    return out, placed(0, 56, 1)


def noise():
    strong = np.random.default_rng(5).normal(0, 20, ORIGINAL.shape)
    return np.clip(ORIGINAL + strong, 0, 255).astype(np.uint8), placed(0, 0, 1)


def plain_crop():
    out, scale = covering(ORIGINAL, 512, 288, 1.4)
    return out, middle((0, 0, 512, 288), scale)


WHOLE = [
    caption_bars,
    moving_ticker,
    captioned_crop,
    logo,
    footage_in_a_corner,
    inset,
    inset_with_caption_bars,
    bars_outside,
    noise,
    plain_crop,
]


@pytest.mark.parametrize("made", WHOLE, ids=lambda made: made.__name__)
def test_what_is_drawn_on_a_picture_does_not_cut_it(made: Callable) -> None:
    shown, matrix = made()
    shown = coded(shown)
    forth = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))[:2]
    assert seen(shown, ORIGINAL, forth, AS_IS, PARAMS) == Seen(whole(shown.shape[1:]), whole(ORIGINAL.shape[1:]))


def test_a_split_screen_is_recognised_when_it_is_the_reference() -> None:
    split, matrix, box = right_two_fifths()
    left = seen(ORIGINAL, coded(split), matrix, AS_IS, PARAMS)
    assert left.query == whole(ORIGINAL.shape[1:])
    assert left.reference == pytest.approx(box, abs=CLOSE_PX)


def test_the_box_of_a_mirrored_half_is_told_as_the_query_shows_it() -> None:
    split, matrix, _ = right_two_fifths()
    shown = np.ascontiguousarray(coded(split)[:, :, ::-1])
    forth = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))[:2]
    pose = Pose(mirrored=True)
    left = seen(shown, ORIGINAL, forth, pose, PARAMS)
    none = np.zeros((0, 2), np.float32)
    held = Fit(matrix=forth, inliers=50, cells=20, putative=60, source=none, target=none)
    told = describe(held, pose, shown.shape[1:], ORIGINAL.shape[1:], left)
    assert told.box == pytest.approx((0.0, 0.0, 204 / 512, 1.0), abs=0.01)


def test_without_detail_to_compare_nothing_is_cut() -> None:
    flat = np.full((FRAMES, HEIGHT, WIDTH), 120, np.uint8)
    assert uncovered(OTHER, flat, placed(0, 0, 1), PARAMS) == whole(OTHER.shape[1:])


def test_a_place_that_no_pixel_shows_is_left_as_it_is() -> None:
    assert uncovered(OTHER, ORIGINAL, placed(2000, 0, 1), PARAMS) == whole(OTHER.shape[1:])


CLEAR = Cover(
    line_px=256.0, cells=20.0, hidden=0.0, worst=0.1, pieces=8, beside=0.95, line=1.0, foreign=0.1, outline=0.1,
    reach=0.5, change=5.0,
)  # fmt: skip


@pytest.mark.parametrize(
    "doubt",
    [
        {"pieces": 3},
        {"hidden": 0.25},
        {"worst": 0.7},
        {"beside": 0.5},
        {"line": 0.625},
        {"foreign": 1.1},
        {"outline": 0.625},
        {"outline": None, "reach": 0.2},
        {"outline": None, "change": 1.5},
    ],
    ids=str,
)
def test_each_doubt_alone_keeps_a_picture_whole(doubt: dict[str, float]) -> None:
    assert covers(CLEAR, PARAMS)
    assert covers(replace(CLEAR, outline=None), PARAMS)
    assert not covers(replace(CLEAR, **doubt), PARAMS)


def test_crop_and_box_are_the_seen_part_in_either_picture() -> None:
    none = np.zeros((0, 2), np.float32)
    held = Fit(matrix=placed(-100, 0, 2.0), inliers=50, cells=20, putative=60, source=none, target=none)
    outlines = describe(held, AS_IS, (100, 200), (200, 200))
    assert (outlines.crop, outlines.box) == ((0.0, 0.0, 1.0, 1.0), (0.25, 0.0, 0.75, 1.0))
    left = Seen(Rect(0, 0, 120, 100), Rect(20, 0, 200, 200))
    told = describe(held, AS_IS, (100, 200), (200, 200), left)
    assert told.crop == (0.1, 0.0, 0.7, 1.0)
    assert told.box == (0.3, 0.0, 0.6, 1.0)


def test_a_match_reports_the_half_of_a_split_screen_that_is_its_own() -> None:
    original, other = take(221, 231, 60), take(222, 232, 60)
    split = np.concatenate([covering(frames, 256, 288)[0] for frames in (original.luma, other.luma)], axis=2)
    found = compared(stretch(Window(original.seconds, split), 1.0, 5.0), original)
    assert found is not None
    assert found.decision is Decision.MATCH
    transform = found.segments[0].transform
    assert transform is not None
    assert transform.box == pytest.approx((0.0, 0.0, 0.5, 1.0), abs=0.01)
    assert transform.crop == pytest.approx((0.25, 0.0, 0.75, 1.0), abs=0.01)
    turned = compared(stretch(mirrored(Window(original.seconds, split)), 1.0, 5.0), original)
    assert turned is not None
    transform = turned.segments[0].transform
    assert transform is not None
    assert (turned.decision, transform.mirrored) == (Decision.MATCH, True)
    assert transform.box == pytest.approx((0.5, 0.0, 1.0, 1.0), abs=0.01)
