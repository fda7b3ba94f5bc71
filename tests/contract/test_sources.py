"""What every reader of a source promises, run over the table of readers."""

import json
import os
from pathlib import Path

import pytest

from forensics.model.provenance import Found, Passed
from forensics.sources import EXPORTS, READERS, Reader, discover

MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a bit of everything: a clip with telemetry, an export, a link, a pipe, odd names."""
    root = tmp_path / "place"
    message = {"id": 1, "type": "message", "date_unixtime": "1657612800", "file": "v/a.mp4", "text": "caption"}
    export = {"name": "c", "type": "public_channel", "id": 2, "messages": [message, {"id": 2, "file": "../x"}]}
    files = {
        b"clip.mp4": MP4,
        b"clip.SRT": b"1\n00:00:00,000 --> 00:00:01,000\nx\n",
        b"notes.txt": b"hello",
        b"bad\xff\xfe\n\x1b[31m.mp4": MP4,
        b"Chat/result.json": json.dumps(export).encode(),
        b"Chat/v/a.mp4": MP4,
        b"Chat/v/b.mp4": MP4,
    }
    for name, data in files.items():
        path = Path(os.fsdecode(os.path.join(os.fsencode(root), name)))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (root / "link").symlink_to("clip.mp4")
    os.mkfifo(root / "pipe")
    return root


def _inputs(place: Path) -> list[str]:
    below = [os.path.join(folder, name) for folder, folders, files in os.walk(place) for name in folders + files]
    return [str(place), *sorted(below), str(place / "missing"), "", "nul\0", "/dev/null", str(place) + "/"]


def _state(place: Path) -> list[tuple[str, int, int, int]]:
    paths = sorted(os.path.join(folder, name) for folder, _, files in os.walk(place) for name in files)
    return [(path, (stat := os.lstat(path)).st_mtime_ns, stat.st_size, stat.st_ino) for path in [str(place), *paths]]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: getattr(reader, "__name__", type(reader).__name__))
def test_a_reader_asks_and_reads_without_raising_or_writing(reader: Reader, place: Path) -> None:
    before = _state(place)
    for path in _inputs(place):
        if reader.sniff(path):
            met = list(reader.read(path))
            assert met == list(reader.read(path)), "the same source is told in the same way twice"
            assert all(isinstance(one, Found | Passed) for one in met)
    assert _state(place) == before


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: getattr(reader, "__name__", type(reader).__name__))
def test_what_a_reader_finds_are_regular_files_that_can_be_opened_by_name(reader: Reader, place: Path) -> None:
    for path in _inputs(place):
        for one in reader.read(path) if reader.sniff(path) else ():
            if isinstance(one, Found):
                for name in (one.path, *one.sidecars):
                    assert Path(name).is_file()
                    assert not Path(name).is_symlink()
            else:
                assert one.code.partition(".")[0] in {"input", "telegram", "ytdlp"}
                assert one.message
                assert "\n" not in one.message


def test_every_path_has_a_reader_and_every_file_is_told(place: Path) -> None:
    told = {os.path.realpath(one.path) for one in discover([str(place)]) if one.path}
    sidecars = {
        os.path.realpath(name) for one in discover([str(place)]) if isinstance(one, Found) for name in one.sidecars
    }
    files = {os.path.realpath(os.path.join(folder, name)) for folder, _, names in os.walk(place) for name in names}
    assert files <= told | sidecars
    for path in _inputs(place):
        assert list(discover([path])) or Path(path).is_dir()


def test_exports_are_asked_before_the_plain_readers() -> None:
    assert READERS[: len(EXPORTS)] == EXPORTS
    assert READERS[-1].sniff("anything at all")


def test_discovery_is_the_same_twice_and_in_the_order_of_the_inputs(place: Path) -> None:
    inputs = [str(place / "clip.mp4"), str(place / "Chat"), str(place)]
    once, again = list(discover(inputs)), list(discover(inputs))
    assert once == again
    assert once[0].path == inputs[0]
    assert len({repr(one) for one in once}) == len(once)
