import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.model.match import Assessment, Method, SoundEvidence
from forensics.report import clock, utc
from forensics.report.wording import (
    ASSESSMENT_MEANINGS,
    ASSESSMENT_NAMES,
    SOUND_SAYS_NOT,
    UNKNOWN,
    count,
    figure,
    later,
    octets,
    sound_in_words,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00.000"),
        (7.5, "0:07.500"),
        (59.9996, "1:00.000"),
        (3723.25, "1:02:03.250"),
        (-0.04, "−0:00.040"),
        (-3723.25, "−1:02:03.250"),
        (-0.0001, "0:00.000"),
        (None, UNKNOWN),
        (math.nan, UNKNOWN),
        (math.inf, UNKNOWN),
    ],
)
def test_a_moment_is_written_as_a_clock_shows_it(seconds, text):
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "1970-01-01 00:00:00 UTC"), (1_647_249_613, "2022-03-14 09:20:13 UTC"), (None, UNKNOWN)],
)
def test_a_posting_time_is_written_in_utc(seconds, text):
    assert utc(seconds) == text


@given(st.integers(-(10**40), 10**40))
def test_any_number_of_seconds_can_be_written(seconds):
    text = utc(seconds)
    assert text.endswith("UTC") or text.startswith(f"{seconds} ")


@pytest.mark.parametrize(("seconds", "text"), [(0, "+00:00:00"), (47_777, "+13:16:17"), (900_000, "+10 d 10:00:00")])
def test_a_delay_is_written_in_days_and_hours(seconds, text):
    assert later(seconds) == text


def test_what_was_not_measured_is_a_dash():
    assert figure(None) == figure(math.nan) == "–"
    assert figure(0.816, 2) == "0.82"


def test_numbers_keep_every_digit():
    assert octets(18_446_201) == "18\u202f446\u202f201 bytes"
    assert (count(1, "file"), count(0, "file")) == ("1 file", "0 files")


def test_every_assessment_has_a_name_and_a_meaning():
    assert set(ASSESSMENT_NAMES) == set(ASSESSMENT_MEANINGS) == set(Assessment)


@pytest.mark.parametrize(
    ("agrees", "offset", "words"),
    [
        (True, 2.35, "2.35 s later in the second, at the offset of the pictures"),
        (False, -2.35, "2.35 s earlier in the second, at another offset than the pictures"),
        (None, 0.0, "0.00 s later in the second ("),
    ],
)
def test_agreeing_sound_is_told_with_its_offset_and_figures(agrees, offset, words):
    method = Method(name="sound-offset", version="1", params_sha256="0" * 64)
    told = sound_in_words(
        SoundEvidence(
            offset_s=offset,
            query_start_s=1.0,
            query_end_s=11.5,
            seconds=7.8,
            bits=1.26,
            chance_bits=13.9,
            agrees_with_pictures=agrees,
            method=method,
        )
    )
    assert words in told
    assert "0:01.000 to 0:11.500" in told
    assert "1.3 of 32 bits differ, by chance 13.9, over 7.8 s" in told


def test_wherever_sound_is_named_the_pictures_are_kept_apart():
    for text in (SOUND_SAYS_NOT, ASSESSMENT_MEANINGS[Assessment.AUDIO_ONLY]):
        assert "does not say that the pictures are of the same recording" in text
