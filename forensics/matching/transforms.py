"""A geometric fit in the words of the record: mirrored, turned, scaled, cropped, inset."""

from __future__ import annotations

import numpy as np

from forensics.matching.geometry import Fit, Floats, Pose
from forensics.model.match import Transform


def describe(held: Fit, pose: Pose, query_shape: tuple[int, int], reference_shape: tuple[int, int]) -> Transform:
    """The map from the reference's picture to the query's, with the crop and the box that follow from it."""
    whole = np.vstack([held.matrix, [0.0, 0.0, 1.0]])
    back = np.linalg.inv(whole)
    linear = back[:2, :2]
    angle = float(np.degrees(np.arctan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1])))
    turns = round(-angle / 90.0) % 4
    rest = -angle - 90.0 * round(-angle / 90.0)
    query_long, reference_long = max(query_shape), max(reference_shape)
    scale = float(np.sqrt(abs(np.linalg.det(linear)))) * reference_long / query_long
    crop = _covered(whole, query_shape, reference_shape)
    box = _covered(back, reference_shape, query_shape)
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


def _covered(matrix: Floats, source: tuple[int, int], target: tuple[int, int]) -> tuple[float, float, float, float]:
    """Bounding box, in 0..1 of the target, of the source picture's outline."""
    height, width = source
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], float) @ matrix[:2].T
    unit = np.clip(corners / np.array([target[1], target[0]], float), 0.0, 1.0)
    low, high = unit.min(0), unit.max(0)
    return (round(float(low[0]), 4), round(float(low[1]), 4), round(float(high[0]), 4), round(float(high[1]), 4))
