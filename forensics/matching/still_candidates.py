"""Stage 1 for a still: which references are worth looking at, and at which moments. It only ranks.

A video votes over time; a still has one picture, whose features meet 40 of a reference's picture at best, of which
some have moved on. So each agreement counts by how little chance would give it, and more arrangements are fitted.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from forensics.matching.agreement import agreements, arranged
from forensics.matching.candidates import RADIUS, Candidate, RangeQuery, Seed, Views
from forensics.matching.footage import LONG_SIDE, Pictures
from forensics.matching.geometry import Detector, Floats, Pose, cells_of
from forensics.matching.sight import CLOSE, SIDE, Sight, View
from forensics.matching.subject import Corpus, Subject

ANCHOR_RADIUS = 60
"""Bits between local features that may be of one point; beyond, chance gives more than the picture."""

CHANCE_BITS = (0, 30, 40, 45, 50, 55, 60)
CHANCE_SHARE = (5e-5, 9.4e-5, 2.1e-4, 3.6e-4, 6.9e-4, 1.3e-3, 2.6e-3)
"""Share of pairs of features of different clips that lie within so many bits (400,000 pairs of 79 clips)."""

FOUND_AGAIN = 0.35
"""Share of a reference picture's features that a cropped and recoded still holds, about."""

LEAST_CHANCE, MOST_WORTH = 0.05, 3.0
"""No single agreement is worth more: a logo gives a few perfect ones."""

LEAST_VOTE = 0.1
"""An agreement that is worth nothing by itself still speaks for a picture to be fitted."""

FITS = 60
"""Reference pictures that get a quick fit for each pose, those of most worth first."""

LEAST_INLIERS = 4
FEW_CELLS, FEW_CELLS_WORTH = 3, 0.3
"""Agreements in fewer picture cells are a caption's or a logo's."""

HASH_WORTH = 6.0
"""What a frame hash at the radius is worth; one that is equal is worth twice as much."""

CLEAR_WORTH = 12.0
"""Where no reference reaches this by plain features the still is looked at closely too, for what is small in it."""

LEAST_WORTH, LEAST_CLEAR_WORTH = 0.3, 3.0
"""What is worth less is chance; where another reference is clear, what is worth less than the second: 19 of 20 wrong
clips were (214 stills of 47 clips).
"""

SEEDS_APART_S = 1.5
SEEDS_PER_CANDIDATE = 8
MOST_CANDIDATES = 8

POSES = (Pose(False, False), Pose(True, False), Pose(False, True), Pose(True, True))


class _Picture(NamedTuple):
    """A reference picture with anchors: whose, when, and what fitted."""

    subject: int
    at_s: float


def still_candidates(
    query: Subject,
    corpus: Corpus,
    code_search: RangeQuery,
    anchor_search: RangeQuery,
    views: Views,
    footage: Pictures,
    skip: frozenset[str] = frozenset(),
) -> tuple[Candidate, ...]:
    """References worth examining for this still, best first, at most `MOST_CANDIDATES` besides exact copies."""
    seeds: dict[int, list[Seed]] = {}
    found = _by_hash(query, corpus, code_search, views) + _by_anchors(query, corpus, anchor_search, footage)
    for number, seed in found:
        seeds.setdefault(number, []).append(seed)
    made: list[Candidate] = []
    exact: list[Candidate] = []
    for number, subject in enumerate(corpus.subjects):
        same = query.sha256 is not None and query.sha256 == subject.sha256
        if subject.id in skip or (number not in seeds and not same):
            continue
        best = sorted(seeds.get(number, []), key=lambda s: (-s.weight, s.reference_s, s.pose))
        chosen = _apart(best)
        score = max((s.weight for s in best if s.by_hash), default=0.0)
        score += max((s.weight for s in best if not s.by_hash), default=0.0)
        candidate = Candidate(query_id=query.id, reference_id=subject.id, score=score, seeds=chosen)
        (exact if same else made).append(candidate)
    made.sort(key=lambda c: (-c.score, c.reference_id))
    least = LEAST_CLEAR_WORTH if made and made[0].score >= CLEAR_WORTH else LEAST_WORTH
    return (*exact, *(candidate for candidate in made[:MOST_CANDIDATES] if candidate.score >= least))


def _apart(seeds: list[Seed]) -> tuple[Seed, ...]:
    """The best seeds that stand apart in time or pose."""
    kept: list[Seed] = []
    for seed in seeds:
        if all(seed.pose != k.pose or abs(seed.reference_s - k.reference_s) >= SEEDS_APART_S for k in kept):
            kept.append(seed)
    return tuple(kept[:SEEDS_PER_CANDIDATE])


def _by_hash(query: Subject, corpus: Corpus, search: RangeQuery, views: Views) -> list[tuple[int, Seed]]:
    """Frames whose hash is close to that of the still, or of what its borders leave, under any view."""
    print_ = query.fingerprint
    if not len(corpus.codes) or not len(print_.codes) or print_.flags[0]:
        return []
    out = []
    for block in (print_.codes, print_.box_codes):
        if not len(block):
            continue
        for view, codes in views(block).items():
            hits = search(np.ascontiguousarray(codes), RADIUS)
            if not len(hits.query):
                continue
            usable = corpus.code_flags[hits.reference] == 0
            rows, distances = hits.reference[usable], hits.distance[usable].tolist()
            subjects, seconds = corpus.code_subject[rows].tolist(), corpus.code_seconds[rows].tolist()
            for subject, at, distance in zip(subjects, seconds, distances, strict=True):
                weight = HASH_WORTH * (2.0 - distance / RADIUS)
                seed = Seed(query_s=0.0, reference_s=at, pose=Pose(view[0], view[1]), weight=weight, by_hash=True)
                out.append((subject, seed))
    return out


def _by_anchors(query: Subject, corpus: Corpus, search: RangeQuery, footage: Pictures) -> list[tuple[int, Seed]]:
    """Reference pictures that share features with the still in one geometric arrangement."""
    luma = footage.still(query.id, SIDE) if len(corpus.descriptors) else None
    if luma is None:
        return []
    sights = [Sight(luma, pose) for pose in POSES]
    plain = [(sight, part) for sight in sights for part in sight.plain_parts]
    out = _looked(plain, corpus, search)
    if all(seed.weight < CLEAR_WORTH for _, seed in out):
        out += _looked([(sight, CLOSE) for sight in sights], corpus, search)
    return out


def _looked(parts: list[tuple[Sight, int]], corpus: Corpus, search: RangeQuery) -> list[tuple[int, Seed]]:
    """What these parts of the posed still fit."""
    out = []
    for sight, part in parts:
        found = sight.features(View(part, Detector.ORB))
        if not len(found.points):
            continue
        for picture, worth in _fitted(found.points, np.asarray(found.descriptors, np.uint8), corpus, search):
            seed = Seed(query_s=0.0, reference_s=picture.at_s, pose=sight.pose, weight=worth, by_hash=False)
            out.append((picture.subject, seed))
    return out


def _fitted(
    points: npt.NDArray[np.float32],
    descriptors: npt.NDArray[np.uint8],
    corpus: Corpus,
    search: RangeQuery,
) -> list[tuple[_Picture, float]]:
    """Reference pictures with the worth of what agrees in one arrangement."""
    near = agreements(search(np.ascontiguousarray(descriptors), ANCHOR_RADIUS), corpus)
    if near is None:
        return []
    worth = worth_of(near.distance.astype(np.float64), len(descriptors))
    votes = near.votes(worth + LEAST_VOTE)
    out = []
    for number in np.lexsort((np.arange(len(votes)), -votes))[:FITS].tolist():
        rows = near.rows(number)
        if near.counts[number] < LEAST_INLIERS:
            continue
        source, target = points[near.query[rows]], corpus.anchor_points[near.reference[rows]] * LONG_SIDE
        kept = arranged(source, target)
        if kept is None or kept.sum() < LEAST_INLIERS:
            continue
        value = float(worth[rows][kept].sum())
        few = min(cells_of(source[kept]), cells_of(target[kept])) < FEW_CELLS
        picture = _Picture(int(near.subject[number]), float(near.seconds[number]))
        out.append((picture, value * FEW_CELLS_WORTH if few else value))
    return out


def worth_of(distance: Floats, features: int) -> Floats:
    """Log likelihood ratio of the nearest of so many features lying at a distance (bits): the same point against
    chance.
    """
    single = np.exp(np.interp(distance, CHANCE_BITS, np.log(CHANCE_SHARE)))
    chance = 1.0 - (1.0 - single) ** features
    return np.asarray(np.clip(np.log(FOUND_AGAIN / (chance + LEAST_CHANCE)), 0.0, MOST_WORTH))
