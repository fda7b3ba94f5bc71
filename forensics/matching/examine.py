"""Stages 2 to 5 for one pair: geometry, alignment, motion, and what they support together."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from forensics.matching.alignment import Line, best_line, nearest, speeds
from forensics.matching.candidates import STRONG, Candidate, Seed
from forensics.matching.dense import Shared, change, shared_area, shots
from forensics.matching.footage import Footage
from forensics.matching.geometry import Fit, Pose, drift_px
from forensics.matching.motion import CELLS, DETAIL_SIGMA, SPAN_S, Motion, Pair, compare, on_grid
from forensics.matching.own_movement import checked
from forensics.matching.pairing import Pairing, Placed, best_fit
from forensics.matching.params import METHOD, PARAMS, Params
from forensics.matching.reel import Reel
from forensics.matching.sharpen import sharpened
from forensics.matching.steadied import steadied
from forensics.matching.subject import Subject
from forensics.matching.table import PLAIN_REACH, Table, bounds, lines, run_around, share, table_of, uniqueness
from forensics.matching.verdict import Stretch, clear_strength, exact_match, strength, verdict
from forensics.matching.visible import with_seen
from forensics.model.match import Match, Method

Span: TypeAlias = tuple[float, float]
"""First and last second."""

REACH_S = 30.0
"""Seconds of the query looked at on either side of a seed; longer copies are followed from window to window."""

WIDE_REACH_S = 1.5 * REACH_S
"""Seconds of the reference looked at on either side at the most: at half speed more time goes by than here, a copy may
play backwards, and of a fixed camera a seed may be far off.
"""

UNEXPLAINED_S = 0.5
"""Less of the query than this holds no other stretch."""

COARSE_CELLS = 64
MARGIN_S = 8.0
"""Reference seconds beyond a stretch whose offsets serve as the motion test's background."""

STILL_AGREE = 0.5
"""Frames whose still pictures correlate this much show one scene."""

LEAST_STRETCH_S = 0.3
SAME_MAP_PX = 3.0
"""Two seeds whose maps differ less would find the same stretches."""

FOLLOW_S = 10.0
"""How far beyond a window's edge a proven stretch is looked for again."""

MOST_SHIFT_S, SHIFT_LEAST_Z = 0.2, 4.0
"""The fine grid corrects the offset by up to two frames where its peak stands out."""


def examine(
    query: Subject,
    reference: Subject,
    candidate: Candidate,
    footage: Footage,
    method: Method = METHOD,
    params: Params = PARAMS,
) -> Match | None:
    """What the pictures of this pair support, or None when no geometry holds.

    The seeds of ``candidate`` are tried in turn; a seed inside a stretch already proven is passed over; a proven
    stretch that runs to the edge of what was looked at is followed.
    """
    exact = exact_match(query, reference, method)
    if exact is not None:
        return exact
    pairing = Pairing(query=query, reference=reference, footage=footage, params=params)
    found: list[Stretch] = []
    tried: list[Placed] = []
    queue = list(candidate.seeds[: params.most_seeds])
    if candidate.score >= STRONG:
        near, _ = _reaches(queue[0], query.duration_s, reference.duration_s)
        footage.ahead(reference.id, *near)
    elif queue:
        footage.glances(reference.id, [seed.reference_s for seed in queue[: params.most_refused]])
    windows = refused = 0
    while queue and windows < params.most_windows and (tried or refused < params.most_refused):
        seed = queue.pop(0)
        proven = [s for s in found if strength(s, params) >= 1.0]
        if any(s.query_start_s <= seed.query_s <= s.query_end_s for s in proven):
            continue
        placed = pairing.place(seed)
        if placed is None:
            refused += 1
            continue
        if _repeats(placed, tried):
            continue
        tried.append(placed)
        windows += 1
        new = [checked(stretch, seed.pose, pairing) for stretch in explore(pairing, placed, proven)]
        moved = [] if proves(new, params) else still_found(pairing, placed, proven)
        found.extend(moved or (with_seen(stretch, pairing) for stretch in new))
        queue.extend(follow(moved or new, placed, pairing))
    return verdict(query, reference, tuple(found), method, params) if found else None


def still_found(pairing: Pairing, placed: Placed, proven: list[Stretch]) -> list[Stretch]:
    """The stretches around a seed where one of the pictures moves within its frame and was held still; none where they
    prove nothing.
    """
    held = steadied(pairing, placed, REACH_S)
    if held is None:
        return []
    found = explore(held.pairing, placed, proven)
    return [replace(stretch, held_still=held.moving) for stretch in found] if proves(found, pairing.params) else []


def proves(found: list[Stretch], params: Params) -> bool:
    """Whether any of these stretches proves the same recording."""
    return any(strength(stretch, params) >= 1.0 for stretch in found)


def _repeats(placed: Placed, tried: list[Placed]) -> bool:
    """Whether an earlier seed, within reach, gave nearly the same map."""
    centre = np.array([256.0, 144.0, 1.0])
    return any(
        other.seed.pose == placed.seed.pose
        and abs(other.seed.query_s - placed.seed.query_s) < REACH_S / 2
        and abs(other.seed.reference_s - placed.seed.reference_s) < REACH_S / 2
        and float(np.abs(other.fit.matrix @ centre - placed.fit.matrix @ centre).max()) < SAME_MAP_PX
        for other in tried
    )


def follow(new: list[Stretch], placed: Placed, pairing: Pairing) -> list[Seed]:
    """Seeds beyond the edges of the window, on the line of each proven stretch that reaches them."""
    out = []
    for stretch in new:
        if strength(stretch, pairing.params) < 1.0:
            continue
        for edge, step in ((stretch.query_end_s, FOLLOW_S), (stretch.query_start_s, -FOLLOW_S)):
            at_edge = abs(abs(edge - placed.seed.query_s) - REACH_S) < 1.0
            query_s = edge + step
            reference_s = stretch.beside(query_s)
            inside = 0 <= query_s <= pairing.query.duration_s and 0 <= reference_s <= pairing.reference.duration_s
            if at_edge and inside:
                out.append(replace(placed.seed, query_s=query_s, reference_s=reference_s, by_hash=True))
    return out


def explore(pairing: Pairing, placed: Placed, proven: list[Stretch]) -> list[Stretch]:
    """All aligned stretches around a seed whose geometry holds: looked for near it in the reference, and further around
    unless those near prove and explain all that the query shows there.
    """
    near, wide = _reaches(placed.seed, pairing.query.duration_s, pairing.reference.duration_s)
    found = within(pairing, placed, proven, near)
    if near == wide or explained([*proven, *found], placed.seed, pairing):
        return found
    return within(pairing, placed, proven, wide)


def _reaches(seed: Seed, query_s: float, reference_s: float) -> tuple[Span, Span]:
    """What is looked at around a seed in a reference that lasts ``reference_s``: near, all that a query of ``query_s``
    can show at about the speed of recording, with the motion test's background on either side; and further around.
    """
    before, after = min(REACH_S, seed.query_s), min(REACH_S, query_s - seed.query_s)
    reaches = (before + MARGIN_S, after + MARGIN_S), (WIDE_REACH_S, WIDE_REACH_S)
    near, wide = ((max(0.0, seed.reference_s - b), min(reference_s, seed.reference_s + a)) for b, a in reaches)
    return near, wide


def explained(found: list[Stretch], seed: Seed, pairing: Pairing) -> bool:
    """Whether what agrees clearly along these stretches leaves hardly any of the query around a seed."""
    start, end = max(0.0, seed.query_s - REACH_S), min(pairing.query.duration_s, seed.query_s + REACH_S)
    clear = [stretch for stretch in found if clear_strength(stretch, pairing.params) >= 1.0]
    shown = [min(end, stretch.query_end_s) - max(start, stretch.query_start_s) for stretch in clear]
    return sum(max(0.0, seconds) for seconds in shown) > end - start - UNEXPLAINED_S


def within(pairing: Pairing, placed: Placed, proven: list[Stretch], span: Span) -> list[Stretch]:
    """All aligned stretches around a seed that lie in a part of the reference."""
    seed, params = placed.seed, pairing.params
    ours = Reel(pairing.footage.stretch(pairing.query.id, seed.query_s - REACH_S, seed.query_s + REACH_S))
    theirs = Reel(pairing.footage.stretch(pairing.reference.id, *span))
    if len(ours.seconds) < params.least_frames or len(theirs.seconds) < params.least_frames:
        return []
    table = tabulate(ours, theirs, placed.fit, seed.pose, (seed.query_s, seed.reference_s))
    if table is None:
        return []
    line = best_line(table.gains, table.query_s, table.reference_s, speeds())
    if line is None or line.gain < params.least_gain:
        return faint(pairing, placed, table, ours, theirs)
    moments = pairing.fits_along(line, table.query_s, table.reference_s, placed)
    placed = placed._replace(fit=best_fit(placed, moments, line, ours, theirs))
    line, placed = sharpened(line, table.query_s, placed, pairing, (ours, theirs))
    middle = float(table.query_s[(line.first + line.last) // 2])
    around = (middle, line.speed * middle + line.offset_s)
    table = tabulate(ours, theirs, placed.fit, seed.pose, around) or table
    taken = np.zeros(len(table.query_s), bool)
    for stretch in proven:
        taken |= (table.query_s >= stretch.query_start_s) & (table.query_s <= stretch.query_end_s)
    found = lines(table, taken, params.least_gain, params.most_segments)
    if not found and not proven:
        return faint(pairing, placed, table, ours, theirs)
    measured = [measure(pairing, placed, line, table, ours, theirs) for line in found]
    return [stretch for stretch in measured if stretch is not None]


def tabulate(ours: Reel, theirs: Reel, held: Fit, pose: Pose, around: tuple[float, float]) -> Table | None:
    """The table of frame against frame on the coarse grid."""
    area = _area(held, ours, theirs)
    if area is None:
        return None
    pair = on_grid(ours, theirs, held.matrix, pose, area, COARSE_CELLS, DETAIL_SIGMA, around)
    return None if pair is None else table_of(pair)


def _area(held: Fit, ours: Reel, theirs: Reel) -> Shared | None:
    return shared_area(held.matrix, _shape(ours), _shape(theirs))


def _shape(window: Reel) -> tuple[int, int]:
    return int(window.luma.shape[1]), int(window.luma.shape[2])


def measure(pairing: Pairing, placed: Placed, line: Line, table: Table, ours: Reel, theirs: Reel) -> Stretch | None:
    """Geometry, motion and exact bounds of one line."""
    moments = pairing.fits_along(line, table.query_s, table.reference_s, placed)
    found, part = line, share(line, table)
    start, end = bounds(line, table, pairing.query.duration_s)
    line, proof = prove(line, start, end, placed, ours, theirs)
    if proof is not None and abs(proof.shift_s) <= MOST_SHIFT_S and proof.z >= SHIFT_LEAST_Z:
        line = replace(line, offset_s=line.offset_s + proof.shift_s)
    drift = drift_px(moments, ours.luma.shape[2], ours.luma.shape[1])
    if drift is not None and drift > pairing.params.most_drift_px:
        moments = pairing.fits_on_time(line, table.query_s, table.reference_s, placed)
    made = _stretch(pairing, placed, line, (start, end), tuple(moments), proof, part, (ours, theirs))
    if made is None or clear_strength(made, pairing.params) >= 1.0:
        return made
    return replace(made, unique=uniqueness(found, table))


def _stretch(
    pairing: Pairing,
    placed: Placed,
    line: Line,
    span: tuple[float, float],
    moments: tuple[Fit, ...],
    proof: Motion | None,
    part: float | None,
    windows: tuple[Reel, Reel],
) -> Stretch | None:
    start, end = clipped(line, *span, pairing.reference.duration_s)
    if end - start < LEAST_STRETCH_S:
        return None
    return Stretch(
        query_start_s=start,
        query_end_s=end,
        reference_start_s=line.speed * start + line.offset_s,
        reference_end_s=line.speed * end + line.offset_s,
        speed=line.speed,
        held=placed.fit,
        pose=placed.seed.pose,
        moments=moments,
        motion=proof,
        frames=line.last - line.first + 1,
        unique=1.0,
        share=1.0 if part is None else part,
        found_by_line=part is not None,
        query_shape=_shape(windows[0]),
        reference_shape=_shape(windows[1]),
    )


def prove(line: Line, start: float, end: float, placed: Placed, ours: Reel, theirs: Reel) -> tuple[Line, Motion | None]:
    """The motion test of one line; near speed 1 the test is made at 1 too, and the better taken."""
    area = _area(placed.fit, ours, theirs)
    q = ours.between(start, end)
    ends = line.speed * start + line.offset_s, line.speed * end + line.offset_s
    r = theirs.between(min(ends) - MARGIN_S, max(ends) + MARGIN_S)
    if area is None or len(q.seconds) < PARAMS.least_frames or len(r.seconds) < PARAMS.least_frames:
        return line, None
    middle = (start + end) / 2
    at = line.speed * middle + line.offset_s
    pair = on_grid(q, r, placed.fit.matrix, placed.seed.pose, area, CELLS, DETAIL_SIGMA, (middle, at))
    if pair is None:
        return line, None
    found = line, compare(pair, line.speed, line.offset_s, start + 0.05, end - 0.05)
    if line.speed != 1.0 and abs(line.speed - 1.0) <= PLAIN_REACH:
        plain = replace(line, speed=1.0, offset_s=at - middle)
        other = compare(pair, 1.0, plain.offset_s, start + 0.05, end - 0.05)
        if other is not None and (found[1] is None or other.peak > found[1].peak):
            found = plain, other
    return found


def clipped(line: Line, start: float, end: float, reference_s: float) -> tuple[float, float]:
    """The stretch without what would lie before the reference's start or after its end."""
    low, high = -line.offset_s / line.speed, (reference_s - line.offset_s) / line.speed
    return max(start, min(low, high)), min(end, max(low, high))


def faint(pairing: Pairing, placed: Placed, table: Table, ours: Reel, theirs: Reel) -> list[Stretch]:
    """One stretch of a scene in which next to nothing moves, at the offset where the faint changes agree best."""
    seed = placed.seed
    area = _area(placed.fit, ours, theirs)
    around = (seed.query_s, seed.reference_s)
    pair = on_grid(ours, theirs, placed.fit.matrix, seed.pose, area, CELLS, DETAIL_SIGMA, around) if area else None
    at = int(np.argmin(np.abs(table.query_s - seed.query_s)))
    agree: npt.NDArray[np.bool_] = table.still.max(axis=1) > STILL_AGREE
    if pair is None or not agree[at]:
        return []
    first, last = run_around(agree, at)
    line = Line(speed=1.0, offset_s=faint_offset(pair, first, last), first=first, last=last, gain=0.0)
    span = clipped(line, *bounds(line, table, pairing.query.duration_s), pairing.reference.duration_s)
    if span[1] - span[0] < LEAST_STRETCH_S:
        return []
    line, proof = prove(line, *span, placed, ours, theirs)
    moments = tuple(pairing.fits_along(line, table.query_s, table.reference_s, placed))
    made = _stretch(pairing, placed, line, span, moments, proof, None, (ours, theirs))
    return [] if made is None else [made]


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
