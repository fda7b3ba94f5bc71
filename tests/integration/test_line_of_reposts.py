"""Who posted first, who republished, what is absent later: the commands of docs/investigators.md, run as they stand."""

import json
import re
import shlex
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.integration.conftest import ROOT, Ran, ffmpeg

SECTION = "## Who posted it first, who republished it, what is absent now"
GRAPHML = "{http://graphml.graphdrawing.org/xmlns}"


def _post(number: int, unixtime: int, text: str = "", **more: object) -> dict[str, Any]:
    local = datetime.fromtimestamp(unixtime, timezone(timedelta(hours=2))).strftime("%Y-%m-%dT%H:%M:%S")
    date = {"date": local, "date_unixtime": str(unixtime)}
    return {"id": number, "type": "message", **date, "text": text or f"post {number}", **more}


def _export(folder: Path, number: int, name: str, *posts: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    chat = {"name": name, "type": "public_channel", "id": number, "messages": list(posts)}
    (folder / "result.json").write_text(json.dumps(chat, ensure_ascii=False, indent=1), "utf-8")


def _file(name: str) -> dict[str, object]:
    return {"file": f"video_files/{name}", "media_type": "video_file", "mime_type": "video/mp4"}


@pytest.fixture(scope="module")
def desk(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three exports: a channel in July, the same in August without one post, and one that had a cropped copy."""
    home = tmp_path_factory.mktemp("line")
    july, august, other = (home / f"export_{name}" for name in ("July", "August", "Other"))
    for export in (july, other):
        (export / "video_files").mkdir(parents=True)
    shutil.copy(clips / "first.mp4", july / "video_files" / "first.mp4")
    crop = ["-vf", "crop=272:204:24:18,scale=256:192", "-c:v", "libx264", "-preset", "veryfast", "-crf", "28"]
    ffmpeg("-i", clips / "first.mp4", *crop, "-threads", "1", "-an", other / "video_files" / "seen.mp4")
    before = [_post(n, 1_647_250_000 + 100 * n) for n in (1, 2)]
    after = [_post(n, 1_647_250_000 + 100 * n) for n in (4, 5)]
    _export(july, 77, "Channel A", *before, _post(3, 1_647_250_300, **_file("first.mp4")), *after)
    _export(august, 77, "Channel A", *before, *after)
    reposted = _post(8, 1_647_260_000, forwarded_from="Channel A", **_file("seen.mp4"))
    _export(other, 88, "Channel B", _post(7, 1_647_259_000), reposted)
    return home


def _commands() -> list[str]:
    page = (ROOT / "docs" / "investigators.md").read_text("utf-8")
    section = page.split(SECTION + "\n", 1)[1].split("\n## ", 1)[0]
    return [line.split("    #")[0].strip() for line in re.findall(r"^    (forensics .*)$", section, re.MULTILINE)]


@pytest.fixture(scope="module")
def ran(forensics, desk: Path) -> dict[str, Ran]:
    """Each command of the page with what it printed; ``~`` is the desk."""
    found: dict[str, Ran] = {}
    for command in _commands():
        words = [word.replace("~", str(desk)) for word in shlex.split(command)[1:]]
        found[command] = forensics(*words, cwd=desk)
    return found


def _of(ran: dict[str, Ran], *words: str) -> Ran:
    (done,) = (done for command, done in ran.items() if all(word in command.split() for word in words))
    return done


def test_every_command_of_the_page_ends_well(ran: dict[str, Ran]) -> None:
    assert len(ran) == 5
    assert {command: (done.code, done.err) for command, done in ran.items() if done.code} == {}


def test_the_text_says_who_was_first_who_followed_and_what_is_absent_with_each_basis(ran: dict[str, Ran]) -> None:
    told = ran["forensics timeline -c ~/cases/line"].out
    lines = [re.sub(r"E-000\d", "E", line).strip() for line in told.splitlines()]
    basis = "[the export's UTC time (date_unixtime)]"
    assert lines[1:3] == [
        "first       earliest known appearance in this case: E in Channel A message 3, 2022-03-14 09:31:40 UTC",
        f"2022-03-14 09:31:40 UTC  E  Channel A message 3  {basis}",
    ]
    assert lines[4] == f"2022-03-14 12:13:20 UTC  E  Channel B message 8  {basis}"
    assert re.search(r"absent +Channel A message 3: not in the capture [0-9a-f]{12}, inside its coverage", told)
    assert re.search(r"match +E-000\d = E-000\d  same_recording", told)
    assert re.search(r"claims +E-000\d in Channel B message 8, from Channel A: .* name only.*nothing is drawn", told)
    assert "deleted" not in told
    assert "1 distinct recording (not posts)" in told


def test_the_comparison_names_the_absent_post_between_its_neighbours(ran: dict[str, Ran], desk: Path) -> None:
    told = _of(ran, "diff", "--html").out
    assert "absent_in_coverage  Channel A  3  between 2 and 4, which the later capture has" in told
    assert (desk / "line.html").exists()


def test_the_json_joins_the_absent_post_to_its_footage(ran: dict[str, Ran], forensics, desk: Path) -> None:
    done = _of(ran, "timeline", "--json")
    (group,) = done.of("group")
    assert [(seen["channel"], seen["message_id"]) for seen in group["appearances"]] == [
        ("Channel A", "3"), ("Channel B", "8"),
    ]  # fmt: skip
    assert [seen["standing"] for seen in group["appearances"]] == ["earliest in this case", "+02:41:40"]
    (absent,) = group["first_known"]["absent_later"]
    log = [json.loads(line) for line in (desk / "cases/line/log/custody.jsonl").read_text("utf-8").splitlines()]
    event = log[absent["event"]]
    assert (event["event"], event["detail"]["absent_posts"]) == ("capture comparison", "channel:77/3")
    assert (event["detail"]["new"], event["time"]) == (absent["new"], absent["compared"])
    assert group["appearances"][1]["absent_later"] == []
    (forward,) = group["forward_edges"]
    assert (forward["strength"], forward["drawn"], forward["earlier_here"]) == (6, False, [])
    assert [group[kind] for kind in ("bytes_edges", "server_edges", "essence_edges")] == [[], [], []]
    assert len(group["perceptual_edges"]) == 1
    assert done.lines[-1]["recordings"] == 1


def test_the_graph_draws_no_edge_from_a_name_alone(ran: dict[str, Ran], desk: Path) -> None:
    root = ElementTree.fromstring((desk / "line.graphml").read_bytes())
    kinds = [data.text for edge in root.iter(f"{GRAPHML}edge") for data in edge if data.get("key") == "edge_kind"]
    assert sorted(kinds) == ["match", "shows", "shows"]
    values = {(data.get("key"), data.text) for node in root.iter(f"{GRAPHML}node") for data in node}
    assert ("node_claims_origin", "Channel A") in values
    assert ("node_standing", "earliest in this case") in values
    assert "node_absent_from" in {key for key, _ in values}
