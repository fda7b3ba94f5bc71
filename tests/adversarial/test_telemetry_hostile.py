"""Telemetry made to hang, to fill memory or to lie."""

import time
from pathlib import Path

import pytest

from forensics.telemetry import exif, read_track, srt

HEAD = "1\n00:00:00,000 --> 00:00:00,033\n"
BOMBS = {
    "nested_brackets": HEAD + "[" * 2_000_000,
    "brackets_and_colons": HEAD + "[a:" * 700_000,
    "open_gps": HEAD + "GPS(" * 500_000,
    "gps_without_end": HEAD + "GPS(" + "1," * 1_000_000,
    "lettered_without_end": HEAD + "GPS(W: " * 300_000,
    "digits": HEAD + "9" * 2_000_000,
    "blanks": HEAD + "latitude" + " " * 2_000_000 + ":",
    "keys": HEAD + "latitude : " * 200_000,
    "arrows": "-->" * 700_000,
    "arrow_lines": "-->\n" * 500_000,
    "indexes": "1\n" * 1_000_000,
    "indexes_and_clocks": "1\n2017.08.05\n" * 60_000,
    "clocks": HEAD + "2024-06-14 20:15:47" * 100_000,
    "fractions": HEAD + "2024-06-14 20:15:47" + ",111" * 500_000,
    "timecodes": "0:0:0,000 --> 0:0:0,000\n" * 50_000,
    "timecode_digits": "1\n" + "0" * 2_000_000 + "-->",
    "one_line_of_many_words": HEAD + "[" + "ab " * 600_000 + "]",
    "carriage_returns": "\r" * 2_000_000,
    "nuls": "\0" * 2_000_000,
    "short_words_in_short_lines": HEAD + "[a \n" * 500_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_two_megabytes_that_aim_at_the_patterns_end_soon(name: str) -> None:
    data = BOMBS[name].encode()
    began = time.process_time()
    track = srt.read(data)
    assert time.process_time() - began < 5
    assert track.located == ()
    assert track.notices


def test_impossible_positions_and_times_are_left_unknown(shared: Path) -> None:
    track = read_track("dji_nan.SRT", (shared / "hostile" / "dji_nan.SRT").read_bytes())
    assert track is not None
    assert (track.cues, track.located) == (2, ())
    assert {fix.absolute_altitude for fix in track.fixes} == {None}
    assert {notice.code for notice in track.notices} >= {"telemetry.timecode_invalid", "telemetry.value_invalid"}


def test_text_of_the_file_cannot_write_lines_of_its_own_into_a_notice() -> None:
    track = srt.read((HEAD + "\x1b[31mfake\r\n" + "\u202eevil").encode())
    (notice,) = [notice for notice in track.notices if notice.code == "telemetry.unknown_variant"]
    assert notice.message.isprintable()


def test_every_hostile_file_ends_soon_in_the_still_reader(shared: Path) -> None:
    for path in sorted((shared / "hostile").iterdir()):
        if path.suffix in {".jpg", ".png", ".gif", ".mp4"}:
            began = time.process_time()
            tags, _ = exif.read_tags(path.read_bytes())
            assert time.process_time() - began < 5, path.name
            assert len(tags) <= 1000


def test_zeros_that_are_not_in_the_file_are_no_position(shared: Path) -> None:
    tags, notices = exif.read_tags((shared / "hostile" / "exif_count_4g_gps_div0.jpg").read_bytes())
    assert not any(tag.name == "GPSLatitude" for tag in tags)
    assert "exif.damaged" in {notice.code for notice in notices}
