"""Sound tracks: the stored form, and what shifting, swapping and searching must not change."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from forensics.errors import IntegrityError
from forensics.fingerprint import decode_sound, encode_sound
from forensics.matching import SoundIndex, SoundParams, compare_sound
from forensics.media import CHROMAPRINT
from forensics.model.sound import SoundSpec, SoundTrack

patient = settings(deadline=None, max_examples=60)
specs = st.builds(
    SoundSpec,
    name=st.text(alphabet="abc -1", max_size=5),
    version=st.text(alphabet="1.", max_size=3),
    recipe=st.text(alphabet="xyz=;", max_size=9),
    rate=st.integers(1, 48_000),
    step=st.integers(1, 2000),
    span=st.integers(1, 40_000),
)
SMALL = SoundParams(least_words=6, least_chance=2.0, least_votes=1.0)


@st.composite
def tracks(draw: st.DrawFn) -> SoundTrack:
    spec = draw(specs)
    samples = draw(st.integers(0, 30 * spec.step + spec.span))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    count = spec.words_of(samples)
    return SoundTrack(
        spec=spec,
        samples=samples,
        words=random.integers(0, 2**32, count, dtype=np.uint32),
        levels=random.integers(0, 256, spec.levels_of(samples)).astype(np.uint8),
        flags=random.integers(0, 4, count).astype(np.uint8),
    )


def made(words: npt.NDArray[np.uint32], flags: npt.NDArray[np.uint8] | None = None) -> SoundTrack:
    samples = (len(words) - 1) * CHROMAPRINT.step + CHROMAPRINT.span
    return SoundTrack(
        spec=CHROMAPRINT,
        samples=samples,
        words=words,
        levels=np.zeros(CHROMAPRINT.levels_of(samples), np.uint8),
        flags=np.zeros(len(words), np.uint8) if flags is None else flags,
    )


@st.composite
def noisy(draw: st.DrawFn) -> tuple[npt.NDArray[np.uint32], np.random.Generator]:
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    return random.integers(0, 2**32, draw(st.integers(30, 70)), dtype=np.uint32), random


@patient
@given(tracks())
def test_a_track_is_read_back_as_it_was_written(track: SoundTrack) -> None:
    data = encode_sound(track)
    read = decode_sound(data)
    assert (read.spec, read.samples) == (track.spec, track.samples)
    assert all(np.array_equal(getattr(read, name), getattr(track, name)) for name in ("words", "levels", "flags"))
    assert encode_sound(read) == data


@patient
@given(tracks(), st.data())
def test_a_changed_byte_is_refused_or_is_another_track(track: SoundTrack, data: st.DataObject) -> None:
    stored = bytearray(encode_sound(track))
    at = data.draw(st.integers(0, len(stored) - 1))
    stored[at] ^= data.draw(st.integers(1, 255))
    try:
        read = decode_sound(bytes(stored))
    except IntegrityError:
        return
    assert encode_sound(read) == bytes(stored)


@patient
@given(noisy(), st.integers(-25, 25))
def test_a_shifted_copy_agrees_at_its_shift_with_the_same_figures(
    given_words: tuple[npt.NDArray[np.uint32], np.random.Generator], shift: int
) -> None:
    words, random = given_words
    assume(len(words) + min(shift, 0) >= SMALL.least_words)  # fewer are left to hear than an agreement needs
    copy = words ^ (np.uint32(1) << random.integers(0, 32, len(words), dtype=np.uint32))
    before = random.integers(0, 2**32, max(shift, 0), dtype=np.uint32)
    kept = copy[max(-shift, 0) :]
    found = compare_sound(made(words), made(np.concatenate((before, kept))), SMALL)
    assert found is not None
    assert (found.offset, found.bits) == (shift, 1.0)
    assert (found.first, found.last) == (max(-shift, 0), len(words) - 1)


@patient
@given(noisy(), st.integers(0, 20))
def test_swapping_the_two_turns_the_offset_round(
    given_words: tuple[npt.NDArray[np.uint32], np.random.Generator], cut: int
) -> None:
    words, random = given_words
    flags = (random.random(len(words)) < 0.1).astype(np.uint8)
    query, reference = made(words, flags), made(words[cut:] ^ np.uint32(5))
    there, back = compare_sound(query, reference, SMALL), compare_sound(reference, query, SMALL)
    assume(there is not None and there.bits < 6)
    assert there is not None
    assert back is not None
    assert (back.offset, back.compared, back.wrong) == (-there.offset, there.compared, there.wrong)
    assert back.chance == there.chance


@patient
@given(noisy())
def test_flagged_words_never_count(given_words: tuple[npt.NDArray[np.uint32], np.random.Generator]) -> None:
    words, random = given_words
    assert compare_sound(made(words, np.full(len(words), 1, np.uint8)), made(words), SMALL) is None
    flags = (random.random(len(words)) < 0.3).astype(np.uint8)
    changed = np.where(flags > 0, ~words, words)
    found = compare_sound(made(words, flags), made(changed), SMALL)
    assert found is not None
    assert (found.wrong, found.compared) == (0, int((flags == 0).sum()))


@patient
@given(st.integers(0, 2**32), st.integers(1, 4))
def test_the_search_finds_every_word_within_its_bits(seed: int, files: int) -> None:
    random = np.random.default_rng(seed)
    base = random.integers(0, 2**32, 12, dtype=np.uint32)
    references = []
    for _ in range(files):
        flips = [sum(1 << int(bit) for bit in random.choice(32, random.integers(0, 5), replace=False)) for _ in base]
        references.append(made(base ^ np.array(flips, np.uint32)))
    index = SoundIndex(references)
    near = [
        sum((int(a) ^ int(b)).bit_count() <= 2 for a, b in zip(base, track.words, strict=True)) for track in references
    ]
    one_vote = SoundParams(least_votes=0.0001, most_files=20)
    assert set(index.propose(made(base), params=one_vote).references) == {
        number for number, count in enumerate(near) if count
    }
