"""What is said of a search."""

from __future__ import annotations

import hashlib

import pytest

from pipelines.searched import Searched, in_words

SEARCHED = Searched(evidence=3, hashes=900, features=400, hub_hashes=7, segments=("aa", "bb"), remade=1)


def test_one_digest_stands_for_all_segments() -> None:
    assert SEARCHED.sha256 == hashlib.sha256(b"aa\nbb\n").hexdigest()


def test_the_log_counts_the_segments_and_the_summary_names_them() -> None:
    assert SEARCHED.detail()["segments"] == 2
    assert SEARCHED.as_json()["segments"] == ["aa", "bb"]
    assert SEARCHED.as_json()["segments_sha256"] == SEARCHED.detail()["segments_sha256"] == SEARCHED.sha256


def test_the_report_tells_radius_counts_and_digest() -> None:
    told = in_words(SEARCHED.detail())
    assert told is not None
    for each in ("exhaustive: yes", "900", "64 bits", "400", "56 bits", "60 of a still", "7 of these", SEARCHED.sha256):
        assert each in told


@pytest.mark.parametrize("missing", [*SEARCHED.detail()])
def test_an_older_event_or_one_with_a_part_missing_tells_nothing(missing: str) -> None:
    detail = {name: value for name, value in SEARCHED.detail().items() if name != missing}
    assert (in_words(detail) is None) == (missing != "segments_remade")


def test_of_a_matching_that_went_on_the_report_tells_what_was_looked_up_before() -> None:
    shared: dict[str, str | int] = {"looked_up": 41, "looked_up_before": 950, "records": 6, "records_sha256": "ff" * 32}
    told = in_words({**SEARCHED.detail(), **shared})
    assert told is not None
    for each in ("41 times", "950 times in earlier ones", "6 records", "ff" * 32):
        assert each in told
    assert "earlier ones" not in str(in_words({**SEARCHED.detail(), "looked_up": 41}))
