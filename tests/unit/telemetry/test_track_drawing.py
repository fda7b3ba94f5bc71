"""The drawing of a track: nothing leaps across a gap, what cannot have been flown is listed, no text acts."""

import os
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from forensics.model.telemetry import Fix, SourcedTrack, Track
from forensics.telemetry import read_track, to_svg, track_drawing
from forensics.telemetry.plausible import drawable

SVG = "{http://www.w3.org/2000/svg}"
GOLDEN = Path(__file__).parents[2] / "golden" / "track" / "flight.svg"


def _fix(cue: int, north_m: float, seconds: float | None = None, longitude: str = "30.500000") -> Fix:
    at_ms = None if seconds is None else round(1000 * seconds)
    latitude = f"{50 + north_m / 111_194.93:.6f}"
    return Fix(cue=cue, at_ms=at_ms, clock_as_written=None, latitude=latitude, longitude=longitude)


def _track(*fixes: Fix, form: str = "srt", cues: int | None = None) -> Track:
    return Track(
        format=form, family="D", cues=len(fixes) if cues is None else cues, fixes=fixes, axis_order_basis="named"
    )


def _cues(track: Track) -> tuple[list[list[int]], list[int]]:
    found = drawable(track)
    return [[place.fix.cue for place in line] for line in found.lines], [each.place.fix.cue for each in found.aside]


def _flight() -> Track:
    """Ten seconds north at 10 m/s, with a lost fix at 3, a leap of 5 km at 6, and a pause after 8."""
    fixes = [_fix(n, 10 * n, n) for n in range(9)] + [_fix(9, 90, 60), _fix(10, 100, 61)]
    fixes[3] = Fix(cue=3, at_ms=3000, clock_as_written=None, latitude=None, longitude=None)
    fixes[6] = _fix(6, 5000, 6)
    return _track(*fixes)


def test_a_lost_fix_a_pause_and_a_leap_each_break_the_line() -> None:
    assert _cues(_flight()) == ([[0, 1, 2], [4, 5], [7, 8], [9, 10]], [6])
    (aside,) = drawable(_flight()).aside
    assert (round(aside.metres, -1), aside.seconds, aside.kept_cue) == (4950, 1.0, 5)


def test_wrong_places_at_the_start_do_not_put_the_flight_aside() -> None:
    wild = [_fix(n, 900_000 + n, n) for n in range(3)]
    flight = [_fix(n, 10 * n, n) for n in range(3, 10)]
    assert _cues(_track(*wild, *flight)) == ([[*range(3, 10)]], [0, 1, 2])


def test_a_far_place_that_there_was_time_to_reach_is_drawn() -> None:
    assert _cues(_track(_fix(0, 0, 0), _fix(1, 10, 1), _fix(2, 9000, 120))) == ([[0, 1], [2]], [])


def test_what_aircraft_may_fly_is_drawn_for_klv_only() -> None:
    fixes = [_fix(n, 200 * n, n) for n in range(4)]
    assert _cues(_track(*fixes, form="klv")) == ([[0, 1, 2, 3]], [])
    assert _cues(_track(*fixes))[1] == [1, 2, 3]


def test_places_between_two_times_are_held_to_those_times_and_the_rest_is_said() -> None:
    near = _track(_fix(0, 0, 0), _fix(1, 5), _fix(2, 10), _fix(3, 15, 1))
    assert _cues(near) == ([[0, 1, 2, 3]], [])
    assert _cues(_track(_fix(0, 0, 0), _fix(1, 5), _fix(2, 9000), _fix(3, 15, 1)))[1] == [2]
    timeless = _track(_fix(0, 0), _fix(1, 9000))
    assert _cues(timeless) == ([[0, 1]], [])
    assert "2 places have no time before or after them" in track_drawing(timeless)


def test_every_place_is_drawn_or_listed_and_none_is_invented() -> None:
    drawing = track_drawing(_flight())
    root = ElementTree.fromstring(drawing)
    lines = [each.attrib["points"].split() for each in root.iter(f"{SVG}polyline")]
    assert [len(line) for line in lines] == [3, 2, 2, 2]
    texts = [each.text or "" for each in root.iter(f"{SVG}text")]
    assert "1 places are not drawn: faster than 100 m/s from what is drawn" in texts
    assert any(text.strip().startswith("cue 6, 50.0") for text in texts)
    assert "1 samples have no place (no fix, 0,0, or not readable) and are not drawn" in texts
    assert "latitude told from longitude by: named; WGS 84, equirectangular, north up" in texts


def test_north_is_up_east_is_right_and_the_scale_bar_has_its_length() -> None:
    fixes = (_fix(0, 0, 0, "30.500000"), _fix(1, 40, 1, "30.500000"), _fix(2, 40, 2, "30.501000"))
    root = ElementTree.fromstring(track_drawing(_track(*fixes)))
    points = next(root.iter(f"{SVG}polyline")).attrib["points"].split()
    (x0, y0), (x1, y1), (x2, y2) = (tuple(map(float, point.split(","))) for point in points)
    assert (x0, y2) == (x1, y1)
    assert y1 < y0
    assert x2 > x1
    per_metre = (y0 - y1) / 40
    assert (x2 - x1) / per_metre == pytest.approx(71.5, abs=0.5)  # a thousandth of a degree at latitude 50
    told = next(each.text for each in root.iter(f"{SVG}text") if (each.text or "").endswith("at latitude 50.0002"))
    steps = [float(part) for part in re.findall(r"[\d.]+", list(root.iter(f"{SVG}path"))[-1].attrib["d"])]
    assert (steps[4] - steps[2]) / per_metre == pytest.approx(float(told.split()[0]), rel=0.01)


def test_the_antimeridian_and_the_poles_are_drawn_without_a_line_across_the_page() -> None:
    across = _track(_fix(0, 0, 0, "179.999900"), _fix(1, 1, 1, "-179.999900"))
    assert _cues(across) == ([[0], [1]], [])
    root = ElementTree.fromstring(track_drawing(across))
    assert [each.tag for each in root.iter() if each.tag == f"{SVG}polyline"] == []
    pole = Fix(cue=0, at_ms=0, clock_as_written=None, latitude="90", longitude="0")
    assert "circle" in track_drawing(_track(pole))


def test_texts_of_an_enemy_stay_text_and_nothing_is_fetched() -> None:
    evil = '"><script href="http://x/">\u202e\x00\ud800'
    track = Track(format="srt", family=evil, cues=1, fixes=(_fix(0, 0, 0),))
    data = to_svg((SourcedTrack(source=evil, sha256="ab" * 32, track=track, redacted=(evil,)),))
    root = ElementTree.fromstring(data)
    assert {each.tag for each in root.iter()} <= {
        f"{SVG}{name}" for name in ("svg", "title", "rect", "g", "text", "circle", "path")
    }
    assert "\u202e" not in data.decode()
    assert not {"href", "style", "id", "onload"} & {name for each in root.iter() for name in each.attrib}
    assert data.count(b"http") == 1 + data.decode().count("http://x/")


def test_the_same_flight_gives_exactly_the_golden_drawing() -> None:
    """FORENSICS_WRITE_GOLDEN=1 writes the drawing anew, for a person to look at before it is kept."""
    data = to_svg((SourcedTrack(source="DJI_0042.SRT", sha256="ab" * 32, track=_flight()),))
    if os.environ.get("FORENSICS_WRITE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_bytes(data)
    assert data == GOLDEN.read_bytes()


def test_a_track_without_a_place_has_no_drawing_on_a_page() -> None:
    assert track_drawing(_track()) == ""
    assert b"no place that can be drawn" in to_svg((SourcedTrack(source="a", sha256="ab" * 32, track=_track()),))


@pytest.mark.parametrize("name", ["mavic_pro.SRT", "viewer_sample1.SRT", "neo2_clip_nogps.SRT", "DJI.SRT"])
def test_every_place_of_a_real_file_is_drawn(shared: Path, name: str) -> None:
    track = read_track(name, (shared / "samples/dji_srt" / name).read_bytes())
    assert track is not None
    found = drawable(track)
    assert found.aside == ()
    assert sum(len(line) for line in found.lines) == len(track.located)
