"""The page of a comparison: nothing foreign acts, everything said is there, equal values give equal bytes."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from forensics.model.match import Assessment
from forensics.model.notice import Notice
from forensics.report import BANNER, ComparisonView, FilmView, Party, Row, Take, render_comparison
from tests.report_values import JPEG, make_match, make_segment, make_view, sha


def view(name: str = "clip.mp4") -> ComparisonView:
    match = make_view(make_match("EX-1", "EX-2", make_segment((0.0, 5.0), (2.0, 7.0))))
    take = Take(
        left_jpeg=JPEG,
        left_clock="0:01.000   pts 1 x 1/25 s",
        right_jpeg=JPEG,
        right_clock="0:03.000",
        difference_jpeg=JPEG,
        difference_note="mean 3.0 of 255",
    )
    return ComparisonView(
        case=name,
        heading="Match: same recording",
        match=match,
        left=Party(letter="A", name=name, sha256=sha("EX-1"), length_s=30.0),
        right=Party(letter="B", name="E-0002", sha256=sha("EX-2"), length_s=30.0),
        left_name=name,
        right_name=name,
        query_first=True,
        facts=("Segment 1 of 1", name),
        lines=((0.0, 5.0, 2.0, 7.0),),
        takes=(take,) * 6,
        film=FilmView(name="compare.mp4", sha256=sha("film"), size=5, frames=125, rate="25", seconds=5.0),
        again="forensics compare E-0001 E-0002",
        commands=(f"ffmpeg -i /dev/fd/3 {name}",),
        versions=(Row(label="ffmpeg", value=name),),
        notices=(Notice(code="compare.cut", message=name),),
    )


class Tags(HTMLParser):
    """Every element with the names of its attributes."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, tuple(name for name, _ in attrs)))


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</style><meta http-equiv=refresh content='0;url=http://x'>",
        "{{ 7 * 7 }}{% include 'x' %}",
        "\u202egpj.exe\u2066",
        "a\x00b\x1b[2J",
        "Долина قناة 漢字",
    ],
)
def test_no_name_adds_an_element_or_acts(name: str) -> None:
    page = render_comparison(view(name))
    assert Tags(page).found == Tags(render_comparison(view())).found
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\x1b]", page.decode())
    assert b"49" not in page.split(b"<h1>")[0].split(b"</style>")[1]


def test_the_page_says_what_it_is_and_loads_nothing() -> None:
    page = render_comparison(view()).decode()
    assert f"<title>{BANNER}" in page
    assert page.count(BANNER) >= 2
    assert "default-src &#39;none&#39;" in page
    sources = re.findall(r'(?:src|href)="([^"]{0,30})', page)
    assert sources
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert "<script" not in page


def test_a_file_from_outside_is_not_called_kept() -> None:
    whole = render_comparison(view()).decode()
    assert "The evidence are the kept files." in whole
    outside = replace(view(), right=replace(view().right, kept=False))
    page = render_comparison(outside).decode()
    assert "kept files" not in page
    assert "The other came from outside the case, which does not keep it" in page


def test_every_figure_of_the_record_stands_on_it() -> None:
    page = re.sub(r"<[^>]+>", "", render_comparison(view()).decode())
    for said in (sha("EX-1"), sha("EX-2"), sha("film"), sha("finding"), "125 at 25 a second", "mean 3.0 of 255"):
        assert said in page
    assert page.count("0:01.000   pts 1 x 1/25 s") >= 6


def test_equal_values_give_equal_bytes_and_pictures_wait_until_they_are_asked_for() -> None:
    one = render_comparison(view())
    assert one == render_comparison(view())
    assert b'class="reveal"' in one
    assert b'class="reveal" checked' not in one


def test_without_a_difference_the_page_says_so() -> None:
    plain = view()
    takes = tuple(replace(take, difference_jpeg=None, difference_note="not shown") for take in plain.takes)
    sound = replace(plain.match, match=replace(plain.match.match, assessment=Assessment.SAME_SCENE))
    page = render_comparison(replace(plain, takes=takes, match=sound)).decode()
    assert page.count("not shown") == len(takes)
    assert "That they come from one recording is not established" in page
