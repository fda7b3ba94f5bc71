"""What doctor says of the jail: whole, weaker, or broken."""

from __future__ import annotations

import pytest

from forensics import media
from forensics.media.jail import Level
from pipelines import doctor


def said() -> doctor.Finding:
    return next(finding for finding in doctor.examine(None) if finding.name == "jail")


@pytest.mark.skipif(not media.reached().full, reason=f"this kernel gives {media.reached()}")
def test_on_a_kernel_that_has_it_every_forbidden_act_is_refused() -> None:
    finding = said()
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
