"""telegram diff, through the real command line."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

HOSTILE = "\u202egpj.exe \x1b[31m<script>alert(1)</script>\n| forged"


def _message(number: int, text: str = "", **more: object) -> dict[str, Any]:
    return {
        "id": number, "type": "message", "date": "2022-07-12T11:00:00", "date_unixtime": "1657612800",
        "from": "c", "from_id": "channel5", "text": text or str(number), **more,
    }  # fmt: skip


def _put(folder: Path, *messages: dict[str, Any], **more: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    chat = {"name": "c", "type": "public_channel", "id": 5, "messages": list(messages)} | more
    (folder / "result.json").write_text(json.dumps(chat, indent=1), "utf-8")
    return folder


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    old = _put(tmp_path / "old", *(_message(n) for n in range(1, 6)))
    new = _put(tmp_path / "new", _message(1), _message(2, HOSTILE), _message(4), _message(5), name=HOSTILE)
    return old, new


def test_the_shared_pair_gives_what_is_expected_of_it(forensics, shared: Path) -> None:
    folder = shared / "samples" / "tdesktop_synth" / "pair_a"
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    old, new = folder / "export_2022-07-12", folder / "export_2022-07-14"
    done = forensics("telegram", "diff", old, new, "--json")
    assert done.code == 0, done.err
    by_state: dict[str, list[int]] = {}
    for line in done.of("difference"):
        for state in line["states"]:
            numbers = [n for low, high in line["ranges"] for n in range(low, high + 1)] or [line["id"]]
            by_state.setdefault(state, []).extend(numbers)
    assert by_state == {
        "absent_in_coverage": expected["deleted"],
        "text_edited": expected["edited"],
        "added": expected["added"],
        "id_never_seen": expected["gap_ids_in_both"],
    }
    assert [line["album"] for line in done.of("difference") if line["album"]] == expected["album_inferred"]
    (summary,) = done.of("summary")
    for which, export in (("old", old), ("new", new)):
        assert summary[which]["sha256"] == hashlib.sha256((export / "result.json").read_bytes()).hexdigest()
        assert {each["seconds"] for each in summary[which]["utc_offsets"]} == {60 * expected["utc_offset_minutes"]}
    assert "deleted" not in done.out.replace("\\u0442", "")


def test_lines_say_what_where_and_on_which_ground(forensics, pair: tuple[Path, Path]) -> None:
    done = forensics("telegram", "diff", *pair, "--json")
    assert done.code == 0, done.err
    renamed, absent, edited = done.of("difference")
    assert renamed["states"] == ["renamed_chat"]
    assert (absent["states"], absent["id"], absent["neighbours"]) == (["absent_in_coverage"], 3, [2, 4])
    old = (pair[0] / "result.json").read_bytes()
    post = absent["old"]["post"]
    assert json.loads(old[post["offset"] :][: post["length"]])["id"] == 3
    assert absent["old"]["sha256"] == hashlib.sha256(old).hexdigest()
    assert absent["new"]["post"] is None
    assert [change["new"] for change in edited["changes"]] == [HOSTILE]
    (summary,) = done.of("summary")
    assert summary["states"] == {"absent_in_coverage": 1, "renamed_chat": 1, "text_edited": 1}
    assert summary["old"]["path"] == f"{pair[0]}/result.json"


def test_nothing_foreign_acts_on_a_terminal_or_on_the_page(forensics, pair: tuple[Path, Path], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = forensics("telegram", "diff", *pair, "--html", page)
    assert done.code == 0, done.err
    text = page.read_text("utf-8")
    for told in (done.out, text):
        assert not {"\u202e", "\x1b"} & {*told}
    assert "<script" not in text
    assert "Why a post is absent, or who changed it, is not in these files" in text
    for export in pair:
        digest = hashlib.sha256((export / "result.json").read_bytes()).hexdigest()
        assert digest in text.replace("</span><wbr><span>", "")
    again = forensics("telegram", "diff", *pair, "--html", page)
    assert (again.code, page.read_text("utf-8")) == (0, text)


def test_many_changes_of_one_kind_do_not_push_an_absent_post_off_the_page(forensics, tmp_path: Path) -> None:
    old = _put(tmp_path / "old", *(_message(n) for n in range(1, 604)))
    edited = [_message(n, f"edited {n}") for n in range(1, 601)]
    late = {"name": "d", "type": "public_channel", "id": 6}
    both = [json.loads((old / "result.json").read_text("utf-8")), late | {"messages": [_message(n) for n in (1, 2, 3)]}]
    (old / "result.json").write_text(json.dumps({"chats": {"list": both}}, indent=1), "utf-8")
    new = _put(tmp_path / "new", *edited, *(_message(n) for n in (601, 602, 603)))
    both = [json.loads((new / "result.json").read_text("utf-8")), late | {"messages": [_message(n) for n in (1, 3)]}]
    (new / "result.json").write_text(json.dumps({"chats": {"list": both}}, indent=1), "utf-8")
    page = tmp_path / "page.html"
    done = forensics("telegram", "diff", old, new, "--json", "--html", page)
    assert done.of("summary")[0]["states"] == {"absent_in_coverage": 1, "text_edited": 600}
    text = page.read_text("utf-8")
    assert "501 of 601 are shown" in text
    assert text.index("absent in coverage:") < text.index("text edited:")


def test_a_comparison_in_a_case_is_logged_with_both_digests(forensics, pair: tuple[Path, Path], tmp_path: Path) -> None:
    case = tmp_path / "case"
    assert forensics("init", case, "--case-id", "T-1", "--operator", "tester").code == 0
    done = forensics("telegram", "diff", *pair, "-c", case)
    assert done.code == 0, done.err
    lines = [json.loads(line) for line in (case / "log/custody.jsonl").read_text("utf-8").splitlines()]
    (event,) = (line for line in lines if line["event"] == "capture comparison")
    digests = [hashlib.sha256((export / "result.json").read_bytes()).hexdigest() for export in pair]
    assert [event["detail"]["old"], event["detail"]["new"]] == digests
    assert event["detail"]["absent_in_coverage"] == 1
    assert forensics("verify", case).code == 0


def test_a_cut_capture_says_so_and_calls_nothing_absent_behind_the_cut(forensics, pair: tuple[Path, Path]) -> None:
    path = pair[1] / "result.json"
    path.write_bytes((pair[0] / "result.json").read_bytes()[:-100])
    done = forensics("telegram", "diff", *pair, "--json")
    assert done.code == 3
    (line,) = done.of("difference")
    assert (line["states"], line["ranges"]) == (["not_covered"], [[5, 5]])
    assert "before its file ends" in line["reason"]
    (summary,) = done.of("summary")
    assert [notice["code"] for notice in summary["notices"]] == ["telegram.capture_cut"]
    assert summary["new"]["chats"][0]["complete"] is False
    assert "[telegram.capture_cut]" in done.err


def test_an_export_of_ones_own_messages_makes_nothing_absent(forensics, tmp_path: Path) -> None:
    group = {"type": "private_supergroup", "name": "g"}
    messages = [_message(n, from_id=f"user{n % 2}") for n in range(1, 8)]
    old = _put(tmp_path / "old", *messages, **group)
    new = _put(tmp_path / "new", *messages[::2], **group)
    done = forensics("telegram", "diff", old, new, "--json")
    (line,) = done.of("difference")
    assert (line["states"], line["count"]) == (["not_covered"], 3)
    assert "one sender" in line["reason"]


def test_captures_in_the_wrong_order_and_without_a_common_chat_are_said(forensics, tmp_path: Path) -> None:
    old = _put(tmp_path / "old", _message(1, edited_unixtime="1700000000"))
    new = _put(tmp_path / "new", _message(1), id=6)
    done = forensics("telegram", "diff", old, new, "--json")
    assert done.code == 3
    codes = {notice["code"] for notice in done.of("summary")[0]["notices"]}
    assert codes == {"telegram.capture_order", "telegram.no_common_chat"}
    assert [line["states"] for line in done.of("difference")] == [["not_covered"], ["added"]]


@pytest.mark.parametrize("data", [None, b"", b"{}", b'{"messages": [', b"\xff\xfe"])
def test_what_is_no_capture_is_a_usage_error(forensics, tmp_path: Path, data: bytes | None) -> None:
    old = _put(tmp_path / "old", _message(1))
    if data is not None:
        (tmp_path / "new.json").write_bytes(data)
    done = forensics("telegram", "diff", old, tmp_path / "new.json", "--json")
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("forensics: ")


@pytest.mark.parametrize("kind", ["an id that is text", "a second place of the chat"])
def test_what_stands_in_the_later_file_unread_is_never_called_absent(forensics, tmp_path: Path, kind: str) -> None:
    old, new = _put(tmp_path / "old", *(_message(n) for n in (1, 2, 3))), tmp_path / "new"
    if kind == "an id that is text":
        _put(new, _message(1), _message(2) | {"id": "2"}, _message(3))
    else:
        new.mkdir()
        chat = {"name": "c", "type": "public_channel", "id": 5}
        both = [chat | {"messages": [_message(1), _message(3)]}, chat | {"messages": [_message(2)]}]
        (new / "result.json").write_text(json.dumps({"chats": {"list": both}}), "utf-8")
    done = forensics("telegram", "diff", old, new, "--json")
    assert done.code == 3
    (line,) = done.of("difference")
    assert (line["states"], line["ranges"]) == (["not_covered"], [[2, 2]])
    assert "any number may be theirs" in line["reason"]
    back = forensics("telegram", "diff", new, old, "--json")
    assert [line["states"] for line in back.of("difference")] == [["added"]], "nor does such a capture call one late"


def test_polls_and_places_are_compared_and_what_is_not_is_counted(forensics, tmp_path: Path) -> None:
    poll = {"question": "a", "total_voters": 1, "answers": [{"text": "x", "voters": 1}]}
    place = {"latitude": 50.1, "longitude": 30.1}
    old = _put(
        tmp_path / "old", _message(1, poll=poll), _message(2, poll=poll), _message(3, location_information=place),
        _message(4), _message(5),
    )  # fmt: skip
    voted = poll | {"total_voters": 9, "answers": [{"text": "x", "voters": 9}]}
    new = _put(
        tmp_path / "new", _message(1, poll=voted), _message(2, poll=poll | {"question": "b"}),
        _message(3, location_information=place | {"latitude": 50.2}), _message(4, reactions=[{"emoji": "x"}]),
        _message(5, date_unixtime="soon"),
    )  # fmt: skip
    done = forensics("telegram", "diff", old, new, "--json")
    told = [(line["id"], line["states"], [each["field"] for each in line["changes"]]) for line in done.of("difference")]
    assert told == [(2, ["other_fields_changed"], ["poll"]), (3, ["other_fields_changed"], ["location_information"])]
    (summary,) = done.of("summary")
    assert summary["unlisted"] == 3
    assert [notice["code"] for notice in summary["notices"]] == ["telegram.time_invalid"]


@pytest.fixture
def filed(tmp_path: Path) -> tuple[Path, Path]:
    """Two exports of five posts with files: 1 alike, 2 other bytes, 3 absent later, 4 not at hand later, 5 refused."""
    posts = [_message(n, file=f"v/{n}.mp4", media_type="video_file") for n in range(1, 5)]
    posts.append(_message(5, file="../secret.mp4"))
    folders = []
    (tmp_path / "secret.mp4").write_bytes(b"s")
    for name, left in (("old", posts), ("new", [post for post in posts if post["id"] != 3])):
        folder = _put(tmp_path / name, *left)
        (folder / "v").mkdir()
        for post in left[:4]:
            number = int(post["id"])
            if number < 4 or name == "old":
                (folder / f"v/{number}.mp4").write_bytes(f"{number}{name if number == 2 else ''}".encode())
        folders.append(folder)
    return folders[0], folders[1]


def test_files_of_a_post_in_both_are_compared_by_their_bytes(forensics, filed: tuple[Path, Path], tmp_path) -> None:
    page = tmp_path / "page.html"
    done = forensics("telegram", "diff", *filed, "--json", "--html", page)
    assert done.code == 0, done.err
    assert [(line["id"], line["states"]) for line in done.of("difference")] == [
        (3, ["absent_in_coverage"]), (2, ["file_differs"])
    ]  # fmt: skip
    absent, differs = done.of("difference")
    digests = [hashlib.sha256(data).hexdigest() for data in (b"3", b"2old", b"2new")]
    assert absent["old"]["post"]["media"][0]["sha256"] == digests[0]
    assert differs["changes"] == [{"field": "file.sha256", "old": digests[1], "new": digests[2]}]
    assert [differs[which]["post"]["media"][0]["sha256"] for which in ("old", "new")] == digests[1:]
    assert done.of("summary")[0]["files"] == {"differ": 1, "equal": 1, "not_at_hand": 2}
    assert digests[2] in page.read_text("utf-8").replace("</span><wbr><span>", "")
    plain = forensics("telegram", "diff", *filed)
    assert "files of posts that both name: 1 equal, 1 not, 2 not compared" in plain.out


def test_files_are_left_alone_when_asked_and_a_link_is_not_followed(forensics, filed: tuple[Path, Path]) -> None:
    done = forensics("telegram", "diff", *filed, "--json", "--no-files")
    assert [line["id"] for line in done.of("difference")] == [3]
    assert done.of("summary")[0]["files"] is None
    (filed[1] / "v/2.mp4").unlink()
    (filed[1] / "v/2.mp4").symlink_to(filed[0] / "v/1.mp4")
    linked = forensics("telegram", "diff", *filed, "--json")
    assert linked.of("summary")[0]["files"] == {"differ": 0, "equal": 1, "not_at_hand": 3}
    assert [line["id"] for line in linked.of("difference")] == [3]


def _html(number: int, text: str, time: str = "12.07.2022 11:00:00 UTC+02:00") -> str:
    return (
        f'<div class="message default clearfix" id="message{number}"><div class="body"><div class="pull_right date '
        f'details" title="{time}">11:00</div><div class="from_name">c</div><div class="text">{text}</div></div></div>'
    )


def test_an_html_export_is_compared_with_a_json_export_of_the_same_chat(forensics, tmp_path: Path) -> None:
    old = _put(tmp_path / "old", _message(1), _message(2), _message(3), _message(4))
    new = tmp_path / "new"
    new.mkdir()
    head = '<html><div class="page_header"><div class="text bold">c</div></div>'
    late = _html(4, "4", "12.07.2022 12:00:01 UTC+02:00")
    (new / "messages.html").write_text(head + _html(1, "1") + _html(3, "other") + late + "</html>", "utf-8")
    done = forensics("telegram", "diff", old, new, "--json")
    assert done.code == 3, done.err
    assert [(line["id"], line["states"]) for line in done.of("difference")] == [
        (2, ["absent_in_coverage"]), (3, ["text_edited"]), (4, ["time_changed"])
    ]  # fmt: skip
    assert done.of("difference")[1]["new"]["post"]["document"] == "messages.html"
    assert [notice["code"] for notice in done.of("summary")[0]["notices"]] == ["telegram.chat_by_name"]
    zoned = forensics("telegram", "diff", old, new, "--json", "--export-tz", "Europe/Kyiv")
    post = zoned.of("difference")[1]["new"]["post"]
    assert (post["posted_unixtime"], post["posted_candidates"]) == (1657612800, [])
    assert forensics("telegram", "diff", old, new, "--export-tz", "Nowhere/Land").code == 2
