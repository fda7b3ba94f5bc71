"""attest-check through the real command line."""

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
