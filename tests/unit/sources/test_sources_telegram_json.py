"""Telegram Desktop's illegal JSON is mended where the program is known to err, and nowhere else."""

import json

import pytest

from forensics.errors import ExportInvalid
from forensics.sources import telegram_json
from forensics.sources.telegram_json import NoExport, load


def _document(messages: bytes) -> bytes:
    return b'{\n "name": "c",\n "type": "private_channel",\n "id": 1,\n "messages": [' + messages + b"]\n}"


def _texts(data: bytes) -> list[object]:
    return [message["text"] for message in load(data).chats[0].messages if isinstance(message, dict)]


def test_a_legal_export_is_not_touched() -> None:
    export = load(_document(rb'{"id": 1, "text": "C:\\x41 \u2028 \\u2028"}'))
    assert export.repairs == ()
    assert _texts(_document(rb'{"id": 1, "text": "C:\\x41 \u2028"}')) == ["C:\\x41 \u2028"]


def test_control_characters_written_in_hexadecimal_are_mended() -> None:
    data = _document(rb'{"id": 1, "text": "a\x0Bb\\x41 \\\x1f"}')
    assert _texts(data) == ["a\x0bb\\x41 \\\x1f"]
    assert load(data).repairs == (("hex_escape", 2),)


def test_line_separators_followed_by_their_own_bytes_are_mended() -> None:
    data = _document(b'{"id": 1, "text": "a\\u2028\x80\xa8b\\u2029\x80\xa9c\\\\u2028"}')
    assert _texts(data) == ["a\u2028b\u2029c\\u2028"]
    assert load(data).repairs == (("u2028_stray_bytes", 2),)


def test_a_bare_document_id_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram_json, "KEYS", telegram_json.KEYS | {"document_id", "x"})
    data = _document(
        b'\n{"id": 5, "text": [{"document_id": video_files/sticker (2).webm\n}, '
        b'{"document_id": a "b" \\c.webm,\n "x": 1}, {"document_id": null\n}]}'
    )
    (message,) = load(data).chats[0].messages
    assert isinstance(message, dict)
    assert message["text"] == [
        {"document_id": "video_files/sticker (2).webm"},
        {"document_id": 'a "b" \\c.webm', "x": 1},
        {"document_id": None},
    ]
    assert load(data).repairs == (("bare_document_id", 2),)


def test_a_text_that_talks_about_document_ids_is_left_alone() -> None:
    text = '"document_id": sticker.webm\n\\x0B'
    data = _document(json.dumps({"id": 1, "text": text}).encode()[:-1] + rb', "more": "\x0B"}')
    assert _texts(data) == [text]
    assert load(data).repairs == (("hex_escape", 1),)


def test_what_is_wrong_otherwise_stays_wrong_after_the_mending() -> None:
    with pytest.raises(ExportInvalid, match="not JSON at line 5") as caught:
        load(_document(rb'{"id": 1, "text": "\x0B" "stray"}'))
    assert caught.value.hint


def test_a_byte_order_mark_is_allowed() -> None:
    assert load(b"\xef\xbb\xbf" + _document(b"")).chats[0].messages == []


def test_chats_keep_their_order_and_ids_stay_whole_numbers() -> None:
    chats = [{"id": 5, "name": "a", "messages": []}, {"id": "6"}, {"id": True}, 7]
    export = load(json.dumps({"left_chats": {"list": chats[:1]}, "chats": {"list": chats}}).encode())
    assert [chat.id for chat in export.chats] == ["5", None, None, "5"]


def test_json_without_chats_is_no_export() -> None:
    with pytest.raises(NoExport):
        load(b'{"chats": {"list": 5}}')


def test_a_million_backslashes_do_not_take_long() -> None:
    with pytest.raises(ExportInvalid):
        load(_document(b'{"text": "' + b"\\" * 1_000_001 + b'"}'))
    with pytest.raises(ExportInvalid):
        load(_document(b'{"document_id": ' * 200_000))
