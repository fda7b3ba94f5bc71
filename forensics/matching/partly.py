"""What may be said of a pair of which one side is known by its sync frames only."""

from __future__ import annotations

from dataclasses import replace

from forensics.matching.verdict import CANDIDATE_CEILING
from forensics.model.match import Assessment, Decision, Match


def as_candidate(found: Match) -> Match:
    """The same pair as a candidate at the most: never ``same_recording``, which needs the hashes of all frames.

    Equal bytes and an equal coded stream stay what they are: they rest on digests over every packet.
    """
    if found.assessment is not Assessment.SAME_RECORDING:
        return found
    return replace(
        found,
        assessment=Assessment.SAME_RECORDING_PROBABLE,
        decision=Decision.CANDIDATE,
        score=CANDIDATE_CEILING * found.score,
        segments=tuple(replace(each, score=CANDIDATE_CEILING * each.score) for each in found.segments),
    )
