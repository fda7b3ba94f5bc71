"""Where two pictures move as a whole, whether what moves in them of its own agrees.

A copy of moving footage agrees with it in how the picture moves. So do two recordings of one place under one and the
same movement: an editor's pan or shake of a fixed camera's footage, a camera that patrols. They are told apart by what
moves of its own, people and vehicles: each picture is compared with itself a moment before and after, its own movement
taken out. What stands out most in one must stand out in the other. Where it does not, and where what changes does not
agree in time either once each picture is held still over some seconds, two recordings are shown.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from forensics.matching.dense import Grid, detail
from forensics.matching.following import (
    DETAIL_CELLS,
    GRID,
    LEAST_MOMENTS,
    STAYS,
    Mask,
    Side,
    Sides,
    followable,
    laid,
    movement,
    side_by_side,
)
from forensics.matching.footage import FPS, LONG_SIDE
from forensics.matching.geometry import AS_IS, Floats, Pose, corner_off_px, laid_over
from forensics.matching.motion import LEAST_CELLS, Motion, Pair, compare
from forensics.matching.pairing import Pairing
from forensics.matching.params import Params
from forensics.matching.reel import reduced
from forensics.matching.verdict import FELLOW, Stretch, strength

HALVED = 2
"""Held still for seconds the pictures are compared on half of that grid, where errors of laying hardly show."""

PLACES, LONG_S = (0.5, 0.2, 0.8), 12.0
"""Where in a stretch that is looked at, shares of its length: at the first alone where it is shorter than so many
seconds.
"""

EVERY_S = 0.3
"""What moves of its own shows from one of these moments to the next."""

BESIDE = (-2, -1, 1, 2)
"""Each moment is compared with the two before it and the two after."""

QUICK = 2
"""Every other moment is looked at first, which clears most copies."""

LEAST_BESIDE = 2
LEAST_FRAMES = 16

MOVING_PX = 1.0
"""A picture whose corners are off by less, pixels at 512, from one moment to those beside it stands still."""

FIRST_STEPS = 8
"""After so many of them a picture that stands still is known."""

LOUDEST = 0.02
"""What stands out most: this share of all cells at all moments looked at."""

COVER_SHARE, COVER_LEVEL = 0.4, 2.0
"""What is drawn over a moving picture changes less where it stands than along the picture's movement: by this share of
the mean square, if that is so many grey levels at least.
"""

MOST_LOST = 3
"""Frames in a row that cannot be laid on the middle one: those beyond show another part of the place."""


class Own(NamedTuple):
    """What moves of its own: how the cells in which one video stands out most correlate with the other's, the lesser
    of both ways; and the root mean square of the quieter video, grey levels.
    """

    agree: float
    level: float


class Step(NamedTuple):
    """From one frame to one beside it (rows), how the query's picture moves and how the reference's (maps (2, 3))."""

    start: int
    end: int
    query: Floats
    reference: Floats


def checked(stretch: Stretch, pose: Pose, pairing: Pairing) -> Stretch:
    """The stretch. If it would prove a match but what moves of its own contradicts that, what agrees once both pictures
    are held still stands in place of the motion that agreed.
    """
    params = pairing.params
    if stretch.motion is None or strength(stretch, params) < FELLOW:
        return stretch
    for at in _places(stretch):
        own = _own_around(at, stretch, pose, pairing)
        if own is None or not _contradicts(own, stretch.motion, params):
            continue
        frames = side_by_side(at, stretch, pose, pairing, 1 / FPS)
        held = None if frames is None else held_motion(frames, stretch)
        if held is not None and held.z < params.own_z:
            return replace(stretch, motion=held)
    return stretch


def _places(stretch: Stretch) -> list[float]:
    """Seconds of the query around which a stretch is looked at."""
    shares = PLACES if stretch.length_s >= LONG_S else PLACES[:1]
    return [stretch.query_start_s + share * stretch.length_s for share in shares]


def _own_around(at: float, stretch: Stretch, pose: Pose, pairing: Pairing) -> Own | None:
    """What moves of its own around a moment: the whole is looked at only where a part of it contradicts the match."""
    assert stretch.motion is not None
    moments = side_by_side(at, stretch, pose, pairing, EVERY_S)
    if moments is None:
        return None
    quick = own_movement(moments, QUICK)
    if quick is None or not _contradicts(quick, stretch.motion, pairing.params):
        return quick
    return own_movement(moments)


def _contradicts(own: Own, motion: Motion, params: Params) -> bool:
    return own.level >= params.own_level and own.agree < params.own_agree * motion.peak


def own_movement(sides: Sides, apart: int = 1) -> Own | None:
    """What moves of its own in both, at every ``apart``-th moment; None where the pictures stand still, or too little
    in them can be followed.
    """
    moments: list[list[Step]] = []
    for start in range(1, len(sides.query.seconds) - 1, apart):
        moments.append(_steps(sides, start))
        steps = [step for moment in moments for step in moment]
        if len(steps) >= FIRST_STEPS and not _moves(steps, sides.filled):
            return None
    moments = [moment for moment in moments if len(moment) >= LEAST_BESIDE]
    if len(moments) < LEAST_MOMENTS:
        return None
    steps = [step for moment in moments for step in moment]
    bare = (sides.filled & ~_covered(sides.query, [(s.start, s.end, s.query) for s in steps]),
            sides.filled & ~_covered(sides.reference, [(s.start, s.end, s.reference) for s in steps]))  # fmt: skip
    ours, theirs = np.concatenate([_rest(sides, moment, bare) for moment in moments], axis=1).astype(np.float64)
    if len(ours) < LEAST_MOMENTS * LEAST_CELLS:
        return None
    agree = min(_agreement_of_loudest(ours, theirs), _agreement_of_loudest(theirs, ours))
    return Own(agree, float(np.sqrt(min(np.square(ours).mean(), np.square(theirs).mean()))))


def _steps(sides: Sides, start: int) -> list[Step]:
    """The movement from a moment to those beside it, as far as it can be followed."""
    points = followable(sides, start)
    steps: list[Step] = []
    for end in (start + step for step in BESIDE if 0 <= start + step < len(sides.query.seconds)):
        moved = movement(sides, start, end, points, STAYS)
        steps += [] if moved is None else [Step(start, end, *moved)]
    return steps


def _moves(steps: list[Step], filled: Mask) -> bool:
    height, width = filled.shape
    off = np.median([corner_off_px(step.reference, width, height) for step in steps])
    return float(off) * LONG_SIDE / GRID >= MOVING_PX


def _covered(side: Side, steps: list[tuple[int, int, Floats]]) -> Mask:
    """Cells in which something stands still though the picture moves: captions, logos, bars."""
    stays, goes = np.zeros((2, *side.details.shape[1:]))
    for start, end, moved in steps:
        shown, beside = side.details[start], side.details[end]
        stays += np.square(shown - beside)
        goes += np.square(shown - laid(beside, moved))
    found = (stays < COVER_SHARE * goes) & (goes > COVER_LEVEL**2 * len(steps))
    return cv2.dilate(found.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)


def _rest(sides: Sides, steps: list[Step], bare: tuple[Mask, Mask]) -> Grid:
    """What is left of both pictures at a moment without the mean of those beside it, float32 (2, cells): of the cells
    that are ``bare`` of what is drawn over, there and at `LEAST_BESIDE` of those beside.
    """
    start = steps[0].start
    seen, ours, theirs = (np.zeros(sides.filled.shape, np.float32) for _ in range(3))
    clear_q, clear_r = (mask.astype(np.float32) for mask in bare)
    for step in steps:
        clear = (laid(clear_q, step.query) > 0.99) & (laid(clear_r, step.reference) > 0.99)
        seen += clear
        ours += clear * laid(sides.query.details[step.end], step.query)
        theirs += clear * laid(sides.reference.details[step.end], step.reference)
    kept = bare[0] & bare[1] & (seen >= LEAST_BESIDE)
    return np.stack([
        sides.query.details[start][kept] - ours[kept] / seen[kept],
        sides.reference.details[start][kept] - theirs[kept] / seen[kept],
    ])  # fmt: skip


def _agreement_of_loudest(one: Floats, other: Floats) -> float:
    """Correlation in the cells where ``one`` stands out most."""
    loud = np.abs(one)
    chosen = loud >= np.quantile(loud, 1 - LOUDEST)
    ours, theirs = one[chosen], other[chosen]
    return float(ours @ theirs / np.sqrt((ours @ ours) * (theirs @ theirs) + 1e-9))


def held_motion(sides: Sides, stretch: Stretch) -> Motion | None:
    """The motion test of both pictures held still: each frame laid on the middle one of its own video. None where too
    few can be.
    """
    middle = len(sides.query.seconds) // 2
    points = followable(sides, middle)
    maps = {middle: (STAYS, STAYS)}
    for rows in (range(middle + 1, len(sides.query.seconds)), range(middle - 1, -1, -1)):
        guess, lost = STAYS, 0
        for row in rows:
            moved = movement(sides, middle, row, points, guess)
            lost = lost + 1 if moved is None else 0
            if lost > MOST_LOST:
                break
            if moved is not None:
                maps[row], guess = moved, moved[1]
    chosen = sorted(maps)
    if len(chosen) < LEAST_FRAMES:
        return None
    filled = reduced(sides.filled[None].astype(np.uint8) * 255, HALVED, AS_IS)[0] == 255
    if filled.sum() < LEAST_CELLS:
        return None
    (query_s, ours), (reference_s, theirs) = (
        (side.seconds[chosen], _held(side, [(row, maps[row][number]) for row in chosen], middle, filled))
        for number, side in enumerate((sides.query, sides.reference))
    )
    heights = (np.nonzero(filled)[0] + 0.5) / filled.shape[0]
    offset_s = stretch.beside(0.0)
    pair = Pair(query_s, ours, reference_s, theirs, 1.0, heights)
    return compare(pair, stretch.speed, offset_s, float(query_s[0]), float(query_s[-1]))


def _held(side: Side, moved: list[tuple[int, Floats]], middle: int, filled: Mask) -> Grid:
    """Detail of frames laid on the middle one, which stays where they have nothing, float32 (n, cells)."""
    frames = [laid_over(side.pictures[middle], side.pictures[row], found_at) for row, found_at in moved]
    small = reduced(np.array(frames), HALVED, AS_IS).astype(np.float32)
    return detail(small, filled, DETAIL_CELLS)[:, filled]
