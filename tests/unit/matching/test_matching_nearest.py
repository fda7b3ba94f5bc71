"""Nearest to the source: inferred from what copies lack, or said to be not tellable."""

from itertools import permutations

from forensics.matching import Copy, nearest
from forensics.matching.nearest import Criterion
from tests.unit.matching.footage_case import match, transform


def copy(name, **told):
    return Copy(
        **({"id": name, "label": f"E-{name}", "length_s": 10.0, "width": 1280, "height": 720, "codec": "h264"} | told)
    )


def criteria(found):
    return [reason.criterion for reason in found.reasons]


def test_the_larger_earlier_longer_file_is_named_with_all_its_reasons():
    small = copy("b", width=640, height=360, length_s=6.0, posted=500)
    found = nearest([small, copy("a", posted=100)], [match("b", "a")])
    assert found.ids == ("a",)
    assert found.statement.startswith("inference: E-a is nearest")
    assert criteria(found) == [Criterion.LENGTH, Criterion.RESOLUTION, Criterion.POSTED]
    assert all(reason.excludes == ("b",) for reason in found.reasons)


def test_long_times_between_posts_are_told_in_days_too():
    found = nearest([copy("a", posted=0), copy("b", posted=154_516), copy("c", posted=3599)], [match("b", "a")])
    told = next(reason for reason in found.reasons if reason.criterion == Criterion.POSTED).text
    assert "154516 s (1 d 18 h 55 min) after" in told
    assert "3599 s after" in told


def test_reasons_that_conflict_name_nobody():
    found = nearest([copy("a", width=640, height=360, posted=100), copy("b", posted=500)], [match("b", "a")])
    assert found.ids == ()
    assert found.statement.startswith("cannot be told: the reasons conflict")


def test_copies_that_lack_nothing_are_not_ranked():
    found = nearest([copy("a"), copy("b")], [match("b", "a")])
    assert (found.ids, found.reasons) == ((), ())
    assert found.statement.startswith("cannot be told")


def test_when_two_are_left_neither_is_named():
    found = nearest([copy("a"), copy("b"), copy("c", length_s=3.0)], [])
    assert found.ids == ()
    assert "between E-a and E-b" in found.statement


def test_two_files_of_the_same_encoded_pictures_are_named_together():
    found = nearest([copy("a", essence="x"), copy("b", essence="x"), copy("c", length_s=3.0)], [])
    assert found.ids == ("a", "b")
    assert "same encoded pictures" in found.statement


def test_a_cropped_copy_is_not_nearest_whichever_side_was_the_query():
    part = (0.1, 0.1, 0.9, 0.9)
    for pair in (match("b", "a", how=transform(crop=part)), match("a", "b", how=transform(box=part))):
        found = nearest([copy("a"), copy("b")], [pair])
        assert found.ids == ("a",)
        assert "64% of the picture of E-a" in found.reasons[0].text


def test_a_picture_with_bars_around_another_is_not_taken_for_the_wider_one():
    found = nearest([copy("a"), copy("b", bordered=True)], [match("b", "a", how=transform(box=(0.1, 0.0, 0.9, 1.0)))])
    assert found.ids == ()
    assert found.reasons == ()
    assert "frame" in found.doubts[0]


def test_a_small_inset_is_a_doubt_and_its_frame_is_never_named():
    inset = match("b", "a", how=transform(box=(0.5, 0.5, 0.95, 0.95)))
    found = nearest([copy("a", width=640, height=360), copy("b")], [inset])
    assert found.ids == ()
    assert "may only frame" in found.statement


def test_changed_speed_makes_lengths_no_reason():
    assert nearest([copy("a"), copy("b", length_s=20.0)], [match("b", "a", speed=0.5)]).reasons == ()


def test_a_file_without_a_posting_time_is_not_excluded_by_one():
    found = nearest([copy("card", width=1920, height=1080), copy("post", posted=100)], [])
    assert found.ids == ("card",)


def test_bits_are_compared_between_equal_codecs_and_sizes_only():
    assert nearest([copy("a", bit_rate=8_000_000), copy("b", bit_rate=900_000)], []).ids == ("a",)
    assert nearest([copy("a", bit_rate=8_000_000), copy("b", bit_rate=900_000, codec="hevc")], []).ids == ()


def test_a_rewriting_program_counts_only_where_another_file_lacks_its_tag():
    assert nearest([copy("a", encoder="DJI FC3411"), copy("b", encoder="Lavf58.29.100")], []).ids == ("a",)
    assert nearest([copy("a", encoder="Lavf60.3.100"), copy("b", encoder="Lavf58.29.100")], []).ids == ()


def test_the_order_of_copies_and_matches_changes_nothing():
    copies = [copy("a", posted=5), copy("b", posted=9, length_s=4.0), copy("c", width=640, height=360)]
    matches = [match("b", "a"), match("c", "a", how=transform(crop=(0, 0, 0.8, 0.8))), match("c", "b")]
    results = {nearest(c, m) for c in permutations(copies) for m in permutations(matches)}
    assert len(results) == 1


def test_one_file_alone_has_nothing_to_compare():
    assert nearest([copy("a")], []).statement == "only one file: nothing to compare"
