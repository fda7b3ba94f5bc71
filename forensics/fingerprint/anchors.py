"""Anchors: local features of a few full pictures, for finding crops, insets and turned copies by geometry."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import cv2
import numpy as np
import numpy.typing as npt

from forensics.fingerprint.dct import SIDE, codes_of
from forensics.model.fingerprint import HASH_BYTES, Anchors
from forensics.model.hamming import hamming
from forensics.model.media import Picture
from forensics.model.time import TimeBase

LONG_SIDE = 512
"""Pixels of the long side of the picture in which features are sought; larger pictures cost time and find no more."""

PER_ANCHOR = 40
"""Descriptors kept of one picture: with 30 to 60 the true source stayed among the first ten of 219 equally often."""

SPACING_S = Fraction(7, 2)
"""Seconds between two anchors of one moving scene, and what each anchor costs of the credit that time gives."""

MOST_CREDIT_S = 12
"""Credit that can be saved up, and that a video begins with: so many seconds' anchors may follow one another at cuts or
in a fast pan, while a long video has at most one for every `SPACING_S`, 1.5 MB an hour."""

STILL_SPACING_S = 12
"""Seconds between anchors while the picture's hash stays within `STILL_BITS`: they would repeat one another."""

STILL_BITS = 16
"""Bits from the last anchor's hash up to which the scene counts as unmoved."""

CUT_BITS = 90
"""Bits from the last anchor's hash at which the scene is another one (unrelated: median 128, 99.9 % above 94)."""

POINT_UNITS = 1 << 16
"""Points are stored as whole 1/65536 of the long side, which float32 holds exactly."""

_CANDIDATES = 400
"""Features sought, ten for each kept; with twice as many, fewer of those kept are found again in a copy."""

_FAST_THRESHOLD = 7
"""Low, because footage from the air through haze has little contrast (OpenCV's default of 20 leaves sky clips bare)."""

ROBUSTNESS = 0.7
"""A feature gives way to one whose strength times this exceeds its own. The authors' 0.9 spreads wider and finds a
fifth fewer features again."""

_ROWS_AT_ONCE = 100
"""Features whose distances are taken at once: some 200 KB of them stay in the cache."""

MOST_OBLONG = 16
"""A picture more oblong than 16:1 would shrink to a strip without room for ORB's 31-pixel patch."""


class AnchorTaker:
    """Takes anchors from the candidate pictures of one video, in their order."""

    def __init__(self, base: TimeBase) -> None:
        self._spacing = ceil(SPACING_S / base.fraction)
        self._still_spacing = ceil(STILL_SPACING_S / base.fraction)
        self._most_credit = ceil(MOST_CREDIT_S / base.fraction)
        self._credit = self._most_credit
        self._last_pts: int | None = None
        self._last_code = np.zeros(HASH_BYTES, dtype=np.uint8)
        self._pts: list[npt.NDArray[np.int64]] = []
        self._points: list[npt.NDArray[np.float32]] = []
        self._descriptors: list[npt.NDArray[np.uint8]] = []

    def add(self, picture: Picture) -> None:
        """Take an anchor from the picture if one is due: see the constants of this module."""
        elapsed = self._most_credit if self._last_pts is None else picture.pts - self._last_pts
        credit = min(self._credit + max(elapsed, 0), self._most_credit)
        if elapsed == 0 or credit < self._spacing:
            return
        code = _rough_code(picture.luma)
        if self._last_pts is not None and not self._is_due(elapsed, int(hamming(code, self._last_code))):
            return
        small = shrink(picture.luma)
        if small is None:
            return
        points, descriptors = features(small)
        if not len(points):
            return
        self._last_pts, self._last_code, self._credit = picture.pts, code, credit - self._spacing
        self._pts.append(np.full(len(points), picture.pts, dtype=np.int64))
        self._points.append(points)
        self._descriptors.append(descriptors)

    def _is_due(self, elapsed: int, distance: int) -> bool:
        """Whether a picture so many ticks and bits away from the last anchor is to be the next."""
        if distance >= CUT_BITS:
            return True
        return elapsed >= (self._still_spacing if distance <= STILL_BITS else self._spacing)

    def finish(self) -> Anchors:
        """All anchors taken, in picture order."""
        return Anchors(
            pts=np.concatenate([np.empty(0, dtype=np.int64), *self._pts]),
            points=np.concatenate([np.empty((0, 2), dtype=np.float32), *self._points]),
            descriptors=np.concatenate([np.empty((0, HASH_BYTES), dtype=np.uint8), *self._descriptors]),
        )


def _rough_code(luma: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Hash a picture from about 128 by 128 of its samples: enough to tell whether the scene moved on, for a tenth of
    the time that an average over all of them takes.
    """
    down, right = (max(1, side // (2 * SIDE)) for side in luma.shape)
    sampled = cv2.resize(luma[::down, ::right], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    code: npt.NDArray[np.uint8] = codes_of(np.asarray(sampled, dtype=np.uint8)[None])[0]
    return code


def shrink(luma: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8] | None:
    """Scale luma uint8 (height, width) to a long side of `LONG_SIDE`; None when that leaves too thin a strip."""
    height, width = luma.shape
    if max(height, width) > MOST_OBLONG * min(height, width):
        return None
    scale = LONG_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(luma, size, interpolation=method), dtype=np.uint8)


def features(small: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """At most `PER_ANCHOR` ORB features (Rublee et al. 2011), spread over the picture.

    ``small`` is uint8 (height, width), `LONG_SIDE` long. Returns points float32 (n, 2), x and y in units of the long
    side, multiples of 1/65536 below 1, and descriptors uint8 (n, 32). A picture without corners has none.
    """
    orb = cv2.ORB.create(nfeatures=_CANDIDATES, fastThreshold=_FAST_THRESHOLD)
    keypoints, descriptors = orb.detectAndCompute(small, None)
    if not keypoints or descriptors is None:
        return np.empty((0, 2), dtype=np.float32), np.empty((0, HASH_BYTES), dtype=np.uint8)
    xy = np.asarray(cv2.KeyPoint.convert(keypoints), dtype=np.float64)
    strength = np.array([point.response for point in keypoints], dtype=np.float64)
    chosen = _spread(xy, strength)
    units = np.clip(np.floor(xy[chosen] * (POINT_UNITS / LONG_SIDE)), 0, POINT_UNITS - 1)
    points = (units / POINT_UNITS).astype(np.float32)
    return points, np.asarray(descriptors, dtype=np.uint8)[chosen]


def _spread(xy: npt.NDArray[np.float64], strength: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Rows of the `PER_ANCHOR` features farthest from any that is clearly stronger.

    Adaptive non-maximal suppression (Brown, Szeliski, Winder 2005). Unlike a choice by the cells of a grid it finds the
    same features again when the picture was cropped or shrunk (after a crop to three quarters 16 of 40, and not 11).
    In order of strength the clearly stronger ones stand first, so that only to them distances are taken.
    """
    ranked = np.argsort(-strength, kind="stable")
    (x, y), strength = xy[ranked].T, strength[ranked]
    stronger = np.searchsorted(-strength * ROBUSTNESS, -strength)
    radius = np.empty(len(ranked))
    for first in range(0, len(ranked), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        most = int(stronger[rows][-1])
        squared = (x[rows, None] - x[:most]) ** 2 + (y[rows, None] - y[:most]) ** 2
        squared[np.arange(most) >= stronger[rows, None]] = np.inf
        radius[rows] = squared.min(axis=1, initial=np.inf)
    order = ranked[np.lexsort((x, y, -strength, -radius))]
    return np.asarray(order[:PER_ANCHOR], dtype=np.int64)
