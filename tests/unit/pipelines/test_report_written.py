"""How a report is laid on disk: pages of an earlier one never stay beside those of a new one."""

import hashlib
from pathlib import Path

from pipelines.report import _write_folder
from tests.benchmark.large_case import large_case


def test_a_folder_is_written_whole_and_told_by_its_digests(tmp_path: Path) -> None:
    path = tmp_path / "case-report.html"
    told = _write_folder(large_case(25, 30), path)
    pages = sorted((tmp_path / "case-report-pages").iterdir())
    assert told["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert told["pages"] == len(pages)
    assert "sums.txt" in {page.name for page in pages}
    assert path.read_text().count("case-report-pages/") >= len(pages)


def test_pages_of_an_earlier_report_are_taken_away_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "x.html"
    (tmp_path / "x-pages").mkdir()
    for name in ("matches-0099.html", "notes.txt"):
        (tmp_path / "x-pages" / name).write_text("earlier")
    _write_folder(large_case(3, 3), path)
    assert not (tmp_path / "x-pages/matches-0099.html").exists()
    assert (tmp_path / "x-pages/notes.txt").read_text() == "earlier"
