"""Archives with bytes changed, moved and cut: each ends in values, nothing is made outside, no member grows."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.errors import ExportInvalid
from forensics.model.provenance import Found, Passed, SourceKind
from forensics.sources import discover
from forensics.sources.archive_entries import MAX_DEPTH, parts_of

MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42"
MEMBERS = {"a.mp4": MP4 * 40, "day/b.mp4": MP4, "day/result.json": b'{"messages":[]}', "day/b.srt": b"1\n"}


def _zip() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in MEMBERS.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _tar(form: int = tarfile.PAX_FORMAT) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as archive:
        for name, data in (*MEMBERS.items(), ("l" * 120 + ".mp4", MP4)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return made.getvalue()


SOUND = {
    "a.zip": _zip(),
    "a.tar": _tar(),
    "gnu.tar": _tar(tarfile.GNU_FORMAT),
    "a.tgz": gzip.compress(_tar(), mtime=0),
}


@st.composite
def changes(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """Bytes set, a stretch cut out, repeated or moved, in relative places."""
    places = draw(st.lists(st.tuples(st.floats(0, 1), st.sampled_from((0, 1, 0x20, 0x37, 0x80, 0xFF))), max_size=6))
    cut = draw(st.none() | st.tuples(st.floats(0, 1), st.integers(0, 600), st.integers(0, 2)))

    def apply(data: bytes) -> bytes:
        changed = bytearray(data)
        for place, value in places:
            changed[int(place * (len(changed) - 1))] = value
        if cut is not None:
            at = int(cut[0] * len(changed))
            changed[at : at + cut[1]] = changed[at : at + cut[1]] * cut[2]
        return bytes(changed)

    return apply


@pytest.mark.parametrize("name", SOUND)
@settings(max_examples=60, deadline=None)
@given(change=changes())
def test_a_changed_archive_ends_in_values_and_writes_nowhere_else(name: str, change: Callable[[bytes], bytes]) -> None:
    with tempfile.TemporaryDirectory(prefix="archive-law-") as folder:
        room, path = Path(folder, "room"), Path(folder, name)
        room.mkdir()
        path.write_bytes(change(SOUND[name]))
        met = list(discover([str(path)], str(room)))
        assert sorted(os.listdir(folder)) == sorted(["room", name])
        assert all(isinstance(one, Found | Passed) for one in met)
        assert any(isinstance(one, Found) and one.path == str(path) for one in met), "the archive itself is kept"
        for one in met:
            if isinstance(one, Passed):
                assert one.message
                assert str(room) not in one.path + one.message
            elif one.staged is not None:
                _require_place(one, path, room)
        assert not [made for made in room.rglob("*") if made.is_symlink()]


def _require_place(one: Found, path: Path, room: Path) -> None:
    member = one.appearance.member
    assert member is not None
    assert one.path.startswith(f"{path}/")
    assert Path(str(one.staged)).resolve().is_relative_to(room)
    data = path.read_bytes() if path.suffix != ".tgz" else b""
    if path.suffix == ".zip":
        assert data[member.offset : member.offset + 4] == b"PK\x03\x04"
        held = Path(str(one.staged)).read_bytes()
        assert held in MEMBERS.values(), "a member of a zip has a checksum: what was changed is not taken"
    elif data:
        assert data[member.offset + 257 : member.offset + 262] == b"ustar"


@settings(max_examples=300, deadline=None)
@given(name=st.lists(st.sampled_from((b"..", b".", b"", b"a", b"\\", b"\0", b"~", b"-rf", b"\xff", b"x" * 256))))
def test_a_name_is_taken_apart_or_refused(name: list[bytes]) -> None:
    whole = b"/".join(name)
    try:
        parts = parts_of(whole)
    except ExportInvalid as err:
        assert err.code == "archive.path"
        return
    assert 0 < len(parts) <= MAX_DEPTH
    assert not set(parts) & {b"", b".", b".."}
    assert not any(mark in part for part in parts for mark in (b"/", b"\\", b"\0"))


def test_a_sound_one_gives_every_clip(tmp_path: Path) -> None:
    for name, data in SOUND.items():
        room = tmp_path / f"room-{name}"
        room.mkdir()
        (tmp_path / name).write_bytes(data)
        found = [one for one in discover([str(tmp_path / name)], str(room)) if isinstance(one, Found)]
        assert found[0].appearance.kind is SourceKind.ARCHIVE
        assert found[0].notices == ()
        assert {one.appearance.member.path for one in found if one.appearance.member} >= {"a.mp4", "day/b.mp4"}
