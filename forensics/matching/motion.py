"""Stage 4: the same recording, or the same place another time? What changes over time must agree, and only then.

A tripod camera shows the same still picture every day, so still agreement proves a place. A recording is proved by
what moves in it: people, vehicles, hand shake, even the sensor's noise. Both videos are put on one fine grid over the
area that they share, what does not change within a second is taken out, and the rest is correlated over space and
time at every time offset. A copy has one sharp peak at the alignment; another recording of the place has none.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from forensics.matching.alignment import nearest
from forensics.matching.dense import Grid, Shared, change, detail, sample, shots
from forensics.matching.geometry import Floats, Pose
from forensics.model.media import Window

CELLS = 128
"""Grid cells along the long side: fine enough that another car in the same lane does not pass for this one."""

DETAIL_SIGMA = 6.0
SPAN_S = 0.5
FINE_REACH_S = 0.35
FINE_STEP_S = 0.02
FAR_S = 0.7
FAR_STEP_S = 0.1
LEAST_FRAMES = 8
LEAST_SHARE = 0.5
SPREAD_FLOOR = 0.02
"""Added to the spread of the background, so that a handful of quiet offsets cannot make any peak stand out."""


class Motion(NamedTuple):
    """``peak`` correlation of what changes, at ``shift_s`` from the alignment (reference seconds); ``second`` the best
    and ``z`` the distance from the mean, in spreads, of all offsets further than `FAR_S`; ``level`` the root mean
    square change in grey levels of the quieter video; ``still`` the correlation of the still pictures;
    ``frames`` compared.
    """

    peak: float
    second: float
    z: float
    shift_s: float
    level: float
    still: float
    frames: int


class Pair(NamedTuple):
    """Both stretches on one grid: rows are frames, columns the cells that both fill."""

    query_s: Floats
    query: Grid
    reference_s: Floats
    reference: Grid
    still: float


def on_grid(
    query: Window, reference: Window, matrix: Floats, pose: Pose, area: Shared, cells: int, sigma: float
) -> Pair | None:
    """Detail of both stretches over the shared area; None when they share too few cells."""
    ours, filled = sample(query.luma, matrix, area, cells, pose)
    theirs, theirs_filled = sample(reference.luma, np.eye(2, 3), area, cells)
    both = filled & theirs_filled
    if both.sum() < 60:
        return None
    ours, theirs = detail(ours, both, sigma)[:, both], detail(theirs, both, sigma)[:, both]
    mean_q, mean_r = ours.mean(0), theirs.mean(0)
    still = float(mean_q @ mean_r / np.sqrt(float(mean_q @ mean_q) * float(mean_r @ mean_r) + 1e-9))
    return Pair(query.seconds, ours, reference.seconds, theirs, still)


def compare(pair: Pair, speed: float, offset_s: float, first_s: float, last_s: float) -> Motion | None:
    """Correlate what changes, for query frames within first_s..last_s, near the given line and far from it."""
    shot = shots(pair.query)
    ours = change(pair.query, pair.query_s, SPAN_S, shot)
    theirs = change(pair.reference, pair.reference_s, SPAN_S * abs(speed), shots(pair.reference))
    chosen = (pair.query_s >= first_s) & (pair.query_s <= last_s)
    if chosen.sum() < LEAST_FRAMES:
        return None
    ours, query_s = ours[chosen], pair.query_s[chosen]
    table = ours @ theirs.T
    energy_q, energy_r = (ours * ours).sum(1), (theirs * theirs).sum(1)

    def at(offset: float) -> tuple[float, int, float]:
        rows, inside = nearest(pair.reference_s, speed * query_s + offset, 0.12)
        index, rows = np.flatnonzero(inside), rows[inside]
        if len(rows) < LEAST_FRAMES:
            return np.nan, 0, 0.0
        both = float(energy_q[index].sum()) * float(energy_r[rows].sum())
        level = min(float(energy_q[index].mean()), float(energy_r[rows].mean())) / ours.shape[1]
        return float(table[index, rows].sum()) / np.sqrt(both + 1e-9), len(rows), level

    near = np.arange(-FINE_REACH_S, FINE_REACH_S + 1e-9, FINE_STEP_S)
    values = np.array([at(offset_s + d)[0] for d in near])
    if not np.isfinite(values).any():
        return None
    peak = float(np.nanmax(values))
    top = np.flatnonzero(values >= peak - 0.005 * abs(peak) - 1e-9)
    shift = float(near[top].mean())
    _, frames, level = at(offset_s + near[int(np.nanargmax(values))])
    far = _far(at, pair, speed, offset_s + shift, frames, query_s)
    far = np.concatenate([far, _turned(table, energy_q, energy_r, pair, speed, offset_s + shift, query_s)])
    if len(far) < 5:
        return None
    z = (peak - float(far.mean())) / (float(far.std()) + SPREAD_FLOOR)
    return Motion(peak, float(far.max()), z, shift, float(np.sqrt(level)), pair.still, frames)


def _far(at, pair: Pair, speed: float, offset_s: float, frames: int, query_s: Floats) -> Floats:  # noqa: ANN001
    """Correlations at true offsets that are certainly wrong, with at least half of the frames."""
    low, high = pair.reference_s[0] - speed * query_s[-1], pair.reference_s[-1] - speed * query_s[0]
    low, high = min(low, high), max(low, high)
    offsets = np.arange(low, high, FAR_STEP_S)
    found = [at(o) for o in offsets if abs(o - offset_s) > FAR_S]
    return np.array([v for v, n, _ in found if n >= LEAST_SHARE * frames and np.isfinite(v)])


def _turned(
    table: npt.NDArray[np.float32], energy_q: Grid, energy_r: Grid, pair: Pair, speed: float, offset_s: float, query_s: Floats
) -> Floats:
    """Correlations with the query's frames turned round cyclically: wrong offsets with every frame in use."""
    rows, inside = nearest(pair.reference_s, speed * query_s + offset_s, 0.12)
    index, rows = np.flatnonzero(inside), rows[inside]
    if len(index) < LEAST_FRAMES:
        return np.zeros(0)
    step = float(np.median(np.diff(query_s[index]))) if len(index) > 1 else 0.1
    least = int(np.ceil(FAR_S / max(step, 1e-3)))
    scale = np.sqrt(float(energy_q[index].sum()) * float(energy_r[rows].sum()) + 1e-9)
    turns = range(least, len(index) - least + 1)
    return np.array([float(table[np.roll(index, k), rows].sum()) / scale for k in turns])
