"""Which moments a film shows: all segments in order, up to its length; stills held."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest

from forensics import report
from forensics.model.match import Assessment, Decision, Match, Method, Moment, Moving, Segment, SegmentEvidence
from forensics.model.media import MediaKind
from pipelines import compare as job
from pipelines.cli.compare import compare
from pipelines.film_plan import Couple, facts_of, in_words, plan, transform_of
from pipelines.volumes import Volume

GROUND = SegmentEvidence(
    frames=9, hamming_median=None, moments=5, inliers=90.0, cells=20.0, inlier_ratio=0.9, drift_px=0.1, motion=0.9,
    motion_z=9.0,
)  # fmt: skip


def segment(start: float, end: float, offset: float = 2.0, speed: float = 1.0) -> Segment:
    return Segment(
        query_start_s=start,
        query_end_s=end,
        reference_start_s=start + offset,
        reference_end_s=start + offset + speed * (end - start),
        speed=speed,
        score=0.9,
        transform=report.UNCHANGED,
        evidence=GROUND,
    )


def couple(*segments: Segment, stills: tuple[bool, bool] = (False, False), query_first: bool = True) -> Couple:
    match = Match(
        query_id="a" * 64,
        reference_id="b" * 64,
        score=0.9,
        decision=Decision.MATCH,
        assessment=Assessment.SAME_RECORDING,
        mirrored=False,
        segments=segments,
        method=Method(name="m", version="1", params_sha256="c" * 64),
    )
    volumes = [
        Volume(
            id=letter * 64,
            kind=MediaKind.STILL if still else MediaKind.VIDEO,
            frames=1 if still else 500,
            original_path="none",
            fingerprint_path="none",
            fingerprint_sha256="d" * 64,
            video_essence=None,
            container=None,
        )
        for letter, still in zip("ab", stills, strict=True)
    ]
    parties = [report.Party(letter=each, name=f"E-{each}", sha256=each * 64, length_s=20.0) for each in "AB"]
    first, second = parties if query_first else parties[::-1]
    return Couple(
        match=match,
        stored=None,
        query=volumes[0],
        reference=volumes[1],
        query_party=first,
        reference_party=second,
        query_first=query_first,
    )


def test_a_segment_is_shown_from_its_first_moment_to_its_last_at_its_speed() -> None:
    planned = plan(couple(segment(1.0, 3.0, offset=4.0, speed=1.5)), 120)
    (_, steps), rate = planned.parts[0], planned.rate
    assert rate == Fraction(5)  # no frame rate is known of these files
    assert steps[0] == (1.0, 5.0)
    assert steps[-1] == pytest.approx((3.0, 8.0))
    assert all(later.query_s > step.query_s for step, later in pairwise(steps))
    assert (planned.frames, planned.left_out_s) == (11, 0.0)


def test_all_segments_are_shown_in_the_order_of_the_query() -> None:
    planned = plan(couple(segment(10.0, 12.0), segment(1.0, 3.0)), 120)
    assert [part.query_start_s for part, _ in planned.parts] == [1.0, 10.0]


def test_what_has_no_room_is_counted() -> None:
    planned = plan(couple(segment(0.0, 4.0), segment(10.0, 12.0)), 2)
    assert planned.seconds == 2.0
    assert len(planned.parts) == 1
    assert planned.left_out_s == pytest.approx(21 / 5 - 2 + 11 / 5)


def test_a_video_runs_past_a_still_around_its_moment() -> None:
    moment = Moment(at_s=6.0, detail=0.9, elsewhere=None, changing=9, explained=1.0)
    still = replace(segment(0.0, 0.0), reference_start_s=5.9, reference_end_s=6.1, moment=moment)
    planned = plan(couple(still, stills=(True, False)), 120)
    (_, steps) = planned.parts[0]
    assert {step.query_s for step in steps} == {0.0}
    assert (steps[0].reference_s, steps[-1].reference_s) == (3.5, 8.5)


def test_two_stills_are_held() -> None:
    planned = plan(couple(segment(0.0, 0.0, offset=0.0), stills=(True, True)), 120)
    assert planned.seconds == pytest.approx(5.2)
    assert {step for _, steps in planned.parts for step in steps} == {(0.0, 0.0)}


@pytest.mark.parametrize("query_first", [True, False])
def test_times_and_letters_follow_who_was_named_first(query_first: bool) -> None:
    pair = couple(segment(1.0, 3.0, offset=4.0), query_first=query_first)
    assert pair.lines == ((1.0, 3.0, 5.0, 7.0),) if query_first else ((5.0, 7.0, 1.0, 3.0),)
    assert (pair.left.letter, pair.right.letter) == ("A", "B")
    words = " ".join(facts_of(pair, pair.match.segments[0], 1, 1))
    told = ("A 0:01.000 to 0:03.000", "B 0:05.000") if query_first else ("B 0:01.000 to 0:03.000", "A 0:05.000")
    assert all(part in words for part in told)
    assert words.isascii()


def test_no_transform_is_made_up() -> None:
    pair = couple(replace(segment(0.0, 2.0), transform=None))
    assert transform_of(pair, pair.match.segments[0]) is None
    same = replace(pair, match=replace(pair.match, assessment=Assessment.IDENTICAL_BITSTREAM))
    assert transform_of(same, same.match.segments[0]) == report.UNCHANGED
    assert in_words(None, "A", "B") == "none was found"


@pytest.mark.parametrize("query_first", [True, False])
@pytest.mark.parametrize("moving", list(Moving))
def test_of_a_picture_that_was_held_still_the_film_says_whose_it_is(moving: Moving, query_first: bool) -> None:
    pair = couple(replace(segment(0.0, 2.0), transform=None, held_still=moving), query_first=query_first)
    letter = "A" if (moving is Moving.QUERY) is query_first else "B"
    words = " ".join(facts_of(pair, pair.match.segments[0], 1, 1))
    assert f"the picture of {letter} moves within its frame" in words
    assert "none was found" not in words


def test_the_command_line_and_the_job_have_one_default_length() -> None:
    (seconds,) = [each for each in compare.params if each.name == "seconds"]
    assert seconds.default == job.MOST_S
