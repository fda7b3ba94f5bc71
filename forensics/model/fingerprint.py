"""A video's fingerprint: kept frame hashes with their times, and sparse anchors for geometry."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

import numpy as np
import numpy.typing as npt

from forensics.model.time import MediaTime

HASH_BYTES = 32
"""Bytes of one frame hash (256 bits)."""


class FrameFlag(IntFlag):
    """Why a frame may support a match but never start one."""

    NONE = 0
    BLACK = 1
    FLAT = 2
    TITLE_CARD = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class HashSpec:
    """Which frame hash, in which version, made from which picture recipe, kept by which rule.

    Two fingerprints can be compared only when ``name``, ``version`` and ``bits`` are equal. ``recipe`` names
    scaler, flags and geometry; ``keep_bits`` is the c of the keeping rule: a hash is kept once it is more than
    c bits from the last one kept.
    """

    name: str
    version: str
    bits: int
    recipe: str
    keep_bits: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Anchors:
    """Local features of a few frames: row i belongs to the frame at ``pts[i]``.

    ``pts`` int64 (n,), ``points`` float32 (n, 2) as x and y in units of the frame's long side (0..1),
    ``descriptors`` uint8 (n, 32), ORB (Rublee et al. 2011).
    """

    pts: npt.NDArray[np.int64]
    points: npt.NDArray[np.float32]
    descriptors: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fingerprint:
    """The sequence of kept frame hashes of one video.

    ``codes`` uint8 (n, 32), ``pts`` int64 (n,) in ticks of ``origin.base``, strictly the frames' own order,
    ``quality`` uint8 (n,) 0..100, ``flags`` uint8 (n,) of `FrameFlag`. ``end_pts`` is the last decoded frame's
    timestamp; ``frames`` counts all decoded frames. ``box_codes`` hash the content box (borders removed), one row
    per row of ``codes``, or have no rows when the picture has no border.
    """

    spec: HashSpec
    origin: MediaTime
    frames: int
    end_pts: int
    codes: npt.NDArray[np.uint8]
    pts: npt.NDArray[np.int64]
    quality: npt.NDArray[np.uint8]
    flags: npt.NDArray[np.uint8]
    box_codes: npt.NDArray[np.uint8]
    anchors: Anchors

    def __post_init__(self) -> None:
        rows = len(self.pts)
        if self.codes.shape != (rows, HASH_BYTES) or len(self.quality) != rows or len(self.flags) != rows:
            raise ValueError("codes, pts, quality and flags have one row per kept frame")
        if len(self.box_codes) not in (0, rows):
            raise ValueError("box codes are one per kept frame, or none")

    @property
    def seconds(self) -> npt.NDArray[np.float64]:
        """Times of the kept frames on the presentation clock, float64 (n,)."""
        return self.to_seconds(self.pts)

    @property
    def end_s(self) -> float:
        """Presentation time of the last decoded frame in seconds."""
        return float((self.end_pts - self.origin.pts) * self.origin.base.fraction)

    def to_seconds(self, pts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Ticks to seconds on the presentation clock (for search and display; stored times stay integers)."""
        ticks: npt.NDArray[np.float64] = (pts - self.origin.pts).astype(np.float64)
        return ticks * (self.origin.base.num / self.origin.base.den)
