"""attest-check and audit through the real command line."""

import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def kept(forensics, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case with bytes that are no video: they are kept all the same."""
    root = tmp_path_factory.mktemp("attested")
    (root / "clip.mp4").write_bytes(b"no video")
    assert forensics("init", root / "case", "--case-id", "A-1", "--operator", "tester").code == 0
    assert forensics("ingest", root / "clip.mp4", "-c", root / "case").code == 4
    return root / "case"


def test_without_a_digest_it_prints_command_lines_and_writes_nothing(forensics, kept: Path) -> None:
    before = (kept / "log/custody.jsonl").read_bytes()
    done = forensics("attest-check", "E-0001", "-c", kept)
    assert done.code == 0
    assert {line.split()[0] for line in done.out.splitlines()} == {
        "sha256sum", "shasum", "openssl", "hashdeep", "certutil"
    }  # fmt: skip
    assert (kept / "log/custody.jsonl").read_bytes() == before


def test_what_sha256sum_printed_is_recorded_and_show_tells_it(forensics, kept: Path, tmp_path: Path) -> None:
    line = forensics("attest-check", "E-0001", "-c", kept).out.splitlines()[0]
    (tmp_path / "seen.txt").write_bytes(subprocess.run(["sh", "-c", line], capture_output=True, check=True).stdout)
    words = ("--program", "sha256sum", "--output", tmp_path / "seen.txt", "--by", "Examiner 2", "-c", kept)
    (check,) = forensics("attest-check", "E-0001", *words, "--json").of("named_check")
    assert (check["result"], check["by"], check["same_key"]) == ("equal", "Examiner 2", True)
    assert "Examiner 2: the digests are equal" in forensics("show", "E-0001", "-c", kept).out
    assert forensics("verify", kept).code == 0


def test_a_digest_that_differs_is_recorded_and_ends_with_8(forensics, kept: Path) -> None:
    words = ("--program", "certutil", "--digest", "0" * 64, "--by", "Examiner 2", "-c", kept, "-q")
    done = forensics("attest-check", "E-0001", *words)
    assert done.code == 8
    assert "DIFFERS" in done.out
    assert b'"result":"differs"' in (kept / "log/custody.jsonl").read_bytes()


def test_without_a_person_or_with_two_digests_it_is_a_usage_error(forensics, kept: Path) -> None:
    assert forensics("attest-check", "E-0001", "--digest", "0" * 64, "--program", "x", "-c", kept).code == 2
    both = ("--digest", "0" * 64, "--output", "x", "--program", "x", "--by", "y")
    assert forensics("attest-check", "E-0001", *both, "-c", kept).code == 2


def test_answers_are_lines_without_any_count_and_nothing_is_written(forensics, kept: Path) -> None:
    before = (kept / "log/custody.jsonl").read_bytes()
    done = forensics("audit", "--profile", "berkeley", "-c", kept, "--json")
    assert done.code == 0, done.err
    assert {line["type"] for line in done.lines} == {"profile", "requirement"}
    answers = {line["id"]: line["answer"] for line in done.of("requirement")}
    assert (answers["digest"], answers["alterations"], answers["url"], answers["transfer"]) == (
        *("yes", "yes", "no", "not applicable"),
    )
    assert (kept / "log/custody.jsonl").read_bytes() == before


def test_people_get_the_reason_and_the_field_of_the_evidence_asked_for(forensics, kept: Path) -> None:
    done = forensics("audit", "--profile", "iso27037", "E-0001", "--verify", "-c", kept)
    assert done.code == 0, done.err
    assert "not read in full; from general knowledge" in done.out
    assert "checks passed, none failed" in done.out
    assert "[manifest, predicate.record.acquisition.integrity.readback]" in done.out
    assert "%" not in done.out


def test_a_hostile_profile_does_not_act_on_the_terminal(forensics, kept: Path, tmp_path: Path) -> None:
    lines = ['name = "x"', 'title = "\\u001b[2J\\u202e"', 'edition = "1"', 'source = "s"', 'date = "2026-11-22"']
    lines += ['basis = "b"', "[[requirement]]", 'id = "a"', 'paragraph = "1"', 'text = "t"', 'test = "log_sealed"']
    (tmp_path / "own.toml").write_text("\n".join(lines))
    done = forensics("audit", "--profile", tmp_path / "own.toml", "-c", kept)
    assert done.code == 0, done.err
    assert "\x1b" not in done.out and "\u202e" not in done.out


def test_an_unknown_profile_or_evidence_is_a_usage_error(forensics, kept: Path) -> None:
    assert forensics("audit", "--profile", "nope", "-c", kept).code == 2
    assert forensics("audit", "--profile", "fre902", "E-0009", "-c", kept).code == 2
