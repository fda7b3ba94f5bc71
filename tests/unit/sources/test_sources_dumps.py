"""Dumps of Telethon, Pyrogram, tdl and auto-archiver: each post as written, files only where they are proven.

All dumps here are synthetic, made by the documented field names of each program; real samples of tdl alone are in
../shared/samples (see `tests.telegram_samples`).
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from forensics.captures import compare
from forensics.model.capture import State
from forensics.model.provenance import Found, Passed, Post, SourceKind
from forensics.report import posting_time
from forensics.sources import discover, open_capture

MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42"


def telethon(number: int, **more: Any) -> dict[str, Any]:
    name, size = more.pop("name", "DJI_0042.MP4"), more.pop("size", len(MP4))
    return {
        "_": "Message",
        "id": number,
        "peer_id": {"_": "PeerChannel", "channel_id": 1811111111},
        "date": "2022-10-24T07:00:00+00:00",
        "message": "кадри",
        "fwd_from": {
            "_": "MessageFwdHeader",
            "date": "2022-10-24T06:00:00+00:00",
            "from_id": {"_": "PeerChannel", "channel_id": 1526452346},
            "channel_post": 1811,
        },
        "media": {
            "_": "MessageMediaDocument",
            "document": {
                "_": "Document",
                "id": 5352944579978990793,
                "date": "2022-10-24T05:06:40+00:00",
                "mime_type": "video/mp4",
                "size": size,
                "attributes": [{"_": "DocumentAttributeFilename", "file_name": name}],
            },
        },
        "views": 201,
        "edit_date": None,
        "grouped_id": 13124168329316322,
        "reply_to": {"_": "MessageReplyHeader", "reply_to_msg_id": 7},
        **more,
    }


def pyrogram(number: int, **more: Any) -> dict[str, Any]:
    return {
        "_": "Message",
        "id": number,
        "date": "2022-10-24 10:00:00",
        "edit_date": "2022-10-24 10:05:00",
        "chat": {"_": "Chat", "id": -1001811111111, "type": "ChatType.CHANNEL", "title": "Фронт"},
        "forward_from_chat": {"_": "Chat", "id": -1001526452346, "type": "ChatType.CHANNEL", "title": "Джерело"},
        "forward_from_message_id": 1811,
        "caption": "кадри",
        "video": {"file_unique_id": "AgADqQ4AAg", "file_name": "DJI_0042.MP4", "file_size": len(MP4)},
        **more,
    }


def _met(folder: Path) -> tuple[list[Found], list[Passed]]:
    met = list(discover([str(folder)]))
    return [one for one in met if isinstance(one, Found)], [one for one in met if isinstance(one, Passed)]


def _post(found: Found) -> Post:
    assert found.appearance.post is not None
    return found.appearance.post


def _place(folder: Path, dump: object, *names: str, lines: bool = False) -> None:
    messages = dump if lines and isinstance(dump, list) else [dump]
    (folder / "dump.json").write_text("\n".join(json.dumps(each) for each in messages))
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(MP4)


@pytest.mark.parametrize("lines", [False, True])
def test_a_telethon_dump_gives_the_file_of_its_name_and_size_the_post(tmp_path: Path, lines: bool) -> None:
    _place(tmp_path, [telethon(240), telethon(241, media=None)], "media/DJI_0042.MP4", lines=lines)
    (found,), passed = _met(tmp_path)
    assert passed == []
    assert found.appearance.kind is SourceKind.TELETHON
    assert _post(found) == Post(
        platform="telegram",
        channel=None,
        channel_id="1811111111",
        message_id="240",
        kind="message",
        posted_unixtime=1666594800,
        posted_local=None,
        caption="кадри",
        forwarded_from_id="channel1526452346",
        forwarded_message_id="1811",
        forwarded_unixtime=1666591200,
        views="201",
        album_id="13124168329316322",
        reply_to="7",
        server_file="document:5352944579978990793",
        server_date_unixtime=1666588000,
        source_offset=0 if lines else 1,
        source_length=len(json.dumps(telethon(240))),
    )


def test_dates_as_telethon_prints_them_without_a_t_are_read_too(tmp_path: Path) -> None:
    _place(tmp_path, [telethon(240, date="2022-10-24 07:00:00+00:00")], "DJI_0042.MP4")
    (found,), _ = _met(tmp_path)
    assert _post(found).posted_unixtime == 1666594800


def test_a_file_of_another_size_is_not_the_post_s(tmp_path: Path) -> None:
    _place(tmp_path, [telethon(240, size=len(MP4) + 1)], "DJI_0042.MP4")
    (found,), (passed,) = _met(tmp_path)
    assert found.appearance.post is None
    assert passed.code == "telegram.files_elsewhere"


def test_a_file_that_two_server_files_could_be_is_given_to_no_post(tmp_path: Path) -> None:
    other = telethon(241)
    other["media"]["document"]["id"] = 7
    _place(tmp_path, [telethon(240), other], "DJI_0042.MP4")
    (found,), passed = _met(tmp_path)
    assert found.appearance.kind is SourceKind.FILE
    assert "telegram.file_ambiguous" in [one.code for one in passed]


def test_one_server_file_in_two_posts_is_found_twice(tmp_path: Path) -> None:
    _place(tmp_path, [telethon(240), telethon(250)], "DJI_0042.MP4")
    found, passed = _met(tmp_path)
    assert [_post(one).message_id for one in found] == ["240", "250"]
    assert passed == []


def test_one_post_in_two_dumps_is_no_contradiction(tmp_path: Path) -> None:
    _place(tmp_path, [telethon(240)], "DJI_0042.MP4")
    (tmp_path / "other.json").write_text(json.dumps([pyrogram(240)]))
    found, passed = _met(tmp_path)
    assert [one.appearance.kind for one in found] == [SourceKind.TELETHON, SourceKind.PYROGRAM]
    assert passed == []


def test_two_files_that_fit_a_name_are_given_to_no_post(tmp_path: Path) -> None:
    _place(tmp_path, [telethon(240)], "a/DJI_0042.MP4", "b/DJI_0042.MP4")
    found, _ = _met(tmp_path)
    assert [one.appearance.post for one in found] == [None, None]


def test_a_pyrogram_time_has_no_zone_and_is_never_converted(tmp_path: Path) -> None:
    _place(tmp_path, [pyrogram(240)], "DJI_0042.MP4")
    (found,), passed = _met(tmp_path)
    assert passed == []
    post = _post(found)
    assert found.appearance.kind is SourceKind.PYROGRAM
    assert (post.posted_unixtime, post.posted_local, post.edited) == (None, "2022-10-24T10:00:00", True)
    assert posting_time(found.appearance) == (None, "local time without zone, as written: 2022-10-24T10:00:00")
    assert (post.channel, post.channel_id, post.forwarded_from_id) == ("Фронт", "1811111111", "channel1526452346")
    assert (post.forwarded_message_id, post.server_file) == ("1811", "file_unique_id:AgADqQ4AAg")


def test_tdl_s_file_names_tell_the_post(tmp_path: Path) -> None:
    dump = {"id": 1811111111, "messages": [{"id": 240, "type": "message", "file": "a b.mp4"}]}
    _place(tmp_path, dump, "1811111111_240_a_b.mp4", "a b.mp4", "1811111111_2400_a_b.mp4")
    found, passed = _met(tmp_path)
    kinds = {Path(one.path).name: one.appearance.kind for one in found}
    assert kinds == {
        "1811111111_240_a_b.mp4": SourceKind.TDL,
        "a b.mp4": SourceKind.FILE,
        "1811111111_2400_a_b.mp4": SourceKind.FILE,
    }
    assert passed == []


def test_auto_archiver_s_record_names_the_post_of_its_own_files(tmp_path: Path) -> None:
    record = {
        "status": "telethon: success",
        "metadata": {"url": "https://t.me/front_online/240", "api_data": telethon(240)},
        "media": [
            {"filename": "/tmp/a/front_online_240/240.mp4", "_key": "no-dups/17aa.mp4"},
            {"filename": "/tmp/a/front_online_240/241.mp4", "_key": "no-dups/18bb.mp4"},
        ],
    }
    _place(tmp_path, record, "17aa.mp4", "18bb.mp4")
    found, passed = _met(tmp_path)
    assert [(Path(one.path).name, one.appearance.kind) for one in found] == [
        ("17aa.mp4", SourceKind.AUTO_ARCHIVER),
        ("18bb.mp4", SourceKind.FILE),
    ]
    assert (_post(found[0]).public_page, _post(found[0]).message_id) == ("t.me/front_online/240", "240")
    assert passed == []


def test_a_private_address_makes_no_post_public(tmp_path: Path) -> None:
    record = {"metadata": {"url": "https://t.me/c/1811111111/240", "api_data": telethon(240)}}
    record["media"] = [{"filename": "240.mp4"}]  # type: ignore[assignment]
    _place(tmp_path, record, "240.mp4")
    (found,), _ = _met(tmp_path)
    assert _post(found).public_page is None


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (json.dumps([telethon(1)])[:-9], "telegram.export_cut"),
        (json.dumps([telethon(1)]) + "x", "input.export_invalid"),
        (json.dumps(telethon(1)) + "\n" + "[" * 1_000_000, "telegram.nested_too_deep"),
        (json.dumps(telethon(1)) + '\n{"a":"' + "x" * (1 << 21) + '"}', "telegram.message_too_large"),
        (json.dumps(telethon(1))[:-1] + ',"id":2}', "telegram.key_repeated"),
        (json.dumps(telethon(1))[:-1] + ',"x":"\\x0B"}', "input.export_invalid"),
    ],
)
def test_a_damaged_or_hostile_dump_tells_no_posts(tmp_path: Path, data: str, code: str) -> None:
    (tmp_path / "dump.json").write_text(data)
    (tmp_path / "DJI_0042.MP4").write_bytes(MP4)
    found, passed = _met(tmp_path)
    assert [one.appearance.kind for one in found] == [SourceKind.FILE]
    assert (code, True) in [(one.code, one.failed) for one in passed]


@pytest.mark.parametrize(
    "field",
    [
        {"date": "tomorrow"},
        {"date": 1e300},
        {"date": [1]},
        {"peer_id": {"_": "PeerChannel", "channel_id": "x" * 99}},
        {"fwd_from": 7},
        {"media": {"document": {"attributes": 3}}},
        {"message": {"a": 1}},
        {"id": True},
        {"id": 1 << 70},
    ],
)
def test_fields_of_other_kinds_are_unknown_and_raise_nothing(tmp_path: Path, field: dict[str, Any]) -> None:
    _place(tmp_path, [telethon(1), telethon(2, **field)], "DJI_0042.MP4")
    found, _ = _met(tmp_path)
    assert found


def test_a_link_beside_a_dump_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    _place(tmp_path / "folder", [telethon(1)])
    (tmp_path / "secret.mp4").write_bytes(MP4)
    os.symlink(tmp_path / "secret.mp4", tmp_path / "folder" / "DJI_0042.MP4")
    found, passed = _met(tmp_path / "folder")
    assert found == []
    assert "input.symlink" in [one.code for one in passed]


def test_an_export_in_a_folder_with_a_dump_is_read_by_its_own_reader(tmp_path: Path) -> None:
    _place(tmp_path, [telethon(1)], "DJI_0042.MP4")
    message = {"id": 1, "type": "message", "date_unixtime": "1657612800", "file": "a.mp4", "text": "x"}
    export = {"name": "c", "type": "public_channel", "id": 2, "messages": [message]}
    (tmp_path / "Chat").mkdir()
    (tmp_path / "Chat" / "result.json").write_text(json.dumps(export))
    (tmp_path / "Chat" / "a.mp4").write_bytes(MP4)
    found, passed = _met(tmp_path)
    assert [one.appearance.kind for one in found] == [SourceKind.TELETHON, SourceKind.TELEGRAM_EXPORT]
    assert passed == []


def _export(path: Path, numbers: tuple[int, ...], text: str = "кадри") -> None:
    at = {"date": "2022-10-24T10:00:00", "date_unixtime": "1666594800"}
    messages = [{"id": number, "type": "message", "text": text, **at} for number in numbers]
    chat = {"name": "Фронт", "type": "public_channel", "id": 1811111111, "messages": messages}
    path.write_text(json.dumps(chat))


def _states(old: Path, new: Path) -> list[tuple[tuple[State, ...], int | None]]:
    with open_capture(str(old)) as before, open_capture(str(new)) as after:
        return [(each.states, each.number) for each in compare(before, after)]


def test_a_dump_is_compared_with_an_export_of_the_same_channel_by_text_and_time(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    _export(old, (1, 2, 3, 4))
    new.write_text(json.dumps([telethon(1), telethon(3, message="інше"), telethon(4)]))
    assert _states(old, new) == [((State.ABSENT,), 2), ((State.TEXT_EDITED,), 3)]


def test_what_tdl_left_out_is_never_called_absent(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    peer = {"PeerID": {"ChannelID": 1811111111}, "Message": "кадри", "Date": 1666594800}
    _export(old, (1, 2, 3))
    messages = [{"id": number, "type": "message", "file": "a", "raw": peer} for number in (3, 1)]
    new.write_text(json.dumps({"id": 1811111111, "messages": messages}))
    assert _states(old, new) == [((State.NOT_COVERED,), None)]


def test_a_message_that_was_gone_when_it_was_asked_for_is_no_post(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    _export(old, (1, 2, 3))
    gone = {"_": "MessageEmpty", "id": 2, "peer_id": {"_": "PeerChannel", "channel_id": 1811111111}}
    new.write_text(json.dumps([telethon(1), gone, telethon(3)]))
    assert _states(old, new) == [((State.ABSENT,), 2)]
