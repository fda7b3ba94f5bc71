"""Reposts of real clips: no false match, and most copies found, on the quick set of the shared benchmark."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmark import accuracy

pytestmark = pytest.mark.benchmark


def test_copies_are_matched_and_nothing_else_is(shared: Path, tmp_path: Path) -> None:
    outcome = accuracy.run(shared, tmp_path, full=False, jobs=2)
    assert outcome.false_matches == 0, outcome.score["false_matches"]
    assert outcome.match_recall >= 0.8
    assert outcome.listed_recall >= 0.9
