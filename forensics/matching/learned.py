"""Stage 1, third source: pairs that a learned descriptor holds for copies. It only ranks; it decides nothing.

Such a descriptor is also high for two recordings of one place, so that it says no more than: look here. What it adds
stands behind what hashes and local features found, and goes through geometry and motion like everything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from forensics.matching.candidates import Candidate, Ranking, Seed
from forensics.matching.geometry import Pose
from forensics.model.learned import Descriptors


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedParams:
    """How the learned source proposes. The values are recorded with each finding of a run with a model.

    ``step_s`` between pictures; ``least_cosine`` from which two pictures may be copies (of SSCD's kind: unrelated
    pictures of 219 clips stayed below 0.52, and copies that the other two sources miss begin at about a half);
    ``most_added`` references beyond those already candidates (SSCD had the source among its first five in 98 %
    of 396 attacked queries); ``most_places`` of each pair, ``apart_s`` from one another.
    """

    step_s: float = 2.0
    least_cosine: float = 0.5
    most_added: int = 5
    most_places: int = 2
    apart_s: float = 3.0


LEARNED_PARAMS = LearnedParams()
"""What is in force."""

POSES = (Pose(False, False), Pose(True, False))
"""Tried at each place: a descriptor that does not mind mirroring cannot tell which of the two it saw."""


ROWS_AT_ONCE = 256
"""Pictures of the query compared at once: with ten hours of reference that takes 20 MB."""


class _Place(NamedTuple):
    cosine: float
    query_s: float
    reference_s: float
    inverted: bool


def parameters() -> dict[str, str]:
    """Name and value of every parameter, for the record."""
    return {f"learned_{field.name}": str(getattr(LEARNED_PARAMS, field.name)) for field in fields(LEARNED_PARAMS)}


def with_learned(
    ranking: Ranking,
    query: tuple[str, Descriptors],
    references: Mapping[str, Descriptors],
    params: LearnedParams = LEARNED_PARAMS,
) -> Ranking:
    """The ranking, with what the descriptors propose.

    ``query`` is an id with its descriptors, ``references`` those of all that may be proposed. A reference that is a
    candidate already gets seeds behind its own heavier ones; of the others the best come after all candidates.
    """
    name, ours = query
    found = {each: places for each in sorted(references) if (places := _places(ours, references[each], params))}
    known = [
        replace(each, seeds=_joined(each.seeds, found[each.reference_id])) if each.reference_id in found else each
        for each in ranking.candidates
    ]
    held = {each.reference_id for each in known}
    others = sorted((each for each in found if each not in held), key=lambda each: (-found[each][0].cosine, each))
    added = [
        Candidate(query_id=name, reference_id=each, score=found[each][0].cosine, seeds=_joined((), found[each]))
        for each in others[: params.most_added]
    ]
    return Ranking((*known, *added), ranking.left_out)


def _places(ours: Descriptors, theirs: Descriptors, params: LearnedParams) -> Sequence[_Place]:
    """The best pairs of pictures, best first, apart in time, each at or above the least cosine."""
    kept: list[_Place] = []
    for place in _pairs(ours, theirs, params.least_cosine):
        near = any(
            abs(place.query_s - other.query_s) < params.apart_s
            and abs(place.reference_s - other.reference_s) < params.apart_s
            for other in kept
        )
        if not near:
            kept.append(place)
        if len(kept) >= params.most_places:
            break
    return kept


def _pairs(ours: Descriptors, theirs: Descriptors, least: float) -> list[_Place]:
    """For each picture of the query, and its negative, the closest of the reference; those at or above ``least`` by
    falling cosine, equal ones by time, the picture before its negative.
    """
    if not len(theirs.seconds):
        return []
    found = []
    for inverted, rows in ((False, ours.as_is), (True, ours.negative)):
        cosine, column = closest(rows, theirs.as_is)
        for row in np.flatnonzero(cosine >= least).tolist():
            at = float(ours.seconds[row]), float(theirs.seconds[column[row]])
            found.append(_Place(float(cosine[row]), *at, inverted))
    return sorted(found, key=lambda place: (-place.cosine, place.inverted, place.query_s, place.reference_s))


def closest(
    ours: npt.NDArray[np.float16], theirs: npt.NDArray[np.float16]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.intp]]:
    """For each row the greatest inner product with any of ``theirs``, and the first that has it: none is left out."""
    cosine, column = np.zeros(len(ours), np.float32), np.zeros(len(ours), np.intp)
    others = theirs.astype(np.float32).T
    for first in range(0, len(ours), ROWS_AT_ONCE):
        part = slice(first, first + ROWS_AT_ONCE)
        products = ours[part].astype(np.float32) @ others
        column[part] = products.argmax(axis=1)
        cosine[part] = products.max(axis=1)
    return cosine, column


def _joined(seeds: tuple[Seed, ...], places: Sequence[_Place]) -> tuple[Seed, ...]:
    """The seeds in their order, and those of the places before the first that weighs less.

    A cosine is at most 1 and thus weighs less than the least that geometry proved (five points: 1.25).
    """
    out = list(seeds)
    for place in places:
        made = [
            Seed(
                query_s=place.query_s,
                reference_s=place.reference_s,
                pose=Pose(pose.mirrored, place.inverted),
                weight=min(1.0, place.cosine),
                by_hash=False,
                learned=True,
            )
            for pose in POSES
        ]
        at = next((number for number, seed in enumerate(out) if seed.weight < made[0].weight), len(out))
        out[at:at] = made
    return tuple(out)
