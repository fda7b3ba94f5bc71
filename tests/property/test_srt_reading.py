"""Laws of the subtitle reader: it never raises, never invents, and reads back what a drone would write."""

import re
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.telemetry import srt

FRAGMENTS = st.sampled_from(
    [
        "1\n",
        "0\n",
        "\n",
        "\n\n",
        "-->",
        "00:00:01,000 -->",
        "00:00:00,000 --> 00:00:00,033\n",
        "</font>\n",
        "9" * 40,
        "2024-06-14 20:15:47.042\n",
        "2019-09-27 10:28:08,438,904\n",
        "[latitude: 50.1]",
        "[longtitude : 6.5]",
        "[longitude: nan]",
        "[rel_alt: 5.3 abs_alt: 2",
        "GPS(30.2,-10.3,16)",
        "GPS (8.2, 47.4, 18)",
        "HOME(30.1,-10.2) ",
        "BAROMETER:1.9",
        "F/2.8, SS 30, ",
        "H 85.8m,",
        "GPS(W: 109.3, N: 40.7, 1m)",
        "signal:4 flightTime:1 uavBat:3V",
        "[",
        "]",
        "(",
        ".",
        " ",
        "\x00",
        "\ufeff",
        "\r",
    ]
)
ANYTHING = st.lists(FRAGMENTS | st.text(max_size=20), max_size=60).map("".join)


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"[+-]?[\d.]+", text))


@given(ANYTHING)
@settings(max_examples=300, deadline=None)
def test_any_text_gives_a_track_whose_values_stand_in_it(text: str) -> None:
    track = srt.read(text.encode("utf-8", "surrogatepass"))
    assert len(track.fixes) <= track.cues
    assert [fix.cue for fix in track.fixes] == sorted({fix.cue for fix in track.fixes})
    seen = _numbers(text) | {"-" + number for number in _numbers(text)}
    for fix in track.fixes:
        assert (fix.latitude is None) == (fix.longitude is None)
        for value in (fix.latitude, fix.longitude, fix.relative_altitude, fix.absolute_altitude):
            assert value is None or value in seen
        if fix.latitude is not None and fix.longitude is not None:
            assert abs(Fraction(fix.latitude)) <= 90
            assert abs(Fraction(fix.longitude)) <= 180
        assert fix.clock_as_written is None or fix.clock_as_written in text


@given(st.binary(max_size=2000))
@settings(max_examples=150, deadline=None)
def test_any_bytes_give_a_track(data: bytes) -> None:
    track = srt.read(data)
    assert track.located == () or track.cues > 0


DEGREES = st.integers(-89_999_999, 89_999_999).filter(bool).map(lambda n: f"{n / 1e6:.6f}")
LEADS = {"telemetry.implausible_jump", "telemetry.implausible_climb", "telemetry.height_mismatch"}
"""Places and heights drawn at random leap about, and are told so."""

HEIGHTS = st.integers(-500_000, 6_000_000).map(lambda n: f"{n / 1e3:.3f}")


@given(
    st.lists(st.tuples(DEGREES, DEGREES, HEIGHTS, HEIGHTS), min_size=1, max_size=30), st.sampled_from(["\n", "\r\n"])
)
@settings(max_examples=80, deadline=None)
def test_what_a_drone_writes_is_read_back_digit_for_digit(rows: list[tuple[str, str, str, str]], newline: str) -> None:
    text = "".join(
        f"{n + 1}\n00:00:{n:02},000 --> 00:00:00,000\n<font>FrameCnt: {n}\n2024-06-14 10:00:{n:02}.000\n"
        f"[iso: 100] [latitude: {lat}] [longitude: {lon}] [rel_alt: {rel} abs_alt: {alt}] </font>\n\n"
        for n, (lat, lon, rel, alt) in enumerate(rows)
    )
    track = srt.read(text.replace("\n", newline).encode())
    read = [(fix.latitude, fix.longitude, fix.relative_altitude, fix.absolute_altitude) for fix in track.fixes]
    assert read == rows
    assert (track.cues, track.family, track.axis_order_basis) == (len(rows), "D", "named")
    assert {notice.code for notice in track.notices} <= LEADS


@given(st.lists(st.tuples(DEGREES, DEGREES), min_size=1, max_size=10))
@settings(max_examples=60, deadline=None)
def test_unnamed_numbers_are_never_swapped(places: list[tuple[str, str]]) -> None:
    cue = "{}\n00:00:{:02},000 --> 00:00:59,000\n2017.08.05 14:11:{:02}\nGPS({},{},16) BAROMETER:1.9\n\n"
    text = "".join(cue.format(n, n, n, lon, lat) for n, (lat, lon) in enumerate(places))
    assert [(fix.latitude, fix.longitude) for fix in srt.read(text.encode()).fixes] == places
