"""Stage 4: the same recording, or the same place another time? What changes over time must agree, and only then.

A tripod camera shows the same still picture every day, so still agreement proves a place. A recording is proved by
what moves in it: people, vehicles, hand shake, even the sensor's noise. Both videos are put on one fine grid over the
area that they share, what does not change within a second is taken out, and the rest is correlated over space and
time at every time offset. A copy has one sharp peak at the alignment; another recording of the place has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from forensics.matching.alignment import nearest, offset_range
from forensics.matching.dense import AT_ONCE, Grid, Shared, change, detail, sample, shots
from forensics.matching.geometry import AS_IS, Floats, Pose
from forensics.matching.reel import Reel

CELLS = 128
"""Grid cells along the long side: fine enough that another car in the same lane does not pass for this one."""

DETAIL_SIGMA = 6.0
"""Grid cells: light and shade broader than this (clouds, exposure, a caption's glow) say nothing about motion."""

SPAN_S = 0.5
"""Change is measured against the mean of this much footage either side: short, so that the peak is sharp in time."""

FINE_REACH_S, FINE_STEP_S = 0.35, 0.02
PLATEAU = 0.005
FAR_S, FAR_STEP_S = 0.7, 0.1
"""Offsets further than this from the alignment are certainly wrong and make the background."""

CARRIED_UNIT_S = 0.1
"""Agreement is counted in tenths of a second, however close the frames stand."""

OFFSETS_AT_ONCE = 64
"""Offsets tried together: of a minute of footage the tables for so many stay within a few megabytes."""

LEAST_FRAMES = 8
LEAST_BACKGROUND = 5
LEAST_SHARE = 0.5
LEAST_CELLS = 60
BESIDE_S = 0.12
AROUND_S = 3.0
LEAST_KEPT = 0.35
"""Captions and logos may take cells out down to this share; a mask that takes more is no caption."""

OVERLAY_LEVEL, OVERLAY_STILL = 10.0, 2.0
"""Grey levels: how far an overlay differs from the reference at least, and how little it moves."""

STRIP, STRIP_SHARE = 0.16, 0.6
"""Height of the strip along an edge in which clocks and counters are written, and what share of the agreement in it
alone calls for the second test.
"""

REST_Z = 5.0
"""What stands out this far from the background without the strip is more than a clock (clocks alone: below 1)."""

SPREAD_FLOOR = 0.02
"""Added to the spread of the background, so that a handful of quiet offsets cannot make any peak stand out."""


class Motion(NamedTuple):
    """``peak`` correlation of what changes, at ``shift_s`` from the alignment (reference seconds); ``second`` the best
    and ``z`` the distance from the mean, in spreads, of all offsets further than `FAR_S`; ``level`` the root mean
    square change in grey levels of the quieter video; ``still`` the correlation of the still pictures;
    ``frames`` compared; ``carried`` by how many tenths of a second of them (effective number of frames, squared sum
    over sum of squares): a single event that both show proves little.
    """

    peak: float
    second: float
    z: float
    shift_s: float
    level: float
    still: float
    frames: int
    carried: float


class Pair(NamedTuple):
    """Both stretches on one grid: rows are frames, columns the cells that both fill; ``heights`` (cells,) is how far
    down the reference's picture each cell lies, 0..1.
    """

    query_s: Floats
    query: Grid
    reference_s: Floats
    reference: Grid
    still: float
    heights: Floats


def on_grid(
    query: Reel,
    reference: Reel,
    matrix: Floats,
    pose: Pose,
    area: Shared,
    cells: int,
    sigma: float,
    around: tuple[float, float] | None = None,
) -> Pair | None:
    """Detail of both stretches over the shared area; None when they share too few cells.

    ``around`` is a moment of each that show the same: cells in which the query then has something still that the
    reference has not (captions, logos) are left out.
    """
    ours, filled = sample(query, matrix, area, cells, pose)
    theirs, theirs_filled = sample(reference, np.eye(2, 3), area, cells, AS_IS)
    both = filled & theirs_filled
    if both.sum() < LEAST_CELLS:
        return None
    both, one, two = _details((query, reference), (ours, theirs), both, sigma, around)
    ours, theirs = _cells(one, both), _cells(two, both)
    mean_q, mean_r = ours.mean(0), theirs.mean(0)
    still = float(mean_q @ mean_r / np.sqrt(float(mean_q @ mean_q) * float(mean_r @ mean_r) + 1e-9))
    heights = (area.y + (np.nonzero(both)[0] + 0.5) * area.height / both.shape[0]) / reference.luma.shape[1]
    return Pair(query.seconds, ours, reference.seconds, theirs, still, heights)


def _details(
    reels: tuple[Reel, Reel],
    frames: tuple[Grid, Grid],
    both: npt.NDArray[np.bool_],
    sigma: float,
    around: tuple[float, float] | None,
) -> tuple[npt.NDArray[np.bool_], Grid, Grid]:
    """Which of the cells that both fill are compared, and the detail of all frames there."""
    if around is None:
        return both, detail(frames[0], both, sigma), detail(frames[1], both, sigma)
    rows = [_around(reel.seconds, at) for reel, at in zip(reels, around, strict=True)]
    made = [detail(each[near], both, sigma) for each, near in zip(frames, rows, strict=True)]
    kept = both & ~overlaid(made[0], made[1], both)
    if kept.sum() < max(LEAST_CELLS, LEAST_KEPT * both.sum()) or np.array_equal(kept, both):
        known = zip(frames, rows, made, strict=True)
        one, two = (detail(each, both, sigma, (near, part)) for each, near, part in known)
        return both, one, two
    return kept, detail(frames[0], kept, sigma), detail(frames[1], kept, sigma)


def _around(seconds: Floats, at_s: float) -> slice:
    """Rows of rising times within `AROUND_S` of a moment."""
    rows = np.flatnonzero(np.abs(seconds - at_s) <= AROUND_S)
    return slice(int(rows[0]), int(rows[-1]) + 1) if len(rows) else slice(0, 0)


def _cells(frames: Grid, chosen: npt.NDArray[np.bool_]) -> Grid:
    """Chosen cells of each frame, float32 (n, cells)."""
    if chosen.all():
        return frames.reshape(len(frames), -1)
    return frames.reshape(len(frames), -1).take(np.flatnonzero(chosen), axis=1)


def overlaid(ours: Grid, theirs: Grid, both: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Cells where the query shows something still that is not in the reference, and their neighbours."""
    none = np.zeros_like(both)
    if len(ours) < 3 or len(theirs) < 3:
        return none
    mean_q, mean_r = ours.mean(0), theirs.mean(0)
    strong = both & (np.abs(mean_r) >= np.quantile(np.abs(mean_r[both]), 0.75)) & (np.abs(mean_r) > 1.0)
    gain = float(np.clip(np.median(mean_q[strong] / mean_r[strong]), 0.2, 4.0)) if strong.any() else 1.0
    miss = np.abs(mean_q - gain * mean_r)
    limit = max(OVERLAY_LEVEL, 4.0 * float(np.median(miss[both])))
    found = both & (miss > limit) & (ours.std(0) < OVERLAY_STILL)
    kernel = np.ones((3, 3), np.uint8)
    return cv2.dilate(cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_CLOSE, kernel), kernel).astype(bool) & both


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Trial:
    """What changes in the chosen query frames against what changes in every reference frame."""

    query_s: Floats
    reference_s: Floats
    table: Grid
    energy_q: Grid
    energy_r: Grid
    level_q: Grid
    level_r: Grid
    speed: float

    @property
    def spacing_s(self) -> float:
        """Seconds from one query frame to the next."""
        return float(np.median(np.diff(self.query_s)))

    def beside(self, offset_s: float) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64]]:
        """Rows of query and reference that lie side by side on a line."""
        rows, inside = nearest(self.reference_s, self.speed * self.query_s + offset_s, BESIDE_S)
        return np.flatnonzero(inside), rows[inside]

    def at_offsets(self, offsets: Floats) -> tuple[Floats, npt.NDArray[np.intp]]:
        """Correlation over space and time along the line of each offset (not a number where too few frames lie side
        by side), and how many do.
        """
        values, counts = np.empty(len(offsets)), np.empty(len(offsets), np.intp)
        every = np.arange(len(self.query_s))
        for start in range(0, len(offsets), OFFSETS_AT_ONCE):
            part = slice(start, start + OFFSETS_AT_ONCE)
            rows, inside = nearest(self.reference_s, self.speed * self.query_s + offsets[part, None], BESIDE_S)
            counts[part] = inside.sum(axis=1)
            values[part] = self.correlations(every[None], rows, inside)
        return values, counts

    def correlations(
        self, index: npt.NDArray[np.intp], rows: npt.NDArray[np.int64], inside: npt.NDArray[np.bool_] | None = None
    ) -> Floats:
        """Correlation of each row of pairs (n, pairs) of query and reference rows, of those ``inside`` where that is
        told; not a number for too few.
        """
        used = np.ones(np.broadcast_shapes(index.shape, rows.shape), bool) if inside is None else inside
        both = np.where(used, self.energy_q[index], 0.0).sum(axis=1, dtype=np.float64)
        both *= np.where(used, self.energy_r[rows], 0.0).sum(axis=1, dtype=np.float64)
        found = np.where(used, self.table[index, rows], 0.0).sum(axis=1, dtype=np.float64) / np.sqrt(both + 1e-9)
        return np.where(used.sum(axis=1) < LEAST_FRAMES, np.nan, found)

    def level(self, index: npt.NDArray[np.intp], rows: npt.NDArray[np.int64]) -> float:
        """Root mean square change per cell of the quieter video."""
        return float(np.sqrt(min(float(self.level_q[index].mean()), float(self.level_r[rows].mean()))))


def compare(pair: Pair, speed: float, offset_s: float, first_s: float, last_s: float) -> Motion | None:
    """Correlate what changes, for query frames within first_s..last_s, near the given line and far from it.

    Where most of what agrees lies in the strip along the top or bottom edge, in which cameras write their clocks,
    the test is made once more without that strip. The first result holds only if the rest stands out as well: two
    recordings can show equal clocks.
    """
    chosen = (pair.query_s >= first_s) & (pair.query_s <= last_s)
    if chosen.sum() < LEAST_FRAMES:
        return None
    ours = change(pair.query, pair.query_s, SPAN_S, shots(pair.query))[chosen]
    theirs = change(pair.reference, pair.reference_s, SPAN_S * abs(speed), shots(pair.reference))
    ours, theirs = _unlit(ours, pair.query[chosen]), _unlit(theirs, pair.reference)
    trial = _trial(pair.query_s[chosen], ours, pair.reference_s, theirs, speed)
    found = _stands_out(trial, offset_s, pair.still)
    if found is None:
        return None
    index, rows = trial.beside(offset_s + found.shift_s)
    agreeing = np.maximum(0.0, (ours[index] * theirs[rows]).sum(0))
    for strip in (pair.heights < STRIP, pair.heights > 1.0 - STRIP):
        rest = ~strip
        if agreeing[strip].sum() > STRIP_SHARE * agreeing.sum() and rest.sum() >= LEAST_CELLS:
            bare = _trial(pair.query_s[chosen], ours[:, rest], pair.reference_s, theirs[:, rest], speed)
            again = _stands_out(bare, offset_s, pair.still)
            if again is None or again.z < REST_Z:
                return again
    return found


def _unlit(changes: Grid, rows: Grid) -> Grid:
    """Changes without what is proportional to the picture of the moment: fades, exposure, a lamp that goes on."""
    out = np.empty_like(changes)
    for start in range(0, len(rows), AT_ONCE):
        block = slice(start, start + AT_ONCE)
        usual = rows[block] - changes[block]
        part = _products(changes[block], usual) / (_products(usual, usual) + 1e-6)
        usual *= part[:, None]
        np.subtract(changes[block], usual, out=out[block])
    return out


def _products(one: Grid, other: Grid) -> Grid:
    """Inner product of each frame of one with that of the other, float32 (n,)."""
    return np.asarray(np.einsum("ij,ij->i", one, other), np.float32)


def _even(changes: Grid, energy: Grid) -> Grid:
    """Changes with the loud frames made less so: a jolt or a flash must not speak for all the rest."""
    return np.asarray(changes / np.sqrt(1.0 + energy[:, None] / (float(energy.mean()) + 1e-6)), np.float32)


def _trial(query_s: Floats, ours: Grid, reference_s: Floats, theirs: Grid, speed: float) -> _Trial:
    loud_q, loud_r = _products(ours, ours), _products(theirs, theirs)
    even_q, even_r = _even(ours, loud_q), _even(theirs, loud_r)
    return _Trial(
        query_s=query_s,
        reference_s=reference_s,
        table=even_q @ even_r.T,
        energy_q=_products(even_q, even_q),
        energy_r=_products(even_r, even_r),
        level_q=loud_q / ours.shape[1],
        level_r=loud_r / theirs.shape[1],
        speed=speed,
    )


def _stands_out(trial: _Trial, offset_s: float, still: float) -> Motion | None:
    """The peak near an offset against the background far from it."""
    near = np.arange(-FINE_REACH_S, FINE_REACH_S + 1e-9, FINE_STEP_S)
    values, _ = trial.at_offsets(offset_s + near)
    if not np.isfinite(values).any():
        return None
    peak = float(np.nanmax(values))
    shift = float(near[np.flatnonzero(values >= peak - PLATEAU * abs(peak) - 1e-9)].mean())
    index, rows = trial.beside(offset_s + float(near[int(np.nanargmax(values))]))
    far = np.concatenate([_far(trial, offset_s + shift, len(rows)), _turned(trial, index, rows)])
    if len(far) < LEAST_BACKGROUND:
        return None
    z = (peak - float(far.mean())) / (float(far.std()) + SPREAD_FLOOR)
    agreeing = np.maximum(0.0, trial.table[index, rows]).astype(np.float64)
    carried = float(agreeing.sum() ** 2 / ((agreeing**2).sum() + 1e-9)) * trial.spacing_s / CARRIED_UNIT_S
    return Motion(peak, float(far.max()), z, shift, trial.level(index, rows), still, len(rows), carried)


def _far(trial: _Trial, offset_s: float, frames: int) -> Floats:
    """Correlations at true offsets that are certainly wrong, with at least half of the frames."""
    low, high = offset_range(trial.query_s, trial.reference_s, trial.speed)
    offsets = np.arange(low, high, FAR_STEP_S)
    values, counts = trial.at_offsets(offsets[np.abs(offsets - offset_s) > FAR_S])
    return values[(counts >= LEAST_SHARE * frames) & np.isfinite(values)]


def _turned(trial: _Trial, index: npt.NDArray[np.intp], rows: npt.NDArray[np.int64]) -> Floats:
    """Correlations with the query's frames turned round cyclically: wrong offsets with every frame in use."""
    if len(index) < LEAST_FRAMES:
        return np.zeros(0)
    step = float(np.median(np.diff(trial.query_s[index])))
    least = int(np.ceil(FAR_S / max(step, 1e-3)))
    by = np.arange(least, len(index) - least + 1)
    return trial.correlations(index[(np.arange(len(index)) - by[:, None]) % len(index)], rows[None])
