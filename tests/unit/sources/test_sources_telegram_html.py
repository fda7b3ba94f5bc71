"""Telegram Desktop's HTML: joined messages, dividers, forwards, files, and times that are an hour off in summer."""

import hashlib
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from forensics.errors import ExportInvalid
from forensics.model.capture import Captured, CapturedPost, MediaState, PostMedia
from forensics.model.provenance import Found, Passed, SourceKind
from forensics.report import posting_time
from forensics.sources import discover, open_capture
from forensics.sources.telegram_html_posts import times_of
from forensics.sources.telegram_page import MAX_DEPTH, MAX_MESSAGE_CHARACTERS, MAX_PAGE_MESSAGES, messages_of

KYIV = ZoneInfo("Europe/Kyiv")


def _page(*messages: str, title: str = "Chat") -> str:
    head = '<div class="page_header"><div class="content"><div class="text bold">\n{}\n</div></div></div>'
    return "<!DOCTYPE html><html><body>" + head.format(title) + "\n".join(messages) + "</body>\n</html>\n"


def _message(number: int, inside: str = "", time: str = "12.07.2022 11:00:00 UTC+02:00", more: str = "default") -> str:
    date = f'<div class="pull_right date details" title="{time}">11:00</div>'
    return f'<div class="message {more} clearfix" id="message{number}"><div class="body">{date}{inside}</div></div>'


def _name(name: str) -> str:
    return f'<div class="from_name">\n{name} \n</div>'


def _text(text: str) -> str:
    return f'<div class="text">\n{text}\n</div>'


def _read(folder: Path, *pages: str | bytes, zone: ZoneInfo | None = None) -> tuple[Captured, list[CapturedPost]]:
    folder.mkdir(exist_ok=True)
    for number, page in enumerate(pages, 1):
        path = folder / f"messages{number if number > 1 else ''}.html"
        path.write_bytes(page.encode() if isinstance(page, str) else page)
    with open_capture(str(folder), zone) as capture:
        (chat,) = capture.about.chats
        numbers = capture.columns(chat.key).numbers.tolist()
        return capture, [capture.post(chat.key, number) for number in numbers]


def test_the_shared_page_is_read_to_its_truth(shared: Path) -> None:
    folder = shared / "samples" / "tdesktop_synth" / "html_kyiv"
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    truth = {int(number): time for number, time in expected["true_unix"].items()}
    with open_capture(str(folder)) as capture:
        (chat,) = capture.about.chats
        posts = [capture.post(chat.key, number) for number in capture.columns(chat.key).numbers.tolist()]
    assert {post.number for post in posts} == truth.keys()
    for post in posts:
        assert post.post.posted_unixtime is None
        assert truth[post.number] in post.post.posted_candidates
    with open_capture(str(folder), ZoneInfo(expected["zone"])) as capture:
        posts = [capture.post(chat.key, number) for number in truth]
    assert {post.number: post.post.posted_unixtime for post in posts} == truth
    forwards = {post.number: post.post.forwarded_unixtime for post in posts if post.post.forwarded_from}
    assert forwards == {int(number): time for number, time in expected["forward_unix"].items()}
    assert {post.post.author for post in posts} == {"Хроніка Півдня (тест)"}
    assert {post.number: [media.state for media in post.media] for post in posts} == {
        301: [], 302: [MediaState.NAMED], 303: [MediaState.NOT_INCLUDED], 305: []
    }  # fmt: skip


@pytest.mark.parametrize(
    ("title", "zone", "moments"),
    [
        ("12.07.2022 12:00:00 UTC+02:00", None, (1657616400, 1657620000)),
        ("12.07.2022 12:00:00", None, ()),
        ("12.07.2022 12:00:00", KYIV, (1657616400,)),
        ("12.01.2023 10:00:00 UTC+02:00", KYIV, (1673510400,)),
        ("30.10.2022 03:30:00 UTC+02:00", KYIV, (1667089800, 1667093400)),
        ("27.03.2022 03:30:00 UTC+02:00", KYIV, ()),
        ("12.01.2023 10:00:00 UTC+01:00", None, (1673510400, 1673514000, 1673517600)),
        ("12.01.2023 10:00:00 UTC-05:00", None, (1673532000, 1673535600)),
        ("32.01.2023 10:00:00 UTC+01:00", None, ()),
        ("tomorrow", KYIV, ()),
        (None, KYIV, ()),
    ],
)
def test_a_label_tells_no_more_than_it_can(title: str | None, zone: ZoneInfo | None, moments: tuple[int, ...]) -> None:
    assert times_of(title, zone)[1] == moments


def test_a_winter_clock_of_dublin_is_among_what_its_label_may_mean() -> None:
    assert 1673517600 in times_of("12.01.2023 10:00:00 UTC+01:00", None)[1]
    assert times_of("12.01.2023 10:00:00", ZoneInfo("Europe/Dublin"))[1] == (1673517600,)


def test_joined_messages_have_the_name_above_them_also_across_pages(tmp_path: Path) -> None:
    one = _page(_message(1, _name("Ann") + _text("a")), _message(2, _text("b"), more="default joined"))
    two = _page(_message(3, _text("c"), more="default joined"), _message(4, _name("Bob") + _text("d")))
    capture, posts = _read(tmp_path, one, two)
    assert [(post.number, post.post.author, post.post.caption) for post in posts] == [
        (1, "Ann", "a"), (2, "Ann", "b"), (3, "Ann", "c"), (4, "Bob", "d")
    ]  # fmt: skip
    assert [name for name, _ in capture.about.documents] == ["messages.html", "messages2.html"]
    digests = [hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name, _ in capture.about.documents]
    assert [digest for _, digest in capture.about.documents] == digests
    for post in posts:
        assert post.document is not None
        offset, length = post.post.source_offset, post.post.source_length
        assert offset is not None
        assert length is not None
        raw = (tmp_path / post.document).read_bytes()[offset : offset + length]
        assert raw.startswith(b'<div class="message')
        assert f'id="message{post.number}"'.encode() in raw


def test_a_forward_is_told_with_its_own_author_date_text_and_file(tmp_path: Path) -> None:
    inside = (
        '<div class="forwarded body"><div class="from_name">\nOrigin  <span class="date details" '
        'title="12.07.2022 07:26:40 UTC+02:00"> 12.07.2022 07:26:40</span>\n</div>'
        '<div class="media_wrap clearfix"><a class="video_file_wrap" href="video_files/a.mp4">'
        '<div class="video_duration">\n01:02:03\n</div></a></div>' + _text("said") + "</div>"
    )
    _, (post,) = _read(tmp_path, _page(_message(7, _name("Ann") + inside)), zone=KYIV)
    assert (post.post.author, post.post.forwarded_from, post.post.forwarded_unixtime) == ("Ann", "Origin", 1657600000)
    assert post.post.caption == "said"
    assert post.media == (
        PostMedia(state=MediaState.NAMED, kind="video_file", name="video_files/a.mp4", duration_s=3723),
    )


def test_dividers_are_no_messages_and_earlier_history_is(tmp_path: Path) -> None:
    divider = '<div class="message service" id="message-1"><div class="body details">\n12 July 2022\n</div></div>'
    service = '<div class="message service" id="message5"><div class="body details">\nAnn joined\n</div></div>'
    _, posts = _read(tmp_path, _page(_message(-999999998, _text("old")), divider, service, _message(6, _text("x"))))
    assert [(post.number, post.post.kind) for post in posts] == [
        (-999999998, "message"), (5, "service"), (6, "message")
    ]  # fmt: skip


def test_polls_contacts_and_places_are_no_files(tmp_path: Path) -> None:
    wrap = (
        '<div class="media_wrap clearfix"><div class="media clearfix pull_left {}"><div class="body"></div></div></div>'
    )
    kinds = ("media_poll", "media_contact", "media_location", "media_call", "media_file", "media_voice_message")
    _, posts = _read(tmp_path, _page(*(_message(n, wrap.format(kind)) for n, kind in enumerate(kinds, 1))))
    assert [[media.kind for media in post.media] for post in posts] == [[], [], [], [], [None], ["voice_message"]]


def test_texts_keep_their_lines_and_lose_their_markup(tmp_path: Path) -> None:
    text = _text('one<br>two &lt;b&gt; <a href="https://example.org/?a=1&amp;b=2">link</a> &amp;amp;')
    reply = '<div class="reply_to details">In reply to <a href="#go_to_message3">this message</a></div>'
    _, (post,) = _read(tmp_path, _page(_message(4, reply + text), title="A &amp; B"))
    assert post.post.caption == "one\ntwo <b> link &amp;"
    assert (post.post.reply_to, post.post.channel) == ("3", "A & B")


def test_bytes_that_are_no_utf8_do_not_move_offsets(tmp_path: Path) -> None:
    page = _page(_message(1, _text("é\0")), _message(2, _text("b"))).encode().replace(b"\0", b"\xff")
    _, posts = _read(tmp_path, page)
    assert posts[0].post.caption == "é\ufffd"
    offset = posts[1].post.source_offset
    assert offset is not None
    assert page[offset:].startswith(b'<div class="message default clearfix" id="message2">')


def test_a_page_that_ends_too_soon_covers_what_was_whole(tmp_path: Path) -> None:
    page = _page(*(_message(n, _text(str(n))) for n in range(1, 6)))
    capture, posts = _read(tmp_path, page[: page.index('id="message4"') + 60])
    assert [post.number for post in posts] == [1, 2, 3]
    assert [notice.code for notice in capture.about.notices] == ["telegram.capture_cut"]
    assert not capture.about.chats[0].complete


def test_a_page_that_is_missing_or_cut_hides_those_behind_it(tmp_path: Path) -> None:
    pages = [_page(_message(n, _text(str(n)))) for n in range(1, 5)]
    for folder in ("gap", "cut"):
        (tmp_path / folder).mkdir()
        for number in (1, 2, 3, 4):
            name = f"messages{number if number > 1 else ''}.html"
            (tmp_path / folder / name).write_text(pages[number - 1], "utf-8")
    (tmp_path / "gap" / "messages3.html").unlink()
    cut = tmp_path / "cut" / "messages2.html"
    cut.write_text(cut.read_text("utf-8").replace("</html>", ""), "utf-8")
    for folder in ("gap", "cut"):
        with open_capture(str(tmp_path / folder)) as capture:
            (chat,) = capture.about.chats
        assert (chat.least, chat.greatest, chat.complete) == (1, 2, False)
        assert [notice.code for notice in capture.about.notices] == ["telegram.capture_cut"]


@pytest.mark.parametrize(
    "inside",
    ["<div>" * 100_000, "<" * 1_000_000, '<a "' * 250_000, '<a b="' * 150_000, "</div" * 200_000, "<!--" * 250_000],
)
def test_hostile_html_ends_soon_and_by_name(inside: str) -> None:
    with pytest.raises(ExportInvalid) as caught:
        list(messages_of(_message(1, inside)[:-12]))
    assert caught.value.code in {"telegram.nested_too_deep", "telegram.page_cut", "telegram.message_too_large"}
    assert MAX_DEPTH < 100 < MAX_MESSAGE_CHARACTERS


def test_a_page_holds_no_more_messages_than_a_page_can() -> None:
    with pytest.raises(ExportInvalid) as caught:
        list(messages_of('<div class="message" id="message1"></div>' * (MAX_PAGE_MESSAGES + 1)))
    assert caught.value.code == "telegram.too_many_messages"


def test_a_text_cannot_pose_as_a_message(tmp_path: Path) -> None:
    forged = _text('&lt;div class="message default clearfix" id="message99"&gt;')
    _, posts = _read(tmp_path, _page(_message(1, forged)))
    assert [post.number for post in posts] == [1]


def test_a_page_that_changes_while_it_is_compared_is_told(tmp_path: Path) -> None:
    (tmp_path / "messages.html").write_text(_page(_message(1)), "utf-8")
    with open_capture(str(tmp_path)) as capture:
        (tmp_path / "messages.html").write_text(_page(_message(1, _text("x"))), "utf-8")
        with pytest.raises(Exception, match="written to while it was compared") as caught:
            capture.post(capture.about.chats[0].key, 1)
    assert getattr(caught.value, "code", "") == "input.changed_while_reading"


MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42"


def _file(path: str) -> str:
    return f'<div class="media_wrap clearfix"><a class="video_file_wrap" href="{path}"></a></div>'


def _export(folder: Path, page: str, *files: str) -> tuple[list[Found], list[Passed]]:
    (folder / "messages.html").write_text(page, "utf-8")
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"1\n" if name.endswith(".SRT") else MP4)
    met = list(discover([str(folder)]))
    return [one for one in met if isinstance(one, Found)], [one for one in met if isinstance(one, Passed)]


def test_a_file_of_an_html_export_is_an_appearance_with_its_post(tmp_path: Path) -> None:
    words = '<div class="description">\nNot included, change data exporting settings to download.\n</div>'
    left_out = f'<div class="media_wrap"><div class="media media_video">{words}</div></div>'
    page = _page(_message(1, _name("Ann") + _file("v/DJI_1.MP4") + _text("said")), _message(2, left_out))
    found, passed = _export(tmp_path, page, "v/DJI_1.MP4", "v/DJI_1.SRT", "v/other.mp4")
    first, plain = found
    assert first.path == f"{tmp_path}/v/DJI_1.MP4"
    assert first.sidecars == (f"{tmp_path}/v/DJI_1.SRT",)
    seen = first.appearance
    assert seen.kind is SourceKind.TELEGRAM_HTML_EXPORT
    assert seen.source == f"{tmp_path}/messages.html"
    assert seen.source_sha256 == hashlib.sha256((tmp_path / "messages.html").read_bytes()).hexdigest()
    assert seen.post is not None
    assert (seen.post.author, seen.post.caption, seen.post.posted_unixtime) == ("Ann", "said", None)
    assert seen.post.posted_candidates == (1657612800, 1657616400)
    assert posting_time(seen) == (None, "a label that may mean 2 times; as written: 2022-07-12T11:00:00")
    assert (plain.path, plain.appearance.kind) == (f"{tmp_path}/v/other.mp4", SourceKind.FILE)
    assert [(one.code, one.failed) for one in passed] == [
        ("telegram.file_not_included", False),
        ("telegram.time_uncertain", False),
    ]


def test_paths_of_a_page_are_refused_as_those_of_json_are(tmp_path: Path) -> None:
    paths = ("../a.mp4", "/etc/passwd", "file:///etc/passwd", "v/..%2f", "v/missing.mp4", "javascript:alert(1)")
    page = _page(*(_message(n, _file(path)) for n, path in enumerate(paths, 1)))
    found, passed = _export(tmp_path, page)
    assert found == []
    assert sorted({one.code for one in passed}) == [
        "telegram.file_missing", "telegram.path_refused", "telegram.time_uncertain"
    ]  # fmt: skip


def test_json_beside_html_is_what_is_read(tmp_path: Path) -> None:
    document = {"name": "c", "type": "public_channel", "id": 5, "messages": [{"id": 1, "file": "v/a.mp4"}]}
    (tmp_path / "result.json").write_text(json.dumps(document), "utf-8")
    found, _ = _export(tmp_path, _page(_message(1, _file("v/a.mp4"))), "v/a.mp4")
    assert [one.appearance.kind for one in found] == [SourceKind.TELEGRAM_EXPORT]


def test_a_messages_html_of_another_program_leaves_a_plain_folder(tmp_path: Path) -> None:
    found, passed = _export(tmp_path, "<html><p>hello</p></html>", "a.mp4")
    assert [one.appearance.kind for one in found] == [SourceKind.FILE]
    assert {(one.code, one.failed) for one in passed} == {("telegram.no_export", False), ("input.not_media", False)}


def test_a_cut_page_gives_its_whole_posts_and_says_so(tmp_path: Path) -> None:
    page = _page(_message(1, _file("v/a.mp4")), _message(2, _file("v/b.mp4")))
    found, passed = _export(tmp_path, page[: page.index('id="message2"') + 40], "v/a.mp4", "v/b.mp4")
    assert [one.appearance.kind for one in found] == [SourceKind.TELEGRAM_HTML_EXPORT, SourceKind.FILE]
    assert ("telegram.page_cut", True) in {(one.code, one.failed) for one in passed}
