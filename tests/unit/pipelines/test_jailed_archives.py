"""Archives, and what yt-dlp wrote beside a clip, are read in jails: they say the same, and one hurts itself alone."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics import media, sources
from forensics.media import reading
from forensics.model.provenance import Found, Passed, SourceKind
from pipelines import discovery
from tests import hostile_readers as hostile

FULL = pytest.mark.skipif(not reading.reader_level().full, reason=f"this kernel gives {reading.reader_level()}")
CLIP = b"\0\0\0\x18ftypisom" + bytes(12)
INFO = {
    "extractor_key": "TelegramEmbed", "webpage_url": "https://t.me/front/613", "channel": "Фронт",
    "timestamp": 1657612800, "description": "№1",
}  # fmt: skip
MEMBERS = {
    "a.mp4": CLIP + bytes(3_000_000), "b/c.mp4": CLIP + b"c", "b/c.info.json": json.dumps(INFO).encode(),
    "../out.mp4": CLIP, "a.mp4/x.mp4": CLIP, "empty.mp4": b"", "zeros.mp4": bytes(20 << 20), "d.mp4": CLIP,
}  # fmt: skip


def zipped(path: Path, members: dict[str, bytes] = MEMBERS) -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return str(path)


def tarred(path: Path, mode: str) -> str:
    with tarfile.open(path, mode) as file:
        for name, data in MEMBERS.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            file.addfile(member, io.BytesIO(data))
    return str(path)


def told(path: str, room: Path) -> list[Found | Passed]:
    room.mkdir()
    return list(discovery.discover((path,), media.DEFAULT_LIMITS, str(room)))


def written(room: Path) -> dict[str, bytes]:
    return {str(path.relative_to(room)): path.read_bytes() for path in room.rglob("*") if path.is_file()}


def same(one: list[Found | Passed], room: Path, other: list[Found | Passed], plain: Path) -> bool:
    return repr(one).replace(str(room), "") == repr(other).replace(str(plain), "") and written(room) == written(plain)


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz", "cut.zip", "cut.tar.gz", "damaged.tar.bz2"])
def test_an_archive_says_the_same_in_the_jail(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"one.{kind}"
    mode = {"tar": "w", "gz": "w:gz", "xz": "w:xz", "bz2": "w:bz2"}.get(kind.rpartition(".")[2])
    zipped(path) if mode is None else tarred(path, mode)
    data = path.read_bytes()
    if kind.startswith("cut"):
        path.write_bytes(data[: len(data) * 2 // 3])
    elif kind.startswith("damaged"):
        path.write_bytes(data[: len(data) // 2] + b"\xff" * 40 + data[len(data) // 2 + 40 :])
    jailed = told(str(path), tmp_path / "jailed")
    (tmp_path / "plain").mkdir()
    plain = list(sources.discover((str(path),), str(tmp_path / "plain")))
    assert same(jailed, tmp_path / "jailed", plain, tmp_path / "plain")
    if kind in ("zip", "tar"):
        assert sum(isinstance(each, Found) for each in jailed) >= 4
        assert {"archive.path", "archive.duplicate"} <= {each.code for each in jailed if isinstance(each, Passed)}


def test_an_archive_that_kills_its_reader_keeps_what_was_whole_before_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "case").mkdir()
    path = zipped(tmp_path / "case" / "one.zip")
    (tmp_path / "case" / "loose.mp4").write_bytes(CLIP)
    monkeypatch.setattr(sources, "tell_members", hostile.crash_in_the_second_member)
    found = told(str(tmp_path / "case"), tmp_path / "room")
    (archive,) = [each for each in found if isinstance(each, Found) and each.path == path]
    (notice,) = archive.notices
    assert notice.code == "parser.killed"
    assert "was read in part only, what follows was not" in notice.message
    assert [Path(each.path).name for each in found if isinstance(each, Found)] == ["loose.mp4", "one.zip", "a.mp4"]
    assert list(written(tmp_path / "room")) == ["00000000/a.mp4"]


@pytest.mark.parametrize("reader", [hostile.tell_fewer_bytes, hostile.tell_no_bytes])
def test_a_member_of_other_bytes_than_its_head_says_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: Callable[..., object]
) -> None:
    monkeypatch.setattr(sources, "tell_members", reader)
    (archive,) = told(zipped(tmp_path / "one.zip"), tmp_path / "room")
    assert isinstance(archive, Found)
    assert [notice.code for notice in archive.notices] == ["parser.nonsense"]
    assert archive.appearance.kind is SourceKind.FILE
    assert written(tmp_path / "room") == {}


def test_names_are_checked_where_members_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "tell_members", hostile.lead_out)
    found = told(zipped(tmp_path / "one.zip", {"a.mp4": CLIP}), tmp_path / "room")
    assert [each.code for each in found if isinstance(each, Passed)] == ["archive.path"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["one.zip", "room"]


@FULL
def test_the_reader_of_an_archive_can_write_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "tell_members", hostile.write_beside_an_archive)
    (archive,) = told(zipped(tmp_path / "one.zip"), tmp_path / "room")
    assert isinstance(archive, Found)
    assert [notice.code for notice in archive.notices] == ["parser.failed"]
    assert "PermissionError" in archive.notices[0].message
    assert not (tmp_path / "one.zip.mine").exists()


def test_what_yt_dlp_wrote_beside_a_clip_says_the_same_in_the_jail(tmp_path: Path) -> None:
    for name, info in (("a", INFO), ("b", INFO | {"webpage_url": None}), ("c", {"extractor_key": "YouTube"})):
        (tmp_path / f"{name}.mp4").write_bytes(CLIP)
        (tmp_path / f"{name}.info.json").write_text(json.dumps(info))
    jailed = list(discovery.discover((str(tmp_path),), media.DEFAULT_LIMITS))
    assert jailed == list(sources.discover((str(tmp_path),)))
    assert next(each.appearance.kind for each in jailed if isinstance(each, Found)) is SourceKind.YT_DLP
    assert [each.code for each in jailed if isinstance(each, Passed) and each.failed] == ["ytdlp.post_unknown"]


@pytest.mark.parametrize(
    ("reader", "code"),
    [(hostile.crash_over_an_info, "parser.killed"), pytest.param(
        hostile.read_another_over_an_info, "parser.failed", marks=FULL)],
)  # fmt: skip
def test_a_clip_whose_info_stops_its_reader_is_taken_without_its_post(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: Callable[..., object], code: str
) -> None:
    (tmp_path / "a.mp4").write_bytes(CLIP)
    (tmp_path / "a.info.json").write_text(json.dumps(INFO | {"beside": str(tmp_path / "a.mp4")}))
    monkeypatch.setattr(sources, "read_info", reader)
    failure, clip = discovery.discover((str(tmp_path),), media.DEFAULT_LIMITS)
    assert isinstance(failure, Passed)
    assert (failure.path, failure.code, failure.failed) == (str(tmp_path / "a.info.json"), code, True)
    assert failure.message.endswith("; the clip is taken without its post")
    assert isinstance(clip, Found)
    assert clip.appearance.post is None
