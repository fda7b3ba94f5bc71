"""lists export and lists check, through the real command line."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

FORMATS = ("pdq", "vpdq", "imagehash")


@pytest.fixture
def case(ingested: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ingested, tmp_path / "case", symlinks=True))


def events(case: Path, kind: str) -> list[dict[str, object]]:
    lines = (json.loads(line) for line in (case / "log/custody.jsonl").read_text("utf-8").splitlines())
    return [line for line in lines if line["event"] == kind]


@pytest.mark.parametrize("form", FORMATS)
def test_what_a_case_gave_is_found_in_it_again_at_distance_0(forensics, case: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / "list.txt"
    given = forensics("lists", "export", "--format", form, "--out", out, "-c", case, "--json")
    assert given.code == 0, given.err
    assert {line["exhibit"] for line in given.of("listed")} == {"E-0001", "E-0002", "E-0003"}
    done = forensics("lists", "check", out, "-c", case, "--json")
    assert done.code == 0, done.err
    hits = done.of("list_hit")
    exact = {(hit["evidence"], hit["list"]["line"]) for hit in hits if hit["distance"] == 0}
    assert {line["id"] for line in given.of("listed")} == {evidence for evidence, _ in exact}
    for line in given.of("listed"):
        assert any(line["first_line"] <= number <= line["last_line"] for who, number in exact if who == line["id"])
    assert {hit["decision"] for hit in hits} == {"candidate"}
    assert {hit["list"]["sha256"] for hit in hits} == {hashlib.sha256(out.read_bytes()).hexdigest()}
    assert all(hit["distance"] <= hit["radius"] for hit in hits)


def test_both_are_logged_and_the_case_still_verifies(forensics, case: Path, tmp_path: Path) -> None:
    out = tmp_path / "list.pdq"
    forensics("lists", "export", "--format", "pdq", "--out", out, "-c", case, "E-0001")
    forensics("lists", "check", out, "-c", case)
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    (given,) = events(case, "dissemination")
    assert (given["detail"]["sha256"], given["detail"]["evidence"]) == (digest, 1)
    looked = events(case, "hash list check")
    assert {event["detail"]["list"] for event in looked} == {digest}
    assert [event["item"] for event in looked].count(None) == 1
    assert len(looked) >= 2
    assert forensics("verify", case).code == 0


def test_a_candidate_of_a_list_is_no_finding_and_no_matching(forensics, case: Path, tmp_path: Path) -> None:
    out = tmp_path / "list.pdq"
    forensics("lists", "export", "--format", "pdq", "--out", out, "-c", case)
    forensics("lists", "check", out, "-c", case)
    assert not list((case / "findings").iterdir())
    assert events(case, "matching") == []


def test_a_hash_31_bits_away_is_a_candidate_and_one_of_32_is_not(forensics, case: Path, tmp_path: Path) -> None:
    out = tmp_path / "one.pdq"
    forensics("lists", "export", "--format", "pdq", "--out", out, "-c", case, "E-0003")
    code = int(out.read_text().splitlines()[0], 16)
    near, far = code ^ (2**31 - 1), code ^ (2**32 - 1)
    out.write_text(f"# a heading\n{near:064x}\n{far:064x}\n")
    hits = forensics("lists", "check", out, "-c", case, "--json").of("list_hit")
    assert (2, 31) in {(hit["list"]["line"], hit["distance"]) for hit in hits if hit["exhibit"] == "E-0003"}
    assert all(hit["distance"] <= 31 for hit in hits)
    assert not [hit for hit in hits if hit["list"]["line"] == 3 and int(hit["hash"], 16) == code]


def test_bad_lines_are_told_with_their_numbers_and_give_partial(forensics, case: Path, tmp_path: Path) -> None:
    out = tmp_path / "list.pdq"
    out.write_text("zz\n" + "ab" * 32 + "\n")
    done = forensics("lists", "check", out, "-c", case, "--json")
    assert done.code == 3
    assert [(line["code"], "line 1" in line["message"]) for line in done.of("notice")] == [("exchange.bad_line", True)]
    assert done.of("list")[0]["hashes"] == 1


def test_what_is_no_list_is_a_usage_error(forensics, case: Path, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<html>")
    assert forensics("lists", "check", tmp_path / "page.html", "-c", case).code == 2
    assert forensics("lists", "check", tmp_path, "-c", case).code == 2
    assert forensics("lists", "check", tmp_path / "absent", "-c", case).code == 2
    assert forensics("lists", "export", "--format", "pdq", "--out", tmp_path / "x", "-c", case, "ffffff").code == 2
    assert events(case, "hash list check") == []


def test_a_damaged_fingerprint_is_an_integrity_error(forensics, case: Path, tmp_path: Path) -> None:
    out = tmp_path / "list.pdq"
    out.write_text("ab" * 32 + "\n")
    track = next(case.glob("store/*/*/v1/content/derived/fingerprint.bin"))
    track.chmod(0o644)
    track.write_bytes(track.read_bytes()[:-1] + b"\x00\x01")
    assert forensics("lists", "check", out, "-c", case).code == 8
