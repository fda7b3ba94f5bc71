"""Reading a source once: what is refused, what is copied, what is proved."""

import errno
import hashlib
import os
import resource
import socket
import stat
import tempfile
import threading
from pathlib import Path

import pytest

from forensics.acquire import acquire, digest, digest_file, open_source
from forensics.errors import ChangedWhileRead, IntegrityError, NotRegularFile, StoreError, Unreadable

CHUNK = digest.CHUNK
NOBODY = 65534


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(os.urandom(3 * CHUNK + 17))
    return path


@pytest.fixture
def public_folder():
    """A folder that another user may enter, unlike tmp_path."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 6 * CHUNK, 9 * CHUNK + 13])
def test_both_digests_and_the_copy_are_those_of_the_bytes(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    path = tmp_path / "source"
    path.write_bytes(data)
    got = acquire(str(path), tmp_path / "staged")
    assert got.digests.sha256 == hashlib.sha256(data).hexdigest()
    assert got.digests.sha512 == hashlib.sha512(data).hexdigest()
    assert got.digests.size == size
    assert (tmp_path / "staged").read_bytes() == data
    assert digest_file(path) == digest_file(str(path)) == got.digests


def test_the_copy_is_read_only_and_the_source_is_described_as_found(source: Path, tmp_path: Path) -> None:
    os.utime(source, ns=(10**18, 1_234_567_890_123_456_789))
    got = acquire(str(source), tmp_path / "staged")
    found = source.stat()
    assert stat.S_IMODE((tmp_path / "staged").stat().st_mode) == 0o444
    assert got.mtime_ns == found.st_mtime_ns == 1_234_567_890_123_456_789
    assert (got.device, got.inode, got.readback) == (found.st_dev, found.st_ino, True)
    assert got.staged == str(tmp_path / "staged")


def test_reading_does_not_touch_the_access_time(source: Path, tmp_path: Path) -> None:
    os.utime(source, ns=(10**15, 10**18))
    acquire(str(source), tmp_path / "staged")
    digest_file(source)
    assert source.stat().st_atime_ns == 10**15


def test_a_name_that_is_not_utf8_is_read_and_shown_safely(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\x1b[31m.mp4"
    with open(name, "wb") as file:
        file.write(b"x")
    assert acquire(os.fsdecode(name), tmp_path / "staged").digests.size == 1
    os.unlink(name)
    with pytest.raises(Unreadable) as caught:
        open_source(os.fsdecode(name))
    caught.value.message.encode("utf-8")
    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize("kind", ["folder", "link", "link to nothing", "pipe", "socket", "device"])
def test_what_is_no_regular_file_is_refused(tmp_path: Path, source: Path, kind: str) -> None:
    path = tmp_path / "thing"
    listener = socket.socket(socket.AF_UNIX)
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to(source)
    elif kind == "link to nothing":
        path.symlink_to(tmp_path / "nothing")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        listener.bind(str(path))
    else:
        path = Path("/dev/zero")
    try:
        with pytest.raises(NotRegularFile) as caught:
            acquire(str(path), tmp_path / "staged")
    finally:
        listener.close()
    assert caught.value.hint
    assert not (tmp_path / "staged").exists()


def test_a_file_exchanged_for_a_link_after_the_first_look_is_refused(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "link"
    link.symlink_to(source)
    monkeypatch.setattr(Path, "lstat", lambda _: source.stat())
    with pytest.raises(NotRegularFile):
        open_source(str(link))


def test_a_pipe_put_there_after_the_first_look_is_refused_without_waiting(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    before = open_descriptors()
    monkeypatch.setattr(Path, "lstat", lambda _: source.stat())
    with pytest.raises(NotRegularFile):
        open_source(str(pipe))
    assert open_descriptors() == before


@pytest.mark.parametrize("path", ["nothing/here", "a\0b", "x" * 5000])
def test_what_is_not_there_is_unreadable(path: str) -> None:
    with pytest.raises(Unreadable):
        open_source(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
def test_another_users_file_is_read_without_noatime_and_a_forbidden_one_is_unreadable(public_folder: Path) -> None:
    path = public_folder / "clip"
    path.write_bytes(b"clip")
    path.chmod(0o644)
    os.seteuid(NOBODY)
    try:
        os.close(open_source(str(path)))
        os.seteuid(0)
        path.chmod(0o600)
        os.seteuid(NOBODY)
        with pytest.raises(Unreadable):
            open_source(str(path))
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("change", ["append", "overwrite", "touch", "cut"])
def test_a_source_changed_while_it_is_read_is_not_taken(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    real, calls = os.readv, []

    def readv(fd: int, buffers: list[memoryview]) -> int:
        calls.append(fd)
        if len(calls) == 2:
            if change == "append":
                with source.open("ab") as file:
                    file.write(b"more")
            elif change == "overwrite":
                with source.open("r+b") as file:
                    file.write(b"other")
            elif change == "touch":
                os.utime(source)
            else:
                os.truncate(source, CHUNK)
        return real(fd, buffers)

    monkeypatch.setattr(digest.os, "readv", readv)
    with pytest.raises(ChangedWhileRead):
        acquire(str(source), tmp_path / "staged")
    assert not (tmp_path / "staged").exists()


def test_a_source_that_grows_for_ever_is_given_up(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, read = os.readv, []

    def readv(fd: int, buffers: list[memoryview]) -> int:
        with source.open("ab") as file:
            file.write(bytes(CHUNK))
        read.append(real(fd, buffers))
        assert len(read) < 20
        return read[-1]

    monkeypatch.setattr(digest.os, "readv", readv)
    with pytest.raises(ChangedWhileRead):
        acquire(str(source), tmp_path / "staged")


def test_a_copy_that_the_disk_gives_back_otherwise_is_found(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rot(*_: object) -> None:
        os.chmod(tmp_path / "staged", 0o600)
        with (tmp_path / "staged").open("r+b") as file:
            file.seek(CHUNK + 5)
            byte = file.read(1)
            file.seek(CHUNK + 5)
            file.write(bytes([byte[0] ^ 1]))

    monkeypatch.setattr("forensics.acquire.source.os.posix_fadvise", rot)
    with pytest.raises(IntegrityError) as caught:
        acquire(str(source), tmp_path / "staged")
    assert caught.value.code == "integrity.readback"
    assert not (tmp_path / "staged").exists()


def test_nothing_is_ever_overwritten(tmp_path: Path, source: Path) -> None:
    (tmp_path / "staged").write_bytes(b"already here")
    with pytest.raises(StoreError):
        acquire(str(source), tmp_path / "staged")
    assert (tmp_path / "staged").read_bytes() == b"already here"
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError):
        acquire(str(source), tmp_path / "link")
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_size_limit_is_a_full_disk(tmp_path: Path, source: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * CHUNK, hard))
    try:
        with pytest.raises(StoreError) as caught:
            acquire(str(source), tmp_path / "staged")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.code == "store.full"
    assert not (tmp_path / "staged").exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_while_syncing_is_a_store_error(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("forensics.acquire.source.os.fsync", refuse)
    with pytest.raises(StoreError) as caught:
        acquire(str(source), tmp_path / "staged")
    assert caught.value.code == "store.full"
    assert not (tmp_path / "staged").exists()


def test_too_little_room_is_said_before_a_byte_is_copied(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.statvfs(tmp_path)

    class Room:
        f_bavail = 1
        f_frsize = real.f_frsize

    monkeypatch.setattr("forensics.acquire.source.os.statvfs", lambda _: Room)
    with pytest.raises(StoreError) as caught:
        acquire(str(source), tmp_path / "staged")
    assert caught.value.code == "store.full"


def test_an_input_output_error_of_the_source_is_the_sources(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = os.readv, []

    def readv(fd: int, buffers: list[memoryview]) -> int:
        calls.append(fd)
        if len(calls) == 2:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(fd, buffers)

    monkeypatch.setattr(digest.os, "readv", readv)
    with pytest.raises(Unreadable):
        acquire(str(source), tmp_path / "staged")
    assert not (tmp_path / "staged").exists()


def test_an_interrupted_copy_leaves_neither_file_nor_thread_nor_descriptor(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = os.readv, []

    def readv(fd: int, buffers: list[memoryview]) -> int:
        calls.append(fd)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(fd, buffers)

    threads, descriptors = threading.active_count(), open_descriptors()
    monkeypatch.setattr(digest.os, "readv", readv)
    with pytest.raises(KeyboardInterrupt):
        acquire(str(source), tmp_path / "staged")
    assert not (tmp_path / "staged").exists()
    assert threading.active_count() == threads
    assert open_descriptors() == descriptors


def test_a_descriptor_is_digested_from_its_start(source: Path) -> None:
    fd = open_source(str(source))
    try:
        os.lseek(fd, 100, os.SEEK_SET)
        assert digest_file(fd) == digest_file(source)
    finally:
        os.close(fd)


def test_a_file_that_is_all_holes_is_not_read_for_hours(source: Path, tmp_path: Path) -> None:
    with source.open("r+b") as file:
        file.truncate(1 << 40)
    with pytest.raises(Unreadable) as caught:
        acquire(str(source), tmp_path / "copy")
    assert caught.value.code == "input.sparse"
    assert not (tmp_path / "copy").exists()


def test_a_file_with_some_holes_is_copied_with_its_zeros(source: Path, tmp_path: Path) -> None:
    with source.open("r+b") as file:
        size = file.seek(0, os.SEEK_END) + (1 << 22)
        file.truncate(size)
    assert acquire(str(source), tmp_path / "copy").digests.size == size
