"""Redaction: what is hidden is hidden in every form, and a rule that there is none of is refused."""

import pytest

from forensics.errors import InputError
from forensics.model.media import Tag
from forensics.model.notice import Notice
from forensics.model.telemetry import Fix, SourcedTrack, Track
from forensics.telemetry import OUTPUTS, check_rules, redact
from forensics.telemetry.track_checks import distance_m


def _sourced() -> SourcedTrack:
    fixes = tuple(
        Fix(
            cue=n,
            at_ms=n * 1000,
            clock_as_written=None,
            latitude=f"{50.123456 + n / 1000:.6f}",
            longitude=f"{-6.654321 - n / 1000:.6f}",
            relative_altitude="5.3",
        )
        for n in range(10)
    )
    track = Track(
        format="srt",
        family="A",
        cues=10,
        fixes=fixes,
        home=("50.123400", "-6.654300"),
        tags=(Tag(group="x", name="serial_number", value="1ZNBJ9F00C"),),
        notices=(Notice(code="telemetry.undecoded_cues", message="the first is '[latitude: 50.123456]'"),),
    )
    return SourcedTrack(source="ivan_DJI_0042.SRT", sha256="ab" * 32, track=track)


def test_a_grid_moves_every_place_by_no_more_than_its_half_diagonal() -> None:
    before = _sourced()
    after = redact(before, ["coords:100m"])
    for old, new in zip(before.track.fixes, after.track.fixes, strict=True):
        here = float(old.latitude or 0), float(old.longitude or 0)
        there = float(new.latitude or 0), float(new.longitude or 0)
        assert 0 < distance_m(here, there) < 75
        assert len((new.latitude or "").partition(".")[2]) <= 5


def test_places_of_one_cell_become_one() -> None:
    cells = {fix.latitude for fix in redact(_sourced(), ["coords:5000m"]).track.fixes}
    assert len(cells) <= 2


def test_the_coarsest_of_two_grids_wins() -> None:
    assert redact(_sourced(), ["coords:10m", "coords:5000m"]).track == redact(_sourced(), ["coords:5000m"]).track


def test_without_the_operator_nothing_is_near_the_take_off() -> None:
    after = redact(_sourced(), ["operator"])
    start = (50.1234, -6.6543)
    assert after.track.home is None
    assert 0 < len(after.track.located) < 10
    for fix in after.track.located:
        assert distance_m(start, (float(fix.latitude or 0), float(fix.longitude or 0))) > 200
    assert [fix.relative_altitude for fix in after.track.fixes[:1]] == [None]


@pytest.mark.parametrize("form", OUTPUTS)
@pytest.mark.parametrize("rule", ["serial", "operator", "coords:100m"])
def test_no_form_tells_what_any_rule_hides(form: str, rule: str) -> None:
    data = OUTPUTS[form]((redact(_sourced(), [rule]),))
    for hidden in (b"1ZNBJ9F00C", b"ivan", b"[latitude", *(() if rule == "serial" else (b"50.123400",))):
        assert hidden not in data
    assert b"ab" * 32 in data
    assert rule.encode() in data


@pytest.mark.parametrize("rule", ["", "coords", "coords:0m", "coords:1000000m", "coords:-5m", "Serial"])
def test_a_rule_that_there_is_none_of_is_refused(rule: str) -> None:
    with pytest.raises(InputError):
        check_rules([rule])


def test_without_rules_nothing_changes() -> None:
    assert redact(_sourced(), []) == _sourced()
