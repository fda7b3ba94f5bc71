"""Fast forms against the plain ones that they stand for: equal to the bit on made-up input."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from forensics.fingerprint.anchors import PER_ANCHOR, ROBUSTNESS, _spread
from forensics.fingerprint.box import FINE, Box, resample
from forensics.fingerprint.dct import SIDE
from forensics.keyframes import sharpness


def plainly_spread(xy: npt.NDArray[np.float64], strength: npt.NDArray[np.float64]) -> list[int]:
    radii = []
    for place, own in zip(xy, strength, strict=True):
        stronger = [n for n in range(len(xy)) if strength[n] * ROBUSTNESS > own]
        radii.append(min((float(((xy[n] - place) ** 2).sum()) for n in stronger), default=float("inf")))
    order = sorted(range(len(xy)), key=lambda n: (-radii[n], -strength[n], xy[n, 1], xy[n, 0]))
    return order[:PER_ANCHOR]


def plainly_resampled(luma: npt.NDArray[np.uint8], box: Box) -> npt.NDArray[np.uint8]:
    """Weight by weight in whole numbers, as the docstring of `resample` says it."""

    def weights(first: int, end: int) -> list[list[tuple[int, int]]]:
        inside = [min(max(cell, -(-first // FINE)), end // FINE - 1) for cell in range(SIDE)]
        length = end - first
        found = []
        for out in range(SIDE):
            begin = first * SIDE + out * length
            pairs = []
            for cell in range(SIDE):
                start = cell * FINE * SIDE
                overlap = min(begin + length, start + FINE * SIDE) - max(begin, start)
                if overlap > 0:
                    pairs.append((inside[cell], overlap))
            found.append(pairs)
        return found

    down, across = weights(box.top, box.bottom), weights(box.left, box.right)
    area = (box.bottom - box.top) * (box.right - box.left)
    wide = luma.astype(int)
    result = np.zeros((SIDE, SIDE), dtype=np.uint8)
    for y in range(SIDE):
        for x in range(SIDE):
            total = sum(a * b * int(wide[row, column]) for row, a in down[y] for column, b in across[x])
            result[y, x] = (total + area // 2) // area
    return result


@pytest.mark.parametrize("count", [1, 2, 41, 120])
def test_features_are_spread_as_the_plain_rule_says(count: int) -> None:
    made = np.random.default_rng(count)
    xy, strength = np.round(made.random((count, 2)) * 512, 1), np.round(made.random(count), 2)
    assert _spread(xy, strength).tolist() == plainly_spread(xy, strength)


@pytest.mark.parametrize("box", [Box(0, 1024, 100, 900), Box(333, 707, 17, 1003), Box(160, 864, 0, 1024)])
def test_a_box_is_resampled_to_the_bit_as_whole_numbers_give_it(box: Box) -> None:
    made = np.random.default_rng(7).integers(0, 256, (2, SIDE, SIDE), dtype=np.uint8)
    frames = np.concatenate([made, np.full((1, SIDE, SIDE), 255, dtype=np.uint8)])
    assert [each.tolist() for each in resample(frames, box)] == [
        plainly_resampled(each, box).tolist() for each in frames
    ]


@pytest.mark.parametrize("shape", [(3, 5), (64, 64), (359, 641)])
def test_sharpness_is_the_exact_variance_in_thousandths(shape: tuple[int, int]) -> None:
    luma = np.random.default_rng(9).integers(0, 2, shape, dtype=np.uint8) * 255
    edges = [int(value) for value in cv2.Laplacian(luma, cv2.CV_16S, ksize=1).ravel()]
    count, total, squares = len(edges), sum(edges), sum(value * value for value in edges)
    assert sharpness(np.asarray(luma, dtype=np.uint8)) == 1000 * (count * squares - total * total) // (count * count)
