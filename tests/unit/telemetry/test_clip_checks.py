"""A track against its clip: what does not agree is a lead, what a camera may do is left in peace."""

from fractions import Fraction

import pytest

from forensics.model.telemetry import ClockBasis, ClockRecord, Fix, Track
from forensics.telemetry import Clip, against_clip, inside_clip


def _track(count: int, step_ms: int, clock: str | None = None) -> Track:
    fixes = tuple(
        Fix(cue=n, at_ms=n * step_ms, clock_as_written=clock, latitude="1", longitude="2") for n in range(count)
    )
    return Track(format="srt", family="D", cues=count, fixes=fixes)


def _clip(seconds: str, utc: str | None = None) -> Clip:
    clock = ClockRecord(source="moov/mvhd creation", raw="1", basis=ClockBasis.UTC_DECLARED, utc=utc)
    return Clip(duration_s=Fraction(seconds), frame_s=Fraction(1001, 30_000), clocks=(clock,) if utc else ())


def _codes(track: Track, clip: Clip) -> list[str]:
    return [notice.code.removeprefix("telemetry.") for notice in against_clip(track, clip)]


@pytest.mark.parametrize(
    ("seconds", "told"), [("10", False), ("10.09", False), ("9.92", False), ("10.2", True), ("9.7", True), ("4", True)]
)
def test_a_track_of_a_cue_a_frame_may_be_two_frames_off(seconds: str, told: bool) -> None:
    found = _codes(_track(300, 33), _clip(str(Fraction(seconds) * 99 / 100)))
    assert found == (["length_mismatch"] if told else [])


@pytest.mark.parametrize(("seconds", "told"), [("59.2", False), ("60.9", False), ("58.5", True), ("62", True)])
def test_a_track_of_a_cue_a_second_may_be_a_second_off(seconds: str, told: bool) -> None:
    assert _codes(_track(60, 1000), _clip(seconds)) == (["length_mismatch"] if told else [])


def test_a_track_without_two_times_or_a_clip_without_length_says_nothing() -> None:
    assert _codes(_track(1, 33), _clip("10")) == []
    assert against_clip(_track(300, 33), Clip(duration_s=None, frame_s=None)) == ()


@pytest.mark.parametrize(
    ("clock", "told"),
    [
        ("2024-06-14 20:15:47.042", []),  # the same moment
        ("2024-06-14 23:15:47.042", []),  # three hours east
        ("2024-06-15 02:00:40.000", []),  # +05:45, seven seconds off
        ("2024-06-14 20:22:47.042", ["container_clock"]),  # seven minutes
        ("2024-06-16 20:15:47.042", ["container_clock"]),  # two days
    ],
)
def test_a_difference_that_a_time_zone_explains_is_none(clock: str, told: list[str]) -> None:
    assert _codes(_track(300, 33, clock), _clip("9.9", "2024-06-14T20:15:47.000000Z")) == told


def _inner(first_ms: int, count: int, step_ms: int, utc: str | None = None) -> Track:
    fixes = tuple(
        Fix(cue=n, at_ms=first_ms + n * step_ms, clock_as_written=None, latitude="1", longitude="2", utc=utc)
        for n in range(count)
    )
    return Track(format="klv", family="ST 0601", cues=count, fixes=fixes)


@pytest.mark.parametrize(
    ("first_ms", "count", "told"),
    [
        (0, 300, []),
        (66, 298, []),
        (3000, 210, ["begin_mismatch"]),
        (-3000, 390, ["begin_mismatch"]),
        (0, 200, ["length_mismatch"]),
        (3000, 300, ["begin_mismatch", "length_mismatch"]),
    ],
)
def test_a_track_inside_a_clip_begins_and_ends_with_it(first_ms: int, count: int, told: list[str]) -> None:
    found = inside_clip(_inner(first_ms, count, 33), _clip("9.9"))
    assert [notice.code.removeprefix("telemetry.") for notice in found] == told


def test_utc_inside_a_clip_is_held_against_the_containers_clock() -> None:
    clip = _clip("9.9", "2024-06-14T20:15:47.000000Z")
    assert inside_clip(_inner(0, 300, 33, "2024-06-14T20:15:47.042000Z"), clip) == ()
    (told,) = inside_clip(_inner(0, 300, 33, "2024-06-14T20:22:47.042000Z"), clip)
    assert told.code == "telemetry.container_clock"
    assert "begins at 2024-06-14T20:22:47.042000Z" in told.message
