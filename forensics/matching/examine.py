"""Stages 2 to 5 for one pair: geometry, alignment, motion, and what they support together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forensics.matching.alignment import Line, best_line, nearest, speeds
from forensics.matching.candidates import Candidate, Seed
from forensics.matching.dense import change, shared_area, shots
from forensics.matching.footage import Footage
from forensics.matching.geometry import Detector, Fit, Floats, Pose, correspond, fit, joint_fit
from forensics.matching.motion import CELLS, DETAIL_SIGMA, Motion, Pair, compare, on_grid
from forensics.matching.params import METHOD, PARAMS, Params
from forensics.matching.subject import Subject
from forensics.matching.verdict import Stretch, exact_match, verdict
from forensics.model.match import Match, Method
from forensics.model.media import Window

REACH_S = 30.0
COARSE_CELLS = 64
COARSE_SPAN_S = 1.5
NOISE_LEVEL = 0.2
FLOOR_CORRELATION = 0.15
STILL_FLOOR = 0.3
MOMENTS = 5
MARGIN_S = 8.0


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


def examine(
    query: Subject,
    reference: Subject,
    candidate: Candidate,
    footage: Footage,
    method: Method = METHOD,
    params: Params = PARAMS,
) -> Match | None:
    """What the pictures of this pair support, or None when no geometry holds."""
    exact = exact_match(query, reference, method)
    if exact is not None:
        return exact
    found: list[Stretch] = []
    tried: list[tuple[Seed, Fit]] = []
    for seed in candidate.seeds[: params.most_seeds]:
        if any(s.query_start_s <= seed.query_s <= s.query_end_s for s in found):
            continue
        held = hold(query, reference, seed, footage, params)
        if held is None or _repeats(held, seed, tried):
            continue
        tried.append((seed, held))
        found.extend(explore(query, reference, seed, held, footage, params, found))
    return verdict(query, reference, tuple(found), method, params) if found else None


def _repeats(held: Fit, seed: Seed, tried: list[tuple[Seed, Fit]]) -> bool:
    """Whether an earlier seed, within reach, gave nearly the same map."""
    centre = np.array([256.0, 144.0, 1.0])
    return any(
        other.pose == seed.pose
        and abs(other.query_s - seed.query_s) < REACH_S / 2
        and abs(other.reference_s - seed.reference_s) < REACH_S / 2
        and float(np.abs(before.matrix @ centre - held.matrix @ centre).max()) < 3.0
        for other, before in tried
    )


def accepted(found: Fit | None, params: Params) -> bool:
    """Whether a fit has inliers, cells and a scale that chance does not give."""
    if found is None or found.inliers < params.least_inliers or found.cells < params.least_cells:
        return False
    low, high = params.scale_range
    return low <= found.scale <= high


def hold(query: Subject, reference: Subject, seed: Seed, footage: Footage, params: Params) -> Fit | None:
    """The geometric fit at a seed, ORB first, SIFT where ORB nearly held."""
    for detector in (Detector.ORB, Detector.SIFT):
        ours = footage.features(query.id, seed.query_s, seed.pose, detector)
        theirs = footage.features(reference.id, seed.reference_s, Pose(), detector)
        if ours is None or theirs is None:
            return None
        found = fit(ours, theirs)
        if accepted(found, params):
            return found
        if found is None or found.inliers < 5:
            return None
    return None


def explore(
    query: Subject,
    reference: Subject,
    seed: Seed,
    held: Fit,
    footage: Footage,
    params: Params,
    known: list[Stretch],
) -> list[Stretch]:
    """All aligned stretches around a seed whose geometry holds."""
    ours = footage.stretch(query.id, seed.query_s - REACH_S, seed.query_s + REACH_S)
    theirs = footage.stretch(reference.id, seed.reference_s - 1.5 * REACH_S, seed.reference_s + 1.5 * REACH_S)
    if len(ours.seconds) < 5 or len(theirs.seconds) < 5:
        return []
    table = tabulate(ours, theirs, held, seed.pose)
    if table is None:
        return []
    line = best_line(table.gains, table.query_s, table.reference_s, speeds())
    if line is None or line.gain < params.least_gain:
        return _still(query, reference, seed, held, table, ours, theirs, params)
    moments = fits_along(query, reference, line, table, seed.pose, footage, params)
    held = best_fit(held, moments, line, ours, theirs, seed.pose, footage, query, reference)
    table = tabulate(ours, theirs, held, seed.pose) or table
    out = []
    for line in lines(table, params, known):
        stretch = measure(query, reference, line, table, held, seed, ours, theirs, footage, params)
        if stretch is not None:
            out.append(stretch)
    return out


def tabulate(ours: Window, theirs: Window, held: Fit, pose: Pose) -> Table | None:
    """The table of frame-against-frame gains at the coarse grid."""
    area = shared_area(held.matrix, ours.luma.shape[1:], theirs.luma.shape[1:])
    if area is None:
        return None
    pair = on_grid(ours, theirs, held.matrix, pose, area, COARSE_CELLS, DETAIL_SIGMA)
    if pair is None:
        return None
    return table_of(pair)


def table_of(pair: Pair) -> Table:
    """Gains from a pair on one grid."""
    q = change(pair.query, pair.query_s, COARSE_SPAN_S, shots(pair.query))
    r = change(pair.reference, pair.reference_s, COARSE_SPAN_S, shots(pair.reference))
    cells = q.shape[1]
    both = np.sqrt(np.outer((q * q).sum(1), (r * r).sum(1)).astype(np.float64)) + 1e-9
    moving = (q @ r.T).astype(np.float64) / both
    weight = both / (both + cells * NOISE_LEVEL**2)
    still_q = pair.query / (np.linalg.norm(pair.query, axis=1, keepdims=True) + 1e-6)
    still_r = pair.reference / (np.linalg.norm(pair.reference, axis=1, keepdims=True) + 1e-6)
    still = (still_q @ still_r.T).astype(np.float64)
    gains = weight * (moving - FLOOR_CORRELATION) - np.maximum(0.0, STILL_FLOOR - still)
    return Table(
        query_s=pair.query_s, reference_s=pair.reference_s, gains=gains, moving=moving, weight=weight, still=still
    )


def lines(table: Table, params: Params, known: list[Stretch]) -> list[Line]:
    """Lines of falling gain; rows of the query that one explains are taken out before the next."""
    gains = table.gains.copy()
    for stretch in known:
        gains[(table.query_s >= stretch.query_start_s) & (table.query_s <= stretch.query_end_s)] = -1.0
    out: list[Line] = []
    while len(out) < params.most_segments:
        line = best_line(gains, table.query_s, table.reference_s, speeds())
        if line is None or line.gain < params.least_gain:
            break
        line = refine(line, table)
        first, last = extent(line, table, gains)
        line = replace(line, first=first, last=last)
        out.append(line)
        gains[first : last + 1] = -1.0
    return sorted(out, key=lambda line: line.first)


def refine(line: Line, table: Table) -> Line:
    """Speed and offset to a finer step, over the line's own rows."""
    rows = np.arange(line.first, line.last + 1)
    seconds = table.query_s[rows]
    middle = float(seconds.mean())
    best, best_value = line, -np.inf
    value_plain, plain = -np.inf, line
    tried = sorted({1.0, *(line.speed * (1 + 0.005 * k) for k in range(-5, 6))})
    for speed in tried:
        if abs(speed / line.speed - 1) > 0.035:
            continue
        for shift in np.arange(-0.2, 0.2001, 0.02):
            offset = line.offset_s + (line.speed - speed) * middle + shift
            value = _along(table, rows, speed * seconds + offset)
            if value > best_value:
                best, best_value = replace(line, speed=speed, offset_s=float(offset)), value
            if speed == 1.0 and value > value_plain:
                plain, value_plain = replace(line, speed=1.0, offset_s=float(offset)), value
    return plain if value_plain >= 0.99 * best_value else best


def _along(table: Table, rows: np.ndarray, wanted: Floats) -> float:  # type: ignore[type-arg]
    """Weighted correlation along a line, linear between reference frames."""
    right = np.clip(np.searchsorted(table.reference_s, wanted), 1, len(table.reference_s) - 1)
    left = right - 1
    gap = table.reference_s[right] - table.reference_s[left]
    part = np.clip((wanted - table.reference_s[left]) / np.maximum(gap, 1e-6), 0, 1)
    values = table.weight * table.moving
    return float(((1 - part) * values[rows, left] + part * values[rows, right]).sum())


def extent(line: Line, table: Table, gains: Floats) -> tuple[int, int]:
    """First and last query row of a line, by what agrees along it."""
    rows, inside = nearest(table.reference_s, line.at(table.query_s), 0.12)
    index = np.arange(len(rows))
    moving, weight = table.moving[index, rows], table.weight[index, rows]
    still = table.still[index, rows]
    core = slice(line.first, line.last + 1)
    level = float((weight[core] * moving[core]).sum() / max(1e-6, float(weight[core].sum())))
    usual = float(np.median(still[core]))
    value = weight * (moving - level / 2) - np.maximum(0.0, 0.6 * usual - still)
    value = np.where(inside & (gains[index, rows] > -1.0 + 1e-12), value, -5.0)
    value = np.convolve(np.pad(value, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    first, last = line.first, line.last
    total = np.cumsum(value)
    # Outward while the sum still grows: the best end after the core, the best start before it.
    after = total[last:] - total[last]
    last += int(np.flatnonzero(after >= after.max() - 0.02)[-1])
    before = total[first] - total[: first + 1]
    first = int(np.flatnonzero(before >= before.max() - 0.02)[0])
    while first < last and value[first] < 0:
        first += 1
    while last > first and value[last] < 0:
        last -= 1
    return first, last


def fits_along(
    query: Subject, reference: Subject, line: Line, table: Table, pose: Pose, footage: Footage, params: Params
) -> list[Fit]:
    """Accepted fits at a few moments of a line."""
    out = []
    for row in _moment_rows(line, table):
        at = float(table.query_s[row])
        ours = footage.features(query.id, at, pose, Detector.ORB)
        theirs = footage.features(reference.id, line.speed * at + line.offset_s, Pose(), Detector.ORB)
        if ours is None or theirs is None:
            continue
        found = fit(ours, theirs)
        if found is not None and accepted(found, params):
            out.append(found)
    return out


def _moment_rows(line: Line, table: Table) -> list[int]:
    """Rows spread over the line where the two videos' frames lie closest in time."""
    rows, _ = nearest(table.reference_s, line.at(table.query_s), 0.12)
    miss = np.abs(table.reference_s[rows] - line.at(table.query_s))
    parts = np.array_split(np.arange(line.first, line.last + 1), MOMENTS)
    return [int(part[np.argmin(miss[part] + 1e-4 * np.abs(part - part.mean()))]) for part in parts if len(part)]


def best_fit(
    held: Fit,
    moments: list[Fit],
    line: Line,
    ours: Window,
    theirs: Window,
    pose: Pose,
    footage: Footage,
    query: Subject,
    reference: Subject,
) -> Fit:
    """Of the first fit, those at the moments and their joint fit: the one under which the pictures agree best."""
    joint = joint_fit(moments)
    options = [held, *moments, *([joint] if joint is not None else [])]
    picks = np.linspace(line.first, line.last, 12).astype(int)
    rows, _ = nearest(theirs.seconds, line.at(ours.seconds[picks]), 0.12)
    q, r = Window(ours.seconds[picks], ours.luma[picks]), Window(theirs.seconds[rows], theirs.luma[rows])
    scored = []
    for option in options:
        area = shared_area(option.matrix, q.luma.shape[1:], r.luma.shape[1:])
        pair = on_grid(q, r, option.matrix, pose, area, CELLS, DETAIL_SIGMA) if area else None
        if pair is None:
            continue
        norms = np.linalg.norm(pair.query, axis=1) * np.linalg.norm(pair.reference, axis=1) + 1e-6
        scored.append((float(np.median((pair.query * pair.reference).sum(1) / norms)), option.inliers, option))
    if not scored:
        return held
    return max(scored, key=lambda s: (round(s[0], 4), s[1]))[2]


def measure(
    query: Subject,
    reference: Subject,
    line: Line,
    table: Table,
    held: Fit,
    seed: Seed,
    ours: Window,
    theirs: Window,
    footage: Footage,
    params: Params,
) -> Stretch | None:
    """Geometry, motion and exact bounds of one line."""
    moments = fits_along(query, reference, line, table, seed.pose, footage, params)
    start, end = bounds(line, table, query.duration_s)
    proof = prove(line, start, end, held, seed.pose, ours, theirs)
    if proof is not None and abs(proof.shift_s) <= 0.2 and proof.z >= 4:
        line = replace(line, offset_s=line.offset_s + proof.shift_s)
    start, end = clipped(line, start, end, reference.duration_s)
    if end - start < 0.3:
        return None
    return Stretch(
        query_start_s=start,
        query_end_s=end,
        reference_start_s=line.speed * start + line.offset_s,
        reference_end_s=line.speed * end + line.offset_s,
        speed=line.speed,
        held=held,
        pose=seed.pose,
        moments=tuple(moments),
        motion=proof,
        frames=line.last - line.first + 1,
        query_shape=(int(ours.luma.shape[1]), int(ours.luma.shape[2])),
        reference_shape=(int(theirs.luma.shape[1]), int(theirs.luma.shape[2])),
    )


def prove(
    line: Line, start: float, end: float, held: Fit, pose: Pose, ours: Window, theirs: Window
) -> Motion | None:
    """The motion test of one line."""
    area = shared_area(held.matrix, ours.luma.shape[1:], theirs.luma.shape[1:])
    if area is None:
        return None
    q = _cut(ours, start, end)
    r = _cut(theirs, line.speed * start + line.offset_s - MARGIN_S, line.speed * end + line.offset_s + MARGIN_S)
    if len(q.seconds) < 5 or len(r.seconds) < 5:
        return None
    pair = on_grid(q, r, held.matrix, pose, area, CELLS, DETAIL_SIGMA)
    return None if pair is None else compare(pair, line.speed, line.offset_s, start + 0.05, end - 0.05)


def _cut(window: Window, start: float, end: float) -> Window:
    kept = (window.seconds >= start - 1e-6) & (window.seconds <= end + 1e-6)
    return Window(window.seconds[kept], window.luma[kept])


def bounds(line: Line, table: Table, duration_s: float) -> tuple[float, float]:
    """Start and end in query seconds: half way to the neighbouring frame that no longer agrees, or the file's end."""
    seconds = table.query_s
    start = 0.0 if line.first == 0 and seconds[0] < 0.15 else _between(seconds, line.first - 1, line.first)
    last = len(seconds) - 1
    end = duration_s if line.last >= last and duration_s - seconds[last] < 0.25 else _between(seconds, line.last, line.last + 1)
    return start, end


def _between(seconds: Floats, left: int, right: int) -> float:
    left, right = max(0, left), min(len(seconds) - 1, right)
    return float(seconds[left] + seconds[right]) / 2


def clipped(line: Line, start: float, end: float, reference_s: float) -> tuple[float, float]:
    """The stretch without what would lie before the reference's start or after its end."""
    low, high = -line.offset_s / line.speed, (reference_s - line.offset_s) / line.speed
    return max(start, min(low, high)), min(end, max(low, high))


def _still(
    query: Subject,
    reference: Subject,
    seed: Seed,
    held: Fit,
    table: Table,
    ours: Window,
    theirs: Window,
    params: Params,
) -> list[Stretch]:
    """One stretch at the seed's own offset, as far as the still pictures agree: a candidate, never more."""
    offset = seed.reference_s - seed.query_s
    rows, inside = nearest(table.reference_s, table.query_s + offset, 0.12)
    agree = inside & (table.still[np.arange(len(rows)), rows] > 0.5)
    at = int(np.argmin(np.abs(table.query_s - seed.query_s)))
    if not agree[at]:
        return []
    first = last = at
    while first > 0 and agree[first - 1]:
        first -= 1
    while last < len(agree) - 1 and agree[last + 1]:
        last += 1
    line = Line(speed=1.0, offset_s=offset, first=first, last=last, gain=0.0)
    start, end = clipped(line, *bounds(line, table, query.duration_s), reference.duration_s)
    if end - start < 0.3:
        return []
    proof = prove(line, start, end, held, seed.pose, ours, theirs)
    return [
        Stretch(
            query_start_s=start, query_end_s=end, reference_start_s=start + offset, reference_end_s=end + offset,
            speed=1.0, held=held, pose=seed.pose, moments=(held,), motion=proof, frames=last - first + 1,
            query_shape=(int(ours.luma.shape[1]), int(ours.luma.shape[2])),
            reference_shape=(int(theirs.luma.shape[1]), int(theirs.luma.shape[2])),
        )
    ]  # fmt: skip
