"""Tracks as GeoJSON, KML, GPX and CSV: the digits of the file, lines only where the file has one, no invented time."""

import csv
import io
import json
from typing import Any
from xml.etree import ElementTree

import pytest

from forensics.model.notice import Notice
from forensics.model.telemetry import Fix, SourcedTrack, Track
from forensics.telemetry import OUTPUTS, to_csv, to_geojson, to_gpx, to_kml

KML = "{http://www.opengis.net/kml/2.2}"
GPX = "{http://www.topografix.com/GPX/1/1}"
OURS = "{urn:footage-forensics:track:v1}"


SHA = "ab" * 32


def _of(*tracks: Track) -> tuple[SourcedTrack, ...]:
    return tuple(SourcedTrack(source="DJI_0042.SRT", sha256=SHA, track=track) for track in tracks)


def _fix(cue: int, latitude: str | None, longitude: str | None, at_ms: int | None = None, **more: str) -> Fix:
    return Fix(
        cue=cue,
        at_ms=cue * 1000 if at_ms is None else at_ms,
        clock_as_written=more.get("clock", f"2024-06-14 20:15:{cue:02}.042"),
        latitude=latitude,
        longitude=longitude,
        relative_altitude=more.get("relative"),
        absolute_altitude=more.get("absolute"),
    )


def _track(*fixes: Fix, notices: tuple[Notice, ...] = ()) -> Track:
    return Track(format="srt", family="D", cues=len(fixes), fixes=fixes, notices=notices, axis_order_basis="named")


FLIGHT = _track(
    _fix(0, "50.100000", "6.500000", relative="5.300", absolute="-12.5"),
    _fix(1, "50.100010", "6.500000"),
    _fix(2, None, None),
    _fix(3, "50.100020", "6.500000"),
    notices=(Notice(code="telemetry.no_fix", message='1 of 4 <cues> & "so"'),),
)


def _features(track: Track, about: str) -> list[dict[str, Any]]:
    features = json.loads(to_geojson(_of(track)), parse_float=str)["features"]
    return [feature for feature in features if feature["properties"]["about"] == about]


def test_geojson_has_longitude_first_and_every_digit() -> None:
    assert b'"coordinates":[[6.500000,50.100000],[6.500000,50.100010]]' in to_geojson(_of(FLIGHT))
    points = _features(FLIGHT, "fix")
    assert [point["geometry"]["coordinates"] for point in points] == [
        ["6.500000", "50.100000"],
        ["6.500000", "50.100010"],
        ["6.500000", "50.100020"],
    ]
    assert points[0]["properties"] == {
        "about": "fix",
        "track": 0,
        "cue": 0,
        "at_ms": 0,
        "clock_as_written": "2024-06-14 20:15:00.042",
        "relative_altitude_m": "5.300",
        "absolute_altitude_m": "-12.5",
        "utc": None,
    }
    (about,) = _features(FLIGHT, "track")
    assert about["geometry"] is None
    assert about["properties"]["notices"][0]["code"] == "telemetry.no_fix"


def test_a_line_ends_where_the_fix_is_lost_the_time_goes_back_or_the_date_line_is_crossed() -> None:
    assert [line["properties"]["last_cue"] for line in _features(FLIGHT, "run")] == [1]
    back = _track(*(_fix(n, "1.0", f"2.{n}", at_ms=n % 2 * 1000) for n in range(4)))
    assert [line["properties"]["first_cue"] for line in _features(back, "run")] == [0, 2]
    across = _track(*(_fix(n, "1.0", lon) for n, lon in enumerate(("179.8", "179.9", "-179.9", "-179.8"))))
    assert [line["geometry"]["coordinates"] for line in _features(across, "run")] == [
        [["179.8", "1.0"], ["179.9", "1.0"]],
        [["-179.9", "1.0"], ["-179.8", "1.0"]],
    ]


def test_gpx_has_segments_without_time_or_elevation() -> None:
    root = ElementTree.fromstring(to_gpx(_of(FLIGHT)))
    segments = root.findall(f"{GPX}trk/{GPX}trkseg")
    assert [[(p.get("lat"), p.get("lon")) for p in segment] for segment in segments] == [
        [("50.100000", "6.500000"), ("50.100010", "6.500000")],
        [("50.100020", "6.500000")],
    ]
    assert not list(root.iter(f"{GPX}time"))
    assert not list(root.iter(f"{GPX}ele"))
    assert next(root.iter(f"{OURS}clock_as_written")).text == "2024-06-14 20:15:00.042"
    assert root.findtext(f"{GPX}metadata/{GPX}desc") == 'telemetry.no_fix: 1 of 4 <cues> & "so"\n'


def test_kml_lies_on_the_ground_and_marks_both_ends() -> None:
    root = ElementTree.fromstring(to_kml(_of(FLIGHT)))
    assert [line.text for line in root.iter(f"{KML}altitudeMode")] == ["clampToGround"]
    assert [element.text for element in root.iter(f"{KML}coordinates")] == [
        "6.500000,50.100000 6.500000,50.100010",
        "6.500000,50.100000",
        "6.500000,50.100010",
        "6.500000,50.100020",
    ]
    assert not list(root.iter(f"{KML}when"))


def test_csv_has_a_row_for_every_sample_and_runs_no_formula() -> None:
    track = _track(_fix(0, "-50.1", "+6.5", clock="=HYPERLINK(1)"), _fix(1, None, None, clock='a,b\n"c"'))
    rows = list(csv.reader(io.StringIO(to_csv(_of(track)).decode(), newline="")))
    assert rows[0][:3] == ["cue", "at_ms", "clock_as_written"]
    assert rows[1] == ["0", "0", "'=HYPERLINK(1)", "-50.1", "+6.5", "", "", "", "", "DJI_0042.SRT", SHA, ""]
    assert rows[2] == ["1", "1000", 'a,b⟨U+000A⟩"c"', "", "", "", "", "", "", "DJI_0042.SRT", SHA, ""]


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_empty_track_is_a_whole_document_and_bytes_do_not_change(name: str) -> None:
    empty = Track(format="srt", family=None, cues=0, fixes=())
    assert OUTPUTS[name](_of(empty)) == OUTPUTS[name](_of(empty))
    if name in ("kml", "gpx"):
        ElementTree.fromstring(OUTPUTS[name](_of(empty)))
    elif name == "geojson":
        assert len(json.loads(OUTPUTS[name](_of(empty)))["features"]) == 1


@pytest.mark.parametrize("name", OUTPUTS)
def test_hostile_text_stays_text(name: str) -> None:
    track = _track(
        _fix(0, "+05.10", "-007", clock="]]><script>\x1b\x00\ud800&"),
        _fix(1, "nan", "1"),
        _fix(2, "1", "1e999999999"),
        notices=(Notice(code="x", message="</desc>\x07\ufffe"),),
    )
    data = OUTPUTS[name](_of(track))
    if name in ("kml", "gpx"):
        ElementTree.fromstring(data)
        assert b"<script>" not in data
    elif name == "geojson":
        (point,) = _features(track, "fix")
        assert point["geometry"]["coordinates"] == [-7, "5.10"]
    data.decode("utf-8")
