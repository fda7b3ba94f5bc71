"""The difference of two pictures after a recorded transform, against pictures whose relation is known."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from forensics.report import UNCHANGED, residual
from forensics.report.residual import outline

SIDE = 320
"""Long side at which these transforms are measured: that of the pictures."""


@pytest.fixture(scope="module")
def scene():
    """A picture with detail everywhere and nothing symmetric, uint8 (240, 320, 3)."""
    noise = np.random.default_rng(7).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    return cv2.resize(noise, (320, 240), interpolation=cv2.INTER_CUBIC)


def mean(query, reference, transform):
    found = residual(query, reference, transform, SIDE)
    assert found.compared.any()
    return found.mean


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
def test_turned_and_mirrored_pictures_lie_on_one_another(scene, turns, mirrored):
    posed = np.rot90(scene, turns)
    query = np.ascontiguousarray(posed[:, ::-1] if mirrored else posed)
    shift = {0: (0, 0), 1: (0, 319), 2: (319, 239), 3: (239, 0)}[turns]
    transform = replace(
        UNCHANGED, mirrored=mirrored, quarter_turns=turns, dx=shift[0] / SIDE, dy=shift[1] / SIDE
    )  # fmt: skip
    assert mean(query, scene, transform) < 0.1
    assert mean(query, scene, replace(transform, mirrored=not mirrored)) > 10


def test_a_crop_lies_on_its_place_at_another_size(scene):
    part = scene[60:180, 80:240]
    query = cv2.resize(part, (640, 480), interpolation=cv2.INTER_LINEAR)
    centres = 0.5 / SIDE  # between the middles of pixels, of which one became two
    moved = replace(UNCHANGED, scale=2.0, dx=centres - 0.5, dy=centres - 0.375, crop=(0.25, 0.25, 0.75, 0.75))
    assert mean(query, scene, moved) < 1.0
    assert mean(query, scene, replace(moved, dx=-0.48)) > 8


def test_an_inset_is_compared_in_its_box_alone(scene):
    query = np.full((240, 320, 3), 200, np.uint8)
    query[100:220, 120:280] = cv2.resize(scene, (160, 120), interpolation=cv2.INTER_AREA)
    box = (120 / 320, 100 / 240, 280 / 320, 220 / 240)
    shift = 0.25 / SIDE  # half of a pixel of the reference is a quarter of one here
    inset = replace(UNCHANGED, scale=0.5, dx=120 / 320 - shift, dy=100 / 320 - shift, box=box)
    found = residual(query, scene, inset, SIDE)
    assert found.mean < 1.0
    assert found.share == pytest.approx(0.25, abs=0.01)
    assert not found.compared[:95].any()


def test_a_negative_is_turned_back(scene):
    assert mean(255 - scene, scene, replace(UNCHANGED, inverted=True)) < 1.0


def test_a_darker_copy_is_shown_as_different_for_nothing_is_levelled(scene):
    darker = np.asarray(np.clip(scene.astype(int) - 40, 0, 255), np.uint8)
    assert mean(darker, scene, UNCHANGED) > 25


def test_what_was_drawn_on_a_picture_stands_out_and_nothing_else(scene):
    query = scene.copy()
    query[200:220, 40:100] = 255
    found = residual(query, scene, UNCHANGED, SIDE)
    assert found.levels[200:220, 40:100].mean() > 50
    assert found.levels[:190].max() == 0
    shown = found.shown()
    assert shown[:190].max() <= 4  # the darkest colour of the scale
    assert shown[210, 70].sum() > 300


def test_what_is_not_in_both_is_hatched_and_not_black(scene):
    found = residual(scene, scene, replace(UNCHANGED, box=(0.0, 0.0, 0.5, 1.0)), SIDE)
    assert found.share == pytest.approx(0.5)
    assert found.shown()[:, 161:].min() >= 58


def test_the_outline_in_the_reference_is_the_crop_that_was_recorded():
    crop = replace(UNCHANGED, scale=2.0, dx=-0.5, dy=-0.375, crop=(0.25, 0.25, 0.75, 0.75))
    corners = outline(crop, (320, 240), (320, 240), SIDE)
    assert np.allclose(corners, [[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]], atol=0.003)
