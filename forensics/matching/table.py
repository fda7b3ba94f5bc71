"""Stage 3: frame against frame in one table, and the lines in it that hold together.

Each entry says how well what changes in a query frame agrees with what changes in a reference frame. Straight lines
of entries are aligned stretches; where two lines compete for a query frame, the one under which more agrees has it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from forensics.matching.alignment import Line, assign, best_line, nearest, speeds
from forensics.matching.dense import Grid, change, shots
from forensics.matching.geometry import Floats
from forensics.matching.motion import Pair

SPAN_S = 1.5
"""Change is measured against the mean of this much footage either side: slow pans and walking people show."""

NOISE_LEVEL = 0.2
"""Grey levels of change per cell that weigh half: below it lies coding noise."""

FLOOR_CORRELATION = 0.15
"""Unrelated frames of one scene rarely correlate more than this in what changes."""

STILL_FLOOR = 0.3
"""Below this correlation of the pictures themselves, two frames show different scenes."""

DOUBT_SLOPE = 2.0
"""Logos and captions lower the still correlation; change that agrees by half a unit outweighs that."""

STILL_BONUS = 0.04
"""What a frame adds in which nothing moves, so that a quiet end belongs to its stretch."""

QUIET_SHARE, QUIET_TIMES = 0.2, 2.0
"""The change in the quietest fifth of the frames is noise; change weighs half at twice that."""

FROZEN_STIR, FROZEN_AGAINST, FROZEN_FRAMES, FROZEN_PENALTY = 0.12, 0.6, 5, 0.5
"""Half a second in which the query stirs less, while the reference stirs more, is a freeze, not a copy of that time."""

SWITCH = 0.8
"""Agreement that going over to another line must gain: about two clear frames."""

PLAIN_REACH = 0.12
PLAIN_SHARE = 0.97
"""Speed 1 is tried against a line this near, and taken when it explains this share: cameras and reposts run at 1."""

SEAM_S, SEAM_APART_S, SEAM_SPEED = 1.0, 0.25, 0.03
"""Lines that follow within a second, a quarter second and 3 % of speed apart, are one."""

LEAST_ROWS = 4
LEAST_VALUE, OUTSIDE = -0.6, -2.0
"""One bad frame (a flash, a dropped one) does not end a stretch; the file's end does."""
REACH_S = 0.12
"""A reference frame counts as beside a moment within a frame of the sampling rate."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """Frame against frame: ``gains`` to be summed along lines, ``moving`` correlation of change with its ``weight``,
    ``still`` correlation of the pictures; all (query rows, reference rows).
    """

    query_s: Floats
    reference_s: Floats
    gains: Floats
    moving: Floats
    weight: Floats
    still: Floats
    frozen: Floats
    pair: Pair


def stir(rows: Grid) -> Floats:
    """Root mean square change of each frame against both neighbours (the smaller), grey levels."""
    step = np.sqrt(np.mean(np.diff(rows, axis=0) ** 2, axis=1, dtype=np.float64))
    quieter: Floats = np.minimum(np.concatenate([[np.inf], step]), np.concatenate([step, [np.inf]]))
    return quieter


def frozen_rows(rows: Grid) -> npt.NDArray[np.bool_]:
    """Frames that stand still for at least `FROZEN_FRAMES`."""
    step = np.sqrt(np.mean(np.diff(rows, axis=0) ** 2, axis=1, dtype=np.float64)) < FROZEN_STIR
    out = np.zeros(len(rows), bool)
    start = None
    for index in range(len(step) + 1):
        if index < len(step) and step[index]:
            start = index if start is None else start
        elif start is not None:
            if index - start >= FROZEN_FRAMES:
                out[start : index + 1] = True
            start = None
    return out


def table_of(pair: Pair) -> Table:
    """Gains from a pair on one grid."""
    q = change(pair.query, pair.query_s, SPAN_S, shots(pair.query))
    r = change(pair.reference, pair.reference_s, SPAN_S, shots(pair.reference))
    cells = q.shape[1]
    both = np.sqrt(np.outer((q * q).sum(1), (r * r).sum(1)).astype(np.float64)) + 1e-9
    moving = (q @ r.T).astype(np.float64) / both
    weight = both / (both + cells * NOISE_LEVEL**2)
    still_q = pair.query / (np.linalg.norm(pair.query, axis=1, keepdims=True) + 1e-6)
    still_r = pair.reference / (np.linalg.norm(pair.reference, axis=1, keepdims=True) + 1e-6)
    still = (still_q @ still_r.T).astype(np.float64)
    frozen = FROZEN_PENALTY * np.outer(frozen_rows(pair.query), 1.0) * (stir(pair.reference) > FROZEN_AGAINST)[None, :]
    # Logos and captions that the mask missed lower the still agreement; what moves alike speaks for the pair anyway.
    doubt = 1.0 - np.clip(DOUBT_SLOPE * weight * moving, 0.0, 1.0)
    gains = weight * (moving - FLOOR_CORRELATION) - doubt * np.maximum(0.0, STILL_FLOOR - still) - frozen
    return Table(
        query_s=pair.query_s,
        reference_s=pair.reference_s,
        gains=gains,
        moving=moving,
        weight=weight,
        still=still,
        frozen=frozen,
        pair=pair,
    )


def lines(table: Table, taken: npt.NDArray[np.bool_], least_gain: float, most: int) -> list[Line]:
    """Lines of falling gain; rows of the query that are ``taken``, or that one explains, are out before the next."""
    gains = table.gains.copy()
    gains[taken] = -1.0
    out: list[Line] = []
    while len(out) < most and float(np.maximum(gains.max(axis=1), 0.0).sum()) >= least_gain:
        line = best_line(gains, table.query_s, table.reference_s, speeds())
        if line is None or line.gain < least_gain:
            break
        line = refine(line, table)
        out.append(line)
        gains[line.first : line.last + 1] = -1.0
    for _ in range(2):
        out = merged([refine(line, table) for line in divided(out, table, taken)], table)
    return merged(divided(out, table, taken), table)


def merged(found: list[Line], table: Table) -> list[Line]:
    """Lines in query order, neighbours that continue one another made one."""
    out: list[Line] = []
    for line in sorted(found, key=lambda line: line.first):
        if out:
            last = out[-1]
            seam = (table.query_s[last.last] + table.query_s[line.first]) / 2
            apart = (last.speed - line.speed) * seam + last.offset_s - line.offset_s
            near = table.query_s[line.first] - table.query_s[last.last] <= SEAM_S
            if near and abs(apart) <= SEAM_APART_S and abs(last.speed / line.speed - 1) <= SEAM_SPEED:
                longer = max(last, line, key=lambda part: part.last - part.first)
                out[-1] = replace(longer, first=last.first, last=line.last)
                continue
        out.append(line)
    return out


def divided(found: list[Line], table: Table, taken: npt.NDArray[np.bool_]) -> list[Line]:
    """The query's rows shared out among the lines by what agrees along each."""
    if not found:
        return []
    path = assign(np.array([agreement(line, table, taken) for line in found]), SWITCH)
    out: list[Line] = []
    for number, line in enumerate(found):
        rows = np.flatnonzero(path == number)
        runs = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
        out.extend(replace(line, first=int(run[0]), last=int(run[-1])) for run in runs if len(run) >= LEAST_ROWS)
    return out


def agreement(line: Line, table: Table, taken: npt.NDArray[np.bool_]) -> Floats:
    """What each query row gains by lying on the line."""
    rows, inside = nearest(table.reference_s, line.at(table.query_s), REACH_S)
    moving, weight = along(table.pair, rows, inside)
    index = np.arange(len(rows))
    beside = [np.clip(rows + k, 0, len(table.reference_s) - 1) for k in (-1, 0, 1)]
    still = np.max([table.still[index, b] for b in beside], axis=0)
    core = np.zeros(len(rows), bool)
    core[line.first : line.last + 1] = True
    core &= inside
    if not core.any():
        return np.full(len(rows), OUTSIDE)
    level = float((weight[core] * moving[core]).sum() / max(1e-6, float(weight[core].sum())))
    floor = max(STILL_FLOOR, 0.6 * float(np.median(still[core])))
    doubt = 1.0 - np.clip(DOUBT_SLOPE * weight * moving, 0.0, 1.0)
    value = weight * (moving - level / 2) + np.where(still >= floor, STILL_BONUS, doubt * (still - floor - 0.2))
    value -= table.frozen[index, rows]
    return np.where(inside & ~taken, np.maximum(value, LEAST_VALUE), OUTSIDE)


def along(pair: Pair, rows: npt.NDArray[np.int64], inside: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Correlation of change, and its weight, for query rows against the reference rows beside them on a line.

    Both means are over the same pairs of frames, so that a query that begins at a cut is not compared with a
    reference that goes on before it.
    """
    moving, weight = np.zeros(len(rows)), np.zeros(len(rows))
    index = np.flatnonzero(inside)
    if len(index) < 2:
        return moving, weight
    shot = shots(pair.query)[index]
    q = change(pair.query[index], pair.query_s[index], SPAN_S, shot)
    r = change(pair.reference[rows[index]], pair.query_s[index], SPAN_S, shot)
    both = np.sqrt((q * q).sum(1, dtype=np.float64) * (r * r).sum(1, dtype=np.float64)) + 1e-9
    moving[index] = (q * r).sum(1) / both
    quiet = [float(np.quantile((x * x).mean(1, dtype=np.float64), QUIET_SHARE)) ** 0.5 for x in (q, r)]
    weight[index] = both / (both + q.shape[1] * (NOISE_LEVEL**2 + QUIET_TIMES**2 * quiet[0] * quiet[1]))
    return moving, weight


def refine(line: Line, table: Table) -> Line:
    """Speed and offset to a finer step, over the line's own rows."""
    rows = np.arange(line.first, line.last + 1)
    seconds = table.query_s[rows]
    middle = float(seconds.mean())
    best, best_value = line, -np.inf
    value_plain, plain = -np.inf, line
    steps = range(-5, 6) if line.speed > 0 else (0,)
    tried = sorted({1.0, *(line.speed * (1 + 0.005 * k) for k in steps)})
    shifts = np.arange(-0.2, 0.2001, 0.02)
    for speed in tried:
        if abs(speed / line.speed - 1) > PLAIN_REACH:
            continue
        offsets = line.offset_s + (line.speed - speed) * middle + shifts
        values = _along(table, rows, speed * seconds + offsets[:, None])
        most = int(values.argmax())
        value, moved = float(values[most]), replace(line, speed=speed, offset_s=float(offsets[most]))
        if value > best_value:
            best, best_value = moved, value
        if speed == 1.0 and value > value_plain:
            plain, value_plain = moved, value
    return plain if value_plain >= PLAIN_SHARE * best_value else best


def _along(table: Table, rows: npt.NDArray[np.int64], wanted: Floats) -> Floats:
    """Weighted correlation of ``rows`` along lines, float64 (lines,), linear between reference frames; ``wanted``
    (lines, rows) are the reference times.
    """
    right = np.clip(np.searchsorted(table.reference_s, wanted), 1, len(table.reference_s) - 1)
    left = right - 1
    gap = table.reference_s[right] - table.reference_s[left]
    part = np.clip((wanted - table.reference_s[left]) / np.maximum(gap, 1e-6), 0, 1)
    before = table.weight[rows, left] * table.moving[rows, left]
    after = table.weight[rows, right] * table.moving[rows, right]
    return np.asarray(((1 - part) * before + part * after).sum(axis=1), np.float64)


def bounds(line: Line, table: Table, duration_s: float) -> tuple[float, float]:
    """Start and end in query seconds: half way to the neighbouring frame that no longer agrees, or the file's end."""
    seconds = table.query_s
    start = 0.0 if line.first == 0 and seconds[0] < 0.15 else _between(seconds, line.first - 1, line.first)
    last = len(seconds) - 1
    end = (
        duration_s
        if line.last >= last and duration_s - seconds[last] < 1.0
        else _between(seconds, line.last, line.last + 1)
    )
    return start, end


def _between(seconds: Floats, left: int, right: int) -> float:
    left, right = max(0, left), min(len(seconds) - 1, right)
    return float(seconds[left] + seconds[right]) / 2


def uniqueness(line: Line, table: Table) -> float:
    """The line's gain over the best gain of any other line for the same query rows, a second or more away."""
    rows = slice(line.first, line.last + 1)
    seconds = table.query_s[rows]
    away = np.abs(table.reference_s[None, :] - line.at(seconds)[:, None]) >= 1.0
    gains = np.where(away, table.gains[rows], -0.5)
    other = best_line(gains, seconds, table.reference_s, speeds())
    near, inside = nearest(table.reference_s, line.at(seconds), REACH_S)
    own = float(table.gains[rows][np.arange(len(seconds)), near][inside].sum())
    return own / max(0.3, other.gain if other is not None else 0.0)


def share(line: Line, table: Table) -> float:
    """Of the query rows that show the same still scene on this line, the share that the line explains."""
    rows, inside = nearest(table.reference_s, line.at(table.query_s), REACH_S)
    still = table.still[np.arange(len(rows)), rows]
    core = slice(line.first, line.last + 1)
    agree = inside & (still >= 0.6 * float(np.median(still[core])))
    first, last = run_around(agree, (line.first + line.last) // 2)
    return (line.last - line.first + 1) / max(1, max(last, line.last) - min(first, line.first) + 1)


def run_around(flags: npt.NDArray[np.bool_], at: int) -> tuple[int, int]:
    """First and last of the run of true flags around one of them."""
    first = last = at
    while first > 0 and flags[first - 1]:
        first -= 1
    while last < len(flags) - 1 and flags[last + 1]:
        last += 1
    return first, last
