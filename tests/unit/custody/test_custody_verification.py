"""The numbered procedure: its words, its numbers, and the steps that need no disk."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace

import msgspec
import pytest

from forensics.custody import (
    VERIFY_STEPS,
    LogIndex,
    canonical,
    check_case,
    check_evidence,
    check_manifest,
    encode_manifest,
    index_log,
    item_of,
    verification,
)
from forensics.model.custody import CaseInfo, Check, CheckStatus, CustodyEvent, EventType
from forensics.model.manifest import Facts, Manifest, Record, Subject
from forensics.model.store import ObjectState
from forensics.model.verification import Step

INFO = CaseInfo(id="CASE", title="Дім", custodian=None, operator="op-07", schema=1, created="2026-11-22")
CASE_FILE = canonical.encode_stored(msgspec.to_builtins(INFO))


def event(kind: EventType, run: str = "r", item: str | None = None, **detail: str | int) -> CustodyEvent:
    return CustodyEvent(
        case="CASE",
        seq=0,
        prev="0" * 64,
        time="2026-11-22T08:14:03.120455Z",
        event=kind,
        run=run,
        operator="op",
        item=item,
        detail=detail,
    )


def test_the_docstring_the_table_and_the_numbers_agree() -> None:
    assert [number for number, _, _ in VERIFY_STEPS] == [int(step) for step in Step] == list(range(1, 19))
    for number, name, explanation in VERIFY_STEPS:
        assert f"    {int(number):<3}{name:<15} {explanation}\n" in verification.__doc__


def test_a_sound_case_file_passes() -> None:
    (check,) = check_case(CASE_FILE)
    assert (int(check.step), check.status, check.found) == (1, CheckStatus.OK, "CASE")


@pytest.mark.parametrize(
    "data",
    [
        None,
        b"",
        b"{}\n",
        CASE_FILE[:-1],
        CASE_FILE.replace(b":", b": ", 1),
        CASE_FILE.replace(b'"schema":1', b'"schema":2'),
        CASE_FILE.replace(b'"schema":1', b'"schema":"1"'),
        CASE_FILE.replace(b'{"created', b'{"a":1,"created'),
        CASE_FILE.replace(b'"title":', b'"title":null,"title":'),
    ],
)
def test_any_other_case_file_fails(data: bytes | None) -> None:
    assert [check.status for check in check_case(data)] == [CheckStatus.FAILED]


def test_the_index_holds_what_the_later_steps_ask_for() -> None:
    a, b = "a" * 64, "b" * 64
    log = index_log(
        [
            event(EventType.INGESTION_START, "one"),
            event(EventType.INGESTION, "one", a, manifest="m1", version=1),
            event(EventType.APPEARANCE, "one", a, manifest="m2", version=2),
            event(EventType.INGESTION, "one", a, manifest="m1x", version=1),
            event(EventType.FIXITY_CHECK, "one", b, manifest="m3", version=1),
            event(EventType.INGESTION, "one", None, manifest="m4", version=1),
            event(EventType.INGESTION, "one", b, manifest="m5"),
            event(EventType.INGESTION_END, "one"),
            event(EventType.INGESTION_START, "two"),
            event(EventType.MATCHING, "two", a, finding="f1", file="1.json"),
            event(EventType.MATCHING, "two", withdrawn="f1", file="1.json"),
        ]
    )
    assert log.admitted == {(a, 1): ("m1", "m1x"), (a, 2): ("m2",)}
    assert log.unfinished_runs == {"two"}
    assert log.findings == {"f1": "1.json"}
    assert log.lines == 11
    assert log.told_at.keys() == {"m1", "m2", "m1x", "m3", "m4", "m5", "f1"}


def stored(version: int, supersedes: str | None = None, sha256: str = "a" * 64) -> tuple[bytes, ObjectState]:
    """A manifest and the state of the store that it describes."""
    original = Subject(name="original", sha256=sha256, sha512="c" * 128, size=3)
    data = encode_manifest(
        Manifest(
            id="urn:uuid:1",
            item=item_of(sha256),
            version=version,
            supersedes=supersedes,
            subjects=(original,),
            facts=Facts(exact={}, recipe={}),
            record=Record(case={}, appearances=(), acquisition={}, environment={}, processing={}, log={"run": "r"}),
            notices=(),
            limits=(),
        )
    )
    own = Subject(name="manifest.json", sha256=digest(data), sha512="d" * 128, size=len(data))
    return data, ObjectState(item=sha256, version=version, files=(own, original))


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def steps(checks: Iterable[Check]) -> set[int]:
    return {int(check.step) for check in checks if check.status is CheckStatus.FAILED}


def logged(*documents: tuple[bytes, ObjectState]) -> LogIndex:
    return index_log(
        event(EventType.INGESTION, "r", state.item, manifest=digest(data), version=state.version)
        for data, state in documents
    )


def test_a_manifest_that_agrees_with_store_and_log_passes_steps_5_to_7() -> None:
    data, state = stored(1)
    checks = list(check_manifest(data, logged((data, state)), state))
    assert {check.status for check in checks} == {CheckStatus.OK}
    assert {int(check.step) for check in checks} == {5, 6, 7}


def test_a_manifest_of_another_version_fires_step_5_although_the_log_has_it() -> None:
    data, state = stored(1)
    second = replace(state, version=2)
    assert steps(check_manifest(data, logged((data, second)), second)) == {5}


def test_a_manifest_of_another_evidence_fires_step_5_although_the_log_has_it() -> None:
    data, state = stored(1)
    other = replace(state, item="b" * 64)
    assert steps(check_manifest(data, logged((data, other)), other)) == {5}


def test_a_version_that_supersedes_something_else_fires_step_5() -> None:
    first, second = stored(1), stored(2, supersedes="0" * 64)
    documents, states = zip(first, second, strict=True)
    assert steps(check_evidence(documents, states, logged(first, second))) == {5}
    second = stored(2, supersedes=digest(first[0]))
    documents, states = zip(first, second, strict=True)
    assert steps(check_evidence(documents, states, logged(first, second))) == set()


@pytest.mark.parametrize(
    "files",
    [
        lambda own, original: (own,),
        lambda own, original: (own, original, replace(original, name="more")),
        lambda own, original: (own, replace(original, size=4)),
        lambda own, original: (own, replace(original, sha512="e" * 128)),
    ],
)
def test_files_other_than_the_subjects_fire_step_6(files: Callable[..., tuple[Subject, ...]]) -> None:
    data, state = stored(1)
    other = replace(state, files=files(*state.files))
    assert steps(check_manifest(data, logged((data, state)), other)) == {6}


def test_two_log_lines_that_contradict_one_another_fire_step_7() -> None:
    data, state = stored(1)
    another, _ = stored(1, sha256="a" * 64)
    twice = logged((data, state), (another, state))
    assert steps(check_manifest(data, twice, state)) == set()
    contradicted = logged((data, state), (data + b" ", state))
    assert steps(check_manifest(data, contradicted, state)) == {7}
