"""Foreign text through every way out: nothing that acts on a terminal, a spreadsheet or a page comes through raw.

The case report and the paper have suites of their own (tests/adversarial/test_report_hostile_text.py).
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from xml.etree import ElementTree

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics import report, telemetry
from forensics.errors import InputError
from forensics.model.media import Tag
from forensics.model.notice import Notice
from forensics.model.provenance import Passed
from forensics.model.telemetry import Fix, SourcedTrack, Track
from pipelines.clerk import Outcome
from pipelines.cli import run_command
from pipelines.cli.ingest import Tally
from pipelines.cli.lines import emit, say, tell, tell_error, tell_usage

ACTING = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
"""What must not come out raw, but for the newline that ends a line of ours."""

NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?\Z", re.ASCII)

PIECES = (
    "\x1b[2J", "\x1b]0;x\x07", "\x9b31m", "\r", "\n", "\t", "\x00", "\x7f", "\x85", "\u202e", "\u2066", "\u200f",
    "\u2028", "\ufeff", "\u200b", "\udcff", "=1+1", "+1",
    "-1", "@x", "＝1", "<script>", "<img src=x>", "&amp;", "'\"", "]]>",
    "[red]", "[/]", "[link=x]", "{{7*7}}", "https://example.org/", "javascript:x", "a", "é", "видео", "🎥",
)  # fmt: skip

nasty = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), min_size=1, max_size=6).map("".join)


def _printed(act: Callable[[], object]) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        act()
    return out.getvalue(), err.getvalue()


def _require_lines(text: str, count: int) -> None:
    assert ACTING.search(text) is None
    assert text.count("\n") == count
    text.encode("utf-8")


@given(text=nasty)
def test_a_line_for_a_person_stays_one_line_and_does_nothing(text: str) -> None:
    out, err = _printed(lambda: (say(text), tell(text), tell_error(InputError(text, hint=text))))
    _require_lines(out, 1)
    _require_lines(err, 2)


@given(text=nasty)
def test_a_json_line_is_one_line_of_ascii_with_the_text_in_it(text: str) -> None:
    out, _ = _printed(lambda: emit({"type": "x", "path": text}))
    assert out.isascii()
    _require_lines(out, 1)
    assert json.loads(out)["path"] == text


@given(path=nasty, message=nasty)
def test_what_ingest_says_of_a_file_is_safe(path: str, message: str) -> None:
    outcomes = [
        Outcome(path=path, status="ingested", id="0" * 64, notices=(Notice(code="media.damaged", message=message),)),
        Passed(path=path, code="input.unreadable", message=message, failed=True),
    ]
    out, err = _printed(lambda: Tally(as_json=False, quiet=False, verbose=True).print_all(outcomes))
    _require_lines(out, 2)
    _require_lines(err, 2)


@given(text=nasty)
def test_a_wrong_command_line_is_told_safely(text: str) -> None:
    for error in (click.UsageError(text), click.BadParameter(text, param_hint=text), click.NoSuchOption(text)):
        _, err = _printed(lambda error=error: tell_usage(error))  # type: ignore[misc]
        assert ACTING.search(err) is None
    if "\0" not in text:
        _, err = _printed(lambda: run_command(["show", f"--{text}"]))
        assert ACTING.search(err) is None


def _track(text: str) -> SourcedTrack:
    fix = Fix(cue=0, at_ms=0, clock_as_written=text, latitude="50.1", longitude="30.2", absolute_altitude="-12.5")
    notice, tag = Notice(code="telemetry.x", message=text), Tag(group=text, name=text, value=text)
    track = Track(format="srt", family=text, cues=1, fixes=(fix,), notices=(notice,), tags=(tag,))
    return SourcedTrack(source=text, sha256="0" * 64, track=track)


@given(text=nasty)
def test_a_track_in_csv_runs_no_formula_and_keeps_its_rows(text: str) -> None:
    data = telemetry.to_csv([_track(text)]).decode()
    assert ACTING.search(data.replace("\r\n", "\n")) is None
    rows = list(csv.reader(io.StringIO(data, newline="")))
    assert len(rows) == 2
    for cell in rows[1]:
        assert NUMBER.match(cell) or not cell.startswith(tuple("=+-@\t\r\n＝＋－＠"))


@pytest.mark.parametrize("write", [telemetry.to_kml, telemetry.to_gpx])
@given(text=nasty)
def test_a_track_in_xml_adds_no_element_and_nothing_that_acts(
    write: Callable[[list[SourcedTrack]], bytes], text: str
) -> None:
    data = write([_track(text)])
    plain = write([_track("plain")])
    assert ACTING.search(data.decode()) is None
    root = ElementTree.fromstring(data)
    assert [element.tag for element in root.iter()] == [element.tag for element in ElementTree.fromstring(plain).iter()]
    for element in root.iter():
        if element.tag.endswith("}description"):
            assert "<" not in (element.text or ""), "a map program shows it as HTML"


@given(text=nasty)
def test_a_track_in_geojson_is_ascii(text: str) -> None:
    data = telemetry.to_geojson([_track(text)])
    assert data.isascii()
    assert json.loads(data)["features"][0]["properties"]["source"] == text


@given(text=nasty)
def test_a_graph_adds_no_element_and_nothing_that_acts(text: str) -> None:
    nodes = [report.Node(id=name, values={"label": text}) for name in ("a", "b")]
    data = report.graphml(nodes, [report.Edge(source="a", target="b", directed=True, values={"kind": text})])
    assert ACTING.search(data.decode()) is None
    assert len(list(ElementTree.fromstring(data).iter())) == 10
