"""A track as a drawing: SVG that needs no map, no font and no network, the same bytes for the same track.

North is up, longitude runs across, on a plane that touches the sphere at the middle latitude (equirectangular), so that
one scale holds in both directions there. A gap in the file is a gap in the line. Places that no aircraft can have flown
to are listed beside, never drawn. Nothing is smoothed; places that fall onto one point of the paper are drawn once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from forensics.model.telemetry import SourcedTrack, Track
from forensics.model.text import visible
from forensics.telemetry.drawing_legend import MAX_DRAWN, MAX_NAME, legend
from forensics.telemetry.escaping import xml_text
from forensics.telemetry.plausible import Drawable, drawable
from forensics.telemetry.runs import HALF_TURN, Place
from forensics.telemetry.track_checks import EARTH_RADIUS_M

SIDE = 480.0
"""Units of the longer side of the plot: as wide as half a printed page."""
LEFT, TOP, ROW = 90.0, 40.0, 14.0
TABLE_LEFT = LEFT + SIDE + 30.0
WIDTH = TABLE_LEFT + 430.0
LEAST_EXTENT_M = 10.0
"""Metres of the longer side: a hovering drone is a point, not its rounding blown up to a flight."""

_METRES_PER_DEGREE = math.tau * EARTH_RADIUS_M / 360
_TEXT = 'font-family="sans-serif" font-size="10" fill="#222222"'


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plane:
    """From degrees to the paper: the least longitude and greatest latitude lie at (``LEFT``, ``TOP``)."""

    west: float
    north: float
    middle: float
    scale: float
    wraps: bool

    def at(self, place: Place) -> tuple[float, float]:
        longitude = float(place.longitude)
        if self.wraps and longitude < 0:
            longitude += 2 * HALF_TURN
        x = (longitude - self.west) * math.cos(math.radians(self.middle)) * _METRES_PER_DEGREE * self.scale
        return LEFT + x, TOP + (self.north - float(place.latitude)) * _METRES_PER_DEGREE * self.scale


def to_svg(tracks: Sequence[SourcedTrack]) -> bytes:
    """One drawing a track, one below the other, each with where it was read."""
    drawings = [_drawing(each.track, _headline(each)) for each in tracks]
    height = sum(tall for _, tall in drawings)
    parts, top = [], 0.0
    for drawn, tall in drawings:
        parts.append(f'<g transform="translate(0 {_n(top)})">\n{drawn}</g>\n')
        top += tall
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + _svg("".join(parts), height, "Tracks")).encode()


def track_drawing(track: Track) -> str:
    """The same of one track, as an element for a page; empty when it has no place at all."""
    if not track.located:
        return ""
    drawn, height = _drawing(track, ())
    return _svg(drawn, height, "Track")


def _svg(inside: str, height: float, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(WIDTH)}" height="{_n(height)}" '
        f'viewBox="0 0 {_n(WIDTH)} {_n(height)}" role="img">\n<title>{title}</title>\n'
        f'<rect width="{_n(WIDTH)}" height="{_n(height)}" fill="#ffffff"/>\n{inside}</svg>\n'
    )


def _headline(sourced: SourcedTrack) -> tuple[str, ...]:
    redacted = (f"redacted: {', '.join(sourced.redacted)}",) if sourced.redacted else ()
    return (f"read from {sourced.source[:MAX_NAME]}", "SHA-256 of the file:", f"   {sourced.sha256}", *redacted)


def _drawing(track: Track, head: Sequence[str]) -> tuple[str, float]:
    """The elements of one track, and how tall they are."""
    found = drawable(track)
    lines = [*head, *legend(track, found)]
    texts = "".join(_row(TABLE_LEFT, TOP + ROW * at, line) for at, line in enumerate(lines))
    plane = _plane(found)
    picture, bottom = ("", TOP) if plane is None else _picture(found, *plane)
    tall = max(bottom + 70.0, TOP + ROW * (len(lines) + 1))
    return picture + texts, tall


def _plane(found: Drawable) -> tuple[_Plane, float, float] | None:
    """The plane of all kept places, and the sides of the plot; None without any place."""
    kept = [place for line in found.lines for place in line]
    if not kept:
        return None
    east_west = [float(place.longitude) for place in kept]
    wraps = max(east_west) - min(east_west) > HALF_TURN
    if wraps:
        east_west = [each + 2 * HALF_TURN if each < 0 else each for each in east_west]
    latitudes = [float(place.latitude) for place in kept]
    middle = (max(latitudes) + min(latitudes)) / 2
    shrink = max(math.cos(math.radians(middle)), 1e-6)
    tall = (max(latitudes) - min(latitudes)) * _METRES_PER_DEGREE
    wide = (max(east_west) - min(east_west)) * _METRES_PER_DEGREE * shrink
    extent = max(tall, wide, LEAST_EXTENT_M)
    # A track that is all one line, or one point, is drawn in the middle of a plot of some breadth.
    breadth = max(wide, extent / 3), max(tall, extent / 3)
    plane = _Plane(
        west=min(east_west) - (breadth[0] - wide) / 2 / _METRES_PER_DEGREE / shrink,
        north=max(latitudes) + (breadth[1] - tall) / 2 / _METRES_PER_DEGREE,
        middle=middle,
        scale=SIDE / extent,
        wraps=wraps,
    )
    return plane, breadth[0] * plane.scale, breadth[1] * plane.scale


def _picture(found: Drawable, plane: _Plane, wide: float, tall: float) -> tuple[str, float]:
    parts = [
        f'<rect x="{_n(LEFT)}" y="{_n(TOP)}" width="{_n(wide)}" height="{_n(tall)}" fill="none" stroke="#999999"/>\n'
    ]
    left = MAX_DRAWN
    for line in found.lines:
        points = list(_points(line, plane))[:left]
        left -= len(points)
        if len(points) == 1:
            x, y = points[0]
            parts.append(f'<circle cx="{x}" cy="{y}" r="1.5" fill="#1f4e9c"/>\n')
        elif points:
            joined = " ".join(f"{x},{y}" for x, y in points)
            parts.append(f'<polyline points="{joined}" fill="none" stroke="#1f4e9c" stroke-width="1.2"/>\n')
    first, last = plane.at(found.lines[0][0]), plane.at(found.lines[-1][-1])
    parts.append(f'<circle cx="{_n(first[0])}" cy="{_n(first[1])}" r="4" fill="none" stroke="#117733"/>\n')
    parts.append(
        f'<rect x="{_n(last[0] - 4)}" y="{_n(last[1] - 4)}" width="8" height="8" fill="none" stroke="#aa2222"/>\n'
    )
    parts += [*_frame(plane, wide, tall), *_north(wide), *_scale(plane, tall, wide)]
    return "".join(parts), TOP + tall


def _points(line: Sequence[Place], plane: _Plane) -> Iterator[tuple[str, str]]:
    """The line on paper, to a tenth of a unit; what falls onto the point before is left out."""
    held = None
    for place in line:
        x, y = plane.at(place)
        point = _n(x), _n(y)
        if point != held:
            yield point
        held = point


def _frame(plane: _Plane, wide: float, tall: float) -> Iterator[str]:
    """The degrees of the four sides of the plot."""
    per_degree = _METRES_PER_DEGREE * plane.scale
    shrink = max(math.cos(math.radians(plane.middle)), 1e-6)
    south, east = plane.north - tall / per_degree, plane.west + wide / per_degree / shrink
    if east > HALF_TURN:
        east -= 2 * HALF_TURN
    yield _row(4.0, TOP + 8, f"lat {plane.north:.6f}")
    yield _row(4.0, TOP + tall, f"lat {south:.6f}")
    yield _row(LEFT, TOP + tall + 14, f"lon {plane.west:.6f}")
    yield _row(max(LEFT + wide - 80, LEFT + 100), TOP + tall + 14, f"lon {east:.6f}")


def _north(wide: float) -> Iterator[str]:
    x = LEFT + wide - 14
    yield _path(f"M {_n(x)} 34 L {_n(x)} 8 M {_n(x - 4)} 16 L {_n(x)} 8 L {_n(x + 4)} 16")
    yield _row(x + 7, 18, "N")


def _scale(plane: _Plane, tall: float, wide: float) -> Iterator[str]:
    metres = _round_length(wide / plane.scale / 3)
    x, y, length = LEFT, TOP + tall + 34, metres * plane.scale
    end = _n(x + length)
    yield _path(f"M {_n(x)} {_n(y - 4)} L {_n(x)} {_n(y)} L {end} {_n(y)} L {end} {_n(y - 4)}")
    told = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    yield _row(x, y + 13, f"{told} at latitude {plane.middle:.4f}")


def _round_length(metres: float) -> float:
    """The greatest of 1, 2 or 5 times a power of ten that is not longer."""
    power = 10.0 ** math.floor(math.log10(metres))
    return max(step * power for step in (1, 2, 5) if step * power <= metres)


def _path(steps: str) -> str:
    return f'<path d="{steps}" fill="none" stroke="#222222"/>\n'


def _row(x: float, y: float, text: str) -> str:
    return f'<text x="{_n(x)}" y="{_n(y)}" xml:space="preserve" {_TEXT}>{xml_text(visible(text))}</text>\n'


def _n(value: float) -> str:
    return f"{value:.1f}"
