from forensics.model.match import Assessment
from forensics.model.provenance import Appearance, SourceKind
from forensics.report import posting_time, repost_groups


def names(group, views):
    labels = {view.sha256: view.label for view in views}
    return [labels[item] for item in group.items]


def test_a_copy_and_its_original_are_one_group_with_the_earliest_post_first(build):
    late = build.evidence("late", build.post("B", 2_000, "b.mp4"))
    early = build.evidence("early", build.post("A", 1_000, "a.mp4"))
    match = build.match("late", "early", build.segment((0, 10), (5, 15)))
    (group,) = repost_groups([late, early], [match])
    assert names(group, [late, early]) == ["early", "late"]
    assert group.earliest == 1_000
    assert [seen.posted for seen in group.sightings] == [1_000, 2_000]
    assert group.stretches == tuple(sorted([(early.sha256, 5, 15), (late.sha256, 0, 10)]))


def test_a_candidate_joins_nothing(build):
    views = [build.evidence("a"), build.evidence("b")]
    segment = build.segment((0, 9), (0, 9))
    assert repost_groups(views, [build.match("a", "b", segment, assessment=Assessment.SAME_SCENE)]) == ()
    assert repost_groups(views, [build.match("a", "b", segment, assessment=Assessment.SAME_RECORDING_PROBABLE)]) == ()


def test_a_compilation_does_not_join_the_two_clips_that_it_holds(build):
    views = [build.evidence(name) for name in ("compilation", "first", "second")]
    matches = [
        build.match("first", "compilation", build.segment((0, 10), (0, 10))),
        build.match("second", "compilation", build.segment((0, 10), (10.3, 20.3))),
    ]
    groups = repost_groups(views, matches)
    assert sorted(sorted(names(group, views)) for group in groups) == [
        ["compilation", "first"],
        ["compilation", "second"],
    ]
    assert {group.matches for group in groups} == {(0,), (1,)}


def test_two_copies_of_overlapping_parts_are_joined_through_the_whole(build):
    views = [build.evidence(name) for name in ("whole", "start", "end")]
    matches = [
        build.match("start", "whole", build.segment((0, 10), (0, 10))),
        build.match("end", "whole", build.segment((0, 10), (7, 17))),
    ]
    (group,) = repost_groups(views, matches)
    assert sorted(names(group, views)) == ["end", "start", "whole"]
    assert (views[0].sha256, 0, 17) in group.stretches


def test_a_hole_of_equal_length_in_both_files_leaves_one_group(build):
    views = [build.evidence("a"), build.evidence("b")]
    match = build.match("a", "b", build.segment((0, 5), (10, 15)), build.segment((9, 14), (19, 24)))
    assert len(repost_groups(views, [match])) == 1


def test_two_clips_taken_from_different_places_are_two_groups(build):
    views = [build.evidence("a"), build.evidence("b")]
    match = build.match("a", "b", build.segment((0, 5), (10, 15)), build.segment((9, 14), (40, 45)))
    assert len(repost_groups(views, [match])) == 2


def test_a_match_without_segments_joins_the_whole_files(build):
    views = [build.evidence("a"), build.evidence("b"), build.evidence("c")]
    matches = [
        build.match("a", "b", assessment=Assessment.IDENTICAL_BITSTREAM),
        build.match("b", "c", build.segment((3, 9), (0, 6))),
    ]
    (group,) = repost_groups(views, matches)
    assert len(group.items) == 3


def test_the_same_bytes_found_twice_are_a_group_of_one_file(build):
    view = build.evidence("a", build.post("A", 5, "a.mp4"), Appearance(kind=SourceKind.FILE, path="b.mp4"))
    (group,) = repost_groups([view, build.evidence("b", build.post("A", 5, "c.mp4"))], [])
    assert group.items == (view.sha256,)
    assert [seen.posted for seen in group.sightings] == [5, None]


def test_a_file_compared_but_not_admitted_is_named_in_its_group(build):
    view = build.evidence("a", build.post("A", 5, "a.mp4"))
    (group,) = repost_groups([view], [build.match("outside", "a", build.segment((0, 9), (0, 9)))])
    assert set(group.items) == {view.sha256, build.sha("outside")}
    assert len(group.sightings) == 1


def test_no_clock_is_trusted_that_has_no_zone_or_names_no_moment(build):
    assert posting_time(build.post("A", 0, "a"))[0] == 0
    assert posting_time(build.post("A", None, "a", posted_local="2022-03-14T11:00:00"))[0] is None
    assert posting_time(build.post("A", -1, "a"))[0] is None
    assert posting_time(build.post("A", 10**30, "a"))[0] is None
    assert posting_time(Appearance(kind=SourceKind.FILE, path="a"))[0] is None


def test_groups_do_not_depend_on_the_order_of_evidence_and_matches(build):
    views = [build.evidence(name, build.post(name, 5, name)) for name in "abcd"]
    matches = [
        build.match("a", "b", build.segment((0, 9), (0, 9))),
        build.match("c", "b", build.segment((0, 9), (3, 12))),
        build.match("d", "a", build.segment((0, 4), (0, 4))),
    ]
    forwards = repost_groups(views, matches)
    backwards = repost_groups(views[::-1], matches[::-1])
    assert [(group.items, group.stretches) for group in forwards] == [
        (group.items, group.stretches) for group in backwards
    ]
