"""The families of drone subtitle text: how each is known, and where its numbers stand.

A family is known by its shape, not by a model name, which the files do not give. Which of two unnamed numbers is the
latitude follows from the family: DJI wrote longitude first until it named its fields, except on the Matrice 300.

| family | seen on | shape |
|---|---|---|
| A | Phantom 4, Mavic Pro | ``HOME(lon,lat) clock`` / ``GPS(lon,lat,satellites) BAROMETER:m`` |
| A0 | early Phantom 4 | the same with ``Hb:`` for the barometer, dates without padding |
| A-M | Matrice 300 (2022) | ``GPS(lat,lon,0.0M) BAROMETER:mM``: order known from one file |
| B | Phantom 4 Pro and RTK, Mavic Mini | ``F/2.8, SS 30, … GPS (lon, lat, satellites), … H 1.0m``, no clock |
| C | Mavic Air, Mavic 2, Air 2 | ``[latitude : x] [longtitude : y] [altitude: z]``, clock ``s,ms,us`` |
| C0 | converted Mavic 2 | the same without timecodes, clock ``s,ms,us,ms,us`` |
| D | Mini 3 to 5, Mavic 3, Air 3, Avata | ``[rel_alt: x abs_alt: y]``, clock ``s.ms`` |
| E | Matrice 30 | D with ``[drone_yaw: …]`` and blank lines within a cue |
| F | Mavic 2 Enterprise Advanced | ``[Drone: Yaw:…, Pitch:…, Roll:…]`` |
| G | DJI FPV goggles | ``signal:4 ch:2 … uavBat:16.2V``: no position, no clock |
| H | Walksnail | ``Signal:4 CH:8 … SBat:4.7V``: no position, no clock |
| I | Autel Evo II | ``GPS(W: lon, N: lat, alt m)`` with letters for the hemisphere |
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

_KEYS = re.compile(
    r"\b(latitude|longt?itude|rel_alt|abs_alt|altitude)[ \t]*+:[ \t]*+([^\s,:\[\]]++)(?=[ \t,\]])", re.ASCII
)
_BRACKET = re.compile(r"\[[ \t]*+[A-Za-z_]++[ \t]*+:")
_PLAIN = re.compile(
    r"\b(GPS|HOME)[ \t]*+\([ \t]*+([^\s,()]++)[ \t]*+,[ \t]*+([^\s,()]++)[ \t]*+(?:,[ \t]*+([^\s,()]++)[ \t]*+)?\)",
    re.ASCII,
)
_LETTERED = re.compile(
    r"\b(GPS|HOME)[ \t]*+\([ \t]*+([NSEW])[ \t]*+:[ \t]*+([\d.]++)[ \t]*+,"
    r"[ \t]*+([NSEW])[ \t]*+:[ \t]*+([\d.]++)[ \t]*+(?:,[ \t]*+(-?[\d.]++)m[ \t]*+)?\)",
    re.ASCII,
)
_BAROMETER = re.compile(r"\b(?:BAROMETER|Hb)[ \t]*+:[ \t]*+([+\-\d.]++)M?(?=\s)", re.ASCII)
_HEIGHT = re.compile(r"(?<![\w.])H[ \t]++([+\-\d.]++)m(?=[\s,])", re.ASCII)


class Raw(NamedTuple):
    """The texts that a cue has where its family keeps them; None where there is nothing. ``home`` is lat, lon.

    ``ambiguous`` tells that a field stands twice with different values.
    """

    latitude: str | None = None
    longitude: str | None = None
    relative: str | None = None
    absolute: str | None = None
    home: tuple[str, str] | None = None
    ambiguous: bool = False


class Family(NamedTuple):
    """One family. ``order`` tells how its latitude is told from its longitude: ``named`` fields, or by ``family``.

    ``located`` is False for a family that never has a position; ``weak`` marks the shape of a cue that lacks what
    would tell its family from its sisters.
    """

    name: str
    known_by: Callable[[str], bool]
    read: Callable[[str], Raw]
    order: str = "family"
    located: bool = True
    weak: bool = False


def _has(*marks: str) -> Callable[[str], bool]:
    """Whether a text has every one of the marks (plain text: searched in linear time)."""
    return lambda text: all(mark in text for mark in marks)


def _bracketed(*any_of: str) -> Callable[[str], bool]:
    return lambda text: any(mark in text for mark in any_of) and _BRACKET.search(text) is not None


def _named(text: str) -> Raw:
    """Bracketed ``[key: value]`` pairs; several pairs may share a bracket, and "longtitude" is a DJI spelling."""
    found: dict[str, str] = {}
    ambiguous = False
    for key, value in _KEYS.findall(text):
        name = "longitude" if key == "longtitude" else key
        ambiguous = ambiguous or found.get(name, value) != value
        found[name] = value
    return Raw(
        latitude=found.get("latitude"),
        longitude=found.get("longitude"),
        relative=found.get("rel_alt"),
        absolute=found.get("abs_alt") or found.get("altitude"),
        ambiguous=ambiguous,
    )


def _unnamed(height: re.Pattern[str], *, longitude_first: bool) -> Callable[[str], Raw]:
    def read(text: str) -> Raw:
        places: dict[str, tuple[str, str]] = {}
        ambiguous = False
        for what, first, second, _ in _PLAIN.findall(text):
            place = (second, first) if longitude_first else (first, second)
            ambiguous = ambiguous or places.get(what, place) != place
            places[what] = place
        metres = height.search(text)
        latitude, longitude = places.get("GPS", (None, None))
        relative = metres[1] if metres else None
        return Raw(latitude, longitude, relative, None, places.get("HOME"), ambiguous)

    return read


def _lettered(text: str) -> Raw:
    places: dict[str, dict[str, str]] = {}
    absolute = None
    for what, first, first_value, second, second_value, metres in _LETTERED.findall(text):
        signed = {
            "longitude" if letter in "EW" else "latitude": ("-" if letter in "SW" else "") + value
            for letter, value in ((first, first_value), (second, second_value))
        }
        places[what] = signed
        absolute = metres or None if what == "GPS" else absolute
    here, home = places.get("GPS", {}), places.get("HOME", {})
    start = (home["latitude"], home["longitude"]) if len(home) == 2 else None
    return Raw(here.get("latitude"), here.get("longitude"), None, absolute, start)


def _nothing(_: str) -> Raw:
    return Raw()


def _third_is_metres(text: str) -> bool:
    return any(what == "GPS" and third.endswith("M") for what, _, _, third in _PLAIN.findall(text))


_COMMA_CLOCK = re.compile(r"\d:\d{2},\d{3},\d{3}(?!,)", re.ASCII)
_DOUBLED_FRACTION = re.compile(r"\d:\d{2}(?:,\d{1,3}){4}", re.ASCII)
_DOT_CLOCK = re.compile(r"\d:\d{2}\.\d{3}", re.ASCII)

FAMILIES: tuple[Family, ...] = (
    Family("I", lambda text: _LETTERED.search(text) is not None, _lettered, order="named"),
    Family("B", lambda text: "F/" in text and ", SS " in text, _unnamed(_HEIGHT, longitude_first=True)),
    Family("A-M", _third_is_metres, _unnamed(_BAROMETER, longitude_first=False)),
    Family("A0", lambda text: "GPS(" in text and "Hb:" in text, _unnamed(_BAROMETER, longitude_first=True)),
    Family("A", _has("GPS(", "BAROMETER:"), _unnamed(_BAROMETER, longitude_first=True)),
    Family("A", lambda text: "GPS(" in text or "HOME(" in text, _unnamed(_BAROMETER, longitude_first=True), weak=True),
    Family("F", _bracketed("[Drone:", "[Drone :"), _named, order="named"),
    Family("E", _bracketed("drone_yaw", "drone_speedx"), _named, order="named"),
    Family("C0", lambda text: _DOUBLED_FRACTION.search(text) is not None, _named, order="named"),
    Family("D", _bracketed("rel_alt", "abs_alt"), _named, order="named"),
    Family("C", _bracketed("altitude", "longtitude"), _named, order="named"),
    Family("C", lambda text: bool(_COMMA_CLOCK.search(text) and _BRACKET.search(text)), _named, order="named"),
    Family("D", lambda text: bool(_DOT_CLOCK.search(text) and _BRACKET.search(text)), _named, order="named"),
    Family("D", _bracketed("latitude", "iso", "shutter"), _named, order="named", weak=True),
    Family("G", _has("signal:", "flightTime:", "uavBat:"), _nothing, located=False),
    Family("H", _has("Signal:", "FlightTime:", "SBat:"), _nothing, located=False),
)
"""Asked in this order; the first that knows a cue reads it. The same name may stand twice, for two shapes of it."""


def family_of(text: str) -> Family | None:
    """The family of one cue's text, or None."""
    return next((family for family in FAMILIES if family.known_by(text)), None)
