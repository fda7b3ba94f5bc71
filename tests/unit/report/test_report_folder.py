"""A case that is too large for one file: pages of fixed size, joined by plain links, with nothing lost."""

import hashlib
import re
from dataclasses import replace

import pytest

from forensics.report import is_large, render_case, render_folder
from forensics.report.places import PAGE_SIZES, Places, as_address, sheets
from forensics.report.sums import code_of, sums_of


@pytest.fixture(scope="module")
def folder(case):
    return dict(render_folder(case, "my report.html", "my report-pages"))


def test_the_first_page_comes_last_so_that_it_never_leads_to_a_page_that_is_not_there(folder):
    names = list(folder)
    assert names[-1] == "my report.html"
    assert all(name.startswith("my report-pages/") for name in names[:-1])


def test_no_fact_of_the_one_page_is_lost_in_the_folder(case, folder):
    def words(page):
        return set(
            re.sub(r"<style>.*?</style>|<script>.*?</script>|<[^>]*>", " ", page.decode(), flags=re.DOTALL).split()
        )

    assert words(render_case(case)) <= set().union(*map(words, folder.values()))


def test_rendering_the_folder_twice_gives_the_same_bytes(case, folder):
    assert dict(render_folder(case, "my report.html", "my report-pages")) == folder


def test_the_sums_beside_the_pages_have_the_digest_of_the_first_page(case, folder):
    sums = folder["my report-pages/sums.txt"]
    digest = hashlib.sha256(sums).hexdigest()
    groups = [digest[at : at + 8] for at in range(0, 64, 8)]
    assert "".join(f"<span>{each}</span><wbr>" for each in groups[:-1]) in folder["my report.html"].decode()
    assert sums.decode().splitlines()[0] == f"{case.evidence[0].sha256}  {case.evidence[0].original_path}"


def test_every_page_has_the_policy_and_no_address_of_the_web(folder):
    for name, page in folder.items():
        if name.endswith(".html"):
            assert b"default-src &#39;none&#39;" in page
            assert b"://" not in page


def test_a_place_follows_from_its_number():
    places = Places(index="../x.html", folder="./")
    size = PAGE_SIZES["m"]
    assert places(f"m-{size}") == f"./matches-0001.html#m-{size}"
    assert places(f"m-{size + 1}") == f"./matches-0002.html#m-{size + 1}"
    assert places("glance") == "../x.html#glance"
    assert Places()("m-1") == "#m-1"


def test_pages_hold_everything_once():
    made = sheets("e", 2 * PAGE_SIZES["e"] + 1)
    assert [(each.start, each.end) for each in made] == [(0, 20), (20, 40), (40, 41)]
    assert sheets("e", 0) == ()


def test_a_file_name_becomes_an_address_that_means_nothing_else():
    assert as_address('a b"<#?й.html') == "a%20b%22%3C%23%3F%D0%B9.html"
    assert as_address("caf\udce9.html") == "caf%E9.html"


def test_a_case_is_large_by_its_pictures_or_by_its_matches(case, build):
    assert not is_large(case)
    assert is_large(replace(case, matches=case.matches * 2_000))
    heavy = replace(case.evidence[0], contact_sheet=build.jpeg + bytes(16_000_000))
    assert is_large(replace(case, evidence=(heavy,)))


def test_the_code_of_the_first_page_holds_both_digests(case):
    sums = sums_of(case, case.matches)
    code = code_of(case, sums)
    assert code.text == f"SUMS {sums.sha256.upper()} LOG 41 {case.log_head.sha256.upper()}"
    assert re.fullmatch(r"(M\d+,\d+h\d+v1h-\d+z)+", code.path)
    assert (
        code_of(replace(case, evidence=(), matches=(), log_head=None), sums_of(replace(case, evidence=()), ())) is None
    )


def test_the_code_can_be_read_back(case):
    """Drawn as the page draws it, and read by another program's detector."""
    import cv2
    import numpy as np

    code = code_of(case, sums_of(case, case.matches))
    picture = np.full((code.side, code.side), 255, np.uint8)
    for x, y, wide in re.findall(r"M(\d+),(\d+)h(\d+)v1", code.path):
        picture[int(y), int(x) : int(x) + int(wide)] = 0
    read, _, _ = cv2.QRCodeDetector().detectAndDecode(cv2.resize(picture, None, fx=8, fy=8, interpolation=0))
    assert read == code.text
