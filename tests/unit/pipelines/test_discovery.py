"""Exports are read in a jail of their own: they say the same, and one that stops its reader stops nothing else."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from forensics import media, sources
from forensics.media import reading
from forensics.model.provenance import Passed
from pipelines import discovery
from tests import hostile_readers as hostile


def export(folder: Path, posts: int) -> Path:
    """A Telegram export with a clip in every post; the last name is no UTF-8."""
    files = folder / "video_files"
    files.mkdir(parents=True)
    messages = []
    for number in range(1, posts + 1):
        (files / f"{number}.mp4").write_bytes(b"\0\0\0\x18ftypisom" + bytes(12) + str(number).encode())
        messages.append(
            {
                "id": number, "type": "message", "date": "2022-07-12T11:00:00", "date_unixtime": "1657612800",
                "from": "C", "from_id": "channel17", "file": f"video_files/{number}.mp4", "media_type": "video_file",
                "text": f"№{number}",
            }
        )  # fmt: skip
    chat = {"name": "C", "type": "public_channel", "id": 17, "messages": messages}
    (folder / "result.json").write_text(json.dumps(chat, indent=1))
    if sys.platform == "linux":
        Path(str(files / "odd-\udcff.mp4")).write_bytes(b"\0\0\0\x18ftypisom" + bytes(12))
    return folder


def test_an_export_says_the_same_in_the_jail(tmp_path: Path) -> None:
    chat = str(export(tmp_path / "case" / "export", 20))
    (tmp_path / "case" / "loose.mp4").write_bytes(b"\0\0\0\x18ftypisom" + bytes(12))
    inputs = (chat, str(tmp_path / "case"), str(tmp_path / "case" / "export" / "result.json"))
    told = list(discovery.discover(inputs, media.DEFAULT_LIMITS))
    assert told == list(sources.discover(inputs))
    assert sum(not isinstance(thing, Passed) for thing in told) >= 21


def test_a_relative_path_is_read_from_the_folder_of_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export(tmp_path / "export", 2)
    media.warm()
    monkeypatch.chdir(tmp_path)
    told = list(discovery.discover(("export",), media.DEFAULT_LIMITS))
    assert told == list(sources.discover(("export",)))
    assert [thing.path for thing in told][:2] == ["export/video_files/1.mp4", "export/video_files/2.mp4"]


def test_an_export_whose_reader_is_stopped_is_a_failure_and_what_lies_beside_it_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(tmp_path / "case" / "export", 2)
    (tmp_path / "case" / "loose.mp4").write_bytes(b"\0\0\0\x18ftypisom" + bytes(12))
    monkeypatch.setattr(sources, "read_export", hostile.crash_over_an_export)
    told = list(discovery.discover((str(tmp_path / "case"),), media.DEFAULT_LIMITS))
    (failure,) = [thing for thing in told if isinstance(thing, Passed) and thing.failed]
    assert (failure.path, failure.code) == (str(tmp_path / "case" / "export"), "parser.killed")
    assert "0 entries of it were taken, what follows them was not read" in failure.message
    assert [thing.path for thing in told if not isinstance(thing, Passed)] == [str(tmp_path / "case" / "loose.mp4")]


@pytest.mark.skipif(not reading.reader_level().full, reason=f"this kernel gives {reading.reader_level()}")
def test_the_reader_of_an_export_can_open_nothing_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = str(export(tmp_path / "export", 1))
    (tmp_path / "beside").write_text("secret")
    monkeypatch.setattr(sources, "read_export", hostile.read_beside_an_export)
    (failure,) = discovery.discover((chat,), media.DEFAULT_LIMITS)
    assert isinstance(failure, Passed)
    assert failure.code == "parser.failed"
    assert failure.message.startswith("PermissionError")
