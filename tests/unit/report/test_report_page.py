import base64
import hashlib
import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from forensics.model.match import Decision
from forensics.report import KeyframeView, LogHeadView, VerificationView, render_case, visible

GOLDEN = Path(__file__).parents[2] / "golden" / "report" / "case.html"


class Page(HTMLParser):
    """Tags with attributes, and the text as a reader gets it."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags = []
        self.words = []
        self.style = ""
        self._inside = ""
        self.feed(page.decode("utf-8"))
        self.close()
        self.text = "".join(self.words)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data):
        if self._inside == "style" and not self.style:
            self.style = data
        else:
            self.words.append(data)

    def values(self, tag, name):
        return [attrs[name] for found, attrs in self.tags if found == tag and name in attrs]


@pytest.fixture(scope="module")
def page(case):
    return Page(render_case(case))


def flat(text):
    return " ".join(text.split())


def test_a_small_case_gives_exactly_the_golden_page(case):
    """FORENSICS_WRITE_GOLDEN=1 writes the page anew, for a person to look at before it is kept."""
    page = render_case(case)
    if os.environ.get("FORENSICS_WRITE_GOLDEN"):
        GOLDEN.write_bytes(page)
    assert page == GOLDEN.read_bytes()


def test_rendering_twice_gives_the_same_bytes(case):
    assert render_case(case) == render_case(case)


def test_the_page_loads_nothing_and_runs_nothing(page):
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "iframe", "object", "embed", "form", "base", "video", "audio", "use"}
    assert all(re.fullmatch(r"#[a-z]+(-\d+)?", target) for target in page.values("a", "href"))
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.values("img", "src"))
    named = {name for _, attrs in page.tags for name in attrs}
    assert not [name for name in named if name.startswith("on") or name in {"style", "srcset", "action", "data"}]
    assert "url(" not in page.style
    assert "@import" not in page.style


def test_no_web_address_stands_in_the_page(case):
    assert b"://" not in render_case(case)


def test_the_policy_admits_this_style_sheet_by_its_digest_and_nothing_else(page):
    (policy,) = [attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy"]
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_the_policy_stands_before_everything_that_it_governs(page):
    order = [tag for tag, _ in page.tags]
    metas = [attrs.get("http-equiv") for tag, attrs in page.tags if tag == "meta"]
    assert metas[:2] == [None, "Content-Security-Policy"]
    assert order.index("style") > order.index("meta")


def test_every_link_leads_to_a_place_on_the_page_and_no_place_is_named_twice(page):
    places = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(places) == len(set(places))
    assert {target[1:] for target in page.values("a", "href")} <= set(places)


def test_headings_go_down_one_step_at_a_time(page):
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_picture_has_words_and_every_box_has_a_label(page):
    assert page.values("img", "alt")
    assert len(page.values("img", "alt")) == len(page.values("img", "src"))
    assert all(len(words) > 10 for words in page.values("img", "alt"))
    assert set(page.values("input", "id")) == set(page.values("label", "for"))
    assert all(attrs.get("scope") for tag, attrs in page.tags if tag == "th")


def test_pictures_are_blurred_and_grey_until_the_reader_asks(page):
    assert re.search(r"\nimg \{[^}]*filter: blur\(\d+px\) grayscale\(1\)", page.style)
    assert "#pictures:checked ~ * img" in page.style
    assert ".reveal:checked ~ * img" in page.style
    assert all("checked" not in attrs for tag, attrs in page.tags if tag == "input")


def test_text_is_dark_enough_on_its_ground(page):
    colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{3,6});", page.style))

    def luminance(colour):
        digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
        parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for ink in ("ink", "quiet", "deep", "alarm"):
        for ground in ("paper", "tint"):
            ratio = (luminance(colours[ground]) + 0.05) / (luminance(colours[ink]) + 0.05)
            assert ratio >= 4.5, (ink, ground, ratio)


def test_nothing_of_the_evidence_is_lost(case, page):
    for view in case.evidence:
        for text in (view.sha256, view.manifest_sha256, view.original_path, view.manifest_path, *view.streams):
            assert text in page.text
        for notice in view.notices:
            assert notice.message in page.text
        for seen in view.appearances:
            assert visible(seen.path) in page.text
            if seen.post and seen.post.caption:
                assert visible(seen.post.caption, keep_newlines=True) in page.text
    for item in case.refused:
        assert item.path in page.text
        assert item.message in page.text
    for entry in case.matches:
        assert entry.finding_sha256 in page.text


def test_the_lines_for_sha256sum_are_whole(case, page):
    lines = [line for line in page.text.splitlines() if re.match("[0-9a-f]{64}  ", line)]
    for view in case.evidence:
        assert f"{view.sha256}  {view.original_path}" in lines
        assert f"{view.manifest_sha256}  {view.manifest_path}" in lines
    assert len(lines) == 2 * len(case.evidence) + len(case.matches)


def test_matches_come_best_first_and_candidates_stand_apart(page):
    text = flat(page.text)
    assert text.index("4. Matches") < text.index("M-1: same recording") < text.index("5. Candidates")
    assert text.index("5. Candidates") < text.index("C-1: same scene") < text.index("6. Evidence")
    assert "M-2" not in text


def test_only_a_match_is_called_a_copy(build, case):
    candidates = tuple(each for each in case.matches if each.match.decision is Decision.CANDIDATE)
    page = Page(render_case(replace(case, matches=candidates, evidence=case.evidence[1:])))
    assert "None: no two files were matched" in flat(page.text)
    assert "No two files were found to hold the same recording; 1 more pair needs a person to look" in flat(page.text)


def test_the_three_sentences_tell_the_counts(page):
    text = flat(page.text)
    assert "The case holds 3 distinct files, each named by its SHA-256, found in 4 places; 1 input failed" in text
    assert "1 pair of files holds the same recording; copies of the same footage form 1 group" in text
    assert "None of this proves who filmed the pictures" in text


def test_a_case_never_matched_claims_nothing_about_copies(case):
    silent = replace(case, matches=(), method=replace(case.method, matching=None))
    assert "nothing is said here about copies" in Page(render_case(silent)).text


def test_a_matching_without_result_is_told_as_such(case):
    assert "No two files were found to hold the same recording" in Page(render_case(replace(case, matches=()))).text


def test_the_earliest_post_is_marked_and_the_delay_of_the_others_told(page):
    text = flat(page.text)
    assert "2022-03-14 09:20:13 UTCearliest in this caseEX-0001" in text.replace(" earliest", "earliest").replace(
        "case EX", "caseEX"
    )
    assert "+13:16:17" in text


def test_a_failed_check_is_told_at_once_and_in_full(build, case):
    failed = VerificationView(ok=3, skipped=0, problems=(build.failed_check(),))
    text = flat(Page(render_case(replace(case, verification=failed))).text)
    assert "Integrity check failed." in text
    assert "FAILED: 1 check failed" in text
    assert text.index("store/aa/original") < text.index("1. What was found")


@pytest.mark.parametrize("verification", [None, VerificationView(ok=1, skipped=0, problems=())])
def test_the_state_of_integrity_is_never_left_open(case, verification):
    text = Page(render_case(replace(case, verification=verification))).text
    assert ("not verified in this run" in text) == (verification is None)
    assert ("verified: 1 check passed" in flat(text)) == (verification is not None)
    assert "Integrity check failed" not in text


def test_an_empty_case_is_a_whole_page(case):
    empty = replace(case, evidence=(), matches=(), refused=(), notices=(), log_head=None, verification=None)
    page = Page(render_case(empty))
    assert "The case holds 0 distinct files" in flat(page.text)
    assert [tag for tag, _ in page.tags].count("h2") == 14


def test_a_query_outside_the_case_is_said_to_be_outside(build, case):
    match = build.match("outside", "EX-0001", build.segment((0, 9), (0, 9)))
    text = flat(Page(render_case(replace(case, matches=(build.view(match),)))).text)
    assert "query.mp4 (not admitted to this case)" in text
    assert build.sha("outside") in text


def test_some_of_many_keyframes_are_said_to_be_some(page):
    assert "Keyframes (1 of 12; the store holds all)" in flat(page.text)


def test_a_contact_sheet_is_shown_where_keyframes_have_no_pictures(build, case):
    frame = KeyframeView(time_text="0:01.000", pts_text="1*1/1", planes_sha256=build.sha("p"), jpeg=None)
    view = build.evidence("EX-9", keyframes=(frame,), contact_sheet=build.jpeg)
    page = Page(render_case(replace(case, evidence=(view,), matches=())))
    assert [words for words in page.values("img", "alt") if words.startswith("Contact sheet of EX-9")]
    assert build.sha("p")[:16] in page.text


def test_a_large_case_stays_one_file_that_can_be_mailed(build, case):
    """200 files with 8 keyframes of 6 kB each, as measured on real clips (mean 4.4 kB, 90 % below 7.1 kB)."""
    picture = build.jpeg + bytes(6_000)
    frames = tuple(
        KeyframeView(time_text=f"0:0{n}.000", pts_text=f"{n}*1/25", planes_sha256=build.sha(f"plane {n}"), jpeg=picture)
        for n in range(8)
    )
    views = tuple(
        build.evidence(f"EX-{number:04d}", build.post("A", number, f"{number}.mp4"), keyframes=frames)
        for number in range(200)
    )
    assert len(render_case(replace(case, evidence=views, matches=()))) < 20_000_000


def test_values_that_cannot_be_true_are_refused(build, case):
    with pytest.raises(ValueError, match="64 lower-case hex"):
        LogHeadView(seq=0, sha256="ABC", unsealed=0)
    with pytest.raises(ValueError, match="JPEG"):
        KeyframeView(time_text="", pts_text="", planes_sha256=build.sha(""), jpeg=b"<svg onload=alert(1)>")
    with pytest.raises(ValueError, match="once"):
        replace(case, evidence=case.evidence + case.evidence[:1])
