"""Fingerprints are decoded when asked for, and only so many are kept."""

from __future__ import annotations

import pytest

from forensics.matching import Subject
from pipelines import subjects
from pipelines.subjects import Subjects
from tests.unit.index.segment_members import fingerprint


class Loader:
    def __init__(self) -> None:
        self.loaded: list[str] = []

    def __call__(self, name: str) -> Subject:
        self.loaded.append(name)
        return Subject(id=name, fingerprint=fingerprint(int(name)), duration_s=1.0)


def test_nothing_is_loaded_until_it_is_asked_for_and_then_once() -> None:
    load = Loader()
    held = Subjects({"1": None, "2": None}, load)
    assert (len(held), sorted(held), load.loaded) == (2, ["1", "2"], [])
    assert held["1"] is held["1"]
    assert load.loaded == ["1"]


def test_the_one_not_asked_for_longest_goes_when_there_are_too_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    load = Loader()
    held = Subjects(dict.fromkeys("1234"), load)
    held["2"]
    monkeypatch.setattr(subjects, "MOST_BYTES", 2 * held._bytes)
    for name in ("4", "2", "2", "4", "2"):
        held[name]
    assert load.loaded == ["2", "4"]
    for name in ("1", "2", "4"):
        held[name]
    assert load.loaded == ["2", "4", "1", "4"]


def test_one_that_is_larger_than_all_that_is_kept_is_still_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subjects, "MOST_BYTES", 1)
    held = Subjects({"1": None, "2": None}, Loader())
    assert [held[name].id for name in ("1", "2", "1")] == ["1", "2", "1"]


def test_what_is_forgotten_is_loaded_anew() -> None:
    load = Loader()
    held = Subjects({"1": None}, load)
    held["1"]
    held.forget("1")
    held.forget("1")
    held["1"]
    assert load.loaded == ["1", "1"]
