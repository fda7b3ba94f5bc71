"""Every Telegram file of ../shared/samples: reader, what its README or expected.json states, what is found.

A part of `make samples-table`. Of the t.me pages the README states the forward of 08 only; what else stands in their
rows was read in the markup by eye. Of the two exports that have no clock or no text, nothing is stated but their ids.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from forensics.captures import compare
from forensics.errors import InputError
from forensics.model.capture import CapturedPost
from forensics.model.provenance import Found
from forensics.sources import discover, open_capture, ytdlp
from tests.sample_row import Row

TME_PAGES = {
    "tchantest_00.html": "input.export_invalid (the header of a page, without a post)",
    "tchantest_02.html": "tchantest/92 service 2023-02-24T12:20:19",
    "tchantest_04.html": "tchantest/82 message 2023-02-24T10:15:33 views 3.1M",
    "tchantest_06.html": "tchantest/3 service 2023-02-24T07:29:23",
    "tchantest_08.html": "tchantest/89 message 2023-02-24T12:13:31 views 2 from some_user/None",
    "tchantest_10.html": "tchantest/24 message 2023-02-24T07:48:02 views 2 edited",
    "tchantest_12.html": "tchantest/81 message 2023-02-24T08:16:18 views 2",
    "tchantest_14.html": "tchantest/7 message 2023-02-24T07:30:53 views 2",
    "tchantest_16.html": "tchantest/12 message 2023-02-24T07:33:58 views 2",
    "tchantest_18.html": "tchantest/11 message 2023-02-24T07:32:23 views 2",
    "tchantest_20.html": "CamaradosDeputados/7334 message 2022-11-09T22:43:54 views 1.2K edited",
    "tchantest_22.html": "tchantest/18 message 2023-02-24T07:36:49 views 2 file 61dc623809.mp4",
    "tchantest_24.html": "tchantest/17 message 2023-02-24T07:35:45 views 2 file 68145c80a1.mp4",
    "tchantest_26.html": "tchantest/10 message 2023-02-24T07:31:38 views 2",
    "tchantest_28.html": "tchantest/88 message 2023-02-24T11:23:40 views 2",
    "tchantest_30.html": "tchantest/5 message 2023-02-24T07:29:57 views 2 edited",
}
SYNTHETIC_TDL = (
    "240 2022-10-24T07:00:00 from channel1526452346/1811 of 2022-10-24T06:00:00 file document:5352944579978990793"
    " of 2022-10-24T05:06:40 album 13124168329316322, 239"
)


def page_row(samples: Path, name: str) -> Row:
    """One saved page of t.me."""
    try:
        (post,) = posts_of(samples / "tme_html" / name)
    except InputError as error:
        found = f"{error.code} (the header of a page, without a post)"
    else:
        found = _page_post(post)
    return Row(reader="t.me", file=f"tme_html/{name}", expected=TME_PAGES[name], found=found)


def posts_of(path: Path) -> list[CapturedPost]:
    """All posts of a capture, by chat and number."""
    with open_capture(str(path), ZoneInfo("Europe/Kyiv")) as capture:
        return [
            capture.post(chat.key, number)
            for chat in capture.about.chats
            for number in capture.columns(chat.key).numbers.tolist()
        ]


def telegram_rows(samples: Path) -> Iterator[Row]:
    """The rows of all Telegram samples; raises where one is missing."""
    for name in TME_PAGES:
        yield page_row(samples, name)
    synthetic = posts_of(samples / "tdl_json" / "synth_raw.json")
    yield Row(
        reader="tdl",
        file="tdl_json/synth_raw.json",
        expected=SYNTHETIC_TDL,
        found=", ".join(" ".join(_tdl_post(post)) for post in reversed(synthetic)),
    )
    real = samples / "tdl_json" / "tdl-export.json"
    ids = sorted(each["id"] for each in json.loads(real.read_bytes())["messages"])
    yield _ids_row("tdl", real, samples, ids)
    desktop = samples / "tdesktop_json" / "DM_2A_7M.json"
    ids = sorted(each["id"] for each in json.loads(desktop.read_bytes())["messages"])
    yield _ids_row("json", desktop, samples, ids)
    yield from _synthetic_rows(samples)
    yield _yt_dlp_row(samples)


def _ids_row(reader: str, path: Path, samples: Path, ids: list[int]) -> Row:
    """A file whose README states no fields: the ids of its messages, by Python's own decoder."""
    found = [post.number for post in posts_of(path)]
    return Row(reader=reader, file=str(path.relative_to(samples)), expected=f"ids {ids}", found=f"ids {found}")


def _synthetic_rows(samples: Path) -> Iterator[Row]:
    root = samples / "tdesktop_synth"
    truth = {name: json.loads((root / name / "expected.json").read_bytes()) for name in SYNTHETIC}
    wanted = truth["html_kyiv"]
    posts = posts_of(root / "html_kyiv")
    found = {str(post.number): post.post.posted_unixtime for post in posts if post.post.kind != "service"}
    origin = {str(post.number): at for post in posts if (at := post.post.forwarded_unixtime) is not None}
    yield _row("html", "html_kyiv", [wanted["true_unix"], wanted["forward_unix"]], [found, origin])

    wanted = truth["invalid_json"]
    with open_capture(str(root / "invalid_json")) as capture:
        (chat,) = capture.about.chats
        texts = {number: capture.post(chat.key, int(number)).post.caption for number in wanted["texts"]}
        found_all = [chat.posts, dict(capture.about.repairs), texts]
    yield _row("json", "invalid_json", [wanted["messages"], wanted["repairs"], wanted["texts"]], found_all)

    wanted = truth["hostile_paths"]
    met = list(discover([str(root / "hostile_paths")]))
    taken = sorted(int(one.appearance.post.message_id) for one in met if isinstance(one, Found) and one.appearance.post)
    codes = Counter(one.code for one in met if not isinstance(one, Found))
    refused = codes["telegram.path_refused"] + codes["telegram.file_missing"]
    yield _row("json", "hostile_paths", [wanted["allowed"], len(wanted["refused"])], [taken, refused])

    wanted = truth["pair_a"]
    states: dict[str, list[int]] = {
        name: [] for name in ("absent_in_coverage", "text_edited", "added", "id_never_seen")
    }
    old, new = (str(root / "pair_a" / name) for name in ("export_2022-07-12", "export_2022-07-14"))
    with open_capture(old) as before, open_capture(new) as after:
        for each in compare(before, after):
            numbers = [each.number] if each.number else [n for low, high in each.ranges for n in range(low, high + 1)]
            for state in each.states:
                states.setdefault(str(state), []).extend(numbers)
    yield _row(
        "diff",
        "pair_a",
        [wanted["deleted"], wanted["edited"], wanted["added"], wanted["gap_ids_in_both"]],
        [states[name] for name in ("absent_in_coverage", "text_edited", "added", "id_never_seen")],
    )


SYNTHETIC = ("html_kyiv", "invalid_json", "hostile_paths", "pair_a")


def _row(reader: str, name: str, expected: object, found: object) -> Row:
    return Row(
        reader=reader,
        file=f"tdesktop_synth/{name}",
        expected=json.dumps(expected, ensure_ascii=False, sort_keys=True),
        found=json.dumps(found, ensure_ascii=False, sort_keys=True),
    )


def _yt_dlp_row(samples: Path) -> Row:
    """The info.json as the plain folder reads it, beside the clip that it would be of."""
    (path,) = (samples / "ytdlp").glob("*.info.json")
    fd = os.open(path.parent, os.O_RDONLY)
    try:
        told = ytdlp.read_info(ytdlp.data_of(path.name, dir_fd=fd))
    finally:
        os.close(fd)
    assert told is not None
    post = told.post
    where = f"{post.channel_id}/{post.message_id} {_utc(post.posted_unixtime)}"
    return Row(
        reader="yt-dlp",
        file=f"ytdlp/{path.name}",
        expected="front_online/613 2022-10-24T07:00:00 file 7317467c2d.mp4 Удар по мосту",
        found=f"{where} file {post.server_file} {post.caption}",
    )


def _page_post(told: CapturedPost) -> str:
    post = told.post
    parts = [f"{post.channel_id}/{post.message_id} {post.kind} {_utc(post.posted_unixtime)}"]
    parts += [f"views {post.views}"] if post.views else []
    parts += ["edited"] if post.edited else []
    if post.forwarded_from:
        parts.append(f"from {post.forwarded_from_username}/{post.forwarded_message_id}")
    parts += [f"file {post.server_file}"] if post.server_file else []
    return " ".join(parts)


def _tdl_post(told: CapturedPost) -> Iterator[str]:
    post = told.post
    yield post.message_id
    if post.posted_unixtime is not None:
        yield _utc(post.posted_unixtime)
    if post.forwarded_from_id:
        yield f"from {post.forwarded_from_id}/{post.forwarded_message_id} of {_utc(post.forwarded_unixtime)}"
    if post.server_file:
        yield f"file {post.server_file} of {_utc(post.server_date_unixtime)}"
    if post.album_id:
        yield f"album {post.album_id}"


def _utc(seconds: int | None) -> str:
    return "none" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
