"""What is left of two pictures when one is laid over the other by the transform of a finding: their difference.

It is computed from the recorded transform alone. Nothing is fitted anew, no brightness is levelled: what differs
because a copy was made darker is shown as different.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from forensics.model.match import Transform

Bgr: TypeAlias = npt.NDArray[np.uint8]
"""A picture, uint8 (height, width, 3), blue first."""

GAIN = 4
"""Differences are shown this many times as bright: recoding alone, 2 to 4 levels of 255, is then seen and is faint."""

UNCHANGED = Transform(
    mirrored=False,
    inverted=False,
    quarter_turns=0,
    scale=1.0,
    rotation_deg=0.0,
    dx=0.0,
    dy=0.0,
    crop=(0.0, 0.0, 1.0, 1.0),
    box=(0.0, 0.0, 1.0, 1.0),
)
"""The transform of files whose pictures are the same bytes."""

_STRIPE = 6
_SHRUNK = 0.75
"""Below this scale a picture is averaged before it is carried over: bilinear sampling would skip samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """``levels`` uint8 (h, w), the absolute difference of luma in the query's picture; ``compared`` bool (h, w), where
    the reference's picture is seen in it.
    """

    levels: npt.NDArray[np.uint8]
    compared: npt.NDArray[np.bool_]

    @property
    def mean(self) -> float | None:
        """Mean difference in levels of 255 where the pictures were compared."""
        return float(self.levels[self.compared].mean()) if self.compared.any() else None

    @property
    def share(self) -> float:
        """Share of the query's picture that was compared."""
        return float(self.compared.mean())

    def shown(self) -> Bgr:
        """As a picture: black equal, bright different, `GAIN` times; a grey hatch where nothing was compared."""
        bright = cv2.convertScaleAbs(self.levels, alpha=GAIN)
        picture = np.asarray(cv2.applyColorMap(bright, cv2.COLORMAP_INFERNO), np.uint8)
        if not self.compared.all():
            picture[~self.compared] = _hatch(*self.levels.shape)[~self.compared]
        return picture


@lru_cache(maxsize=4)
def _hatch(height: int, width: int) -> Bgr:
    rows, columns = np.indices((height, width))
    stripes = np.where((rows + columns) // _STRIPE % 2 == 0, 72, 58).astype(np.uint8)
    return np.asarray(cv2.cvtColor(stripes, cv2.COLOR_GRAY2BGR), np.uint8)


def residual(query: Bgr, reference: Bgr, transform: Transform, measured_side: int) -> Residual:
    """The difference of two pictures at any size. ``measured_side``: the long side in pixels at which the transform was
    measured; its shift is between centres of those pixels.
    """
    height, width = query.shape[:2]
    carried, seen = _carried(reference, transform, (width, height), measured_side)
    if transform.mirrored:
        carried, seen = carried[:, ::-1], seen[:, ::-1]
    if transform.inverted:
        carried = 255 - carried
    levels = cv2.absdiff(cv2.cvtColor(query, cv2.COLOR_BGR2GRAY), np.ascontiguousarray(carried))
    return Residual(levels=np.asarray(levels, np.uint8), compared=seen & _inside(transform.box, (width, height)))


def outline(transform: Transform, query: tuple[int, int], reference: tuple[int, int], side: int) -> list[list[float]]:
    """Where the box of the query, (width, height), lies in the reference: four corners in 0..1 of its sides."""
    x0, y0, x1, y1 = transform.box
    if transform.mirrored:
        x0, x1 = 1.0 - x1, 1.0 - x0
    width, height = query
    corners = np.array([[x0, x1, x1, x0], [y0, y0, y1, y1], [1.0, 1.0, 1.0, 1.0]])
    corners[0] = corners[0] * width - 0.5
    corners[1] = corners[1] * height - 0.5
    back = np.linalg.inv(_matrix(transform, query, reference, side)) @ corners
    return [
        [float((x + 0.5) / reference[0]), float((y + 0.5) / reference[1])]
        for x, y in zip(back[0], back[1], strict=True)
    ]


def _carried(
    reference: Bgr, transform: Transform, size: tuple[int, int], side: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """The reference's luma in the posed query's picture of this (width, height), and where there is any."""
    luma = cv2.cvtColor(reference, cv2.COLOR_BGR2GRAY)
    height, width = luma.shape
    shrink = transform.scale * max(size) / max(width, height)
    if shrink < _SHRUNK:
        small = (max(1, round(width * shrink)), max(1, round(height * shrink)))
        luma = cv2.resize(luma, small, interpolation=cv2.INTER_AREA)
    shape = (luma.shape[1], luma.shape[0])
    matrix = _matrix(transform, size, shape, side)[:2]
    carried = cv2.warpAffine(luma, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    filled = np.full(luma.shape, 255, np.uint8)
    seen = cv2.warpAffine(filled, matrix, size, flags=cv2.INTER_NEAREST, borderValue=0)
    # Pixels at the outline hold part of what lies beyond.
    inner = cv2.erode(seen, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=255)
    return np.asarray(carried, np.uint8), np.asarray(inner > 0)


def _matrix(
    transform: Transform, query: tuple[int, int], reference: tuple[int, int], side: int
) -> npt.NDArray[np.float64]:
    """3 x 3, from pixels of the reference to pixels of the posed query, both of these (width, height)."""
    turn = np.radians(-(90.0 * transform.quarter_turns + transform.rotation_deg))
    cosine, sine = float(np.cos(turn)), float(np.sin(turn))
    scale = transform.scale
    between = np.array(
        [
            [scale * cosine, -scale * sine, transform.dx * side],
            [scale * sine, scale * cosine, transform.dy * side],
            [0.0, 0.0, 1.0],
        ]
    )
    return np.asarray(np.linalg.inv(_measured(query, side)) @ between @ _measured(reference, side), np.float64)


def _measured(size: tuple[int, int], side: int) -> npt.NDArray[np.float64]:
    """From pixels of a picture of this size to those of the same picture with a long side of ``side``."""
    factor = side / max(size)
    shift = 0.5 * factor - 0.5
    return np.array([[factor, 0.0, shift], [0.0, factor, shift], [0.0, 0.0, 1.0]])


def _inside(box: tuple[float, float, float, float], size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    width, height = size
    columns = (np.arange(width) + 0.5) / width
    rows = (np.arange(height) + 0.5) / height
    across = (columns >= box[0]) & (columns <= box[2])
    down = (rows >= box[1]) & (rows <= box[3])
    return np.asarray(down[:, None] & across[None, :])
