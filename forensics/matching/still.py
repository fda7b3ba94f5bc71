"""One still against one reference: is it a picture of this recording, and of which moment?

1  the same bytes need no pictures
2  geometry at each seed: local features, as for videos
3  time: the frames around it, each under its own map; the one under which fine detail agrees best
4  what that supports. Never a match: the same camera at another time cannot always be told from one picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from forensics.matching.candidates import Candidate, Seed
from forensics.matching.footage import Footage
from forensics.matching.geometry import Luma, Pose
from forensics.matching.instant import Instant, instant_of, peaks
from forensics.matching.scan import Look, Reference, Scan, place, refined, scan_around
from forensics.matching.sight import SIDE, Sight
from forensics.matching.still_params import STILL_METHOD, STILL_PARAMS, StillParams
from forensics.matching.subject import Subject
from forensics.matching.transforms import describe
from forensics.matching.verdict import exact_match
from forensics.model.match import Assessment, Decision, Match, Method, Moment, Segment, SegmentEvidence

BESIDE_S = (-0.2, 0.2, -0.5, 0.5, -1.0, 1.0)
"""From an anchor to the moment it may be a second and more, in which a camera's picture has moved on."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """What one scan found."""

    scan: Scan
    instant: Instant
    sight: Sight


def examine_still(
    query: Subject,
    reference: Subject,
    candidate: Candidate,
    footage: Footage,
    method: Method = STILL_METHOD,
    params: StillParams = STILL_PARAMS,
) -> Match | None:
    """What a still supports about one reference (a video or another still), or None when no geometry holds."""
    exact = exact_match(query, reference, method)
    if exact is not None:
        return exact
    luma = footage.still(query.id, SIDE)
    if luma is None:
        return None
    frames = Reference(id=reference.id, duration_s=reference.duration_s, footage=footage)
    found = _scanned(luma, frames, candidate.seeds[: params.most_seeds], params)
    best = max(found, key=lambda shown: (shown.instant.detail, -shown.instant.reading.at_s), default=None)
    if best is None or best.instant.detail < params.least_detail:
        return None
    near = best.instant.detail - params.doubt_least
    rivals = [shown for shown in found if shown is not best and shown.instant.detail >= near]
    return _match(query, reference, best, method, params, alone=best.instant.alone and not rivals)


def _scanned(luma: Luma, frames: Reference, seeds: tuple[Seed, ...], params: StillParams) -> list[Shown]:
    """Scans at the seeds whose geometry holds, of the cheapest look by which any does."""
    sights = {pose: Sight(luma, pose) for pose in {seed.pose for seed in seeds}}
    inliers: dict[Seed, int] = {}
    for look in Look:
        found: list[Shown] = []
        for seed in _looked_at(look, seeds, inliers, params):
            if len(found) >= params.most_scans or any(_covers(shown, seed.pose, seed.reference_s) for shown in found):
                continue
            sight = sights[seed.pose]
            tried = place(sight, frames, seed.reference_s, look, params)
            inliers[seed] = max(tried.inliers, inliers.get(seed, 0))
            scan = None if tried.placed is None else scan_around(sight, frames, tried.placed, params)
            if scan is not None and scan.readings:
                scan = refined(scan, sight, frames, peaks(scan), params)
                found.append(Shown(scan=scan, instant=instant_of(scan, params), sight=sight))
        if found:
            return found
    return []


def _looked_at(
    look: Look, seeds: tuple[Seed, ...], inliers: Mapping[Seed, int], params: StillParams
) -> tuple[Seed, ...]:
    """The seeds of one look: all by plain features; then those that nearly held, also at times beside them."""
    if look in (Look.PLAIN, Look.CLOSE):
        return seeds
    nearly = [seed for seed in seeds if inliers.get(seed, 0) >= params.nearly_inliers]
    nearly = sorted(nearly, key=lambda seed: -inliers[seed])[: params.most_nearly]
    if look is Look.SIFT:
        return tuple(nearly)
    return tuple(replace(seed, reference_s=seed.reference_s + step) for seed in nearly for step in BESIDE_S)


def _covers(shown: Shown, pose: Pose, at_s: float) -> bool:
    seconds = shown.scan.seconds
    return shown.sight.pose == pose and bool(seconds[0] <= at_s <= seconds[-1])


def _match(
    query: Subject, reference: Subject, shown: Shown, method: Method, params: StillParams, *, alone: bool
) -> Match:
    instant, held = shown.instant, shown.instant.reading.held
    fit = held.fit
    probable = not reference.still and alone and singled_out(instant, params)
    score = round(_score(instant, probable=probable), 6)
    whole = replace(fit, matrix=shown.sight.similarity(held, shown.scan.view))
    transform = describe(whole, shown.sight.pose, shown.sight.shape, shown.scan.frame_shape)
    segment = Segment(
        query_start_s=0.0,
        query_end_s=0.0,
        reference_start_s=round(instant.first_s, 3),
        reference_end_s=round(instant.last_s, 3),
        speed=1.0,
        score=score,
        transform=transform,
        evidence=SegmentEvidence(
            frames=1, hamming_median=None, moments=1, inliers=float(fit.inliers), cells=float(fit.cells),
            inlier_ratio=round(fit.inlier_ratio, 4), drift_px=None, motion=None, motion_z=None,
        ),
        moment=None if reference.still else _moment(instant),
    )  # fmt: skip
    return Match(
        query_id=query.id,
        reference_id=reference.id,
        score=score,
        decision=Decision.CANDIDATE,
        assessment=Assessment.SAME_RECORDING_PROBABLE if probable else Assessment.SAME_SCENE,
        mirrored=shown.sight.pose.mirrored,
        segments=(segment,),
        method=method,
    )


def _moment(instant: Instant) -> Moment:
    single = instant.singled
    return Moment(
        at_s=round(instant.reading.at_s, 3),
        detail=round(instant.detail, 4),
        elsewhere=None if instant.elsewhere is None else round(instant.elsewhere, 4),
        changing=0 if single is None else single.changing,
        explained=None if single is None else round(single.explained, 4),
    )


def singled_out(instant: Instant, params: StillParams) -> bool:
    """Whether geometry is strong and the still agrees with what only this moment of the reference shows."""
    fit, single = instant.reading.held.fit, instant.singled
    if single is None or fit.inliers < params.strong_inliers or fit.cells < params.strong_cells:
        return False
    if single.contradicted > params.most_contrary:
        return False
    return single.changing >= params.least_changing and single.explained >= params.explained_share


def _score(instant: Instant, *, probable: bool) -> float:
    detail = min(1.0, max(0.0, instant.detail))
    if not probable or instant.singled is None:
        return 0.05 + 0.25 * detail
    return 0.35 + 0.25 * detail * instant.singled.explained
