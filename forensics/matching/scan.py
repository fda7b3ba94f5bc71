"""A still against the frames of a reference around one moment: at which times does which map hold, and how well does
fine detail agree there?

From a camera in flight a frame and its neighbour differ by little more than a zoom and a shift, so that every frame is
judged under a map of its own. A camera that stands has one map for all, and every frame that it took is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from forensics.matching.detail import Blocks, Canvas, Field, block_agreement, canvas_of, seen
from forensics.matching.footage import Footage
from forensics.matching.geometry import Detector, Features, Floats, Luma, Pose, detect
from forensics.matching.sight import CLOSE, Held, Sight, View, carried
from forensics.matching.still_params import StillParams

REACH_S = 6.0
"""Seconds on either side of a seed: anchors stand at most six seconds from a frame that looks like theirs."""

COARSE_S = 0.5
FINE_REACH_S = 1.15
"""Around the best coarse moment, and around that of most inliers, every frame is looked at this far."""

FIXED_PX, FIXED_SHARE = 2.0, 0.7
"""The camera stands when this share of the maps carry the still's corners to within so many pixels of their median."""

MOST_SCANNED_S = 120.0
"""Of a camera that stands so much is looked at: beyond, a still is found by other seeds."""

EVERY_S = 0.13
"""A moment told from ten frames a second is looked at again in every frame within so many seconds."""

EXTEND_S = 15.0
SAME_SHOT = 0.5
"""A standing camera's shot has ended where agreement falls below this share of the best."""


class Look(StrEnum):
    """How geometry is sought, in this order: plainly, in all of the still closely, plainly at times beside a seed, by
    other features.
    """

    PLAIN = "plain"
    CLOSE = "close"
    BESIDE = "beside"
    SIFT = "sift"


class Placed(NamedTuple):
    """Where a still's geometry holds: a moment of the reference, the view and the map."""

    at_s: float
    view: View
    held: Held


class Tried(NamedTuple):
    """What one look gave: where geometry holds, and the inliers of the best fit, accepted or not."""

    placed: Placed | None
    inliers: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """The still against one ``frame``. ``field`` is the frame's detail on the canvas, ``filled`` where it fills it."""

    at_s: float
    frame: Luma
    held: Held
    blocks: Blocks
    field: Field
    filled: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scan:
    """All readings in time order on one canvas; ``standing`` is the one map of a camera that stands, else None;
    ``frame_shape`` is of the reference.
    """

    canvas: Canvas
    readings: tuple[Reading, ...]
    view: View
    standing: Held | None
    frame_shape: tuple[int, int]

    @property
    def seconds(self) -> Floats:
        """Times of the readings."""
        return np.array([reading.at_s for reading in self.readings])

    @property
    def agree(self) -> Floats:
        """Agreement, float64 (readings, blocks)."""
        return np.array([reading.blocks.agree for reading in self.readings])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """The frames of one reference, to be asked by time."""

    id: str
    duration_s: float
    footage: Footage

    def features(self, at_s: float, detector: Detector) -> Features | None:
        """Local features of the frame nearest to a moment; None outside the file."""
        if not 0 <= at_s <= self.duration_s:
            return None
        return self.footage.features(self.id, at_s, Pose(), detector)


def place(sight: Sight, reference: Reference, at_s: float, look: Look, params: StillParams) -> Tried:
    """Geometry at a moment: the part of the still with most inliers holds it, or none does."""
    detector = Detector.SIFT if look is Look.SIFT else Detector.ORB
    theirs = reference.features(at_s, detector)
    if theirs is None:
        return Tried(None, 0)
    views = [View(part, detector) for part in ((CLOSE,) if look is Look.CLOSE else sight.plain_parts)]
    fits = [(view, sight.fit(theirs, view)) for view in views]
    held = [(view, sight.hold(theirs, view, params, found)) for view, found in fits if found is not None]
    placed = [Placed(at_s, view, each) for view, each in held if each is not None]
    best = max(placed, key=lambda one: (one.held.fit.inliers, -one.view.part), default=None)
    return Tried(best, max((found.inliers for _, found in fits if found is not None), default=0))


def scan_around(sight: Sight, reference: Reference, placed: Placed, params: StillParams) -> Scan | None:
    """Readings around a placed moment; None where the still and the frames share too little."""
    window = reference.footage.stretch(reference.id, placed.at_s - REACH_S, placed.at_s + REACH_S)
    # What moves may hold the map alone: the moment itself is among those tried.
    there = {int(np.argmin(np.abs(window.seconds - placed.at_s)))} if len(window.seconds) else set()
    coarse = sorted({*_thinned(window.seconds, COARSE_S), *there})
    fits: dict[int, Held] = {}
    for row in coarse:
        found = _hold(sight, reference, float(window.seconds[row]), placed.view, params)
        if found is not None:
            fits[row] = found
    if not fits:
        return None
    best = max(fits, key=lambda row: (fits[row].fit.inliers, -row))
    shape = (int(window.luma.shape[1]), int(window.luma.shape[2]))
    canvas = canvas_of(sight.luma, fits[best].warp, shape)
    if canvas is None:
        return None
    standing = _standing(list(fits.values()), sight.shape) if len(fits) > 1 or len(window.seconds) == 1 else None
    if standing is not None:
        readings = _of_standing(reference, canvas, standing, placed.at_s)
    else:
        read = {row: reading(canvas, float(window.seconds[row]), window.luma[row], held) for row, held in fits.items()}
        tops = (best, max(read, key=lambda row: (mean_agreement(read[row].blocks), -row)))
        for row in np.flatnonzero(_near(window.seconds, window.seconds[list(tops)], FINE_REACH_S)).tolist():
            found = None if row in read else _hold(sight, reference, float(window.seconds[row]), placed.view, params)
            if found is not None:
                read[row] = reading(canvas, float(window.seconds[row]), window.luma[row], found)
        readings = [read[row] for row in sorted(read)]
    return Scan(canvas=canvas, readings=tuple(readings), view=placed.view, standing=standing, frame_shape=shape)


def refined(scan: Scan, sight: Sight, reference: Reference, moments: list[float], params: StillParams) -> Scan:
    """The scan with every frame of the file that lies near one of these moments."""
    known = {round(one.at_s, 6): one for one in scan.readings}
    for moment in moments:
        window = reference.footage.every_frame(reference.id, moment - EVERY_S, moment + EVERY_S)
        for at, frame in zip(window.seconds.tolist(), window.luma, strict=True):
            if round(at, 6) in known:
                continue
            held = scan.standing or sight.hold(detect(frame, scan.view.detector), scan.view, params)
            if held is not None:
                known[round(at, 6)] = reading(scan.canvas, at, frame, held)
    return replace(scan, readings=tuple(known[at] for at in sorted(known)))


def reading(canvas: Canvas, at_s: float, frame: Luma, held: Held) -> Reading:
    """The still against one frame under a map."""
    field, filled = seen(frame, held.warp, canvas)
    blocks = block_agreement(canvas.detail, field, filled)
    return Reading(at_s=at_s, frame=frame, held=held, blocks=blocks, field=field, filled=filled)


def mean_agreement(blocks: Blocks) -> float:
    """Mean agreement of the blocks that hold some detail; -1 when none does."""
    used = np.isfinite(blocks.agree) & (blocks.level >= LEAST_LEVEL)
    return float(blocks.agree[used].mean()) if used.any() else -1.0


LEAST_LEVEL = 2.0
"""Grey levels (root mean square) of detail from which a block says something: twice the noise that coding leaves."""


def _of_standing(reference: Reference, canvas: Canvas, held: Held, at_s: float) -> list[Reading]:
    """Every frame of a standing camera's shot under its one map."""
    out: list[Reading] = []
    start, end = at_s - REACH_S, at_s + REACH_S
    out = _readings(reference, canvas, held, start, end)
    best = max((mean_agreement(one.blocks) for one in out), default=0.0)
    for step in (-EXTEND_S, EXTEND_S):
        edge = start if step < 0 else end
        while 0 < edge < reference.duration_s and end - start < MOST_SCANNED_S:
            new = _readings(reference, canvas, held, min(edge, edge + step), max(edge, edge + step))
            new = [one for one in new if all(abs(one.at_s - known.at_s) > 1e-6 for known in (*out[:1], *out[-1:]))]
            out = sorted([*out, *new], key=lambda one: one.at_s)
            edge += step
            start, end = min(start, edge), max(end, edge)
            if not new or mean_agreement((new[0] if step < 0 else new[-1]).blocks) < SAME_SHOT * best:
                break
    return out


def _readings(reference: Reference, canvas: Canvas, held: Held, start: float, end: float) -> list[Reading]:
    window = reference.footage.stretch(reference.id, start, end)
    return [reading(canvas, at, frame, held) for at, frame in zip(window.seconds.tolist(), window.luma, strict=True)]


def _hold(sight: Sight, reference: Reference, at_s: float, view: View, params: StillParams) -> Held | None:
    theirs = reference.features(at_s, view.detector)
    return None if theirs is None else sight.hold(theirs, view, params)


def _standing(found: list[Held], shape: tuple[int, int]) -> Held | None:
    """The one map of a camera that stands, or None: the median of those near it."""
    places = np.array([carried(held.warp, shape) for held in found])
    near = np.abs(places - np.median(places, axis=0)).max(axis=(1, 2)) <= FIXED_PX
    if near.mean() < FIXED_SHARE:
        return None
    chosen = [held for held, kept in zip(found, near, strict=True) if kept]
    best = max(chosen, key=lambda held: held.fit.inliers)
    return best._replace(warp=np.median(np.array([held.warp for held in chosen]), axis=0))


def _thinned(seconds: Floats, step_s: float) -> list[int]:
    kept: list[int] = []
    for row, at in enumerate(seconds.tolist()):
        if not kept or at - seconds[kept[-1]] >= step_s - 1e-6:
            kept.append(row)
    return kept


def _near(seconds: Floats, moments: Floats, reach_s: float) -> npt.NDArray[np.bool_]:
    return np.asarray((np.abs(seconds[:, None] - moments[None]) <= reach_s).any(axis=1))
