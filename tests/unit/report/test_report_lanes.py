from dataclasses import replace
from itertools import pairwise

import pytest

from forensics.model.provenance import Appearance, Post, SourceKind
from forensics.report.groups import repost_groups, standings
from forensics.report.lanes import LEFT, MAX_LANES, MAX_ROWS, NEAR, RIGHT, lanes_of


def lanes(build, *appearances):
    (group,) = repost_groups([build.evidence("a", *appearances)], [])
    return group, lanes_of(group, standings(group))


def per_cent(text):
    return float(text.removesuffix("%"))


def test_one_lane_a_chat_and_the_earliest_is_marked_alone(build):
    again = build.post("A", 5_000, "c.mp4")
    again = replace(again, post=replace(again.post, message_id="4212"))
    _, drawn = lanes(build, build.post("A", 1_000, "a.mp4"), build.post("B", 2_000, "b.mp4"), again)
    assert [lane.post.channel for lane in drawn.lanes] == ["A", "B"]
    assert [[(mark.number, mark.first) for mark in lane.marks] for lane in drawn.lanes] == [
        [(1, True), (3, False)],
        [(2, False)],
    ]
    assert [lane.first for lane in drawn.lanes] == [True, False]


def test_times_are_drawn_in_proportion_and_the_ends_are_named(build):
    posts = [build.post(name, moment, f"{name}.mp4") for name, moment in (("A", 0), ("B", 1_000_000), ("C", 4_000_000))]
    _, drawn = lanes(build, *posts)
    places = [per_cent(lane.marks[0].x) for lane in drawn.lanes]
    assert places == pytest.approx([LEFT, LEFT + (RIGHT - LEFT) / 4, RIGHT], abs=0.01)
    assert drawn.ticks == ("1970-01-01 00:00", "1970-01-24 03:33", "1970-02-16 07:06")


def test_what_falls_together_is_put_one_below_the_other_and_the_rest_counted(build):
    posts = [build.post("A", 1_000 + number, f"{number}.mp4") for number in range(MAX_ROWS + 3)]
    far = build.post("B", 10_000_000, "far.mp4")
    _, drawn = lanes(build, *posts, far)
    crowded = drawn.lanes[0]
    assert len({mark.y for mark in crowded.marks}) == len(crowded.marks) == MAX_ROWS
    assert crowded.left_out == 3
    for lane in drawn.lanes:
        by_row = {}
        for mark in lane.marks:
            by_row.setdefault(mark.y, []).append(per_cent(mark.x))
        assert all(after - before >= NEAR for row in by_row.values() for before, after in pairwise(row))


def test_a_time_that_may_mean_several_is_a_bar_and_never_the_earliest_by_itself(build):
    label = Post(
        platform="telegram", channel="A", channel_id=None, message_id="1", posted_unixtime=None,
        posted_local="2022-07-12T11:00:00", posted_candidates=(1_000, 4_600),
    )  # fmt: skip
    seen = Appearance(kind=SourceKind.TELEGRAM_HTML_EXPORT, path="a.mp4", source="messages.html", post=label)
    _, drawn = lanes(build, seen, build.post("B", 2_000, "b.mp4"))
    bar = drawn.lanes[0].marks[0]
    assert (per_cent(bar.x), per_cent(bar.end)) == (LEFT, RIGHT)
    assert drawn.ranges
    assert not any(mark.first for lane in drawn.lanes for mark in lane.marks)


def test_what_has_no_time_is_named_by_its_number_and_not_drawn(build):
    _, drawn = lanes(build, Appearance(kind=SourceKind.FILE, path="a.mp4"), build.post("A", 5, "b.mp4"))
    assert drawn.undated == (2,)
    assert [mark.number for lane in drawn.lanes for mark in lane.marks] == [1]
    assert dict(drawn.bases)["found as a file; no posting time"] == (2,)


def test_one_moment_stands_in_the_middle_under_one_time(build):
    _, drawn = lanes(build, build.post("A", 5, "a.mp4"), build.post("B", 5, "b.mp4"))
    assert {per_cent(lane.marks[0].x) for lane in drawn.lanes} == {50.0}
    assert drawn.ticks == ("1970-01-01 00:00:05",)


def test_lanes_beyond_the_limit_are_counted(build):
    _, drawn = lanes(build, *(build.post(f"chat {n}", n, f"{n}.mp4") for n in range(MAX_LANES + 2)))
    assert (len(drawn.lanes), drawn.other_lanes) == (MAX_LANES, 2)
