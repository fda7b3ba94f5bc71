"""Readers of binary telemetry, on bytes of any kind: no exception, no place off the Earth, work in proportion."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.model.telemetry import Fix, Packet, SourcedTrack, Track
from forensics.telemetry import OUTPUTS, Source, djmd, gpmf, klv, read_boxes, redact, stills
from forensics.telemetry.klv_items import ber
from tests.telemetry_bytes import ber as written
from tests.telemetry_bytes import box, djmd_frame, gps5, gps9, keyed, loci, movie_header, sensor, st0601

KLV = st0601([(3, b"M"), (48, b"\x01\x01\x01"), *sensor(50, -6, 100, 10**15)])
GPMF = gps5([(10**7, 10**7, 1000)] * 3) + gps9([(10**7, 10**7, 1000, 8000, 1, 3)])
DJMD = djmd_frame(49.25, -2.5)
MOVIE = box(b"ftyp", b"isom", bytes(4)) + box(
    b"moov", movie_header(10**9), box(b"udta", loci(1, 2, 3)), keyed(com_apple_quicktime_creationdate="2017")
)


def _boxes(data: bytes) -> Track | None:
    return read_boxes(Source(len(data), lambda at, length: data[at : at + length]))


READERS = {
    "klv": (klv.read, KLV),
    "gpmf": (gpmf.read, GPMF),
    "djmd": (lambda data: djmd.read_packets((Packet(0, data),)), DJMD),
    "boxes": (_boxes, MOVIE),
    "stills": (stills.read, b"\xff\xd8\xff\xe1\x00\x20Exif\0\0II*\0\x08\0\0\0\x01\0\x25\x88\x04\0\x01\0\0\0\x08\0\0\0"),
}


@st.composite
def _damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """A good file with bytes changed, cut out or put in."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(data)))
        what = draw(st.sampled_from(("set", "cut", "put")))
        if what == "set" and at < len(data):
            data[at] = draw(st.integers(0, 255))
        elif what == "cut":
            del data[at : at + draw(st.integers(1, 40))]
        else:
            data[at:at] = draw(st.binary(max_size=20))
    return bytes(data)


@pytest.mark.parametrize("name", READERS)
@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_no_damage_raises_or_leaves_the_earth(name: str, data: st.DataObject) -> None:
    read, whole = READERS[name]
    track = read(data.draw(st.one_of(_damaged(whole), st.binary(max_size=400))))
    for fix in track.fixes if track else ():
        assert (fix.latitude is None) == (fix.longitude is None)
        assert fix.latitude is None or abs(float(fix.latitude)) <= 90
        assert fix.longitude is None or abs(float(fix.longitude)) <= 180


@given(length=st.integers(0, 2**40))
def test_a_length_that_was_written_is_read_back(length: int) -> None:
    encoded = written(length)
    assert ber(encoded + b"rest", 0) == (length, len(encoded))


@given(data=st.binary(max_size=12), at=st.integers(0, 12))
def test_any_bytes_are_a_length_within_them_or_none(data: bytes, at: int) -> None:
    found = ber(data, at)
    assert found is None or (at < found.end <= len(data) and found.value >= 0)


@given(latitude=st.floats(-89.9, 89.9), longitude=st.floats(-179.9, 179.9))
def test_a_klv_place_comes_back_within_its_grid(latitude: float, longitude: float) -> None:
    (fix,) = klv.read(st0601(sensor(latitude, longitude, 100, 10**15))).fixes
    if fix.latitude is not None and fix.longitude is not None:
        assert abs(float(fix.latitude) - latitude) < 5e-8
        assert abs(float(fix.longitude) - longitude) < 1e-7


@given(
    latitude=st.floats(-90, 90),
    longitude=st.floats(-180, 180),
    grid=st.integers(1, 100_000),
    form=st.sampled_from(list(OUTPUTS)),
)
def test_a_redacted_place_stays_on_earth_in_every_form(latitude: float, longitude: float, grid: int, form: str) -> None:
    fix = Fix(cue=0, at_ms=0, clock_as_written=None, latitude=f"{latitude:.6f}", longitude=f"{longitude:.6f}")
    sourced = SourcedTrack(source="a", sha256="0" * 64, track=Track(format="srt", family="D", cues=1, fixes=(fix,)))
    after = redact(sourced, [f"coords:{grid}m"])
    moved = after.track.fixes[0]
    assert abs(float(moved.latitude or 0)) <= 90
    assert abs(float(moved.longitude or 0)) <= 180
    assert OUTPUTS[form]((after,))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("klv", b"\x06\x0e\x2b\x34" * 100_000),
        ("klv", KLV[:16] + b"\x84\x7f\xff\xff\xff" + bytes(400_000)),
        ("gpmf", b"DEVC\0\1\xff\xff" * 50_000),
        ("gpmf", b"DEVC\0\0\0\0" * 50_000),
        ("djmd", b"\x0a\x02\x0a\x00" * 100_000),
        ("djmd", b"\x0a\xff\xff\x03" + b"\x0a\x80\x80\x03" * 20_000),
        ("boxes", MOVIE[:20] + b"\0\0\0\x08free" * 50_000),
        ("boxes", b"\x7f\xff\xff\xffmoov" + b"\x7f\xff\xff\xfftrak" * 50_000),
    ],
)
def test_bytes_made_to_cost_much_end_soon(name: str, data: bytes) -> None:
    started = time.process_time()
    READERS[name][0](data)
    assert time.process_time() - started < 2
