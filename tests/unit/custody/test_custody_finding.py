"""The finding's stored form."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from forensics.custody import canonical, decode_finding, encode_finding
from forensics.errors import ManifestError
from forensics.model.evidence import Digests
from forensics.model.finding import ErrorRates, Finding, FindingStatus, Review
from forensics.model.match import (
    Assessment,
    Decision,
    Match,
    Method,
    Segment,
    SegmentEvidence,
    SoundEvidence,
    Transform,
)

A, B, C, D = "a" * 64, "b" * 64, "c" * 64, "d" * 64
PARAMS = {"threshold": "0.27"}

SEGMENT = Segment(
    query_start_s=1.5,
    query_end_s=9.1,
    reference_start_s=31.5,
    reference_end_s=1e-07,
    speed=1.0,
    score=0.9,
    transform=Transform(
        mirrored=True,
        inverted=False,
        quarter_turns=1,
        scale=0.5,
        rotation_deg=-1.25,
        dx=0.0,
        dy=0.1,
        crop=(0.0, 0.0, 1.0, 1.0),
        box=(0.1, 0.1, 0.9, 0.9),
    ),
    evidence=SegmentEvidence(
        frames=15,
        hamming_median=12.0,
        moments=3,
        inliers=40.0,
        cells=9.5,
        inlier_ratio=0.8,
        drift_px=None,
        motion=None,
        motion_z=-0.5,
    ),
)
MATCH = Match(
    query_id=A,
    reference_id=B,
    score=0.1 + 0.2,
    decision=Decision.MATCH,
    assessment=Assessment.SAME_RECORDING,
    mirrored=True,
    segments=(SEGMENT, replace(SEGMENT, transform=None)),
    method=Method(name="orb", version="1", params_sha256=canonical.digest(PARAMS)),
)
FINDING = Finding(
    id="urn:uuid:1",
    match=MATCH,
    reference_manifest=C,
    query_manifest=D,
    query_digests=None,
    params=PARAMS,
    status="machine-only",
    limits=("Machine output.",),
)
OUTSIDE = replace(FINDING, query_manifest=None, query_digests=Digests(sha256=A, sha512="e" * 128, size=7))
SOUND_PARAMS = {"most_bits": "6"}
SOUND = SoundEvidence(
    offset_s=-2.35,
    query_start_s=0.124,
    query_end_s=9.9,
    seconds=7.3,
    bits=1.25,
    chance_bits=14.1,
    agrees_with_pictures=True,
    method=Method(name="sound-offset", version="1", params_sha256=canonical.digest(SOUND_PARAMS)),
)
HEARD = replace(FINDING, match=replace(MATCH, sound=SOUND), sound_params=SOUND_PARAMS)


def changed(change: Callable[[dict], object]) -> bytes:
    value = json.loads(encode_finding(FINDING))
    change(value)
    return canonical.encode_stored(value)


def test_its_subjects_are_the_two_manifests_and_its_decimals_are_text() -> None:
    value = json.loads(encode_finding(FINDING))
    assert value["predicateType"] == "urn:footage-forensics:finding:v1"
    assert [(each["name"], each["digest"]) for each in value["subject"]] == [
        ("reference", {"sha256": C}),
        ("query", {"sha256": D}),
    ]
    predicate = value["predicate"]
    assert predicate["score"] == "0.30000000000000004"
    assert predicate["segments"][0]["reference_end_s"] == "1e-07"
    assert predicate["segments"][0]["transform"]["crop"] == ["0.0", "0.0", "1.0", "1.0"]
    assert predicate["segments"][0]["evidence"]["frames"] == 15
    assert predicate["method"] == {
        "name": "orb",
        "version": "1",
        "params": PARAMS,
        "params_sha256": canonical.digest(PARAMS),
    }
    assert predicate["status"] == "machine-only"
    assert decode_finding(encode_finding(FINDING)) == FINDING


def test_a_query_outside_the_case_is_named_by_its_own_digests() -> None:
    value = json.loads(encode_finding(OUTSIDE))
    assert value["subject"][1] == {
        "name": "query",
        "digest": {"sha256": A, "sha512": "e" * 128},
        "annotations": {"size": 7},
    }
    assert decode_finding(encode_finding(OUTSIDE)) == OUTSIDE


def test_a_query_is_named_in_one_way() -> None:
    for both in ({"query_manifest": None}, {"query_digests": OUTSIDE.query_digests}):
        with pytest.raises(ValueError, match="query"):
            replace(FINDING, **both)


def test_numbers_of_numpy_are_written_as_their_value() -> None:
    same = replace(FINDING, match=replace(MATCH, score=np.float64(MATCH.score)))
    assert encode_finding(same) == encode_finding(FINDING)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(FINDING, match=replace(MATCH, segments=(replace(SEGMENT, speed=float("nan")),))),
        replace(FINDING, match=replace(MATCH, segments=(replace(SEGMENT, speed=float("inf")),))),
        replace(FINDING, params={"threshold": "0.28"}),
        replace(OUTSIDE, query_digests=Digests(sha256=B, sha512="e" * 128, size=7)),
        replace(FINDING, limits=("\ud800",)),
    ],
)
def test_what_contradicts_itself_is_not_written(wrong: Finding) -> None:
    with pytest.raises(ManifestError):
        encode_finding(wrong)


REFUSED: dict[str, Callable[[dict], object]] = {
    "score as a number": lambda v: v["predicate"].update(score=1),
    "score spelled otherwise": lambda v: v["predicate"].update(score="0.50"),
    "score with a plus": lambda v: v["predicate"].update(score="+0.5"),
    "score above one": lambda v: v["predicate"].update(score="1.5"),
    "score not a number": lambda v: v["predicate"].update(score="nan"),
    "score infinite": lambda v: v["predicate"]["segments"][0].update(score="1e999"),
    "score with underscore": lambda v: v["predicate"].update(score="0_0.5"),
    "score in other digits": lambda v: v["predicate"].update(score="٠.٥"),
    "unknown decision": lambda v: v["predicate"].update(decision="proof"),
    "unknown assessment": lambda v: v["predicate"].update(assessment="same"),
    "unknown field": lambda v: v["predicate"].update(more=1),
    "unknown field in a segment": lambda v: v["predicate"]["segments"][0].update(more=1),
    "unknown field in the grounds": lambda v: v["predicate"]["segments"][0]["evidence"].update(more=1),
    "missing field": lambda v: v["predicate"]["segments"][0].pop("speed"),
    "parameters changed": lambda v: v["predicate"]["method"].update(params={}),
    "three subjects": lambda v: v["subject"].append(v["subject"][0]),
    "subjects swapped": lambda v: v["subject"].reverse(),
    "subject renamed": lambda v: v["subject"][0].update(name="other"),
    "query in the case with a size": lambda v: v["subject"][1].update(annotations={"size": 1}),
    "query said to be outside": lambda v: v["predicate"].update(query_in_case=False),
    "id of another kind": lambda v: v["predicate"].update(query_id="x"),
    "crop of three": lambda v: v["predicate"]["segments"][0]["transform"]["crop"].pop(),
    "frames as text": lambda v: v["predicate"]["segments"][0]["evidence"].update(frames="15"),
    "a manifest's type": lambda v: v.update(predicateType="urn:footage-forensics:manifest:v1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_of_the_schema_is_refused_although_it_is_canonical(name: str) -> None:
    data = changed(REFUSED[name])
    with pytest.raises(ManifestError):
        decode_finding(data)


def test_the_harness_of_changes_can_pass() -> None:
    assert decode_finding(changed(lambda v: v["predicate"].update(score="0.25"))).match.score == 0.25


def test_agreeing_sound_stands_beside_the_match_with_its_thresholds() -> None:
    value = json.loads(encode_finding(HEARD))
    assert value["predicate"]["sound"] == {
        "offset_s": "-2.35",
        "query_start_s": "0.124",
        "query_end_s": "9.9",
        "seconds": "7.3",
        "bits": "1.25",
        "chance_bits": "14.1",
        "agrees_with_pictures": True,
        "method": {
            "name": "sound-offset",
            "version": "1",
            "params": SOUND_PARAMS,
            "params_sha256": canonical.digest(SOUND_PARAMS),
        },
    }
    assert decode_finding(encode_finding(HEARD)) == HEARD


def test_a_finding_without_sound_is_written_and_read_as_before_there_was_any() -> None:
    assert "sound" not in json.loads(encode_finding(FINDING))["predicate"]
    assert decode_finding(encode_finding(FINDING)).match.sound is None
    with pytest.raises(ManifestError):
        decode_finding(changed(lambda value: value["predicate"].update(sound=None)))


@pytest.mark.parametrize(
    "wrong",
    [
        replace(HEARD, sound_params={"most_bits": "7"}),
        replace(FINDING, sound_params=SOUND_PARAMS),
        replace(HEARD, match=replace(MATCH, sound=replace(SOUND, bits=float("nan")))),
    ],
)
def test_sound_that_is_not_sound_is_not_written(wrong: Finding) -> None:
    with pytest.raises(ManifestError):
        encode_finding(wrong)


@pytest.mark.parametrize(
    "change",
    [
        {"bits": 1.25},
        {"bits": "1.250"},
        {"agrees_with_pictures": "yes"},
        {"extra": "1"},
        {"method": None},
    ],
)
def test_a_changed_field_of_the_sound_is_refused(change: dict) -> None:
    value = json.loads(encode_finding(HEARD))
    value["predicate"]["sound"].update(change)
    try:
        data = canonical.encode_stored(value)
    except ManifestError:
        return
    with pytest.raises(ManifestError):
        decode_finding(data)


RATES = ErrorRates(
    record="f" * 64,
    made="2026-11-22T15:17:47.934621Z",
    of_this_case=True,
    videos=9,
    videos_sha256="1" * 64,
    attacked=5,
    copies=40,
    matched=38,
    recall_low=0.835,
    recall_high=1.0,
    pairs=36,
    false_pairs=0,
    false_bound=0.0798,
)
REVIEW = Review(
    examiner="Ekspert-2",
    made="2026-11-22T16:00:00.000000Z",
    reason="Two takes\n\u202e<b>from one mast</b>",
    alternatives=("the same drone, another day",),
    supersedes=C,
)
REJECTED = replace(FINDING, status=FindingStatus.REJECTED, review=REVIEW, calibration=RATES)


def test_a_review_keeps_the_words_as_typed_and_names_what_it_supersedes() -> None:
    predicate = json.loads(encode_finding(REJECTED))["predicate"]
    assert predicate["status"] == "rejected"
    assert predicate["review"] == {
        "examiner": "Ekspert-2",
        "made": "2026-11-22T16:00:00.000000Z",
        "reason": "Two takes\n\u202e<b>from one mast</b>",
        "alternatives": ["the same drone, another day"],
        "supersedes": C,
    }
    assert decode_finding(encode_finding(REJECTED)) == REJECTED


def test_error_rates_are_fields_with_their_record_data_counts_and_bounds() -> None:
    rates = json.loads(encode_finding(REJECTED))["predicate"]["calibration"]
    assert (rates["record"], rates["of_this_case"], rates["videos_sha256"]) == ("f" * 64, True, "1" * 64)
    assert (rates["copies"], rates["matched"], rates["recall_low"]) == (40, 38, "0.835")
    assert (rates["pairs"], rates["false_pairs"], rates["false_bound"]) == (36, 0, "0.0798")


def test_a_finding_of_earlier_versions_has_neither_and_is_read_as_it_was() -> None:
    predicate = json.loads(encode_finding(FINDING))["predicate"]
    assert not {"calibration", "review"} & predicate.keys()
    assert (decode_finding(encode_finding(FINDING)).status, FINDING.review) == (FindingStatus.MACHINE_ONLY, None)


WORDS: dict[str, Callable[[dict], object]] = {
    "no reason": lambda p: p["review"].update(reason=" \n"),
    "a reason of a megabyte": lambda p: p["review"].update(reason="x" * 2**20),
    "an examiner without a name": lambda p: p["review"].update(examiner=""),
    "a thousand alternatives": lambda p: p["review"].update(alternatives=["x"] * 1000),
    "an empty alternative": lambda p: p["review"].update(alternatives=[""]),
    "supersedes no digest": lambda p: p["review"].update(supersedes="x"),
    "a field more": lambda p: p["review"].update(more="x"),
    "rejected by nobody": lambda p: p.pop("review"),
    "words of a machine": lambda p: p.update(status="machine-only"),
    "a status of its own": lambda p: p.update(status="certain"),
    "a bound as a number": lambda p: p["calibration"].update(false_bound=1),
    "a bound spelled otherwise": lambda p: p["calibration"].update(false_bound="0.07980"),
    "rates without their data": lambda p: p["calibration"].pop("videos_sha256"),
}


@pytest.mark.parametrize("name", WORDS)
def test_a_review_outside_its_bounds_is_refused(name: str) -> None:
    value = json.loads(encode_finding(REJECTED))
    WORDS[name](value["predicate"])
    with pytest.raises(ManifestError):
        decode_finding(canonical.encode_stored(value))
