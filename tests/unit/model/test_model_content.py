"""What a file is taken for, by its first bytes and by its name."""

import pytest

from forensics.model.content import Looks, looks


def _packets(length: int, start: int = 0) -> bytes:
    return b"\x00" * start + (b"\x47" + b"\x11" * (length - 1)) * 6


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00", Looks.VIDEO),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", Looks.STILL),
        (b"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat", Looks.VIDEO),
        (b"\x00\x00\x10\x00moov\x00\x00\x00\x6cmvhd", Looks.VIDEO),
        (b"\x1a\x45\xdf\xa3\x01\x00\x00\x00", Looks.VIDEO),
        (b"RIFF\x10\x00\x00\x00AVI LIST", Looks.VIDEO),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", Looks.STILL),
        (b"RIFF\x10\x00\x00\x00WAVEfmt ", None),
        (b"\x00\x00\x01\xba\x44\x00", Looks.VIDEO),
        (b"FLV\x01\x05", Looks.VIDEO),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9", Looks.VIDEO),
        (b"OggS\x00\x02", Looks.VIDEO),
        (b"GIF89a\x01\x00", Looks.STILL),
        (b"\xff\xd8\xff\xe0", Looks.STILL),
        (b"\x89PNG\r\n\x1a\n", Looks.STILL),
        (b"II*\x00\x08\x00", Looks.STILL),
        (b"MM\x00*\x00\x00", Looks.STILL),
        (_packets(188), Looks.VIDEO),
        (_packets(188, start=100), Looks.VIDEO),
        (_packets(192, start=4), Looks.VIDEO),
        (_packets(204), Looks.VIDEO),
        (_packets(188)[: 188 * 3], None),
        (b"Gone with the wind. " * 60, None),
        (b"", None),
        (b"plain text", None),
    ],
)
def test_the_first_bytes_tell_what_a_file_without_extension_is(head: bytes, expected: Looks | None) -> None:
    assert looks("noext", head) is expected


@pytest.mark.parametrize("name", ["a.mp4", "A.MP4", "..mp4", ".mov", "x.y.MKV", "bad\udcff.ts"])
def test_a_media_extension_makes_a_video_of_any_bytes(name: str) -> None:
    assert looks(name, b"plain text") is Looks.VIDEO


@pytest.mark.parametrize("name", ["mp4", "a.mp4.txt", "a.txt", "a.", "a.srt", ""])
def test_other_names_make_nothing_of_plain_text(name: str) -> None:
    assert looks(name, b"plain text") is None


def test_bytes_tell_more_than_the_name() -> None:
    assert looks("photo.mp4", b"\xff\xd8\xff\xe0") is Looks.STILL
    assert looks("clip.jpg", b"\x00\x00\x00\x18ftypisom") is Looks.VIDEO
