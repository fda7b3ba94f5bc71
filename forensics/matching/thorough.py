"""A pair that somebody names, looked at harder than a search can afford: whole pictures with whole pictures.

A search knows forty features of a reference's picture; a strong crop shows ten of them. Here all of them are found on
both sides, at moments all along both files. Like `candidates` it only proposes places: `examine` decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensics.matching.candidates import SEEDS_PER_CANDIDATE, STRONG, Candidate, Seed
from forensics.matching.footage import Pictures
from forensics.matching.geometry import AS_IS, Detector, Features, Fit, Pose, accepts, fit
from forensics.matching.params import PARAMS, Params
from forensics.matching.subject import Subject

QUERY_MOMENTS = 5
REFERENCE_STEP_S, MOST_REFERENCE_MOMENTS = 1.0, 300
"""So close, or in a film of over five minutes so many, all along."""

MIRRORED = Pose(mirrored=True)
LOOKS = (
    (Detector.ORB, (AS_IS, MIRRORED, Pose(inverted=True), Pose(mirrored=True, inverted=True))),
    (Detector.SIFT, (AS_IS, MIRRORED)),
)
"""Which features, and of the query as it is seen how; the next ones where those before hold nowhere. SIFT costs twenty
times as much and holds in some thermal and soft pictures where ORB does not.
"""

READ_AHEAD_S = 20.0


def thorough(query: Subject, reference: Subject, footage: Pictures, params: Params = PARAMS) -> Candidate | None:
    """The places of two videos at which one geometry holds, the surest first; None where there is none."""
    for detector, poses in LOOKS:
        seeds = list(_seeds(query, reference, footage, detector, poses, params))
        if seeds:
            seeds.sort(key=lambda each: (-each.weight, each.query_s, each.reference_s, each.pose))
            best = tuple(seeds[:SEEDS_PER_CANDIDATE])
            score = max(STRONG, sum(each.weight for each in best))
            return Candidate(query_id=query.id, reference_id=reference.id, score=score, seeds=best)
    return None


def _moments(subject: Subject, count: int) -> list[float]:
    """The middles of so many stretches into which a video is divided evenly."""
    return [(number + 0.5) * subject.duration_s / count for number in range(count)]


def _seeds(
    query: Subject,
    reference: Subject,
    footage: Pictures,
    detector: Detector,
    poses: Sequence[Pose],
    params: Params,
) -> Iterator[Seed]:
    ours = [(at, pose) for at in _moments(query, QUERY_MOMENTS) for pose in poses]
    seen = {each: footage.features(query.id, *each, detector) for each in ours}
    count = min(max(1, int(reference.duration_s / REFERENCE_STEP_S)), MOST_REFERENCE_MOMENTS)
    read_s = 0.0
    for there in _moments(reference, count):
        if there >= read_s:
            read_s = there + READ_AHEAD_S
            footage.ahead(reference.id, there, read_s)
        theirs = footage.features(reference.id, there, AS_IS, detector)
        for (at, pose), features in seen.items():
            found = _fit(features, theirs)
            if found is not None and accepts(found, params):
                yield Seed(query_s=at, reference_s=there, pose=pose, weight=found.inliers / 4.0, by_hash=False)


def _fit(ours: Features | None, theirs: Features | None) -> Fit | None:
    return None if ours is None or theirs is None else fit(ours, theirs)
