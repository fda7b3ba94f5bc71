"""What cannot be so in an untouched track is found, and what can be so is left in peace."""

import pytest

from forensics.model.telemetry import Track
from forensics.telemetry import read_track
from forensics.telemetry.track_checks import distance_m


def _track(rows: list[tuple[float, str, str, str]]) -> Track:
    """Rows of cue seconds, wall clock, latitude, longitude."""
    cues = []
    for number, (at, clock, latitude, longitude) in enumerate(rows, 1):
        ms = round(at * 1000)
        start = f"{ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"
        place = f"[latitude: {latitude}] [longitude: {longitude}] [rel_alt: 1.0 abs_alt: 2.0]"
        cues.append(f"{number}\n{start} --> {start}\n{clock}\n[iso: 100] {place}\n\n")
    track = read_track("a.srt", "".join(cues).encode())
    assert track is not None
    return track


def _steady(seconds: list[float], walls: list[float], whole: bool = False) -> Track:
    def clock(wall: float) -> str:
        ms = round(wall * 1000)
        text = f"2024-06-14 {ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02}"
        return text if whole else f"{text}.{ms % 1000:03}"

    return _track([(at, clock(wall), "50.0", "6.0") for at, wall in zip(seconds, walls, strict=True)])


def _codes(track: Track) -> list[str]:
    return [notice.code for notice in track.notices]


@pytest.mark.parametrize(("off", "told"), [(0.25, False), (0.35, True), (-0.35, True), (973.0, True)])
def test_a_step_of_a_fine_clock_may_be_off_by_three_tenths(off: float, told: bool) -> None:
    track = _steady([0, 1, 2, 3], [40, 41, 42 + off, 43 + off])
    assert _codes(track) == (["telemetry.clock_discontinuity"] if told else [])
    if told:
        assert f"1 times: {off:+.3f} s at cue 2 (2.000 s)" in track.notices[0].message


@pytest.mark.parametrize(("off", "told"), [(1, False), (2, True), (-2, True)])
def test_a_step_of_a_clock_of_whole_seconds_may_be_off_by_one(off: int, told: bool) -> None:
    track = _steady([0, 1, 2, 3], [40, 41, 42 + off, 43 + off], whole=True)
    assert _codes(track) == (["telemetry.clock_discontinuity"] if told else [])


def test_many_small_cuts_add_up_to_a_drift() -> None:
    seconds = [n / 10 for n in range(50)]
    assert _codes(_steady(seconds, [40 + at * 1.1 for at in seconds])) == ["telemetry.clock_drift"]
    assert _codes(_steady(seconds, [40 + at * 1.01 for at in seconds])) == []


def test_a_timeline_that_restarts_is_told_once_for_each_time() -> None:
    track = _steady([0, 1, 2, 0, 1, 0], [40, 41, 42, 43, 44, 45])
    assert _codes(track) == ["telemetry.timecode_restart"]
    assert "2 times, at cue 3, 5" in track.notices[0].message


def test_a_long_list_of_findings_is_cut_and_counted() -> None:
    track = _steady([float(n) for n in range(10)], [float(n * 100) for n in range(10)])
    assert "9 times" in track.notices[0].message
    assert "and 4 more" in track.notices[0].message


def test_a_leap_of_the_place_is_told_and_not_removed() -> None:
    rows = [(float(n), f"2024-06-14 10:00:{n:02}.000", "50.000000", "6.000000") for n in range(4)]
    rows[2] = (2.0, rows[2][1], "50.010000", "6.000000")
    track = _track(rows)
    assert _codes(track) == ["telemetry.implausible_jump"]
    assert "2 times: 1112 m at cue 2" in track.notices[0].message
    assert len(track.located) == 4


def test_a_coarse_grid_and_a_slow_receiver_are_no_leap() -> None:
    coarse = [(float(n), "no clock", "50.000" if n % 2 else "50.001", "6.000") for n in range(10)]
    assert _codes(_track(coarse)) == []  # 111 m in a second, but one step of three decimals is 111 m
    hasty = [
        (n / 60, "no clock", ("50.000000", "50.000040", "50.000080")[max(0, n - 11)], "6.000000") for n in range(14)
    ]
    assert _codes(_track(hasty)) == []  # two fixes handed over in two cues: 4.4 m in a sixtieth of a second
    slow = [(n / 60, "no clock", f"{50 + (n // 12) * 0.00004:.6f}", "6.000000") for n in range(60)]  # 22 m/s, 5 fixes/s
    assert _codes(_track(slow)) == []


def test_a_leap_after_a_long_hover_and_one_beside_a_missing_clock_are_told() -> None:
    hover = [(float(n), "no clock", "50.000000", "6.000000") for n in range(60)]
    assert _codes(_track([*hover, (60.0, "no clock", "50.040000", "6.000000")])) == ["telemetry.implausible_jump"]
    clock = "2024-06-14 10:00:{:02}.000"
    mixed = [
        (float(n), clock.format(n) if n % 2 else "no clock", f"{50 + 0.01 * (n % 2):.6f}", "6.000000") for n in range(6)
    ]
    assert "telemetry.implausible_jump" in _codes(_track(mixed))
    second = [(n / 30, "no clock", f"{50 + (n // 30) * 0.0002:.6f}", "6.000000") for n in range(120)]
    assert _codes(_track(second)) == [], "22 m/s of a receiver that tells a fix a second"


def test_the_date_line_is_no_leap() -> None:
    rows = [(0.0, "no clock", "10.000000", "179.999990"), (1.0, "no clock", "10.000000", "-179.999990")]
    assert _codes(_track(rows)) == []


def test_distances_are_those_of_a_sphere() -> None:
    assert distance_m((0, 0), (0, 1)) == pytest.approx(111_195, abs=1)
    assert distance_m((90, 0), (-90, 0)) == pytest.approx(20_015_115, abs=10)
    assert distance_m((50, 6), (50, 6)) == 0
