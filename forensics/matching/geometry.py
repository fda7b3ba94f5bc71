"""Stage 2: is it the same picture, seen how? ORB or SIFT correspondences and a RANSAC fit, with fixed seeds.

Sources: ORB, Rublee et al. 2011; SIFT, Lowe 2004; RANSAC, Fischler and Bolles 1981; ratio test, Lowe 2004.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

import cv2
import faiss
import numpy as np
import numpy.typing as npt

Luma = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

FEATURES = 1000
"""Per picture of 512 px: 500 lose insets, 2000 only cost time (research on 396 attacked queries)."""

ENLARGED, ENLARGED_FEATURES = 3, 3000
"""Times that a query picture is enlarged, and features then: the parts of an inset of a third of the width are as large
as in the original. Twice misses insets that three times finds.
"""

REDUCED, REDUCED_FEATURES = 2, 500
"""Times that a query picture is reduced, and features then: what a strong crop shows is drawn larger than in the
original, and only the largest of its features are among the few that are stored of that.
"""

ORB_EDGE_PX = 31
"""OpenCV's ORB has no feature nearer to an edge, and fails on a picture that shrinks to nothing in its pyramid."""

FAST_THRESHOLD = 7
"""Low, for haze and night; OpenCV's 20 leaves sky clips without features."""

RATIO = 0.8
"""A best match must be this much nearer than the second best (Lowe 2004)."""

RANSAC_PX = 4.0
"""Reach of an inlier at 512 px: coding, resampling and a slight perspective stay inside."""

RANSAC_ITERATIONS = 2000
CELL_PX = 32
"""Inliers are counted in distinct cells of this size: an overlay gives many inliers in few cells."""

CELLS_ACROSS = 1 << 20
"""More than any picture has: a cell's number tells its row and column."""

SEED = 20250
"""The random numbers of RANSAC start here every time, so that a result can be had again."""


class Detector(StrEnum):
    """Which local features."""

    ORB = "orb"
    ORB_ENLARGED = "orb-enlarged"
    ORB_REDUCED = "orb-reduced"
    SIFT = "sift"


class Pose(NamedTuple):
    """How the query picture is changed before it is compared: mirrored left-right, negative."""

    mirrored: bool = False
    inverted: bool = False


AS_IS = Pose()


class Features(NamedTuple):
    """Local features of one picture: ``points`` float32 (n, 2) pixels, ``descriptors`` (n, k), its height and width."""

    points: npt.NDArray[np.float32]
    descriptors: npt.NDArray[Any]
    height: int
    width: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """One accepted or refused geometric fit: ``matrix`` float64 (2, 3) from posed query pixels to reference pixels."""

    matrix: Floats
    inliers: int
    cells: int
    putative: int
    source: npt.NDArray[np.float32]
    target: npt.NDArray[np.float32]

    @property
    def inlier_ratio(self) -> float:
        """Inliers over putative correspondences."""
        return self.inliers / self.putative if self.putative else 0.0

    @property
    def scale(self) -> float:
        """How much larger the reference's picture is than the query's."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix[:, :2]))))


def posed(luma: Luma, pose: Pose) -> Luma:
    """The picture after ``pose``, contiguous."""
    picture = luma[:, ::-1] if pose.mirrored else luma
    return np.ascontiguousarray(255 - picture if pose.inverted else picture)


def detect(luma: Luma, detector: Detector) -> Features:
    """Local features of a uint8 (h, w) picture, points in its own pixels."""
    height, width = luma.shape
    picture = _drawn(luma, detector)
    bare = detector is not Detector.SIFT and min(picture.shape) <= 2 * ORB_EDGE_PX
    keypoints, descriptors = ((), None) if bare else _engine(detector).detectAndCompute(picture, None)
    if not keypoints:
        kind, size = (np.float32, 128) if detector is Detector.SIFT else (np.uint8, 32)
        return Features(np.zeros((0, 2), np.float32), np.zeros((0, size), kind), height, width)
    drawn, whole = (np.array(shape[::-1], np.float32) for shape in (picture.shape, luma.shape))
    points = np.array([point.pt for point in keypoints], np.float32) / (drawn / whole)
    return Features(np.asarray(points, np.float32), np.asarray(descriptors), height, width)


def _drawn(luma: Luma, detector: Detector) -> Luma:
    """The picture in the size in which its features are sought."""
    height, width = luma.shape
    if detector is Detector.ORB_ENLARGED:
        return np.asarray(cv2.resize(luma, (ENLARGED * width, ENLARGED * height), interpolation=cv2.INTER_CUBIC))
    if detector is Detector.ORB_REDUCED:
        size = (max(1, width // REDUCED), max(1, height // REDUCED))
        return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA))
    return luma


_COUNTS = {Detector.ORB_ENLARGED: ENLARGED_FEATURES, Detector.ORB_REDUCED: REDUCED_FEATURES}
"""Features sought where they are not `FEATURES`."""


def _engine(detector: Detector) -> cv2.Feature2D:
    if detector is Detector.SIFT:
        return cv2.SIFT.create(nfeatures=FEATURES)
    return cv2.ORB.create(nfeatures=_COUNTS.get(detector, FEATURES), fastThreshold=FAST_THRESHOLD)


def correspond(query: Features, reference: Features) -> npt.NDArray[np.intp]:
    """Rows (query, reference) of putative correspondences by the ratio test, (n, 2)."""
    if len(query.points) < 2 or len(reference.points) < 2:
        return np.zeros((0, 2), np.intp)
    distance, rows = _two_nearest(query.descriptors, reference.descriptors)
    good = np.flatnonzero(distance[:, 0] < RATIO * distance[:, 1])
    return np.stack([good, rows[good, 0].astype(np.intp)], axis=1)


def _two_nearest(query: npt.NDArray[Any], reference: npt.NDArray[Any]) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Distances and rows of the two nearest references of each query, both (n, 2).

    Bits by FAISS, whose exhaustive search takes a fifth of the time of OpenCV's; floats by OpenCV.
    """
    if query.dtype == np.uint8:
        index = faiss.IndexBinaryFlat(8 * query.shape[1])
        index.add(np.ascontiguousarray(reference))
        distance, rows = index.search(np.ascontiguousarray(query), 2)
        return distance.astype(np.float64), rows
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(query, reference, k=2)
    found = [(one.distance, two.distance, one.trainIdx, two.trainIdx) for one, two in pairs]
    both: Floats = np.array(found, np.float64).reshape(-1, 4)
    return both[:, :2], both[:, 2:].astype(np.int64)


def cells_of(points: npt.NDArray[np.float32]) -> int:
    """How many distinct 32-px picture cells the points lie in."""
    if not len(points):
        return 0
    places = np.floor(points / CELL_PX).astype(np.int64)
    return len(set((places[:, 1] * CELLS_ACROSS + places[:, 0]).tolist()))


def fit(query: Features, reference: Features, full_affine: bool = False) -> Fit | None:
    """The best similarity (or affine) map from query to reference pixels, or None when none holds."""
    rows = correspond(query, reference)
    if len(rows) < 4:
        return None
    source, target = query.points[rows[:, 0]], reference.points[rows[:, 1]]
    cv2.setRNGSeed(SEED)
    estimate = cv2.estimateAffine2D if full_affine else cv2.estimateAffinePartial2D
    matrix, mask = estimate(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=RANSAC_PX, maxIters=RANSAC_ITERATIONS, confidence=0.995
    )
    if matrix is None:
        return None
    kept = mask.ravel().astype(bool)
    cells = min(cells_of(source[kept]), cells_of(target[kept]))
    return Fit(
        matrix=np.asarray(matrix, np.float64),
        inliers=int(kept.sum()),
        cells=cells,
        putative=len(rows),
        source=source[kept],
        target=target[kept],
    )


class Bounds(Protocol):
    """What a fit must reach to be held for more than chance."""

    @property
    def least_inliers(self) -> int:
        """Inliers."""
        ...

    @property
    def least_cells(self) -> int:
        """Distinct cells that they lie in."""
        ...

    @property
    def scale_range(self) -> tuple[float, float]:
        """Least and greatest scale."""
        ...


def accepts(found: Fit, bounds: Bounds) -> bool:
    """Whether a fit has inliers, cells and a scale that chance does not give."""
    low, high = bounds.scale_range
    return found.inliers >= bounds.least_inliers and found.cells >= bounds.least_cells and low <= found.scale <= high


def joint_fit(fits: list[Fit]) -> Fit | None:
    """One affine map from the inliers of several moments together, or None when there are too few."""
    if len(fits) < 2:
        return None
    source, target = np.concatenate([f.source for f in fits]), np.concatenate([f.target for f in fits])
    cv2.setRNGSeed(SEED)
    matrix, mask = cv2.estimateAffine2D(source, target, method=cv2.RANSAC, ransacReprojThreshold=RANSAC_PX)
    if matrix is None:
        return None
    kept = mask.ravel().astype(bool)
    cells = min(cells_of(source[kept]), cells_of(target[kept]))
    return Fit(
        matrix=np.asarray(matrix, np.float64),
        inliers=int(kept.sum()) // len(fits),
        cells=cells,
        putative=sum(f.putative for f in fits) // len(fits),
        source=source[kept],
        target=target[kept],
    )


def corner_off_px(matrix: Floats, width: int, height: int) -> float:
    """How far a map (2, 3) moves the corner of a picture that it moves most, pixels of the picture."""
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], float)
    return float(np.linalg.norm(corners @ matrix.T - corners[:, :2], axis=1).max())


def laid_over(canvas: Luma, luma: Luma, found_at: Floats) -> Luma:
    """A picture where ``canvas`` shows the same, ``found_at`` (2, 3) from the canvas to the picture; the canvas stays
    where the picture has nothing.
    """
    size, flags = (canvas.shape[1], canvas.shape[0]), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    filled = cv2.warpAffine(luma, found_at, size, dst=canvas.copy(), flags=flags, borderMode=cv2.BORDER_TRANSPARENT)
    return np.asarray(filled, np.uint8)


def drift_px(fits: list[Fit] | tuple[Fit, ...], width: int, height: int) -> float | None:
    """Spread (standard deviation) of where the query's centre maps, over several moments; None below two."""
    if len(fits) < 2:
        return None
    centre = np.array([width / 2, height / 2, 1.0])
    places = np.array([f.matrix @ centre for f in fits])
    return float(np.sqrt(places.var(axis=0).sum()))
