"""The committed sample media are whole, agree with their lists and are what the README says."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

SAMPLES = Path(__file__).resolve().parents[3] / "sample_media"
EXPORT = SAMPLES / "telegram" / "ChatExport_2025-06-03"
CLIP = SAMPLES / "drone" / "DJI_0042.MP4"
MEDIA_ROOTS = ("drone", "telegram", "more")
SIZE_LIMIT = 8 * 1024 * 1024
NOT_INCLUDED = "(File not included. Change data exporting settings to download.)"

needs_ffprobe = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")


def probe(path: Path) -> dict:
    shown = "stream=width,height,nb_read_packets,r_frame_rate:format=duration:format_tags"
    command = [
        "ffprobe",
        "-v",
        "error",
        "-select_streams",
        "v:0",
        "-count_packets",
        "-show_entries",
        shown,
        "-of",
        "json",
    ]
    done = subprocess.run([*command, str(path)], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def seconds(path: Path) -> float:
    return float(probe(path)["format"]["duration"])


def truth() -> dict:
    return json.loads((SAMPLES / "truth.json").read_text("utf-8"))


def messages() -> list[dict]:
    return json.loads((EXPORT / "result.json").read_text("utf-8"))["messages"]


def listed() -> dict[str, str]:
    lines = (SAMPLES / "SHA256SUMS").read_text("utf-8").splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def media_files() -> set[str]:
    found = (path for root in MEDIA_ROOTS for path in (SAMPLES / root).rglob("*") if path.is_file())
    return {path.relative_to(SAMPLES).as_posix() for path in found}


def test_every_sample_has_the_listed_digest() -> None:
    digests = {name: hashlib.sha256((SAMPLES / name).read_bytes()).hexdigest() for name in listed()}
    assert digests == listed()


def test_no_sample_is_missing_from_the_digest_list() -> None:
    assert set(listed()) == media_files() | {"truth.json"}


def test_the_samples_fit_into_eight_megabytes() -> None:
    assert sum((SAMPLES / name).stat().st_size for name in listed()) <= SIZE_LIMIT


def test_the_truth_names_every_clip_and_only_files_that_exist() -> None:
    told = truth()
    named = {told["original"], *told["unrelated"]}
    named |= {pair[side] for pair in told["copies"] + told["copies_of_one_another"] for side in ("query", "reference")}
    named |= {name for trap in told["same_place_other_recording"] for name in trap["files"]}
    assert named <= media_files()
    assert {name for name in media_files() if name.lower().endswith(".mp4")} <= named


@needs_ffprobe
def test_the_times_of_the_truth_lie_inside_both_files() -> None:
    told = truth()
    lengths = {name: seconds(SAMPLES / name) for name in media_files() if name.lower().endswith(".mp4")}
    for pair in told["copies"] + told["copies_of_one_another"]:
        for side in ("query", "reference"):
            start, end = pair["segment"][f"{side}_start_s"], pair["segment"][f"{side}_end_s"]
            assert 0 <= start < end <= lengths[pair[side]] + 0.05, pair


def test_the_files_called_identical_are_identical() -> None:
    for first, second in truth()["identical_bytes"]:
        assert listed()[first] == listed()[second]


def test_the_export_names_only_files_that_exist_and_tells_their_size() -> None:
    for message in messages():
        for key in ("file", "thumbnail"):
            name = message.get(key)
            if name is not None and name != NOT_INCLUDED:
                assert (EXPORT / name).stat().st_size == message[
                    f"{key}_size" if key == "file" else "thumbnail_file_size"
                ]


@needs_ffprobe
def test_the_export_tells_the_true_picture_size_and_length_of_its_videos() -> None:
    for message in messages():
        if message.get("file", NOT_INCLUDED) != NOT_INCLUDED:
            facts = probe(EXPORT / message["file"])
            stream = facts["streams"][0]
            assert (message["width"], message["height"]) == (stream["width"], stream["height"])
            assert message["duration_seconds"] == int(float(facts["format"]["duration"]))


def test_every_video_of_the_export_folder_is_in_a_message() -> None:
    present = {path.name for path in (EXPORT / "video_files").iterdir() if path.suffix.lower() == ".mp4"}
    assert present == {
        message["file_name"] for message in messages() if message.get("file", "").startswith("video_files/")
    }


def test_the_export_holds_the_kinds_of_post_that_the_demo_shows() -> None:
    posts = messages()
    assert sum("edited" in post for post in posts) == 1
    assert sum("forwarded_from" in post for post in posts) == 1
    assert sum(post.get("file") == NOT_INCLUDED for post in posts) == 1
    assert any(post["type"] == "message" and "file" not in post for post in posts)


@needs_ffprobe
def test_the_drone_log_has_one_cue_a_frame_and_ends_with_the_clip() -> None:
    text = CLIP.with_suffix(".SRT").read_text("utf-8")
    ends = re.findall(r"--> (\d+):(\d+):(\d+),(\d+)", text)
    facts = probe(CLIP)
    rate = Fraction(facts["streams"][0]["r_frame_rate"])
    hours, minutes, whole, milliseconds = map(int, ends[-1])
    last = hours * 3600 + minutes * 60 + whole + milliseconds / 1000
    assert len(ends) == int(facts["streams"][0]["nb_read_packets"])
    assert abs(last - float(facts["format"]["duration"])) <= 1 / rate


@needs_ffprobe
def test_the_drone_clip_says_when_and_that_it_is_synthetic() -> None:
    tags = probe(CLIP)["format"]["tags"]
    assert tags["creation_time"] == "2025-05-17T08:42:07.000000Z"
    assert tags["comment"].startswith("synthetic")


def test_the_drone_track_moves_as_far_as_a_drone_flies_in_that_time() -> None:
    text = CLIP.with_suffix(".SRT").read_text("utf-8")
    north = [float(value) for value in re.findall(r"\[latitude: ([-\d.]+)\]", text)]
    speed = (north[-1] - north[0]) * 111_320 / (len(north) / 25)
    assert 5 < speed < 12
