"""Stage 2: the geometry of one pair, at a seed and along a line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from forensics.matching.alignment import Line, nearest
from forensics.matching.candidates import Seed
from forensics.matching.dense import shared_area
from forensics.matching.footage import Footage
from forensics.matching.geometry import Detector, Fit, Floats, Pose, accepts, fit, joint_fit
from forensics.matching.motion import CELLS, DETAIL_SIGMA, on_grid
from forensics.matching.params import Params
from forensics.matching.reel import Reel
from forensics.matching.subject import Subject

MOMENTS, MORE_MOMENTS = 5, 15
"""Aligned moments at which geometry is tested, and how many where it holds at too few of them (a dark or blurred
stretch): three are the least that show drift.
"""

NEARLY_INLIERS, NEARLY_WEIGHT = 8, 2.0
"""The dearer detectors are tried where ORB, or the anchors' quick fit (8 inliers weigh 2), nearly held: of 2492
unrelated seeds 200 reach so many inliers by chance, and each true pair that needs them does.
"""

CLIMB_S = ((-1.6, -1.2, -0.8, -0.4, 0.4, 0.8, 1.2, 1.6), (-0.2, -0.1, 0.1, 0.2))
"""Reference times tried around a seed from anchors, which stand 3.5 seconds apart: coarse, then fine."""

CLIMB_GAIN = 1.1
"""Inliers must grow this much to move a seed."""

BEYOND_S = 0.1
"""A neighbouring frame is looked for this far beyond the wanted moment."""

SCENE_FRAMES = 12
"""Frame pairs by which rival fits are compared."""


class Placed(NamedTuple):
    """A seed at which geometry holds, with the fit and the features that it came from."""

    seed: Seed
    fit: Fit
    detector: Detector


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairing:
    """One query and one reference with access to their frames."""

    query: Subject
    reference: Subject
    footage: Footage
    params: Params

    def fit_at(self, query_s: float, reference_s: float, pose: Pose, detector: Detector) -> Fit | None:
        """The geometric fit of two frames, None where either is missing or nothing fits."""
        if not 0 <= reference_s <= self.reference.duration_s:
            return None
        plain = Detector.ORB if detector is Detector.ORB_ENLARGED else detector
        ours = self.footage.features(self.query.id, query_s, pose, detector)
        theirs = self.footage.features(self.reference.id, reference_s, Pose(), plain)
        return None if ours is None or theirs is None else fit(ours, theirs)

    def accepts(self, found: Fit | None) -> bool:
        """Whether a fit has inliers, cells and a scale that chance does not give."""
        return found is not None and accepts(found, self.params)

    def place(self, seed: Seed) -> Placed | None:
        """Geometry at a seed: ORB; where that nearly held, ORB on the enlarged query (small insets), then SIFT."""
        nearly = False
        for detector in (Detector.ORB, Detector.ORB_ENLARGED, Detector.SIFT):
            if detector is Detector.ORB_ENLARGED and (seed.by_hash or not (nearly or seed.weight >= NEARLY_WEIGHT)):
                continue
            if detector is Detector.SIFT and not (nearly or seed.by_hash or seed.learned):
                return None
            found = self.fit_at(seed.query_s, seed.reference_s, seed.pose, detector)
            if found is not None and self.accepts(found):
                placed = Placed(seed, found, detector)
                return placed if seed.by_hash or detector is Detector.SIFT else self._climbed(placed)
            nearly = nearly or (found is not None and found.inliers >= NEARLY_INLIERS)
        return None

    def _climbed(self, placed: Placed) -> Placed:
        """The seed moved in the reference to where most features fit."""
        reach_s = max(max(reach) for reach in CLIMB_S)
        self.footage.ahead(self.reference.id, placed.seed.reference_s - reach_s, placed.seed.reference_s + reach_s)
        for reach in CLIMB_S:
            rivals = []
            for step in reach:
                seed = replace(placed.seed, reference_s=placed.seed.reference_s + step)
                found = self.fit_at(seed.query_s, seed.reference_s, seed.pose, placed.detector)
                if found is not None and found.inliers > CLIMB_GAIN * placed.fit.inliers:
                    rivals.append(Placed(seed, found, placed.detector))
            if rivals:
                placed = max(rivals, key=lambda rival: (rival.fit.inliers, -rival.seed.reference_s))
        return placed

    def fits_along(self, line: Line, query_s: Floats, reference_s: Floats, placed: Placed) -> list[Fit]:
        """Accepted fits at a few moments of a line."""
        return [found for _, found in self._moments(line, query_s, reference_s, placed)]

    def fits_on_time(self, line: Line, query_s: Floats, reference_s: Floats, placed: Placed) -> list[Fit]:
        """The same, each carried from the reference frame at hand to the very moment of the line.

        Frames of two videos stand up to half their spacing apart in time, and a moving camera goes on meanwhile: what
        it moved between neighbouring reference frames is taken in proportion.
        """
        found = self._moments(line, query_s, reference_s, placed)
        return [self._on_time(fit, line.speed * at + line.offset_s) for at, fit in found]

    def _moments(self, line: Line, query_s: Floats, reference_s: Floats, placed: Placed) -> list[tuple[float, Fit]]:
        found: list[tuple[float, Fit]] = []
        for count in (MOMENTS, MORE_MOMENTS):
            rows = _moment_rows(line, query_s, reference_s, count)
            found = self._fits(line, query_s[rows], placed.seed.pose, placed.detector)
            if len(found) >= self.params.least_moments:
                break
        return found

    def _fits(self, line: Line, seconds: Floats, pose: Pose, detector: Detector) -> list[tuple[float, Fit]]:
        out = []
        for at in seconds.tolist():
            found = self.fit_at(at, line.speed * at + line.offset_s, pose, detector)
            if found is not None and self.accepts(found):
                out.append((at, found))
        return out

    def _on_time(self, found: Fit, wanted_s: float) -> Fit:
        shown = self.footage.frame(self.reference.id, wanted_s)
        if shown is None or shown[0] == wanted_s:
            return found
        beyond = self.footage.frame(self.reference.id, wanted_s + np.sign(wanted_s - shown[0]) * BEYOND_S)
        if beyond is None or beyond[0] == shown[0]:
            return found
        ours, theirs = (self.footage.features(self.reference.id, at, Pose(), Detector.ORB) for at, _ in (shown, beyond))
        own = None if ours is None or theirs is None else fit(ours, theirs)
        if own is None or not self.accepts(own):
            return found
        part = (wanted_s - shown[0]) / (beyond[0] - shown[0])
        moved = own.matrix @ np.vstack([found.matrix, [0.0, 0.0, 1.0]])
        return replace(found, matrix=found.matrix + part * (moved - found.matrix))


def _moment_rows(line: Line, query_s: Floats, reference_s: Floats, count: int) -> list[int]:
    """At most ``count`` rows spread over the line where the two videos' frames lie closest in time."""
    rows, _ = nearest(reference_s, line.at(query_s), 0.12)
    miss = np.abs(reference_s[rows] - line.at(query_s))
    parts = np.array_split(np.arange(line.first, line.last + 1), count)
    return [int(part[np.argmin(miss[part] + 1e-4 * np.abs(part - part.mean()))]) for part in parts if len(part)]


def best_fit(placed: Placed, moments: list[Fit], line: Line, ours: Reel, theirs: Reel) -> Fit:
    """Of the first fit, those at the moments and their joint fit: the one under which the pictures agree best."""
    joint = joint_fit(moments)
    options = [placed.fit, *moments, *([joint] if joint is not None else [])]
    picks = np.linspace(line.first, line.last, SCENE_FRAMES).astype(int)
    rows, _ = nearest(theirs.seconds, line.at(ours.seconds[picks]), 0.12)
    q, r = ours.part(picks), theirs.part(rows)
    scored = []
    for number, option in enumerate(options):
        area = shared_area(option.matrix, _shape(q), _shape(r))
        pair = on_grid(q, r, option.matrix, placed.seed.pose, area, CELLS, DETAIL_SIGMA) if area else None
        if pair is None:
            continue
        norms = np.linalg.norm(pair.query, axis=1) * np.linalg.norm(pair.reference, axis=1) + 1e-6
        agree = float(np.median((pair.query * pair.reference).sum(1) / norms))
        scored.append((round(agree, 4), option.inliers, -number))
    return options[-max(scored)[2]] if scored else placed.fit


def _shape(window: Reel) -> tuple[int, int]:
    return int(window.luma.shape[1]), int(window.luma.shape[2])
