"""The order of appearances: none is claimed where times may mean several."""

import pytest

from forensics.model.match import SameServerFile
from forensics.model.provenance import Appearance, Post, SourceKind
from forensics.report import posting_range, render_case, repost_groups, standing


def labelled(channel: str, *candidates: int, number: str = "1") -> Appearance:
    """A post of an HTML export: its label may mean several times."""
    post = Post(
        platform="telegram", channel=channel, channel_id=None, message_id=number, posted_unixtime=None,
        posted_local="2022-07-12T11:00:00", posted_candidates=candidates,
    )  # fmt: skip
    return Appearance(kind=SourceKind.TELEGRAM_HTML_EXPORT, path=f"{channel}.mp4", source="messages.html", post=post)


def group_of(build, *appearances: Appearance):
    (group,) = repost_groups([build.evidence("a", *appearances)], [])
    return group


def test_a_post_inside_the_range_of_another_is_not_put_before_or_after_it(build):
    group = group_of(build, labelled("A", 1_000, 4_600), build.post("B", 2_000, "b.mp4"))
    assert group.first is None
    assert group.earliest is None
    assert len(group.perhaps_first) == 2
    assert {standing(group, seen) for seen in group.sightings} == {"may be the earliest: the times do not tell"}


def test_a_range_that_ends_before_all_others_is_first(build):
    group = group_of(build, build.post("B", 5_000, "b.mp4"), labelled("A", 1_000, 4_600))
    assert group.first is not None
    assert group.first.appearance.path == "A.mp4"
    assert [standing(group, seen) for seen in group.sightings] == ["earliest in this case", "later"]


def test_no_order_is_claimed_between_two_posts_of_one_second(build):
    assert group_of(build, build.post("A", 5, "a.mp4"), build.post("B", 5, "b.mp4")).first is None


def test_one_post_in_two_captures_is_one_first(build):
    """The capture with the exact time is the one that is shown."""
    first, again = build.post("A", 5, "a.mp4"), build.post("A", 5, "b.mp4")
    group = group_of(build, first, again, labelled("A", 5, 3_605, number="4211"))
    assert group.first is not None
    assert group.first.posted == 5
    assert {standing(group, seen) for seen in group.sightings} == {"earliest in this case"}


def test_what_has_no_time_comes_last_and_has_no_place(build):
    group = group_of(build, Appearance(kind=SourceKind.FILE, path="a.mp4"), labelled("A", 1_000, 4_600))
    assert [standing(group, seen) for seen in group.sightings] == ["earliest in this case", None]


@pytest.mark.parametrize("candidates", [(), (-1, 5), (5, 10**30)])
def test_candidates_that_are_no_moments_give_no_range(candidates):
    assert posting_range(labelled("A", *candidates)) is None


def test_files_joined_by_a_server_file_are_whole(build):
    link = SameServerFile(query_id=build.sha("a"), reference_id=build.sha("b"), name="bd7ceb0b41.mp4")
    (group,) = repost_groups([build.evidence("a"), build.evidence("b")], [link])
    assert set(group.stretches) == {(build.sha(name), 0.0, float("inf")) for name in "ab"}


def test_the_page_says_between_which_times_and_by_which_server_file(build, case):
    from dataclasses import replace

    from forensics.report import ServerFileView

    views = (
        build.evidence("a", labelled("A", 1_000, 4_600), build.post("B", 2_000, "b.mp4")),
        build.evidence("b"),
    )
    name = "bd7ceb0b41<script>.mp4"
    link = SameServerFile(query_id=build.sha("a"), reference_id=build.sha("b"), name=name)
    server_file = ServerFileView(name=name, items=(build.sha("a"), build.sha("b")), posts=3, basis="the same name")
    page = render_case(
        replace(case, evidence=views, matches=(), links=(link,), server_files=(server_file,), group_names={})
    ).decode()
    assert "between 1970-01-01 00:16:40 UTC and 1970-01-01 01:16:40 UTC" in page
    assert "may be the earliest: the times do not tell" in page
    assert "Joined by the name of a server file alone" in page
    assert "3 posts with the same server file" in page
    assert "<script" not in page
