"""review through the real command line, and what the other commands say of it."""

import json
from pathlib import Path

import pytest

from tests.integration.conftest import ROOT, Ran

HOSTILE = "</blockquote><script>alert(1)</script>\u202e\x1b[2J"


@pytest.fixture(scope="module")
def rejected(forensics, clips: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict, Ran]:
    """A case with one matched pair that an examiner rejected in hostile words; the match, and what review said."""
    case = tmp_path_factory.mktemp("reviewed") / "case"
    assert forensics("init", case, "--case-id", "R-1", "--operator", "tester").code == 0
    assert forensics("ingest", clips / "first.mp4", clips / "copy.mp4", "-c", case, "-j", "1").code == 0
    (found,) = forensics("match", "-c", case, "--json", "-j", "1").of("match")
    words = ("--reason", f"two takes {HOSTILE}", "--alternative", "one mast", "--examiner", "Examiner 2")
    done = forensics("review", found["finding"][:8], "--reject", *words, "-c", case, "--json")
    assert done.code == 0, done.err
    return case, found, done


def test_a_match_names_its_finding_and_that_no_person_confirmed_it(rejected) -> None:
    _, found, done = rejected
    (line,) = done.of("review")
    assert (found["status"], found["decision"]) == ("machine-only", "match")
    assert (line["supersedes"], line["status"], line["examiner"]) == (found["finding"], "rejected", "Examiner 2")


def test_a_rejected_finding_joins_nothing_and_is_no_match_to_a_script(forensics, rejected) -> None:
    case, _, done = rejected
    again = forensics("match", "-c", case, "--json", "-j", "1")
    assert (again.code, again.of("match")) == (0, [])
    assert [line["finding"] for line in again.of("rejected")] == [done.lines[0]["finding"]]
    assert (again.lines[-1]["matches"], again.lines[-1]["rejected"]) == (0, 1)
    timeline = forensics("timeline", "-c", case, "--json")
    assert timeline.of("group") == []
    assert (timeline.lines[-1]["recordings"], timeline.lines[-1]["rejected"]) == (2, 1)


def test_show_tells_status_examiner_and_reason_made_safe(forensics, rejected) -> None:
    case, found, _ = rejected
    plain = forensics("show", found["query"]["id"], "-c", case)
    assert "rejected" in plain.out and "by Examiner 2" in plain.out
    assert "\x1b" not in plain.out and "\u202e" not in plain.out
    (match,) = forensics("show", found["query"]["id"], "-c", case, "--json").lines[0]["matches"]
    assert match["review"]["reason"] == f"two takes {HOSTILE}"
    assert (match["status"], match["review"]["alternatives"]) == ("rejected", ["one mast"])


def test_the_report_sets_it_apart_and_escapes_the_reason(forensics, rejected) -> None:
    case, _, _ = rejected
    assert forensics("report", "-c", case).code == 0
    page = (case / "reports/case-report.html").read_text("utf-8")
    assert "Rejected by an examiner" in page and "Examiner 2" in page and "one mast" in page
    assert "<script>alert" not in page and "&lt;script&gt;" in page
    assert "R-1: same recording" in page and "M-1" not in page


def test_the_case_verifies_with_its_review(forensics, rejected) -> None:
    case, _, _ = rejected
    done = forensics("verify", case, "--json")
    assert (done.code, done.lines[-1]["problems"]) == (0, 0)
    assert "review" in {line.get("name") for line in done.lines}


def test_without_an_opinion_a_reason_or_a_finding_it_is_a_usage_error(forensics, rejected) -> None:
    case, found, _ = rejected
    log = (case / "log/custody.jsonl").read_bytes()
    finding = found["finding"]
    for words in ((finding, "--reason", "x"), (finding, "--confirm"), ("ffffffff", "--confirm", "--reason", "x")):
        assert forensics("review", *words, "-c", case).code == 2, words
    assert (case / "log/custody.jsonl").read_bytes() == log


def test_the_json_page_knows_the_line(rejected) -> None:
    _, _, done = rejected
    page = (ROOT / "docs/json-lines.md").read_text("utf-8")
    assert all(f"`{name}`" in page or f'"{name}"' in page for name in json.loads(done.out))
