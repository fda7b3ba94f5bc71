"""Plain folders and single files."""

import errno
import os
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.model.provenance import Found, Passed, SourceKind
from forensics.sources import discover, opening, walk

MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42"


def _put(path: Path, data: bytes = MP4) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _read(*paths: Path | str) -> tuple[list[Found], list[Passed]]:
    met = list(discover([str(path) for path in paths]))
    return [one for one in met if isinstance(one, Found)], [one for one in met if isinstance(one, Passed)]


def _codes(passed: list[Passed]) -> dict[str, str]:
    return {os.path.basename(one.path): one.code for one in passed}


def test_a_folder_gives_its_clips_and_stills_and_names_the_rest(tmp_path: Path) -> None:
    _put(tmp_path / "clip.mp4")
    _put(tmp_path / "deep" / "er" / "noext")
    _put(tmp_path / "text.mp4", b"no video at all")
    _put(tmp_path / "still.png", b"\x89PNG\r\n\x1a\n")
    _put(tmp_path / "notes.txt", b"hello")
    found, passed = _read(tmp_path)
    assert [Path(one.path).name for one in found] == ["clip.mp4", "noext", "still.png", "text.mp4"]
    assert all(one.appearance.kind is SourceKind.FILE and one.appearance.post is None for one in found)
    assert [(one.code, one.failed) for one in passed] == [("input.not_media", False)]


def test_the_path_is_kept_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _put(tmp_path / "case" / "clip.mp4")
    monkeypatch.chdir(tmp_path)
    assert [one.path for one in _read("./case//")[0]] == ["./case//clip.mp4"]
    assert [one.path for one in _read(".")[0]] == ["./case/clip.mp4"]


def test_the_order_is_that_of_path_bytes(tmp_path: Path) -> None:
    for name in ("b.mp4", "a/z.mp4", "a.mp4", "a-b.mp4", "B.mp4", "ä.mp4", "a/\udcff.mp4"):
        _put(tmp_path / name)
    paths = [one.path for one in _read(tmp_path)[0]]
    assert len(paths) == 7
    assert paths == sorted(paths, key=os.fsencode)


def test_telemetry_goes_with_its_clip_and_a_lonely_one_is_named(tmp_path: Path) -> None:
    clip = _put(tmp_path / "DJI_0001.MP4")
    beside = _put(tmp_path / "dji_0001.srt", b"1\n")
    _put(tmp_path / "DJI_0002.SRT", b"1\n")
    _put(tmp_path / "DJI_0003.JPG", b"\xff\xd8\xff\xe0")
    _put(tmp_path / "DJI_0003.SRT", b"1\n")
    found, passed = _read(tmp_path)
    assert {one.path: one.sidecars for one in found}[str(clip)] == (str(beside),)
    assert _codes(passed) == {"DJI_0002.SRT": "input.not_media", "DJI_0003.SRT": "input.not_media"}
    assert all("no clip of that name" in one.message and not one.failed for one in passed)


def test_a_file_given_by_name_is_taken_whatever_it_holds(tmp_path: Path) -> None:
    found, passed = _read(_put(tmp_path / "notes.txt", b"hello"), _put(tmp_path / "empty", b""))
    assert [Path(one.path).name for one in found] == ["notes.txt", "empty"]
    assert not passed


def test_a_clip_given_by_name_has_its_telemetry(tmp_path: Path) -> None:
    clip, beside = _put(tmp_path / "a_T.mp4"), _put(tmp_path / "A.SRT", b"1\n")
    (tmp_path / "a_t.srt").mkdir()
    assert [one.sidecars for one in _read(clip)[0]] == [()]  # the nearest name is a folder: it is no telemetry file
    (tmp_path / "a_t.srt").rmdir()
    assert [one.sidecars for one in _read(clip)[0]] == [(str(beside),)]


def test_what_cannot_be_read_is_a_failure(tmp_path: Path) -> None:
    found, passed = _read(tmp_path / "missing.mp4", "", "nul\0byte", _put(tmp_path / "a.mp4") / "below")
    assert not found
    assert [(one.code, one.failed) for one in passed] == [("input.unreadable", True)] * 4


def test_links_are_passed_over_and_loops_are_called_loops(tmp_path: Path) -> None:
    outside = _put(tmp_path / "outside" / "clip.mp4")
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "file.mp4").symlink_to(outside)
    (root / "folder").symlink_to(outside.parent)
    (root / "dangling.mp4").symlink_to("nowhere")
    (root / "self").symlink_to(".")
    (root / "sub" / "up").symlink_to("..")
    (root / "one.mp4").symlink_to("two.mp4")
    (root / "two.mp4").symlink_to("one.mp4")
    found, passed = _read(root)
    assert not found
    assert all(one.failed for one in passed)
    assert _codes(passed) == {
        "file.mp4": "input.symlink",
        "folder": "input.symlink",
        "dangling.mp4": "input.symlink",
        "self": "input.directory_loop",
        "up": "input.directory_loop",
        "one.mp4": "input.directory_loop",
        "two.mp4": "input.directory_loop",
    }


@pytest.mark.parametrize("target", ["clip.mp4", "."])
def test_a_link_given_by_name_is_refused(tmp_path: Path, target: str) -> None:
    _put(tmp_path / "clip.mp4")
    (tmp_path / "link").symlink_to(target)
    found, passed = _read(tmp_path / "link")
    assert not found
    assert [(one.code, one.failed) for one in passed] == [("input.symlink", True)]


def test_pipes_sockets_and_devices_are_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "sock.mp4"))
        found, passed = _read(tmp_path, tmp_path / "pipe.mp4", "/dev/null")
    assert not found
    assert {one.code for one in passed} == {"input.not_regular"}
    assert {os.path.basename(one.path) for one in passed} == {"pipe.mp4", "sock.mp4", "null"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_without_permission_a_folder_and_a_file_are_failures(tmp_path: Path) -> None:
    _put(tmp_path / "closed" / "a.mp4")
    _put(tmp_path / "b.mp4").chmod(0)
    (tmp_path / "closed").chmod(0)
    try:
        found, passed = _read(tmp_path)
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert not found
    assert _codes(passed) == {"closed": "input.unreadable", "b.mp4": "input.unreadable"}


def test_a_folder_that_cannot_be_opened_or_listed_does_not_stop_the_walk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(tmp_path / "bad" / "a.mp4")
    _put(tmp_path / "good.mp4")
    real = os.open

    def refuse(name: str, flags: int, *, dir_fd: int | None = None) -> int:
        if name == "bad":
            raise PermissionError(errno.EACCES, "Permission denied", name)
        return real(name, flags, dir_fd=dir_fd)

    monkeypatch.setattr(opening.os, "open", refuse)
    found, passed = _read(tmp_path)
    assert [Path(one.path).name for one in found] == ["good.mp4"]
    assert [(os.path.basename(one.path), one.code, one.failed) for one in passed] == [("bad", "input.unreadable", True)]


def test_a_folder_met_again_below_itself_without_any_link_is_a_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a bind mount makes it: the folder below has the identity of one above."""
    _put(tmp_path / "sub" / "again" / "a.mp4")
    _put(tmp_path / "sub" / "b.mp4")
    real = os.open

    def bind(name: str, flags: int, *, dir_fd: int | None = None) -> int:
        return real(str(tmp_path), flags) if name == "again" else real(name, flags, dir_fd=dir_fd)

    monkeypatch.setattr(opening.os, "open", bind)
    found, passed = _read(tmp_path)
    assert [Path(one.path).name for one in found] == ["b.mp4"]
    assert [(os.path.basename(one.path), one.code) for one in passed] == [("again", "input.directory_loop")]


def test_a_tree_that_is_too_deep_is_said_and_leaks_no_descriptor(tmp_path: Path) -> None:
    _put(tmp_path.joinpath(*["d"] * (walk.MAX_DEPTH + 3), "a.mp4"))
    _put(tmp_path / "z.mp4")
    before = len(os.listdir("/proc/self/fd"))
    found, passed = _read(tmp_path)
    assert [Path(one.path).name for one in found] == ["z.mp4"]
    assert [(one.code, one.failed) for one in passed] == [("input.too_deep", True)]
    assert len(os.listdir("/proc/self/fd")) == before


def test_an_abandoned_walk_closes_its_descriptors(tmp_path: Path) -> None:
    _put(tmp_path / "a" / "b" / "c.mp4")
    before = len(os.listdir("/proc/self/fd"))
    walking = discover([str(tmp_path)])
    next(walking)
    assert len(os.listdir("/proc/self/fd")) > before
    walking.close()  # type: ignore[attr-defined]
    assert len(os.listdir("/proc/self/fd")) == before


def test_overlapping_inputs_give_each_place_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _put(tmp_path / "sub" / "a.mp4")
    _put(tmp_path / "sub" / "b.txt", b"b")
    os.link(tmp_path / "sub" / "a.mp4", tmp_path / "sub" / "twin.mp4")
    monkeypatch.chdir(tmp_path)
    os.mkfifo("sub/pipe")
    found, passed = _read("sub/a.mp4", tmp_path, "sub", "./sub/../sub/a.mp4", "sub/b.txt", "sub/pipe")
    assert [one.path for one in found] == ["sub/a.mp4", f"{tmp_path}/sub/twin.mp4", "sub/b.txt"]
    assert [one.path for one in passed] == [f"{tmp_path}/sub/b.txt", f"{tmp_path}/sub/pipe"]


def test_a_file_that_vanishes_after_it_was_listed_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _put(tmp_path / "a.mp4")
    real: Callable[[int], list[str]] = opening.names_in
    monkeypatch.setattr(opening, "names_in", lambda fd: [*real(fd), "ghost.mp4"])
    found, passed = _read(tmp_path)
    assert [Path(one.path).name for one in found] == ["a.mp4"]
    assert [(os.path.basename(one.path), one.code, one.failed) for one in passed] == [
        ("ghost.mp4", "input.unreadable", True)
    ]


@pytest.mark.parametrize("swap", ["link", "pipe"])
def test_a_name_that_is_exchanged_after_it_was_looked_at_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swap: str
) -> None:
    _put(tmp_path / "outside.mp4")
    (tmp_path / "root").mkdir()
    if swap == "link":
        (tmp_path / "root" / "a.mp4").symlink_to(tmp_path / "outside.mp4")
    else:
        os.mkfifo(tmp_path / "root" / "a.mp4")
    real = opening.kind_of

    def stale(name: str, *, dir_fd: int | None = None) -> opening.Kind:
        return opening.Kind.FILE if name.endswith("a.mp4") else real(name, dir_fd=dir_fd)

    monkeypatch.setattr(opening, "kind_of", stale)
    for given in (tmp_path / "root", tmp_path / "root" / "a.mp4"):
        found, passed = _read(given)
        assert not found
        assert [one.code for one in passed] == ["input.unreadable" if swap == "link" else "input.not_regular"]


def test_nothing_is_written_and_no_access_time_moves(tmp_path: Path) -> None:
    clip = _put(tmp_path / "case" / "clip.mp4")
    _put(tmp_path / "case" / "clip.srt", b"1\n")
    for path in (clip, clip.parent):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    before = [(path.stat().st_atime_ns, path.stat().st_mtime_ns) for path in (clip, clip.parent)]
    assert len(_read(clip.parent, clip)[0]) == 1
    assert [(path.stat().st_atime_ns, path.stat().st_mtime_ns) for path in (clip, clip.parent)] == before
    assert sorted(os.listdir(clip.parent)) == ["clip.mp4", "clip.srt"]


def test_finding_leaves_no_trace_on_what_it_reads(tmp_path: Path) -> None:
    """Read-only media stay as they are: no file beside them, no time moved, where the system lets us ask for that."""
    source = tmp_path / "source"
    _put(source / "sub" / "clip.mp4")
    _put(source / "sub" / "clip.srt", b"1\n")
    _put(source / "result.json", b'{"name":"c","type":"public_channel","id":1,"messages":[]}')
    with zipfile.ZipFile(source / "sub" / "a.zip", "w") as archive:
        archive.writestr("b.mp4", MP4)
    (tmp_path / "room").mkdir()
    everything = [source, *sorted(source.rglob("*"))]
    for path in everything:
        os.utime(path, ns=(1, path.stat().st_mtime_ns))
    before = [(path, os.lstat(path)) for path in everything]
    found = list(discover([str(source), str(source / "sub")], str(tmp_path / "room")))
    assert any(isinstance(one, Found) and one.staged for one in found)
    now_there = [(path, os.lstat(path)) for path in everything]
    assert [source, *sorted(source.rglob("*"))] == everything
    for (_, then), (path, now) in zip(before, now_there, strict=True):
        assert (now.st_mtime_ns, now.st_ctime_ns, now.st_mode) == (then.st_mtime_ns, then.st_ctime_ns, then.st_mode)
        if hasattr(os, "O_NOATIME"):
            assert now.st_atime_ns == 1, path
