"""The whole sample case, as `make demo` makes it: its report in both forms and in each browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import browsers
from tests.integration.conftest import ROOT
from tests.integration.test_pages_in_browsers import checker, in_this_process, look, reports, titles

INPUTS = ("drone", "telegram", "more")


@pytest.mark.benchmark
def test_the_report_of_the_sample_case_holds_in_every_browser(tmp_path: Path) -> None:
    there = [name for name in browsers.NAMES if browsers.absent(name) is None]
    if not there:
        pytest.skip("no browser on this machine")
    inputs = [ROOT / "sample_media" / name for name in INPUTS]
    with in_this_process() as call:
        made = call("run", *inputs, "-c", tmp_path / "case", "--case-id", "DEMO-1", "--operator", "demo", "-q")
        assert made in (0, 3)
        reports(call, tmp_path / "case", tmp_path / "pages")
    pages = sorted((tmp_path / "pages").rglob("*.html"))
    assert len(pages) > 5
    for name in there:
        with browsers.browser(name) as browser:
            for page in pages:
                seen = look(browser, page, checker())
                assert (page.name, seen.asked, seen.acted, seen.overhangs) == (page.name, [], [], (0, 0))
                assert (page.name, seen.faults, seen.titled) == (page.name, [], titles(page))
