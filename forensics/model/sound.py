"""The sound of a file, reduced: fingerprint words at even steps, how loud it is, and what of it can support nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag, StrEnum

import numpy as np
import numpy.typing as npt

WORD_BITS = 32
"""Bits of one fingerprint word."""

LEVEL_WORDS = 8
"""Steps of the fingerprint in one level: 0.99 s."""

NO_LEVEL = 255
"""Level of a block in which every sample is zero."""


class SoundFlag(IntFlag):
    """Why a word supports nothing: there is next to no sound in its span, or the sound around it hardly changes."""

    NONE = 0
    SILENT = 1
    PLAIN = 2


class SoundState(StrEnum):
    """What became of the sound of a file.

    ``read``: fingerprint words are kept. ``absent``: no sound stream. ``too_short``: no single word fits.
    ``unreadable``: the stream gives no samples, or was not read within the limits. ``unavailable``: this ffmpeg cannot
    make the fingerprint.
    """

    READ = "read"
    ABSENT = "absent"
    TOO_SHORT = "too_short"
    UNREADABLE = "unreadable"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundSpec:
    """Which sound fingerprint, in which version, from which samples.

    Two tracks can be compared only when ``name``, ``version``, ``rate`` and ``step`` are equal. Word i is made of the
    ``span`` samples from sample ``i * step`` on, at ``rate`` samples a second; sample 0 is at zero on the file's
    presentation clock. ``recipe`` names the rest.
    """

    name: str
    version: str
    recipe: str
    rate: int
    step: int
    span: int

    def __post_init__(self) -> None:
        if min(self.rate, self.step, self.span) <= 0:
            raise ValueError("rate, step and span are positive")

    @property
    def step_s(self) -> float:
        """Seconds from one word to the next."""
        return self.step / self.rate

    @property
    def span_s(self) -> float:
        """Seconds of sound in one word."""
        return self.span / self.rate

    def comparable(self, other: SoundSpec) -> bool:
        """Whether words of this kind may be compared with those of another."""
        return (self.name, self.version, self.rate, self.step) == (other.name, other.version, other.rate, other.step)

    def words_of(self, samples: int) -> int:
        """How many words so many samples give."""
        return max(0, (samples - self.span) // self.step + 1)

    def levels_of(self, samples: int) -> int:
        """How many levels so many samples give; the last block may be short."""
        return -(-samples // (LEVEL_WORDS * self.step))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SoundTrack:
    """The sound of one file.

    ``words`` uint32 (n,), ``flags`` uint8 (n,) of `SoundFlag`; ``levels`` uint8, one a block of `LEVEL_WORDS` steps:
    whole decibels, rounded down, by which the block's RMS lies below full scale, or `NO_LEVEL`. ``samples`` counts all
    samples, with the silence that stands for what comes before the sound begins.
    """

    spec: SoundSpec
    samples: int
    words: npt.NDArray[np.uint32]
    levels: npt.NDArray[np.uint8]
    flags: npt.NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.words.shape != (self.spec.words_of(self.samples),) or self.flags.shape != self.words.shape:
            raise ValueError("words and flags are as many as the samples give")
        if self.levels.shape != (self.spec.levels_of(self.samples),):
            raise ValueError("levels are as many as the samples give")

    @property
    def audible(self) -> npt.NDArray[np.bool_]:
        """Which words may support something, bool (n,)."""
        free: npt.NDArray[np.bool_] = self.flags == SoundFlag.NONE
        return free
