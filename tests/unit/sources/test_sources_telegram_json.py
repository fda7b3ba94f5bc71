"""Telegram Desktop's JSON is streamed, mended where the program is known to err, and nowhere else."""

import json
import os
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from forensics.errors import ExportInvalid
from forensics.sources import telegram_json, telegram_window
from forensics.sources.telegram_json import Chat, Export, Member, NoExport
from forensics.sources.telegram_window import MAX_VALUE_BYTES, ExportCut, Window


def load(data: bytes, chunk: int = telegram_window.CHUNK_BYTES, quick: bool = True) -> tuple[list[Member], Export]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        export = Export(window=Window(file.fileno(), chunk), quick=quick)
        return list(export.messages()), export


def _document(messages: bytes) -> bytes:
    return b'{\n "name": "c",\n "type": "private_channel",\n "id": 1,\n "messages": [' + messages + b"]\n}"


def _texts(data: bytes) -> list[object]:
    return [member.value["text"] for member in load(data)[0] if isinstance(member.value, dict)]


def _repairs(data: bytes) -> Counter[str]:
    return load(data)[1].decoder.repairs


def test_a_legal_export_is_not_touched() -> None:
    assert _repairs(_document(rb'{"id": 1, "text": "C:\\x41 \u2028 \\u2028"}')) == {}
    assert _texts(_document(rb'{"id": 1, "text": "C:\\x41 \u2028"}')) == ["C:\\x41 \u2028"]


def test_each_message_is_told_with_its_bytes_in_the_file() -> None:
    data = _document(b'\n  {\n   "id": 1\n  },\n  {\n   "id": 2,\n   "x": {"y": "]}"}\n  }, {"id":3}\n ')
    members, export = load(data)
    assert [json.loads(each.raw) for each in members] == [each.value for each in members]
    assert all(data[each.offset :].startswith(each.raw) for each in members)
    assert [(each.chat, each.place) for each in members] == [(0, 0), (0, 1), (0, 2)]
    assert export.chats == [Chat(name="c", type="private_channel", id="1")]
    assert export.closed == {0}


def test_control_characters_written_in_hexadecimal_are_mended() -> None:
    data = _document(rb'{"id": 1, "text": "a\x0Bb\\x41 \\\x1f"}')
    assert _texts(data) == ["a\x0bb\\x41 \\\x1f"]
    assert _repairs(data) == {"hex_escape": 2}


def test_line_separators_followed_by_their_own_bytes_are_mended() -> None:
    data = _document(b'{"id": 1, "text": "a\\u2028\x80\xa8b\\u2029\x80\xa9c\\\\u2028"}')
    assert _texts(data) == ["a\u2028b\u2029c\\u2028"]
    assert _repairs(data) == {"u2028_stray_bytes": 2}


@pytest.mark.parametrize("chunk", [1, 7, 4096])
@pytest.mark.parametrize("quick", [True, False])
def test_a_bare_document_id_is_quoted_whatever_stands_in_the_name(chunk: int, quick: bool) -> None:
    data = _document(
        b'\n  {"id": 5, "text": [{"document_id": video_files/sticker (2).webm\n}, '
        b'{"document_id": a "b" {[ \\c.webm,\n "x": 1}, {"document_id": null}, {"document_id": null\n}]\n  }'
    )
    ((member,), export) = load(data, chunk, quick)
    assert isinstance(member.value, dict)
    assert member.value["text"] == [
        {"document_id": "video_files/sticker (2).webm"},
        {"document_id": 'a "b" {[ \\c.webm', "x": 1},
        {"document_id": None},
        {"document_id": None},
    ]
    assert export.decoder.repairs == {"bare_document_id": 2}


def test_a_text_that_talks_about_document_ids_is_left_alone() -> None:
    text = '"document_id": sticker.webm\n\\x0B'
    data = _document(json.dumps({"id": 1, "text": text}).encode()[:-1] + rb', "more": "\x0B"}')
    assert _texts(data) == [text]
    assert _repairs(data) == {"hex_escape": 1}


def test_what_is_wrong_otherwise_stays_wrong_after_the_mending() -> None:
    with pytest.raises(
        ExportInvalid, match=r"even after the known repairs: Expecting .* \(value at byte 68\)"
    ) as caught:
        load(_document(rb'{"id": 1, "text": "\x0B" "stray"}'))
    assert caught.value.hint


def test_a_byte_order_mark_is_allowed() -> None:
    members, export = load(b"\xef\xbb\xbf" + _document(b""))
    assert (members, export.closed) == ([], {0})


def test_chats_keep_the_order_of_the_file_and_what_stands_behind_their_messages() -> None:
    chats = [{"messages": [{"id": 8}], "id": 5, "name": "a"}, {"id": "6"}, {"id": True}, 7]
    members, export = load(json.dumps({"left_chats": {"list": chats[:1]}, "chats": {"list": chats}}).encode())
    assert [(chat.id, chat.name) for chat in export.chats] == [
        ("5", "a"), ("5", "a"), (None, None), (None, None)
    ]  # fmt: skip
    assert [each.chat for each in members] == [0, 1]


def test_json_without_chats_is_no_export() -> None:
    for data in (b'{"chats": {"list": 5}}', b"[1, [2]]", b"7", b'"text"', b"{}"):
        with pytest.raises(NoExport):
            load(data, 1)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b'{"a"', b'{"a":', b'{"a":1', b'{"a":1,', b'{"messages": [', b'{"messages": [{"id": 1}',
        b'{"messages": [{"id": 1},', b'{"messages": [{"id": 1}]', b'{"messages": [{"id": 1, "te', b'{"x": "y',
    ],
)  # fmt: skip
def test_a_file_that_ends_too_soon_is_called_cut(data: bytes) -> None:
    with pytest.raises(ExportCut):
        load(data, 2)


@pytest.mark.parametrize("data", [b'{"messages": []} x', b'{"messages": [] "a": 1}', b"{1: 2}", b'{"messages": [,]}'])
def test_what_is_no_json_between_the_values_is_refused(data: bytes) -> None:
    with pytest.raises(ExportInvalid, match="not JSON"):
        load(data)


def test_a_key_that_stands_twice_is_counted_wherever_it_stands() -> None:
    odd = (rb'{"id":1,"id":2}', rb'{"id":1,"t":[{"a:":1,"a:":2}]}', rb'{"id":1,"\u0069d":2,"x":"\u003a"}')
    for message in odd:
        assert load(_document(message))[1].decoder.repeated_keys == 1
    for message in (rb'{"id":1,"t":"a:b\":"}', rb'{"id":1,"t":"\u003A","u":":"}', rb'{"a":"\":\"","b\"":":"}'):
        assert load(_document(message))[1].decoder.repeated_keys == 0
    assert load(b'{"name": "a", "name": "b", "messages": []}')[1].decoder.repeated_keys == 1


def test_a_million_backslashes_do_not_take_long() -> None:
    with pytest.raises(ExportInvalid):
        load(_document(b'{"text": "' + b"\\" * 1_000_001 + b'"}'))
    with pytest.raises(ExportInvalid):
        load(_document(b'{"document_id": ' * 200_000))


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b'{"text": "' + b"x" * MAX_VALUE_BYTES + b'"}', "telegram.message_too_large"),
        (b'{"text": ' + b"[" * 101 + b"]" * 101 + b"}", "telegram.nested_too_deep"),
        (b'{"text": ' + b"[" * 1_000_000, "telegram.nested_too_deep"),
    ],
)
def test_what_is_beyond_a_limit_is_refused_by_its_name(message: bytes, code: str, quick: bool) -> None:
    with pytest.raises(ExportInvalid) as caught:
        load(_document(b"\n  " + message + b"\n  }"), quick=quick)
    assert caught.value.code == code


def test_counts_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram_json, "MAX_MESSAGES", 2)
    monkeypatch.setattr(telegram_json, "MAX_CHATS", 2)
    monkeypatch.setattr(telegram_json, "MAX_MEMBERS", 2)
    for data, code in (
        (b'{"messages": [1, 2, 3]}', "telegram.too_many_messages"),
        (b'{"chats": {"list": [{}, {}, {}]}}', "telegram.too_many_chats"),
        (b'{"a": 1, "b": 2, "messages": []}', "telegram.too_many_members"),
    ):
        with pytest.raises(ExportInvalid) as caught:
            load(data)
        assert caught.value.code == code


def test_messages_that_share_lines_stop_the_search_for_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    searched = 0
    real = Window.line_value

    def counted(window: Window, closing: bytes) -> bytes | None:
        nonlocal searched
        searched += 1
        return real(window, closing)

    monkeypatch.setattr(telegram_window.Window, "line_value", counted)
    members, _ = load(_document(b"\n  {}" + b", {}" * 1000 + b"\n "))
    assert len(members) == 1001
    assert searched <= telegram_json.MAX_MISSES + 1


def test_a_string_of_gigabytes_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    with path.open("wb") as file:
        file.write(_document(b'\n  {"text": "')[:-3])
        file.seek(4 << 30)
        file.write(b"x")
    with path.open("rb", buffering=0) as file, pytest.raises(ExportInvalid) as caught:
        list(Export(window=Window(file.fileno())).messages())
    assert caught.value.code == "telegram.message_too_large"
