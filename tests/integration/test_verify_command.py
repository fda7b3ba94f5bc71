"""forensics verify: how much it reads, through the real command line."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.conftest import Ran

Call = Callable[..., Ran]


@pytest.fixture
def case(ingested: Path, tmp_path: Path) -> Path:
    return shutil.copytree(ingested, tmp_path / "case")


def test_a_sample_prints_its_seed_which_repeats_it_and_says_how_many_were_read(forensics: Call, case: Path) -> None:
    done = forensics("verify", case, "--sample", "1", "--json")
    assert done.code == 0
    summary = done.of("summary")[0]
    assert (summary["verified"], summary["read"], summary["unread"]) == (True, 1, 2)
    again = forensics("verify", case, "--sample", "1", "--seed", summary["seed"], "--json")
    assert again.out == done.out
    assert forensics("verify", case, "--sample", "1", "--json").of("summary")[0]["seed"] != summary["seed"]
    words = forensics("verify", case, "--sample", "1", "--seed", "a1").out
    assert "verified; ONLY the stored files of 1 of 3 evidences read" in words
    assert "seed a1" in words


def test_all_digests_are_computed_when_asked_for_and_the_last_line_says_what_was(forensics: Call, case: Path) -> None:
    assert "with SHA-256 (SHA-512 not recomputed)" in forensics("verify", case).out
    assert "with SHA-256 and SHA-512" in forensics("verify", case, "--all-digests").out
    done = forensics("verify", case, "--all-digests", "--json")
    assert done.of("summary")[0]["all_digests"] is True
    assert {c["found"].count("sha512:") for c in done.of("check") if c["name"] == "content digests"} == {1}


@pytest.mark.parametrize("words", [("--seed", "a"), ("--sample", "0"), ("--sample", "1", "--seed", "")])
def test_what_makes_no_sense_is_a_usage_error(forensics: Call, case: Path, words: tuple[str, ...]) -> None:
    assert forensics("verify", case, *words).code == 2
