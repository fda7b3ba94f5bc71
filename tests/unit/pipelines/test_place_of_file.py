"""A file that is written whole takes the place of what was there: never that of a device, a pipe or an open file."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from forensics.errors import NotRegularFile
from pipelines.whole_files import require_place_of_file, write_whole


@pytest.fixture
def places(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "to pipe").symlink_to("pipe")
    listener = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(tmp_path)  # a socket's path has at most 107 bytes
    listener.bind("socket")
    os.chdir(here)
    with (tmp_path / "open").open("wb") as opened, listener:
        yield [
            Path("/dev/null"),
            Path("/dev/stdout"),
            Path(f"/dev/fd/{opened.fileno()}"),
            tmp_path / "pipe",
            tmp_path / "to pipe",
            tmp_path / "socket",
        ]


def test_devices_pipes_sockets_and_open_files_are_refused_in_one_line_and_left_alone(places) -> None:
    for place in places:
        before = os.lstat(place)
        with pytest.raises(NotRegularFile, match="is a device, a pipe or a socket") as told:
            write_whole(place, b"page")
        assert "\n" not in told.value.message
        assert os.lstat(place).st_ino == before.st_ino
        assert not place.with_name(f".{place.name}.new").exists()


def test_files_new_and_old_and_links_to_files_are_places(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"1")
    (tmp_path / "link").symlink_to("old")
    for name in ("old", "new", "link"):
        write_whole(tmp_path / name, b"2")
        assert (tmp_path / name).read_bytes() == b"2"
    require_place_of_file(tmp_path / "absent" / "page.html")
