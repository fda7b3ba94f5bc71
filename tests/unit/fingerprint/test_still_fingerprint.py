"""A still's hashes: of the whole, and of the picture that a screenshot shows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from forensics.fingerprint import fingerprint_still
from tests.unit.fingerprint.scenes import flight

CLOSE_BITS = 24
"""Bits within which two scalings of one picture stay."""


def photograph() -> npt.NDArray[np.uint8]:
    """A picture of 512 x 288 pixels."""
    scene = flight(1, 3)[0]
    return np.kron(scene[:36], np.ones((8, 8), np.uint8)).astype(np.uint8)


def screenshot(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The picture on a telephone's screen, a toolbar below it."""
    screen = np.full((1100, 512), 245, np.uint8)
    screen[300:588] = picture
    screen[1000:1050, 60:110] = 40
    screen[1000:1050, 300:350] = 40
    return screen


def distance(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> int:
    return int(np.unpackbits(one ^ other).sum())


def test_the_picture_in_a_screenshot_has_a_hash_of_its_own() -> None:
    picture = photograph()
    alone, shown = fingerprint_still(picture), fingerprint_still(screenshot(picture))
    assert distance(alone.codes[0], shown.codes[0]) > CLOSE_BITS
    assert shown.box_codes.shape == (1, 32)
    assert distance(alone.codes[0], shown.box_codes[0]) <= CLOSE_BITS


def test_a_picture_that_nothing_surrounds_has_one_hash() -> None:
    assert len(fingerprint_still(photograph()).box_codes) == 0
