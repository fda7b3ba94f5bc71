"""What doctor says of the jail: whole, weaker, or broken."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from forensics import media
from forensics.media.jail import Level
from pipelines import doctor
from pipelines.surroundings import ClockError, clock_error


def said(name: str = "jail") -> doctor.Finding:
    return next(finding for finding in doctor.examine(None) if finding.name == name)


@pytest.mark.parametrize("name", ["jail", "jail of readers"])
@pytest.mark.skipif(not media.reached().full, reason=f"this kernel gives {media.reached()}")
def test_on_a_kernel_that_has_it_every_forbidden_act_is_refused(name: str) -> None:
    finding = said(name)
    assert finding.ok
    assert finding.found == f"{media.reached()}: 15 of 15 forbidden acts refused"


def test_a_weaker_jail_is_told_and_makes_no_machine_unfit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "reached", lambda: Level(0, seccomp=True))
    finding = said()
    assert finding.ok
    assert "seccomp, rlimits" in finding.found
    assert "weaker than full" in finding.found


def test_an_act_that_is_not_refused_makes_the_machine_unfit_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "reached", lambda: Level(7, seccomp=True))
    monkeypatch.setattr(media, "try_jail", lambda _python: media.Tried(15, ("open a TCP socket",)))
    finding = said()
    assert not finding.ok
    assert "14 of 15" in finding.found
    assert "open a TCP socket" in finding.found


def test_an_act_that_readers_may_do_makes_the_machine_unfit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "reached", lambda: Level(7, seccomp=True))
    monkeypatch.setattr(media, "try_reader_jail", lambda: media.Tried(15, ("start a process",)))
    finding = said("jail of readers")
    assert not finding.ok
    assert "start a process" in finding.found


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (ClockError(unsynchronised=True, at_most_s=16.0), "not synchronised: nothing keeps it right, at most 16.000 s"),
        (ClockError(unsynchronised=False, at_most_s=0.25), "synchronised, at most 0.250 s"),
        (None, "does not tell"),
    ],
)
def test_the_state_of_the_clock_is_told(told: ClockError | None, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "clock_error", lambda: told)
    finding = said("clock")
    assert finding.ok
    assert words in finding.found


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells it")
def test_this_kernel_tells_of_its_clock() -> None:
    told = clock_error()
    assert told is not None
    assert 0 <= told.at_most_s < 1000


def test_a_full_disk_makes_the_machine_unfit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert said("free space").ok
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _path: SimpleNamespace(free=1000))
    assert not said("free space").ok
