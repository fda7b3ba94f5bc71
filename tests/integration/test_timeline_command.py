"""timeline, through the real command line."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.integration.conftest import Ran

GRAPHML = "{http://graphml.graphdrawing.org/xmlns}"


def post(number: int, file: str, unixtime: int, **told: object) -> dict[str, object]:
    """A message of a Telegram Desktop export with one file."""
    date = {"date": "2022-03-14T11:00:00", "date_unixtime": str(unixtime)}
    media = {"file": file, "media_type": "video_file", "mime_type": "video/mp4", "text": ""}
    return {"id": number, "type": "message", **date, "from": "channel", "from_id": "channel77", **media, **told}


@pytest.fixture(scope="module")
def matched(forensics, clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case with a channel that posted a poor copy first and its source later, as a forward, and another clip."""
    root = tmp_path_factory.mktemp("timeline")
    export = root / "export"
    export.mkdir()
    for clip in clips.iterdir():
        shutil.copy(clip, export / clip.name)
    messages = [
        post(1, "copy.mp4", 1_647_250_000),
        post(2, "first.mp4", 1_647_260_000, forwarded_from="<Канал>\u202e", forwarded_from_id="channel77"),
        post(3, "second.mp4", 1_647_270_000, forwarded_from="A name"),
    ]
    chat = {"name": "channel", "type": "public_channel", "id": 77, "messages": messages}
    (export / "result.json").write_text(json.dumps(chat, ensure_ascii=False), "utf-8")
    case = root / "case"
    assert forensics("init", case, "--case-id", "T-2", "--operator", "tester").code == 0
    assert forensics("ingest", export, "-c", case).code == 0
    assert forensics("match", "-c", case, "-q").code == 0
    return case


@pytest.fixture(scope="module")
def told(forensics, matched: Path) -> Ran:
    return forensics("timeline", "-c", matched, "--json")


def test_one_group_holds_both_copies_and_posts_are_not_counted_as_recordings(told: Ran) -> None:
    assert told.code == 0, told.err
    (group,) = told.of("group")
    assert [seen["message_id"] for seen in group["appearances"]] == ["1", "2"]
    assert group["first_known"]["posted_utc"] == "2022-03-14T09:26:40Z"
    assert group["id"] == "footage:" + min(member["exhibit"] for member in group["evidence"])
    summary = told.lines[-1]
    assert (summary["groups"], summary["recordings"], summary["evidence"], summary["appearances"]) == (1, 2, 3, 3)


def test_pictures_and_forwards_are_edges_of_different_kinds(told: Ran) -> None:
    (group,) = told.of("group")
    assert [edge["assessment"] for edge in group["perceptual_edges"]] == ["same_recording"]
    (forward,) = group["forward_edges"]
    assert (forward["message_id"], forward["named_id"], forward["strength"]) == ("2", "channel77", 3)
    assert [seen["message_id"] for seen in forward["earlier_here"]] == ["1"]


def test_conflicting_reasons_name_no_copy(told: Ran) -> None:
    """The larger copy was posted later: the reasons conflict, and that is said."""
    (group,) = told.of("group")
    nearest = group["nearest"]
    assert nearest["inference"] is True
    assert nearest["evidence"] == []
    assert "conflict" in nearest["statement"]
    assert {"resolution", "time of posting"} <= {reason["criterion"] for reason in nearest["reasons"]}


def test_the_text_names_the_posts_their_times_and_what_they_rest_on(forensics, matched: Path) -> None:
    done = forensics("timeline", "-c", matched)
    assert done.code == 0
    assert done.out.index("2022-03-14 09:26:40 UTC") < done.out.index("channel message 2")
    assert "date_unixtime" in done.out
    assert "2 distinct recordings" in done.out
    assert "\u202e" not in done.out


def test_the_graph_can_be_parsed_and_keeps_both_kinds_of_edges(forensics, matched: Path, tmp_path: Path) -> None:
    done = forensics("timeline", "-c", matched, "--format", "graphml")
    assert done.code == 0, done.err
    root = ElementTree.fromstring(done.out)
    kinds = sorted(_kinds(root))
    assert kinds == ["forward", "match", "shows", "shows"]
    out = tmp_path / "graph.graphml"
    assert forensics("timeline", "-c", matched, "--format", "graphml", "-o", out).code == 0
    assert out.read_text("utf-8") == done.out


def _kinds(root: ElementTree.Element) -> Iterator[str]:
    for edge in root.iter(f"{GRAPHML}edge"):
        yield next(data.text or "" for data in edge if data.get("key") == "edge_kind")


def test_the_timeline_changes_nothing_and_is_the_same_each_time(forensics, matched: Path, told: Ran) -> None:
    log = (matched / "log/custody.jsonl").read_bytes()
    assert forensics("timeline", "-c", matched, "--json").out == told.out
    assert (matched / "log/custody.jsonl").read_bytes() == log


def test_the_report_calls_a_group_by_the_same_name(forensics, matched: Path, told: Ran) -> None:
    names = [line["id"] for line in told.lines if line["type"] == "group" and len(line["evidence"]) > 1]
    assert forensics("report", "-c", matched, "-q").code in (0, 3)
    page = (matched / "reports" / "case-report.html").read_text()
    assert names
    assert all(name in page for name in names)


def test_a_case_that_was_never_matched_says_so_and_gives_partial(forensics, ingested: Path) -> None:
    done = forensics("timeline", "-c", ingested, "--json")
    assert done.code == 3
    assert [line["code"] for line in done.of("notice")] == ["match.not_run"]
    assert done.of("group") == []


def test_json_and_graphml_together_are_a_usage_error(forensics, matched: Path) -> None:
    assert forensics("timeline", "-c", matched, "--json", "--format", "graphml").code == 2
    assert forensics("timeline", "-c", matched, "-o", "x.txt").code == 2


def _info(number: int, name: str, **more: object) -> str:
    page = f"https://t.me/chronicle/{number}"
    address = f"https://cdn4.example.org/file/{name}?token=x"
    told = {"extractor_key": "TelegramEmbed", "webpage_url": page, "url": address, "channel": "Chronicle"}
    return json.dumps(told | {"timestamp": 1_647_250_000 + number} | more)


@pytest.fixture(scope="module")
def served(forensics, clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Posts by yt-dlp: the same bytes twice under one name of the server, another clip under that name too, and a cut
    download of the latter under a name of its own with one more post.
    """
    folder = tmp_path_factory.mktemp("served")
    clip, other = (clips / name for name in ("first.mp4", "second.mp4"))
    files = {"a": (clip, 1, "bd7ceb0b41.mp4"), "b": (clip, 2, "bd7ceb0b41.mp4"), "c": (other, 3, "aaaaaaaaaa.mp4")}
    for stem, (source, number, name) in files.items():
        shutil.copy(source, folder / f"{stem}.mp4")
        (folder / f"{stem}.info.json").write_text(_info(number, name))
    (folder / "d.mp4").write_bytes(other.read_bytes()[:20_000])
    (folder / "d.info.json").write_text(_info(4, "aaaaaaaaaa.mp4"))
    shutil.copy(clips / "copy.mp4", folder / "e.mp4")
    (folder / "e.info.json").write_text(_info(5, "bd7ceb0b41.mp4"))
    case = folder.parent / "served-case"
    assert forensics("init", case, "--case-id", "T-3", "--operator", "tester").code == 0
    assert forensics("ingest", folder, "-c", case, "-q").code == 3
    return forensics("timeline", "-c", case, "--json")


def test_posts_with_one_server_file_are_edges_of_their_own_kind(served: Ran) -> None:
    twice = next(group for group in served.of("group") if group["bytes_edges"])
    (edge,) = twice["server_edges"]
    assert (edge["server_file"], edge["within"], edge["strength"]) == ("bd7ceb0b41.mp4", "across captures", "medium")
    assert sorted(post["message_id"] for post in edge["posts"]) == ["1", "2", "5"]
    assert len(edge["captures"]) == 3
    assert twice["bytes_edges"][0]["appearances"] == [0, 1]
    assert (twice["perceptual_edges"], twice["essence_edges"], edge["joins"]) == ([], [], False)


def test_a_cut_download_is_joined_by_the_name_and_that_is_said(served: Ran) -> None:
    joined = next(group for group in served.of("group") if not group["bytes_edges"])
    assert len(joined["evidence"]) == 2
    assert [edge["joins"] for edge in joined["server_edges"]] == [True]


def test_bytes_that_differ_under_one_name_without_a_match_are_a_notice(served: Ran) -> None:
    assert served.code == 3
    (notice,) = (each for each in served.of("notice") if each["code"] == "match.server_file")
    assert "they were not joined" in notice["message"]
    assert served.lines[-1]["recordings"] == 3
