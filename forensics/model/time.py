"""Exact time: a presentation timestamp is an integer with a time base."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True, order=False)
class TimeBase:
    """Seconds per tick as a positive fraction, for instance 1/30000."""

    num: int
    den: int

    def __post_init__(self) -> None:
        if self.num <= 0 or self.den <= 0:
            raise ValueError(f"a time base is a positive fraction, not {self.num}/{self.den}")

    @property
    def fraction(self) -> Fraction:
        """Seconds per tick."""
        return Fraction(self.num, self.den)

    def __str__(self) -> str:
        return f"{self.num}/{self.den}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaTime:
    """A moment on a file's own clock: ``pts`` ticks of ``base``."""

    pts: int
    base: TimeBase

    @property
    def seconds(self) -> Fraction:
        """The exact moment in seconds."""
        return self.pts * self.base.fraction

    def __str__(self) -> str:
        return f"{self.pts}*{self.base}"
