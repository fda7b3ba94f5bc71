"""Telegram Desktop exports: posts, files, what is refused, what is left out, what is odd."""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from forensics.model.provenance import Found, Passed, Post, SourceKind
from forensics.sources import discover, telegram, telegram_survey, telegram_window

MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42"
NOON = {"date": "2022-07-12T11:00:00", "date_unixtime": "1657612800"}


def _message(number: int, file: object = None, **more: object) -> dict[str, Any]:
    told = {"id": number, "type": "message", **NOON, "from": "Sender", "text": ""}
    return told | ({} if file is None else {"file": file}) | more


def _chat(*messages: object, **more: object) -> dict[str, Any]:
    return {"name": "Хроніка", "type": "public_channel", "id": 1700000001, "messages": list(messages)} | more


def _put(path: Path, data: bytes = MP4) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _export(root: Path, document: object, *files: str) -> Path:
    _put(root / "result.json", document if isinstance(document, bytes) else json.dumps(document).encode())
    for name in files:
        _put(root / name)
    return root


def _read(*paths: Path | str) -> tuple[list[Found], list[Passed]]:
    met = list(discover([str(path) for path in paths]))
    return [one for one in met if isinstance(one, Found)], [one for one in met if isinstance(one, Passed)]


def _posts(found: list[Found]) -> list[Post]:
    return [one.appearance.post for one in found if one.appearance.post is not None]


def test_a_message_with_a_file_is_an_appearance_with_its_post(tmp_path: Path) -> None:
    message = _message(
        102,
        "video_files/DJI_0042.MP4",
        edited="2022-07-13T12:00:00",
        edited_unixtime="1657702800",
        author="Editor",
        forwarded_from="Другий канал",
        forwarded_from_id="channel5",
        reply_to_message_id=99,
        text=["Відео: ", {"type": "bold", "text": "елеватор"}, {"type": "custom_emoji", "text": "!"}],
    )
    found, passed = _read(_export(tmp_path, _chat(message), "video_files/DJI_0042.MP4"))
    assert passed == []
    (one,) = found
    assert one.appearance.kind is SourceKind.TELEGRAM_EXPORT
    assert one.path == f"{tmp_path}/video_files/DJI_0042.MP4"
    assert one.appearance.source == f"{tmp_path}/result.json"
    assert one.appearance.source_sha256 == hashlib.sha256((tmp_path / "result.json").read_bytes()).hexdigest()
    post = one.appearance.post
    assert post is not None
    assert post.source_offset is not None
    assert post.source_length is not None
    data = (tmp_path / "result.json").read_bytes()[post.source_offset :][: post.source_length]
    assert json.loads(data)["id"] == 102
    assert replace(post, source_offset=None, source_length=None) == Post(
        platform="telegram",
        channel="Хроніка",
        channel_id="1700000001",
        message_id="102",
        posted_unixtime=1657612800,
        posted_local="2022-07-12T11:00:00",
        edited_unixtime=1657702800,
        author="Editor",
        forwarded_from="Другий канал",
        forwarded_from_id="channel5",
        caption="Відео: елеватор!",
        channel_type="public_channel",
        kind="message",
        reply_to="99",
    )


def test_what_the_export_does_not_say_stays_unknown(tmp_path: Path) -> None:
    chat = {"type": "saved_messages", "id": 5, "messages": [{"id": -999999000, "file": "a.mp4", "from": None}]}
    (post,) = _posts(_read(_export(tmp_path, chat, "a.mp4"))[0])
    assert replace(post, source_offset=None, source_length=None) == Post(
        platform="telegram",
        channel=None,
        channel_type="saved_messages",
        channel_id="5",
        message_id="-999999000",
        posted_unixtime=None,
        posted_local=None,
    )


def test_a_file_that_two_posts_share_is_found_twice(tmp_path: Path) -> None:
    found, _ = _read(_export(tmp_path, _chat(_message(1, "v/a.mp4"), _message(2, "v/./a.mp4")), "v/a.mp4"))
    assert [(one.path, post.message_id) for one, post in zip(found, _posts(found), strict=True)] == [
        (f"{tmp_path}/v/a.mp4", "1"),
        (f"{tmp_path}/v/a.mp4", "2"),
    ]


def test_a_whole_account_gives_every_chat(tmp_path: Path) -> None:
    account = {
        "about": "Here is the data you requested.",
        "chats": {"about": "…", "list": [_chat(_message(1, "chats/chat_1/a.mp4"), id=1), {"id": 9}]},
        "left_chats": {"list": [_chat(_message(1, "chats/chat_2/b.mp4"), id=2)]},
    }
    found, passed = _read(_export(tmp_path, account, "chats/chat_1/a.mp4", "chats/chat_2/b.mp4", "profile/c.mp4"))
    assert [(post.channel_id, post.message_id) for post in _posts(found)] == [("1", "1"), ("2", "1")]
    assert [one.path for one in found if one.appearance.post is None] == [f"{tmp_path}/profile/c.mp4"]
    assert passed == []


def test_files_that_no_message_names_are_plain_and_parts_of_the_export_are_named_as_such(tmp_path: Path) -> None:
    message = _message(1, "v/a.mp4", thumbnail="v/a.mp4_thumb.jpg")
    lost = _message(2, "v/lost.mp4", thumbnail="v/lost.mp4_thumb.jpg")
    icons = ("images/media_video@2x.png", "images/back.png", "images/evidence.png")
    names = ("v/a.mp4", "v/a.mp4_thumb.jpg", "v/lost.mp4_thumb.jpg", "v/odd_thumb.jpg", "more/b.mp4", *icons)
    found, passed = _read(_export(tmp_path, _chat(message, lost), *names))
    plain = [os.path.relpath(one.path, tmp_path) for one in found if one.appearance.kind is SourceKind.FILE]
    assert plain == ["images/evidence.png", "more/b.mp4", "v/odd_thumb.jpg"]
    assert [(os.path.relpath(one.path, tmp_path), one.code, one.failed) for one in passed] == [
        ("result.json", "telegram.file_missing", True),
        ("images/back.png", "telegram.export_asset", False),
        ("images/media_video@2x.png", "telegram.export_asset", False),
        ("v/a.mp4_thumb.jpg", "telegram.thumbnail", False),
        ("v/lost.mp4_thumb.jpg", "telegram.thumbnail", False),
    ]


def test_the_json_file_given_by_itself_gives_its_posts_and_nothing_else_of_the_folder(tmp_path: Path) -> None:
    _export(tmp_path, _chat(_message(1, "v/a.mp4")), "v/a.mp4", "private.mp4")
    found, passed = _read(tmp_path / "result.json")
    assert [one.path for one in found] == [f"{tmp_path}/v/a.mp4"]
    assert passed == []
    (tmp_path / "result.json").rename(tmp_path / "renamed.JSON")
    assert [one.path for one in _read(tmp_path / "renamed.JSON")[0]] == [f"{tmp_path}/v/a.mp4"]


def test_an_export_inside_a_folder_is_read_as_an_export(tmp_path: Path) -> None:
    _export(tmp_path / "case" / "ChatExport_1", _chat(_message(1, "v/a.mp4")), "v/a.mp4")
    _put(tmp_path / "case" / "z.mp4")
    found, _ = _read(tmp_path / "case")
    assert [one.appearance.kind for one in found] == [SourceKind.TELEGRAM_EXPORT, SourceKind.FILE]


def test_an_export_inside_an_export_is_said_not_mixed(tmp_path: Path) -> None:
    _export(tmp_path, _chat(_message(1, "v/a.mp4")), "v/a.mp4")
    _export(tmp_path / "inner", _chat(_message(1, "v/b.mp4")), "v/b.mp4")
    found, passed = _read(tmp_path)
    assert len(found) == 1
    assert [(one.path, one.code, one.failed) for one in passed] == [
        (f"{tmp_path}/inner", "telegram.nested_export", True)
    ]


@pytest.mark.parametrize(
    "path",
    [
        "../outside.mp4",
        "v/../../outside.mp4",
        "/etc/passwd",
        "C:\\x.mp4",
        "C:x.mp4",
        "\\\\host\\share\\x.mp4",
        "v\\..\\x.mp4",
        "file:///etc/passwd",
        "http://127.0.0.1/a.mp4",
        "v/nul\0.mp4",
        "v/" + "a" * 252 + ".mp4",
        "v/" + "я" * 126 + ".mp4",
        ".",
        "./",
        "\udcff.mp4",
        "link.mp4",
        "folder/outside.mp4",
    ],
)
def test_a_path_that_could_lead_out_of_the_export_is_refused(tmp_path: Path, path: str) -> None:
    outside = _put(tmp_path / "outside.mp4")
    root = _export(tmp_path / "export", _chat(_message(7, path), _message(8, "v/ok.mp4")), "v/ok.mp4")
    (root / "link.mp4").symlink_to(outside)
    (root / "folder").symlink_to(tmp_path)
    found, passed = _read(root / "result.json")
    assert [post.message_id for post in _posts(found)] == ["8"]
    assert [(one.code, one.failed) for one in passed] == [("telegram.path_refused", True)]
    assert passed[0].message.startswith("message 7 of 'Хроніка': ")
    assert len(passed[0].message) < 700


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("(File not included. Change data exporting settings to download.)", "telegram.file_not_included"),
        ("(File exceeds maximum size. Change data exporting settings to download.)", "telegram.file_too_large"),
        ("(File unavailable, please try again later)", "telegram.file_unavailable"),
        ("(File eaten by the dog)", "telegram.placeholder_unknown"),
        ("", "telegram.file_unnamed"),
        (17, "telegram.file_unnamed"),
    ],
)
def test_a_file_that_was_not_exported_is_told_and_is_no_failure(tmp_path: Path, text: object, code: str) -> None:
    found, passed = _read(_export(tmp_path, _chat(_message(1, text))))
    assert not found
    assert [(one.path, one.code, one.failed) for one in passed] == [(f"{tmp_path}/result.json", code, False)]


def test_a_photo_is_a_file_and_a_document_without_media_is_passed_over_once(tmp_path: Path) -> None:
    root = _export(tmp_path, _chat(_message(1, photo="photos/p.jpg"), _message(2, "files/b.pdf"), _message(3)))
    _put(root / "photos" / "p.jpg", b"\xff\xd8\xff\xe0")
    _put(root / "files" / "b.pdf", b"%PDF")
    found, passed = _read(root)
    assert [Path(one.path).name for one in found] == ["p.jpg"]
    assert [(Path(one.path).name, one.code) for one in passed] == [("b.pdf", "input.not_media")]


def test_telemetry_pairs_across_the_folders_of_an_export(tmp_path: Path) -> None:
    messages = (_message(1, "video_files/DJI_0042.MP4"), _message(2, "files/DJI_0042.SRT"), _message(3, "files/X.SRT"))
    root = _export(tmp_path, _chat(*messages), "video_files/DJI_0042.MP4")
    for name in ("files/DJI_0042.SRT", "files/X.SRT", "files/beside.SRT"):
        _put(root / name, b"1\n")
    _put(root / "files" / "beside.mp4")
    found, passed = _read(root)
    assert {Path(one.path).name: one.sidecars for one in found} == {
        "DJI_0042.MP4": (f"{root}/files/DJI_0042.SRT",),
        "beside.mp4": (f"{root}/files/beside.SRT",),
    }
    assert [(Path(one.path).name, one.code) for one in passed] == [("X.SRT", "input.not_media")]
    assert {one.sidecars for one in _read(root / "result.json")[0]} == {(f"{root}/files/DJI_0042.SRT",)}


def test_telemetry_that_only_lies_beside_a_posts_clip_pairs_too(tmp_path: Path) -> None:
    root = _export(tmp_path, _chat(_message(1, "v/a.mp4")), "v/a.mp4")
    _put(root / "v" / "a.SRT", b"1\n")
    found, passed = _read(root)
    assert [one.sidecars for one in found] == [(f"{root}/v/a.SRT",)]
    assert passed == []


def test_a_name_in_another_case_or_unicode_form_is_found_and_flagged(tmp_path: Path) -> None:
    root = _export(tmp_path, _chat(_message(1, "V/E\u0301.MP4")), "v/é.mp4")
    found, passed = _read(root)
    assert [one.path for one in found] == [f"{root}/v/é.mp4"]
    assert [(one.code, one.failed) for one in passed] == [("telegram.path_respelled", False)]
    _put(root / "v" / "É.mp4")
    assert [one.code for one in _read(root / "result.json")[1]] == ["telegram.file_missing"]


def test_messages_that_are_none_are_told_and_their_files_taken_plain(tmp_path: Path) -> None:
    messages = ("text", None, {"file": "v/a.mp4"}, {"id": True, "file": "v/a.mp4"}, {"id": 1.5}, _message(3, "v/b.mp4"))
    found, passed = _read(_export(tmp_path, _chat(*messages), "v/a.mp4", "v/b.mp4"))
    assert [(Path(one.path).name, one.appearance.kind) for one in found] == [
        ("b.mp4", SourceKind.TELEGRAM_EXPORT),
        ("a.mp4", SourceKind.FILE),
    ]
    assert [(one.code, one.failed) for one in passed] == [("telegram.message_invalid", True)] * 5


def test_a_number_that_stands_twice_and_a_key_that_stands_twice_are_failures(tmp_path: Path) -> None:
    document = json.dumps(_chat(_message(1, "v/a.mp4", text="one"), _message(1, "v/a.mp4", text="two")))
    document = document.replace('"type": "message"', '"type": "message", "type": "message"', 1)
    found, passed = _read(_export(tmp_path, document.encode(), "v/a.mp4"))
    assert [post.caption for post in _posts(found)] == ["one", "two"]
    assert [(one.code, one.failed) for one in passed] == [
        ("telegram.key_repeated", True),
        ("telegram.message_repeated", True),
    ]


def test_texts_are_bounded_writable_and_said_to_be_changed(tmp_path: Path) -> None:
    long, broken = (
        _message(1, "v/a.mp4", text="x" * 20_000),
        _message(2, "v/a.mp4", text="bad \ud83d", date_unixtime="soon"),
    )
    found, passed = _read(_export(tmp_path, _chat(long, broken), "v/a.mp4"))
    first, second = _posts(found)
    assert first.caption == "x" * 16_384
    assert (second.caption, second.posted_unixtime) == ("bad \ufffd", None)
    assert [(one.code, one.failed) for one in passed] == [
        ("telegram.text_cut", False),
        ("telegram.text_replaced", False),
        ("telegram.time_invalid", False),
    ]


def test_clocks_of_one_zone_pass_and_an_edited_one_is_told(tmp_path: Path) -> None:
    winter = {"date": "2023-01-11T13:20:00", "date_unixtime": "1673436000"}  # UTC+2, noon above is UTC+3
    honest = _chat(_message(1, "a.mp4"), _message(2, "a.mp4", **winter))
    edited = _chat(_message(1, "a.mp4"), _message(2, "a.mp4", date="2022-07-12T11:07:00"))
    moved = _chat(_message(1, "a.mp4"), _message(2, "a.mp4", date="2022-07-12T16:00:00"))
    codes = [
        [one.code for one in _read(_export(tmp_path / name, chat, "a.mp4"))[1]]
        for name, chat in (("honest", honest), ("edited", edited), ("moved", moved))
    ]
    assert codes == [[], ["telegram.clock_inconsistent"], ["telegram.clock_inconsistent"]]


@pytest.mark.parametrize(
    ("data", "reason", "code"),
    [
        (b"", "not JSON", "telegram.export_cut"),
        (b"[" * 100_000, "nested deeper", "telegram.nested_too_deep"),
        (b'{"messages":' + b"[" * 100_000, "nested deeper", "telegram.nested_too_deep"),
        (b'{"messages": [{"id": 1, "file": "a', "ends inside the value at byte 14", "telegram.export_cut"),
        (b'{"messages": [{"id": ' + b"9" * 5000 + b"}]}", "not JSON", "input.export_invalid"),
        (b'{"messages": [{"id": NaN}]}', "no JSON number", "input.export_invalid"),
        (b'{"messages": [{"text": "\xff"}]}', "not UTF-8 at byte", "input.export_invalid"),
        ('{"messages": []}'.encode("utf-16"), "not UTF-8 at byte", "input.export_invalid"),
        (b'{"messages": [{"text": "\\x4"}]}', "not JSON", "input.export_invalid"),
    ],
)
def test_an_export_that_cannot_be_read_is_a_failure_and_its_media_are_plain_files(
    tmp_path: Path, data: bytes, reason: str, code: str
) -> None:
    root = _export(tmp_path, data, "v/a.mp4", "v/a.mp4_thumb.jpg")
    found, passed = _read(root)
    assert [(one.path, one.appearance.kind, one.appearance.post) for one in found] == [
        (f"{root}/v/a.mp4", SourceKind.FILE, None)
    ]
    assert [(one.path, one.code, one.failed) for one in passed] == [
        (f"{root}/result.json", code, True),
        (str(root), "telegram.posts_unknown", True),
        (f"{root}/v/a.mp4_thumb.jpg", "telegram.thumbnail", False),
    ]
    assert reason in passed[0].message
    found, passed = _read(root / "result.json")
    assert [(one.code, one.failed) for one in passed] == [(code, True)]
    assert [(one.path, one.appearance.kind) for one in found] == [(f"{root}/result.json", SourceKind.FILE)]


def test_an_export_with_a_message_beyond_the_limit_is_refused_by_name(tmp_path: Path) -> None:
    root = _export(tmp_path, _chat(_message(1, "v/a.mp4"), _message(2, text="x" * telegram_window.MAX_VALUE_BYTES)))
    _put(root / "v" / "a.mp4")
    found, passed = _read(root)
    assert [one.appearance.kind for one in found] == [SourceKind.FILE]
    assert [one.code for one in passed] == ["telegram.message_too_large", "telegram.posts_unknown"]


def test_an_export_that_changes_while_it_is_read_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = _export(tmp_path, _chat(_message(1, "v/a.mp4")), "v/a.mp4")
    once = telegram.survey

    def then_written(fd: int) -> telegram_survey.Survey:
        seen = once(fd)
        data = (root / "result.json").read_bytes()
        (root / "result.json").write_bytes(data.replace(b"Sender", b"sender"))
        return seen

    monkeypatch.setattr(telegram, "survey", then_written)
    assert [(one.code, one.failed) for one in _read(root)[1]] == [("input.changed_while_reading", True)]


@pytest.mark.parametrize("document", [{"results": [1]}, [1, 2], "text", 7, {"chats": 3}])
def test_a_result_json_of_another_program_leaves_a_plain_folder(tmp_path: Path, document: object) -> None:
    found, passed = _read(_export(tmp_path, document, "a.mp4"))
    assert [one.appearance.kind for one in found] == [SourceKind.FILE]
    assert [(one.code, one.failed) for one in passed] == [("telegram.no_export", False)]
    found, passed = _read(tmp_path / "result.json")
    assert [one.path for one in found] == [f"{tmp_path}/result.json"]
    assert passed == []


def test_a_linked_result_json_is_not_followed(tmp_path: Path) -> None:
    _export(tmp_path / "real", _chat(_message(1, "v/a.mp4")), "v/a.mp4")
    _put(tmp_path / "fake" / "b.mp4")
    (tmp_path / "fake" / "result.json").symlink_to(tmp_path / "real" / "result.json")
    found, passed = _read(tmp_path / "fake")
    assert [Path(one.path).name for one in found] == ["b.mp4"]
    assert [one.code for one in passed] == ["input.symlink"]
