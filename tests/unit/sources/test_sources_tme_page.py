"""Saved pages of t.me: each post as the page tells it, its files by their names on the servers, and what it covers.

The markup of `PAGE` is synthetic, after the pages of ../shared/samples/tme_html.
"""

import hashlib
import json
from pathlib import Path

import pytest

from forensics.captures import compare
from forensics.errors import InputError
from forensics.model.capture import State
from forensics.model.provenance import Found, Passed, SourceKind
from forensics.sources import discover, open_capture
from tests.telegram_samples import TME_PAGES, page_row

MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42"
HEAD = '<html><head><link href="//telegram.org/css/widget-frame.css"></head><body>'


def message(number: int, text: str = "", files: str = "", **more: str) -> str:
    origin = more.get("forward", "")
    return f"""<div class="tgme_widget_message_wrap js-widget_message_wrap"><div class="tgme_widget_message
 {more.get("kind", "")} js-widget_message" data-post="Front_online/{number}" data-view="x">
<a class="tgme_widget_message_owner_name" href="https://t.me/front_online"><span>Фронт</span></a>
<div>{origin}</div>{files}
<div class="tgme_widget_message_text js-message_text" dir="auto">{text}</div>
<span class="tgme_widget_message_views">{more.get("views", "12")}</span>
<span class="tgme_widget_message_meta">{more.get("meta", "")}<a class="tgme_widget_message_date"
 href="https://t.me/front_online/{number}"><time
 datetime="2022-10-24T07:00:00+00:00" class="time">07:00</time></a></span>
</div></div>"""


def video(name: str, number: int = 1) -> str:
    source = f"https://cdn4.telegram-cdn.org/file/{name}?token=abc"
    return (
        f'<a class="tgme_widget_message_video_player js-message_video_player" href="https://t.me/front_online/{number}">'
        f'<video src="{source}" class="blured" muted></video><video src="{source}" class="js-message_video"></video>'
        '<time class="message_video_duration">0:06</time></a>'
    )


def page(*messages: str) -> bytes:
    return (HEAD + "".join(messages) + "</body></html>").encode()


def _met(folder: Path) -> tuple[list[Found], list[Passed]]:
    met = list(discover([str(folder)]))
    return [one for one in met if isinstance(one, Found)], [one for one in met if isinstance(one, Passed)]


FORWARD = (
    '<a class="tgme_widget_message_forwarded_from_name" href="https://t.me/source_ch/1811"><span>Джерело</span></a>'
)


def test_a_file_beside_a_page_has_the_post_that_names_it(tmp_path: Path) -> None:
    data = page(
        message(613, "Удар<br/>по мосту", video("7317467c2d.mp4"), forward=FORWARD, views="3.1M", meta="edited ")
    )
    (tmp_path / "p.html").write_bytes(data)
    (tmp_path / "p_files").mkdir()
    (tmp_path / "p_files" / "7317467c2d.mp4").write_bytes(MP4)
    (tmp_path / "other.mp4").write_bytes(MP4)
    for given in (tmp_path, tmp_path / "p.html"):
        found, _ = _met(given)
        seen = found[0].appearance
        assert (seen.kind, seen.path) == (SourceKind.TELEGRAM_PAGE, f"{tmp_path}/p_files/7317467c2d.mp4")
        assert (seen.source, seen.source_sha256) == (f"{tmp_path}/p.html", hashlib.sha256(data).hexdigest())
        post = seen.post
        assert post is not None
        assert (post.channel, post.channel_id, post.message_id) == ("Фронт", "Front_online", "613")
        assert (post.posted_unixtime, post.caption) == (1666594800, "Удар\nпо мосту")
        assert (post.forwarded_from, post.forwarded_from_username, post.forwarded_message_id) == (
            "Джерело",
            "source_ch",
            "1811",
        )
        assert (post.views, post.edited, post.server_file) == ("3.1M", True, "7317467c2d.mp4")
        assert post.public_page == "t.me/Front_online/613"
        assert post.source_offset is not None
        raw = data[post.source_offset : post.source_offset + (post.source_length or 0)]
        assert raw.startswith(b'<div class="tgme_widget_message\n')
        assert raw.endswith(b"</div>")
    found, _ = _met(tmp_path)
    assert [one.appearance.kind for one in found] == [SourceKind.TELEGRAM_PAGE, SourceKind.FILE]


def test_two_posts_with_one_server_file_are_two_appearances(tmp_path: Path) -> None:
    (tmp_path / "p.html").write_bytes(
        page(message(19, "", video("bd7ceb0b41.mp4")), message(84, "", video("bd7ceb0b41.mp4")))
    )
    (tmp_path / "bd7ceb0b41.mp4").write_bytes(MP4)
    found, passed = _met(tmp_path)
    assert [one.appearance.post.message_id for one in found if one.appearance.post] == ["19", "84"]
    assert passed == []


def test_a_file_that_a_page_does_not_name_has_no_post(tmp_path: Path) -> None:
    (tmp_path / "p.html").write_bytes(page(message(1, "", video("7317467c2d.mp4"))))
    (tmp_path / "7317467c2e.mp4").write_bytes(MP4)
    (found,), (passed,) = _met(tmp_path)
    assert found.appearance.post is None
    assert (passed.code, passed.failed) == ("telegram.files_elsewhere", False)


def test_a_video_of_a_linked_page_is_not_the_post_s(tmp_path: Path) -> None:
    preview = f'<a class="tgme_widget_message_link_preview" href="https://example.org/">{video("7317467c2d.mp4")}</a>'
    (tmp_path / "p.html").write_bytes(page(message(1, "", preview)))
    (tmp_path / "7317467c2d.mp4").write_bytes(MP4)
    (found,), passed = _met(tmp_path)
    assert (found.appearance.post, passed) == (None, [])


def test_a_page_without_a_post_is_said(tmp_path: Path) -> None:
    (tmp_path / "p.html").write_bytes(page())
    _, (passed,) = _met(tmp_path)
    assert (passed.code, passed.failed) == ("telegram.no_post", False)


def test_the_numbers_of_an_album_are_present_though_only_the_first_is_a_post_of_the_page(tmp_path: Path) -> None:
    style = "background-image:url('https://cdn4.telegram-cdn.org/file/{}')"
    album = "".join(
        f'<a class="tgme_widget_message_photo_wrap grouped_media_wrap" style="{style.format(name)}"'
        f' href="https://t.me/front_online/{number}?single"></a>'
        for number, name in ((5, "aaaaaaaaaa.jpg"), (6, "bbbbbbbbbb.jpg"))
    )
    (tmp_path / "p.html").write_bytes(page(message(5, "album", album), message(8, "x")))
    with open_capture(str(tmp_path)) as capture:
        (chat,) = capture.about.chats
        assert capture.columns(chat.key).numbers.tolist() == [5, 6, 8]
        assert capture.post(chat.key, 6).post.server_file == "bbbbbbbbbb.jpg"
        assert [capture.post(chat.key, number).post.album_id for number in (5, 6, 8)] == ["5", "5", None]
        at = {"type": "message", "date": "2022-10-24T10:00:00", "date_unixtime": "1666594800"}
        messages = [{"id": 5, "text": "", **at}, {"id": 6, "text": "album", **at}, {"id": 8, "text": " x ", **at}]
        chat_of_export = {"name": "Фронт", "type": "public_channel", "id": 1, "messages": messages}
        (tmp_path / "export.json").write_text(json.dumps(chat_of_export))
        with open_capture(str(tmp_path / "export.json")) as export:
            assert list(compare(export, capture)) == []


def test_service_messages_that_a_page_leaves_out_are_not_called_absent(tmp_path: Path) -> None:
    at = {"date": "2022-10-24T10:00:00", "date_unixtime": "1666594800", "text": "x"}
    kinds = {1: "message", 2: "service", 3: "message", 4: "message"}
    messages = [{"id": number, "type": kind, **at} for number, kind in kinds.items()]
    export = {"name": "Фронт", "type": "public_channel", "id": 1, "messages": messages}
    (tmp_path / "export.json").write_text(json.dumps(export))
    (tmp_path / "p.html").write_bytes(page(message(1, "x"), message(4, "x")))
    with open_capture(str(tmp_path / "export.json")) as old, open_capture(str(tmp_path / "p.html")) as new:
        later = [(each.states, each.number, each.count) for each in compare(old, new)]
        sooner = [(each.states, each.number, each.count) for each in compare(new, old)]
    assert later == [((State.ABSENT,), 3, 1), ((State.NOT_COVERED,), None, 1)]
    assert sooner == [((State.APPEARED_LATE,), 3, 1), ((State.ADDED,), None, 1)]


def test_two_channels_of_one_name_are_not_joined(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(page(message(1, "x")))
    (tmp_path / "b.html").write_bytes(page(message(1, "y")).replace(b"Front_online", b"Front_onlinx"))
    with open_capture(str(tmp_path / "a.html")) as old, open_capture(str(tmp_path / "b.html")) as new:
        assert [each.states for each in compare(old, new)] == [(State.NOT_COVERED,), (State.ADDED,)]


def test_a_page_covers_its_window_only_and_is_compared_by_text(tmp_path: Path) -> None:
    old, new = tmp_path / "old.html", tmp_path / "new.html"
    old.write_bytes(page(*(message(number, f"text {number}") for number in (1, 3, 4, 5, 6, 9))))
    new.write_bytes(page(message(3, "text 3"), message(5, "other words"), message(6, "text 6")))
    with open_capture(str(old)) as before, open_capture(str(new)) as after:
        told = [(each.states, each.number, each.count) for each in compare(before, after)]
    assert told == [
        ((State.NOT_COVERED,), None, 1),
        ((State.ABSENT,), 4, 1),
        ((State.NOT_COVERED,), None, 1),
        ((State.TEXT_EDITED,), 5, 1),
    ]


def test_two_pages_in_a_folder_are_not_one_capture(tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        (tmp_path / name).write_bytes(page(message(1, "x")))
    with pytest.raises(InputError, match="would look absent"), open_capture(str(tmp_path)):
        pass


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (page("<div>" * 10, message(1, "<b>" * 100)), "telegram.nested_too_deep"),
        (page(message(1, "x" * (1 << 21))), "telegram.message_too_large"),
        (page(message(1, "x"))[:-200], "telegram.page_cut"),
        (page(*(message(1, "") for _ in range(10_001))), "telegram.too_many_messages"),
        (page(message(1, "x")) + b" " * (16 << 20), "telegram.page_too_large"),
    ],
)
def test_a_hostile_page_ends_in_a_named_refusal(data: bytes, code: str, tmp_path: Path) -> None:
    (tmp_path / "p.html").write_bytes(data)
    (tmp_path / "7317467c2d.mp4").write_bytes(MP4)
    found, passed = _met(tmp_path)
    assert [one.appearance.kind for one in found] == [SourceKind.FILE]
    assert (code, True) in [(one.code, one.failed) for one in passed]


@pytest.mark.parametrize("name", sorted(TME_PAGES))
def test_each_shared_page_is_read_as_stated(name: str, shared: Path) -> None:
    row = page_row(shared / "samples", name)
    assert row.found == row.expected
