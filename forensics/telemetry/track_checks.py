"""Is a track possible? Two clocks that should run together, and a drone that should not leap.

Nothing is corrected: every finding is a notice with its figures. Thresholds are from 28 untouched files of known
drones: with a sub-second wall clock no step between two cues differs by more than 0.25 s from the timeline's, with a
whole-second clock none by more than 1.0 s.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from forensics.model.notice import Notice
from forensics.model.telemetry import Fix, Track
from forensics.telemetry.srt_values import Clock

MAX_STEP_S = 0.3
"""Seconds that a step of a sub-second wall clock may differ from the timeline's."""
MAX_STEP_WHOLE_S = 1.1
"""The same for a clock of whole seconds."""

MAX_SPEED = 100.0
"""Metres a second: more than twice the top speed of the fastest drone of a known family (DJI FPV, 140 km/h)."""
MAX_AIRCRAFT_SPEED = 340.0
"""Metres a second, for KLV, which is flown on manned aircraft, too: the speed of sound at sea level."""
RECEIVER_INTERVAL_S = 0.2
"""Seconds between two fixes of a receiver (5 a second); cues in between repeat the last fix, then the place steps."""

MAX_TAKE_OFF_SPREAD_M = 1.0
"""Metres by which absolute less relative height, the height of the take-off place, may move within a track: both come
from one barometer, and over each untouched file of a known drone it moves by 0.001 m at most, which is rounding."""

SHOWN = 5
"""Places of a finding that its notice lists; the count tells the rest."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius R1 (IUGG)."""


class Sample(NamedTuple):
    """A fix with its wall clock as a number."""

    fix: Fix
    clock: Clock | None


def distance_m(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Great-circle distance in metres of two (latitude, longitude) in degrees, by the haversine formula."""
    lat1, lat2 = math.radians(here[0]), math.radians(there[0])
    across = math.radians(there[1] - here[1])
    chord = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(across / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, chord)))


def notices(samples: Sequence[Sample], limit: float = MAX_SPEED) -> list[Notice]:
    """Everything about the order, the clocks and the places that cannot be so in an untouched file.

    Args:
        samples: In file order.
        limit: Metres a second above which a place or height moves impossibly fast.
    """
    jumps, climbs = _jumps(samples, limit), _climbs(samples, limit)
    return [*_timeline(samples), *_clocks(samples), *jumps, *climbs, *_take_off(samples)]


def checked(track: Track, limit: float = MAX_SPEED) -> Track:
    """A track of a format that declares UTC, with the `notices` of its samples. Its steps of time are held to those of
    clocks of whole seconds: a receiver tells UTC when it has it, not when the sample was taken.
    """
    found = notices([Sample(fix, _utc(fix)) for fix in track.fixes], limit)
    return replace(track, notices=(*track.notices, *found)) if found else track


def _utc(fix: Fix) -> Clock | None:
    if fix.utc is None:
        return None
    micros = (datetime.fromisoformat(fix.utc) - _EPOCH) // timedelta(microseconds=1)
    return Clock(text=fix.utc, micros=micros, fraction=False)


def _timeline(samples: Sequence[Sample]) -> list[Notice]:
    timed = [fix for fix, _ in samples if fix.at_ms is not None]
    back = [after.cue for before, after in pairwise(timed) if _ms(after) < _ms(before)]
    if not back:
        return []
    message = f"timecodes go back {len(back)} times, at cue {_listed(back)}; clips joined or cues moved"
    return [Notice(code="telemetry.timecode_restart", message=message)]


def _ms(fix: Fix) -> int:
    return fix.at_ms or 0


def _clocks(samples: Sequence[Sample]) -> list[Notice]:
    """Steps of the wall clock that differ from the timeline's, and small differences that add up."""
    found: list[str] = []
    drift = least = most = 0.0
    limit = MAX_STEP_S
    timed = [(fix, clock) for fix, clock in samples if fix.at_ms is not None and clock and clock.micros is not None]
    for (before, before_clock), (fix, clock) in pairwise(timed):
        limit = MAX_STEP_S if clock.fraction and before_clock.fraction else MAX_STEP_WHOLE_S
        wall = ((clock.micros or 0) - (before_clock.micros or 0)) / 1e6
        line = (_ms(fix) - _ms(before)) / 1e3
        off = wall - line
        if line < 0 <= wall:  # a restart of the timeline, which is told by itself
            continue
        if abs(off) > limit:
            found.append(f"{off:+.3f} s at cue {fix.cue} ({_ms(fix) / 1000:.3f} s)")
            continue
        drift += off
        least, most = min(least, drift), max(most, drift)
    notices = []
    if found:
        message = (
            f"the wall clock leaves the timeline {len(found)} times: {_listed(found)}; parts cut out, joined or edited"
        )
        notices.append(Notice(code="telemetry.clock_discontinuity", message=message))
    if most - least > limit:
        message = (
            f"wall clock and timeline drift apart by {most - least:.3f} s in steps too small to tell by themselves"
        )
        notices.append(Notice(code="telemetry.clock_drift", message=message))
    return notices


def _jumps(samples: Sequence[Sample], limit: float) -> list[Notice]:
    """Speed from one place to the next other one, less the grid of the decimals written, over no less time than a
    receiver needs.
    """
    found: list[str] = []
    held: tuple[tuple[float, float], float] | None = None
    for fix, clock in samples:
        seconds = _seconds(fix, clock)
        if fix.latitude is None or fix.longitude is None or seconds is None:
            continue
        here = (float(fix.latitude), float(fix.longitude))
        if held is not None and here == held[0]:
            continue
        if held is not None:
            metres = distance_m(held[0], here) - grid_m(fix.latitude, fix.longitude)
            speed = metres / max(abs(seconds - held[1]), RECEIVER_INTERVAL_S)
            if speed > limit:
                found.append(f"{metres:.0f} m at cue {fix.cue}")
        held = (here, seconds)
    if not found:
        return []
    message = f"the place moves faster than {limit:.0f} m/s {len(found)} times: {_listed(found)}"
    return [Notice(code="telemetry.implausible_jump", message=message)]


def _climbs(samples: Sequence[Sample], limit: float) -> list[Notice]:
    """A height that rises or falls faster than a drone flies in any direction."""
    found: list[str] = []
    held: tuple[float, float] | None = None
    for fix, clock in samples:
        seconds, text = _seconds(fix, clock), fix.relative_altitude or fix.absolute_altitude
        if seconds is None or text is None:
            continue
        height = float(text)
        if held is not None and height != held[0]:
            metres = abs(height - held[0])
            if metres / max(abs(seconds - held[1]), RECEIVER_INTERVAL_S) > limit:
                found.append(f"{height - held[0]:+.0f} m at cue {fix.cue}")
        if held is None or height != held[0]:
            held = (height, seconds)
    if not found:
        return []
    message = f"the height moves faster than {limit:.0f} m/s {len(found)} times: {_listed(found)}"
    return [Notice(code="telemetry.implausible_climb", message=message)]


def _take_off(samples: Sequence[Sample]) -> list[Notice]:
    """Absolute less relative height is the height of one place, so it stays."""
    bases = [
        (float(fix.absolute_altitude) - float(fix.relative_altitude), fix.cue)
        for fix, _ in samples
        if fix.absolute_altitude is not None and fix.relative_altitude is not None
    ]
    if not bases or max(bases)[0] - min(bases)[0] <= MAX_TAKE_OFF_SPREAD_M:
        return []
    (low, low_cue), (high, high_cue) = min(bases), max(bases)
    message = (
        f"absolute less relative height, the height of the take-off place, is {low:.1f} m at cue {low_cue} and "
        f"{high:.1f} m at cue {high_cue}"
    )
    return [Notice(code="telemetry.height_mismatch", message=message)]


def _seconds(fix: Fix, clock: Clock | None) -> float | None:
    if clock is not None and clock.micros is not None:
        return clock.micros / 1e6
    return None if fix.at_ms is None else fix.at_ms / 1000


def grid_m(latitude: str, longitude: str) -> float:
    """The diagonal of one step of the decimals written, in metres: what rounding alone can move a place."""
    metres = math.tau * EARTH_RADIUS_M / 360
    return metres * math.hypot(10.0 ** -_decimals(latitude), 10.0 ** -_decimals(longitude))


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])


def _listed(items: Sequence[object]) -> str:
    more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return ", ".join(str(item) for item in items[:SHOWN]) + more
