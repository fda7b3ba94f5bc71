"""A file that was cut says so wherever its container can; where none can, that is what is told.

Files as they were written are whole, with nothing after their end, and what is appended is counted to the byte.
"""

from __future__ import annotations

import os
import random
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics import media
from forensics.errors import MediaError
from forensics.media.completeness import LATEST
from forensics.media.ending import FileEnd
from forensics.media.oddities import gap_at_end
from forensics.media.outline import ENDINGS, outline_of
from forensics.model.media import Probe

PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=1.5")
SOUND = ("-f", "lavfi", "-i", "sine=d=1.5")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-g", "5", "-pix_fmt", "yuv420p")
FRAGMENTED = ("-movflags", "frag_keyframe+empty_moov+default_base_moof")

KINDS = {
    "asf": ("asf", (*PICTURE, *SOUND, "-f", "asf")),
    "avi": ("avi", (*PICTURE, *SOUND, "-c:v", "mpeg4", "-c:a", "mp2", "-f", "avi")),
    "gif": ("gif", (*PICTURE, "-f", "gif")),
    "matroska": ("matroska,webm", (*PICTURE, *SOUND, *H264, "-c:a", "aac", "-f", "matroska")),
    "mxf": ("mxf", ("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=0.5", "-c:v", "mpeg2video", "-f", "mxf")),
    "ogg": ("ogg", (*PICTURE, *SOUND, "-c:v", "libtheora", "-c:a", "libvorbis", "-f", "ogg")),
    "flv": ("flv", (*PICTURE, "-c:v", "flv1", "-f", "flv")),
    "mp4": ("mov,mp4", (*PICTURE, *H264, "-f", "mp4")),
    "mp4 in fragments, indexed": ("mov,mp4", (*PICTURE, *H264, *FRAGMENTED, "-f", "mp4")),
    "mp4 in fragments": ("mov,mp4", (*PICTURE, *H264, *FRAGMENTED[:1], FRAGMENTED[1] + "+skip_trailer", "-f", "mp4")),
    "matroska, live": ("matroska,webm", (*PICTURE, *H264, "-f", "matroska", "-live", "1")),
    "flv, live": ("flv", (*PICTURE, "-c:v", "flv1", "-f", "flv", "-flvflags", "no_metadata")),
    "mpeg": ("mpeg", (*PICTURE, *SOUND, "-c:v", "mpeg1video", "-r", "25", "-c:a", "mp2", "-f", "mpeg")),
    "mpegts": ("mpegts", (*PICTURE, *SOUND, *H264, "-c:a", "aac", "-f", "mpegts")),
    "m2ts": ("mpegts", (*PICTURE, *SOUND, *H264, "-c:a", "ac3", "-f", "mpegts", "-mpegts_m2ts_mode", "1")),
}  # fmt: skip
"""A file of each container, and of each way in which it may leave its end open: ffprobe's name, ffmpeg's words."""

COUNTED = ("asf", "avi", "gif", "matroska", "mxf", "ogg", "flv", "mp4", "mp4 in fragments, indexed")
BY_LENGTH_OR_MARK = ("asf", "avi", "gif", "matroska", "mxf", "ogg")
"""Those whose cut the ending itself tells; frames that an MP4's index or an FLV's duration promise are told later."""


def end_of(data: bytes, container: str) -> FileEnd:
    handle = os.memfd_create("a")
    try:
        os.write(handle, data)
        return outline_of(handle).ending(container)
    finally:
        os.close(handle)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    """The whole file of a kind, made when it is first asked for."""
    folder = tmp_path_factory.mktemp("whole")

    def made(kind: str) -> bytes:
        path = folder / kind
        if not path.exists():
            words = ["ffmpeg", "-nostdin", "-v", "error", *KINDS[kind][1], str(path)]
            subprocess.run(words, check=True, timeout=60)
        return path.read_bytes()

    return made


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_as_written_lacks_nothing_and_states_its_end_where_it_can(
    whole: Callable[[str], bytes], kind: str
) -> None:
    assert end_of(whole(kind), KINDS[kind][0]) == FileEnd(counted=kind in COUNTED)


@pytest.mark.parametrize("kind", BY_LENGTH_OR_MARK)
def test_a_file_that_is_cut_anywhere_says_so(whole: Callable[[str], bytes], kind: str) -> None:
    data, generator = whole(kind), random.Random(kind)
    for length in [len(data) - 1, *(generator.randrange(2000, len(data)) for _ in range(200))]:
        found = end_of(data[:length], KINDS[kind][0])
        assert found.counted and found.missing and not found.after, f"cut at {length} of {len(data)}"


@pytest.mark.parametrize("kind", ["avi", "gif", "matroska", "ogg"])
@pytest.mark.parametrize("tail", [b"x", b"PK\x03\x04" * 100, b"\0" * 4096])
def test_what_is_appended_is_counted(whole: Callable[[str], bytes], kind: str, tail: bytes) -> None:
    assert end_of(whole(kind) + tail, KINDS[kind][0]) == FileEnd(counted=True, after=len(tail))


@pytest.mark.parametrize("kind", ["avi", "matroska"])
def test_a_second_file_behind_the_first_is_counted_whole_and_told(
    tools: media.Tools, whole: Callable[[str], bytes], tmp_path: Path, kind: str
) -> None:
    data = whole(kind)
    assert told(tools, tmp_path, data + data)["media.trailing_data"].startswith(f"{len(data)} bytes")
    assert end_of(data + data, KINDS[kind][0]).after == len(data)


@pytest.mark.parametrize("kind", ["matroska", "matroska, live"])
def test_a_block_of_matroska_that_became_something_else_is_told(whole: Callable[[str], bytes], kind: str) -> None:
    data, container = whole(kind), KINDS[kind][0]
    assert not end_of(data, container).damaged
    at = data.index(b"\xe7\x81\x00\xa3") + 3
    assert f"at byte {at} is no element" in end_of(data[:at] + b"\x80" + data[at + 1 :], container).damaged


@pytest.mark.parametrize("lost", [40, 41, 60])
def test_a_packet_that_is_missing_from_a_transport_stream_is_told(whole: Callable[[str], bytes], lost: int) -> None:
    data = whole("mpegts")
    assert not end_of(data, "mpegts").damaged
    assert "1 times" in end_of(data[: lost * 188] + data[(lost + 1) * 188 :], "mpegts").damaged


def told(tools: media.Tools, folder: Path, data: bytes) -> dict[str, str]:
    path = folder / "a"
    path.write_bytes(data)
    handle = os.open(path, os.O_RDONLY)
    try:
        return {notice.code: notice.message for notice in media.probe(tools, handle).notices}
    finally:
        os.close(handle)


def test_an_ogg_cut_within_its_headers_is_no_stranger(
    tools: media.Tools, whole: Callable[[str], bytes], tmp_path: Path
) -> None:
    with pytest.raises(MediaError) as caught:
        told(tools, tmp_path, whole("ogg")[:3000])
    assert caught.value.code == "media.truncated"


@pytest.mark.parametrize("kind", ["mpegts", "m2ts"])
def test_a_transport_stream_cut_within_a_packet_says_so(whole: Callable[[str], bytes], kind: str) -> None:
    data = whole(kind)
    for length in (len(data) - 1, len(data) // 2 // 192 * 192 + 100):
        assert end_of(data[:length], "mpegts").missing == "The transport stream ends within a packet."


def packets(data: bytes, pid: int) -> list[tuple[int, bool]]:
    """Where each packet of a stream begins, and whether a PES packet begins in it."""
    places = range(0, len(data), 188)
    return [
        (at, bool(data[at + 1] & 0x40)) for at in places if int.from_bytes(data[at + 1 : at + 3], "big") & 0x1FFF == pid
    ]


def test_a_transport_stream_cut_between_two_packets_says_so_unless_all_its_pes_packets_are_whole(
    whole: Callable[[str], bytes],
) -> None:
    data = whole("mpegts")
    begins = {at for pid in (0x100, 0x101) for at, first in packets(data, pid) if first}
    others = {at for pid in (0, 0x11, 0x1000) for at, _ in packets(data, pid)}
    at_ends = [at for at in range(188 * 40, len(data), 188) if at in begins]
    within = [at for at in range(188 * 40, len(data), 188) if at not in begins | others]
    assert len(at_ends) > 5 and len(within) > 50
    assert [at for at in at_ends if end_of(data[:at], "mpegts").missing] == []
    quiet = [at for at in within if end_of(data[:at], "mpegts") == FileEnd(counted=False)]
    assert quiet == []


def test_a_packet_that_is_filled_to_its_end_is_told_for_what_it_is_worth(whole: Callable[[str], bytes]) -> None:
    data = whole("mpegts")
    sync_frames = [at for at, first in packets(data, 0x100) if first]
    unclear = end_of(data[: sync_frames[5] + 188], "mpegts").unclear
    assert unclear.startswith("The last packet of stream 0x100 is filled to its end, as one of 184")


def test_a_transport_stream_with_something_else_behind_it_does_not_end_in_packets(
    whole: Callable[[str], bytes],
) -> None:
    found = end_of(whole("mpegts") + bytes(188 * 9), "mpegts")
    assert found.missing == "The transport stream does not end in packets."


@pytest.mark.parametrize("kind", ["mpegts", "m2ts"])
def test_a_transport_stream_into_which_bytes_came_or_of_which_some_are_lost_is_out_of_step(
    whole: Callable[[str], bytes], kind: str
) -> None:
    data = whole(kind)
    for damaged in (data[:5000] + b"seven b" + data[5000:], data[:5000] + data[5007:], data[:3000] + data[7096:]):
        assert "out of step with the first" in end_of(damaged, "mpegts").damaged


@pytest.mark.parametrize("kind", ["mpegts", "m2ts"])
def test_packets_that_do_not_begin_as_packets_do_are_counted(whole: Callable[[str], bytes], kind: str) -> None:
    length, sync = (192, 4) if kind == "m2ts" else (188, 0)
    data = bytearray(whole(kind))
    for packet in (9, 20):
        data[packet * length + sync] ^= 1
    assert end_of(bytes(data), "mpegts").damaged.startswith("2 packets of the transport stream do not begin")
    moved = data[:4000] + bytes(length) + data[4000:-length]
    assert end_of(bytes(moved), "mpegts").damaged


def test_a_program_stream_cut_within_a_packet_says_so_and_one_with_an_end_code_is_counted(
    whole: Callable[[str], bytes],
) -> None:
    data = whole("mpeg")
    assert "of the program stream ends" in end_of(data[:-100], "mpeg").missing
    assert end_of(data + b"\x00\x00\x01\xb9", "mpeg") == FileEnd(counted=True)


def test_files_that_state_no_end_are_not_counted_whatever_is_cut(whole: Callable[[str], bytes]) -> None:
    for kind in set(KINDS) - set(COUNTED):
        data = whole(kind)
        assert not end_of(data[: len(data) * 2 // 3], KINDS[kind][0]).counted


def test_a_broadcast_and_an_avi_never_finished_state_no_end(whole: Callable[[str], bytes]) -> None:
    data = bytearray(whole("asf"))
    at = data.index(bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")) + 88
    data[at] |= 1
    assert end_of(bytes(data), "asf") == FileEnd(counted=False)
    assert end_of(b"RIFF\0\0\0\0AVI " + b"x" * 50, "avi") == FileEnd(counted=False)


def test_an_mxf_that_is_still_written_states_no_end(whole: Callable[[str], bytes]) -> None:
    data = bytearray(whole("mxf"))
    value = 16 + (4 if data[16] == 0x83 else 1 + (data[16] & 0x7F))
    data[value + 24 : value + 32] = struct.pack(">Q", 0)
    assert end_of(bytes(data), "mxf") == FileEnd(counted=False)


def test_a_stream_of_an_ogg_without_its_last_page_is_told(whole: Callable[[str], bytes]) -> None:
    data = bytearray(whole("ogg"))
    last = data.rindex(b"OggS")
    assert data[last + 5] & 4
    assert "1 of 2 streams" in end_of(bytes(data[:last]), "ogg").missing


def probed_as(container: str) -> Probe:
    return Probe(
        container=container, duration=None, start=None, bit_rate=None, brands=(), streams=(), tags=(), video=None,
        origin=None, edit_list=False, trailing_bytes=0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("container", "latest", "is_told"),
    [
        ("mpegts", (0, 10, 20, 30, 40, 50, 60, 70, 80), False),
        ("mpegts", (0, 10, 20, 30, 40, 50, 60, 70, 90), True),
        ("mpeg", (0, 10, 21, 31, 61), True),
        ("mpegts", (0, 10, 20, 40, 60), False),
        ("mpegts", (0, 10, 20, 40), False),
        ("mpegts", (0, 0, 0, 0, 0), False),
        ("mpegts", (0, 10, 20, 30, 5), False),
        ("mov,mp4,m4a,3gp,3g2,mj2", (0, 10, 20, 30, 50), False),
    ],
)
def test_a_rhythm_that_breaks_at_the_last_picture_is_told(
    container: str, latest: tuple[int, ...], is_told: bool
) -> None:
    assert len(latest) <= LATEST
    found = [notice.code for notice in gap_at_end(probed_as(container), latest)]
    assert found == (["media.end_unclear"] if is_told else [])


@given(st.binary(max_size=600), st.sampled_from(sorted(ENDINGS)))
def test_no_bytes_make_the_reading_fail_or_the_rest_exceed_the_file(data: bytes, container: str) -> None:
    assert 0 <= end_of(data, container).after <= len(data)


MAGIC = {
    "asf": bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + struct.pack("<QIH", 10**6, 5, 0x201),
    "avi": b"RIFF\x20\0\0\0AVI ",
    "flv": b"FLV\x01\x05\0\0\0\x09\0\0\0\0\x12",
    "gif": b"GIF89a\x01\0\x01\0\x80\0\0",
    "matroska": b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67",
    "mpeg": b"\0\0\x01\xba\x44",
    "mpegts": b"\x47\x41\0\x10\0\0\x01\xe0",
    "mxf": bytes.fromhex("060e2b34020501010d0102010102040083000078"),
    "ogg": b"OggS\0\2",
}


@given(st.binary(max_size=600), st.sampled_from(sorted(MAGIC)))
def test_no_bytes_after_a_beginning_make_the_reading_fail(data: bytes, container: str) -> None:
    assert set(MAGIC) == set(ENDINGS)
    assert 0 <= end_of(MAGIC[container] + data, container).after <= len(MAGIC[container]) + len(data)
