"""A track for sharing, with what could harm the person who filmed left out. The digest of the whole file stays.

Three rules, by name: ``coords:100m`` puts places onto a grid of so many metres; ``operator`` leaves out where the
aircraft was started and every place near it, which is where its pilot stood; ``serial`` leaves out what names the
aircraft. Free text may name anything: under any rule tags are left out, and notices keep their code only.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from forensics.errors import InputError
from forensics.model.notice import Notice
from forensics.model.telemetry import Fix, SourcedTrack
from forensics.telemetry.numbers import MAX_LATITUDE, MAX_LONGITUDE, decimal_text
from forensics.telemetry.track_checks import EARTH_RADIUS_M, distance_m

OPERATOR = "operator"
SERIAL = "serial"

OPERATOR_RADIUS_M = 200
"""Metres around the take-off place: further than a pilot walks to a landing, less than a flight that shows anything."""
MIN_GRID_M = 1
MAX_GRID_M = 100_000
"""Metres of a grid: below the least it hides nothing, above the most it tells nothing."""

_COORDS = re.compile(r"coords:(\d{1,6})m\Z", re.ASCII)
_METRES_PER_DEGREE = math.tau * EARTH_RADIUS_M / 360


def check_rules(rules: Sequence[str]) -> None:
    """Raise `InputError` for a rule that there is none of."""
    for rule in rules:
        if rule not in (OPERATOR, SERIAL) and _grid(rule) is None:
            raise InputError(
                f"there is no redaction '{rule[:40]}'", hint="Give coords:100m (1 to 100000), operator or serial."
            )


def redact(sourced: SourcedTrack, rules: Sequence[str]) -> SourcedTrack:
    """The track under the rules, each of which `check_rules` knows; as it was when there are none."""
    if not rules:
        return sourced
    track = sourced.track
    fixes = track.fixes
    home = track.home
    if OPERATOR in rules:
        fixes, home = _away_from_start(fixes, home), None
    grid = max((metres for rule in rules if (metres := _grid(rule)) is not None), default=None)
    if grid is not None:
        fixes = tuple(_on_grid(fix, grid) for fix in fixes)
        home = None
    kept = tuple(Notice(code=notice.code, message="left out by redaction") for notice in track.notices)
    return SourcedTrack(
        source="redacted",
        sha256=sourced.sha256,
        track=replace(track, fixes=fixes, home=home, tags=(), notices=kept),
        redacted=tuple(sorted(set(rules))),
    )


def _grid(rule: str) -> int | None:
    found = _COORDS.match(rule)
    metres = int(found[1]) if found else 0
    return metres if MIN_GRID_M <= metres <= MAX_GRID_M else None


def _away_from_start(fixes: Sequence[Fix], home: tuple[str, str] | None) -> tuple[Fix, ...]:
    """Without every place near the take-off: the one that the file names, and that of its first fix."""
    starts = [(float(home[0]), float(home[1]))] if home else []
    first = next(((fix.latitude, fix.longitude) for fix in fixes if fix.latitude and fix.longitude), None)
    if first is not None:
        starts.append((float(first[0]), float(first[1])))
    return tuple(_placeless(fix) if _near(fix, starts) else fix for fix in fixes)


def _near(fix: Fix, starts: Sequence[tuple[float, float]]) -> bool:
    if fix.latitude is None or fix.longitude is None:
        return False
    here = float(fix.latitude), float(fix.longitude)
    return any(distance_m(here, start) <= OPERATOR_RADIUS_M for start in starts)


def _placeless(fix: Fix) -> Fix:
    return replace(fix, latitude=None, longitude=None, relative_altitude=None, absolute_altitude=None)


def _on_grid(fix: Fix, grid_m: int) -> Fix:
    """The middle of the cell that the place is in, with no more digits than the grid is worth."""
    if fix.latitude is None or fix.longitude is None:
        return fix
    digits = max(0, math.ceil(math.log10(10 * _METRES_PER_DEGREE / grid_m)))
    step = Fraction(grid_m) / Fraction(_METRES_PER_DEGREE)
    latitude = _middle(Fraction(fix.latitude), step, MAX_LATITUDE)
    shrink = max(math.cos(math.radians(float(latitude))), 1e-6)  # at a pole one cell is all longitudes
    longitude = _middle(Fraction(fix.longitude), min(step / Fraction(shrink), Fraction(360)), MAX_LONGITUDE)
    return replace(fix, latitude=decimal_text(latitude, digits), longitude=decimal_text(longitude, digits))


def _middle(value: Fraction, step: Fraction, limit: int) -> Fraction:
    middle = (value // step) * step + step / 2
    return max(Fraction(-limit), min(Fraction(limit), middle))
