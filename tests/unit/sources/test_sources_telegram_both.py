"""result.json with messages.html beside it: one account of each post, and what the two tell otherwise."""

import hashlib
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from forensics.model.capture import CapturedPost, Change
from forensics.model.provenance import Found, Passed, Post, SourceKind
from forensics.sources import discover, open_capture
from forensics.sources.telegram_both import differences

MP4 = b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + b"\0\0\0\x08mdat"
FORWARD = (
    '<div class="forwarded body"><div class="from_name">Origin <span class="date details" '
    'title="11.07.2022 09:00:00 UTC+02:00">11.07.2022 09:00:00</span></div>'
    '<div class="media_wrap"><a class="video_file_wrap" href="v/a.mp4"></a></div><div class="text">five</div></div>'
)


def _message(number: int, **more: object) -> dict[str, object]:
    plain = {"date": "2022-07-12T11:00:00", "date_unixtime": "1657612800", "from": "Chat", "from_id": "channel5"}
    return {"id": number, "type": "message", **plain, "text": str(number), **more}


def _div(number: int, inside: str | None = None, *, file: str = "", time: str = "11:00:00 UTC+02:00") -> str:
    date = f'<div class="pull_right date details" title="12.07.2022 {time}">11:00</div>'
    wrap = f'<div class="media_wrap clearfix"><a class="video_file_wrap" href="{file}"></a></div>' if file else ""
    text = f'<div class="text">\n{number}\n</div>' if inside is None else inside
    return f'<div class="message default" id="message{number}"><div class="body">{date}{wrap}{text}</div></div>'


def _export(folder: Path, messages: list[dict[str, object]], divs: list[str], *, title: str = "Chat") -> Path:
    document = {"name": "Chat", "type": "public_channel", "id": 5, "messages": messages}
    folder.mkdir(exist_ok=True)
    (folder / "result.json").write_text(json.dumps(document, indent=1), "utf-8")
    head = f'<html><body><div class="page_header"><div class="text bold">\n{title}\n</div></div>'
    (folder / "messages.html").write_text(head + "".join(divs) + "</body></html>", "utf-8")
    (folder / "v").mkdir(exist_ok=True)
    (folder / "v/a.mp4").write_bytes(MP4)
    return folder


def _read(folder: Path) -> tuple[list[Found], list[tuple[str, str]]]:
    met = list(discover([str(folder)]))
    passed = [(one.code, one.message) for one in met if isinstance(one, Passed) and one.failed]
    return [one for one in met if isinstance(one, Found)], passed


def _captured(folder: Path, zone: ZoneInfo | None = None) -> tuple[list[tuple[str, str]], list[CapturedPost]]:
    with open_capture(str(folder), zone) as capture:
        (chat,) = capture.about.chats
        posts = [capture.post(chat.key, number) for number in capture.columns(chat.key).numbers.tolist()]
        return [(notice.code, notice.message) for notice in capture.about.notices], posts


def test_both_accounts_are_one_that_says_where_each_field_was_read(tmp_path: Path) -> None:
    forwarded = _message(5, text="five", file="v/a.mp4", forwarded_from="Origin")
    folder = _export(tmp_path / "e", [_message(4), forwarded], [_div(4), _div(5, FORWARD)])
    page = (folder / "messages.html").read_bytes()
    found, failed = _read(folder)
    assert failed == []
    (one,) = found
    post, second = one.appearance.post, one.appearance.post and one.appearance.post.second
    assert post is not None
    assert second is not None
    assert one.appearance.kind is SourceKind.TELEGRAM_EXPORT
    assert (post.posted_unixtime, post.channel_id, post.forwarded_from) == (1657612800, "5", "Origin")
    assert (post.forwarded_unixtime, post.forwarded_candidates) == (None, (1657519200, 1657522800))
    assert (second.document, second.fields, second.differs) == ("messages.html", ("forwarded_candidates",), ())
    assert second.sha256 == hashlib.sha256(page).hexdigest()
    assert second.source_offset is not None
    assert second.source_length is not None
    told = page[second.source_offset : second.source_offset + second.source_length]
    assert told.startswith(b'<div class="message default" id="message5">')
    notices, posts = _captured(folder, ZoneInfo("Europe/Kyiv"))
    assert notices == []
    assert posts[1].document == "result.json"
    assert posts[1].post.forwarded_unixtime == 1657519200
    assert posts[1].post.second is not None
    assert posts[1].post.second.fields == ("forwarded_unixtime",)


@pytest.mark.parametrize(
    ("div", "field"),
    [
        (_div(2, '<div class="text">other</div>', file="v/a.mp4"), "caption"),
        (_div(2, file="v/b.mp4"), "media"),
        (_div(2), "media"),
        (_div(2, file="v/a.mp4", time="12:30:00 UTC+02:00"), "posted_local"),
        (_div(2, file="v/a.mp4", time="11:00:00 UTC+05:00"), "posted_unixtime"),
        (_div(2, file="v/a.mp4").replace("message default", "message service"), "kind"),
    ],
)
def test_what_the_two_tell_otherwise_is_named_and_neither_is_believed(tmp_path: Path, div: str, field: str) -> None:
    messages = [_message(1), _message(2, file="v/a.mp4"), _message(3)]
    folder = _export(tmp_path / "e", messages, [_div(1), div, _div(3)])
    found, failed = _read(folder)
    assert ("telegram.accounts_differ", field) in {(code, message.split("'")[1]) for code, message in failed}
    assert all("in 1 posts" in message and "message 2" in message for _, message in failed)
    post = next(one.appearance.post for one in found if one.path.endswith("a.mp4"))
    assert post is not None
    assert post.second is not None
    assert field in post.second.differs
    notices, posts = _captured(folder)
    assert notices == failed
    assert [each.post.second and field in each.post.second.differs for each in posts] == [False, True, False]


def test_posts_that_only_one_of_the_two_has_are_counted(tmp_path: Path) -> None:
    folder = _export(tmp_path / "e", [_message(1), _message(2), _message(3)], [_div(1), _div(3), _div(4), _div(5)])
    expected = [
        ("telegram.accounts_differ", "1 messages stand in result.json only, not on the pages beside it; first 2"),
        ("telegram.accounts_differ", "2 posts stand on the pages only, not in the result.json beside them"),
    ]
    assert _read(folder)[1] == expected
    assert _captured(folder)[0] == expected


def test_pages_of_another_chat_are_not_joined(tmp_path: Path) -> None:
    folder = _export(tmp_path / "e", [_message(1, file="v/a.mp4")], [_div(1, file="v/a.mp4")], title="Other")
    found, failed = _read(folder)
    assert [code for code, _ in failed] == ["telegram.accounts_apart"]
    assert [one.appearance.post and one.appearance.post.second for one in found] == [None]
    assert [code for code, _ in _captured(folder)[0]] == ["telegram.accounts_apart"]


def test_posts_in_another_order_than_the_pages_do_not_have_a_page_read_for_each(tmp_path: Path) -> None:
    folder = _export(tmp_path / "e", [_message(10 * (n % 4) + n // 4 + 1) for n in range(40)], [])
    for page in range(4):
        head = '<html><body><div class="page_header"><div class="text bold">\nChat\n</div></div>'
        divs = "".join(_div(10 * page + n + 1) for n in range(10))
        name = f"messages{page + 1 if page else ''}.html"
        (folder / name).write_text(head + divs + "</body></html>", "utf-8")
    ((code, message),) = _read(folder)[1]
    assert code == "telegram.accounts_apart"
    assert "23 were not joined" in message
    assert _captured(folder)[0] == [], "a comparison asks for posts by number"


def test_a_cut_page_calls_no_post_behind_the_cut_one_of_the_json_only(tmp_path: Path) -> None:
    folder = _export(tmp_path / "e", [_message(n) for n in range(1, 5)], [_div(n) for n in range(1, 5)])
    page = (folder / "messages.html").read_text("utf-8")
    (folder / "messages.html").write_text(page[: page.index('id="message3"') + 40], "utf-8")
    assert [code for code, _ in _read(folder)[1]] == ["telegram.capture_cut"]


def test_white_space_and_what_one_format_never_tells_are_no_difference() -> None:
    def told(**more: object) -> CapturedPost:
        base: dict[str, object] = {"platform": "telegram", "channel": "c", "channel_id": None, "message_id": "1"}
        base |= {"posted_unixtime": None, "posted_local": None, "kind": "message"}
        return CapturedPost(number=1, post=Post(**{**base, **more}))  # type: ignore[arg-type]

    assert differences(told(caption="a  b\n", author="signed"), told(caption="a b", author="Chat")) == ()
    assert differences(told(kind="unsupported"), told(caption="a b")) == ()
    changed = differences(told(forwarded_from="A"), told(forwarded_from="B"))
    assert changed == (Change(field="forwarded_from", old="A", new="B"),)
