"""Archives of exports and of clips: what is read, what is refused, and that nothing is made outside the room."""

import bz2
import errno
import gzip
import hashlib
import io
import json
import lzma
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from forensics.errors import StoreError
from forensics.model.provenance import Found, Passed, SourceKind
from forensics.sources import archive_decoding, archive_entries, archive_staging, archive_zip, discover

MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42"
EXPORT = {
    "name": "c",
    "type": "public_channel",
    "id": 7,
    "messages": [
        {"id": 1, "type": "message", "date_unixtime": "1657612800", "file": "video_files/a.mp4", "text": "caption"},
        {"id": 2, "type": "message", "date_unixtime": "1657612801", "file": "../../outside.mp4", "text": ""},
    ],
}

Met = tuple[list[Found], list[Passed]]


@pytest.fixture
def room(tmp_path: Path) -> Path:
    (tmp_path / "room").mkdir()
    return tmp_path / "room"


def _read(room: Path, *paths: Path) -> Met:
    met = list(discover([str(path) for path in paths], str(room)))
    return [one for one in met if isinstance(one, Found)], [one for one in met if isinstance(one, Passed)]


def _zip(path: Path, *members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name, (2024, 5, 1, 10, 20, 30)), data, method)
    return path


def _tar(path: Path, *members: tuple[str, bytes], mode: str = "w", form: int = tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, mode, format=form) as archive:  # type: ignore[call-overload]
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1714557600
            archive.addfile(info, io.BytesIO(data))
    return path


def _codes(passed: Sequence[Passed]) -> list[str]:
    return [one.code for one in passed]


def _staged(found: Sequence[Found]) -> dict[str, bytes]:
    return {one.path.rpartition("/")[2]: Path(one.opened).read_bytes() for one in found if one.staged}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_the_members_of_a_zip_are_found_with_archive_name_and_place(tmp_path: Path, room: Path, method: int) -> None:
    path = _zip(tmp_path / "clips.zip", ("day/a.mp4", MP4 * 9), ("day/a.srt", b"1\n"), ("n.txt", b"x"), method=method)
    found, passed = _read(room, path)
    whole, clip = found
    assert (whole.appearance.kind, whole.path, whole.staged, whole.notices) == ("archive", str(path), None, ())
    assert whole.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (clip.appearance.kind, clip.path) == ("file", f"{path}/day/a.mp4")
    assert Path(clip.opened).read_bytes() == MP4 * 9
    assert [Path(name).name for name in clip.sidecars] == ["a.srt"]
    member = clip.appearance.member
    assert member is not None
    assert (member.path, member.modified) == ("day/a.mp4", "2024-05-01T10:20:30")
    data = path.read_bytes()
    assert data[member.offset : member.offset + 4] == b"PK\x03\x04"
    assert member.archive_sha256 == hashlib.sha256(data).hexdigest()
    assert _codes(passed) == ["input.not_media"]


@pytest.mark.parametrize(
    ("name", "wrap"),
    [
        ("c.tar", bytes),
        ("c.tgz", gzip.compress),
        ("c.tar.bz2", bz2.compress),
        ("c.tar.xz", lzma.compress),
        ("two.tar.gz", lambda data: gzip.compress(data[:700]) + gzip.compress(data[700:]) + bytes(64)),
    ],
)
@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_the_members_of_a_tar_are_found(
    tmp_path: Path, room: Path, name: str, wrap: Callable[[bytes], bytes], form: int
) -> None:
    long = "d" * 90 + "/" + "e" * 90 + ".mp4"
    plain = _tar(tmp_path / "plain", ("./a.mp4", MP4 * 5000), (long, MP4), form=form)
    data = plain.read_bytes()
    (tmp_path / name).write_bytes(wrap(data))
    found, passed = _read(room, tmp_path / name)
    assert not passed
    assert not found[0].notices
    assert _staged(found) == {"a.mp4": MP4 * 5000, "e" * 90 + ".mp4": MP4}
    for one in found[1:]:
        assert one.appearance.member is not None
        assert one.appearance.member.modified == "@1714557600"
        assert data[one.appearance.member.offset :][257:262] == b"ustar"


@pytest.mark.parametrize("top", ["", "ChatExport_2024-05-01/"])
def test_an_export_in_a_zip_finds_its_media_in_the_same_zip(tmp_path: Path, room: Path, top: str) -> None:
    (tmp_path / "outside.mp4").write_bytes(MP4)
    members = ((f"{top}result.json", json.dumps(EXPORT).encode()), (f"{top}video_files/a.mp4", MP4))
    path = _zip(tmp_path / "export.zip", *members)
    found, passed = _read(room, path)
    clip = found[1]
    assert clip.appearance.kind is SourceKind.TELEGRAM_EXPORT
    assert clip.appearance.source == f"{path}/{top}result.json"
    assert clip.appearance.post is not None
    assert clip.appearance.post.caption == "caption"
    assert clip.appearance.member is not None
    assert clip.appearance.member.path == f"{top}video_files/a.mp4"
    assert _codes(passed) == ["telegram.path_refused"]
    assert all(str(room) not in one.path + one.message for one in passed)


def test_an_archive_inside_a_folder_is_read_and_one_inside_an_archive_is_kept_whole(tmp_path: Path, room: Path) -> None:
    inner = _zip(tmp_path / "inner.zip", ("deep.mp4", MP4)).read_bytes()
    (tmp_path / "folder").mkdir()
    path = _zip(tmp_path / "folder" / "outer.zip", ("inner.zip", inner), ("a.mp4", MP4))
    found, passed = _read(room, tmp_path / "folder")
    assert [one.path for one in found] == [str(path), f"{path}/a.mp4", f"{path}/inner.zip"]
    assert _staged(found)["inner.zip"] == inner
    assert [(one.code, one.path) for one in passed] == [("archive.nested", f"{path}/inner.zip")]


def test_without_a_room_no_archive_is_opened(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = _zip(tmp_path / "in" / "a.zip", ("a.mp4", MP4))
    assert [(type(one), one.path) for one in discover([str(path)])] == [(Found, str(path))]
    (tmp_path / "in" / "b.rar").write_bytes(b"Rar!\x1a\x07\x01\x00")
    codes = [(one.code, one.failed) for one in discover([str(tmp_path / "in")]) if isinstance(one, Passed)]
    assert codes == [("archive.not_opened", True), ("archive.unsupported", True)]


def test_no_name_of_a_zip_leads_out_of_the_room(tmp_path: Path, room: Path) -> None:
    names = ("../up.mp4", "/root.mp4", "a/../../b.mp4", "back\\slash.mp4", "..\\w.mp4", "x" * 256 + ".mp4", "/", "./.")
    before = sorted(os.listdir(tmp_path))
    path = _zip(tmp_path / "slip.zip", *((name, MP4) for name in names), ("d/" * 70 + "deep.mp4", MP4), ("ok.mp4", MP4))
    found, passed = _read(room, path)
    assert _staged(found) == {"ok.mp4": MP4}
    assert _codes(passed) == ["archive.path"] * 8  # the lone slash is a folder
    assert sorted(os.listdir(tmp_path)) == sorted([*before, "slip.zip"])
    assert [notice.code for notice in found[0].notices] == ["archive.path"]
    assert "8 members" in found[0].notices[0].message


def test_hostile_names_are_kept_as_bytes(tmp_path: Path, room: Path) -> None:
    names = ["-rf", "--", "new\nline.mp4", "\u202egpj.mp4", "%s%n.mp4", "=1+1.mp4", " .mp4", "C:x.mp4", "http:x.mp4"]
    path = _zip(tmp_path / "n.zip", *((name, MP4) for name in names))
    data = path.read_bytes().replace(b"%s%n.mp4", b"\xff\xfe\x80n.mp4")
    path.write_bytes(data)
    found, passed = _read(room, path)
    members = [one.appearance.member.path for one in found if one.appearance.member]
    wanted = [name.replace("%s%n", "\udcff\udcfe\udc80n") for name in names]
    assert not passed
    assert sorted(members) == sorted(wanted)


def test_links_and_special_files_are_never_made(tmp_path: Path, room: Path) -> None:
    path = tmp_path / "links.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, kind in (("link.mp4", stat.S_IFLNK), ("pipe.mp4", stat.S_IFIFO), ("dev.mp4", stat.S_IFCHR)):
            info = zipfile.ZipInfo(name)
            info.external_attr, info.create_system = (kind | 0o777) << 16, 3
            archive.writestr(info, "/etc/passwd")
        archive.writestr("link.mp4/through.mp4", MP4)
    found, passed = _read(room, path)
    assert _codes(passed) == ["archive.link", "archive.special", "archive.special"]
    assert _staged(found) == {"through.mp4": MP4}
    tar = tmp_path / "links.tar"
    with tarfile.open(tar, "w") as archive:
        for name, kind in (
            ("s", tarfile.SYMTYPE),
            ("h", tarfile.LNKTYPE),
            ("c", tarfile.CHRTYPE),
            ("f", tarfile.FIFOTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        archive.addfile(tarfile.TarInfo("v.mp4"))
    found, passed = _read(room, tar)
    assert _codes(passed) == ["archive.link", "archive.link", "archive.special", "archive.special"]
    assert list(_staged(found)) == ["v.mp4"]
    assert not [path for path in room.rglob("*") if path.is_symlink() or not (path.is_dir() or path.is_file())]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("make", [_zip, _tar])
def test_of_two_members_of_one_name_the_first_is_taken(tmp_path: Path, room: Path, make: Callable[..., Path]) -> None:
    members = (("a.mp4", MP4), ("./a.mp4", MP4 * 2), ("a.mp4/b.mp4", MP4), ("d/c.mp4", MP4), ("d", MP4))
    found, passed = _read(room, make(tmp_path / "twice.zip", *members))
    assert _staged(found) == {"a.mp4": MP4, "c.mp4": MP4}
    assert _codes(passed) == ["archive.duplicate"] * 3


def _flipped(path: Path, at: int, bits: int = 0xFF) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= bits
    path.write_bytes(data)


def _line_at(path: Path) -> int:
    return path.read_bytes().index(b"PK\x01\x02")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda path: _flipped(path, path.read_bytes().index(MP4)), "archive.crc"),
        (lambda path: (_flipped(path, 6, 1), _flipped(path, _line_at(path) + 8, 1)), "archive.encrypted"),
        (lambda path: _flipped(path, _line_at(path) + 8, 1), "archive.encrypted"),
        (lambda path: _flipped(path, 30), "archive.headers_differ"),
        (lambda path: _flipped(path, 14), "archive.headers_differ"),
        (lambda path: (_flipped(path, 8, 93), _flipped(path, _line_at(path) + 10, 93)), "archive.method"),
        (lambda path: _flipped(path, _line_at(path) + 45, 1), "archive.damaged"),
        (lambda path: _flipped(path, _line_at(path) + 34, 1), "archive.split"),
        (lambda path: (_flipped(path, 22, 7), _flipped(path, _line_at(path) + 24, 7)), "archive.size"),
        (lambda path: [_flipped(path, _line_at(path) + at, 64) for at in (22, 26)], "archive.truncated"),
    ],
)
def test_a_spoilt_member_is_refused_by_name_and_the_others_are_taken(
    tmp_path: Path, room: Path, spoil: Callable[[Path], object], code: str
) -> None:
    path = _zip(tmp_path / "a.zip", ("a.mp4", MP4), ("b.mp4", MP4), method=zipfile.ZIP_STORED)
    spoil(path)
    found, passed = _read(room, path)
    assert [(one.code, one.path) for one in passed] == [(code, f"{path}/a.mp4")]
    assert _staged(found) == {"b.mp4": MP4}


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda data: data[:-30], "archive.damaged"),
        (lambda data: data + b"more", "archive.damaged"),
        (lambda data: b"stub" + data, "archive.damaged"),
        (lambda data: data[:-12] + b"\x09\x00" + data[-10:], "archive.split"),
        (lambda data: data[:-14] + b"\x09\x00\x09\x00" + data[-10:], "archive.damaged"),
        (lambda data: data[:-14] + b"\xff\xff\xff\xff" + data[-10:], "archive.damaged"),
        (lambda data: data[:-18] + b"\x01\x00" + data[-16:], "archive.split"),
        (lambda data: b"Rar!" + data[4:], "archive.damaged"),
    ],
)
def test_a_zip_that_contradicts_itself_is_kept_and_not_opened(
    tmp_path: Path, room: Path, spoil: Callable[[bytes], bytes], code: str
) -> None:
    path = _zip(tmp_path / "a.zip", ("a.mp4", MP4))
    path.write_bytes(spoil(path.read_bytes()))
    found, passed = _read(room, path)
    assert not passed
    assert [(one.path, one.appearance.kind, [n.code for n in one.notices]) for one in found] == [
        (str(path), SourceKind.FILE, [code])
    ]


def test_a_zip64_directory_is_read_and_one_that_lies_is_refused(tmp_path: Path, room: Path) -> None:
    path = tmp_path / "big.zip"
    with zipfile.ZipFile(path, "w") as archive, archive.open("a.mp4", "w", force_zip64=True) as member:
        member.write(MP4)
    data = path.read_bytes()
    end = data.index(b"PK\x05\x06")
    count, length, start = 1, *struct.unpack_from("<LL", data, end + 12)

    def with_64(count: int, length: int, start: int) -> bytes:
        record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, length, start)
        locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
        return data[:end] + record + locator + data[end : end + 8] + b"\xff" * 12 + data[end + 20 :]

    path.write_bytes(with_64(count, length, start))
    assert _staged(_read(room, path)[0]) == {"a.mp4": MP4}
    for lie in (
        (2, length, start),
        (1 << 40, length, start),
        (1, 1 << 60, start),
        (1, length, 1 << 63),
        (1, length, 3),
    ):
        path.write_bytes(with_64(*lie))
        found, _ = _read(room, path)
        assert [one.appearance.kind for one in found] == [SourceKind.FILE]
        assert found[0].notices[0].code in {"archive.damaged", "archive.too_many_members"}


def test_members_that_share_bytes_are_refused(tmp_path: Path, room: Path) -> None:
    """The directory of Fifield's bomb: many lines, one header. And his other: each member holds the next one's."""
    data = _zip(tmp_path / "a.zip", ("a.mp4", MP4), ("z.mp4", MP4)).read_bytes()
    at, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    line, rest = data[at : at + 46 + 5], data[at + 46 + 5 : end]
    directory = line * 50 + rest
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 51, 51, len(directory), at, 0)
    (tmp_path / "same.zip").write_bytes(data[:at] + directory + tail)
    found, passed = _read(room, tmp_path / "same.zip")
    assert _codes(passed) == ["archive.overlap"]
    assert found[0].notices[0].message.startswith("50 members")
    assert _staged(found) == {"z.mp4": MP4}

    inner = _header(b"b.mp4", MP4) + MP4
    body = _header(b"a.mp4", inner) + inner
    directory = _line(b"a.mp4", inner, 0) + _line(b"b.mp4", MP4, len(body) - len(inner))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, len(directory), len(body), 0)
    (tmp_path / "quoted.zip").write_bytes(body + directory + tail)
    found, passed = _read(room, tmp_path / "quoted.zip")
    assert _codes(passed) == ["archive.overlap"] * 2
    assert not _staged(found)


def _header(name: bytes, data: bytes) -> bytes:
    sizes = (zlib.crc32(data), len(data), len(data), len(name), 0)
    return struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, *sizes) + name


def _line(name: bytes, data: bytes, offset: int) -> bytes:
    sizes = (zlib.crc32(data), len(data), len(data), len(name), 0, 0, 0, 0, 0, offset)
    return struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, *sizes) + name


def test_bytes_between_members_are_told(tmp_path: Path, room: Path) -> None:
    first, last = _header(b"a.mp4", MP4) + MP4, _header(b"b.mp4", MP4) + MP4
    for gap, codes in ((b"", []), (b"x", ["archive.hidden_bytes"]), (bytes(5000), ["archive.hidden_bytes"])):
        directory = _line(b"a.mp4", MP4, 0) + _line(b"b.mp4", MP4, len(first + gap))
        body = first + gap + last
        tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, len(directory), len(body), 0)
        (tmp_path / "gap.zip").write_bytes(body + directory + tail)
        found, passed = _read(room, tmp_path / "gap.zip")
        assert not passed
        assert [notice.code for notice in found[0].notices] == codes
        assert _staged(found) == {"a.mp4": MP4, "b.mp4": MP4}


def test_sizes_that_follow_a_member_are_no_hidden_bytes(tmp_path: Path, room: Path) -> None:
    class Pipe(io.RawIOBase):
        """An output that cannot be gone back in, so that sizes are written behind each member."""

        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.data += bytes(data)
            return len(data)

    made = Pipe()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        archive.writestr("a.mp4", MP4)
        archive.writestr("b.mp4", MP4)
    (tmp_path / "piped.zip").write_bytes(made.data)
    found, passed = _read(room, tmp_path / "piped.zip")
    assert not passed
    assert found[0].notices == ()
    assert _staged(found) == {"a.mp4": MP4, "b.mp4": MP4}


def test_a_bomb_is_refused_before_it_is_inflated(tmp_path: Path, room: Path) -> None:
    path = _zip(tmp_path / "bomb.zip", ("zeros.mp4", bytes(40 << 20)), ("a.mp4", MP4))
    found, passed = _read(room, path)
    assert _codes(passed) == ["archive.ratio"]
    assert _staged(found) == {"a.mp4": MP4}


def test_a_bomb_that_understates_its_size_is_stopped(tmp_path: Path, room: Path) -> None:
    path = _zip(tmp_path / "liar.zip", ("zeros.mp4", bytes(40 << 20)), ("a.mp4", MP4))
    data, small = bytearray(path.read_bytes()), struct.pack("<L", 1000)
    line = data.index(b"PK\x01\x02")
    data[22:26] = data[line + 24 : line + 28] = small
    path.write_bytes(data)
    found, passed = _read(room, path)
    assert _codes(passed) == ["archive.size"]
    assert _staged(found) == {"a.mp4": MP4}
    assert not list(room.rglob("zeros.mp4"))


def test_a_compressed_tar_yields_no_more_than_its_size_allows(
    tmp_path: Path, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forensics.sources.archive_members.TOTAL_FLOOR", 1 << 20)
    plain = _tar(tmp_path / "plain", ("a.mp4", MP4), ("zeros.mp4", bytes(8 << 20)))
    (tmp_path / "bomb.tar.xz").write_bytes(lzma.compress(plain.read_bytes()))
    found, passed = _read(room, tmp_path / "bomb.tar.xz")
    assert _staged(found) == {"a.mp4": MP4}
    assert _codes(passed) == ["archive.ratio"]
    assert [notice.code for notice in found[0].notices] == ["archive.ratio"] * 2


def test_an_xz_that_asks_for_gigabytes_of_memory_is_refused(
    tmp_path: Path, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_decoding, "MAX_DICTIONARY_BYTES", 1 << 20)
    plain = _tar(tmp_path / "plain", ("a.mp4", MP4))
    (tmp_path / "a.txz").write_bytes(lzma.compress(plain.read_bytes(), preset=9))
    assert [notice.code for notice in _read(room, tmp_path / "a.txz")[0][0].notices] == ["archive.memory"]


def test_the_number_of_members_is_limited(tmp_path: Path, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    members = [(f"{n}.mp4", MP4) for n in range(5)]
    monkeypatch.setattr(archive_zip, "MAX_MEMBERS", 4)
    found, _ = _read(room, _zip(tmp_path / "many.zip", *members))
    assert [notice.code for notice in found[0].notices] == ["archive.too_many_members"]
    assert not _staged(found)
    monkeypatch.setattr("forensics.sources.archive.MAX_MEMBERS", 4)
    found, _ = _read(room, _tar(tmp_path / "many.tar", *members))
    assert [notice.code for notice in found[0].notices] == ["archive.too_many_members"]
    assert len(_staged(found)) == 4


@pytest.mark.parametrize(
    ("spoil", "code", "taken"),
    [
        (lambda data: data[:520], "archive.truncated", 0),
        (lambda data: data[:1000], "archive.truncated", 1),
        (lambda data: data[:1024], "archive.truncated", 1),
        (lambda data: data[:1024] + b"\x01" + data[1025:], "archive.damaged", 1),
        (lambda data: data[:1024] + b"b" + data[1025:], "archive.damaged", 1),
        (lambda data: data + b"hidden", "archive.trailing_data", 2),
    ],
)
def test_a_tar_is_read_as_far_as_it_is_sound(
    tmp_path: Path, room: Path, spoil: Callable[[bytes], bytes], code: str, taken: int
) -> None:
    path = _tar(tmp_path / "a.tar", ("a.mp4", MP4), ("z.mp4", MP4), form=tarfile.USTAR_FORMAT)
    path.write_bytes(spoil(path.read_bytes()))
    found, _ = _read(room, path)
    assert len(_staged(found)) == taken
    assert code in {notice.code for notice in found[0].notices}


def test_a_tar_header_that_costs_memory_or_moves_all_members_is_refused(tmp_path: Path, room: Path) -> None:
    long = tarfile.TarInfo("././@LongLink")
    long.type, long.size = tarfile.GNUTYPE_LONGNAME, archive_entries.CHUNK_BYTES
    path = tmp_path / "long.tar"
    path.write_bytes(long.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20) + bytes(1024))
    assert [notice.code for notice in _read(room, path)[0][0].notices] == ["archive.damaged"]
    with tarfile.open(path, "w", pax_headers={"path": "everything.mp4"}) as archive:
        archive.addfile(tarfile.TarInfo("a.mp4"))
    assert [notice.code for notice in _read(room, path)[0][0].notices] == ["archive.damaged"]
    sparse = tarfile.TarInfo("holes.mp4")
    sparse.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(1 << 40)}
    with tarfile.open(path, "w") as archive:
        archive.addfile(sparse)
    assert _codes(_read(room, path)[1]) == ["archive.sparse"]


def test_an_archive_that_changes_while_it_is_read_is_not_taken(
    tmp_path: Path, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _zip(tmp_path / "a.zip", ("a.mp4", MP4))
    real = archive_zip.members

    def touched(fd: int):  # type: ignore[no-untyped-def]
        os.utime(path, ns=(1, 1))
        return real(fd)

    monkeypatch.setattr(archive_zip, "members", touched)
    found, passed = _read(room, path)
    assert not found
    assert _codes(passed) == ["input.changed_while_reading"]


@pytest.mark.parametrize(
    ("number", "code"), [(errno.EILSEQ, "archive.path"), (errno.ENOSPC, "archive.no_room"), (errno.EROFS, None)]
)
def test_a_name_that_the_disk_refuses_stops_no_other_and_a_dead_disk_stops_all(
    tmp_path: Path, room: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str | None
) -> None:
    path, real = _zip(tmp_path / "a.zip", ("bad.mp4", MP4), ("good.mp4", MP4)), os.open

    def refuse(name: str | bytes, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if name == b"bad.mp4":
            raise OSError(number, os.strerror(number))
        return real(name, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(archive_staging.os, "open", refuse)
    if code is None:
        with pytest.raises(StoreError):
            _read(room, path)
        return
    found, passed = _read(room, path)
    assert _codes(passed) == [code]
    assert _staged(found) == {"good.mp4": MP4}


def test_a_tar_of_less_than_no_bytes_ends(tmp_path: Path, room: Path) -> None:
    info = tarfile.TarInfo("a.mp4")
    head = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    head[124:136] = b"\xff" * 12
    head[148:156] = b"%06o\0 " % (sum(head[:148]) + sum(head[156:]) + 8 * 0x20)
    (tmp_path / "a.tar").write_bytes(bytes(head) + bytes(1024))
    assert [notice.code for notice in _read(room, tmp_path / "a.tar")[0][0].notices] == ["archive.damaged"]


def test_a_compressed_clip_in_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4.gz").write_bytes(gzip.compress(MP4))
    (tmp_path / "messages.gz").write_bytes(gzip.compress(b"log"))
    met = {Path(one.path).name: one.code for one in discover([str(tmp_path)]) if isinstance(one, Passed)}
    assert met == {"clip.mp4.gz": "archive.unsupported", "messages.gz": "input.not_media"}
