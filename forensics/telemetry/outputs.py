"""Tracks for maps and tables: GeoJSON, KML, GPX, CSV. What is unknown is left out, never filled.

No format gets a UTC time, because a drone's wall clock has no zone, nor a height in its own height field, because
the datum of a drone's heights is unknown (GeoJSON and GPX mean WGS 84, KML the geoid): clock and heights stand beside
the place, as written.

Sources: RFC 7946 (GeoJSON), OGC 12-007r2 (KML 2.3), Topografix GPX 1.1, RFC 4180 (CSV).
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator

from forensics.model.telemetry import Fix, Track
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
)

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECIMAL = re.compile(r"[+-]?\d+(?:\.\d+)?\Z", re.ASCII)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def to_geojson(track: Track) -> bytes:
    """A FeatureCollection: one feature without geometry about the file, one line a run, one point a fix.

    Positions are [longitude, latitude] with the digits of the file.
    """
    features = [_feature("null", {"about": "track", **_about(track)})]
    for run in runs(track):
        if len(run) > 1:
            line = ",".join(_position(place) for place in run)
            ends = {"about": "run", "first_cue": run[0].fix.cue, "last_cue": run[-1].fix.cue}
            features.append(_feature(f'{{"type":"LineString","coordinates":[{line}]}}', ends))
    features.extend(
        _feature(f'{{"type":"Point","coordinates":{_position(place)}}}', {"about": "fix", **_said(place.fix)})
        for place in places(track)
    )
    return ('{"type":"FeatureCollection","features":[\n' + ",\n".join(features) + "\n]}\n").encode()


def _about(track: Track) -> dict[str, object]:
    return {
        "format": track.format,
        "family": track.family,
        "axis_order_basis": track.axis_order_basis,
        "cues": track.cues,
        "located": len(track.located),
        "notices": [{"code": notice.code, "message": notice.message} for notice in track.notices],
    }


def _said(fix: Fix) -> dict[str, object]:
    return {
        "cue": fix.cue,
        "at_ms": fix.at_ms,
        "clock_as_written": fix.clock_as_written,
        "relative_altitude_m": fix.relative_altitude,
        "absolute_altitude_m": fix.absolute_altitude,
    }


def _feature(geometry: str, properties: dict[str, object]) -> str:
    told = json.dumps(properties, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return f'{{"type":"Feature","geometry":{geometry},"properties":{told}}}'


def _position(place: Place) -> str:
    return f"[{place.longitude},{place.latitude}]"


def to_kml(track: Track) -> bytes:
    """A document with a line a run, clamped to the ground, and a mark at its first and last place."""
    marks = "".join(_kml_run(run) for run in runs(track))
    notices = "".join(f"{notice.code}: {notice.message}\n" for notice in track.notices)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">\n<Document>\n'
        f"<name>{_xml(track.format)} {_xml(track.family or 'unknown')}</name>\n"
        f"<description>{_xml(notices)}</description>\n{marks}</Document>\n</kml>\n"
    ).encode()


def _kml_run(run: tuple[Place, ...]) -> str:
    first, last = run[0], run[-1]
    marks = _kml_mark(first) + (_kml_mark(last) if len(run) > 1 else "")
    if len(run) == 1:
        return marks
    line = " ".join(f"{place.longitude},{place.latitude}" for place in run)
    return (
        f"<Placemark><name>cues {first.fix.cue} to {last.fix.cue}</name>"
        f"<LineString><tessellate>1</tessellate><altitudeMode>clampToGround</altitudeMode>"
        f"<coordinates>{line}</coordinates></LineString></Placemark>\n{marks}"
    )


def _kml_mark(place: Place) -> str:
    said = "".join(
        f'<Data name="{name}"><value>{_xml(str(value))}</value></Data>'
        for name, value in _said(place.fix).items()
        if value is not None
    )
    return (
        f"<Placemark><name>cue {place.fix.cue}</name><ExtendedData>{said}</ExtendedData>"
        f"<Point><coordinates>{place.longitude},{place.latitude}</coordinates></Point></Placemark>\n"
    )


def to_gpx(track: Track) -> bytes:
    """One track with a segment a run; clock and heights in each point's extensions."""
    segments = "".join("<trkseg>\n" + "".join(map(_gpx_point, run)) + "</trkseg>\n" for run in runs(track))
    notices = "".join(f"{notice.code}: {notice.message}\n" for notice in track.notices)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="footage-forensics" '
        f'xmlns="http://www.topografix.com/GPX/1/1" xmlns:track="{NAMESPACE}">\n'
        f"<metadata><desc>{_xml(notices)}</desc></metadata>\n"
        f"<trk><name>{_xml(track.format)} {_xml(track.family or 'unknown')}</name>\n{segments}</trk>\n</gpx>\n"
    ).encode()


def _gpx_point(place: Place) -> str:
    said = "".join(
        f"<track:{name}>{_xml(str(value))}</track:{name}>"
        for name, value in _said(place.fix).items()
        if value is not None
    )
    return f'<trkpt lat="{place.latitude}" lon="{place.longitude}"><extensions>{said}</extensions></trkpt>\n'


def to_csv(track: Track) -> bytes:
    """One row a sample, located or not, values as written. A cell that a spreadsheet would run as a formula gets a
    leading apostrophe; numbers have none.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(CSV_HEADER)
    writer.writerows(_rows(track))
    return text.getvalue().encode("utf-8", "replace")


def _rows(track: Track) -> Iterator[tuple[str, ...]]:
    for fix in track.fixes:
        values = (fix.clock_as_written, fix.latitude, fix.longitude, fix.relative_altitude, fix.absolute_altitude)
        yield (str(fix.cue), "" if fix.at_ms is None else str(fix.at_ms), *map(_cell, values))


def _cell(value: str | None) -> str:
    if value is None:
        return ""
    return "'" + value if value.startswith(_FORMULA_STARTS) and not _DECIMAL.match(value) else value


def _xml(text: str) -> str:
    return html.escape(_NOT_XML.sub("\ufffd", text), quote=False).replace('"', "&quot;")
