"""Tracks for maps and tables: GeoJSON, KML, GPX, CSV. What is unknown is left out, never filled.

Each form takes all tracks of one file, each apart from the others. A time goes into a form's own time field only when
the track's format declares UTC, which a drone's wall clock does not; a height goes into its own height field only
when the format says what it is measured from and the form means the same (GeoJSON the WGS 84 ellipsoid, KML and GPX
mean sea level). All else stands beside the place, as written.

Sources: RFC 7946 (GeoJSON), OGC 07-147r2 (KML 2.2) with Google's gx extension, Topografix GPX 1.1, RFC 4180 (CSV).
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator, Sequence

from forensics.model.telemetry import AltitudeDatum, Fix, SourcedTrack, Track
from forensics.model.text import visible
from forensics.telemetry.escaping import xml_text
from forensics.telemetry.runs import Place, places, runs

NAMESPACE = "urn:footage-forensics:track:v1"
"""Of the elements beside a GPX point."""

CSV_HEADER = (
    "cue",
    "at_ms",
    "clock_as_written",
    "latitude",
    "longitude",
    "relative_altitude_m",
    "absolute_altitude_m",
    "utc",
    "altitude_datum",
    "source",
    "source_sha256",
    "redacted",
)

_DECIMAL = re.compile(r"[+-]?\d+(?:\.\d+)?\Z", re.ASCII)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet takes for a formula (OWASP, CSV Injection); the wide signs in East Asia."""


def to_geojson(tracks: Sequence[SourcedTrack]) -> bytes:
    """A FeatureCollection: for each track one feature without geometry about it, one line a run, one point a fix.

    Positions are [longitude, latitude] with the digits of the file, and the height when it is above the ellipsoid.
    """
    features = [feature for number, sourced in enumerate(tracks) for feature in _features(number, sourced)]
    return ('{"type":"FeatureCollection","features":[\n' + ",\n".join(features) + "\n]}\n").encode()


def _features(number: int, sourced: SourcedTrack) -> Iterator[str]:
    track = sourced.track
    high = track.altitude_datum is AltitudeDatum.WGS84_ELLIPSOID
    yield _feature("null", {"about": "track", "track": number, **_about(sourced)})
    for run in runs(track):
        if len(run) > 1:
            # A line has heights at all of its places or at none: three numbers here and two there are one shape less.
            level = high and all(place.fix.absolute_altitude for place in run)
            line = ",".join(_position(place, level) for place in run)
            ends = {"about": "run", "track": number, "first_cue": run[0].fix.cue, "last_cue": run[-1].fix.cue}
            yield _feature(f'{{"type":"LineString","coordinates":[{line}]}}', ends)
    for place in places(track):
        told = {"about": "fix", "track": number, **_said(place.fix)}
        yield _feature(f'{{"type":"Point","coordinates":{_position(place, high)}}}', told)


def _about(sourced: SourcedTrack) -> dict[str, object]:
    track = sourced.track
    home = None if track.home is None else {"latitude": track.home[0], "longitude": track.home[1]}
    return {
        "source": sourced.source,
        "source_sha256": sourced.sha256,
        "redacted": list(sourced.redacted),
        "format": track.format,
        "family": track.family,
        "axis_order_basis": track.axis_order_basis,
        "altitude_datum": track.altitude_datum,
        "cues": track.cues,
        "located": len(track.located),
        "home": home,
        "clocks": [
            {
                "source": clock.source,
                "raw": clock.raw,
                "utc": clock.utc,
                "offset_minutes": clock.offset_minutes,
                "basis": clock.basis,
            }
            for clock in track.clocks
        ],
        "tags": [{"group": tag.group, "name": tag.name, "value": tag.value} for tag in track.tags],
        "notices": [{"code": notice.code, "message": notice.message} for notice in track.notices],
    }


def _said(fix: Fix) -> dict[str, object]:
    return {
        "cue": fix.cue,
        "at_ms": fix.at_ms,
        "clock_as_written": fix.clock_as_written,
        "relative_altitude_m": fix.relative_altitude,
        "absolute_altitude_m": fix.absolute_altitude,
        "utc": fix.utc,
    }


def _feature(geometry: str, properties: dict[str, object]) -> str:
    told = json.dumps(properties, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return f'{{"type":"Feature","geometry":{geometry},"properties":{told}}}'


def _position(place: Place, high: bool = False) -> str:
    height = f",{_number(place.fix.absolute_altitude)}" if high and place.fix.absolute_altitude else ""
    return f"[{place.longitude},{place.latitude}{height}]"


def _number(text: str | None) -> str:
    """A height as a number of JSON and XML Schema: no sign ``+``, no needless zeros in front."""
    sign = "-" if (text or "").startswith("-") else ""
    whole, point, rest = (text or "").lstrip("+-").partition(".")
    return sign + (whole.lstrip("0") or "0") + point + rest


def to_kml(tracks: Sequence[SourcedTrack]) -> bytes:
    """A folder a track, in it a line a run and a mark at its first and last place; a run whose every place has UTC is
    a ``gx:Track`` too. Lines lie on the ground unless heights are above mean sea level, which is what KML means by
    ``absolute``; its ``relativeToGround`` is not the height above the take-off place, which drones write.
    """
    folders = "".join(_kml_folder(sourced) for sourced in tracks)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2" '
        'xmlns:gx="http://www.google.com/kml/ext/2.2">\n<Document>\n<name>Tracks</name>\n'
        f"{folders}</Document>\n</kml>\n"
    ).encode()


def _kml_folder(sourced: SourcedTrack) -> str:
    track = sourced.track
    notices = "".join(f"{notice.code}: {notice.message}\n" for notice in track.notices)
    redacted = f"redacted: {', '.join(sourced.redacted)}\n" if sourced.redacted else ""
    about = f"SHA-256 of the file: {sourced.sha256}\n{redacted}{notices}"
    marks = "".join(_kml_run(run, track) for run in runs(track))
    name, description = xml_text(_title(sourced)), _balloon(about)
    return f"<Folder>\n<name>{name}</name>\n<description>{description}</description>\n{marks}</Folder>\n"


def _title(sourced: SourcedTrack) -> str:
    return visible(f"{sourced.source}: {sourced.track.format} {sourced.track.family or 'of no family'}")


def _kml_run(run: tuple[Place, ...], track: Track) -> str:
    first, last = run[0], run[-1]
    level = track.altitude_datum is AltitudeDatum.MSL and all(place.fix.absolute_altitude for place in run)
    marks = _kml_mark(first) + (_kml_mark(last) if len(run) > 1 else "")
    if len(run) == 1:
        return marks
    mode = "<altitudeMode>absolute</altitudeMode>" if level else "<altitudeMode>clampToGround</altitudeMode>"
    tessellate = "" if level else "<tessellate>1</tessellate>"
    line = " ".join(",".join(_kml_numbers(place, level)) for place in run)
    name = f"<name>cues {first.fix.cue} to {last.fix.cue}</name>"
    timed = _kml_timed(run, name, mode, level) if all(place.fix.utc for place in run) else ""
    return (
        f"<Placemark>{name}<LineString>{tessellate}{mode}<coordinates>{line}</coordinates></LineString></Placemark>\n"
        f"{timed}{marks}"
    )


def _kml_numbers(place: Place, level: bool) -> tuple[str, ...]:
    here = (place.longitude, place.latitude)
    return (*here, _number(place.fix.absolute_altitude)) if level else here


def _kml_timed(run: tuple[Place, ...], name: str, mode: str, level: bool) -> str:
    whens = "".join(f"<when>{place.fix.utc}</when>" for place in run)
    coords = "".join(f"<gx:coord>{' '.join((*_kml_numbers(place, level), '0')[:3])}</gx:coord>" for place in run)
    return f"<Placemark>{name}<gx:Track>{mode}{whens}{coords}</gx:Track></Placemark>\n"


def _kml_mark(place: Place) -> str:
    said = "".join(
        f'<Data name="{name}"><value>{xml_text(str(value))}</value></Data>'
        for name, value in _said(place.fix).items()
        if value is not None
    )
    when = f"<TimeStamp><when>{place.fix.utc}</when></TimeStamp>" if place.fix.utc else ""
    return (
        f"<Placemark><name>cue {place.fix.cue}</name>{when}<ExtendedData>{said}</ExtendedData>"
        f"<Point><coordinates>{place.longitude},{place.latitude}</coordinates></Point></Placemark>\n"
    )


def to_gpx(tracks: Sequence[SourcedTrack]) -> bytes:
    """A track each, with a segment a run; clock and heights in each point's extensions."""
    told = "".join(_gpx_track(sourced) for sourced in tracks)
    notices = "".join(f"{notice.code}: {notice.message}\n" for each in tracks for notice in each.track.notices)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="footage-forensics" '
        f'xmlns="http://www.topografix.com/GPX/1/1" xmlns:track="{NAMESPACE}">\n'
        f"<metadata><desc>{xml_text(notices)}</desc></metadata>\n{told}</gpx>\n"
    ).encode()


def _gpx_track(sourced: SourcedTrack) -> str:
    track = sourced.track
    level = track.altitude_datum is AltitudeDatum.MSL
    redacted = f"; redacted: {', '.join(sourced.redacted)}" if sourced.redacted else ""
    segments = "".join(
        f"<trkseg>\n{''.join(_gpx_point(place, level) for place in run)}</trkseg>\n" for run in runs(track)
    )
    return (
        f"<trk><name>{xml_text(_title(sourced))}</name>"
        f"<src>SHA-256 of the file: {sourced.sha256}{xml_text(redacted)}</src>\n"
        f"{segments}</trk>\n"
    )


def _gpx_point(place: Place, level: bool) -> str:
    fix = place.fix
    elevation = f"<ele>{_number(fix.absolute_altitude)}</ele>" if level and fix.absolute_altitude else ""
    time = f"<time>{fix.utc}</time>" if fix.utc else ""
    said = "".join(
        f"<track:{name}>{xml_text(str(value))}</track:{name}>"
        for name, value in _said(fix).items()
        if value is not None
    )
    return (
        f'<trkpt lat="{place.latitude}" lon="{place.longitude}">{elevation}{time}'
        f"<extensions>{said}</extensions></trkpt>\n"
    )


def to_csv(tracks: Sequence[SourcedTrack]) -> bytes:
    """One row a sample, located or not, values as written but for what acts on a screen, which is made visible. A cell
    that a spreadsheet would run as a formula gets a leading apostrophe; numbers have none.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(CSV_HEADER)
    for sourced in tracks:
        writer.writerows(_rows(sourced))
    return text.getvalue().encode("utf-8", "replace")


def _rows(sourced: SourcedTrack) -> Iterator[tuple[str, ...]]:
    track = sourced.track
    whole = (track.altitude_datum, sourced.source, sourced.sha256, " ".join(sourced.redacted))
    for fix in track.fixes:
        values = (fix.clock_as_written, fix.latitude, fix.longitude, fix.relative_altitude, fix.absolute_altitude)
        at_ms = "" if fix.at_ms is None else str(fix.at_ms)
        yield (str(fix.cue), at_ms, *map(_cell, values), *map(_cell, (fix.utc, *whole)))


def _cell(value: str | None) -> str:
    if value is None:
        return ""
    guarded = value.startswith(_FORMULA_STARTS) and not _DECIMAL.match(value)
    return f"'{visible(value)}" if guarded else visible(value)


def _balloon(text: str) -> str:
    """Text that map programs show as HTML once the XML is read (OGC 12-007r2, 9.1.3.10): escaped for both."""
    return xml_text(html.escape(text))
