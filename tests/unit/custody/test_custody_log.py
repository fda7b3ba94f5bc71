"""The custody log: chain, tail, many writers, crashes, full disks."""

import fcntl
import hashlib
import json
import os
import resource
import signal
import time as clock
from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics.custody import Entry, Log, check_log, sound_events
from forensics.errors import IntegrityError, ManifestError, StoreError
from forensics.model.custody import CheckStatus, EventType

CASE = "CASE-2026-017"
WHEN = "2026-11-22T08:14:03.120455Z"


def said(**more: object) -> dict:
    return {"time": WHEN, "run": "urn:uuid:1", "operator": "op-07", "item": None, "detail": {}, **more}


@pytest.fixture
def log(tmp_path: Path) -> Log:
    made = Log(tmp_path / "log" / "custody.jsonl", CASE)
    made.append(EventType.CASE_CREATED, **said())
    return made


def statuses(log: Log) -> set[CheckStatus]:
    return {check.status for check in check_log(log.path, CASE)}


def failed(log: Log) -> set[str]:
    return {check.name for check in check_log(log.path, CASE) if check.status is CheckStatus.FAILED}


def skipped(log: Log) -> set[str]:
    return {check.name for check in check_log(log.path, CASE) if check.status is CheckStatus.SKIPPED}


def test_each_line_names_the_bytes_of_the_one_before(log: Log) -> None:
    for number in range(5):
        log.append(EventType.FIXITY_CHECK, **said(detail={"n": number}))
    lines = log.path.read_bytes().splitlines(keepends=True)
    prev = "0" * 64
    for seq, line in enumerate(lines):
        value = json.loads(line)
        assert (value["seq"], value["prev"], value["case"]) == (seq, prev, CASE)
        assert line == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        prev = hashlib.sha256(line).hexdigest()
    assert log.head() == (5, prev, 6)
    assert [line.raw for line in log.events()] == lines
    assert statuses(log) == {CheckStatus.OK}


def test_what_was_appended_is_given_back(log: Log) -> None:
    item = "a" * 64
    event = log.append(EventType.INGESTION, **said(item=item, detail={"manifest": "b" * 64, "version": 1, "x": "é"}))
    assert [line.event for line in log.events()][-1] == event
    assert list(sound_events(log.path, CASE))[-1] == event
    assert (event.seq, event.item, event.case) == (1, item, CASE)


def test_several_events_are_written_in_order_with_one_wait_for_the_disk(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = os.fdatasync, []
    monkeypatch.setattr(os, "fdatasync", lambda fd: (calls.append(fd), real(fd)))
    entries = [Entry(event=EventType.MATCHING, **said(detail={"n": number})) for number in range(50)]
    events = log.append_many(entries)
    assert len(calls) == 1
    assert [event.detail["n"] for event in events] == list(range(50))
    assert [event.seq for event in events] == list(range(1, 51))
    assert log.append_many([]) == ()
    assert statuses(log) == {CheckStatus.OK}


def test_an_append_reads_the_tail_only(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    log.append_many([Entry(event=EventType.MATCHING, **said(detail={"n": number})) for number in range(3000)])
    assert log.path.stat().st_size > 500_000
    real, read = os.pread, []
    monkeypatch.setattr(os, "pread", lambda fd, size, at: (read.append(size), real(fd, size, at))[1])
    log.append(EventType.MATCHING, **said())
    assert sum(read) <= 8192


def test_a_last_line_longer_than_the_first_read_is_found(log: Log) -> None:
    for size in (8000, 8191, 8192, 8193, 100_000, 900_000):
        log.append(EventType.MATCHING, **said(detail={"long": "x" * size}))
    assert log.head()[2] == 7
    assert statuses(log) == {CheckStatus.OK}


def test_a_line_that_is_too_long_is_not_written(log: Log) -> None:
    before = log.path.read_bytes()
    with pytest.raises(ManifestError):
        log.append(EventType.MATCHING, **said(detail={"long": "x" * 2**20}))
    assert log.path.read_bytes() == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"time": "2026-11-22T08:14:03Z"},
        {"time": "2026-13-22T08:14:03.120455Z"},
        {"time": "2026-11-22T08:14:03.120455+00:00"},
        {"item": "urn:sha256:" + "a" * 64},
        {"item": "A" * 64},
        {"detail": {"score": 0.5}},
        {"detail": {"flag": True}},
        {"detail": {"list": []}},
        {"detail": {"big": 2**53}},
        {"detail": {"é": 1}},
        {"detail": {"name": "\udcff"}},
        {"operator": "\ud800"},
    ],
    ids=str,
)
def test_what_has_no_place_in_a_line_is_not_written(log: Log, wrong: dict) -> None:
    before = log.path.read_bytes()
    with pytest.raises(ManifestError):
        log.append(EventType.MATCHING, **said(**wrong))
    assert log.path.read_bytes() == before


def test_a_log_that_has_vanished_is_not_begun_anew(log: Log) -> None:
    log.path.unlink()
    with pytest.raises(IntegrityError) as caught:
        log.append(EventType.INGESTION, **said())
    assert caught.value.code == "integrity.log_missing"
    assert not log.path.exists()
    log.path.write_bytes(b"")
    with pytest.raises(IntegrityError):
        log.append(EventType.INGESTION, **said())
    assert failed(log) == {"log lines"}


def test_a_missing_log_is_a_failed_check_and_has_no_head(tmp_path: Path) -> None:
    log = Log(tmp_path / "custody.jsonl", CASE)
    assert failed(log) == {"log file"}
    assert list(sound_events(log.path, CASE)) == []
    for ask in (log.head, lambda: list(log.events())):
        with pytest.raises(IntegrityError):
            ask()


def test_a_log_of_another_case_is_not_appended_to(log: Log) -> None:
    with pytest.raises(IntegrityError):
        Log(log.path, "CASE-OTHER").append(EventType.INGESTION, **said())


def test_a_whole_log_of_another_case_is_found_line_by_line(log: Log) -> None:
    log.append(EventType.INGESTION, **said())
    found = [check for check in check_log(log.path, "CASE-OTHER") if check.status is CheckStatus.FAILED]
    assert [(check.name, check.expected, check.found) for check in found] == [("log case", "CASE-OTHER", CASE)] * 2
    assert list(sound_events(log.path, "CASE-OTHER")) == []


def test_a_changed_last_line_is_not_appended_to(log: Log) -> None:
    log.append(EventType.INGESTION, **said())
    log.path.write_bytes(log.path.read_bytes().replace(b'"seq":1', b'"seq" :1'))
    before = log.path.read_bytes()
    with pytest.raises(IntegrityError):
        log.append(EventType.INGESTION, **said())
    assert log.path.read_bytes() == before


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_last_line_without_end_is_not_read_for_ever(log: Log, end: bytes) -> None:
    with log.path.open("ab") as file:
        file.write(b"x" * (12 * 2**20) + end)
    with pytest.raises(IntegrityError):
        log.append(EventType.INGESTION, **said())


def test_a_log_behind_a_link_is_not_followed(log: Log, tmp_path: Path) -> None:
    log.path.rename(tmp_path / "elsewhere")
    log.path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError):
        log.append(EventType.INGESTION, **said())
    assert failed(log) == {"log file"}


def test_a_line_with_a_field_that_the_schema_does_not_know_is_no_event(log: Log) -> None:
    line = log.path.read_bytes()
    log.path.write_bytes(line.replace(b'"time":', b'"signed":"yes","time":'))
    assert failed(log) == {"log lines"}
    with pytest.raises(IntegrityError):
        log.append(EventType.INGESTION, **said())


def test_a_pipe_in_the_place_of_the_log_is_not_waited_for(log: Log) -> None:
    log.path.unlink()
    os.mkfifo(log.path)
    assert failed(log) == {"log file"}
    for ask in (log.head, lambda: log.append(EventType.INGESTION, **said())):
        with pytest.raises(IntegrityError):
            ask()


@pytest.mark.parametrize("torn", [b"{", b'{"case":"CASE-2026-017","deta', bytes(500), b"x" * 20_000])
def test_torn_bytes_are_kept_apart_and_told(log: Log, torn: bytes) -> None:
    log.append(EventType.INGESTION, **said())
    whole = log.path.read_bytes()
    with log.path.open("ab") as file:
        file.write(torn)
    assert skipped(log) == {"log tail"}
    assert failed(log) == set()
    assert len(list(log.events())) == 2
    event = log.append(EventType.MATCHING, **said())
    sha256 = hashlib.sha256(torn).hexdigest()
    events = [line.event for line in log.events()]
    assert log.path.read_bytes().startswith(whole)
    assert [each.event for each in events[2:]] == [EventType.RECOVERY, EventType.MATCHING]
    assert events[2].detail == {
        "what": "torn log line",
        "kept": f"log/torn/{sha256}",
        "sha256": sha256,
        "size": len(torn),
    }
    assert event == events[3]
    assert (log.path.parent / "torn" / sha256).read_bytes() == torn
    assert statuses(log) == {CheckStatus.OK}


def test_a_torn_first_line_is_kept_too(tmp_path: Path) -> None:
    log = Log(tmp_path / "log" / "custody.jsonl", CASE)
    log.path.parent.mkdir()
    log.path.write_bytes(b'{"case"')
    log.append(EventType.CASE_CREATED, **said())
    assert [line.event.event for line in log.events()] == [EventType.RECOVERY, EventType.CASE_CREATED]
    assert statuses(log) == {CheckStatus.OK}


@pytest.mark.parametrize("step", ["ftruncate", "pwrite", "fdatasync", "rename"])
def test_a_crash_while_torn_bytes_are_put_aside_loses_none_of_them(
    log: Log, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    with log.path.open("ab") as file:
        file.write(b"torn bytes")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(os, step, killed)
        log.append(EventType.MATCHING, **said())
    assert failed(log) == set()
    log.append(EventType.MATCHING, **said())
    assert (log.path.parent / "torn" / hashlib.sha256(b"torn bytes").hexdigest()).read_bytes() == b"torn bytes"
    assert statuses(log) == {CheckStatus.OK}
    assert EventType.RECOVERY in {line.event.event for line in log.events()}


def test_changed_lost_or_added_torn_bytes_are_found(log: Log) -> None:
    with log.path.open("ab") as file:
        file.write(b"torn")
    log.append(EventType.MATCHING, **said())
    kept = next((log.path.parent / "torn").iterdir())
    kept.chmod(0o600)
    kept.write_bytes(b"other")
    assert failed(log) == {"torn lines"}
    kept.unlink()
    assert failed(log) == {"torn lines"}
    kept.write_bytes(b"torn")
    assert failed(log) == set()
    (kept.parent / hashlib.sha256(b"more").hexdigest()).write_bytes(b"more")
    assert failed(log) == {"torn lines"}


def test_a_full_disk_leaves_the_log_as_it_was(log: Log) -> None:
    before = log.path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, hard))
    try:
        with pytest.raises(StoreError):
            log.append(EventType.INGESTION, **said())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert log.path.read_bytes() == before
    log.append(EventType.INGESTION, **said())
    assert statuses(log) == {CheckStatus.OK}


def test_an_error_while_syncing_takes_the_line_back(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    before = log.path.read_bytes()

    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", fail)
    with pytest.raises(StoreError):
        log.append(EventType.INGESTION, **said())
    assert log.path.read_bytes() == before


def test_a_file_system_without_locks_is_refused_for_writing_and_read_without(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StoreError):
        log.append(EventType.INGESTION, **said())
    assert statuses(log) == {CheckStatus.OK}


def test_a_clock_that_went_back_is_told_and_is_no_failure(log: Log) -> None:
    log.append(EventType.MATCHING, **said(time="2026-11-22T08:14:02.000000Z"))
    assert statuses(log) == {CheckStatus.OK}
    log.append(EventType.MATCHING, **said(time="2026-11-21T08:14:02.000000Z"))
    log.append(EventType.MATCHING, **said(time="2026-11-22T08:14:02.000000Z"))
    assert skipped(log) == {"log time order"}
    assert failed(log) == set()


def test_every_broken_line_is_told_and_the_rest_is_read(log: Log) -> None:
    for number in range(9):
        log.append(EventType.MATCHING, **said(detail={"n": number}))
    lines = log.path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"n":1', b'"n":7')
    lines[5] = b"rubbish\n"
    lines[7] = b"x" * (2 * 2**20) + b"\n"
    log.path.write_bytes(b"".join(lines))
    found = [(check.name, check.subject) for check in check_log(log.path, CASE) if check.status is CheckStatus.FAILED]
    assert found == [
        ("log chain", "line 4"),
        ("log lines", "line 6"),
        ("log chain", "line 7"),
        ("log lines", "line 8"),
        ("log chain", "line 9"),
    ]
    assert len(list(sound_events(log.path, CASE))) == 8


def children(count: int, work) -> list[int]:
    started = []
    for number in range(count):
        child = os.fork()
        if child == 0:
            try:
                work(number)
            except BaseException:
                os._exit(1)
            os._exit(0)
        started.append(child)
    return started


def append_for(log: Log, number: int, times: Iterator[int]) -> None:
    for count in times:
        log.append(EventType.MATCHING, **said(run=f"run-{number}", detail={"n": count}))


def test_four_processes_append_at_once_and_every_line_is_there(log: Log) -> None:
    for child in children(4, lambda number: append_for(log, number, range(40))):
        _, status = os.waitpid(child, 0)
        assert status == 0
    events = [line.event for line in log.events()]
    assert len(events) == 161
    for number in range(4):
        assert [each.detail["n"] for each in events if each.run == f"run-{number}"] == list(range(40))
    assert statuses(log) == {CheckStatus.OK}


def test_a_reader_beside_a_writer_never_sees_half_a_line(log: Log) -> None:
    (child,) = children(1, lambda number: append_for(log, number, range(60)))
    seen = 0
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        assert statuses(log) == {CheckStatus.OK}
        seen += 1
    assert seen


def test_killed_writers_leave_a_log_that_goes_on(log: Log) -> None:
    count = 1
    for attempt in range(8):
        started = children(3, lambda number: append_for(log, number, range(10**9)))
        clock.sleep(0.02 + 0.013 * attempt)
        for child in started:
            os.kill(child, signal.SIGKILL)
        for child in started:
            os.waitpid(child, 0)
        assert failed(log) == set()
        lines = log.head()[2]
        assert lines >= count
        count = lines
    log.append(EventType.MATCHING, **said())
    assert count > 8
    assert statuses(log) == {CheckStatus.OK}
