"""The exact offset of footage whose camera moves steadily.

From a camera in steady flight a frame and its neighbour a second later differ by little more than a zoom and a shift,
so that a wrong offset has a map of its own that fits nearly as well. At the true offset alone the fine detail of both
pictures is the same. So offsets around the line are tried, each with its own map, and the one is taken under which
detail correlates best.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from forensics.matching.alignment import Line, nearest
from forensics.matching.geometry import Fit, Floats, Pose, posed
from forensics.matching.pairing import Pairing, Placed
from forensics.matching.reel import Reel

STEPS_S = (
    (-1.0, -0.4, -0.2, -0.1, 0.1, 0.2, 0.4, 1.0),
    (-2.0, -1.5, -0.7, 0.0, 0.7, 1.5, 2.0),
    (-0.3, -0.2, -0.1, 0.1, 0.2, 0.3),
)
"""Offsets tried: some around the line; if any of them shows the detail better, more around the best, coarse and then to
a tenth of a second.
"""

MOMENTS = 4
"""Moments at which detail is compared; their median counts."""

DETAIL_SIDE = 256
"""Pixels of the long side at which detail is compared: a frame of motion shows, coding noise hardly."""

COARSE_SIGMA = 4.0
"""Standard deviation, pixels at `DETAIL_SIDE`, of the blur that is taken away: light and shade are no detail."""

LEAST_OVERLAP = 0.08
"""Share of the query picture that both must show at the least."""

CLEAR_GAIN = 0.08
"""This share of what correlation lacks to 1 must be won to move a line: below it both offsets are as good."""


def sharpened(
    line: Line, query_s: Floats, placed: Placed, pairing: Pairing, windows: tuple[Reel, Reel]
) -> tuple[Line, Placed]:
    """The line at the offset where detail agrees best, with the map that belongs to it; unchanged where none is
    clearly better.
    """
    picks = np.linspace(line.first, line.last, MOMENTS + 2).astype(int)[1:-1]
    moments = query_s[np.unique(picks)]
    shown = [_shown(windows[0], moment, placed.seed.pose) for moment in moments.tolist()]
    first = _agreement(line, moments, placed.fit, shown, windows[1])
    best = start = _Try(line, placed, first)
    for steps in STEPS_S:
        for step in steps:
            moved = replace(line, offset_s=start.line.offset_s + step)
            tried = _try(moved, moments, placed, pairing, shown, windows[1])
            if tried is not None and tried.agreement > best.agreement:
                best = tried
        if best.line is line:
            break
        start = best
    clear = best.agreement > first + CLEAR_GAIN * (1 - first)
    return (best.line, best.placed) if clear else (line, placed)


class _Try:
    """A line with the map that fits along it, and how well detail agrees."""

    def __init__(self, line: Line, placed: Placed, agreement: float) -> None:
        self.line = line
        self.placed = placed
        self.agreement = agreement


class _Shown(NamedTuple):
    """A query picture at a moment: its ``shape`` as decoded, and its fine ``detail`` at `DETAIL_SIDE`."""

    shape: tuple[int, int]
    detail: npt.NDArray[np.float32]


def _shown(ours: Reel, moment: float, pose: Pose) -> _Shown:
    query = posed(ours.luma[int(np.argmin(np.abs(ours.seconds - moment)))], pose)
    small = np.asarray(cv2.resize(query, _size(query.shape), interpolation=cv2.INTER_AREA), np.uint8)
    return _Shown((query.shape[0], query.shape[1]), fine_detail(small))


def _size(shape: tuple[int, ...]) -> tuple[int, int]:
    """Width and height of a picture with the long side at `DETAIL_SIDE`."""
    scale = DETAIL_SIDE / max(shape)
    return max(8, round(shape[1] * scale)), max(8, round(shape[0] * scale))


def _try(
    line: Line, moments: Floats, placed: Placed, pairing: Pairing, shown: list[_Shown], theirs: Reel
) -> _Try | None:
    """The map at the middle moment of a line, judged at all of them."""
    at = float(moments[len(moments) // 2])
    found = pairing.fit_at(at, line.speed * at + line.offset_s, placed.seed.pose, placed.detector)
    if found is None or not pairing.accepts(found):
        return None
    return _Try(line, placed._replace(fit=found), _agreement(line, moments, found, shown, theirs))


def _agreement(line: Line, moments: Floats, fit: Fit, shown: list[_Shown], theirs: Reel) -> float:
    """Median correlation of detail over the moments; -1 where the pictures do not overlap."""
    values = []
    for moment, ours in zip(moments.tolist(), shown, strict=True):
        rows, inside = nearest(theirs.seconds, np.array([line.speed * moment + line.offset_s]), 0.12)
        if not inside[0]:
            return -1.0
        values.append(_correlation(ours, theirs.luma[int(rows[0])], fit))
    return float(np.median(values)) if values else -1.0


def _correlation(query: _Shown, reference: npt.NDArray[np.uint8], fit: Fit) -> float:
    """Correlation of the fine detail of the query picture and of the reference seen through the map."""
    scale, size = DETAIL_SIDE / max(query.shape), _size(query.shape)
    shrink = np.diag([1 / scale, 1 / scale, 1.0])
    matrix = (fit.matrix @ shrink).astype(np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = np.asarray(cv2.warpAffine(reference, matrix, size, flags=flags), np.uint8)
    mask = np.asarray(
        cv2.warpAffine(np.ones_like(reference), matrix, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
    )
    inside = cv2.erode(mask, np.ones((9, 9), np.uint8)) > 0
    if inside.mean() < LEAST_OVERLAP:
        return -1.0
    ours, theirs = query.detail[inside], fine_detail(seen)[inside]
    norm = float(np.linalg.norm(ours) * np.linalg.norm(theirs))
    return float(ours @ theirs) / norm if norm > 0 else -1.0


def fine_detail(luma: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """A picture uint8 (h, w) without its noise and without its broad light and shade, float32 (h, w)."""
    picture = luma.astype(np.float32)
    return np.asarray(
        cv2.GaussianBlur(picture, (0, 0), 0.8) - cv2.GaussianBlur(picture, (0, 0), COARSE_SIGMA), np.float32
    )
