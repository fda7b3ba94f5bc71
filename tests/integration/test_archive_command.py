"""A zip of an export through the real command line: members as evidence with their posts, the archive beside them."""

from __future__ import annotations

import hashlib
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.integration.conftest import Ran, ffmpeg

EXPORT = {
    "name": "News of the bridge",
    "type": "public_channel",
    "id": 77,
    "messages": [
        {"id": 5, "type": "message", "date_unixtime": "1714557600", "file": "video_files/a.mp4", "text": "caption"}
    ],
}


def test_an_archive_is_kept_whole_and_each_member_tells_where_it_was(
    forensics: Callable[..., Ran], clips: Path, tmp_path: Path
) -> None:
    case, path = tmp_path / "case", tmp_path / "ChatExport_2024-05-01.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("chat/result.json", json.dumps(EXPORT))
        archive.write(clips / "copy.mp4", "chat/video_files/a.mp4")
        archive.writestr("../slip.mp4", b"x")
    packets = tmp_path / "packets.tar"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:d=1", tmp_path / "live.ts")
    with tarfile.open(packets, "w") as tar:
        tar.add(tmp_path / "live.ts", "live.ts")
    assert forensics("init", case, "--case-id", "Z-1", "--operator", "tester").code == 0
    done = forensics("ingest", path, packets, "-c", case, "--json")
    assert done.code == 3, done.err
    durations = {Path(row["path"]).name: row["duration_s"] for row in done.of("evidence") if row["id"]}
    assert durations["packets.tar"] is None, "a stream stored in a tar is no video of the tar's digest"
    assert durations["live.ts"] == 1.0
    whole = next(row for row in done.of("evidence") if row["path"] == str(path))
    clip = next(row for row in done.of("evidence") if row["path"] == f"{path}/chat/video_files/a.mp4")
    slip = next(row for row in done.of("evidence") if row["path"].endswith("slip.mp4"))
    assert (whole["status"], [notice["code"] for notice in whole["notices"]]) == ("ingested", ["archive.path"])
    assert whole["id"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (clip["status"], clip["id"]) == ("ingested", hashlib.sha256((clips / "copy.mp4").read_bytes()).hexdigest())
    assert (slip["status"], slip["id"], slip["notices"][0]["code"]) == ("failed", None, "archive.path")
    assert not (tmp_path / "slip.mp4").exists()
    assert list((case / "staging").iterdir()) == []

    seen = forensics("show", clip["id"], "-c", case, "--json").lines[0]["appearances"][0]
    assert seen["kind"] == "telegram-desktop-export"
    assert seen["post"]["caption"] == "caption"
    assert seen["source"] == f"{path}/chat/result.json"
    assert seen["archive"]["member"] == "chat/video_files/a.mp4"
    assert seen["archive"]["sha256"] == whole["id"]
    offset = int(seen["archive"]["offset"])
    assert path.read_bytes()[offset : offset + 4] == b"PK\x03\x04"
    assert f"in the archive {whole['id']}" in forensics("show", clip["id"], "-c", case).out
    _signed_without_folders(case, clip["id"])

    again = forensics("ingest", path, "-c", case, "--json")
    assert {row["status"] for row in again.of("evidence") if row["id"]} == {"known"}
    assert forensics("replay", whole["id"], clip["id"], "-c", case).code == 0
    assert forensics("verify", case).code == 0


def _signed_without_folders(case: Path, evidence: str) -> None:
    """What is signed names the archive by digest, and conceals the folders inside it as it does those outside."""
    manifest = next(case.glob(f"store/*/{evidence}/v1/content/manifest.json")).read_text()
    assert "video_files" not in manifest
    assert '"offset":"' in manifest
