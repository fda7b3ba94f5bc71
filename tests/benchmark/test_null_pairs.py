"""No match between real clips that are no copies; which pairs count as such is an exact rule."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import pytest

from tests.benchmark import null_pairs
from tests.benchmark.null_clips import Clip, cuts_of, described, planned
from tests.benchmark.real_footage import Kinship, Source, Span, families, kinship, real_sources, recordings

FEW = 60
"""Clips of the run in `make bench`; the bound for 10^5 pairs takes 460 and more (README.md)."""


@pytest.mark.benchmark
def test_no_pair_of_clips_that_are_no_copies_is_matched(shared: Path, tmp_path: Path) -> None:
    result = null_pairs.run(shared, tmp_path, count=FEW, seed=2, jobs=2)
    print("\n" + null_pairs.shown(result))
    assert result.false == ()
    assert result.considered == FEW * (FEW - 1) // 2
    assert result.counted + sum(row.pairs for row in result.left_out) == result.considered
    assert result.own_cut_matched >= result.own_cut_pairs / 2


def source(name: str, recording: str, offset_s: float = 0.0, **told: object) -> Source:
    fields = {
        "path": Path(name),
        "sha256": name,
        "duration_s": 20.0,
        "place": recording,
        "publisher": recording,
        "may_repeat": False,
    }
    return Source(id=name, recording=recording, offset_s=offset_s, **{**fields, **told})  # type: ignore[arg-type]


ROW = {"role": "ref", "near": [], "align": None, "cut": None, "origin": "o"}
ROWS = [
    ROW | {"id": "a", "origin_path": "x.avi", "cut": [10, 20]},
    ROW | {"id": "b", "origin_path": "x.avi", "cut": [25, 30], "role": "conf", "near": ["a"]},
    ROW | {"id": "w", "origin_path": "y.avi", "role": "wild", "near": ["a"], "align": [[1.0, 5.0, 3.0, 7.0]]},
    ROW | {"id": "p", "origin_path": "z.avi", "role": "conf", "near": ["a"]},
    ROW | {"id": "q", "origin_path": "other.avi"},
]


def test_cuts_and_published_copies_stand_on_the_clock_of_their_recording() -> None:
    found = recordings(ROWS)
    assert found["a"] == ("o x.avi", 10.0)
    assert found["b"] == ("o x.avi", 25.0)
    assert found["w"] == ("o x.avi", 12.0)
    assert found["q"] == ("o other.avi", 0.0)


def test_look_alikes_and_copies_are_one_family() -> None:
    assert families(ROWS) == {"a": "a", "b": "a", "w": "a", "p": "a", "q": "q"}


def test_stretches_of_one_file_count_half_a_second_apart_and_of_two_a_second() -> None:
    one, other = source("a", "r"), source("w", "r", offset_s=2.0)
    assert kinship(Span(one, 0, 3), Span(one, 3.5, 6)) is Kinship.RECORDING
    assert kinship(Span(one, 0, 3), Span(one, 3.4, 6)) is Kinship.COPY
    assert kinship(Span(one, 0, 3), Span(other, 2, 5)) is Kinship.RECORDING
    assert kinship(Span(one, 0, 3), Span(other, 1.9, 5)) is Kinship.COPY
    assert kinship(Span(other, 0, 3), Span(one, 0, 3)) is Kinship.COPY


def test_stretches_of_an_edited_film_are_never_counted_against_one_another() -> None:
    film = source("f", "r", may_repeat=True)
    assert kinship(Span(film, 0, 3), Span(film, 9, 12)) is Kinship.MAY_REPEAT
    assert kinship(Span(film, 0, 3), Span(source("a", "s"), 9, 12)) is Kinship.UNRELATED


def test_place_goes_before_publisher() -> None:
    here = source("a", "r", place="p", publisher="o")
    again = source("b", "s", place="p", publisher="o")
    elsewhere = source("c", "t", publisher="o")
    assert kinship(Span(here, 0, 3), Span(again, 0, 3)) is Kinship.PLACE
    assert kinship(Span(here, 0, 3), Span(elsewhere, 0, 3)) is Kinship.PUBLISHER


def test_cuts_of_a_source_lie_inside_it_and_apart() -> None:
    for seconds in (1.5, 2.2, 4.0, 37.7):
        for seed in range(20):
            cuts = list(cuts_of(source("a", "r", duration_s=seconds), seed))
            assert bool(cuts) == (seconds > 2)
            assert all(cut.start_s >= 0 and cut.end_s <= seconds for cut in cuts)
            assert all(1.9 <= cut.end_s - cut.start_s <= 4.0 for cut in cuts)
            assert all(kinship(a, b) is Kinship.RECORDING for a, b in combinations(cuts, 2))


def test_a_plan_follows_from_its_seed_and_makes_no_clip_twice() -> None:
    sources = [source(name, name) for name in "abcdef"]
    clips = planned(sources, 60, 3)
    assert described(clips, 3) == described(planned(sources, 60, 3), 3)
    assert described(clips, 3) != described(planned(sources, 60, 4), 4)
    assert len({(clip.cut, clip.attack) for clip in clips}) == len({clip.name for clip in clips}) == 60
    assert sum(clip.attack is not None for clip in clips) >= 15
    with pytest.raises(SystemExit, match="at most"):
        planned(sources, 100_000, 3)


def _line(one: Clip, other: Clip, decision: str) -> dict[str, object]:
    return {
        "type": "match",
        "query": {"path": f"/in/{one.name}"},
        "reference": {"path": f"/in/{other.name}"},
        "score": 0.9,
        "decision": decision,
        "assessment": "same_recording",
        "segments": [{"score": 0.9}],
        "method": {"params_sha256": "0"},
    }


def test_a_match_counts_as_false_only_outside_the_pairs_left_out() -> None:
    a, b = source("a", "r"), source("b", "s")
    clips = (
        Clip("c0.mp4", Span(a, 0, 3)),
        Clip("c1.mp4", Span(a, 0, 3), "grey"),
        Clip("c2.mp4", Span(b, 0, 3)),
        Clip("c3.mp4", Span(a, 9, 12)),
    )
    lines = [
        _line(clips[1], clips[0], "match"),
        _line(clips[2], clips[0], "match"),
        _line(clips[3], clips[1], "candidate"),
    ]
    summary = {"type": "summary", "not_compared": 0}
    result = null_pairs.counted(clips, [*lines, summary], 1, "0")
    assert (result.considered, result.counted, result.own_cut_pairs, result.own_cut_matched) == (6, 5, 1, 1)
    assert [entry["clips"] for entry in result.false] == [("c0.mp4", "c2.mp4")]
    assert [entry["clips"] for entry in result.listed] == [("c1.mp4", "c3.mp4")]
    assert {level.of: (level.pairs, level.false) for level in result.levels}["sources"] == (2, 1)
    assert json.dumps(result.rows[0].__dict__)
    assert "FALSE MATCH" in null_pairs.shown(result)
    with pytest.raises(SystemExit, match="not every pair"):
        null_pairs.counted(clips, [*lines, summary | {"not_compared": 1}], 1, "0")


def test_the_real_sources_are_those_of_the_list_each_once(shared: Path) -> None:
    sources = real_sources(shared)
    assert len({each.sha256 for each in sources}) == len({each.id for each in sources}) == len(sources)
    assert {each.recording for each in sources if each.id in {"chair19", "chair22s", "chair22"}} == {
        "facebook/ThreatExchange tmk/sample-videos/chair-orig-22-sd-bar.mp4"
    }
