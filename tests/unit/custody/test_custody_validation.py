"""The validation record's stored form."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from forensics.custody import (
    LogIndex,
    canonical,
    check_validations,
    decode_validation,
    encode_validation,
    validation_id,
)
from forensics.errors import ManifestError
from forensics.model.custody import CheckStatus
from forensics.model.match import Method
from forensics.model.validation import (
    AttackResult,
    Calibration,
    CopyResult,
    FalseMatch,
    Localisation,
    NullKind,
    NullResult,
    Outcome,
    ScoreBlock,
    SearchSize,
    Truth,
    ValidationRecord,
)

A, B, C = "a" * 64, "b" * 64, "c" * 64
PARAMS = {"threshold": "0.27"}
ATTACK = AttackResult(
    attack="trim",
    copies=1,
    matched=1,
    misplaced=0,
    candidates=0,
    missed=0,
    effective=1.0,
    recall_low=0.2,
    recall_high=1.0,
)
NULL = NullResult(
    kind=NullKind.UNRELATED,
    trials=2,
    false_trials=1,
    pairs=2,
    false_pairs=1,
    candidate_pairs=0,
    left_out=3,
    upper_bound=0.974679,
)
DRAFT = ValidationRecord(
    id="",
    made="2026-11-22T08:14:03.120455Z",
    method=Method(name="m", version="1", params_sha256=canonical.digest(dict(PARAMS))),
    params=PARAMS,
    seed=1,
    evidence=2,
    evidence_sha256=C,
    sources=(A,),
    attacks_version=1,
    attacks_sha256=B,
    commands_sha256=A,
    tools={"ffmpeg": "5.1"},
    not_made=0,
    not_compared=0,
    overall=replace(ATTACK, attack="all"),
    attacks=(ATTACK,),
    localisation=Localisation(matches=1, offset_median_s=0.04, offset_p90_s=0.04, ends_median_s=1e-07, ends_p90_s=None),
    nulls=(NULL,),
    calibration=Calibration(
        positives=1,
        negatives=2,
        blocks=(ScoreBlock(low=0.0, high=0.9, positives=1, negatives=2, log10_ratio=-0.5),),
        cost=None,
        match_log10_ratio_low=-0.7,
    ),
    search=SearchSize(references=2, one_query=1.9, case_pairs=1, whole_case=0.95),
    copies=(
        CopyResult(
            source=A,
            attack="trim",
            values={"keep_s": 4.5},
            copy_sha256=B,
            truth=Truth(
                query_start_s=0.0,
                query_end_s=4.5,
                reference_start_s=1.25,
                reference_end_s=5.75,
                speed=1.0,
                mirrored=False,
            ),
            outcome=Outcome.MATCHED,
            score=0.9,
            offset_error_s=0.04,
            start_error_s=0.0,
            end_error_s=None,
        ),
    ),
    false_matches=(
        FalseMatch(
            kind=NullKind.UNRELATED,
            source=A,
            attack="trim",
            copy_sha256=B,
            reference=C,
            score=0.8,
            query_start_s=0.1,
            reference_start_s=2.0,
        ),
    ),
    limits=("A limit.",),
)
RECORD = replace(DRAFT, id=validation_id(DRAFT))


def changed(change: Callable[[dict], None]) -> bytes:
    value = json.loads(encode_validation(RECORD))
    change(value)
    return canonical.encode_stored(value)


def test_a_record_comes_back_as_it_was() -> None:
    data = encode_validation(RECORD)
    assert decode_validation(data) == RECORD
    assert data.count(b"\n") == 1
    assert json.loads(data)["predicateType"] == "urn:footage-forensics:validation:v1"


def test_the_id_does_not_depend_on_when_it_was_made() -> None:
    assert validation_id(replace(RECORD, made="2027-01-01T00:00:00.000000Z")) == RECORD.id
    assert validation_id(replace(RECORD, seed=2)) != RECORD.id


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value["predicate"].update(extra=1),
        lambda value: value["predicate"].pop("seed"),
        lambda value: value["predicate"].update(seed="1"),
        lambda value: value["predicate"]["nulls"][0].update(false_pairs=0),
        lambda value: value["predicate"]["nulls"][0].update(upper_bound="0.9746790"),
        lambda value: value["predicate"]["nulls"][0].update(upper_bound="nan"),
        lambda value: value["predicate"]["nulls"][0].update(upper_bound=1),
        lambda value: value["predicate"]["params"].update(threshold="0.28"),
        lambda value: value["predicate"]["copies"][0].update(outcome="found"),
        lambda value: value.update(predicateType="urn:footage-forensics:finding:v1"),
        lambda value: value["subject"][0]["digest"].update(sha256=A),
    ],
)
def test_a_changed_record_is_refused(change: Callable[[dict], None]) -> None:
    with pytest.raises(ManifestError):
        decode_validation(changed(change))


def test_a_record_of_another_id_or_with_other_parameters_is_not_written() -> None:
    with pytest.raises(ManifestError, match="id"):
        encode_validation(DRAFT)
    with pytest.raises(ManifestError, match="parameters"):
        encode_validation(replace(RECORD, params={"threshold": "0.28"}))


def checked(found: list[tuple[str, bytes]], logged: set[str]) -> list[tuple[CheckStatus, str]]:
    log = LogIndex(lines=1, admitted={}, unfinished_runs=frozenset(), findings={}, validations=frozenset(logged))
    return [(check.status, check.name) for check in check_validations(found, log)]


def test_verification_finds_records_that_are_changed_missing_or_unlogged() -> None:
    data = encode_validation(RECORD)
    sha256 = hashlib.sha256(data).hexdigest()
    assert checked([("x.json", data)], {sha256}) == [(CheckStatus.OK, "validation record")]
    assert checked([("x.json", data)], set()) == [(CheckStatus.SKIPPED, "validation record")]
    assert checked([("x.json", data[:-2] + b"\n")], {sha256}) == [
        (CheckStatus.FAILED, "validation record"),
        (CheckStatus.FAILED, "logged validation record kept"),
    ]
