"""Does the sound agree? The fast comparison against a slow one, and what must never agree."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest

from forensics.fingerprint import flag_sound
from forensics.matching import SOUND_PARAMS, SoundIndex, SoundParams, compare_sound, sound_alone, supported
from forensics.matching.params import PARAMS
from forensics.matching.sound import SCORE_CEILING, SCORE_FLOOR, Agreement
from forensics.matching.verdict import judge
from forensics.media import CHROMAPRINT
from forensics.model.match import Assessment, Decision, Match, Method, Segment, SegmentEvidence
from forensics.model.sound import SoundTrack

METHOD = Method(name="sound-offset", version="1", params_sha256="0" * 64)
STEP = CHROMAPRINT.step_s
Words = npt.NDArray[np.uint32]


def random_words(seed: int, count: int) -> Words:
    return np.random.default_rng(seed).integers(0, 2**32, count, dtype=np.uint32)


def flipped(words: Words, bits: int, seed: int = 1) -> Words:
    """The words with exactly so many wrong bits each."""
    random = np.random.default_rng(seed)
    masks = [sum(1 << int(place) for place in random.choice(32, bits, replace=False)) for _ in words]
    return words ^ np.array(masks, np.uint32)


def track(words: Words, level: int = 20) -> SoundTrack:
    samples = (len(words) - 1) * CHROMAPRINT.step + CHROMAPRINT.span
    return flag_sound(CHROMAPRINT, samples, words, np.full(CHROMAPRINT.levels_of(samples), level, np.uint8))


def slow(query: SoundTrack, reference: SoundTrack, params: SoundParams) -> Agreement | None:
    """Every offset, every run of enough words, one after another."""
    best: tuple[int, Agreement] | None = None
    heard, known = query.audible.tolist(), reference.audible.tolist()
    for offset in range(-len(query.words), len(reference.words) + 1):
        rows = [
            row
            for row in range(len(query.words))
            if 0 <= row + offset < len(reference.words) and heard[row] and known[row + offset]
        ]
        wrong = [(int(query.words[row]) ^ int(reference.words[row + offset])).bit_count() for row in rows]
        for start in range(len(rows)):
            for end in range(start + params.least_words, len(rows) + 1):
                weight = sum(params.most_bits - bits for bits in wrong[start:end])
                if best is None or weight > best[0]:
                    run = rows[start:end]
                    pairs = [
                        (int(query.words[a]) ^ int(reference.words[b + offset])).bit_count() for a in run for b in run
                    ]
                    best = (
                        weight,
                        Agreement(
                            offset=offset,
                            first=run[0],
                            last=run[-1],
                            compared=len(run),
                            wrong=sum(wrong[start:end]),
                            chance=sum(pairs) / len(pairs),
                        ),
                    )
    return None if best is None else best[1]


@pytest.mark.parametrize("seed", range(6))
def test_the_fast_comparison_is_the_slow_one(seed: int) -> None:
    random = np.random.default_rng(seed)
    params = SoundParams(least_words=5)
    source = random_words(seed, 40)
    query = source[3:28].copy()
    query[8:14] = random_words(seed + 50, 6)
    reference = flipped(source, 2, seed)
    one, two = (
        replace(track(words), flags=(random.random(len(words)) < 0.15).astype(np.uint8)) for words in (query, reference)
    )
    fast, truth = compare_sound(one, two, params), slow(one, two, params)
    assert fast is not None
    assert truth is not None
    assert (fast.offset, fast.first, fast.last, fast.compared, fast.wrong) == (
        truth.offset,
        truth.first,
        truth.last,
        truth.compared,
        truth.wrong,
    )
    assert fast.chance == pytest.approx(truth.chance)


@pytest.mark.parametrize(("bits", "agrees"), [(0, True), (3, True), (6, True), (7, False), (14, False)])
def test_sound_agrees_up_to_six_wrong_bits(bits: int, agrees: bool) -> None:
    words = random_words(1, 90)
    found = sound_alone(("q", "r"), track(flipped(words, bits)), track(words), METHOD)
    assert (found is not None) == agrees


@pytest.mark.parametrize(("count", "agrees"), [(40, False), (41, True)])
def test_less_than_five_seconds_are_not_compared(count: int, agrees: bool) -> None:
    words = random_words(2, count)
    assert (sound_alone(("q", "r"), track(words), track(words), METHOD) is not None) == agrees


def test_five_seconds_may_be_broken_by_silence() -> None:
    words = random_words(2, 120)
    one = track(words)
    flags = one.flags.copy()
    flags[30:90] = 1
    found = compare_sound(replace(one, flags=flags), one)
    assert found is not None
    assert (found.compared, found.first, found.last) == (60, 0, 119)


@pytest.mark.parametrize("level", [60, 96, 255])
def test_silence_never_agrees_with_silence(level: int) -> None:
    assert sound_alone(("q", "r"), track(random_words(3, 90), level), track(random_words(3, 90), level), METHOD) is None


def test_a_tone_and_a_hum_never_agree() -> None:
    tone = np.full(200, 627_964_279, np.uint32)
    assert sound_alone(("q", "r"), track(tone), track(tone), METHOD) is None
    hum = np.array([1, 3, 2, 3], np.uint32)[np.arange(200) % 4]
    assert sound_alone(("q", "r"), track(hum), track(hum), METHOD) is None


def test_even_sound_of_many_words_never_agrees() -> None:
    """Many distinct words that differ in few places: steady noise. By chance they are near one another already."""
    noise = np.uint32(0xABCD_0000) | (random_words(4, 200) & np.uint32(0xFF))
    found = compare_sound(track(noise), track(noise))
    assert found is not None
    assert found.wrong == 0
    assert found.chance < SOUND_PARAMS.least_chance
    assert not found.holds(SOUND_PARAMS)


def test_agreement_must_be_twice_as_good_as_chance() -> None:
    quiet = Agreement(offset=0, first=0, last=50, compared=51, wrong=51 * 5, chance=9.9)
    assert not quiet.holds(SOUND_PARAMS)
    assert replace(quiet, chance=10.0).holds(SOUND_PARAMS)


def test_two_kinds_of_fingerprint_are_not_compared() -> None:
    other = track(random_words(1, 60))
    with pytest.raises(ValueError, match="two kinds"):
        compare_sound(other, replace(other, spec=replace(other.spec, version="2")))


def test_what_rests_on_sound_alone_is_the_least_of_candidates() -> None:
    words = random_words(5, 100)
    found = sound_alone(("q", "r"), track(words[20:]), track(flipped(words, 2)), METHOD)
    assert found is not None
    assert (found.decision, found.assessment, found.mirrored) == (Decision.CANDIDATE, Assessment.AUDIO_ONLY, False)
    assert (found.query_id, found.reference_id, found.method) == ("q", "r", METHOD)
    (segment,) = found.segments
    assert segment.transform is None
    assert segment.reference_start_s - segment.query_start_s == pytest.approx(20 * STEP, abs=0.001)
    assert found.sound is not None
    assert (found.sound.bits, found.sound.agrees_with_pictures) == (2.0, None)
    assert found.sound.offset_s == pytest.approx(20 * STEP, abs=0.001)
    assert found.sound.seconds == pytest.approx(80 * STEP, abs=0.001)
    least_of_pictures = judge(SimpleNamespace(drift=None, motion=None), 0.0, PARAMS)[1]  # type: ignore[arg-type]
    assert SCORE_FLOOR <= found.score <= SCORE_CEILING < least_of_pictures


def pictured(*spans: tuple[float, float, float, float]) -> Match:
    evidence = SegmentEvidence(
        frames=9, hamming_median=3.0, moments=3, inliers=50.0, cells=20.0, inlier_ratio=0.9, drift_px=0.5, motion=0.9,
        motion_z=9.0,
    )  # fmt: skip
    return Match(
        query_id="q",
        reference_id="r",
        score=0.8,
        decision=Decision.MATCH,
        assessment=Assessment.SAME_RECORDING,
        mirrored=False,
        segments=tuple(
            Segment(
                query_start_s=start,
                query_end_s=start + length,
                reference_start_s=reference,
                reference_end_s=reference + speed * length,
                speed=speed,
                score=0.8,
                transform=None,
                evidence=evidence,
            )
            for start, length, reference, speed in spans
        ),
        method=replace(METHOD, name="geometry-motion"),
    )


def test_support_changes_nothing_but_the_sound() -> None:
    words = random_words(6, 120)
    before = pictured((0.0, 8.0, 30 * STEP, 1.0))
    after = supported(before, track(words[30:]), track(words), METHOD)
    assert replace(after, sound=None) == before
    assert after.sound is not None
    assert after.sound.agrees_with_pictures is True


def test_another_offset_than_the_pictures_is_said() -> None:
    words = random_words(6, 120)
    after = supported(pictured((0.0, 8.0, 0.0, 1.0)), track(words[30:]), track(words), METHOD)
    assert after.sound is not None
    assert (after.sound.agrees_with_pictures, after.sound.offset_s) == (False, round(30 * STEP, 3))


def test_repeating_sound_is_heard_at_the_offset_of_the_pictures() -> None:
    loop = np.tile(random_words(7, 50), 5)
    after = supported(pictured((0.0, 10.0, 100 * STEP + 0.1, 1.0)), track(loop[:90]), track(loop), METHOD)
    assert after.sound is not None
    assert after.sound.agrees_with_pictures is True
    assert after.sound.offset_s == pytest.approx(100 * STEP, abs=0.001)


def test_any_segment_of_a_compilation_may_have_the_offset() -> None:
    words = random_words(8, 300)
    spliced = np.concatenate((random_words(9, 60), words[200:280]))
    match = pictured((0.0, 7.0, 3.0, 1.0), (60 * STEP, 8.0, 200 * STEP, 1.0))
    after = supported(match, track(spliced), track(words), METHOD)
    assert after.sound is not None
    assert after.sound.agrees_with_pictures is True


def test_sound_that_does_not_agree_leaves_the_match_as_it_was() -> None:
    match = pictured((0.0, 8.0, 0.0, 1.0))
    assert supported(match, track(random_words(1, 90)), track(random_words(2, 90)), METHOD) is match
    assert supported(match, track(random_words(1, 20)), track(random_words(1, 20)), METHOD) is match


def test_nothing_that_rests_on_sound_alone_can_be_a_match() -> None:
    words = random_words(5, 60)
    found = sound_alone(("q", "r"), track(words), track(words), METHOD)
    assert found is not None
    with pytest.raises(ValueError, match="candidate"):
        replace(found, decision=Decision.MATCH)
    with pytest.raises(ValueError, match="names the sound"):
        replace(found, sound=None)


def test_the_search_proposes_the_file_that_holds_the_sound() -> None:
    references = [track(random_words(seed, 100)) for seed in range(20)]
    query = track(flipped(references[13].words[30:80], 2))
    assert SoundIndex(references).propose(query).references == (13,)
    assert SoundIndex(references).propose(query, skip=frozenset({13})).references == ()
    assert SoundIndex([]).propose(query).references == ()


def test_a_jingle_that_many_files_hold_proposes_nothing_and_is_counted() -> None:
    jingle = random_words(99, 60)
    references = [
        track(np.concatenate((random_words(seed, 60), jingle))) for seed in range(SOUND_PARAMS.most_files + 1)
    ]
    query = track(np.concatenate((jingle, random_words(500, 60))))
    found = SoundIndex(references).propose(query)
    assert found.references == ()
    assert found.common == 60
    few = SoundIndex(references[: SOUND_PARAMS.most_files]).propose(query)
    assert len(few.references) == SOUND_PARAMS.most_files
    assert few.common == 0


def test_a_rare_sound_beside_a_jingle_is_still_found() -> None:
    jingle, rare = random_words(99, 60), random_words(98, 60)
    references = [track(np.concatenate((jingle, random_words(seed, 60)))) for seed in range(30)]
    references.append(track(np.concatenate((jingle, rare))))
    found = SoundIndex(references).propose(track(np.concatenate((jingle, rare))))
    assert found.references == (30,)


def test_flagged_words_neither_vote_nor_are_found() -> None:
    words = random_words(3, 90)
    assert SoundIndex([track(words)]).propose(track(words, 90)).references == ()
    assert SoundIndex([track(words, 90)]).propose(track(words)).references == ()
