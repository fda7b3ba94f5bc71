"""Stage 5: what the grounds of a pair support, its score and its place on the ladder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from forensics.matching.geometry import Fit, Pose, drift_px
from forensics.matching.motion import Motion
from forensics.matching.params import Params
from forensics.matching.subject import Subject
from forensics.matching.transforms import Seen, describe
from forensics.model.hamming import hamming
from forensics.model.match import Assessment, Decision, Match, Method, Moving, Segment, SegmentEvidence

Seconds = TypeVar("Seconds", float, npt.NDArray[np.float64])

MATCH_FLOOR = 0.7
"""Every match scores above this, every candidate below `CANDIDATE_CEILING`."""

CANDIDATE_CEILING = 0.6

PROBABLE, PROBABLE_QUIET = 0.75, 0.4
"""Three quarters of the proof, or less where hardly anything moves, make the same recording probable."""

JOIN_S, JOIN_APART_S, JOIN_SPEED = 0.3, 0.15, 0.01
"""Stretches this near in both files and of one speed are one."""

CHAIN_LEAST, CHAIN_MOST = 0.7, 1.2
"""Each of two stretches that meet needs this much of the proof; together they never count for more than the latter."""

CLOCK_SLACK_S = 0.02
"""Half a frame, by which aligned clocks may differ."""

FELLOW = 0.5
"""Where a proven stretch of the same pair goes on, half the proof will do: slow motion, a quiet part after a freeze."""

GOES_ON_APART_S, GOES_ON_GAP_S = 0.5, 10.0
"""A stretch goes on where the reference does, and where the query does or stood still for so long."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stretch:
    """One aligned stretch with its raw grounds. ``seen`` is None where nobody looked what covers the pictures;
    ``held_still`` names the video whose picture had to be held still (`forensics.matching.steadied`).
    """

    query_start_s: float
    query_end_s: float
    reference_start_s: float
    reference_end_s: float
    speed: float
    held: Fit
    pose: Pose
    moments: tuple[Fit, ...]
    motion: Motion | None
    frames: int
    unique: float
    share: float
    found_by_line: bool
    query_shape: tuple[int, int]
    reference_shape: tuple[int, int]
    seen: Seen | None = None
    held_still: Moving | None = None

    @property
    def length_s(self) -> float:
        """Seconds of the query."""
        return self.query_end_s - self.query_start_s

    def beside(self, query_s: Seconds) -> Seconds:
        """The reference's seconds beside those of the query."""
        return self.reference_start_s + self.speed * (query_s - self.query_start_s)

    @property
    def drift(self) -> float | None:
        """Spread of the map over time, pixels at 512."""
        return drift_px(self.moments, self.query_shape[1], self.query_shape[0])


def exact_match(query: Subject, reference: Subject, method: Method) -> Match | None:
    """The cryptographic tiers: the same file, or the same encoded pictures in another container."""
    if query.sha256 is not None and query.sha256 == reference.sha256:
        assessment = Assessment.IDENTICAL_FILE
    elif query.video_essence is not None and query.video_essence == reference.video_essence:
        assessment = Assessment.IDENTICAL_BITSTREAM
    else:
        return None
    frames = query.fingerprint.frames
    segment = Segment(
        query_start_s=0.0,
        query_end_s=query.duration_s,
        reference_start_s=0.0,
        reference_end_s=reference.duration_s,
        speed=1.0,
        score=1.0,
        transform=None,
        evidence=SegmentEvidence(
            frames=frames, hamming_median=0.0, moments=0, inliers=0.0, cells=0.0, inlier_ratio=0.0, drift_px=None,
            motion=None, motion_z=None,
        ),
    )  # fmt: skip
    return Match(
        query_id=query.id,
        reference_id=reference.id,
        score=1.0,
        decision=Decision.MATCH,
        assessment=assessment,
        mirrored=False,
        segments=(segment,),
        method=method,
    )


def strength(stretch: Stretch, params: Params) -> float:
    """How strong the motion proof is: 1 and above proves the same recording.

    Either the change agrees clearly; or it agrees faintly (noise, heavy coding, hardly any motion) but at one time
    offset only, over a longer stretch, at the speed of recording, and over most of what shows the scene.
    """
    return max(0.0, clear_strength(stretch, params), faint_strength(stretch, params))


def clear_strength(stretch: Stretch, params: Params) -> float:
    """The proof by change that agrees clearly."""
    motion = stretch.motion
    if motion is None:
        return 0.0
    return min(
        motion.peak / clear_peak(stretch.length_s, params),
        motion.z / params.clear_z,
        motion.peak / max(motion.second, 0.01) / params.clear_ratio,
        stretch.length_s / params.clear_seconds,
        stretch.share / params.clear_share,
        motion.carried / params.clear_carried,
    )


def clear_peak(length_s: float, params: Params) -> float:
    """What peak a stretch needs: for a moment two cars in one lane move alike, so that a short one needs more."""
    shortness = max(1.0, params.clear_peak_s / max(length_s, 0.1))
    return params.clear_peak * float(shortness**params.clear_peak_power)


def faint_strength(stretch: Stretch, params: Params) -> float:
    """The proof by change that agrees faintly, at the speed of recording only."""
    motion = stretch.motion
    if motion is None or stretch.speed != 1.0:
        return 0.0
    length = stretch.length_s
    quiet = motion.level <= params.quiet_level
    return min(
        motion.peak / params.faint_peak,
        motion.z / (faint_quiet_z(length, params) if quiet else params.faint_z_lively),
        motion.peak / max(motion.second, 0.01) / params.faint_ratio,
        length / params.faint_seconds,
        motion.carried / params.faint_carried,
        stretch.share / params.faint_share,
        stretch.unique / params.faint_unique if stretch.found_by_line else 1.0,
    )


def faint_quiet_z(length_s: float, params: Params) -> float:
    """What z a quiet stretch needs: the spread of a mean falls with the root of the length."""
    return max(params.faint_z_long, params.faint_z_quiet * float(np.sqrt(params.faint_seconds / max(length_s, 0.1))))


def chained(stretch: Stretch, parts: list[Stretch], params: Params) -> float:
    """The stretch's proof together with that of a neighbour which goes on at another speed where it ends.

    Slow motion cuts a copy into stretches too short to prove it alone; that they meet in both files is no chance.
    """
    own = strength(stretch, params)
    meeting = [p for p in parts if p is not stretch and (_meets(stretch, p) or _meets(p, stretch))]
    other = max((strength(part, params) for part in meeting), default=0.0)
    if min(own, other) < CHAIN_LEAST:
        return own
    return max(own, min(CHAIN_MOST, float(np.hypot(own, other))))


def judge(stretch: Stretch, proof: float, params: Params) -> tuple[Assessment, float]:
    """Assessment and score of one stretch with its proof."""
    drift = stretch.drift
    motion = stretch.motion
    steady = (drift is not None and drift <= params.most_drift_px) or (
        motion is not None and motion.peak >= params.clear_peak
    )
    if proof >= 1.0 and steady and len(stretch.moments) >= params.least_moments:
        return Assessment.SAME_RECORDING, MATCH_FLOOR + (1 - MATCH_FLOOR) * (1 - float(np.exp((1 - proof) / 2)))
    quiet = motion is None or motion.level <= params.quiet_level
    if steady and proof >= (PROBABLE_QUIET if quiet else PROBABLE):
        return Assessment.SAME_RECORDING_PROBABLE, 0.25 + (CANDIDATE_CEILING - 0.25) * min(1.0, proof)
    return Assessment.SAME_SCENE, 0.05 + 0.25 * min(1.0, proof)


def verdict(query: Subject, reference: Subject, found: tuple[Stretch, ...], method: Method, params: Params) -> Match:
    """The pair's match: the strongest stretch decides. A candidate shows that one only."""
    parts = apart(found, params)
    judged = [(part, *judge(part, chained(part, parts, params), params)) for part in parts]
    rank = {a: i for i, a in enumerate(Assessment)}
    best = min(rank[assessment] for _, assessment, _ in judged)
    assessment = next(a for a in Assessment if rank[a] == best)
    if assessment is Assessment.SAME_RECORDING:
        proven = [s for s, a, _ in judged if a is assessment]
        kept = [
            (s, score)
            for s, a, score in judged
            if a is assessment or (strength(s, params) >= FELLOW and any(_goes_on(s, p) for p in proven))
        ]
    else:
        kept = [max(((s, score) for s, a, score in judged if a is assessment), key=lambda item: item[1])]
    kept = joined(kept)
    segments = tuple(_segment(stretch, score, hamming_along(query, reference, stretch)) for stretch, score in kept)
    longest = max(kept, key=lambda item: item[0].query_end_s - item[0].query_start_s)[0]
    return Match(
        query_id=query.id,
        reference_id=reference.id,
        score=max(score for _, score in kept),
        decision=Decision.MATCH if assessment is Assessment.SAME_RECORDING else Decision.CANDIDATE,
        assessment=assessment,
        mirrored=longest.pose.mirrored,
        segments=segments,
        method=method,
    )


def apart(found: tuple[Stretch, ...], params: Params) -> list[Stretch]:
    """Stretches that do not overlap a stronger one for most of their length in the query."""
    kept: list[Stretch] = []
    for stretch in sorted(found, key=lambda s: (-strength(s, params), s.query_start_s, s.reference_start_s)):
        length = stretch.query_end_s - stretch.query_start_s
        shared = sum(
            max(0.0, min(stretch.query_end_s, k.query_end_s) - max(stretch.query_start_s, k.query_start_s))
            for k in kept
        )
        if shared <= 0.3 * length:
            kept.append(stretch)
    return kept


def joined(kept: list[tuple[Stretch, float]]) -> list[tuple[Stretch, float]]:
    """Stretches in query order; those that only the border of a window parts are made one."""
    out: list[tuple[Stretch, float]] = []
    for stretch, score in sorted(kept, key=lambda item: (item[0].query_start_s, item[0].reference_start_s)):
        if out and _continues(out[-1][0], stretch):
            last, other = out[-1]
            longer = max(last, stretch, key=lambda part: part.query_end_s - part.query_start_s)
            whole = replace(
                longer,
                query_start_s=last.query_start_s,
                reference_start_s=last.reference_start_s,
                query_end_s=stretch.query_end_s,
                reference_end_s=stretch.reference_end_s,
                frames=last.frames + stretch.frames,
            )
            out[-1] = whole, max(score, other)
        else:
            out.append((stretch, score))
    return out


def _continues(last: Stretch, stretch: Stretch) -> bool:
    alike = last.held_still == stretch.held_still
    return alike and _meets(last, stretch) and abs(last.speed / stretch.speed - 1) <= JOIN_SPEED


def _goes_on(one: Stretch, other: Stretch) -> bool:
    """Whether two stretches follow one another, in whichever order."""
    last, after = sorted((one, other), key=lambda stretch: stretch.query_start_s)
    gap = after.query_start_s - last.query_end_s
    apart = abs(after.reference_start_s - last.reference_end_s)
    return one.pose == other.pose and -JOIN_S <= gap <= GOES_ON_GAP_S and apart <= GOES_ON_APART_S


def _meets(last: Stretch, stretch: Stretch) -> bool:
    """Whether one stretch begins where the other ends, in both files."""
    gap = stretch.query_start_s - last.query_end_s
    apart = last.reference_end_s + last.speed * gap - stretch.reference_start_s
    return last.pose == stretch.pose and -JOIN_S <= gap <= JOIN_S and abs(apart) <= JOIN_APART_S


def hamming_along(query: Subject, reference: Subject, stretch: Stretch) -> npt.NDArray[np.int64]:
    """Distances in bits of the query's kept hashes from the reference's hash in force at the aligned moment.

    Empty for a mirrored or turned picture, whose hashes are not comparable as they stand.
    """
    ours, theirs = query.fingerprint, reference.fingerprint
    turned = describe(stretch.held, stretch.pose, stretch.query_shape, stretch.reference_shape).quarter_turns
    inside = (ours.seconds >= stretch.query_start_s) & (ours.seconds <= stretch.query_end_s)
    if stretch.pose.mirrored or turned or not inside.any() or not len(theirs.codes):
        return np.zeros(0, np.int64)
    start = stretch.reference_start_s
    wanted = start + stretch.speed * (ours.seconds[inside] - stretch.query_start_s)
    rows = np.clip(np.searchsorted(theirs.seconds, wanted + CLOCK_SLACK_S, side="right") - 1, 0, len(theirs.codes) - 1)
    apart = hamming(ours.codes[inside], theirs.codes[rows]).astype(np.int64)
    return ours.spec.bits - apart if stretch.pose.inverted else apart


def _segment(stretch: Stretch, score: float, hamming_bits: npt.NDArray[np.int64]) -> Segment:
    fits = stretch.moments or (stretch.held,)
    motion, shapes = stretch.motion, (stretch.query_shape, stretch.reference_shape)
    moves = stretch.held_still is not None
    return Segment(
        query_start_s=round(stretch.query_start_s, 3),
        query_end_s=round(stretch.query_end_s, 3),
        reference_start_s=round(min(stretch.reference_start_s, stretch.reference_end_s), 3),
        reference_end_s=round(max(stretch.reference_start_s, stretch.reference_end_s), 3),
        speed=round(stretch.speed, 4),
        score=score,
        transform=None if moves else describe(stretch.held, stretch.pose, *shapes, stretch.seen),
        held_still=stretch.held_still,
        evidence=SegmentEvidence(
            frames=len(hamming_bits) or stretch.frames,
            hamming_median=float(np.median(hamming_bits)) if len(hamming_bits) else None,
            moments=len(stretch.moments),
            inliers=float(np.median([f.inliers for f in fits])),
            cells=float(np.median([f.cells for f in fits])),
            inlier_ratio=round(float(np.median([f.inlier_ratio for f in fits])), 4),
            drift_px=None if stretch.drift is None else round(stretch.drift, 3),
            motion=None if motion is None else round(motion.peak, 4),
            motion_z=None if motion is None else round(motion.z, 3),
        ),
    )
