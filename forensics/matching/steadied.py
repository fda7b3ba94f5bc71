"""A picture that moves within its frame, held still: a copy that pans, zooms or shakes, or was filmed from a screen by
hand.

The motion test compares what changes at one place of the picture, and such a copy keeps no place. Where the camera of
the other video stood still, that movement is the whole picture's and can be taken out: each frame is laid on the frame
at the seed, of the same video. Nothing of the other video goes into it, so that it cannot make the two agree in time;
people and vehicles that move alike still have to. Where both pictures move nothing is held still: of two flights over
the same ground what the movement leaves, near things before far ones, might agree.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from forensics.matching.footage import LONG_SIDE, Footage, between
from forensics.matching.geometry import AS_IS, Detector, Features, Fit, corner_off_px, detect, fit, laid_over
from forensics.matching.pairing import Pairing, Placed
from forensics.model.match import Moving
from forensics.model.media import Window

LOOKS_S = (-6.0, -4.0, -2.5, -1.0, -0.5, 0.5, 1.0, 2.5, 4.0, 6.0)
"""Moments around a seed whose frames are laid on the one there, to see whether the picture moves."""


class Held(NamedTuple):
    """A pair in which one picture is held still, and which."""

    pairing: Pairing
    moving: Moving


def steadied(pairing: Pairing, placed: Placed, reach_s: float) -> Held | None:
    """The pair with the picture that moves held still up to ``reach_s`` around a seed; None unless one moves and the
    other does not.
    """
    seed, params = placed.seed, pairing.params
    sides = {Moving.QUERY: (pairing.query, seed.query_s), Moving.REFERENCE: (pairing.reference, seed.reference_s)}
    moved = {side: moved_px(pairing, subject.id, subject.duration_s, at) for side, (subject, at) in sides.items()}
    still = [side for side, px in moved.items() if px is not None and px <= params.held_still_px]
    moving = [side for side, px in moved.items() if px is not None and px >= params.held_moving_px]
    if not still or not moving:
        return None
    subject, at = sides[moving[0]]
    frames = _laid_on(pairing, pairing.footage.stretch(subject.id, at - reach_s, at + reach_s), at)
    return None if frames is None else Held(_showing(pairing, subject.id, frames), moving[0])


def moved_px(pairing: Pairing, subject: str, duration_s: float, at_s: float) -> float | None:
    """How far the picture's corners move around a moment: the median over `LOOKS_S` of how far the one that moves most
    is off, pixels at `LONG_SIDE`. None where too few of them show the same picture.
    """
    shown = pairing.footage.frame(subject, at_s)
    own = pairing.footage.features(subject, at_s, AS_IS, Detector.ORB)
    if shown is None or own is None:
        return None
    height, width = shown[1].shape
    off: list[float] = []
    for at in (at_s + step for step in LOOKS_S):
        look = pairing.footage.features(subject, at, AS_IS, Detector.ORB) if 0.0 <= at <= duration_s else None
        found = None if look is None else _onto(pairing, look, own)
        if found is not None:
            off.append(corner_off_px(found.matrix, width, height))
    if len(off) < pairing.params.held_looks:
        return None
    scale: float = LONG_SIDE / max(height, width)
    return scale * float(np.median(off))


def _onto(pairing: Pairing, moved: Features, still: Features) -> Fit | None:
    found = fit(moved, still)
    return found if pairing.accepts(found) else None


def _laid_on(pairing: Pairing, window: Window, at_s: float) -> Window | None:
    """The frames of a window, each laid on the one at ``at_s``; without those that cannot be, and None where too few
    can near that moment.
    """
    canvas = window.luma[int(np.argmin(np.abs(window.seconds - at_s)))]
    still = detect(canvas, Detector.ORB)
    fits = [_onto(pairing, detect(luma, Detector.ORB), still) for luma in window.luma]
    held = np.array([found is not None for found in fits])
    if held[np.abs(window.seconds - at_s) <= max(LOOKS_S)].mean() < pairing.params.held_share:
        return None
    laid = [
        laid_over(canvas, luma, np.asarray(cv2.invertAffineTransform(found.matrix), np.float64))
        for luma, found in zip(window.luma, fits, strict=True)
        if found is not None
    ]
    return Window(window.seconds[held], np.array(laid, np.uint8))


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
