"""What of a sound fingerprint supports nothing, and its stored form."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from forensics.errors import IntegrityError
from forensics.fingerprint import decode_sound, encode_sound, flag_sound
from forensics.fingerprint.sound import AROUND_WORDS, LEAST_DISTINCT
from forensics.fingerprint.sound_track import MAGIC
from forensics.media import CHROMAPRINT
from forensics.model.sound import NO_LEVEL, SoundFlag, SoundTrack

LOUD, FAINT, SILENT = 20, 59, 60


def samples_for(words: int) -> int:
    return (words - 1) * CHROMAPRINT.step + CHROMAPRINT.span


def varied(words: int, seed: int = 3) -> npt.NDArray[np.uint32]:
    return np.random.default_rng(seed).integers(0, 2**32, words, dtype=np.uint32)


def track(words: npt.NDArray[np.uint32], levels: dict[int, int] | None = None) -> SoundTrack:
    samples = samples_for(len(words))
    loud = np.full(CHROMAPRINT.levels_of(samples), LOUD, np.uint8)
    for block, level in (levels or {}).items():
        loud[block] = level
    return flag_sound(CHROMAPRINT, samples, words, loud)


EXAMPLE = track(np.concatenate((varied(101), np.full(40, 7, np.uint32))), {3: SILENT, 4: NO_LEVEL})
STORED = encode_sound(EXAMPLE)
HEADER_END = STORED.index(b"\n", len(MAGIC)) + 1


def with_header(**changes: Any) -> bytes:
    header = json.loads(STORED[len(MAGIC) : HEADER_END]) | changes
    line = json.dumps(
        {name: value for name, value in header.items() if value is not ...}, sort_keys=True, separators=(",", ":")
    )
    return MAGIC + line.encode() + b"\n" + STORED[HEADER_END:]


def test_varied_loud_sound_is_free_of_flags() -> None:
    assert track(varied(200), {5: FAINT}).audible.all()


def test_one_silent_second_flags_every_word_that_touches_it() -> None:
    flags = track(varied(100), {5: SILENT}).flags
    block = 8 * CHROMAPRINT.step
    touching = [
        row * CHROMAPRINT.step < 6 * block and row * CHROMAPRINT.step + CHROMAPRINT.span > 5 * block
        for row in range(100)
    ]
    assert [bool(flag & SoundFlag.SILENT) for flag in flags.tolist()] == touching


@pytest.mark.parametrize("value", [0, 627_964_279])
def test_one_word_over_and_over_is_plain(value: int) -> None:
    assert (track(np.full(90, value, np.uint32)).flags == SoundFlag.PLAIN).all()


def test_a_hum_of_few_words_is_plain_however_they_alternate() -> None:
    hum = varied(LEAST_DISTINCT - 1)[np.arange(300) % (LEAST_DISTINCT - 1)]
    assert (track(hum).flags == SoundFlag.PLAIN).all()
    music = varied(LEAST_DISTINCT)[np.arange(300) % LEAST_DISTINCT]
    assert track(music).audible.all()


def test_a_tone_within_speech_is_plain_where_it_is() -> None:
    words = varied(300)
    words[100:200] = 5
    flags = track(words).flags
    assert (flags[125:175] == SoundFlag.PLAIN).all()
    assert not flags[: 100 - AROUND_WORDS].any()
    assert not flags[200 + AROUND_WORDS :].any()


def test_plain_words_are_those_of_a_count_by_hand() -> None:
    words = np.random.default_rng(8).integers(0, 60, 400, dtype=np.uint32)
    flags = track(words).flags
    for row in range(400):
        first = min(max(row - AROUND_WORDS // 2, 0), 400 - AROUND_WORDS)
        distinct = len(set(words[first : first + AROUND_WORDS].tolist()))
        assert bool(flags[row] & SoundFlag.PLAIN) == (distinct < LEAST_DISTINCT), row


@pytest.mark.parametrize("count", [1, 2, 20, 40])
def test_a_track_shorter_than_the_count_is_judged_by_its_share(count: int) -> None:
    assert track(varied(count)).audible.all()
    assert count < 2 or not track(np.zeros(count, np.uint32)).audible.any()


def test_what_was_stored_is_read_back() -> None:
    read = decode_sound(STORED)
    assert (read.spec, read.samples) == (EXAMPLE.spec, EXAMPLE.samples)
    for name in ("words", "levels", "flags"):
        assert np.array_equal(getattr(read, name), getattr(EXAMPLE, name))
        assert not getattr(read, name).flags.writeable
    assert encode_sound(read) == STORED


def test_an_hour_takes_less_than_130_kilobytes() -> None:
    samples = 3600 * CHROMAPRINT.rate
    words = varied(CHROMAPRINT.words_of(samples))
    levels = np.zeros(CHROMAPRINT.levels_of(samples), np.uint8)
    assert len(encode_sound(flag_sound(CHROMAPRINT, samples, words, levels))) < 130_000


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty", b""),
        ("another magic", b"footage-forensics sound 2\n" + STORED[len(MAGIC) :]),
        ("no header", MAGIC),
        ("endless header", MAGIC + b" " * 100_000),
        ("a byte short", STORED[:-1]),
        ("a byte long", STORED + b"\0"),
        ("no samples", with_header(samples=0)),
        ("more samples", with_header(samples=EXAMPLE.samples + CHROMAPRINT.step)),
        ("negative samples", with_header(samples=-1)),
        ("endless samples", with_header(samples=2**53)),
        ("samples for petabytes", with_header(samples=2**53 - 1)),
        ("no step", with_header(spec_step=0)),
        ("negative span", with_header(spec_span=-1)),
        ("unknown member", with_header(extra=1)),
        ("missing member", with_header(spec_rate=...)),
        ("control character", with_header(spec_name="a\nb")),
        ("text for a number", with_header(samples=str(EXAMPLE.samples))),
        ("flag past the last word", STORED[:-1] + bytes([STORED[-1] | 0x80])),
    ],
)
def test_a_track_that_was_not_written_so_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(IntegrityError) as caught:
        decode_sound(data)
    assert caught.value.code == "integrity.sound", name


def test_a_value_that_the_layout_cannot_hold_is_not_written() -> None:
    with pytest.raises(ValueError, match="unknown flag"):
        encode_sound(replace(EXAMPLE, flags=np.full(len(EXAMPLE.words), 4, np.uint8)))
    with pytest.raises(ValueError, match="printable"):
        encode_sound(replace(EXAMPLE, spec=replace(CHROMAPRINT, recipe="\n")))


def test_a_track_whose_arrays_do_not_fit_is_no_track() -> None:
    with pytest.raises(ValueError, match="words and flags"):
        replace(EXAMPLE, words=EXAMPLE.words[1:])
    with pytest.raises(ValueError, match="levels"):
        replace(EXAMPLE, levels=EXAMPLE.levels[1:])
