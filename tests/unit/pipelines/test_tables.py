"""Tables and folded lines at 80 cells, in Latin, Cyrillic, Arabic and wide characters."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.progress import Progress as RichProgress

from forensics.model.match import Segment, SegmentEvidence
from pipelines.cli.match import segment_lines
from pipelines.progress import columns
from pipelines.tables import folded, table

SIGHTINGS = """\
time (UTC)           file    place
2025-05-17 12:20:31  E-0004  Долина Верби · новини message 8
2025-05-19 07:15:47  E-0008  قناة الأخبار العاجلة message 12
not known            E-0011  漢字頻道 message 3
"""

FOLDED = """\
  2025-05-17 12:20:31 UTC  E-0004  Долина Верби · новини message 8
                                   [the export's UTC time (date_unixtime)]
manifest   store/98/
           98bca96715f789d22480170847497bc41ed03954bf8c5ca66db9f29ade1af999/v2/
           content/manifest.json (version 2)
           caption: Пишуть, що це сьогодні. Хто знає, коли це знято? Напишіть у
           коментарях.
           漢字頻道 漢字頻道漢字頻道漢字頻道漢字頻道漢字頻道漢字頻道漢字頻道漢字
           頻道漢字頻道漢字頻道
seen at    xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
           xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
"""

LINES = (
    "  2025-05-17 12:20:31 UTC  E-0004  Долина Верби · новини message 8  [the export's UTC time (date_unixtime)]",
    "manifest   store/98/98bca96715f789d22480170847497bc41ed03954bf8c5ca66db9f29ade1af999/v2/content/manifest.json "
    "(version 2)",
    "           caption: Пишуть, що це сьогодні. Хто знає, коли це знято? Напишіть у коментарях.",
    "           漢字頻道 " + "漢字頻道" * 10,
    "seen at    " + "x" * 100,
)


def test_columns_stand_in_line_whatever_the_script() -> None:
    rows = [
        ("2025-05-17 12:20:31", "E-0004", "Долина Верби · новини message 8"),
        ("2025-05-19 07:15:47", "E-0008", "قناة الأخبار العاجلة message 12"),
        ("not known", "E-0011", "漢字頻道 message 3"),
    ]
    assert "\n".join(table(rows, heads=("time (UTC)", "file", "place"))) + "\n" == SIGHTINGS


def test_wide_cells_before_the_last_column_are_measured_in_cells() -> None:
    lines = list(table([("漢字", "1", "a"), ("e\u0301", "22", "b")], right=(1,)))
    assert [cell_len(line) for line in lines] == [11, 11]
    assert lines[0].startswith("漢字   1  a")


def test_long_lines_fold_at_80_cells_below_their_own_column() -> None:
    pieces = [piece for line in LINES for piece in folded(line, 80)]
    assert max(map(cell_len, pieces)) <= 80
    assert "\n".join(pieces) + "\n" == FOLDED


def test_what_goes_into_a_pipe_is_not_folded() -> None:
    assert [list(folded(line, None)) for line in LINES] == [[line] for line in LINES]


def test_a_table_without_rows_has_no_head() -> None:
    assert list(table([], heads=("a", "b"))) == []


def test_what_would_act_is_shown_and_measured_as_it_is_shown() -> None:
    (line,) = table([("\x1b[2J", "\u202egpj.exe")])
    assert line == "⟨U+001B⟩[2J  ⟨U+202E⟩gpj.exe"


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp")), max_size=400), st.integers(20, 120))
def test_folding_loses_nothing_but_white_space_and_keeps_the_width(text: str, width: int) -> None:
    pieces = list(folded(text, width))
    assert all(cell_len(piece) <= max(width, 40) for piece in pieces)
    whole = "".join(folded(text, None))
    assert re.sub(r"\s", "", "".join(pieces)) == re.sub(r"\s", "", whole)


def segment(start: float, end: float, offset: float, speed: float = 1.0) -> Segment:
    ground = SegmentEvidence(
        frames=1, hamming_median=None, moments=3, inliers=9.0, cells=9.0, inlier_ratio=1.0, drift_px=None, motion=None,
        motion_z=None,
    )  # fmt: skip
    return Segment(
        query_start_s=start,
        query_end_s=end,
        reference_start_s=start + offset,
        reference_end_s=start + offset + speed * (end - start),
        speed=speed,
        score=0.9,
        transform=None,
        evidence=ground,
    )


def test_the_segments_of_a_match_are_a_table() -> None:
    lines = list(segment_lines([segment(0.0, 7.97, 4.01), segment(62.5, 118.25, 1200.0, 1.25)]))
    assert lines == [
        "                  query, s        reference, s  speed",
        "              0.00 to 7.97       4.01 to 11.98  1.00",
        "           62.50 to 118.25  1262.50 to 1332.19  1.25",
    ]
    assert list(segment_lines([segment(0.0, 0.0, 0.0)])) == []


@pytest.mark.parametrize("name", ["clip.mp4", "Долина Верби новини " * 9, "[red]not markup[/red]", "\x1b[2J" * 40])
def test_the_bar_fits_into_80_cells_and_shows_names_as_they_are(name: str) -> None:
    console = Console(file=StringIO(), width=80, force_terminal=True, color_system=None)
    bar = RichProgress(*columns(), console=console)
    task = bar.add_task("ingest", total=5000, completed=1234, what=name)
    bar.advance(task)
    with console.capture() as captured:
        console.print(bar.get_renderable())
    (line,) = captured.get().splitlines()
    assert cell_len(line) <= 80
    assert "1235/5000" in line
    assert "\x1b" not in line
    assert name[:5].replace("\x1b", "⟨U+001B⟩")[:5] in line
