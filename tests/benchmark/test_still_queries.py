"""Stills of real clips: what is claimed of moments that the case has not; and how claims are counted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.benchmark import still_queries
from tests.benchmark.real_footage import Kinship, Source, kinship, listed, real_sources
from tests.benchmark.still_queries import ALL, Size, claims_of, counted, moment_in
from tests.benchmark.still_shots import (
    ATTACKS,
    CUT_FROM_S,
    KEPT_ROLES,
    Shot,
    described,
    kept_span,
    making,
    moved,
    planned,
)
from tests.benchmark.test_null_pairs import source

ROLES = {"a": "ref", "b": "ref", "c": "conf", "d": "distract"}
SUMMARY = {"type": "summary", "not_compared": 0}


@pytest.mark.benchmark
def test_stills_find_their_video_and_no_moment_is_claimed_that_is_not_there(shared: Path, tmp_path: Path) -> None:
    result = still_queries.run(shared, tmp_path, size=Size(), seed=4, jobs=2)
    print("\n" + still_queries.shown(result))
    whole = result.parts[0]
    assert whole.claimed == 0
    assert whole.found[ALL].listed.hits >= 0.9 * whole.found[ALL].listed.of


def four() -> list[Source]:
    return [source("a", "r"), source("b", "s"), source("c", "t", place="s"), source("d", "u")]


def line(shot: Shot, reference: str, at_s: float, **told: object) -> dict[str, object]:
    span = {"reference_start_s": at_s - 0.1, "reference_end_s": at_s + 0.1, "moment": {"at_s": at_s}}
    fields = {"decision": "candidate", "assessment": "same_scene", "score": 0.2, "segments": [span]}
    paths = {"query": {"path": f"/in/{shot.name}"}, "reference": {"path": f"/case/{reference}.mp4"}}
    return {"type": "match", "method": {"params_sha256": "0"}, **paths, **fields, **told}


def shot(name: str, of: Source, at_s: float, *, expected: bool = True) -> Shot:
    return Shot(name, of, at_s, "plain", (0.0, 0.0, 0.0), expected)


def test_a_plan_follows_from_its_seed_and_says_which_moments_the_case_has() -> None:
    shots = planned(four(), ROLES, 2, 3, 30, 5)
    assert described(shots, 5) == described(planned(four(), ROLES, 2, 3, 30, 5), 5)
    assert described(shots, 5) != described(planned(four(), ROLES, 2, 3, 30, 6), 6)
    kept = [each for each in four() if ROLES[each.id] in KEPT_ROLES]
    assert len(shots) == 2 * 2 * 3 + 30
    for each in shots:
        assert each.expected == any(moment_in(each, clip) is not None for clip in kept)
        if not each.expected:
            assert all(kinship(each.span, kept_span(clip)) is not Kinship.COPY for clip in kept)


def test_every_make_up_comes_about_as_often_as_the_others() -> None:
    counts = Counter(each.attack for each in planned(four(), ROLES, 3, 3, 0, 1))
    assert set(counts) == set(ATTACKS)
    assert set(counts.values()) == {2}


def test_a_crop_leaves_what_it_says_and_stays_inside() -> None:
    assert making("crop", (0.0, 1.0, 0.0)).filters.startswith("crop=iw*0.700:ih*0.700:(iw-ow)*0.000:(ih-oh)*1.000")
    assert making("crop", (0.0, 0.0, 1.0)).filters.startswith("crop=iw*0.900")


def test_of_a_long_clip_the_case_has_the_first_part_only() -> None:
    long, short = source("a", "r", duration_s=20.0), source("b", "s", duration_s=CUT_FROM_S - 0.1)
    assert kept_span(long).end_s == pytest.approx(11.0)
    assert kept_span(short).end_s == short.duration_s
    assert moment_in(shot("x", long, 10.9), long) == pytest.approx(10.9)
    assert moment_in(shot("x", long, 11.1), long) is None
    assert moment_in(shot("x", source("w", "r", offset_s=2.0), 3.0), long) == pytest.approx(5.0)


def test_a_scene_moves_where_enough_changes_on_both_sides() -> None:
    frames = np.zeros((3, 90, 160), np.int16)
    assert not moved(frames)
    frames[1, :10, :10] = 40
    assert moved(frames)
    frames[2] = frames[1]
    assert not moved(frames)
    assert not moved(frames[:2])


def test_claims_are_counted_by_what_the_clip_has() -> None:
    a, b, c, d = four()
    shots = [
        shot("s0", a, 3.0),
        shot("s1", a, 4.0),
        shot("s2", b, 3.0),
        shot("s3", a, 15.0, expected=False),
        shot("s4", c, 3.0, expected=False),
        shot("s5", d, 3.0, expected=False),
    ]
    probable = {"assessment": "same_recording_probable"}
    lines = [
        line(shots[0], "a", 3.3, **probable),
        line(shots[1], "a", 9.0, **probable),
        line(shots[3], "a", 5.0, **probable),
        line(shots[4], "b", 3.0),
        line(shots[5], "b", 3.0, decision="match", assessment="same_recording"),
        SUMMARY,
    ]
    claims = claims_of(shots, {"a.mp4": a, "b.mp4": b}, lines)
    part = counted(ALL, shots, [a, b], claims, frozenset({"s0", "s1", "s2"}))
    found = part.found[ALL]
    assert (found.listed.hits, found.listed.of, found.probable.hits) == (2, 3, 2)
    assert (found.right.hits, found.right.of, found.covered.hits) == (1, 2, 0)
    assert part.wrong_moment == 1
    told = {row.kind: (row.pairs, row.stills, row.scene, row.probable, row.matches) for row in part.wrongly}
    assert told[str(Kinship.RECORDING)] == (1, 1, 0, 1, 0)
    assert told[str(Kinship.PLACE)] == (1, 1, 1, 0, 0)
    assert told[str(Kinship.UNRELATED)] == (7, 6, 0, 0, 1)
    assert (part.claimed, part.places, part.places_false) == (2, 3, 2)
    with pytest.raises(SystemExit, match="not every still"):
        claims_of(shots, {"a.mp4": a, "b.mp4": b}, [SUMMARY | {"not_compared": 1}])


def test_stills_without_their_moment_are_of_later_parts_other_takes_and_other_footage(shared: Path) -> None:
    sources, roles = real_sources(shared), {row["id"]: row["role"] for row in listed(shared)}
    kept = [each for each in sources if roles.get(each.id) in KEPT_ROLES]
    nulls = [each for each in planned(sources, roles, 0, 1, 60, 1) if not each.expected]
    nearest = [next(kind for kind in Kinship if kind in {kinship(n.span, kept_span(k)) for k in kept}) for n in nulls]
    assert Kinship.COPY not in nearest
    assert Counter(nearest)[Kinship.RECORDING] >= 20
    assert {Kinship.PLACE, Kinship.UNRELATED} <= set(nearest)
