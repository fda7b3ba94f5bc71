"""A track cut into runs that may be drawn as one line: nothing is joined that the file does not join."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from forensics.model.telemetry import Fix, Track

HALF_TURN = 180
"""Degrees: a step of more crosses the antimeridian, where a line must be cut (RFC 7946, 3.1.9)."""

_DEGREES = re.compile(r"([+-]?)(\d{1,3})(\.\d{1,15})?\Z", re.ASCII)


class Place(NamedTuple):
    """A fix whose position is a pair of plain decimals (digits as in the file, no sign ``+``, no needless zeros)."""

    fix: Fix
    latitude: str
    longitude: str


def places(track: Track) -> tuple[Place, ...]:
    """Every sample with a position, in file order."""
    found = ((fix, _plain(fix.latitude), _plain(fix.longitude)) for fix in track.fixes)
    return tuple(Place(fix, latitude, longitude) for fix, latitude, longitude in found if latitude and longitude)


def runs(track: Track) -> tuple[tuple[Place, ...], ...]:
    """Places of consecutive cues whose time does not go back, cut at the antimeridian. No place is added."""
    found: list[list[Place]] = []
    for place in places(track):
        if not found or broken(found[-1][-1], place):
            found.append([])
        found[-1].append(place)
    return tuple(tuple(run) for run in found)


def broken(before: Place, after: Place) -> bool:
    """Whether no line may join two places: cues lie between, time goes back, or they lie across the antimeridian."""
    if after.fix.cue != before.fix.cue + 1:
        return True
    if before.fix.at_ms is not None and after.fix.at_ms is not None and after.fix.at_ms < before.fix.at_ms:
        return True
    return abs(Decimal(after.longitude) - Decimal(before.longitude)) > HALF_TURN


def _plain(text: str | None) -> str | None:
    """The same digits as a number of JSON and XML Schema; None for what is no decimal of degrees."""
    found = None if text is None else _DEGREES.match(text)
    if found is None:
        return None
    return ("-" if found[1] == "-" else "") + (found[2].lstrip("0") or "0") + (found[3] or "")
