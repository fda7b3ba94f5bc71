"""Does the sound of two files agree? Supporting evidence only: it decides nothing about pictures.

Two tracks are laid over each other at every offset of whole words. At each, the runs of words that are audible in both
are weighed: a word counts `SoundParams.most_bits` less its wrong bits. Of all runs of enough words at all offsets, the
heaviest one is taken; nothing is left out. It then has to be far better than the same words paired at random, which a
tone, a hum, silence and steady noise are not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from forensics.model.hamming import word_bits
from forensics.model.match import Assessment, Decision, Match, Method, Segment, SegmentEvidence, SoundEvidence
from forensics.model.sound import WORD_BITS, SoundTrack


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundParams:
    """Thresholds of the agreement of sound. docs/adr/0008 has the measured margins.

    ``least_words`` compared words: five seconds of steps, in which 7.7 s of sound are heard. ``most_bits`` wrong of
    32 on average. ``chance_share``: of the bits that differ when the same words are paired at random, at most this
    share may differ. ``least_chance``: those must be so many at least, or the sound is too even to tell anything.

    For the search: a word is found again within ``search_bits``; one that is heard in more than ``most_files`` files
    does not vote, a rarer one the more, the rarer it is; ``least_votes`` at one offset make a pair worth comparing.

    ``offset_slack_s``: an offset of sound and one of pictures this near are the same.
    """

    least_words: int = 41
    most_bits: int = 6
    chance_share: float = 0.5
    least_chance: float = 5.0
    search_bits: int = 2
    most_files: int = 20
    least_votes: float = 2.0
    offset_slack_s: float = 0.3


SOUND_PARAMS = SoundParams()
"""The thresholds in force."""

SOUND_METHOD, SOUND_METHOD_VERSION = "sound-offset", "1"
"""Name and version of the procedure; the digest of its parameters is the caller's to add."""

SCORE_FLOOR, SCORE_CEILING = 0.02, 0.04
"""Scores of agreement by sound alone: below every score that pictures give, which begin at 0.05."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The heaviest run: words ``first`` to ``last`` of the query lie ``offset`` words later in the reference.
    ``compared`` of them are audible in both and differ in ``wrong`` bits together; ``chance`` is the mean number of
    differing bits over all pairs of these words, one of the query's and one of the reference's.
    """

    offset: int
    first: int
    last: int
    compared: int
    wrong: int
    chance: float

    @property
    def bits(self) -> float:
        """Mean wrong bits a word."""
        return self.wrong / self.compared

    def holds(self, params: SoundParams) -> bool:
        """Whether the sound agrees under these thresholds."""
        return (
            self.bits <= params.most_bits
            and self.chance >= params.least_chance
            and self.bits <= params.chance_share * self.chance
        )


def compare_sound(
    query: SoundTrack, reference: SoundTrack, params: SoundParams = SOUND_PARAMS, offsets: Iterable[int] | None = None
) -> Agreement | None:
    """The heaviest run at any offset (or at any of ``offsets``), or None when no offset has enough words.

    Among equals the smallest offset, then the earliest start is taken. Raises ValueError when the tracks are not
    comparable.
    """
    if not query.spec.comparable(reference.spec):
        raise ValueError("sound fingerprints of two kinds cannot be compared")
    least = params.least_words
    heard, known = query.audible, reference.audible
    possible = range(least - len(query.words), len(reference.words) - least + 1)
    best: tuple[int, int, npt.NDArray[np.int64]] | None = None
    for offset in possible if offsets is None else sorted(set(offsets) & set(possible)):
        start = max(0, -offset)
        stop = min(len(query.words), len(reference.words) - offset)
        rows = np.flatnonzero(heard[start:stop] & known[start + offset : stop + offset]) + start
        if len(rows) < least:
            continue
        weight, run = _heaviest(word_bits(query.words[rows] ^ reference.words[rows + offset]), params)
        if best is None or weight > best[0]:
            best = weight, offset, rows[run]
    return None if best is None else _agreement(query, reference, best[1], best[2])


def _heaviest(wrong: npt.NDArray[np.uint8], params: SoundParams) -> tuple[int, slice]:
    """Weight and place of the heaviest run of at least ``least_words``: prefix sums less their least before."""
    sums = np.concatenate(([0], np.cumsum(params.most_bits - wrong.astype(np.int64))))
    lowest = np.minimum.accumulate(sums[: len(sums) - params.least_words])
    gains = sums[params.least_words :] - lowest
    end = int(np.argmax(gains))
    start = int(np.argmin(sums[: end + 1]))
    return int(gains[end]), slice(start, end + params.least_words)


def _agreement(query: SoundTrack, reference: SoundTrack, offset: int, rows: npt.NDArray[np.int64]) -> Agreement:
    ours, theirs = query.words[rows], reference.words[rows + offset]
    return Agreement(
        offset=offset,
        first=int(rows[0]),
        last=int(rows[-1]),
        compared=len(rows),
        wrong=int(word_bits(ours ^ theirs).sum(dtype=np.int64)),
        chance=_chance(ours, theirs),
    )


def _chance(ours: npt.NDArray[np.uint32], theirs: npt.NDArray[np.uint32]) -> float:
    """Mean differing bits over all pairs, from how often each bit is set: exact, without the pairs."""
    places = np.arange(WORD_BITS, dtype=np.uint32)
    set_here = np.count_nonzero(ours[:, None] >> places & 1, axis=0)
    set_there = np.count_nonzero(theirs[:, None] >> places & 1, axis=0)
    differing = set_here * (len(theirs) - set_there) + (len(ours) - set_here) * set_there
    return float(differing.sum()) / (len(ours) * len(theirs))


def supported(
    match: Match, query: SoundTrack, reference: SoundTrack, method: Method, params: SoundParams = SOUND_PARAMS
) -> Match:
    """The match with the sound that supports it, if any does. Nothing else of it changes.

    The offsets of the pictures are tried first: sound that repeats itself agrees at several. Only when none of them
    holds is every offset tried.
    """
    step = query.spec.step_s
    near = {offset for segment in match.segments for offset in _offsets_of(segment, step, params)}
    found = compare_sound(query, reference, params, near)
    if found is None or not found.holds(params):
        found = compare_sound(query, reference, params)
    if found is None or not found.holds(params):
        return match
    agrees = _agrees(found, match, step, params)
    return replace(match, sound=_evidence(found, query, reference, method, agrees=agrees))


def _agrees(found: Agreement, match: Match, step: float, params: SoundParams) -> bool:
    """Whether a segment puts the middle of the run (or the segment's moment nearest to it) where the sound does."""
    middle, offset = (found.first + found.last) / 2 * step, found.offset * step
    for segment in match.segments:
        at = min(max(middle, segment.query_start_s), segment.query_end_s)
        shown = segment.reference_start_s + segment.speed * (at - segment.query_start_s) - at
        if abs(shown - offset) <= params.offset_slack_s:
            return True
    return False


def _offsets_of(segment: Segment, step: float, params: SoundParams) -> range:
    """Offsets in words that lie within the slack of those from the segment's start to its end."""
    ends = (segment.reference_start_s - segment.query_start_s, segment.reference_end_s - segment.query_end_s)
    low, high = min(ends) - params.offset_slack_s, max(ends) + params.offset_slack_s
    return range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)


def sound_alone(
    ids: tuple[str, str],
    query: SoundTrack,
    reference: SoundTrack,
    method: Method,
    params: SoundParams = SOUND_PARAMS,
) -> Match | None:
    """The candidate that agreeing sound makes of a pair (query, reference) whose pictures gave nothing, or None."""
    found = compare_sound(query, reference, params)
    if found is None or not found.holds(params):
        return None
    evidence = _evidence(found, query, reference, method, agrees=None)
    score = SCORE_FLOOR + (SCORE_CEILING - SCORE_FLOOR) * (1 - found.bits / params.most_bits)
    segment = Segment(
        query_start_s=evidence.query_start_s,
        query_end_s=evidence.query_end_s,
        reference_start_s=round(evidence.query_start_s + evidence.offset_s, 3),
        reference_end_s=round(evidence.query_end_s + evidence.offset_s, 3),
        speed=1.0,
        score=score,
        transform=None,
        evidence=SegmentEvidence(
            frames=0, hamming_median=None, moments=0, inliers=0.0, cells=0.0, inlier_ratio=0.0, drift_px=None,
            motion=None, motion_z=None,
        ),
    )  # fmt: skip
    return Match(
        query_id=ids[0],
        reference_id=ids[1],
        score=score,
        decision=Decision.CANDIDATE,
        assessment=Assessment.AUDIO_ONLY,
        mirrored=False,
        segments=(segment,),
        method=method,
        sound=evidence,
    )


def _evidence(
    found: Agreement, query: SoundTrack, reference: SoundTrack, method: Method, *, agrees: bool | None
) -> SoundEvidence:
    spec = query.spec
    end = min(found.last * spec.step_s + spec.span_s, query.samples / spec.rate)
    return SoundEvidence(
        offset_s=round(found.offset * spec.step_s, 3),
        query_start_s=round(found.first * spec.step_s, 3),
        query_end_s=round(min(end, reference.samples / spec.rate - found.offset * spec.step_s), 3),
        seconds=round(found.compared * spec.step_s, 3),
        bits=round(found.bits, 3),
        chance_bits=round(found.chance, 3),
        agrees_with_pictures=agrees,
        method=method,
    )
