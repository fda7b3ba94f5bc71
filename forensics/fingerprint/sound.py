"""Which words of a sound fingerprint support nothing: silence, and sound that hardly changes.

A silent track gives one word over and over, and so do a tone and a hum: such tracks agree with one another in every
bit and prove nothing. They stay in the track, flagged.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from forensics.model.sound import LEVEL_WORDS, SoundFlag, SoundSpec, SoundTrack

SILENT_DB = 60
"""Decibels below full scale from which a block is silent: speech far from a camera lies at 50 to 57, an encoded
silent track below 90."""

AROUND_WORDS = 41
"""Words, centred on one, among which others are counted: five seconds of steps."""

LEAST_DISTINCT = 24
"""Distinct words that those must hold: music, speech, wind and surf gave 34 to 41 of 41, white noise 30 and more,
tones, mains hum and steady rotors 1 to 22."""


def flag_sound(
    spec: SoundSpec, samples: int, words: npt.NDArray[np.uint32], levels: npt.NDArray[np.uint8]
) -> SoundTrack:
    """The track of these words uint32 (n,) and levels uint8, with its flags."""
    flags = np.where(_silent(spec, len(words), levels), SoundFlag.SILENT, 0)
    flags |= np.where(_plain(words), SoundFlag.PLAIN, 0)
    return SoundTrack(spec=spec, samples=samples, words=words, levels=levels, flags=flags.astype(np.uint8))


def _silent(spec: SoundSpec, count: int, levels: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Words whose span touches a silent block: half a word of sound may be a click in silence."""
    block = LEVEL_WORDS * spec.step
    starts = np.arange(count, dtype=np.int64) * spec.step
    before = np.concatenate(([0], np.cumsum(levels >= SILENT_DB)))
    first, last = starts // block, (starts + spec.span - 1) // block
    silent: npt.NDArray[np.bool_] = before[last + 1] > before[first]
    return silent


def _plain(words: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
    """Words with too few distinct ones around them; near an end, and in a short track, among those that there are."""
    width = min(AROUND_WORDS, len(words))
    if width == 0:
        return np.zeros(0, bool)
    windows = np.lib.stride_tricks.sliding_window_view(_last_seen(words), width)
    distinct = np.count_nonzero(windows < np.arange(len(windows))[:, None], axis=1)
    few = distinct * AROUND_WORDS < LEAST_DISTINCT * width
    plain: npt.NDArray[np.bool_] = few[np.clip(np.arange(len(words)) - width // 2, 0, len(few) - 1)]
    return plain


def _last_seen(words: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    """For every word the place where it stood before, or -1."""
    order = np.argsort(words, kind="stable")
    again = words[order][1:] == words[order][:-1]
    seen = np.full(len(words), -1, np.int64)
    seen[order[1:][again]] = order[:-1][again]
    return seen
