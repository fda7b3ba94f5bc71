"""Stills: formats, limits read from headers, damage."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest

from forensics.errors import MediaError
from forensics.media import read_still, still


def picture(width: int = 40, height: int = 30) -> np.ndarray:
    rng = np.random.default_rng(1)
    small = rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def encoded(extension: str, image: np.ndarray) -> bytes:
    done, data = cv2.imencode(extension, image)
    assert done
    return data.tobytes()


def refusal(data: bytes) -> str:
    with pytest.raises(MediaError) as caught:
        read_still(data)
    return caught.value.code


@pytest.mark.parametrize(("extension", "name"), [(".png", "png"), (".jpg", "jpeg"), (".webp", "webp")])
def test_each_format_is_read(extension: str, name: str) -> None:
    found = read_still(encoded(extension, picture()))
    assert (found.format, found.width, found.height, found.notices) == (name, 40, 30, ())
    assert found.bgr.shape == (30, 40, 3)
    assert found.luma.shape == (30, 40)
    assert np.abs(found.bgr.astype(int) - picture()).mean() < 12


def test_a_png_is_read_to_the_sample() -> None:
    assert np.array_equal(read_still(encoded(".png", picture())).bgr, picture())


def test_a_text_chunk_that_inflates_is_never_inflated() -> None:
    data = encoded(".png", picture())
    body = b"zTXt" + b"k\0\0" + zlib.compress(bytes(50 << 20), 9)
    bomb = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    assert np.array_equal(read_still(data[:33] + bomb + data[33:]).bgr, picture())
    assert b"zTXt" not in still._png_without_text(data[:33] + bomb + data[33:])


def test_the_orientation_of_a_jpeg_is_applied() -> None:
    data = encoded(".jpg", picture())
    tiff = b"MM\0*\0\0\0\x08" + b"\0\x01" + struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0) + bytes(4)
    exif = b"Exif\0\0" + tiff
    turned = data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]
    found = read_still(turned)
    assert (found.width, found.height) == (30, 40)
    assert found.luma.shape == (40, 30)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("png", b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 30_000, 30_000) + bytes(40)),
        ("jpeg", b"\xff\xd8\xff\xc0" + struct.pack(">HBHHB", 17, 8, 60_000, 60_000, 3) + bytes(40)),
        ("webp", b"RIFF" + bytes(4) + b"WEBPVP8X" + bytes(8) + b"\xff\xff\x00\xff\xff\x00" + bytes(20)),
        ("webp lossless", b"RIFF" + bytes(4) + b"WEBPVP8L" + bytes(5) + b"\xff\xff\xff\x0f" + bytes(20)),
    ],
)
def test_the_pixel_limit_holds_before_anything_is_decoded(name: str, data: bytes) -> None:
    assert refusal(data) == "media.limit", name


def test_the_largest_frame_header_of_a_jpeg_counts() -> None:
    data = encoded(".jpg", picture())
    liar = data[:2] + b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, 60_000, 60_000, 1) + bytes(3) + data[2:]
    assert refusal(liar) == "media.limit"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "media.empty"),
        (b"GIF89a" + bytes(50), "media.not_media"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "media.not_media"),
        (b"\xff\xd8\xff\xe0", "media.damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(60), "media.damaged"),
        (b"RIFF1234WEBPxxxx", "media.damaged"),
        (b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 10, 10) + bytes(9), "media.damaged"),
    ],
)
def test_what_is_no_still_is_refused_with_its_reason(data: bytes, code: str) -> None:
    assert refusal(data) == code


def test_a_cut_jpeg_is_decoded_as_far_as_it_goes_and_says_so() -> None:
    whole = encoded(".jpg", picture(400, 300))
    found = read_still(whole[: len(whole) * 2 // 3])
    assert [notice.code for notice in found.notices] == ["media.truncated"]
    assert (found.width, found.height) == (400, 300)


def test_a_file_of_gigabytes_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(still, "MAX_STILL_BYTES", 100)
    assert refusal(encoded(".png", picture())) == "media.limit"


@pytest.mark.parametrize("extension", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("appended", [b"PK\x03\x04" + bytes(96), b"\xff\xd8\xff\xd9" * 50_000, b"\0"])
def test_what_follows_the_end_of_a_still_is_told(extension: str, appended: bytes) -> None:
    found = read_still(encoded(extension, picture()) + appended)
    assert [(notice.code, notice.message.split()[0]) for notice in found.notices] == [
        ("media.trailing_data", str(len(appended)))
    ]


def test_a_thumbnail_inside_a_segment_is_not_the_end_of_the_jpeg() -> None:
    small, data = encoded(".jpg", picture(8, 6)), encoded(".jpg", picture(400, 300))
    segment = b"\xff\xe1" + struct.pack(">H", len(small) + 8) + b"Exif\0\0" + small
    assert read_still(data[:2] + segment + data[2:]).notices == ()


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_further_pictures_that_a_jpeg_lists_belong_to_it(order: str) -> None:
    first, second = encoded(".jpg", picture(400, 300)), encoded(".jpg", picture(80, 60))
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", 8)
    directory = struct.pack(f"{order}HHHIII", 1, 0xB002, 7, 32, 26, 0)
    length = 2 + 4 + len(mark) + len(directory) + 32
    offset = len(first) + length + 2 - 10  # the list counts from its own byte order mark
    entries = struct.pack(f"{order}IIIHH", 0, 0, 0, 0, 0) + struct.pack(f"{order}IIIHH", 0, len(second), offset, 0, 0)
    listed = b"\xff\xe2" + struct.pack(">H", length) + b"MPF\0" + mark + directory + entries
    together = first[:2] + listed + first[2:] + second
    assert read_still(together).notices == ()
    assert [notice.code for notice in read_still(together + b"more").notices] == ["media.trailing_data"]
