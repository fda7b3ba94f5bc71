"""Footage in a bucket as input, against moto: a fake of S3, with the faults that `tests.fake_s3` lists."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from forensics import media
from forensics.errors import InputError, StoreError
from forensics.model.provenance import Found, Passed
from pipelines.bucket import Bucket
from pipelines.bucket_inputs import discover_there, in_buckets
from tests import fake_s3
from tests.fake_s3 import Answer
from tests.integration.conftest import Ran

SRT = b"1\n00:00:00,000 --> 00:00:01,000\n[latitude: 47.1] [longitude: 8.5]\n"


@pytest.fixture
def laid(s3_owner: Any, s3_bucket: str, clips: Path) -> Callable[[dict[str, bytes]], str]:
    """Put objects into the test's bucket; its name."""

    def put(objects: dict[str, bytes]) -> str:
        for key, data in objects.items():
            s3_owner.put_object(Bucket=s3_bucket, Key=key, Body=data, ChecksumAlgorithm="SHA256")
        return s3_bucket

    return put


def found_at(text: str, room: Path) -> tuple[list[Found], list[Passed]]:
    met = list(discover_there([text], room, media.Limits()))
    return [each for each in met if isinstance(each, Found)], [each for each in met if isinstance(each, Passed)]


def test_a_prefix_is_ingested_as_a_folder_is_with_address_version_and_time(
    forensics: Callable[..., Ran], at_s3, laid, s3, s3_owner, clips, tmp_path
) -> None:
    data = (clips / "second.mp4").read_bytes()
    bucket = laid({"drone/day 1/DJI_0042.MP4": data, "drone/day 1/DJI_0042.SRT": SRT, "drone/notes.txt": b"x"})
    case = tmp_path / "case"
    assert forensics("init", case, "--case-id", "S-1", "--operator", "tester").code == 0
    done = forensics("ingest", f"s3://{bucket}/drone", "-c", case, "--json")
    assert done.code == 0, done.err
    (line,) = done.of("evidence")
    assert line["path"] == f"s3://{bucket}/drone/day 1/DJI_0042.MP4"
    assert next(each["path"] for each in done.of("skipped")) == f"s3://{bucket}/drone/notes.txt"
    shown = forensics("show", line["id"], "-c", case)
    head = s3_owner.head_object(Bucket=bucket, Key="drone/day 1/DJI_0042.MP4", ChecksumMode="ENABLED")
    manifest = json.loads((case / line["manifest"]).read_bytes())["predicate"]["record"]
    (seen,) = manifest["appearances"]
    assert (seen["name"], seen["kind"]) == ("DJI_0042.MP4", "file")
    assert seen["bucket"]["version_id"] == head["VersionId"]
    assert seen["bucket"]["checksum"] == head["ChecksumSHA256"]
    assert seen["bucket"]["modified"] == head["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [each["name"] for each in seen["sidecars"]] == ["DJI_0042.SRT"]
    assert manifest["acquisition"]["method"] == "object of a bucket"
    assert manifest["acquisition"]["mtime_ns_as_found"] == str(int(head["LastModified"].timestamp()) * 10**9)
    # Where it lay is told to who has the disclosures, and to nobody else.
    assert bucket not in (case / line["manifest"]).read_text()
    assert s3 not in (case / line["manifest"]).read_text()
    assert f"s3://{bucket}/drone/day 1/DJI_0042.MP4" in shown.out
    assert f"version {head['VersionId']} at {s3}" in shown.out
    page = tmp_path / "page.html"
    assert forensics("report", "-c", case, "-o", page).code == 0
    assert head["VersionId"] in page.read_text() and head["ChecksumSHA256"] in page.read_text()
    again = forensics("ingest", f"s3://{bucket}/drone/", "-c", case, "--json")
    assert [(each["status"], each["version"]) for each in again.of("evidence")] == [("known", 1)]
    laid({"drone/day 1/DJI_0042.MP4": data})
    later = forensics("ingest", f"s3://{bucket}/drone/", "-c", case, "--json")
    assert [(each["status"], each["version"]) for each in later.of("evidence")] == [("known", 2)]
    assert forensics("verify", case).code == 0
    assert list((case / "staging").iterdir()) == []


def test_a_key_is_taken_with_the_telemetry_beside_it(at_s3, laid, clips, tmp_path) -> None:
    data = (clips / "second.mp4").read_bytes()
    bucket = laid(
        {"a/clip.mp4": data, "a/CLIP.srt": SRT, "a/clip.mp4.bak/x": b"", "a/clipper.mp4": data, "b.mp4": data}
    )
    found, _ = found_at(f"s3://{bucket}/a/clip.mp4", tmp_path / "room")
    assert [each.path for each in found] == [f"s3://{bucket}/a/clip.mp4"]
    assert [Path(each).name for each in found[0].sidecars] == ["CLIP.srt"]
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"clip.mp4", "CLIP.srt"}


def test_an_export_in_a_bucket_tells_its_posts(at_s3, laid, clips, tmp_path) -> None:
    post = {"id": 7, "type": "message", "date": "2024-05-01T10:00:00", "date_unixtime": "1714557600", "text": "x"}
    post |= {"file": "video_files/a.mp4", "media_type": "video_file", "from": "C", "from_id": "channel1"}
    export = {"name": "C", "type": "public_channel", "id": 1, "messages": [post]}
    data = (clips / "second.mp4").read_bytes()
    bucket = laid({"e/result.json": json.dumps(export).encode(), "e/video_files/a.mp4": data})
    found, _ = found_at(f"s3://{bucket}/e", tmp_path / "room")
    assert [(each.path, each.appearance.source) for each in found] == [
        (f"s3://{bucket}/e/video_files/a.mp4", f"s3://{bucket}/e/result.json")
    ]
    assert found[0].appearance.post is not None
    assert found[0].appearance.post.message_id == "7"


def test_what_is_hidden_or_deleted_there_is_said(at_s3, laid, s3_owner, clips, tmp_path) -> None:
    data = (clips / "second.mp4").read_bytes()
    bucket = laid({"a.mp4": b"earlier", "gone.mp4": data})
    laid({"a.mp4": data})
    s3_owner.delete_object(Bucket=bucket, Key="gone.mp4")
    found, passed = found_at(f"s3://{bucket}", tmp_path / "room")
    assert [each.path for each in found] == [f"s3://{bucket}/a.mp4"]
    told = {(each.path.rpartition("/")[2], each.code) for each in passed}
    assert {("a.mp4", "input.earlier_version"), ("gone.mp4", "input.deleted_there")} <= told


@pytest.mark.parametrize("key", ["a/../../b.mp4", "a//b.mp4", "./b.mp4", "x" * 300 + ".mp4"])
def test_a_key_that_is_no_path_is_refused_and_leads_nowhere(key, at_s3, laid, clips, tmp_path) -> None:
    bucket = laid({f"in/{key}": b"x", "in/good.mp4": (clips / "second.mp4").read_bytes()})
    found, passed = found_at(f"s3://{bucket}/in/", tmp_path / "room")
    assert [each.path for each in found] == [f"s3://{bucket}/in/good.mp4"]
    assert ("input.object_key", True) in {(each.code, each.failed) for each in passed}
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["good.mp4"]


def test_a_name_of_a_file_that_is_a_folder_too_is_refused(at_s3, laid, clips, tmp_path) -> None:
    data = (clips / "second.mp4").read_bytes()
    bucket = laid({"in/a.mp4": data, "in/a.mp4/b.mp4": data})
    found, passed = found_at(f"s3://{bucket}/in/", tmp_path / "room")
    assert len(found) == 1
    assert [each.code for each in passed] == ["input.object_key"]


def test_bytes_that_the_server_changes_are_no_evidence_and_the_others_go_on(at_s3, laid, s3, clips, tmp_path) -> None:
    data = (clips / "second.mp4").read_bytes()
    bucket = laid({"in/bad.mp4": data, "in/good.mp4": data})

    def lie(method: str, path: str, answer: Answer) -> Answer:
        changed = answer.body[:-1] + bytes([answer.body[-1] ^ 1]) if answer.body else b""
        return answer._replace(body=changed) if method == "GET" and "bad.mp4" in path else answer

    with fake_s3.liar(s3, lie) as address:
        at_s3(address)
        found, passed = found_at(f"s3://{bucket}/in/", tmp_path / "room")
    assert [each.path for each in found] == [f"s3://{bucket}/in/good.mp4"]
    assert [(each.code, each.failed) for each in passed] == [("integrity.copy", True)]


def test_a_place_where_nothing_lies_is_a_failure_and_a_wrong_one_an_error(at_s3, s3_bucket, tmp_path) -> None:
    found, passed = found_at(f"s3://{s3_bucket}/nothing", tmp_path / "room")
    assert (found, [(each.code, each.failed) for each in passed]) == ([], [("input.nothing_there", True)])
    with pytest.raises(StoreError):
        found_at("s3://no-such-bucket/x", tmp_path / "other")
    with pytest.raises(InputError):
        found_at("s3://BUCKET", tmp_path / "third")


def test_paths_and_places_are_told_apart_and_a_part_of_a_bucket_is_refused(
    forensics: Callable[..., Ran], ingested
) -> None:
    assert in_buckets(["a.mp4", "s3://bucket/x", "./s3:/b"]) == (("a.mp4", "./s3:/b"), ("s3://bucket/x",))
    done = forensics("ingest", "s3://bucket/x", "--shard", "1/2", "-c", ingested)
    assert done.code == 2
    assert "what lies in a bucket is not divided" in done.err


def test_the_disk_is_asked_for_room_before_anything_is_brought(at_s3, laid, monkeypatch, tmp_path) -> None:
    bucket = laid({"in/a.mp4": b"x"})

    def endless(self: Bucket, beginning: str) -> Iterator[Any]:
        return (each._replace(size=2**62) for each in listed(self, beginning))

    listed = Bucket.listed
    monkeypatch.setattr(Bucket, "listed", endless)
    with pytest.raises(StoreError) as caught:
        found_at(f"s3://{bucket}/in/", tmp_path / "room")
    assert caught.value.code == "store.full"
