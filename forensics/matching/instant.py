"""Which moment of a scan a still shows, how well that is determined, and whether the instant is singled out.

A still has no motion. That it was taken from this recording, and not from another one of the same place, shows only in
what the recording has at one moment and no other: where the frame differs from the frames shortly before and after and
from the usual picture, the still must agree with the frame, and far better than those neighbours do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forensics.matching.detail import block_agreement, seen
from forensics.matching.geometry import Floats
from forensics.matching.scan import LEAST_LEVEL, Reading, Scan, mean_agreement
from forensics.matching.still_params import StillParams

NEIGHBOURS_S = (0.3, 0.5, 1.0)
"""How far before and after the moment its neighbours stand; the nearest at which enough changes is taken."""

BESIDE_S = 0.12
"""A frame counts as standing at a time within a frame of the sampling rate."""

FAR_S = 1.0
"""Readings further than this from the best tell what agreement is worth where the moment is wrong."""

USUAL_S = 3.0
"""The usual picture is the median of the readings within so many seconds, of a standing camera of all."""

MOST_PEAKS, PEAKS_APART_S = 3, 0.4
HOLE_S = 0.25
"""Readings this near in time belong to one interval though one between them is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Singled:
    """Blocks that change around the moment, the share of them that the still explains, their median agreement, the
    distance in seconds of the neighbours that they were told from, and how many blocks speak against the moment.
    """

    changing: int
    explained: float
    agree: float
    neighbours_s: float
    contradicted: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Instant:
    """The best ``reading``, and the times from ``first_s`` to ``last_s`` that agree about as well; ``detail`` mean
    agreement there and ``elsewhere`` the best of it further than `FAR_S` away (None: nothing was compared there).
    ``alone``: no moment further than that agrees about as well.
    """

    reading: Reading
    first_s: float
    last_s: float
    detail: float
    elsewhere: float | None
    alone: bool
    singled: Singled | None


def peaks(scan: Scan) -> list[float]:
    """The moments worth looking at in every frame: the best few that stand apart."""
    seconds = scan.seconds
    plain = np.array([mean_agreement(reading.blocks) for reading in scan.readings])
    found: list[float] = []
    for values, most in ((weighted(scan.agree, levels(scan)), MOST_PEAKS), (plain, MOST_PEAKS + 1)):
        for row in np.argsort(-values, kind="stable").tolist():
            if len(found) >= most:
                break
            if all(abs(seconds[row] - known) > PEAKS_APART_S for known in found):
                found.append(float(seconds[row]))
    return found


def instant_of(scan: Scan, params: StillParams) -> Instant:
    """The moment of a scan."""
    seconds, agree = scan.seconds, weighted(scan.agree, levels(scan))
    row = int(np.argmax(agree))
    far = np.abs(seconds - seconds[row]) > FAR_S
    least = _least(agree, row, far, params)
    first, last = _interval(seconds, agree, row, least)
    plain = np.array([mean_agreement(reading.blocks) for reading in scan.readings])
    return Instant(
        reading=scan.readings[row],
        first_s=float(seconds[first]),
        last_s=_end(seconds, last),
        detail=float(plain[row]),
        elsewhere=float(plain[far].max()) if far.any() else None,
        alone=not (agree[far] >= least).any(),
        singled=_singled(scan, row, params),
    )


def _end(seconds: Floats, row: int) -> float:
    """Until when the frame of a reading is shown: the next one's time."""
    if row + 1 < len(seconds) and seconds[row + 1] - seconds[row] <= HOLE_S:
        return float(seconds[row + 1])
    return float(seconds[row])


def levels(scan: Scan) -> Floats:
    """Median detail of the reference's frames in each block, grey levels."""
    return np.asarray(np.median([reading.blocks.level for reading in scan.readings], axis=0))


def weighted(agree: Floats, level: Floats) -> Floats:
    """Mean agreement of each reading, float64 (readings,), in which a block counts by how much its agreement changes
    over the readings: what stands still in all of them tells no moment.
    """
    used: npt.NDArray[np.bool_] = np.isfinite(agree).all(axis=0) & (level >= LEAST_LEVEL)
    if not used.any():
        used = np.asarray(np.isfinite(agree).any(axis=0))
        agree = np.nan_to_num(agree, nan=-1.0)
    values = agree[:, used]
    if not values.shape[1]:
        return np.zeros(len(agree))
    best = np.maximum(values.max(axis=0), 0.0)
    weight = best**4 * (best - np.median(values, axis=0) + 0.001)
    return np.asarray((values * weight).sum(axis=1) / weight.sum())


def _least(agree: Floats, row: int, far: npt.NDArray[np.bool_], params: StillParams) -> float:
    """The agreement from which a reading agrees about as well as the best."""
    floor = float(np.median(agree[far])) if far.any() else float(agree.min())
    return float(agree[row] - max(params.doubt_least, params.doubt_share * (agree[row] - floor)))


def _interval(seconds: Floats, agree: Floats, row: int, least: float) -> tuple[int, int]:
    """First and last of the readings around the best that agree about as well."""
    first = last = row
    while first > 0 and agree[first - 1] >= least and seconds[first] - seconds[first - 1] <= HOLE_S:
        first -= 1
    while last < len(agree) - 1 and agree[last + 1] >= least and seconds[last + 1] - seconds[last] <= HOLE_S:
        last += 1
    return first, last


def _singled(scan: Scan, row: int, params: StillParams) -> Singled | None:
    """Whether the still agrees with what only this moment shows; None when nothing does."""
    chosen = scan.readings[row]
    usual = _usual(scan, row)
    found = None
    for span in NEIGHBOURS_S:
        sides = [_beside(scan, chosen.at_s + side * span, row) for side in (-1, 1)]
        if any(side is None for side in sides):
            continue
        others = [_likeness(scan, chosen, side) for side in sides if side is not None]
        others.append(_between(chosen, usual, chosen.filled))
        nearest = np.max(others, axis=0)
        agree, level = chosen.blocks.agree, chosen.blocks.level
        used = np.isfinite(agree) & np.isfinite(nearest) & (level >= LEAST_LEVEL)
        changing = used & (nearest <= params.changed_agree)
        if changing.sum() < max(1, params.least_changing):
            continue
        explained = 1 - agree[changing] <= params.open_share * (1 - nearest[changing])
        found = Singled(
            changing=int(changing.sum()),
            explained=float(explained.mean()),
            agree=float(np.median(agree[changing])),
            neighbours_s=span,
            contradicted=_contradicted(scan, row, params),
        )
        break
    return found


def _beside(scan: Scan, at_s: float, row: int) -> Reading | None:
    place = int(np.argmin(np.abs(scan.seconds - at_s)))
    near = abs(scan.readings[place].at_s - at_s) <= BESIDE_S and place != row
    return scan.readings[place] if near else None


def _usual(scan: Scan, row: int) -> npt.NDArray[np.float32]:
    near = np.abs(scan.seconds - scan.seconds[row]) <= (np.inf if scan.standing is not None else USUAL_S)
    fields = [scan.readings[place].field for place in np.flatnonzero(near).tolist()]
    return np.asarray(np.median(np.stack(fields), axis=0), np.float32)


def _likeness(scan: Scan, chosen: Reading, other: Reading) -> Floats:
    """Agreement of a frame with a neighbour, of which every pixel is seen either through the neighbour's own map or
    through the frame's, whichever is nearer: what is written into the pictures moves with neither the place nor time.
    """
    still, filled = seen(other.frame, chosen.held.warp, scan.canvas)
    nearer = np.abs(other.field - chosen.field) <= np.abs(still - chosen.field)
    return _between(chosen, np.where(nearer & other.filled, other.field, still), other.filled | filled)


def _contradicted(scan: Scan, row: int, params: StillParams) -> int:
    """Blocks in which the still shows what the reference shows at another time, but not at this moment."""
    agree = scan.agree
    used = np.isfinite(agree[row]) & (scan.readings[row].blocks.level >= LEAST_LEVEL)
    elsewhere = np.nanmax(np.where(np.isfinite(agree), agree, -1.0), axis=0)
    return int((used & (agree[row] < params.contrary_agree) & (elsewhere > params.changed_agree)).sum())


def _between(chosen: Reading, field: npt.NDArray[np.float32], filled: npt.NDArray[np.bool_]) -> Floats:
    return block_agreement(chosen.field, field, chosen.filled & filled).agree
