"""EXIF of stills: what is there as text, what is not there never invented, and an end to every bad file."""

import logging
import struct
from pathlib import Path

import pytest

from forensics.telemetry import exif

ASCII, SHORT, LONG, RATIONAL = 2, 3, 4, 5
SIZES = {ASCII: 1, SHORT: 2, LONG: 4, RATIONAL: 8}


def _entry(tag: int, kind: int, count: int, value: int) -> bytes:
    return struct.pack("<HHII", tag, kind, count, value)


def _ifd(entries: list[bytes], following: int = 0) -> bytes:
    return struct.pack("<H", len(entries)) + b"".join(entries) + struct.pack("<I", following)


def _tiff(entries: list[bytes], tail: bytes = b"", following: int = 0) -> bytes:
    return b"II*\x00\x08\x00\x00\x00" + _ifd(entries, following) + tail


def _tail_at(entries: int) -> int:
    return 8 + 2 + 12 * entries + 4


def _make(text: bytes) -> bytes:
    return _tiff([_entry(0x010F, ASCII, len(text), _tail_at(1))], text)


def _jpeg(*segments: tuple[int, bytes]) -> bytes:
    body = b"".join(bytes((0xFF, mark)) + struct.pack(">H", len(data) + 2) + data for mark, data in segments)
    return b"\xff\xd8" + body + b"\xff\xda\x00\x02picture\xff\xd9"


def _app1(tiff: bytes) -> tuple[int, bytes]:
    return 0xE1, b"Exif\x00\x00" + tiff


def _png(tiff: bytes) -> bytes:
    chunk = struct.pack(">I", len(tiff)) + b"eXIf" + tiff + b"crc."
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + b"\x00" * 13 + b"crc." + chunk


def _webp(tiff: bytes) -> bytes:
    chunk = b"EXIF" + struct.pack("<I", len(tiff) + 6) + b"Exif\x00\x00" + tiff
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x08" + b"\x00" * 9 + chunk
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _values(data: bytes) -> dict[str, str]:
    return {f"{tag.group} {tag.name}": tag.value for tag in exif.read_tags(data)[0]}


def _codes(data: bytes) -> list[str]:
    return [notice.code for notice in exif.read_tags(data)[1]]


MAKE = _make(b"ACME cameras\x00")


@pytest.mark.parametrize(
    "data",
    [
        MAKE,
        _jpeg(_app1(MAKE)),
        _jpeg(
            (0xE0, b"JFIF\x00" + b"\x00" * 9),
            (0xE6, b"x" * 65_533),
            (0xE1, b"http://ns.adobe.com/xap/1.0/\x00"),
            _app1(MAKE),
        ),
        b"\xff\xd8\xff\xff\xff" + _jpeg(_app1(MAKE))[3:],
        _png(MAKE),
        _webp(MAKE),
    ],
    ids=["tiff", "jpeg", "jpeg with a full segment before", "jpeg with fill bytes", "png", "webp"],
)
def test_tags_are_read_from_every_kind_of_still(data: bytes) -> None:
    assert _values(data) == {"Image Make": "ACME cameras"}
    assert _codes(data) == []


def test_a_position_is_told_in_the_fractions_of_the_file() -> None:
    gps_at = _tail_at(1)
    gps = _ifd([_entry(1, ASCII, 2, ord("N")), _entry(2, RATIONAL, 3, gps_at + 2 + 24 + 4)])
    values = struct.pack("<6I", 60, 1, 10, 1, 13_000_800, 1_000_000)
    data = _tiff([_entry(0x8825, LONG, 1, gps_at)], gps + values)
    assert _values(data)["GPS GPSLatitude"] == "[60, 10, 16251/1250]"
    assert _values(data)["GPS GPSLatitudeRef"] == "N"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"hello",
        b"GIF89a" + b"\x00" * 20,
        b"\x00\x00\x00\x18ftypisom" + b"\x00" * 20,
        _jpeg((0xE0, b"JFIF\x00")),
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 0) + b"IENDcrc.",
        b"RIFF\x10\x00\x00\x00WEBPVP8 ",
    ],
)
def test_a_file_without_exif_gives_no_tags_and_no_notice(data: bytes) -> None:
    assert exif.read_tags(data) == ((), ())


def test_a_value_beyond_the_end_is_left_out_not_read_as_zero() -> None:
    data = _tiff([_entry(0x010F, ASCII, 5, 5000), _entry(0x0110, SHORT, 1, 7), _entry(0x011A, RATIONAL, 1, 9000)])
    assert _values(data) == {"Image Model": "7"}
    assert _codes(data) == ["exif.damaged"]


def test_a_count_of_four_thousand_million_ends_at_once() -> None:
    data = _jpeg(_app1(_tiff([_entry(0x010F, ASCII, 0xFFFFFFFF, 8), _entry(0x0110, RATIONAL, 0xFFFFFFFF, 8)])))
    assert _values(data) == {}
    assert _codes(data) == ["exif.damaged"]


def test_a_directory_that_names_the_same_megabyte_ten_thousand_times_is_stopped() -> None:
    entries = [_entry(0x4000 + n, ASCII, 1 << 20, _tail_at(10_000)) for n in range(10_000)]
    data = _tiff(entries, b"x" * (1 << 20))
    assert exif.read_tags(data)[0] == ()
    (notice,) = exif.read_tags(data)[1]
    assert (notice.code, "more reading" in notice.message) == ("exif.unreadable", True)


def test_directories_that_name_one_another_are_stopped() -> None:
    """Two pointers a directory, forty directories deep: a million million visits if nothing stopped them."""
    size = 2 + 24 + 4
    entries = [_ifd([_entry(0x8825, LONG, 1, 8 + size * (n + 1))] * 2) for n in range(40)]
    itself = _tiff([_entry(0x8825, LONG, 1, 8)])
    for data in (b"II*\x00\x08\x00\x00\x00" + b"".join(entries), itself):
        tags, notices = exif.read_tags(data)
        assert len(tags) <= 2
        assert [notice.code for notice in notices] in (["exif.unreadable"], [], ["exif.damaged"])


def test_a_chain_of_directories_without_end_is_stopped() -> None:
    data = _tiff([_entry(0x010F, ASCII, 3, 0x004141)], following=8)
    assert _values(data) == {"Image Make": "AA"}


def test_more_tags_than_any_camera_writes_are_cut_and_said() -> None:
    data = _tiff([_entry(0x4000 + n, SHORT, 1, n) for n in range(1500)])
    tags, notices = exif.read_tags(data)
    assert len(tags) == 1000
    assert [notice.code for notice in notices] == ["exif.limit"]


def test_a_value_is_text_of_bounded_length() -> None:
    data = _make(b"x" * 5000 + b"\x00")
    assert _values(data) == {"Image Make": "x" * 1024}
    assert _values(_make(b"\xff\xfe\x80!\x00"))["Image Make"].isprintable()


def test_a_maker_note_that_cannot_be_read_costs_only_itself() -> None:
    note = b"Nikon\x00\x02" + b"\x00" * 40
    at = _tail_at(2)
    ifd = _ifd([_entry(0x927C, 7, len(note), at + 6 + 18)])
    data = _tiff([_entry(0x010F, ASCII, 6, at), _entry(0x8769, LONG, 1, at + 6)], b"NIKON\x00" + ifd + note)
    assert _values(data)["Image Make"] == "NIKON"


def test_a_maker_note_of_four_thousand_million_bytes_ends_soon() -> None:
    at = _tail_at(2)
    ifd = _ifd([_entry(0x927C, 7, 0xFFFFFFFF, 8)])
    data = _tiff([_entry(0x010F, ASCII, 5, at), _entry(0x8769, LONG, 1, at + 6)], b"ACME\x00\x00" + ifd)
    assert _values(data)["Image Make"] == "ACME"
    assert _codes(data) == ["exif.maker_note_unread"]


def test_a_pointer_to_nothing_is_told() -> None:
    """exifread takes the first of no values."""
    data = _tiff([_entry(0x010F, ASCII, 3, 0x004141), _entry(0x8769, LONG, 0, 0)])
    assert _codes(data) == ["exif.unreadable"]


def test_a_second_block_is_told_and_a_big_tiff_is_not_guessed_at() -> None:
    assert _codes(_jpeg(_app1(MAKE), _app1(_make(b"OTHER\x00")))) == ["exif.several"]
    assert _values(_jpeg(_app1(MAKE), _app1(_make(b"OTHER\x00")))) == {"Image Make": "ACME cameras"}
    assert _codes(b"II+\x00\x08\x00\x00\x00" + b"\x00" * 20) == ["exif.unsupported"]


def test_exif_that_is_announced_and_not_there_is_told() -> None:
    assert _codes(_jpeg(_app1(b"garbage and more of it"))) == ["exif.damaged"]
    assert _codes(_webp(MAKE)[:30]) == ["exif.unreadable"]
    assert _codes(b"\x00\x00\x00\x18ftypheic" + b"\x00" * 20) == ["exif.unreadable"]
    assert _codes(b"\x00\x00\x00\x18ftypheix" + b"\x00" * 20 + b"infe\x02\x00\x00\x00\x00\x01\x00\x00Exif") != []


def test_exifread_prints_nothing_and_its_logger_is_left_as_it_was(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.getLogger("exifread")
    handler = logging.NullHandler()
    for name, value in (("level", logging.DEBUG), ("propagate", True), ("handlers", [handler])):
        monkeypatch.setattr(logger, name, value)
    exif.read_tags(_jpeg(_app1(b"garbage and more of it")))
    assert caplog.records == []
    assert (logger.level, logger.propagate, logger.handlers) == (logging.DEBUG, True, [handler])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("GoPro.jpg", {"Image Model": "HERO6 Black", "EXIF BodySerialNumber": "C3221324657219"}),
        ("photos_church1.jpg", {"Image Model": "FC8482", "GPS GPSLatitude": "[60, 10, 16251/1250]"}),
        ("dji_dng_fraction.jpg", {"Image Make": "DJI", "EXIF DateTimeOriginal": "2018:03:31 17:17:34"}),
        ("thompson-springs.jpg", {"GPS GPSLatitude": "[39, 6, 54]", "GPS GPSAltitude": "14839/10"}),
    ],
)
def test_real_stills_are_read_as_their_ground_truth_says(shared: Path, name: str, expected: dict[str, str]) -> None:
    data = (shared / "samples" / "stills" / name).read_bytes()
    assert expected.items() <= _values(data).items()
    assert _codes(data) == []
