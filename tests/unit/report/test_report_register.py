"""The ways into a large case: lists that lose nothing, in one order, and one script that is ours."""

import base64
import hashlib
import html
import re
from dataclasses import replace

import pytest

from forensics.report import render_folder
from forensics.report.places import PAGE_SIZES
from forensics.report.register import LONGEST_NAME, SCRIPT, STEP, alphabetical, by_chat, by_name, steps
from forensics.report.views import arrange
from tests.benchmark.large_case import large_case


def pages_of(case, start):
    made = dict(render_folder(case, "first.html", "pages"))
    return {name: page.decode() for name, page in made.items() if name.startswith(f"pages/{start}-")}


def plain(page):
    return html.unescape(re.sub(r"<[^>]*>", "", page))


@pytest.fixture(scope="module")
def found(case):
    (page,) = pages_of(case, "find").values()
    return page


def test_every_evidence_is_listed_with_its_names_chats_and_digest(case, found):
    entries = re.findall(r"<li>(<span class=\"called\"><a href=\"\./evidence.*?)</li>", found, re.DOTALL)
    assert len(entries) == len(case.evidence)
    for view, entry in zip(case.evidence, entries, strict=True):
        chats = [seen.post.channel for seen in view.appearances if seen.post is not None]
        for text in (view.label, view.sha256, *view.names, *chats):
            assert text in plain(entry)


def test_names_and_chats_come_from_a_to_z_each_once_with_all_its_evidence(build):
    first = build.evidence("E-1", build.post("Яр", 1, "b/clip.mp4"), build.post("alpha", 2, "b/B.mp4"))
    second = build.evidence("E-2", build.post("Яр", 3, "b/clip.mp4"), build.post("Beta", 4, "b/a.mp4"))
    case = replace(large_case(0, 0), evidence=(first, second))
    entries = arrange(case).evidence
    assert [each.names for each in by_name(entries)] == [("a.mp4",), ("B.mp4",), ("clip.mp4",)]
    assert [entry.view.label for entry in by_name(entries)[2].entries] == ["E-1", "E-2"]
    assert [each.names for each in by_chat(entries)] == [("alpha",), ("Beta",), ("Яр",)]
    assert [entry.view.label for entry in by_chat(entries)[2].entries] == ["E-1", "E-2"]
    assert sorted(["é", "e", "f", "E"], key=alphabetical) == ["E", "e", "é", "f"]


def test_a_chat_that_changed_its_name_stands_once_with_both(build):
    posts = (build.post("old", 1, "a.mp4"), build.post("new", 2, "a.mp4"))
    same = [replace(each, post=replace(each.post, channel_id="777")) for each in posts]
    case = replace(large_case(0, 0), evidence=(build.evidence("E-1", *same),))
    (chat,) = by_chat(arrange(case).evidence)
    assert (chat.names, chat.id) == (("old", "new"), "777")
    assert len(chat.entries) == 1


def test_the_list_by_number_is_cut_into_steps_that_lose_nothing():
    entries = arrange(large_case(2 * STEP + 1, 0)).evidence
    cut = steps(entries)
    assert [len(step.entries) for step in cut] == [STEP, STEP, 1]
    assert [entry for step in cut for entry in step.entries] == list(entries)
    assert [step.anchor for step in cut] == ["from-1", f"from-{STEP + 1}", f"from-{2 * STEP + 1}"]
    assert steps(()) == ()


def test_the_only_script_of_a_report_is_ours_and_admitted_by_its_digest(case, found):
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    assert re.findall(r"<script>(.*?)</script>", found, re.DOTALL) == [SCRIPT]
    (policy,) = re.findall(r'Security-Policy" content="([^"]*)"', found)
    assert f"script-src 'sha256-{digest}'; require-trusted-types-for 'script';" in html.unescape(policy)
    for name, page in render_folder(case, "first.html", "pages"):
        if not name.startswith("pages/find-"):
            assert b"<script" not in page
            assert b"script-src" not in page


def test_the_script_makes_no_markup_and_asks_for_nothing():
    for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval", "Function", "fetch", "import",
                 "XMLHttp", "location", "src", "href", "cookie", "Storage"):  # fmt: skip
        assert word not in SCRIPT


def test_a_name_that_no_file_system_has_is_cut_and_the_cut_is_told(build):
    view = build.evidence("E-1", names=("x" * (LONGEST_NAME + 7),))
    (page,) = pages_of(replace(large_case(0, 0), evidence=(view,)), "find").values()
    assert "x" * LONGEST_NAME + "</bdi>" in page
    assert "[7 more characters" in page


def test_a_case_without_evidence_leads_to_no_list():
    made = dict(render_folder(large_case(0, 0), "first.html", "pages"))
    assert not any("find-" in name or b"find-0001" in page for name, page in made.items())


def test_more_than_one_page_lists_takes_pages_of_their_own(monkeypatch):
    monkeypatch.setitem(PAGE_SIZES, "i", 5)
    made = pages_of(large_case(12, 0), "find")
    assert sorted(made) == ["pages/find-0001.html", "pages/find-0002.html", "pages/find-0003.html"]
    assert "E-0006" in plain(made["pages/find-0002.html"])
