"""Stages 2 to 5 for one pair: geometry, alignment, motion, and what they support together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from forensics.matching.alignment import Line, assign, best_line, nearest, speeds
from forensics.matching.candidates import Candidate, Seed
from forensics.matching.dense import Grid, change, shared_area, shots
from forensics.matching.footage import Footage
from forensics.matching.geometry import Detector, Fit, Floats, Pose, correspond, fit, joint_fit
from forensics.matching.motion import CELLS, DETAIL_SIGMA, SPAN_S, Motion, Pair, compare, on_grid
from forensics.matching.params import METHOD, PARAMS, Params
from forensics.matching.subject import Subject
from forensics.matching.verdict import Stretch, exact_match, strength, verdict
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
FROZEN_STIR = 0.12
FROZEN_AGAINST = 0.6
FROZEN_FRAMES = 5
FROZEN_PENALTY = 0.5
STILL_BONUS = 0.04
QUIET_SHARE = 0.2
QUIET_TIMES = 2.0
PLAIN_REACH = 0.12
SEAM_S = 1.0
SEAM_APART_S = 0.25
SEAM_SPEED = 0.03
SWITCH = 0.8


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
    return np.minimum(np.concatenate([[np.inf], step]), np.concatenate([step, [np.inf]]))


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
        if any(s.query_start_s <= seed.query_s <= s.query_end_s for s in found if strength(s, params) >= 1.0):
            continue
        placed = hold(query, reference, seed, footage, params)
        if placed is None or _repeats(placed[1], placed[0], tried):
            continue
        seed, held = placed
        tried.append((seed, held))
        found.extend(explore(query, reference, seed, held, footage, params, [s for s in found if strength(s, params) >= 1.0]))
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


def hold(query: Subject, reference: Subject, seed: Seed, footage: Footage, params: Params) -> tuple[Seed, Fit] | None:
    """The geometric fit at a seed, ORB first, SIFT where ORB nearly held; the seed moved to where it fits best."""
    found = fit_at(query, reference, seed, footage, Detector.ORB)
    if not accepted(found, params) and found is not None and found.inliers >= 5:
        found = fit_at(query, reference, seed, footage, Detector.SIFT)
    if found is None or not accepted(found, params):
        return None
    if seed.by_hash:
        return seed, found
    for reach in CLIMB_S:
        around = [replace(seed, reference_s=seed.reference_s + step) for step in reach]
        tried = [(other, fit_at(query, reference, other, footage, Detector.ORB)) for other in around]
        better = [(o, f) for o, f in tried if f is not None and f.inliers > CLIMB_GAIN * found.inliers]
        if better:
            seed, found = max(better, key=lambda item: (item[1].inliers, -item[0].reference_s))
    return seed, found


CLIMB_S = ((-1.6, -1.2, -0.8, -0.4, 0.4, 0.8, 1.2, 1.6), (-0.2, -0.1, 0.1, 0.2))
CLIMB_GAIN = 1.1


def fit_at(query: Subject, reference: Subject, seed: Seed, footage: Footage, detector: Detector) -> Fit | None:
    """The geometric fit of the two frames a seed names."""
    if not 0 <= seed.reference_s <= reference.duration_s:
        return None
    ours = footage.features(query.id, seed.query_s, seed.pose, detector)
    theirs = footage.features(reference.id, seed.reference_s, Pose(), detector)
    return None if ours is None or theirs is None else fit(ours, theirs)


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
    found = lines(table, params, known)
    if not found and not known:
        return _still(query, reference, seed, held, table, ours, theirs, params)
    out = []
    for line in found:
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
    frozen = FROZEN_PENALTY * np.outer(frozen_rows(pair.query), 1.0) * (stir(pair.reference) > FROZEN_AGAINST)[None, :]
    gains = weight * (moving - FLOOR_CORRELATION) - np.maximum(0.0, STILL_FLOOR - still) - frozen
    return Table(
        query_s=pair.query_s, reference_s=pair.reference_s, gains=gains, moving=moving, weight=weight, still=still,
        frozen=frozen,
        pair=pair,
    )


def lines(table: Table, params: Params, known: list[Stretch]) -> list[Line]:
    """Lines of falling gain; rows of the query that one explains are taken out before the next."""
    gains = table.gains.copy()
    for stretch in known:
        gains[(table.query_s >= stretch.query_start_s) & (table.query_s <= stretch.query_end_s)] = -1.0
    taken = gains[:, 0] == -1.0
    out: list[Line] = []
    while len(out) < params.most_segments:
        line = best_line(gains, table.query_s, table.reference_s, speeds())
        if line is None or line.gain < params.least_gain:
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
    out = []
    for number, line in enumerate(found):
        rows = np.flatnonzero(path == number)
        for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
            if len(run) >= 4:
                out.append(replace(line, first=int(run[0]), last=int(run[-1])))
    return out


def agreement(line: Line, table: Table, taken: npt.NDArray[np.bool_]) -> Floats:
    """What each query row gains by lying on the line."""
    rows, inside = nearest(table.reference_s, line.at(table.query_s), 0.12)
    moving, weight = along(table.pair, rows, inside)
    index = np.arange(len(rows))
    beside = [np.clip(rows + k, 0, len(table.reference_s) - 1) for k in (-1, 0, 1)]
    still = np.max([table.still[index, b] for b in beside], axis=0)
    core = np.zeros(len(rows), bool)
    core[line.first : line.last + 1] = True
    core &= inside
    if not core.any():
        return np.full(len(rows), -2.0)
    level = float((weight[core] * moving[core]).sum() / max(1e-6, float(weight[core].sum())))
    floor = max(STILL_FLOOR, 0.6 * float(np.median(still[core])))
    value = weight * (moving - level / 2) + np.where(still >= floor, STILL_BONUS, still - floor - 0.2)
    value -= table.frozen[index, rows]
    value = np.convolve(np.pad(value, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    return np.where(inside & ~taken, value, -2.0)


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
    q = change(pair.query[index], pair.query_s[index], COARSE_SPAN_S, shot)
    r = change(pair.reference[rows[index]], pair.query_s[index], COARSE_SPAN_S, shot)
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
    tried = sorted({1.0, *(line.speed * (1 + 0.005 * k) for k in range(-5, 6))})
    for speed in tried:
        if abs(speed / line.speed - 1) > PLAIN_REACH:
            continue
        for shift in np.arange(-0.2, 0.2001, 0.02):
            offset = line.offset_s + (line.speed - speed) * middle + shift
            value = _along(table, rows, speed * seconds + offset)
            if value > best_value:
                best, best_value = replace(line, speed=speed, offset_s=float(offset)), value
            if speed == 1.0 and value > value_plain:
                plain, value_plain = replace(line, speed=1.0, offset_s=float(offset)), value
    return plain if value_plain >= 0.97 * best_value else best


def _along(table: Table, rows: np.ndarray, wanted: Floats) -> float:  # type: ignore[type-arg]
    """Weighted correlation along a line, linear between reference frames."""
    right = np.clip(np.searchsorted(table.reference_s, wanted), 1, len(table.reference_s) - 1)
    left = right - 1
    gap = table.reference_s[right] - table.reference_s[left]
    part = np.clip((wanted - table.reference_s[left]) / np.maximum(gap, 1e-6), 0, 1)
    values = table.weight * table.moving
    return float(((1 - part) * values[rows, left] + part * values[rows, right]).sum())


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
        unique=uniqueness(line, table),
        share=share(line, table),
        query_shape=(int(ours.luma.shape[1]), int(ours.luma.shape[2])),
        reference_shape=(int(theirs.luma.shape[1]), int(theirs.luma.shape[2])),
    )


def uniqueness(line: Line, table: Table) -> float:
    """The line's gain over the best gain of any other line for the same query rows, a second or more away."""
    rows = slice(line.first, line.last + 1)
    seconds = table.query_s[rows]
    away = np.abs(table.reference_s[None, :] - line.at(seconds)[:, None]) >= 1.0
    gains = np.where(away, table.gains[rows], -0.5)
    other = best_line(gains, seconds, table.reference_s, speeds())
    near, inside = nearest(table.reference_s, line.at(seconds), 0.12)
    own = float(table.gains[rows][np.arange(len(seconds)), near][inside].sum())
    return own / max(0.3, other.gain if other is not None else 0.0)


def share(line: Line, table: Table) -> float:
    """Of the query rows that show the same still scene on this line, the share that the line explains."""
    rows, inside = nearest(table.reference_s, line.at(table.query_s), 0.12)
    still = table.still[np.arange(len(rows)), rows]
    core = slice(line.first, line.last + 1)
    agree = inside & (still >= 0.6 * float(np.median(still[core])))
    first, last = run_around(agree, (line.first + line.last) // 2)
    return (line.last - line.first + 1) / max(1, max(last, line.last) - min(first, line.first) + 1)


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
    end = duration_s if line.last >= last and duration_s - seconds[last] < 1.0 else _between(seconds, line.last, line.last + 1)
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
    """One stretch of a scene in which next to nothing moves, at the offset where the faint changes agree best."""
    area = shared_area(held.matrix, ours.luma.shape[1:], theirs.luma.shape[1:])
    pair = on_grid(ours, theirs, held.matrix, seed.pose, area, CELLS, DETAIL_SIGMA) if area else None
    if pair is None:
        return []
    at = int(np.argmin(np.abs(table.query_s - seed.query_s)))
    agree = table.still.max(axis=1) > 0.5
    if not agree[at]:
        return []
    first, last = run_around(agree, at)
    line = Line(speed=1.0, offset_s=faint_offset(pair, first, last), first=first, last=last, gain=0.0)
    start, end = clipped(line, *bounds(line, table, query.duration_s), reference.duration_s)
    if end - start < 0.3:
        return []
    proof = prove(line, start, end, held, seed.pose, ours, theirs)
    return [
        Stretch(
            query_start_s=start, query_end_s=end, reference_start_s=start + line.offset_s,
            reference_end_s=end + line.offset_s, speed=1.0, held=held, pose=seed.pose, moments=(held,), motion=proof,
            frames=last - first + 1, unique=1.0, share=1.0,
            query_shape=(int(ours.luma.shape[1]), int(ours.luma.shape[2])),
            reference_shape=(int(theirs.luma.shape[1]), int(theirs.luma.shape[2])),
        )
    ]  # fmt: skip


def run_around(flags: npt.NDArray[np.bool_], at: int) -> tuple[int, int]:
    """First and last of the run of true flags around one of them."""
    first = last = at
    while first > 0 and flags[first - 1]:
        first -= 1
    while last < len(flags) - 1 and flags[last + 1]:
        last += 1
    return first, last


def faint_offset(pair: Pair, first: int, last: int) -> float:
    """The offset at which what changes on the fine grid correlates best, at speed 1, over at least half of the rows."""
    q = change(pair.query, pair.query_s, SPAN_S, shots(pair.query))[first : last + 1]
    r = change(pair.reference, pair.reference_s, SPAN_S, shots(pair.reference))
    table = (q @ r.T).astype(np.float64)
    seconds = pair.query_s[first : last + 1]
    energy_q, energy_r = (q * q).sum(1), (r * r).sum(1)
    best, best_value = float(pair.reference_s[0] - seconds[0]), -np.inf
    least = 0.5 * min(len(seconds), len(pair.reference_s))
    for offset in np.arange(pair.reference_s[0] - seconds[-1], pair.reference_s[-1] - seconds[0], 0.04):
        rows, inside = nearest(pair.reference_s, seconds + offset, 0.12)
        index, rows = np.flatnonzero(inside), rows[inside]
        if len(rows) < least:
            continue
        scale = np.sqrt(float(energy_q[index].sum()) * float(energy_r[rows].sum()) + 1e-9)
        value = float(table[index, rows].sum()) / scale * np.sqrt(len(rows))
        if value > best_value:
            best, best_value = float(offset), value
    return best
