"""The report in a real browser: it asks for nothing, runs nothing, fits its window, and prints no panel in two."""

import dataclasses
import importlib.resources
import importlib.util
import shutil
import subprocess

import pytest

from forensics.report import render_case, render_folder
from tests.adversarial.test_report_hostile_text import ATTACKS, hostile_case
from tests.benchmark.large_case import large_case
from tests.browser import Browser, browser_program

pytestmark = pytest.mark.skipif(browser_program() is None, reason="no Chromium on this machine")

WIDTHS = (1440, 360)

SMALL = (4, 6)
"""Evidence and matches of a case that a browser prints and checks within seconds."""


@pytest.fixture(scope="module")
def browser():
    with Browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A plain case with pictures, the same as a folder, and one page for each attack."""
    folder = tmp_path_factory.mktemp("pages")
    case = large_case(24, 60)
    (folder / "plain.html").write_bytes(render_case(case))
    (folder / "small.html").write_bytes(render_case(large_case(*SMALL)))
    (folder / "many").mkdir()
    for name, page in render_folder(case, "first page.html", "many"):
        (folder / name).write_bytes(page)
    for name, attack in ATTACKS.items():
        (folder / f"attack {name}.html").write_bytes(render_case(hostile_case(attack)[0]))
    return folder


def foreign(browser):
    return [url for url in browser.requests if not url.startswith(("file:", "data:"))]


def acted(browser):
    """Dialogs, and everything that the page's policy had to stop."""
    told = [each for each in browser.events if each["method"] == "Page.javascriptDialogOpening"]
    log = [each["params"]["entry"] for each in browser.events if each["method"] == "Log.entryAdded"]
    return told + [each["text"] for each in log if each["level"] == "error"]


def test_this_browser_would_tell_of_a_request(browser, tmp_path):
    page = tmp_path / "bare.html"
    page.write_text("<img src='http://127.0.0.1:1/x'><script>alert(1)</script>")
    browser.ask("Page.setBypassCSP", enabled=False)
    page.write_text("<img src='http://127.0.0.1:1/x'>")
    browser.open(page)
    assert foreign(browser) == ["http://127.0.0.1:1/x"]


def test_no_attack_makes_the_page_ask_for_anything_or_act(browser, pages):
    for page in sorted(pages.glob("attack *.html")):
        browser.open(page, scripts=True)
        assert (page.name, foreign(browser), acted(browser)) == (page.name, [], [])
        assert browser.value("location.pathname").endswith(".html")
        assert browser.value("document.scripts.length") == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_its_window(browser, pages, width):
    for page in [pages / "plain.html", pages / "first page.html", *sorted(pages.glob("many/*.html")),
                 *sorted(pages.glob("attack *.html"))]:  # fmt: skip
        browser.open(page, width=width)
        assert (page.name, browser.value("document.scrollingElement.scrollWidth")) == (page.name, width)


def test_every_link_of_the_folder_leads_to_a_place_that_is_there(browser, pages):
    places = {}
    links = []
    for page in [pages / "first page.html", *sorted(pages.glob("many/*.html"))]:
        browser.open(page)
        ids = browser.value("[...document.querySelectorAll('[id]')].map(each => each.id)")
        here = browser.value("location.href.split('#')[0]")
        places[here] = set(ids)
        links += [(page.name, each) for each in browser.value("[...document.links].map(each => each.href)")]
    for name, link in links:
        page, _, place = link.partition("#")
        if not page.endswith(".txt"):
            assert page in places, (name, link)
            assert not place or place in places[page], (name, link)
    assert len({link for _, link in links}) > 100


def test_pictures_are_hidden_until_the_reader_asks_and_the_words_are_there_without(browser, pages):
    browser.open(pages / "plain.html")
    shown = "getComputedStyle(document.querySelector('#m-1 img')).filter"
    assert "blur" in browser.value(shown)
    browser.click("#show-m-1")
    assert browser.value(shown) == "none"
    assert "blur" in browser.value("getComputedStyle(document.querySelector('#m-2 img')).filter")
    browser.click("#pictures")
    assert browser.value("getComputedStyle(document.querySelector('#m-2 img')).filter") == "none"


def test_nothing_serious_is_found_against_people_who_cannot_see_or_use_a_mouse(browser, pages):
    if importlib.util.find_spec("axe_core_python") is None:
        pytest.skip("axe-core-python is not installed")
    checker = importlib.resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    browser.open(pages / "small.html")
    browser.value(checker + ";0")
    # Contrast is held by a test of the colours themselves: here it takes minutes.
    without = "{rules: {'color-contrast': {enabled: false}}}"
    found = browser.value(f"axe.run({without}).then(told => told.violations.map(each => [each.impact, each.id]))")
    assert [each for each in found if each[0] in ("serious", "critical")] == []


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext on this machine")
def test_no_panel_is_cut_in_two_on_paper(browser, pages, tmp_path):
    browser.open(pages / "small.html")
    browser.print(tmp_path / "paper.pdf")
    told = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "paper.pdf", "-"], capture_output=True, text=True, check=True
    ).stdout
    sheets = told.split("\f")
    starts = {f"M-{number}": next(i for i, sheet in enumerate(sheets) if f"M-{number}: " in sheet) for number in (1, 6)}
    case = dataclasses.asdict(large_case(*SMALL))
    best = sorted(case["matches"], key=lambda each: (-each["match"]["score"], each["match"]["query_id"]))
    for title, place in starts.items():
        assert best[int(title[2:]) - 1]["finding_path"] in sheets[place]
