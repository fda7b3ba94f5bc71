"""Every family of drone subtitle text, and what must never be made of it."""

import pytest

from forensics.model.telemetry import Track
from forensics.telemetry import read_track, srt_cues


def _cue(number: int, text: str, start: str = "", end: str = "00:00:09,000") -> str:
    return f"{number}\n{start or f'00:00:{number:02},000'} --> {end}\n{text}\n\n"


def _read(text: str | bytes, name: str = "DJI_0001.SRT") -> Track:
    track = read_track(name, text.encode() if isinstance(text, str) else text)
    assert track is not None
    return track


def _codes(track: Track) -> list[str]:
    return [notice.code.removeprefix("telemetry.") for notice in track.notices]


C = '<font size="36">FrameCnt : 1, DiffTime : 33ms\n2019-09-27 10:28:{:02},438,904\n[iso : 110] [fnum : 280] '
D = '<font size="28">FrameCnt: 1, DiffTime: 33ms\n2024-06-14 20:15:{:02}.042\n[iso: 100] [fnum: 1.7] '

FAMILIES = {
    "A": (
        "HOME(30.1,-10.2) 2017.08.05 14:11:{:02}\nGPS(30.2,-10.3,16) BAROMETER:1.9\nISO:100 Shutter:60 EV: Fnum:2.2",
        ("-10.3", "30.2", "1.9", None, "2017.08.05 14:11:01", "family"),
    ),
    "A0": (
        "HOME(130.1,-10.2) 2017.8.5 14:11:{:02}\nGPS(130.2,-10.3,16) Hb:1.9 Hs:2.4\nISO:100 TV:60 EV: 0 IR:F2.8",
        ("-10.3", "130.2", "1.9", None, "2017.8.5 14:11:01", "value"),
    ),
    "A-M": (
        "2022.06.21 16:06:{:02}\nGPS(36.5,-6.1,0.0M) BAROMETER:0.3M",
        ("36.5", "-6.1", "0.3", None, "2022.06.21 16:06:01", "family"),
    ),
    "B": (
        "F/5.6, SS 400, ISO 100, EV 0, GPS (8.2, 47.4, 18), HOME (8.21, 47.41, 40.1m), D 698.7m, H -85.8m, "
        "H.S n/a, V.S 0.1m/s, F.PRY (1.0, 2.0, 3.0)",
        ("47.4", "8.2", "-85.8", None, None, "family"),
    ),
    "C": (
        C + "[focal_len : 240] [latitude : 50.8] [longtitude : 6.5] [altitude: 147.688995] </font>",
        ("50.8", "6.5", None, "147.688995", "2019-09-27 10:28:01,438,904", "named"),
    ),
    "D": (
        D
        + "[dzoom_ratio: 1.00], [latitude: 50.1] [longitude: -14.4] [rel_alt: 5.300 abs_alt: 23.057] [ct: 51] </font>",
        ("50.1", "-14.4", "5.300", "23.057", "2024-06-14 20:15:01.042", "named"),
    ),
    "E": (
        D + "\n[latitude: 50.1] [longitude: 14.4] [rel_alt: 43.2 abs_alt: 758.9]\n"
        "[drone_speedx: 0.0 drone_speedy: 0.0]\n[drone_yaw: -0.7 drone_pitch: -1.2]\n\n0\n[ae_meter_md : 0] </font>",
        ("50.1", "14.4", "43.2", "758.9", "2024-06-14 20:15:01.042", "named"),
    ),
    "F": (
        C + "[dzoom_ratio: 10000, delta:0],[latitude: 49.1] [longtitude: 14.6] [altitude: 9.4] "
        "[Drone: Yaw:30.6, Pitch:3.0, Roll:-0.5] </font>",
        ("49.1", "14.6", None, "9.4", "2019-09-27 10:28:01,438,904", "named"),
    ),
    "G": ("signal:4 ch:2 flightTime:14 uavBat:16.2V glsBat:15.1V uavBatCells:4 delay:28ms", (None,) * 6),
    "H": ("Signal:4 CH:8 FlightTime:0 SBat:4.7V GBat:7.2V Delay:32ms Bitrate:25Mbps Distance:7m", (None,) * 6),
    "I": (
        "HOME(W: 109.31, N: 40.76) 2023-09-12 10:28:{:02}\nGPS(W: 109.33, S: 40.76, 2371.76m)\nHDR ISO:100",
        ("-40.76", "-109.33", None, "2371.76", "2023-09-12 10:28:01", "named"),
    ),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_is_known_and_read_as_written(family: str) -> None:
    text, expected = FAMILIES[family]
    track = _read("".join(_cue(number, text.format(number)) for number in (1, 2, 3)))
    assert (track.family, track.cues, len(track.fixes)) == (family, 3, 3)
    fix = track.fixes[0]
    assert (
        fix.latitude,
        fix.longitude,
        fix.relative_altitude,
        fix.absolute_altitude,
        fix.clock_as_written,
        track.axis_order_basis,
    ) == expected
    assert [fix.at_ms for fix in track.fixes] == [1000, 2000, 3000]
    allowed = {"G": ["no_position"], "H": ["no_position"], "A-M": ["axis_order_inferred"], "I": ["home_far"]}
    assert _codes(track) == allowed.get(family, [])


def test_cues_without_timecodes_have_no_place_on_the_timeline() -> None:
    text = "".join(
        f"{n}\n2017.08.05 14:11:5{n},393,525,393,525\n[latitude : 50.8] [longtitude : 6.5] [altitude: 1.0]\n\n"
        for n in (1, 2)
    )
    track = _read("\ufeff" + text)
    assert (track.family, track.cues, [fix.at_ms for fix in track.fixes]) == ("C0", 2, [None, None])
    assert track.fixes[1].clock_as_written == "2017.08.05 14:11:52,393,525,393,525"
    assert _codes(track) == ["no_timecodes"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends_and_byte_order_marks_do_not_matter(newline: str) -> None:
    text = "\ufeff" + "".join(_cue(n, FAMILIES["D"][0].format(n)) for n in (1, 2)).replace("\n", newline)
    track = _read(text)
    assert (track.family, len(track.located), _codes(track)) == ("D", 2, [])


def test_zero_zero_is_no_fix_but_the_equator_and_greenwich_are_places() -> None:
    places = (("0.000000", "0.000000"), ("-0.0", "0"), ("0.000000", "12.5"), ("51.5", "0.0"))
    text = "".join(
        _cue(n, D.format(n) + f"[latitude: {lat}] [longitude: {lon}] [rel_alt: 1.0 abs_alt: 2.0] </font>")
        for n, (lat, lon) in enumerate(places, 1)
    )
    track = _read(text)
    assert [(fix.latitude, fix.longitude) for fix in track.fixes[:3]] == [
        (None, None),
        (None, None),
        ("0.000000", "12.5"),
    ]
    assert track.fixes[0].relative_altitude == "1.0"
    assert len(track.located) == 2
    assert _codes(track)[0] == "no_fix"
    assert "2 of 4 cues" in track.notices[0].message


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        ("nan", "1.0"),
        ("1.0", "1e309"),
        ("91.0", "1.0"),
        ("1.0", "-180.1"),
        ("0x10", "1"),
        ("1.0.0", "1"),
        ("١", "1"),
        ("1", "--1"),
    ],
)
def test_what_is_no_place_on_earth_is_unknown_and_said(latitude: str, longitude: str) -> None:
    track = _read(
        _cue(
            1, D.format(1) + f"[latitude: {latitude}] [longitude: {longitude}] [rel_alt: inf abs_alt: 4294927] </font>"
        )
    )
    assert track.located == ()
    assert (track.fixes[0].relative_altitude, track.fixes[0].absolute_altitude) == (None, None)
    assert "value_invalid" in _codes(track)
    assert "altitude: 2" in next(notice.message for notice in track.notices if "out of range" in notice.message)


def test_a_latitude_beyond_ninety_is_never_swapped_with_the_longitude() -> None:
    track = _read(_cue(1, "GPS(10.0,120.5,16) BAROMETER:1.9\n"))
    assert track.located == ()
    assert "value_invalid" in _codes(track)


def test_half_a_position_and_one_written_twice_are_not_taken() -> None:
    half = _read(_cue(1, D.format(1) + "[latitude: 50.1] [rel_alt: 1.0 abs_alt: 2.0] </font>"))
    assert (half.located, _codes(half)) == ((), ["half_position", "no_position"])
    twice = _read(
        _cue(1, D.format(1) + "[latitude: 50.1] [latitude: 50.2] [longitude: 6.0] [rel_alt: 1.0 abs_alt: 2] </font>")
    )
    assert (twice.located, _codes(twice)) == ((), ["ambiguous", "no_position"])
    same = _read(
        _cue(1, D.format(1) + "[latitude: 50.1] [latitude: 50.1] [longitude: 6.0] [rel_alt: 1.0 abs_alt: 2] </font>")
    )
    assert len(same.located) == 1


def test_a_height_that_is_not_available_is_unknown_without_a_word() -> None:
    track = _read(_cue(1, "F/2.8, SS 30.15, ISO 260, EV -1.7, GPS (-121.7, 48.0, 17), D n/a, H n/a, H.S n/a, V.S n/a"))
    assert (track.fixes[0].relative_altitude, track.fixes[0].latitude, _codes(track)) == (None, "48.0", [])


@pytest.mark.parametrize(
    "cut",
    [
        "2\n",
        "2\n00:00:02,000 --> 00:00:03,000\n",
        "2\n00:00:02,000 --> 00:00:03,000\nHOME(30.1,-10.2) 2017.08.05 14:11:02\nGPS(30.2,-10",
        "2\n00:00:02,000 --> 00:00:03,000\nHOME(30.1,-10.2) 2017.08.05 14:11:02\n",
        "2\n00:00:02,000 --> 00:00:03,000\nHOME(30.1,-10.2) 2017.08.05 14:1",
        "2\n00:00:02,000 --> 00:00:03,000\nHOME(30.1,-10.2) 2017.08.05 14:11:02\nGPS(30.2,-10.3,16) BAROMETER:1",
    ],
)
def test_a_file_cut_in_its_last_cue_is_said_to_be_and_no_half_value_is_read(cut: str) -> None:
    track = _read(_cue(1, FAMILIES["A"][0].format(1)) + cut)
    assert "cut_last_cue" in _codes(track)
    if len(track.fixes) > 1:
        last = track.fixes[1]
        assert last.latitude in (None, "-10.3")
        assert last.relative_altitude is None
        assert last.clock_as_written in (None, "2017.08.05 14:11:02")


def test_wherever_a_bracketed_file_is_cut_every_value_read_is_whole() -> None:
    text = "".join(_cue(n, FAMILIES["D"][0].format(n)) for n in (1, 2))
    for length in range(len(text) // 2, len(text)):
        track = _read(text[:length])
        for fix in track.fixes:
            assert (fix.latitude, fix.longitude) in {("50.1", "-14.4"), (None, None)}
            assert fix.relative_altitude in {"5.300", None}
            assert fix.absolute_altitude in {"23.057", None}
            assert fix.clock_as_written in {"2024-06-14 20:15:01.042", "2024-06-14 20:15:02.042", None}
        if track.cues == 2 and len(text) - length > 3:
            assert "cut_last_cue" in _codes(track)


def test_a_fix_lost_in_the_last_cue_is_no_cut() -> None:
    places = ("[latitude: 50.1] [longitude: 6.5]", "[latitude: 0.0] [longitude: 0.0]")
    text = "".join(
        _cue(n, D.format(n) + f"{place} [rel_alt: 1 abs_alt: 2] </font>") for n, place in enumerate(places, 1)
    )
    assert _codes(_read(text)) == ["no_fix"]


def test_an_unknown_variant_keeps_its_head_in_the_notice_and_gives_no_fix() -> None:
    track = _read(_cue(1, "- Where is the drone?\n- Up there.") + _cue(2, "(music)"))
    assert (track.family, track.cues, track.fixes) == (None, 2, ())
    assert _codes(track) == ["unknown_variant"]
    assert "Where is the drone?" in track.notices[0].message


def test_cues_of_no_family_among_others_are_counted_and_shown() -> None:
    track = _read(_cue(1, FAMILIES["D"][0].format(1)) + _cue(2, "hello") + _cue(3, FAMILIES["D"][0].format(3)))
    assert [fix.cue for fix in track.fixes] == [0, 2]
    assert _codes(track) == ["undecoded_cues"]
    assert "number 1: 'hello'" in track.notices[0].message


def test_two_families_in_one_file_are_told() -> None:
    track = _read(
        _cue(1, FAMILIES["D"][0].format(1)) + _cue(2, FAMILIES["A"][0].format(2)) + _cue(3, FAMILIES["D"][0].format(3))
    )
    assert track.family == "D"
    assert "mixed_families" in _codes(track)


def test_a_take_off_place_far_from_the_aircraft_is_told() -> None:
    near, far = (
        _read(_cue(1, f"HOME({lon},47.4) 2017.08.05 14:11:51\nGPS(8.2,47.4,16) BAROMETER:1.9")) for lon in (8.3, 9.3)
    )
    assert _codes(near) == []
    assert _codes(far) == ["home_far"]
    zero = _read(_cue(1, "HOME(0.0,0.0) 2017.08.05 14:11:51\nGPS(8.2,47.4,16) BAROMETER:1.9"))
    assert _codes(zero) == []


@pytest.mark.parametrize("data", [b"", b"1\n", b"\xff\xfe1\x00\n\x00", b"\x00" * 500])
def test_a_file_without_cues_says_so(data: bytes) -> None:
    track = _read(data)
    assert (track.cues, track.family) == (0, None)
    assert "no_cues" in _codes(track)


def test_filler_of_an_unclosed_file_is_told_and_does_not_join_numbers() -> None:
    text = _cue(1, D.format(1) + "[latitude: 5\x000.1] [longitude: 6.5] [rel_alt: 1.0 abs_alt: 2.0] </font>")
    track = _read(text.encode() + b"\x00" * 64)
    assert track.located == ()
    assert {"nul_bytes", "value_invalid"} <= set(_codes(track))
    barometer = _read(_cue(1, "GPS(30.2,-10.3,16) BAROMETER:1\0.9\nISO:100") + "2\n" + "\0" * 9)
    assert barometer.fixes[0].relative_altitude is None
    assert {"nul_bytes", "cut_last_cue"} <= set(_codes(barometer))
    broken = _read(_cue(1, D.format(1) + "[latitude: 5\n0.1] [longitude: 6.5] [rel_alt: 1.0 abs_alt: 2.0] </font>"))
    assert broken.located == ()


def test_a_bad_timecode_leaves_the_place_unknown() -> None:
    track = _read(_cue(1, FAMILIES["D"][0].format(1), start="99:99:99,999") + _cue(2, FAMILIES["D"][0].format(2)))
    assert [fix.at_ms for fix in track.fixes] == [None, 2000]
    assert "timecode_invalid" in _codes(track)


def test_a_date_that_is_none_is_kept_as_written_and_said() -> None:
    track = _read(_cue(1, FAMILIES["D"][0].format(1).replace("2024-06-14", "2024-13-14")))
    assert track.fixes[0].clock_as_written == "2024-13-14 20:15:01.042"
    assert _codes(track) == ["value_invalid"]


def test_limits_are_said_when_they_bite(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(_cue(n, FAMILIES["D"][0].format(n)) for n in range(1, 10))
    monkeypatch.setattr(srt_cues, "MAX_CUES", 4)
    track = _read(text)
    assert (track.cues, _codes(track)) == (4, ["limit"])
    monkeypatch.setattr(srt_cues, "MAX_BYTES", 100)
    assert (_read(text).cues, _codes(_read(text))) == (0, ["limit"])


def test_a_line_longer_than_any_drone_writes_is_not_searched() -> None:
    text = _cue(1, "[latitude: 50.1] [longitude: 6.5] [rel_alt: 1 abs_alt: 2]" + " " * 5000 + "\n[iso: 100]")
    track = _read(text)
    assert track.located == ()
    assert "long_lines" in _codes(track)


def test_a_cue_longer_than_any_drone_writes_is_not_read_to_its_end() -> None:
    track = _read(
        _cue(
            1,
            D.format(1) + "[rel_alt: 1.0 abs_alt: 2.0]\n" + "[iso: 100]\n" * 2000 + "[latitude: 50.1] [longitude: 6.5]",
        )
    )
    assert (track.located, track.fixes[0].relative_altitude) == ((), "1.0")
    assert "long_lines" in _codes(track)


def test_only_subtitle_files_are_read() -> None:
    assert read_track("notes.txt", b"hello") is None
    assert read_track("clip.mp4", b"\x00\x00\x00\x18ftypisom") is None
    assert read_track("no_extension", b"\xef\xbb\xbf1\r\n00:00:00,000 --> 00:00:00,033\r\n") is not None
