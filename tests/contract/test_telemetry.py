"""What every telemetry format promises, run over the table of formats."""

import struct

import pytest

from forensics.model.telemetry import Packet, Track
from forensics.telemetry import FORMATS, HEAD_BYTES, STREAM_FORMATS, Format, StreamFormat, read_stream, read_track
from tests.telemetry_bytes import djmd_frame, gps5, sensor, st0601, tx3g

PLACE = "[latitude: {:.6f}] [longitude: {:.6f}] [rel_alt: 5.300 abs_alt: 23.057] </font>\n\n"
SRT = "".join(
    f"{n + 1}\n00:00:0{n},000 --> 00:00:0{n + 1},000\n<font>2024-06-14 20:15:0{n}.042\n"
    + PLACE.format(50 + n / 1e5, 6 - n / 1e5)
    for n in range(5)
)
KLV = [st0601(sensor(50 - n / 100, -6.5 + n / 100, 120.0, 1_700_000_000_000_000 + 10_000_000 * n)) for n in range(3)]
GPMF = [gps5([(500_000_000 + n, -65_000_000 - n, 12_000)] * 2) for n in range(3)]
CUE = "<font>2024-06-14 20:15:0{}.042\n[latitude: {:.6f}] [longitude: 6.5] [rel_alt: 5.3 abs_alt: 23.1]</font>\n"


def _still() -> bytes:
    """A JPEG with an EXIF block of one place and nothing to see."""
    south = [(39, 1), (6, 1), (54, 1)]
    west = [(108, 1), (24, 1), (0, 1)]
    gps = {1: "S", 2: south, 3: "W", 4: west}
    entries, more, at = b"", b"", 26 + 2 + 12 * len(gps) + 4
    for tag, value in gps.items():
        if isinstance(value, str):
            entries += struct.pack("<HHI4s", tag, 2, 2, value.encode())
        else:
            entries += struct.pack("<HHII", tag, 5, 3, at + len(more))
            more += b"".join(struct.pack("<II", *pair) for pair in value)
    tiff = b"II*\0" + struct.pack("<I", 8) + struct.pack("<HHHIII", 1, 0x8825, 4, 1, 26, 0)
    tiff += struct.pack("<H", len(gps)) + entries + bytes(4) + more
    block = b"Exif\0\0" + tiff
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", len(block) + 2) + block + b"\xff\xd9"


SAMPLES = {
    # module: name, whole file, first place, last place
    "forensics.telemetry.srt": ("DJI_0001.SRT", SRT.encode(), ("50.000000", "6.000000"), ("50.000040", "5.999960")),
    "forensics.telemetry.klv": ("m.klv", b"".join(KLV), ("50", "-6.5"), ("49.98", "-6.48")),
    "forensics.telemetry.gpmf": ("h.raw", b"".join(GPMF), ("50", "-6.5"), ("50.0000002", "-6.5000002")),
    "forensics.telemetry.stills": ("d.jpg", _still(), ("-39.115", "-108.4"), ("-39.115", "-108.4")),
}
STREAMS = {
    # module: sample entry or codec, packets, first place, last place
    "forensics.telemetry.klv": ("klv", KLV, ("50", "-6.5"), ("49.98", "-6.48")),
    "forensics.telemetry.gpmf": ("gpmd", GPMF, ("50", "-6.5"), ("50.0000002", "-6.5000002")),
    "forensics.telemetry.djmd": (
        "djmd",
        [djmd_frame(50.25 + n / 4, -6.5) for n in range(3)],
        ("50.25", "-6.5"),
        ("50.75", "-6.5"),
    ),
    "forensics.telemetry.text_cues": (
        "mov_text",
        [tx3g(CUE.format(n, 50 + n / 1e5)) for n in range(3)],
        ("50.000000", "6.5"),
        ("50.000020", "6.5"),
    ),
}
NAMES = [each.__name__ for each in FORMATS]  # type: ignore[attr-defined]


def _sample(each: Format) -> tuple[str, bytes, tuple[str, str], tuple[str, str]]:
    return SAMPLES[each.__name__]  # type: ignore[attr-defined]


def _rounded(latitude: str | None, longitude: str | None) -> tuple[float, float]:
    """To 1e-7 degrees: a binary number is not always the decimal that it was made from."""
    assert latitude is not None
    assert longitude is not None
    return round(float(latitude), 7), round(float(longitude), 7)


def test_every_format_has_a_sample_with_a_known_first_and_last_place() -> None:
    assert set(NAMES) == set(SAMPLES)


@pytest.mark.parametrize("each", FORMATS, ids=NAMES)
def test_the_sample_is_known_and_its_places_are_read_as_written(each: Format) -> None:
    name, data, first, last = _sample(each)
    assert each.sniff(data[:HEAD_BYTES], name)
    track = each.read(data)
    located = track.located
    assert [_rounded(fix.latitude, fix.longitude) for fix in (located[0], located[-1])] == [
        _rounded(*first),
        _rounded(*last),
    ]
    assert track == each.read(data)
    assert track == read_track(name, data)
    assert track.notices == ()
    assert track.axis_order_basis is not None


@pytest.mark.parametrize("each", FORMATS, ids=NAMES)
def test_no_cut_of_the_sample_raises_or_invents_a_place(each: Format) -> None:
    _, data, _, _ = _sample(each)
    places = {(fix.latitude, fix.longitude) for fix in each.read(data).fixes} | {(None, None)}
    for length in range(0, len(data), 7):
        track = each.read(data[:length])
        assert isinstance(track, Track)
        assert {(fix.latitude, fix.longitude) for fix in track.fixes} <= places
        assert len(track.fixes) <= track.cues


@pytest.mark.parametrize("each", FORMATS, ids=NAMES)
@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 4096, b"\xff" * 4096, bytes(range(256)) * 64], ids=["empty", "zeros", "ones", "all"]
)
def test_bytes_of_nothing_give_no_fix_and_say_so(each: Format, data: bytes) -> None:
    track = each.read(data)
    assert track.located == ()
    assert track.notices


@pytest.mark.parametrize("each", FORMATS, ids=NAMES)
def test_a_film_is_no_telemetry(each: Format) -> None:
    assert not each.sniff(b"\x00\x00\x00\x18ftypisom", "clip.mp4")


@pytest.mark.parametrize("each", STREAM_FORMATS, ids=lambda each: each.__name__)
def test_a_stream_of_a_clip_is_known_and_its_places_are_read(each: StreamFormat) -> None:
    name, datas, first, last = STREAMS[each.__name__]  # type: ignore[attr-defined]
    packets = tuple(Packet(1000 * place, data) for place, data in enumerate(datas))
    track = read_stream(name, packets)
    assert track is not None
    assert track == each.read_packets(packets)
    located = track.located
    assert [_rounded(fix.latitude, fix.longitude) for fix in (located[0], located[-1])] == [
        _rounded(*first),
        _rounded(*last),
    ]
    assert located[0].at_ms == 0
    assert {fix.at_ms for fix in track.fixes if fix.at_ms is not None} == {0, 1000, 2000}


def test_every_stream_format_has_a_sample() -> None:
    assert {each.__name__ for each in STREAM_FORMATS} == set(STREAMS)  # type: ignore[attr-defined]


@pytest.mark.parametrize("each", STREAM_FORMATS, ids=lambda each: each.__name__)
@pytest.mark.parametrize(
    "data", [b"", bytes(4096), b"\xff" * 4096, bytes(range(256)) * 64], ids=["empty", "zeros", "ones", "all"]
)
def test_a_stream_of_nothing_gives_no_fix(each: StreamFormat, data: bytes) -> None:
    track = each.read_packets((Packet(None, data), Packet(0, data)))
    assert track is None or (track.located == () and track.notices)
