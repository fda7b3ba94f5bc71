"""Which comparisons count for what, and which record stands."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from forensics.custody import encode_validation, validation_id
from forensics.errors import InputError
from forensics.model.match import Decision, Match
from forensics.model.media import MediaKind
from forensics.model.validation import NullKind, Outcome, Truth
from pipelines import error_rates
from pipelines.attacked_copies import Copy, Role
from pipelines.validate import Plan
from pipelines.validation_tally import Kinship, Tally
from pipelines.volumes import Volume
from tests.unit.custody.test_custody_validation import RECORD
from tests.unit.matching.test_matching_rates import MATCH

TRUTH = Truth(
    query_start_s=3.0, query_end_s=8.0, reference_start_s=10.0, reference_end_s=20.0, speed=2.0, mirrored=False
)


def copy(source: str, name: str, role: Role = Role.ATTACKED) -> Copy:
    volume = Volume(
        id=name,
        kind=MediaKind.VIDEO,
        frames=250,
        original_path="",
        fingerprint_path="",
        fingerprint_sha256="",
        video_essence=None,
        container=None,
    )
    return Copy(source=source, attack="trim", role=role, volume=volume, values={}, truth=TRUTH, command="ffmpeg")


def match(query: str, reference: str, decision: Decision = Decision.MATCH) -> Match:
    return replace(MATCH, query_id=query, reference_id=reference, decision=decision)


def test_findings_join_through_others_and_not_beyond() -> None:
    kinship = Kinship(pairs=(("a", "b"), ("c", "d"), ("b", "c"), ("x", "y")))
    assert kinship.joined("a", "d")
    assert kinship.joined("e", "e")
    assert not kinship.joined("a", "x")
    assert not kinship.joined("e", "f")


def test_a_hit_is_true_false_or_left_out_by_what_the_case_joins() -> None:
    tally = Tally(kinship=Kinship(pairs=(("a", "b"),)))
    found = [match("a1", "a"), match("a1", "b"), match("a1", "c"), match("a2", "c", Decision.CANDIDATE)]
    tally.take_case([copy("a", "a1"), copy("a", "a2")], ["a", "b", "c"], found)
    assert [row.outcome for row in tally.rows] == [Outcome.MATCHED, Outcome.MISSED]
    assert tally.left_out == {("a", "b")}
    assert tally.trials[NullKind.UNRELATED] == 2
    assert tally.scores[NullKind.UNRELATED] == {("a", "c"): 0.9}
    assert [(wrong.copy_sha256, wrong.reference) for wrong in tally.wrong] == [("a1", "c")]


def test_two_parts_of_one_source_are_a_null_of_their_own() -> None:
    tally = Tally(kinship=Kinship(pairs=()))
    earlier = [copy("a", "a1", Role.EARLIER), copy("b", "b1", Role.EARLIER)]
    later = [copy("a", "a2", Role.LATER), copy("b", "b2", Role.LATER)]
    tally.take_parts(earlier, later, [match("a1", "a2"), match("b1", "a2")])
    assert tally.trials == {NullKind.UNRELATED: 2, NullKind.OTHER_TIME: 2}
    assert tally.scores[NullKind.OTHER_TIME] == {("a", "a"): 0.9, ("b", "b"): 0.0}
    assert [(wrong.kind, wrong.source, wrong.reference) for wrong in tally.wrong] == [
        (NullKind.OTHER_TIME, "a", "a"),
        (NullKind.UNRELATED, "b", "a"),
    ]


def test_a_plan_names_attacks_in_the_order_of_the_table_and_refuses_unknown_ones() -> None:
    assert Plan(attacks=("mirror", "trim")).names == ("trim", "mirror")
    with pytest.raises(InputError, match="nonsense"):
        Plan(attacks=("nonsense",))
    with pytest.raises(InputError):
        Plan(most=0)


SILENT = SimpleNamespace(log=SimpleNamespace(events=tuple))
"""A case whose log names no record."""


def test_the_programs_own_record_stands_in_and_only_for_its_parameters(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(error_rates.resources, "files", lambda _: tmp_path)
    params = RECORD.method.params_sha256
    assert error_rates.reliance(SILENT, params) is None
    assert error_rates.in_words(None).startswith("No validation record for these parameters")
    (tmp_path / error_rates.SHIPPED).write_bytes(encode_validation(RECORD))
    found = error_rates.reliance(SILENT, params)
    assert found is not None and found.sha256 in error_rates.in_words(found)
    assert "not this case" in error_rates.in_words(found)
    assert error_rates.reliance(SILENT, "0" * 64) is None


def test_a_record_of_another_day_has_another_name_and_the_same_id() -> None:
    later = replace(RECORD, made="2027-01-01T00:00:00.000000Z")
    assert validation_id(later) == RECORD.id
    assert encode_validation(later) != encode_validation(RECORD)
