"""Going on with the log from where one stopped: the same log, or it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics import custody
from forensics.errors import IntegrityError
from forensics.model.catalog import LOG_START, LogMark
from forensics.model.custody import EventType

WHEN = "2026-11-22T08:14:03.120455Z"


def log(folder: Path, lines: int, case_id: str = "C", word: str = "") -> custody.Log:
    made = custody.Log(folder / "custody.jsonl", case_id)
    if not made.path.exists():
        made.append(EventType.CASE_CREATED, time=WHEN, run="r", operator="o", item=None, detail={})
    for number in range(lines):
        made.append(
            EventType.FIXITY_CHECK, time=WHEN, run="r", operator="o", item=None, detail={"n": number, "w": word}
        )
    return made


def read(made: custody.Log, after: LogMark = LOG_START, case_id: str = "C") -> list[custody.Followed]:
    return list(custody.follow(made.path, case_id, after))


def test_all_lines_are_read_from_the_start_and_the_last_mark_is_the_head(tmp_path: Path) -> None:
    made = log(tmp_path, 4)
    found = read(made)
    assert [each.event for each in found] == [line.event for line in made.events()]
    head = made.head()
    assert found[-1].mark == LogMark(head.seq, head.sha256, made.path.stat().st_size)


@pytest.mark.parametrize("place", range(5))
def test_from_any_mark_only_what_follows_is_read(tmp_path: Path, place: int) -> None:
    made = log(tmp_path, 4)
    found = read(made)
    assert read(made, found[place].mark) == found[place + 1 :]


def test_lines_that_were_appended_meanwhile_are_read_next(tmp_path: Path) -> None:
    made = log(tmp_path, 2)
    mark = read(made)[-1].mark
    assert read(made, mark) == []
    log(tmp_path, 3, word="later")
    assert [each.event.detail["w"] for each in read(made, mark)] == ["later"] * 3


def test_a_line_that_was_cut_off_is_not_read(tmp_path: Path) -> None:
    made = log(tmp_path, 2)
    mark = read(made)[-1].mark
    with made.path.open("ab") as handle:
        handle.write(b'{"case":"C"')
    assert read(made, mark) == []


def moved(made: custody.Log, mark: LogMark) -> None:
    with pytest.raises(IntegrityError) as raised:
        read(made, mark)
    assert raised.value.code == "integrity.log_moved"


def test_a_log_that_was_rolled_back_is_told(tmp_path: Path) -> None:
    made = log(tmp_path, 4)
    mark = read(made)[-1].mark
    lines = made.path.read_bytes().splitlines(keepends=True)
    made.path.write_bytes(b"".join(lines[:-1]))
    moved(made, mark)
    log(tmp_path, 4, word="other")
    moved(made, mark)


def test_a_log_that_was_written_anew_is_told(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    mark = read(log(tmp_path, 4))[-1].mark
    moved(log(tmp_path / "other", 9, word="x"), mark)


@pytest.mark.parametrize("change", [{"end": 17}, {"end": -1}, {"end": 2**40}, {"sha256": "0" * 64}])
def test_a_mark_that_is_not_the_end_of_its_line_is_told(tmp_path: Path, change: dict[str, object]) -> None:
    made = log(tmp_path, 4)
    moved(made, read(made)[2].mark._replace(**change))


def test_a_line_that_does_not_go_on_from_the_one_before_is_told(tmp_path: Path) -> None:
    made = log(tmp_path, 4)
    mark = read(made)[1].mark
    lines = made.path.read_bytes().splitlines(keepends=True)
    for broken in (
        [*lines[:2], lines[3], lines[2], *lines[4:]],
        [*lines[:2], *lines[3:]],
        [*lines[:3], b"nonsense\n"],
        [*lines[:2], lines[2].replace(b'"w":""', b'"w":"x"'), *lines[3:]],
    ):
        made.path.write_bytes(b"".join(broken))
        with pytest.raises(IntegrityError) as raised:
            read(made, mark)
        assert raised.value.code == "integrity.log"


def test_the_log_of_another_case_is_told(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError):
        read(log(tmp_path, 1), case_id="D")
