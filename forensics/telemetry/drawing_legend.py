"""The lines of text beside the drawing of a track: what is drawn, on which basis, and what is not."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.model.telemetry import Track
from forensics.telemetry.plausible import MAX_LINE_GAP_S, Drawable, SetAside
from forensics.telemetry.runs import Place
from forensics.telemetry.track_checks import grid_m

MAX_DRAWN = 200_000
"""Points of one drawing: two hours at thirty a second; more would not open in a browser."""
MAX_LISTED = 30
"""Places set aside that are listed by name; the count tells the rest, and CSV has all."""
MAX_NAME = 60
"""Characters of a name from a file."""


def legend(track: Track, found: Drawable) -> Iterator[str]:
    """A line each, as plain text that may hold anything from the file."""
    kept = [place for line in found.lines for place in line]
    family = (track.family or "of no family")[:MAX_NAME]
    yield f"{track.format} {family}: {track.cues} samples, {len(kept)} places drawn"
    if not kept:
        yield "it has no place that can be drawn"
    else:
        yield f"first place (circle): {_told(kept[0])}"
        yield f"last place (square): {_told(kept[-1])}"
        grid = max(grid_m(place.latitude, place.longitude) for place in kept)
        yield f"places are written on a grid of {grid:.2g} m: steps of that size are rounding, not flight"
    yield f"latitude told from longitude by: {track.axis_order_basis or 'nothing'}; WGS 84, equirectangular, north up"
    gaps = max(0, len(found.lines) - 1)
    yield f"{gaps} breaks of the line: no place, more than {MAX_LINE_GAP_S:g} s apart, time going back, a leap left out"
    unlocated = max(0, track.cues - len(kept) - len(found.aside))
    yield f"{unlocated} samples have no place (no fix, 0,0, or not readable) and are not drawn"
    if found.untimed:
        yield f"{found.untimed} places have no time before or after them: leaps were not looked for there"
    drawn = sum(len(line) for line in found.lines)
    if drawn > MAX_DRAWN:
        yield f"of {drawn} places at most {MAX_DRAWN} points are drawn, the first ones"
    yield from _aside(found)
    yield "as the device wrote it, which can be forged: nothing here is verified"


def _aside(found: Drawable) -> Iterator[str]:
    if not found.aside:
        yield f"no place lies further than {found.limit:.0f} m/s from the one before it"
        return
    yield f"{len(found.aside)} places are not drawn: faster than {found.limit:.0f} m/s from what is drawn"
    for each in found.aside[:MAX_LISTED]:
        yield f"   {_told(each.place)}: {_leap(each)}"
    if len(found.aside) > MAX_LISTED:
        yield f"   and {len(found.aside) - MAX_LISTED} more: the CSV form has every place"


def _leap(each: SetAside) -> str:
    return f"{each.metres:.0f} m from cue {each.kept_cue} in at most {each.seconds:.1f} s"


def _told(place: Place) -> str:
    return f"cue {place.fix.cue}, {place.latitude} {place.longitude}"
