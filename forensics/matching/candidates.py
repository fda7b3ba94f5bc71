"""Stage 1: which references are worth looking at, and where. It only ranks; it decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from forensics.matching.agreement import Agreements, agreements, arranged
from forensics.matching.footage import LONG_SIDE, Pictures
from forensics.matching.geometry import Detector, Pose, cells_of
from forensics.matching.subject import Corpus, Subject
from forensics.model.fingerprint import Fingerprint
from forensics.model.match import Hits

Codes: TypeAlias = npt.NDArray[np.uint8]
RangeQuery: TypeAlias = Callable[[Codes, int], Hits]
"""(codes uint8 (m, 32), radius in bits) -> every pair within the radius."""

Views: TypeAlias = Callable[[Codes], Mapping[tuple[bool, bool, int], Codes]]
"""Codes under each view (mirrored, inverted, quarter turns), as the fingerprint room makes them."""

RADIUS = 64
"""Bits: unrelated frames of quality lie at 94 and more (0.1 percentile); up to here a vote over time stays clean."""

ANCHOR_RADIUS = 56
"""Bits between local features that may be of one point (measured on 396 attacked queries: recall at ten 0.96)."""

CODE_STEP_S = 0.4
"""The query is searched this sparsely: the references are dense, every frame lies near a kept hash."""

FEATURE_STEP_S = 2.0
READ_AHEAD_S = 20.0
"""Seconds of the query decoded at once."""

MOST_FEATURE_FRAMES = 200
"""Query pictures whose local features are searched: as close as anchors stand, fewer in films of over ten minutes."""

LOOKS = (
    (Pose(False, False), Detector.ORB),
    (Pose(True, False), Detector.ORB),
    (Pose(False, False), Detector.ORB_REDUCED),
    (Pose(True, False), Detector.ORB_REDUCED),
    (Pose(False, False), Detector.ORB_ENLARGED),
    (Pose(True, False), Detector.ORB_ENLARGED),
    (Pose(False, True), Detector.ORB),
    (Pose(True, True), Detector.ORB),
)
"""How a query picture is looked at, the likeliest first: as it is, mirrored, reduced for strong crops, enlarged for
small insets, negative.
"""

PLAIN_WEIGHT, PLAIN_VOTES, PLAIN_NEAR_S = 2.25, 4.0, 1.0
"""Nine inliers of the quick fit, or hashes that agree at about five moments, one of them near: it is plain what the
picture shows, and the remaining looks are left out.
"""

BIN_S = 0.5
"""Time offsets are voted on in bins of this width."""

SEEDS_PER_CANDIDATE = 8
SEED_APART_S = 1.5
MOST_CANDIDATES = 12
"""A compilation of ten sources still fits; on the shared set the true source stood among the first six."""

STRONG, MOST_STRONG = 9.0, 100
"""Candidates with such a score are examined beyond that number, up to this: a case may hold a hundred copies. 190 of
198 true pairs of the shared set score so much, and 137 of 1031 that do not show one place.
"""

LEAST_SCORE = 1.5
"""One quick fit with six inliers: with five, none of 177 candidates of the shared set was of a true pair."""

LEAST_SHARE, PASSED_BY = 0.1, 3.0
"""Beside a plain source, what scores less than a tenth of it is passed over, unless it scores three: one quick fit that
chance gives. Of the shared set's true pairs beside a plain one none scored less than four.
"""

LEAST_ANCHOR_INLIERS = 5
FRAMES_FITTED, MOST_FRAMES_FITTED, NEAR_FIRST = 12, 400, 0.6
"""Reference pictures per query picture that get a quick fit, most votes first: so many, all that have 0.6 of the most
votes, and, where copies of one footage abound, a dozen more at a time; never more than the second number.
"""

FRAMES_HELD, HELD_INLIERS = 6, 6
"""A dozen more are fitted while of the last dozen so many hold, with so many inliers. Among 20,000 pictures of
other footage chance gave about one a look.
"""

WORTH_BITS = 16.0
"""An agreement of local features counts e times less for each so many bits between them; with 12 to 24 the
true picture stands as high (ADR 39).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """A guess: the query at ``query_s`` shows the reference at ``reference_s``. It comes from hashes, from a learned
    descriptor, or else from local features.
    """

    query_s: float
    reference_s: float
    pose: Pose
    weight: float
    by_hash: bool
    learned: bool = False


class Ranking(NamedTuple):
    """References worth examining, best first, and how many strong ones were left out because there are too many."""

    candidates: tuple[Candidate, ...]
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A pair worth examining, best guesses first. ``hamming`` are the distances (bits) of hash seeds' frames."""

    query_id: str
    reference_id: str
    score: float
    seeds: tuple[Seed, ...]
    hamming: tuple[int, ...] = ()


def candidates(
    query: Subject,
    corpus: Corpus,
    code_search: RangeQuery,
    anchor_search: RangeQuery,
    views: Views,
    footage: Pictures,
    skip: frozenset[str] = frozenset(),
) -> Ranking:
    """References worth examining for this query: exact copies, strong candidates, some weaker ones."""
    seeds: dict[int, list[Seed]] = {}
    for number, found in _by_hash(query, corpus, code_search, views).items():
        seeds.setdefault(number, []).extend(found)
    plain = [seed.query_s for found in seeds.values() for seed in found if seed.weight >= PLAIN_VOTES]
    for number, found in _by_anchors(query, corpus, anchor_search, footage, plain).items():
        seeds.setdefault(number, []).extend(found)
    made: list[Candidate] = []
    exact: list[Candidate] = []
    for number, subject in enumerate(corpus.subjects):
        if subject.id in skip:
            continue
        same = _same(query.sha256, subject.sha256) or _same(query.video_essence, subject.video_essence)
        if number not in seeds and not same:
            continue
        best = sorted(seeds.get(number, []), key=lambda s: (-s.weight, s.query_s, s.reference_s, s.pose))
        score = sum(s.weight for s in best[:SEEDS_PER_CANDIDATE])
        if score < LEAST_SCORE and not same:
            continue
        candidate = Candidate(
            query_id=query.id, reference_id=subject.id, score=score, seeds=_spread(best)[:SEEDS_PER_CANDIDATE]
        )
        (exact if same else made).append(candidate)
    made.sort(key=lambda c: (-c.score, c.reference_id))
    least = min(PASSED_BY, LEAST_SHARE * made[0].score) if made else 0.0
    made = [candidate for candidate in made if candidate.score >= least]
    strong = sum(candidate.score >= STRONG for candidate in made)
    kept = max(MOST_CANDIDATES, min(strong, MOST_STRONG))
    return Ranking(tuple(exact + made[:kept]), max(0, strong - kept))


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and one == other


def _spread(seeds: list[Seed]) -> tuple[Seed, ...]:
    """Seeds in falling weight, those that repeat an earlier one's place last."""
    first: list[Seed] = []
    later: list[Seed] = []
    for seed in seeds:
        near = any(
            abs(seed.query_s - s.query_s) < SEED_APART_S
            and abs(seed.reference_s - s.reference_s) < SEED_APART_S
            and seed.pose == s.pose
            for s in first
        )
        (later if near else first).append(seed)
    return tuple(first + later)


def _thinned(seconds: npt.NDArray[np.float64], step_s: float) -> npt.NDArray[np.intp]:
    """Rows at least ``step_s`` apart."""
    kept, last = [], -np.inf
    for row, at in enumerate(seconds):
        if at - last >= step_s:
            kept.append(row)
            last = at
    return np.array(kept, np.intp)


def _by_hash(query: Subject, corpus: Corpus, search: RangeQuery, views: Views) -> dict[int, list[Seed]]:
    """Votes of close frame hashes on (reference, view, time offset)."""
    print_ = query.fingerprint
    rows = _thinned(print_.seconds, CODE_STEP_S)
    if not len(rows) or not len(corpus.codes):
        return {}
    blocks = [print_.codes[rows]] + ([print_.box_codes[rows]] if len(print_.box_codes) else [])
    votes: dict[tuple[int, Pose, int], list[tuple[float, float, float]]] = {}
    for block in blocks:
        for view, codes in views(block).items():
            hits = search(np.ascontiguousarray(codes), RADIUS)
            _vote(votes, print_, rows, hits, corpus, Pose(view[0], view[1]))
    seeds: dict[int, list[Seed]] = {}
    for (number, pose, _), found in sorted(votes.items()):
        found.sort(key=lambda v: (-v[0], v[1], v[2]))
        total = sum(v[0] for v in found)
        for weight, query_s, reference_s in (found[0], found[len(found) // 2]):
            seed = Seed(query_s=query_s, reference_s=reference_s, pose=pose, weight=total + 0.01 * weight, by_hash=True)
            seeds.setdefault(number, []).append(seed)
    return seeds


def _vote(
    votes: dict[tuple[int, Pose, int], list[tuple[float, float, float]]],
    print_: Fingerprint,
    rows: npt.NDArray[np.intp],
    hits: Hits,
    corpus: Corpus,
    pose: Pose,
) -> None:
    if not len(hits.query):
        return
    good = (print_.flags[rows][hits.query] == 0) & (corpus.code_flags[hits.reference] == 0)
    q, r, distance = hits.query[good], hits.reference[good], hits.distance[good].astype(np.float64)
    subject = corpus.code_subject[r]
    pairs = np.unique(np.stack([q, subject], 1), axis=0)
    spread = np.bincount(pairs[:, 0], minlength=len(rows))
    idf = np.log((len(corpus.subjects) + 1) / np.maximum(1, spread)) / np.log(len(corpus.subjects) + 1)
    query_s, reference_s = print_.seconds[rows][q], corpus.code_seconds[r]
    offset = np.round((reference_s - query_s) / BIN_S).astype(np.int64)
    weight = (1.0 - distance / (RADIUS * 1.25)) * idf[q]
    order = np.lexsort((reference_s, query_s, -weight, q, offset, subject))
    last = None
    for i in order:
        key = (int(subject[i]), int(offset[i]), int(q[i]))
        if key == last:
            continue
        last = key
        entry = (float(weight[i]), float(query_s[i]), float(reference_s[i]))
        votes.setdefault((key[0], pose, key[1]), []).append(entry)


def _by_anchors(
    query: Subject, corpus: Corpus, search: RangeQuery, footage: Pictures, plain: Sequence[float]
) -> dict[int, list[Seed]]:
    """Votes of local features on reference pictures, each vote checked by a quick geometric fit.

    Pictures near the moments that are ``plain`` already (their hashes agree) are looked at as they are only.
    """
    if not len(corpus.descriptors):
        return {}
    step = max(FEATURE_STEP_S, query.duration_s / MOST_FEATURE_FRAMES)
    count = max(3, int(query.duration_s / step))
    times = (np.arange(count) + 0.5) * (query.duration_s / count)
    seeds: dict[int, list[Seed]] = {}
    read_s = 0.0
    for at in times.tolist():
        if at >= read_s:
            read_s = at + READ_AHEAD_S
            footage.ahead(query.id, at, read_s)
        clear = any(abs(at - moment) <= PLAIN_NEAR_S for moment in plain)
        for pose, detector in LOOKS:
            found = _seen(query, corpus, search, footage, at, pose, detector)
            for number, seed in found:
                seeds.setdefault(number, []).append(seed)
            clear = clear or any(seed.weight >= PLAIN_WEIGHT for _, seed in found)
            if clear:
                break
    return seeds


def _seen(
    query: Subject, corpus: Corpus, search: RangeQuery, footage: Pictures, at: float, pose: Pose, detector: Detector
) -> list[tuple[int, Seed]]:
    """Which references one query picture, looked at in one way, shares an arrangement of features with."""
    found = footage.features(query.id, at, pose, detector)
    if found is None or not len(found.points):
        return []
    hits = search(np.ascontiguousarray(found.descriptors, dtype=np.uint8), ANCHOR_RADIUS)
    return _fitted(found.points, hits, corpus, at, pose)


def _fitted(
    points: npt.NDArray[np.float32], hits: Hits, corpus: Corpus, at: float, pose: Pose
) -> list[tuple[int, Seed]]:
    """Reference pictures that share features with one query picture in one geometric arrangement."""
    near = agreements(hits, corpus)
    if near is None:
        return []
    out = []
    for picture, inliers in _fits(points, near, corpus):
        if inliers >= LEAST_ANCHOR_INLIERS:
            shown_s = float(near.seconds[picture])
            seed = Seed(query_s=at, reference_s=shown_s, pose=pose, weight=inliers / 4.0, by_hash=False)
            out.append((int(near.subject[picture]), seed))
    return out


def _fits(points: npt.NDArray[np.float32], near: Agreements, corpus: Corpus) -> list[tuple[int, int]]:
    """Pictures with the inliers of their quick fits, most votes first: a few, all that come near the first, and more
    for as long as these hold.
    """
    votes = near.votes(np.exp(near.distance / -WORTH_BITS))
    order = np.lexsort((near.seconds, corpus.id_rank[near.subject], -votes))
    order = order[near.counts[order] >= LEAST_ANCHOR_INLIERS][:MOST_FRAMES_FITTED]
    end = max(FRAMES_FITTED, int((votes[order] >= NEAR_FIRST * votes[order[:1]]).sum()))
    found: list[tuple[int, int]] = []
    while len(found) < len(order):
        for picture in order[len(found) : end].tolist():
            rows = near.rows(picture)
            target = corpus.anchor_points[near.reference[rows]] * LONG_SIDE
            found.append((picture, _quick_inliers(points[near.query[rows]], target)))
        if sum(inliers >= HELD_INLIERS for _, inliers in found[-FRAMES_FITTED:]) < FRAMES_HELD:
            break
        end += FRAMES_FITTED
    return found


def _quick_inliers(source: npt.NDArray[np.float32], target: npt.NDArray[np.float32]) -> int:
    kept = arranged(source, target)
    if kept is None:
        return 0
    return min(int(kept.sum()), 2 * min(cells_of(source[kept]), cells_of(target[kept])))
