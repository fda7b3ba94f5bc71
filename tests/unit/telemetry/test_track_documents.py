"""Documents against public readers and rules: GPX by gpxpy, KML by the schema of OGC, GeoJSON by RFC 7946."""

import json
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from forensics.model.telemetry import AltitudeDatum, Fix, SourcedTrack, Track
from forensics.telemetry import OUTPUTS, read_track, to_geojson, to_gpx, to_kml

KML = "{http://www.opengis.net/kml/2.2}"
GX = "{http://www.google.com/kml/ext/2.2}"


def _fix(cue: int, **more: str | None) -> Fix:
    return Fix(
        cue=cue,
        at_ms=1000 * cue,
        clock_as_written="x<&",
        latitude=f"{50 + cue / 1000:.4f}",
        longitude="-006.5000",
        absolute_altitude="+0012.5",
        **more,
    )


def _tracks() -> tuple[SourcedTrack, ...]:
    def sourced(name: str, datum: AltitudeDatum | None, utc: bool) -> SourcedTrack:
        fixes = tuple(_fix(n, utc=f"2024-06-14T20:15:0{n}.042000Z" if utc else None) for n in (0, 1, 2, 4, 5))
        track = Track(format="klv", family="ST 0601", cues=6, fixes=fixes, altitude_datum=datum)
        return SourcedTrack(source=name, sha256="cd" * 32, track=track)

    return (
        sourced("a<b", AltitudeDatum.MSL, True),
        sourced("b", AltitudeDatum.WGS84_ELLIPSOID, True),
        sourced("c", None, False),
    )


def test_gpxpy_reads_the_same_places_times_and_heights() -> None:
    gpxpy = pytest.importorskip("gpxpy", reason="gpxpy is a development dependency that is not installed here")
    gpx = gpxpy.parse(to_gpx(_tracks()).decode())
    assert [[len(segment.points) for segment in track.segments] for track in gpx.tracks] == [[3, 2]] * 3
    first = [track.segments[0].points[0] for track in gpx.tracks]
    assert [(point.latitude, point.longitude) for point in first] == [(50.0, -6.5)] * 3
    assert [point.elevation for point in first] == [12.5, None, None]
    moment = datetime(2024, 6, 14, 20, 15, 0, 42_000, tzinfo=UTC)
    assert [point.time for point in first] == [moment, moment, None]


@pytest.mark.parametrize("name", ["mavic_pro.SRT", "DJI.SRT", "neo2_clip_nogps.SRT", "MAVIC3.srt"])
def test_gpxpy_finds_every_place_of_a_real_file(shared: Path, name: str) -> None:
    gpxpy = pytest.importorskip("gpxpy", reason="gpxpy is a development dependency that is not installed here")
    track = read_track(name, (shared / "samples/dji_srt" / name).read_bytes())
    assert track is not None
    gpx = gpxpy.parse(to_gpx((SourcedTrack(source=name, sha256="cd" * 32, track=track),)).decode())
    points = [point for each in gpx.tracks for segment in each.segments for point in segment.points]
    assert [(point.latitude, point.longitude) for point in points] == [
        (float(fix.latitude or 0), float(fix.longitude or 0)) for fix in track.located
    ]


def _refusals(kml: bytes) -> list[str]:
    """What ogckml22.xsd, as fastkml carries it with gx and xAL, does not allow in a document."""
    etree = pytest.importorskip("lxml.etree", reason="lxml is a development dependency that is not installed here")
    fastkml = pytest.importorskip("fastkml", reason="fastkml is a development dependency that is not installed here")
    schema = etree.XMLSchema(etree.parse(Path(fastkml.__file__).parent / "schema/ogckml22.xsd"))
    schema.validate(etree.fromstring(kml))
    return [f"{refusal.line}: {refusal.message}" for refusal in schema.error_log]


def test_kml_obeys_the_schema_of_ogc() -> None:
    assert _refusals(to_kml(_tracks())) == []


@pytest.mark.parametrize(
    ("meant", "instead"),
    [
        (b"clampToGround", b"onTheGround"),
        (b"<when>2024-06-14T20:15:00.042000Z", b"<when>14.06.2024"),
        (b"</description>", b"</description><name>again</name>"),
    ],
)
def test_the_schema_of_ogc_refuses_kml_that_was_changed(meant: bytes, instead: bytes) -> None:
    kml = to_kml(_tracks())
    assert meant in kml
    assert _refusals(kml.replace(meant, instead)) != []


@pytest.mark.parametrize("name", ["mavic_pro.SRT", "DJI.SRT", "neo2_clip_nogps.SRT", "broken_incomplete.SRT"])
def test_kml_of_a_real_file_obeys_the_schema_of_ogc(shared: Path, name: str) -> None:
    track = read_track(name, (shared / "samples/dji_srt" / name).read_bytes())
    assert track is not None
    assert _refusals(to_kml((SourcedTrack(source=name, sha256="cd" * 32, track=track),))) == []


def test_kml_has_heights_only_above_the_sea_and_times_only_of_utc() -> None:
    folders = ElementTree.fromstring(to_kml(_tracks())).findall(f"{KML}Document/{KML}Folder")
    modes = [{mode.text for mode in folder.iter(f"{KML}altitudeMode")} for folder in folders]
    assert modes == [{"absolute"}, {"clampToGround"}, {"clampToGround"}]
    assert [len(list(folder.iter(f"{GX}Track"))) for folder in folders] == [2, 2, 0]
    for track in folders[0].iter(f"{GX}Track"):
        assert len(track.findall(f"{KML}when")) == len(track.findall(f"{GX}coord"))
    assert next(folders[0].iter(f"{GX}coord")).text == "-6.5000 50.0000 12.5"


def test_geojson_obeys_rfc_7946() -> None:
    document = json.loads(to_geojson(_tracks()))
    assert set(document) == {"type", "features"}  # no crs (4)
    heights = []
    for feature in document["features"]:
        assert set(feature) == {"type", "geometry", "properties"}
        geometry = feature["geometry"]
        if geometry is None:
            continue
        positions = [geometry["coordinates"]] if geometry["type"] == "Point" else geometry["coordinates"]
        assert geometry["type"] == "Point" or len(positions) >= 2
        for longitude, latitude, *height in positions:
            assert -180 <= longitude <= 180
            assert -90 <= latitude <= 90
            heights.append((feature["properties"]["track"], tuple(height)))
    assert set(heights) == {(0, ()), (1, (12.5,)), (2, ())}


def test_every_form_tells_the_digest_of_the_file() -> None:
    for form, write in OUTPUTS.items():
        assert write(_tracks()).count(b"cd" * 32) >= 3, form
