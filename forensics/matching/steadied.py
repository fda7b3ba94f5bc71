"""A picture that moves within its frame, held still: each frame laid on one frame of the same video.

Two things rest on it. A copy that pans, zooms or shakes, or that was filmed from a screen by hand, keeps no place at
which the motion test could compare it: where the camera of the other video stood still, it is held still and compared
then. And where both pictures move, their movement agrees in a copy, but also in two recordings of one place under one
and the same movement (a camera that patrols, an editor's zoom): what moves in them must agree once both are held still.

Nothing of the other video goes into holding one still, so that it cannot make the two agree in time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from forensics.matching.dense import shared_area
from forensics.matching.footage import LONG_SIDE, Footage, between
from forensics.matching.geometry import AS_IS, Detector, Features, Fit, Luma, detect, fit
from forensics.matching.motion import CELLS, DETAIL_SIGMA, Motion, compare, on_grid
from forensics.matching.pairing import Pairing, Placed
from forensics.matching.reel import Reel
from forensics.matching.subject import Subject
from forensics.matching.verdict import FELLOW, Stretch, strength
from forensics.model.match import Moving
from forensics.model.media import Window

LOOKS_S = (-6.0, -4.0, -2.5, -1.0, -0.5, 0.5, 1.0, 2.5, 4.0, 6.0)
"""Moments around a seed whose frames are laid on the one there, to see whether the picture moves."""

HALF_S, BACKGROUND_S = 2.0, 1.5
"""Where both pictures move, so much of the query on either side of the middle is held still, and so much more of the
reference on either side of that.
"""

PLACES = (0.5, 0.3, 0.7)
"""Where in a stretch both are held still, as shares of its length: the first at which their pictures fit."""


class Held(NamedTuple):
    """A pair in which one picture is held still, and which."""

    pairing: Pairing
    moving: Moving


class _Stand(NamedTuple):
    """How one frame is laid on another: the map, and how far it moves the corner that it moves most, pixels at
    `LONG_SIDE`.
    """

    fit: Fit
    off_px: float


def steadied(pairing: Pairing, placed: Placed, reach_s: float) -> Held | None:
    """The pair with the picture that moves held still up to ``reach_s`` around a seed; None unless one moves and the
    other does not.
    """
    seed, params = placed.seed, pairing.params
    sides = {Moving.QUERY: (pairing.query, seed.query_s), Moving.REFERENCE: (pairing.reference, seed.reference_s)}
    moved = {side: moved_px(pairing, subject, at) for side, (subject, at) in sides.items()}
    still = [side for side, px in moved.items() if px is not None and px <= params.held_still_px]
    moving = [side for side, px in moved.items() if px is not None and px >= params.held_moving_px]
    if not still or not moving:
        return None
    subject, at = sides[moving[0]]
    frames = _laid_on(pairing, pairing.footage.stretch(subject.id, at - reach_s, at + reach_s), at)
    return None if frames is None else Held(_showing(pairing, subject.id, frames), moving[0])


def standing(stretch: Stretch, placed: Placed, pairing: Pairing) -> Stretch:
    """The stretch, if it is strong enough to be part of a match and both pictures move, with what agrees once they are
    held still in place of the motion that proved it, where that is too little: then it was their movement that agreed.
    """
    params = pairing.params
    if strength(stretch, params) < FELLOW or not _both_move(stretch, pairing):
        return stretch
    held = both_held(pairing, placed, stretch)
    motion = None if held is None else held.motion
    agrees = motion is not None and motion.peak >= params.held_peak and motion.z >= params.held_z
    return stretch if held is None or agrees else replace(stretch, motion=motion)


def _both_move(stretch: Stretch, pairing: Pairing) -> bool:
    ours, theirs = ((start + end) / 2 for start, end in (
        (stretch.query_start_s, stretch.query_end_s), (stretch.reference_start_s, stretch.reference_end_s)
    ))  # fmt: skip
    moved = (moved_px(pairing, pairing.query, ours), moved_px(pairing, pairing.reference, theirs))
    return all(px is not None and px > pairing.params.held_still_px for px in moved)


class Agreement(NamedTuple):
    """How what moves agrees; None where the pictures have no place in common."""

    motion: Motion | None


def both_held(pairing: Pairing, placed: Placed, stretch: Stretch) -> Agreement | None:
    """How what moves agrees within a stretch once both pictures are held still; None where they cannot be."""
    found = None
    for place in PLACES:
        told = _held_at(pairing, placed, stretch, stretch.query_start_s + place * stretch.length_s)
        if told is not None and told.motion is not None:
            return told
        found = told if found is None else found
    return found


def _held_at(pairing: Pairing, placed: Placed, stretch: Stretch, at: float) -> Agreement | None:
    speed, half, pose = stretch.speed, min(HALF_S, stretch.length_s / 2), placed.seed.pose
    there = stretch.reference_start_s + speed * (at - stretch.query_start_s)
    ours = _near(pairing, pairing.query, at, half)
    theirs = None if ours is None else _near(pairing, pairing.reference, there, abs(speed) * half + BACKGROUND_S)
    if ours is None or theirs is None:
        return None
    found = pairing.fit_at(at, there, pose, placed.detector)
    area = shared_area(found.matrix, _shape(ours), _shape(theirs)) if found and pairing.accepts(found) else None
    if found is None or area is None:
        return Agreement(None)
    pair = on_grid(Reel(ours), Reel(theirs), found.matrix, pose, area, CELLS, DETAIL_SIGMA, (at, there))
    return Agreement(pair and compare(pair, speed, there - speed * at, at - half, at + half))


def _near(pairing: Pairing, subject: Subject, at_s: float, reach_s: float) -> Window | None:
    """The frames around a moment laid on the one there; None where too few show most of what that one shows."""
    params = pairing.params
    own = pairing.footage.features(subject.id, at_s, AS_IS, Detector.ORB)
    sides = [at for at in (at_s - params.held_share * reach_s, at_s + params.held_share * reach_s)
             if 0.0 <= at <= subject.duration_s]  # fmt: skip
    # Of a picture that has left its place on both sides so soon, too few frames would remain.
    looks = (pairing.footage.features(subject.id, at, AS_IS, Detector.ORB) for at in sides)
    stands = [None if own is None or look is None else _onto(pairing, look, own) for look in looks]
    if sides and all(stand is None or stand.off_px > params.held_most_px for stand in stands):
        return None
    window = pairing.footage.stretch(subject.id, at_s - reach_s, at_s + reach_s)
    return _laid_on(pairing, window, at_s, params.held_most_px)


def _shape(window: Window) -> tuple[int, int]:
    return int(window.luma.shape[1]), int(window.luma.shape[2])


def moved_px(pairing: Pairing, subject: Subject, at_s: float) -> float | None:
    """How far the picture's corners move around a moment: the median over `LOOKS_S` of how far the one that moves most
    is off, pixels at `LONG_SIDE`. None where too few of them show the same picture.
    """
    shown = pairing.footage.frame(subject.id, at_s)
    own = pairing.footage.features(subject.id, at_s, AS_IS, Detector.ORB)
    if shown is None or own is None:
        return None
    moments = (at_s + step for step in LOOKS_S if 0.0 <= at_s + step <= subject.duration_s)
    looks = (pairing.footage.features(subject.id, at, AS_IS, Detector.ORB) for at in moments)
    stands = [_onto(pairing, look, own) for look in looks if look is not None]
    off = [stand.off_px for stand in stands if stand is not None]
    return float(np.median(off)) if len(off) >= pairing.params.held_looks else None


def _onto(pairing: Pairing, moved: Features, still: Features) -> _Stand | None:
    found = fit(moved, still)
    if found is None or not pairing.accepts(found):
        return None
    height, width = moved.height, moved.width
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], float)
    off = np.linalg.norm(corners @ found.matrix.T - corners[:, :2], axis=1)
    return _Stand(found, float(off.max()) * LONG_SIDE / max(height, width))


def _laid_on(pairing: Pairing, window: Window, at_s: float, most_px: float = np.inf) -> Window | None:
    """The frames of a window, each laid on the one at ``at_s``; without those that cannot be or that are off by more
    than ``most_px``, and None where too few are left near that moment.
    """
    if not len(window.seconds):
        return None
    canvas = window.luma[int(np.argmin(np.abs(window.seconds - at_s)))]
    still = detect(canvas, Detector.ORB)
    stands = [_onto(pairing, detect(luma, Detector.ORB), still) for luma in window.luma]
    held = np.array([stand is not None and stand.off_px <= most_px for stand in stands])
    if held[np.abs(window.seconds - at_s) <= max(LOOKS_S)].mean() < pairing.params.held_share:
        return None
    laid = [_laid(window.luma[row], stands[row], canvas) for row in np.flatnonzero(held).tolist()]
    return Window(window.seconds[held], np.array(laid, np.uint8))


def _laid(luma: Luma, stand: _Stand | None, canvas: Luma) -> Luma:
    """A frame moved to where ``canvas`` shows the same, which stays where the frame has nothing."""
    assert stand is not None
    size = (canvas.shape[1], canvas.shape[0])
    filled = cv2.warpAffine(
        luma, stand.fit.matrix, size, dst=canvas.copy(), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
    )
    return np.asarray(filled, np.uint8)


def _showing(pairing: Pairing, moving: str, frames: Window) -> Pairing:
    """The pair with other frames of one of its videos."""

    def read(subject: str, start_s: float, end_s: float, fps: float, long_side: int) -> Window:
        if subject == moving:
            return between(frames, start_s, end_s)
        return pairing.footage.stretch(subject, start_s, end_s)

    return Pairing(
        query=pairing.query,
        reference=pairing.reference,
        footage=Footage(read, pairing.footage.end_of),
        params=pairing.params,
    )
