"""Exact time: a presentation timestamp is an integer with a time base. For people it is written as a clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

UNKNOWN = "not known"
"""Written where there is no time."""


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


def clock(seconds: float | None) -> str:
    """Seconds on a file's clock as ``0:07.500`` or ``1:02:03.250``; milliseconds, rounded half to even."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    total = round(abs(seconds) * 1000)
    sign = "−" if seconds < 0 and total else ""
    hours, rest = divmod(total, 3_600_000)
    minutes, milliseconds = divmod(rest, 60_000)
    tail = f"{milliseconds // 1000:02d}.{milliseconds % 1000:03d}"
    return f"{sign}{hours}:{minutes:02d}:{tail}" if hours else f"{sign}{minutes}:{tail}"
