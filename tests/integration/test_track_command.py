"""forensics track: of an evidence and of files outside any case, in every form, with every exit code."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from forensics.model.manifest import Facts
from forensics.model.media import MediaKind
from pipelines.case import open_case
from pipelines.derive import Derived
from pipelines.replay import _compare
from tests.integration.conftest import Ran, ffmpeg
from tests.telemetry_bytes import sensor, st0601

Run = Callable[..., Ran]
CUE = "{0}\n00:00:0{0},000 --> 00:00:0{1},000\n2024-06-14 20:15:0{0}.042\n[latitude: 50.00{0}000] [longitude: -6.5] "
HEIGHTS = "[rel_alt: 5.300 abs_alt: 23.057]\n\n"


def _srt(cues: int) -> str:
    return "".join(CUE.format(n, n + 1) + HEIGHTS for n in range(cues))


@pytest.fixture(scope="module")
def flown(forensics: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of one clip of three seconds with a place in its boxes and a sidecar of six seconds beside it."""
    folder = tmp_path_factory.mktemp("flown")
    source = ("-f", "lavfi", "-i", "testsrc=size=128x96:rate=10:duration=3", "-c:v", "mpeg4")
    location = ("-metadata", "location=+50.1000-006.5000/", "-metadata", "creation_time=2024-06-14T17:15:00Z")
    (folder / "clips").mkdir()
    ffmpeg(*source, *location, folder / "clips/DJI_0001.MP4")
    (folder / "clips/DJI_0001.SRT").write_text(_srt(6))
    assert forensics("init", folder / "case", "--case-id", "T-2", "--operator", "tester").code == 0
    done = forensics("ingest", folder / "clips", "-c", folder / "case", "-j", "1", "--json")
    assert done.code == 3, done.err
    return folder


def test_a_sidecar_longer_than_its_clip_is_a_lead_at_ingest(forensics: Run, flown: Path) -> None:
    told = json.loads(forensics("show", "E-0001", "-c", flown / "case", "--json").out)
    assert [notice["code"] for notice in told["notices"]] == ["telemetry.length_mismatch"]
    assert "3.000 s after the clip (6.000 s against 3.000 s)" in told["notices"][0]["message"]


def test_what_the_clip_carries_is_a_recipe_fact_that_replays(forensics: Run, flown: Path) -> None:
    told = json.loads(forensics("show", "E-0001", "-c", flown / "case", "--json").out)
    (boxes,) = told["facts"]["recipe"]["embedded"]["tracks"]
    assert (boxes["source"], boxes["first"]["longitude"]) == ("boxes", "-6.5")
    assert abs(float(boxes["first"]["latitude"]) - 50.1) < 1 / 65_536
    assert ("moov/mvhd creation", "utc_declared", "2024-06-14T17:15:00.000000Z") in [
        (clock["source"], clock["basis"], clock["utc"]) for clock in boxes["clocks"]
    ]
    assert "utc" not in told["facts"]["exact"]["telemetry"][0]["first"]
    replayed = forensics("replay", "--all", "-c", flown / "case", "--json")
    assert (replayed.code, replayed.of("replay")[0]["equal"] if replayed.of("replay") else True) == (0, True)


def test_a_person_is_told_each_clock_and_the_page_has_both_tracks(forensics: Run, flown: Path, tmp_path: Path) -> None:
    shown = forensics("show", "E-0001", "-c", flown / "case").out
    assert "carried    boxes moov/mvhd creation: 2024-06-14T17:15:00.000000Z (utc declared)" in shown
    assert "carried    boxes consistent with FFmpeg (libavformat); anyone can imitate it" in shown
    assert "telemetry  srt D: 6 fixes in 6 cues" in shown
    assert "telemetry  boxes: 1 fixes in 1 cues" in shown
    assert forensics("report", "-c", flown / "case", "-o", tmp_path / "page.html").code in (0, 3)
    page = (tmp_path / "page.html").read_text()
    assert "inside: boxes" in page
    drawn = ElementTree.fromstring(
        page[page.index("<svg", page.index('class="drawn-track"')) :].partition("</svg>")[0] + "</svg>"
    )
    assert [len(each.attrib["points"].split()) for each in drawn.iter() if each.tag.endswith("polyline")] == [6]


def test_a_case_of_before_names_the_new_fact_as_the_one_difference(flown: Path) -> None:
    case = open_case(flown / "case")
    (evidence,) = case.store.ids()
    now = case.manifest(evidence)
    before = {name: fact for name, fact in now.facts.recipe.items() if name != "embedded"}
    old = replace(now, facts=Facts(exact=now.facts.exact, recipe=before))
    files = tuple(each for each in now.subjects if each.name.startswith("derived/"))
    derived = Derived(kind=MediaKind.VIDEO, facts=now.facts, files=files, notices=(), commands=())
    outcome = _compare(evidence, old, derived)
    assert (outcome.exact_equal, outcome.recipe_equal) == (True, False)
    assert outcome.differences == ("recipe.embedded: None -> 3 entries",)


def test_the_track_of_an_evidence_has_the_sidecar_and_the_clip_apart(forensics: Run, flown: Path) -> None:
    done = forensics("track", "E-0001", "--format", "geojson", "-c", flown / "case")
    assert done.code == 3  # the lead
    features = json.loads(done.out)["features"]
    tracks = [each["properties"] for each in features if each["properties"]["about"] == "track"]
    assert [(each["format"], each["located"]) for each in tracks] == [("srt", 6), ("boxes", 1)]
    assert "telemetry.length_mismatch" in done.err


def test_a_file_outside_any_case_gives_each_form(forensics: Run, flown: Path, tmp_path: Path) -> None:
    srt = flown / "clips/DJI_0001.SRT"
    for form in ("geojson", "kml", "gpx", "csv", "svg"):
        out = tmp_path / f"track.{form}"
        done = forensics("track", srt, "--format", form, "--out", out, "--json", cwd=tmp_path)
        assert (done.code, [line["type"] for line in done.lines]) == (0, ["track", "summary"])
        assert done.lines[0]["first"] == ["50.000000", "-6.5"]
    printed = forensics("track", srt, "--format", "geojson", cwd=tmp_path)
    assert printed.out.encode() == (tmp_path / "track.geojson").read_bytes()
    ElementTree.fromstring((tmp_path / "track.kml").read_bytes())
    ElementTree.fromstring((tmp_path / "track.gpx").read_bytes())
    rows = list(csv.DictReader(io.StringIO((tmp_path / "track.csv").read_text())))
    assert [(row["latitude"], row["utc"]) for row in rows[:2]] == [("50.000000", ""), ("50.001000", "")]


def test_nothing_that_exists_is_overwritten(forensics: Run, flown: Path, tmp_path: Path) -> None:
    out = tmp_path / "track.kml"
    out.write_text("mine")
    done = forensics("track", flown / "clips/DJI_0001.SRT", "--format", "kml", "--out", out)
    assert (done.code, out.read_text()) == (2, "mine")


def test_redaction_reaches_the_document_the_lines_and_the_notices(forensics: Run, flown: Path, tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_text(_srt(6) + "6\n00:00:06,000 --> 00:00:07,000\nhidden [lat] 50.000000\n")
    arguments = ("--format", "csv", "--redact", "coords:1000m", "--redact", "operator", "--out", tmp_path / "o.csv")
    done = forensics("track", tmp_path / "a.srt", *arguments, "--json")
    assert done.code == 3
    everything = done.out + done.err + (tmp_path / "o.csv").read_text()
    assert "50.000000" not in everything
    assert "hidden" not in everything
    assert done.lines[0]["redacted"] == ["coords:1000m", "operator"]
    assert done.lines[0]["fixes"] == 4  # two of six lie within 200 m of the first


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("noise.bin", b"nothing that is known" * 10, 4),
        ("empty.mp4", b"", 4),
        ("cut.mp4", b"\0\0\0\x18ftypisom\0\0\2\0isomiso2", 4),
        ("empty.SRT", b"", 3),
        ("packet.klv", st0601(sensor(50, 6, 100, 10**15)), 0),
        ("packet.klv", st0601(sensor(50, 6, 100, 10**15), checksum=1), 3),
    ],
    ids=["noise", "empty", "cut", "empty-srt", "klv", "klv-checksum"],
)
def test_the_exit_code_says_what_could_be_read(
    forensics: Run, tmp_path: Path, name: str, data: bytes, code: int
) -> None:
    (tmp_path / name).write_bytes(data)
    assert forensics("track", tmp_path / name, "--format", "gpx", cwd=tmp_path).code == code


def test_a_clip_that_carries_no_track_is_a_notice_and_no_document(forensics: Run, tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "color=size=64x64:rate=10:duration=1", tmp_path / "plain.mp4")
    done = forensics("track", tmp_path / "plain.mp4", "--format", "gpx", "--out", tmp_path / "o.gpx")
    assert (done.code, done.out) == (3, "")
    assert "telemetry.no_track" in done.err
    assert not (tmp_path / "o.gpx").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--format", "shapefile"),
        (),
        ("--format", "kml", "--redact", "faces"),
        ("--format", "kml", "--json"),
    ],
)
def test_wrong_flags_are_a_usage_error(forensics: Run, flown: Path, arguments: tuple[str, ...]) -> None:
    assert forensics("track", flown / "clips/DJI_0001.SRT", *arguments).code == 2


def test_a_link_is_not_followed_and_a_name_that_is_nothing_is_a_usage_error(
    forensics: Run, flown: Path, tmp_path: Path
) -> None:
    (tmp_path / "link.SRT").symlink_to(flown / "clips/DJI_0001.SRT")
    assert forensics("track", tmp_path / "link.SRT", "--format", "kml", cwd=tmp_path).code == 2
    assert forensics("track", "no-such-thing", "--format", "kml", cwd=tmp_path).code == 2
    assert forensics("track", "abcdef0123", "--format", "kml", "-c", flown / "case").code == 2
