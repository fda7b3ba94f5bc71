"""Numbers and clocks of a telemetry text: kept as decimal text, checked, never mended."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

MAX_LATITUDE = 90
MAX_LONGITUDE = 180
MAX_ALTITUDE_M = 100_000
"""Metres: the edge of space. What is beyond is no altitude but an overflow (SANS diary 31014 shows 4294927 m)."""

_DEGREES = re.compile(r"[+-]?\d{1,3}(?:\.\d{1,15})?\Z", re.ASCII)
_METRES = re.compile(r"[+-]?\d{1,9}(?:\.\d{1,9})?\Z", re.ASCII)
_ABSENT = frozenset(("", "n/a", "N/A", "na", "NA", "-", "--"))

CLOCK = re.compile(
    r"(?<![\d.,:\-])(\d{4})[.\-](\d{1,2})[.\-](\d{1,2})[ T](\d{1,2}):(\d{2}):(\d{2})((?:[.,]\d{1,6}){0,5}+)"
    r"(?=[^\d.,:])",
    re.ASCII,
)
"""A wall clock as drones write it, seconds with up to five groups after them; the look-ahead refuses one that the
end of the file cut short."""


class Clock(NamedTuple):
    """A wall clock: as written, and in microseconds on its own timeline (no zone is meant), None if no real time."""

    text: str
    micros: int | None
    fraction: bool


@dataclass(frozen=True, slots=True)
class Faults:
    """What could not be read as a value, counted by reason."""

    counts: Counter[str] = field(default_factory=Counter)

    def metres(self, text: str | None) -> str | None:
        """An altitude in metres as written; None for "n/a"; None, and counted, for what is none."""
        if text is None or text in _ABSENT:
            return None
        if _METRES.match(text) and abs(float(text)) <= MAX_ALTITUDE_M:
            return text
        self.counts["altitude"] += 1
        return None

    def degrees(self, text: str | None, limit: int) -> str | None:
        """A latitude or longitude as written; None for "n/a"; None, and counted, for what is none."""
        if text is None or text in _ABSENT:
            return None
        if _DEGREES.match(text) and abs(float(text)) <= limit:
            return text
        self.counts["position"] += 1
        return None

    def clock(self, text: str) -> Clock | None:
        """The first wall clock of a cue's text; one that is no real date counts and has no microseconds."""
        found = CLOCK.search(text)
        if found is None:
            return None
        micros = _micros(found)
        self.counts["clock"] += micros is None
        return Clock(found[0], micros, bool(found[7]))


def _micros(found: re.Match[str]) -> int | None:
    """The first group after the seconds is thousandths or millionths, as wide as it is; a second one after
    thousandths adds thousandths of those (``,438,904``).
    """
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    groups = re.split("[.,]", found[7])[1:]
    digits = (
        groups[0] + (groups[1] if len(groups) > 1 and len(groups[0]) == len(groups[1]) == 3 else "") if groups else ""
    )
    if hour > 23 or minute > 59 or second > 60:
        return None
    try:
        days = date(year, month, day).toordinal()
    except ValueError:
        return None
    return ((days * 24 + hour) * 60 + minute) * 60_000_000 + second * 1_000_000 + int(digits.ljust(6, "0")[:6])
