"""Lines of the log about copies in buckets, and holding them against what a server tells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from forensics.custody import check_copy, check_copy_bytes, check_copy_lines, copies, copy_detail
from forensics.errors import IntegrityError
from forensics.model.copy import Copy, LockMode, Lying, Retention, Told
from forensics.model.custody import Check, CheckStatus, CustodyEvent, EventType

ITEM = "ab" * 32
LOCK = Retention(lock=LockMode.GOVERNANCE, until="2030-01-01T00:00:00Z")
NOW = "2027-01-01T00:00:00.000000Z"
COPY = Copy(
    item=ITEM,
    name="original",
    version=1,
    sha256=ITEM,
    size=5,
    server="https://s3.example",
    bucket="bucket",
    key=f"sha256/ab/{ITEM}",
    version_id="v1",
    retention=LOCK,
    checksum="q6urq6s=",
    part_size=None,
    server_time="2026-01-01T00:00:00Z",
)
TOLD = Told(version_id="v1", size=5, checksum="q6urq6s=", retention=LOCK, time="2026-01-01T00:00:00Z")
CURRENT = (Lying(version_id="v1", deleted=False, time="2026-01-01T00:00:00Z"),)


def event(copy: Copy = COPY, seq: int = 7, **changed: object) -> CustodyEvent:
    detail = {name: value for name, value in {**copy_detail(copy, found=False), **changed}.items() if value is not None}
    return CustodyEvent(
        case="C",
        seq=seq,
        prev="0" * 64,
        time=NOW,
        event=EventType.REPLICATION,
        run="urn:uuid:1",
        operator="op",
        item=copy.item,
        detail=detail,  # type: ignore[arg-type]  what a hostile line may hold
    )


def statuses(checks: list[Check]) -> dict[str, CheckStatus]:
    return {each.name: each.status for each in checks}


@pytest.mark.parametrize("part_size", [None, 2**26])
@pytest.mark.parametrize("retention", [LOCK, Retention(lock=LockMode.NONE, until=None)])
def test_a_copy_comes_back_from_its_line_as_it_was(part_size, retention) -> None:
    copy = replace(COPY, part_size=part_size, retention=retention)
    assert copies([event(copy)]) == (copy,)


def test_the_last_line_about_a_copy_counts() -> None:
    later = replace(COPY, retention=Retention(lock=LockMode.COMPLIANCE, until="2040-01-01T00:00:00Z"))
    assert copies([event(), event(later, seq=8)]) == (later,)


@pytest.mark.parametrize(
    "changed",
    [
        {"sha256": "ab"},
        {"size": "5"},
        {"size": -1},
        {"version": 0},
        {"lock": "forever"},
        {"retain_until": None},
        {"retain_until": "2030"},
        {"lock": "none"},
        {"key": ""},
        {"version_id": None},
        {"server": 7},
    ],
)
def test_an_unsound_line_is_an_integrity_error_that_names_it_and_verify_says_so(changed) -> None:
    with pytest.raises(IntegrityError, match="line 8 of the custody log"):
        copies([event(**changed)])
    (check,) = check_copy_lines([event(**changed)], {ITEM: 1})
    assert (check.status, check.subject) == (CheckStatus.FAILED, "line 8")


def test_a_line_about_a_version_that_the_store_lacks_fails() -> None:
    assert [each.status for each in check_copy_lines([event()], {ITEM: 1})] == [CheckStatus.OK]
    assert [each.status for each in check_copy_lines([event()], {})] == [CheckStatus.FAILED]


def test_a_copy_that_is_as_logged_passes_every_check() -> None:
    assert set(statuses(list(check_copy(COPY, TOLD, CURRENT, NOW))).values()) == {CheckStatus.OK}


@pytest.mark.parametrize(
    ("told", "lying", "name"),
    [
        (replace(TOLD, size=4), CURRENT, "copy kept"),
        (replace(TOLD, version_id="v2"), CURRENT, "copy kept"),
        (replace(TOLD, checksum="AAAA"), CURRENT, "copy checksum"),
        (replace(TOLD, retention=replace(LOCK, until="2029-12-31T23:59:59Z")), CURRENT, "copy locked"),
        (replace(TOLD, retention=Retention(lock=LockMode.NONE, until=None)), CURRENT, "copy locked"),
        (TOLD, (Lying(version_id="v2", deleted=False, time=NOW), *CURRENT), "copy current"),
        (TOLD, (Lying(version_id="v2", deleted=True, time=NOW), *CURRENT), "copy current"),
        (TOLD, (), "copy current"),
        (None, CURRENT, "copy kept"),
    ],
)
def test_each_difference_is_named_by_its_own_check(told, lying, name) -> None:
    failed = [each.name for each in check_copy(COPY, told, lying, NOW) if each.status is CheckStatus.FAILED]
    assert failed == [name]


def test_a_stronger_or_longer_lock_is_no_problem() -> None:
    longer = Retention(lock=LockMode.COMPLIANCE, until="2050-01-01T00:00:00Z")
    found = statuses(list(check_copy(COPY, replace(TOLD, retention=longer), CURRENT, NOW)))
    assert found["copy locked"] is CheckStatus.OK


@pytest.mark.parametrize(
    ("copy", "told", "now", "name"),
    [
        (COPY, replace(TOLD, checksum=None), NOW, "copy checksum"),
        (COPY, TOLD, "2030-01-02T00:00:00.000000Z", "copy locked"),
        (replace(COPY, retention=Retention(lock=LockMode.NONE, until=None)), TOLD, NOW, "copy locked"),
    ],
)
def test_what_cannot_be_said_is_skipped_with_its_reason(copy, told, now, name) -> None:
    skipped = [each for each in check_copy(copy, told, CURRENT, now) if each.status is CheckStatus.SKIPPED]
    assert [each.name for each in skipped] == [name]
    assert skipped[0].found


def test_bytes_that_were_read_are_told_with_their_digest_or_their_problem() -> None:
    assert check_copy_bytes(COPY, None).status is CheckStatus.OK
    assert check_copy_bytes(COPY, "4 bytes").found == "4 bytes"
    assert check_copy_bytes(COPY, "4 bytes").status is CheckStatus.FAILED
