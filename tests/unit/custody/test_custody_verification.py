"""The numbered procedure: its words, its numbers, and the steps that need no disk."""

import msgspec
import pytest

from forensics.custody import VERIFY_STEPS, canonical, check_case, check_seals, count_unsealed, index_log, verification
from forensics.model.custody import CaseInfo, CheckStatus, CustodyEvent, EventType
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
    assert [number for number, _, _ in VERIFY_STEPS] == [int(step) for step in Step] == list(range(1, 10))
    for number, name, explanation in VERIFY_STEPS:
        assert f"    {int(number)}  {name:<15} {explanation}\n" in verification.__doc__


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
    assert count_unsealed(log) == 11


def test_no_seal_is_counted_aloud_and_not_called_a_success() -> None:
    (check,) = check_seals(index_log([event(EventType.CASE_CREATED)] * 3))
    assert (check.status, check.name, check.found) == (CheckStatus.SKIPPED, "not yet sealed", "3 events not yet sealed")
