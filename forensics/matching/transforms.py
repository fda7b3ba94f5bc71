"""A geometric fit in the words of the record: mirrored, turned, scaled, cropped, inset."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from forensics.matching.geometry import Fit, Floats, Pose
from forensics.model.match import Transform


class Rect(NamedTuple):
    """Pixels of a picture: left, top, right, bottom."""

    x0: float
    y0: float
    x1: float
    y1: float


class Seen(NamedTuple):
    """The part of each picture that nothing larger covers, in pixels of the posed query and of the reference."""

    query: Rect
    reference: Rect


def whole(shape: tuple[int, int]) -> Rect:
    """All of a picture of this height and width."""
    return Rect(0.0, 0.0, float(shape[1]), float(shape[0]))


def describe(
    held: Fit, pose: Pose, query_shape: tuple[int, int], reference_shape: tuple[int, int], seen: Seen | None = None
) -> Transform:
    """The map from the reference's picture to the query's, with the crop and the box that follow from it and from the
    parts that are ``seen``; without those, from the outlines.
    """
    forth = np.vstack([held.matrix, [0.0, 0.0, 1.0]])
    back = np.linalg.inv(forth)
    linear = back[:2, :2]
    angle = float(np.degrees(np.arctan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1])))
    turns = round(-angle / 90.0) % 4
    rest = -angle - 90.0 * round(-angle / 90.0)
    query_long, reference_long = max(query_shape), max(reference_shape)
    scale = float(np.sqrt(abs(np.linalg.det(linear)))) * reference_long / query_long
    parts = seen or Seen(whole(query_shape), whole(reference_shape))
    crop = _shown(forth, parts.query, parts.reference, reference_shape)
    box = _shown(back, parts.reference, parts.query, query_shape)
    if pose.mirrored:
        box = (1.0 - box[2], box[1], 1.0 - box[0], box[3])
    return Transform(
        mirrored=pose.mirrored,
        inverted=pose.inverted,
        quarter_turns=turns,
        scale=round(scale, 5),
        rotation_deg=round(rest, 3),
        dx=round(float(back[0, 2]) / query_long, 5),
        dy=round(float(back[1, 2]) / query_long, 5),
        crop=crop,
        box=box,
    )


def _shown(matrix: Floats, source: Rect, target: Rect, shape: tuple[int, int]) -> tuple[float, float, float, float]:
    """Bounding box of one picture's part carried into another's, in 0..1 of the other picture of this shape."""
    corners = np.array([[x, y, 1] for y in (source.y0, source.y1) for x in (source.x0, source.x1)], float)
    inside = np.clip(corners @ matrix[:2].T, (target.x0, target.y0), (target.x1, target.y1))
    unit = inside / np.array([shape[1], shape[0]], float)
    low, high = unit.min(0), unit.max(0)
    return (round(float(low[0]), 4), round(float(low[1]), 4), round(float(high[0]), 4), round(float(high[1]), 4))
