"""What is said of a pair of which one side is known by sync frames only."""

from __future__ import annotations

from dataclasses import replace

import pytest

from forensics.matching import as_candidate
from forensics.matching.verdict import CANDIDATE_CEILING
from forensics.model.match import Assessment, Decision, Match, Method

PLAIN = Match(
    query_id="a",
    reference_id="b",
    score=1.0,
    decision=Decision.MATCH,
    assessment=Assessment.SAME_RECORDING,
    mirrored=False,
    segments=(),
    method=Method(name="m", version="1", params_sha256="0" * 64),
)


def test_the_same_recording_becomes_a_probable_one_below_every_match() -> None:
    found = as_candidate(PLAIN)
    assert (found.decision, found.assessment) == (Decision.CANDIDATE, Assessment.SAME_RECORDING_PROBABLE)
    assert found.score <= CANDIDATE_CEILING


@pytest.mark.parametrize("assessment", [Assessment.IDENTICAL_FILE, Assessment.IDENTICAL_BITSTREAM])
def test_what_rests_on_digests_over_every_packet_stands(assessment: Assessment) -> None:
    found = replace(PLAIN, assessment=assessment)
    assert as_candidate(found) is found


@pytest.mark.parametrize("assessment", [Assessment.SAME_RECORDING_PROBABLE, Assessment.SAME_SCENE])
def test_a_candidate_stays_as_it_is(assessment: Assessment) -> None:
    found = replace(PLAIN, assessment=assessment, decision=Decision.CANDIDATE, score=0.4)
    assert as_candidate(found) is found
