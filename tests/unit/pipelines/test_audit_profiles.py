"""What a case answers to a legal profile. On a case without video."""

from dataclasses import replace
from pathlib import Path

import pytest

from forensics.errors import InputError
from forensics.model.custody import EventType
from forensics.model.manifest import Manifest
from pipelines import audit as job
from pipelines import standing
from pipelines.answers import EVIDENCE_TESTS, Held
from pipelines.attest import Statement, attest
from pipelines.case import open_case
from pipelines.case_answers import CASE_TESTS
from pipelines.named_checks import checks_of, with_name
from pipelines.persons import names
from pipelines.review import Opinion, review
from pipelines.verify import checks_of as verified
from tests.adversarial.sealed_case import SealedCase


@pytest.fixture
def made(tmp_path: Path) -> SealedCase:
    case = SealedCase(tmp_path / "case")
    case.make()
    return case


def answers(made: SealedCase, test: str, evidence: str | None = None, **given: object) -> tuple[str, str]:
    """The answer and reason of one test, of the case or of an evidence."""
    wanted = job.Requirement(id="x", paragraph="1", text="x", test=test)
    profile = job.Profile(
        name="p", title="t", edition="e", source="s", date="2026-11-22", basis="b", requirement=(wanted,)
    )
    items = () if evidence is None else (evidence,)
    (asked,) = job.audit(open_case(made.root), profile, items, **given)
    return str(asked.answered.answer), asked.answered.reason


@pytest.mark.parametrize("name", job.SHIPPED)
def test_a_profile_of_the_program_says_what_it_rests_on_and_asks_by_known_tests(name: str) -> None:
    named = job.open_profile(name)
    assert named.profile.name == name
    assert "not read" in named.profile.basis
    assert all(each.paragraph and each.text for each in named.profile.requirement)


def test_every_test_is_asked_by_some_profile_of_the_program() -> None:
    asked = {each.test for name in job.SHIPPED for each in job.open_profile(name).profile.requirement}
    assert asked == EVIDENCE_TESTS.keys() | CASE_TESTS.keys()


@pytest.mark.parametrize("name", job.SHIPPED)
def test_each_requirement_has_one_answer_of_three_with_reason_and_field(made: SealedCase, name: str) -> None:
    profile = job.open_profile(name).profile
    asked = list(job.audit(open_case(made.root), profile, (made.first,)))
    assert sorted(each.requirement.id for each in asked) == sorted(each.id for each in profile.requirement)
    assert {str(each.answered.answer) for each in asked} <= {"yes", "no", "not applicable"}
    assert all(each.answered.reason and each.answered.field for each in asked)


def test_what_no_record_shows_is_answered_no(made: SealedCase) -> None:
    assert answers(made, "outside_the_record")[0] == "no"
    assert answers(made, "case_verified") == ("no", "not verified in this run: use --verify")
    assert answers(made, "custodian_named")[0] == "no"
    assert answers(made, "log_time_stamped")[0] == "no"
    assert answers(made, "method_validated")[0] == "no"


def test_a_record_without_its_fields_answers_no(made: SealedCase) -> None:
    """The manifests of this case hold digests, and nothing of how they came to be."""
    for test in ("digest_at_acquisition", "copy_read_back", "transformations_documented", "process_described"):
        assert answers(made, test, made.first)[0] == "no", test
    for test in ("url_recorded", "html_source_kept", "full_page_kept", "analysis_recorded", "facts_replayed"):
        assert answers(made, test, made.first)[0] == "no", test


def test_a_verification_of_the_same_run_answers(made: SealedCase) -> None:
    assert answers(made, "case_verified", verified=verified(made.root))[0] == "yes"
    path = made.place(made.third) / "v1/content/original"
    path.chmod(0o600)
    path.write_bytes(b"x" + path.read_bytes()[1:])
    assert answers(made, "case_verified", verified=verified(made.root))[0] == "no"


def test_the_log_answers_whether_it_is_sealed_and_unbroken(made: SealedCase) -> None:
    assert (answers(made, "log_sealed")[0], answers(made, "log_unbroken")[0]) == ("yes", "yes")
    made.record(EventType.LIST_CHECK, hits=1)
    assert answers(made, "log_sealed") == ("no", "2 events not sealed: run seal")


def test_custody_in_order_of_time_is_told_and_a_clock_set_back_is_not(made: SealedCase) -> None:
    assert answers(made, "custody_chronological", made.first)[0] == "yes"
    made.rewrite(lambda events: events[7].update(time="2020-01-01T00:00:00.000000Z", item=made.first))
    assert answers(made, "custody_chronological", made.first) == ("no", "the logged times do not go forward")


def test_a_named_check_answers_and_one_that_differs_answers_no(made: SealedCase) -> None:
    case = open_case(made.root)
    said = Statement(
        person="Examiner 2", program="sha256sum", version=None, day=None, digest=made.first, output_sha256=None
    )
    assert answers(made, "named_check", made.first)[0] == "no"
    attest(case, made.run, made.first, said)
    answer, reason = answers(made, "named_check", made.first)
    assert (answer, "Examiner 2" in reason) == ("yes", True)
    attest(case, made.run, made.first, replace(said, digest="0" * 64))
    attest(case, made.run, made.first, said)
    assert answers(made, "named_check", made.first)[0] == "no"


def test_findings_answer_for_the_evidences_that_they_name_and_for_no_other(made: SealedCase) -> None:
    assert answers(made, "findings_reviewed", made.third)[0] == "not applicable"
    assert answers(made, "findings_reviewed", made.first)[0] == "no"
    review(open_case(made.root), made.run, ("1.json",), Opinion(confirms=False, examiner="op-09", reason="two takes"))
    assert answers(made, "findings_reviewed", made.first)[0] == "yes"
    assert answers(made, "findings_state_error_rates", made.first)[0] == "no"
    assert answers(made, "findings_apart", made.first)[0] == "yes"


def test_the_last_replay_decides(made: SealedCase) -> None:
    made.record(EventType.REPLAY, made.first, facts="equal")
    assert answers(made, "facts_replayed", made.first)[0] == "yes"
    made.record(EventType.REPLAY, made.first, facts="2 differences")
    assert answers(made, "facts_replayed", made.first)[0] == "no"


def held(made: SealedCase, change) -> Held:
    case = open_case(made.root)
    manifest: Manifest = case.manifest(made.first)
    changed = replace(manifest, record=replace(manifest.record, **change))
    return Held(
        case=case,
        evidence=made.first,
        manifest=changed,
        events=(),
        findings=tuple(standing.load(case)),
        checks=tuple(with_name(each, names(case)) for each in checks_of(case, made.first)),
    )


@pytest.mark.parametrize(
    ("test", "change", "answer"),
    [
        ("copy_read_back", {"acquisition": {"integrity": {"readback": "match"}}}, "yes"),
        ("copy_read_back", {"acquisition": {"integrity": {"readback": "not done"}}}, "no"),
        ("copy_read_back", {"acquisition": {"integrity": "match"}}, "no"),
        ("digest_at_acquisition", {"acquisition": {"integrity": {"computed": "while copying"}}}, "yes"),
        ("transformations_documented", {"acquisition": {"transformations": []}}, "yes"),
        ("transformations_documented", {"acquisition": {"transformations": "none"}}, "no"),
        ("url_recorded", {"appearances": ({"kind": "file", "path": "x"},)}, "no"),
        (
            "url_recorded",
            {"appearances": ({"kind": "telegram-desktop-export", "post": {"url": "https://t.me/x/1"}},)},
            "yes",
        ),
        ("url_recorded", {"appearances": ({"kind": "telegram-desktop-export", "post": {"message_id": "1"}},)}, "no"),
        ("process_described", {"environment": {"tool": {"name": "x"}, "packages": {"a": "1"}, "programs": []}}, "no"),
        ("process_described", {"environment": {"tool": {"a": "1"}, "packages": {"a": "1"}, "programs": ["x"]}}, "yes"),
        ("custody_chronological", {}, "no"),
        ("custodians_named", {}, "no"),
        ("transfers_recorded", {}, "not applicable"),
    ],
)
def test_the_answer_follows_the_field(made: SealedCase, test: str, change: dict, answer: str) -> None:
    assert str(EVIDENCE_TESTS[test](held(made, change)).answer) == answer


GOOD = """
name = "own"
title = "House rules"
edition = "1"
source = "us"
date = "2026-11-22"
basis = "written by us"
[[requirement]]
id = "a"
paragraph = "1"
text = "sealed"
test = "log_sealed"
"""


def test_a_profile_of_the_users_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(GOOD)
    assert job.open_profile(str(tmp_path / "own.toml")).profile.requirement[0].test == "log_sealed"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name = ",
        GOOD.replace("log_sealed", "__import__"),
        GOOD.replace("log_sealed", "told"),
        GOOD.replace('date = "2026-11-22"', 'date = "soon"'),
        GOOD.replace('basis = "written by us"', ""),
        GOOD + "score = 1\n",
        GOOD + GOOD[GOOD.index("[[") :],
        GOOD.replace("House rules", "x" * 3000),
        "x = " + "[" * 100_000,
        "\x00",
        "#" * 300_000,
    ],
)
def test_a_file_that_is_no_profile_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(InputError):
        job.open_profile(str(tmp_path / "own.toml"))


def test_bytes_that_are_no_text_and_names_of_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(b"\xff\xfe\x00")
    for name in (str(tmp_path / "own.toml"), "nope", str(tmp_path)):
        with pytest.raises(InputError):
            job.open_profile(name)
