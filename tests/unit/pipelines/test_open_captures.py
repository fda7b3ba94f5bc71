"""Captures are compared from jails of their own: the same is told, and one that stops its reader is named."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from forensics import captures, media, sources
from forensics.errors import InputError, ParserStopped
from forensics.media import reading
from forensics.model.capture import Difference
from forensics.sources import capture_answers
from pipelines import telegram_diff
from tests import hostile_readers as hostile

FULL = pytest.mark.skipif(not reading.reader_level().full, reason=f"this kernel gives {reading.reader_level()}")

PAGE = """<html><head></head><body><div class="page_header"><div class="text bold">C</div></div>
<div class="history">{}</div></body></html>"""
POST = """<div class="message default clearfix" id="message{0}"><div class="body">
<div class="pull_right date details" title="12.07.2022 11:00:00 UTC+03:00">11:00</div>
<div class="from_name">C</div><div class="text">{1}</div></div></div>"""


def export(folder: Path, texts: dict[int, str]) -> str:
    """An export with a file beside each post; the last file's name is no UTF-8."""
    (folder / "video_files").mkdir(parents=True)
    messages = []
    for number, text in texts.items():
        name = f"video_files/{number}.mp4"
        (folder / name).write_bytes(text.encode())
        messages.append(
            {
                "id": number, "type": "message", "date": "2022-07-12T11:00:00", "date_unixtime": "1657612800",
                "from": "C", "from_id": "channel17", "file": name, "media_type": "video_file", "text": text,
            }
        )  # fmt: skip
    chat = {"name": "C", "type": "public_channel", "id": 17, "messages": messages}
    (folder / "result.json").write_text(json.dumps(chat, indent=1))
    if sys.platform == "linux":
        Path(str(folder / "video_files" / "odd-\udcff.mp4")).write_bytes(b"odd")
    return str(folder)


def compared(old: str, new: str, zone: str | None = None) -> tuple[list[Difference], telegram_diff.Comparison]:
    with ExitStack() as stack:
        comparison = telegram_diff.open_both(stack, old, new, zone)
        return list(comparison.differences()), comparison


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    old = export(tmp_path / "old", {number: f"№{number}" for number in range(1, 31)})
    later = {number: f"№{number}" for number in range(1, 31) if number not in (7, 8)} | {12: "changed", 40: "new"}
    return old, export(tmp_path / "new", later)


def test_captures_say_the_same_in_the_jail(pair: tuple[str, str]) -> None:
    told, comparison = compared(*pair)
    files = captures.Files()
    with sources.open_capture(pair[0]) as old, sources.open_capture(pair[1]) as new:
        plain = list(captures.compare(old, new, files))
        assert (comparison.old.about, comparison.new.about) == (old.about, new.about)
    assert told == plain
    assert comparison.files == files
    assert (files.equal, files.differ) == (27, 1)
    assert dict(comparison.counts)["absent_in_coverage"] == 2


def test_pages_of_html_are_read_in_the_jail_with_the_zone_that_was_named(tmp_path: Path) -> None:
    for name, text in (("old", "before"), ("new", "after")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "messages.html").write_text(PAGE.format(POST.format(5, text) + POST.format(6, "same")))
    told, comparison = compared(str(tmp_path / "old"), str(tmp_path / "new" / "messages.html"), "Europe/Kyiv")
    assert [(each.number, [change.field for change in each.changes]) for each in told] == [(5, ["text"])]
    assert comparison.old.about.era.endswith("read in the zone Europe/Kyiv")


def test_a_relative_path_is_opened_from_the_folder_of_the_caller(
    pair: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media.warm()
    monkeypatch.chdir(tmp_path)
    assert [each.number for each in compared("old", "new/result.json")[0]][:2] == [7, 8]


@pytest.mark.parametrize("path", ["missing", "old/video_files/1.mp4"])
def test_what_is_no_capture_is_refused_by_its_name(pair: tuple[str, str], tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError, match=path):
        compared(str(tmp_path / path), pair[1])


@pytest.mark.parametrize("reader", [hostile.crash_over_a_capture, hostile.crash_when_asked])
def test_a_capture_that_kills_its_reader_ends_the_comparison_by_name(
    pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch, reader: Callable[..., object]
) -> None:
    monkeypatch.setattr(sources, "tell_capture", reader)
    with pytest.raises(ParserStopped, match=r"old: .* was stopped by SIGSEGV") as caught:
        compared(*pair)
    assert caught.value.code == "parser.killed"


def test_columns_that_are_in_no_order_are_no_answer(pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "tell_capture", hostile.tell_other_posts)
    with pytest.raises(ParserStopped) as caught:
        compared(*pair)
    assert caught.value.code == "parser.nonsense"


def test_posts_are_asked_for_in_windows_and_told_the_same(
    pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = compared(*pair)
    asked: list[sources.Question] = []

    def noted(question: sources.Question) -> bytes:
        asked.append(question)
        return capture_answers.line_of(question)

    monkeypatch.setattr(sources, "line_of", noted)
    monkeypatch.setattr(sys.modules["forensics.captures.compare"], "WINDOW", 10)
    assert compared(*pair)[0] == whole
    sizes = [len(each.numbers) for each in asked if each.numbers is not None and len(each.numbers) > 1]
    assert sizes == [10, 10, 10, 10, 8, 8]


def test_a_post_that_was_not_asked_for_is_no_answer(pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "tell_capture", hostile.tell_the_next_post)
    with pytest.raises(ParserStopped) as caught:
        compared(*pair)
    assert caught.value.code == "parser.nonsense"


@FULL
def test_the_reader_of_one_capture_can_open_nothing_beside_it(
    pair: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "beside").write_text("secret")
    monkeypatch.setattr(sources, "tell_capture", hostile.read_beside_a_capture)
    with pytest.raises(ParserStopped, match="PermissionError") as caught:
        compared(*pair)
    assert caught.value.code == "parser.failed"
