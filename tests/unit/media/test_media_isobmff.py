"""The box walker, on boxes made by hand."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.media import isobmff
from forensics.media.isobmff import Boxes, Edit, walk


def box(kind: bytes, *payload: bytes) -> bytes:
    body = b"".join(payload)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def box64(kind: bytes, payload: bytes, length: int | None = None) -> bytes:
    return struct.pack(">I4sQ", 1, kind, 16 + len(payload) if length is None else length) + payload


FTYP = box(b"ftyp", b"isom", bytes(4), b"isom", b"iso2")


def mvhd(timescale: int) -> bytes:
    return box(b"mvhd", bytes(12), struct.pack(">I", timescale), bytes(80))


def track(number: int, handler: bytes, timescale: int, *edits: tuple[int, int], version: int = 0) -> bytes:
    layout = ">qqhh" if version else ">iihh"
    entries = b"".join(struct.pack(layout, duration, media_time, 1, 0) for duration, media_time in edits)
    elst = box(b"elst", bytes([version, 0, 0, 0]), struct.pack(">I", len(edits)), entries)
    return box(
        b"trak",
        box(b"tkhd", bytes(12), struct.pack(">I", number), bytes(60)),
        box(b"edts", elst) if edits else b"",
        box(
            b"mdia",
            box(b"mdhd", bytes(12), struct.pack(">I", timescale), bytes(8)),
            box(b"hdlr", bytes(8), handler, bytes(12)),
        ),
    )


Walk = Callable[[bytes], Boxes | None]


@pytest.fixture
def walked(tmp_path: Path) -> Walk:
    def run(data: bytes) -> Boxes | None:
        path = tmp_path / "file"
        path.write_bytes(data)
        fd = os.open(path, os.O_RDONLY)
        try:
            return walk(fd)
        finally:
            os.close(fd)

    return run


def _found(boxes: Boxes | None) -> Boxes:
    assert boxes is not None
    return boxes


def test_brands_and_kinds_are_read_in_order(walked: Walk) -> None:
    found = _found(walked(FTYP + box(b"free") + box(b"mdat", bytes(100)) + box(b"moov", mvhd(600))))
    assert found.brands == ("isom", "isom", "iso2")
    assert found.kinds == ("ftyp", "free", "mdat", "moov")
    assert (found.timescale, found.missing_bytes, found.trailing_bytes, found.complete) == (600, 0, 0, True)


@pytest.mark.parametrize("version", [0, 1])
def test_edit_lists_are_read_in_both_versions(walked: Walk, version: int) -> None:
    edits = ((500, -1), (4000, 1024), (10, 0))
    found = _found(walked(FTYP + box(b"moov", mvhd(1000), track(7, b"vide", 12800, *edits, version=version))))
    (only,) = found.tracks
    assert (only.id, only.handler, only.timescale) == (7, "vide", 12800)
    assert only.edits == tuple(Edit(duration=duration, media_time=start) for duration, start in edits)


def test_a_box_of_64_bit_size_is_stepped_over(walked: Walk) -> None:
    found = _found(walked(FTYP + box64(b"mdat", bytes(50)) + box(b"moov", mvhd(90000))))
    assert found.kinds == ("ftyp", "mdat", "moov")


def test_a_last_box_of_size_zero_reaches_to_the_end(walked: Walk) -> None:
    found = _found(walked(FTYP + box(b"moov", mvhd(1)) + struct.pack(">I4s", 0, b"mdat") + bytes(77)))
    assert found.kinds[-1] == "mdat"
    assert (found.missing_bytes, found.trailing_bytes) == (0, 0)


def test_a_cut_file_lacks_bytes(walked: Walk) -> None:
    whole = FTYP + box(b"moov", mvhd(1)) + box(b"mdat", bytes(100))
    assert _found(walked(whole[:-1])).missing_bytes == 1
    assert _found(walked(whole[:-60])).missing_bytes == 60


@pytest.mark.parametrize(
    "tail", [b"PK\x03\x04 and so on", bytes(13), b"\xff\xd8\xff\xe0abcdefgh", b"x" * 5, b"long text after the end"]
)
def test_what_follows_the_last_box_is_counted(walked: Walk, tail: bytes) -> None:
    whole = FTYP + box(b"moov", mvhd(1)) + box(b"mdat", bytes(100))
    found = _found(walked(whole + tail))
    assert (found.trailing_bytes, found.missing_bytes) == (len(tail), 0)


def test_a_second_movie_after_the_first_is_trailing_data(walked: Walk) -> None:
    whole = FTYP + box(b"moov", mvhd(1)) + box(b"mdat", bytes(100))
    found = _found(walked(whole + whole))
    assert found.trailing_bytes == len(whole)
    assert found.kinds == ("ftyp", "moov", "mdat")


def test_a_size_of_two_to_the_63_is_no_offset_to_follow(walked: Walk) -> None:
    found = _found(walked(FTYP + box64(b"free", b"", 1 << 63) + box(b"moov", mvhd(1))))
    assert found.kinds == ("ftyp", "free")
    assert found.missing_bytes > 1 << 62


@pytest.mark.parametrize("data", [b"", b"abc", b"\0\0\0\x07ftyp", bytes(64), b"<html>" * 20, b"#EXTM3U\nfile.ts\n"])
def test_what_is_no_such_file_is_none(walked: Walk, data: bytes) -> None:
    assert walked(data) is None


def test_a_box_shorter_than_its_header_ends_the_walk(walked: Walk) -> None:
    found = _found(walked(FTYP + box(b"moov", mvhd(5)) + struct.pack(">I4s", 3, b"free") + bytes(20)))
    assert found.trailing_bytes == 28


def test_boxes_cut_short_read_as_zeros(walked: Walk) -> None:
    short = box(b"trak", box(b"tkhd", b"\0"), box(b"edts", box(b"elst", b"\0\0\0\0\0\0\0\x09")), box(b"mdia"))
    (only,) = _found(walked(FTYP + box(b"moov", short))).tracks
    assert (only.id, only.handler, only.timescale, only.edits) == (0, "", 0, ())


def test_an_edit_list_of_a_million_entries_is_read_up_to_the_cap(walked: Walk) -> None:
    found = _found(walked(FTYP + box(b"moov", mvhd(1), track(1, b"vide", 1, *((1, 0) for _ in range(200_000))))))
    assert 0 < len(found.tracks[0].edits) <= isobmff.MAX_PAYLOAD // 12


def test_a_flood_of_boxes_ends_at_the_cap_and_is_told(walked: Walk) -> None:
    found = _found(walked(FTYP + box(b"free") * (isobmff.MAX_BOXES + 5)))
    assert not found.complete
    assert found.trailing_bytes == 0


def test_deep_nesting_ends_at_the_cap(walked: Walk) -> None:
    nested = box(b"tkhd", bytes(12), struct.pack(">I", 9), bytes(60))
    for _ in range(500):
        nested = box(b"mdia", nested)
    (only,) = _found(walked(FTYP + box(b"moov", box(b"trak", nested)))).tracks
    assert only.id == 0


def test_the_offset_of_the_descriptor_does_not_move(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(FTYP + box(b"moov", mvhd(1)))
    fd = os.open(path, os.O_RDONLY)
    os.lseek(fd, 3, os.SEEK_SET)
    walk(fd)
    assert os.lseek(fd, 0, os.SEEK_CUR) == 3
    os.close(fd)
