"""A still as it is compared: whole, and the picture within a screenshot; its local features; its map onto a frame."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from forensics.matching.geometry import (
    SEED,
    Detector,
    Features,
    Fit,
    Floats,
    Luma,
    Pose,
    accepts,
    correspond,
    detect,
    fit,
    posed,
)
from forensics.matching.still_params import StillParams
from forensics.model.panel import Panel, find_panel

SIDE = 1024
"""Pixels of the long side at which a still is read: in a telephone's screenshot the picture is a third of the
height.
"""

PART_SIDE = 512
"""Pixels of the long side of a part in which features are sought: the size of the frames that it is compared with."""

CLOSE = -1
"""The part that is the whole still at `SIDE`: an inset of half the width is then as large as the frames are."""

BENT_RATIO = 0.8
"""Where a similarity carries this share of the correspondences nothing else is tried."""

BENT_GAIN = 1.2
"""A homography (a photographed screen, pixels that are not square) must carry so many times as many: it bends to chance
more easily.
"""

BENT_PX = 3.0
BENT_ITERATIONS = 1000


class Part(NamedTuple):
    """A part of a still at `PART_SIDE`: ``luma`` and the map ``to_part`` (3, 3) from the still's pixels to its own."""

    luma: Luma
    to_part: Floats


class View(NamedTuple):
    """In which part (`CLOSE` is the last) and by which features a still was fitted."""

    part: int
    detector: Detector


class Held(NamedTuple):
    """A fit that holds: ``fit`` the similarity of the part, ``warp`` (3, 3) from the still's pixels to the frame's."""

    fit: Fit
    warp: Floats


class Sight:
    """A still under one pose. Pixels are those of the posed still at `SIDE`."""

    def __init__(self, luma: Luma, pose: Pose) -> None:
        self.luma = posed(luma, pose)
        self.pose = pose
        self.parts = parts_of(self.luma)
        self._features: dict[View, Features] = {}

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return int(self.luma.shape[0]), int(self.luma.shape[1])

    def features(self, view: View) -> Features:
        """Local features of a part, found once."""
        if view not in self._features:
            self._features[view] = detect(self.parts[view.part].luma, view.detector)
        return self._features[view]

    @property
    def plain_parts(self) -> range:
        """The parts at `PART_SIDE`."""
        return range(len(self.parts) - 1)

    def fit(self, reference: Features, view: View) -> Fit | None:
        """The similarity that carries most correspondences, accepted or not."""
        return fit(self.features(view), reference)

    def hold(self, reference: Features, view: View, params: StillParams, found: Fit | None = None) -> Held | None:
        """The accepted map from the still's pixels to those of a frame with these features; ``found`` is their fit
        where it is known.
        """
        ours = self.features(view)
        found = found or self.fit(reference, view)
        if found is None or not accepts(found, params):
            return None
        plain = square(found.matrix)
        bent = None if found.inlier_ratio >= BENT_RATIO else _bent(ours, reference, found.inliers)
        return Held(found, (plain if bent is None else bent) @ self.parts[view.part].to_part)

    def similarity(self, held: Held, view: View) -> Floats:
        """The similarity (2, 3) from the still's pixels to the frame's."""
        return (square(held.fit.matrix) @ self.parts[view.part].to_part)[:2]


def parts_of(luma: Luma) -> tuple[Part, ...]:
    """The whole still, the picture that a screenshot shows, and the whole again at `SIDE`."""
    height, width = luma.shape
    panel = find_panel(luma)
    whole = Panel(top=0, bottom=height, left=0, right=width)
    boxes = [whole] if panel is None else [whole, panel]
    plain = [_part(luma, box, min(1.0, PART_SIDE / max(box.bottom - box.top, box.right - box.left))) for box in boxes]
    return (*plain, _part(luma, whole, SIDE / max(height, width)))


def _part(luma: Luma, box: Panel, scale: float) -> Part:
    top, bottom, left, right = box
    cut = luma[top:bottom, left:right]
    height, width = cut.shape
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_CUBIC
    small = cut if scale == 1.0 else np.asarray(cv2.resize(cut, size, interpolation=how), np.uint8)
    to_part = shrinking((height, width), (size[1], size[0])) @ np.array([[1.0, 0, -left], [0, 1.0, -top], [0, 0, 1.0]])
    return Part(np.ascontiguousarray(small), to_part)


def shrinking(whole: tuple[int, int], small: tuple[int, int]) -> Floats:
    """The map (3, 3) from pixels of a picture to those of its reduction, shapes (height, width). Pixel centres: the
    middle of a small pixel lies in the middle of the pixels that it stands for.
    """
    down, across = small[0] / whole[0], small[1] / whole[1]
    return np.array([[across, 0.0, 0.5 * across - 0.5], [0.0, down, 0.5 * down - 0.5], [0.0, 0.0, 1.0]])


def _bent(query: Features, reference: Features, inliers: int) -> Floats | None:
    """A homography that carries clearly more correspondences than a similarity does; None when none does."""
    rows = correspond(query, reference)
    source, target = query.points[rows[:, 0]], reference.points[rows[:, 1]]
    cv2.setRNGSeed(SEED)
    matrix, mask = cv2.findHomography(source, target, cv2.RANSAC, BENT_PX, maxIters=BENT_ITERATIONS)
    if int(np.asarray(mask).sum()) < BENT_GAIN * inliers:
        return None
    return np.asarray(matrix / matrix[2, 2], np.float64)


def square(matrix: Floats) -> Floats:
    """An affine map (2, 3) as a matrix (3, 3)."""
    return np.vstack([matrix, [0.0, 0.0, 1.0]])


def carried(warp: Floats, shape: tuple[int, int]) -> Floats:
    """Where a map (3, 3) carries the corners of a picture (height, width), float64 (4, 2)."""
    height, width = shape
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], float) @ warp.T
    return np.asarray(corners[:, :2] / corners[:, 2:])
