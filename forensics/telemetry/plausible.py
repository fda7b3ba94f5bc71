"""Which places of a track may be drawn: those that an aircraft can have flown to, in lines without gaps.

Where the place leaps, nobody can tell from the leap alone which side of it is wrong. The longest stretch without a leap
is taken for right; others are kept as far as they can be reached from what was kept before, the rest is set aside and
named. Nothing is moved, added or joined across a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from forensics.model.telemetry import Fix, Track
from forensics.telemetry.runs import Place, broken, places
from forensics.telemetry.srt_values import Faults
from forensics.telemetry.track_checks import (
    MAX_AIRCRAFT_SPEED,
    MAX_SPEED,
    RECEIVER_INTERVAL_S,
    distance_m,
    grid_m,
)

MAX_LINE_GAP_S = 3.0
"""Seconds between two places that one line joins: trackers write at least once a second, and may miss one."""


class SetAside(NamedTuple):
    """A place that is not drawn: how far it lies from the place kept before it (or after), in how many seconds."""

    place: Place
    metres: float
    seconds: float
    kept_cue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawable:
    """``lines`` of places in order, each without a gap; ``limit`` in metres a second; ``untimed`` places have no time
    on one side or both, so that no leap could be told there.
    """

    lines: tuple[tuple[Place, ...], ...]
    aside: tuple[SetAside, ...]
    limit: float
    untimed: int


def drawable(track: Track) -> Drawable:
    """Sort the places of a track into lines and places set aside. Every place comes out once."""
    limit = MAX_AIRCRAFT_SPEED if track.format == "klv" else MAX_SPEED
    found = _Found(places(track), limit)
    kept, aside = found.sorted()
    return Drawable(
        lines=tuple(found.lines(kept)),
        aside=tuple(aside),
        limit=limit,
        untimed=sum(None in pair for pair in zip(found.before, found.after, strict=True)),
    )


class _Found:
    """The places of a track by index, each between the known times ``before`` and ``after`` it in seconds: equal where
    it has a time of its own, None where no sample on that side has one.
    """

    def __init__(self, found: Sequence[Place], limit: float) -> None:
        self.places = found
        self.limit = limit
        own = _times(found)
        self.before = _carried(own)
        self.after = _carried(own[::-1])[::-1]

    def sorted(self) -> tuple[list[int], list[SetAside]]:
        """The places kept, and those set aside, both in order."""
        stretches = list(self._stretches())
        if not stretches:
            return [], []
        anchor = max(range(len(stretches)), key=lambda at: (len(stretches[at]), -at))
        kept, aside = [*stretches[anchor]], []
        for later, order in ((True, stretches[anchor + 1 :]), (False, stretches[:anchor][::-1])):
            held = stretches[anchor][-1 if later else 0]
            for stretch in order:
                metres, seconds = self._leap(*((held, stretch[0]) if later else (stretch[-1], held)))
                if self._too_fast(metres, seconds):
                    cue = self.places[held].fix.cue
                    aside += [(at, SetAside(self.places[at], metres, seconds or 0.0, cue)) for at in stretch]
                else:
                    kept += stretch
                    held = stretch[-1 if later else 0]
        return sorted(kept), [each for _, each in sorted(aside)]

    def lines(self, kept: Sequence[int]) -> Iterator[tuple[Place, ...]]:
        """The kept places as lines that no gap interrupts."""
        line: list[int] = []
        for at in kept:
            if line and (broken(self.places[line[-1]], self.places[at]) or self._gap(line[-1], at)):
                yield tuple(self.places[each] for each in line)
                line = []
            line.append(at)
        if line:
            yield tuple(self.places[each] for each in line)

    def _stretches(self) -> Iterator[range]:
        start = 0
        for at in range(1, len(self.places)):
            if self._too_fast(*self._leap(at - 1, at)):
                yield range(start, at)
                start = at
        if self.places:
            yield range(start, len(self.places))

    def _leap(self, one: int, other: int) -> tuple[float, float | None]:
        """Metres less what rounding moves, and the most seconds that lie between (None: not told)."""
        here, there = self.places[one], self.places[other]
        metres = distance_m(_degrees(here), _degrees(there)) - grid_m(here.latitude, here.longitude)
        early, late = self.before[one], self.after[other]
        return max(metres, 0.0), None if early is None or late is None else abs(late - early)

    def _too_fast(self, metres: float, seconds: float | None) -> bool:
        return seconds is not None and metres / max(seconds, RECEIVER_INTERVAL_S) > self.limit

    def _gap(self, one: int, other: int) -> bool:
        """Whether more seconds than a line may join lie between two places, or the clock goes back."""
        early, late = self.after[one], self.before[other]
        if early is None or late is None:
            return False
        timed = self.before[one] == early and self.after[other] == late
        return late - early > MAX_LINE_GAP_S or (timed and late < early)


def _degrees(place: Place) -> tuple[float, float]:
    return float(place.latitude), float(place.longitude)


def _times(found: Sequence[Place]) -> list[float | None]:
    """Seconds on one clock, that of the first kind that any place has: UTC, the wall clock as written, the timeline."""
    for read in (_utc, _clock, _timeline):
        times = [read(place.fix) for place in found]
        if any(time is not None for time in times):
            return times
    return [None] * len(found)


def _utc(fix: Fix) -> float | None:
    return None if fix.utc is None else datetime.fromisoformat(fix.utc).timestamp()


def _clock(fix: Fix) -> float | None:
    clock = Faults().clock(fix.clock_as_written + "\n") if fix.clock_as_written else None
    return None if clock is None or clock.micros is None else clock.micros / 1e6


def _timeline(fix: Fix) -> float | None:
    return None if fix.at_ms is None else fix.at_ms / 1000


def _carried(own: Sequence[float | None]) -> list[float | None]:
    """Each time, or the last one before it."""
    found: list[float | None] = []
    for time in own:
        found.append(time if time is not None else found[-1] if found else None)
    return found
