"""The report in a real browser: it asks for nothing, runs nothing, fits its window, and prints no panel in two."""

import dataclasses
import importlib.resources
import importlib.util
import shutil
import subprocess

import pytest

from forensics.model.finding import FindingStatus, Review
from forensics.report import render_case, render_folder
from tests import browsers
from tests.adversarial.test_report_hostile_text import ATTACKS, hostile_case
from tests.benchmark.large_case import large_case
from tests.browsers import acted, foreign, overhang
from tests.firefox import Firefox

WIDTHS = (1440, 360)

A4, LETTER = (8.27, 11.69), (8.5, 11.0)
"""Sheets of paper, in inches."""

SMALL = (4, 6)
"""Evidence and matches of a case that a browser prints and checks within seconds."""


@pytest.fixture(scope="module", params=browsers.NAMES)
def browser(request):
    if reason := browsers.absent(request.param):
        pytest.skip(reason)
    with browsers.browser(request.param) as opened:
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


def test_this_browser_would_tell_of_a_request_a_dialog_and_of_what_a_policy_stopped(browser, tmp_path):
    page = tmp_path / "bare.html"
    lure = "<img src='http://127.0.0.1:9925/x'><script>alert(7)</script>"
    page.write_text(lure)
    browser.open(page)
    assert foreign(browser) == ["http://127.0.0.1:9925/x"]
    assert "7" in acted(browser)
    page.write_text("<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'\">" + lure)
    browser.open(page)
    assert len(acted(browser)) == 2
    page.write_text("<p style='width: 3000px'>wide")
    browser.open(page)
    assert overhang(browser) > 0


def test_no_attack_makes_the_page_ask_for_anything_or_act(browser, pages):
    for page in sorted(pages.glob("attack *.html")):
        browser.open(page)
        assert (page.name, foreign(browser), acted(browser)) == (page.name, [], [])
        assert browser.value("location.pathname").endswith(".html")
        assert browser.value("document.scripts.length") == 0


def test_no_page_is_wider_than_its_window(browser, pages):
    for page in [pages / "plain.html", pages / "first page.html", *sorted(pages.glob("many/*.html")),
                 *sorted(pages.glob("attack *.html"))]:  # fmt: skip
        browser.open(page)
        for width in WIDTHS:
            browser.size(width, 900)
            assert (page.name, width, overhang(browser)) == (page.name, width, 0)


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
    for name in ("small.html", "many/find-0001.html", "many/chats-0001.html"):
        browser.open(pages / name)
        browser.value(checker + ";0")
        # Contrast is held by a test of the colours themselves: here it takes minutes.
        without = "{rules: {'color-contrast': {enabled: false}}}"
        found = browser.value(f"axe.run({without}).then(told => told.violations.map(each => [each.impact, each.id]))")
        assert [each for each in found if each[0] in ("serious", "critical")] == []


def fullest(view):
    """A match with as many segments and pictures as the program gives one, and an examiner's opinion."""
    (segment,) = view.match.segments
    later = [
        dataclasses.replace(segment, query_start_s=segment.query_start_s + n, query_end_s=segment.query_end_s + n)
        for n in range(8)
    ]
    review = Review(
        examiner="Examiner 2",
        made="2026-02-03T09:12:44Z",
        reason="Both show the same cars at the same moments. " * 5,
        alternatives=("Two cameras on one mast.",),
        supersedes="1" * 64,
    )
    match = dataclasses.replace(view.match, segments=tuple(later))
    pictures = (view.strip[0],) * 8
    return dataclasses.replace(view, match=match, strip=pictures, review=review, status=FindingStatus.CONFIRMED)


def last_line(sheet):
    """What stands last on a sheet of paper, above its foot."""
    lines = [line.strip() for line in sheet.splitlines() if line.strip() and not line.startswith("Video evidence rep")]
    return " ".join(lines[-1].split()) if lines else ""


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext on this machine")
def test_no_panel_is_cut_in_two_on_paper(browser, tmp_path):
    case = large_case(*SMALL)
    case = dataclasses.replace(case, matches=(*case.matches[:-1], fullest(case.matches[-1])))
    (tmp_path / "page.html").write_bytes(render_case(case))
    browser.open(tmp_path / "page.html")
    for sheet in (A4, LETTER):
        browser.print(tmp_path / "paper.pdf", sheet)
        command = ["pdftotext", "-layout", tmp_path / "paper.pdf", "-"]
        sheets = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\f")
        best = sorted(case.matches, key=lambda each: (-each.match.score, each.match.query_id, each.match.reference_id))
        for number, view in enumerate(best, 1):
            starts = next(place for place, text in enumerate(sheets) if f"M-{number}: " in text)
            assert view.finding_path in sheets[starts]
        (opinion,) = [text for text in sheets if "Opinion of an examiner" in text]
        assert "Supersedes" in opinion
        headings = browser.value("[...document.querySelectorAll('h2, h3, h4')].map(each => each.textContent.trim())")
        assert [line for line in map(last_line, sheets) if line in headings] == []


SHOWN = "[...document.querySelectorAll('.register li')].filter(each => each.offsetParent !== null)"
FIRST = "each.querySelector('a').textContent"


def typed(browser, text):
    """What the list shows once a text stands in the search."""
    told = "field.dispatchEvent(new Event('input'))"
    browser.value(f"(() => {{ const field = document.getElementById('words'); field.value = {text!r}; {told} }})()")
    return browser.value(f"{SHOWN}.map(each => {FIRST})")


def test_the_search_finds_by_number_name_chat_and_digits_of_a_digest(browser, pages):
    case = large_case(24, 60)
    browser.open(pages / "many/find-0001.html")
    digest, named = case.evidence[0].sha256, case.evidence[17].names
    assert typed(browser, "e-0007") == ["E-0007"]
    assert typed(browser, digest[:7].upper()) == ["E-0001"]
    assert typed(browser, f"{digest[:8]} {digest[8:16]}") == ["E-0001"]
    assert typed(browser, named[0]) == ["E-0018"]
    assert typed(browser, "канал 21") == ["E-0021", "E-0022"]
    assert typed(browser, "<b>") == []
    assert browser.value("document.getElementById('told').textContent") == "0 found"
    assert typed(browser, " ") == [each.label for each in case.evidence]
    assert foreign(browser) == acted(browser) == []


def test_the_search_is_reached_and_followed_with_keys_alone(browser, pages):
    browser.open(pages / "many/find-0001.html")
    for _ in range(40):
        browser.press("Tab")
        if browser.value("document.activeElement.id") == "words":
            break
    browser.press(*"E-0012")
    assert browser.value(f"{SHOWN}.map(each => {FIRST})") == ["E-0012"]
    browser.press("Tab", "Tab")
    assert browser.value("document.activeElement.textContent") == "E-0012"


def test_a_page_with_a_search_is_whole_without_scripts(browser, pages):
    name = "Firefox" if isinstance(browser, Firefox) else "Chromium"
    with browsers.browser(name, scripts=False) as still:
        still.open(pages / "many/find-0001.html", scripts=False)
        assert still.value("document.getElementById('words').offsetParent === null")
        assert len(still.value(f"{SHOWN}.map(each => {FIRST})")) == 24
