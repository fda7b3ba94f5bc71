import math

from forensics.report.drawing import WIDTH, overlap_bar, unmatched


def test_a_bar_shows_each_segment_at_its_place_in_both_files(build):
    bar = overlap_bar(build.view(build.match("q", "r", build.segment((0, 10), (20, 30))), durations=(20.0, 40.0)))
    (ribbon,) = bar.ribbons
    assert bar.one_scale
    assert (bar.query_width, bar.reference_width) == (f"{WIDTH / 2:.1f}", f"{WIDTH:.1f}")
    assert (ribbon.query_x, ribbon.query_width) == ("0.0", f"{WIDTH / 4:.1f}")
    assert (ribbon.reference_x, ribbon.reference_width) == (f"{WIDTH / 2:.1f}", f"{WIDTH / 4:.1f}")


def test_a_short_clip_of_a_long_file_gets_a_scale_of_its_own(build):
    bar = overlap_bar(build.view(build.match("q", "r", build.segment((0, 10), (20, 30))), durations=(10.0, 3600.0)))
    assert not bar.one_scale
    assert bar.query_width == bar.reference_width == f"{WIDTH:.1f}"


def test_a_bar_is_drawn_without_known_lengths(build):
    bar = overlap_bar(build.view(build.match("q", "r", build.segment((0, 10), (0, 10))), durations=(None, None)))
    assert bar.query_width == f"{WIDTH:.1f}"


def test_nothing_is_drawn_outside_the_picture(build):
    wild = [((-50, 1e12), (5, 5)), ((1e9, -1e9), (0, 1e-9)), ((29.99, 30), (0, 1))]
    bar = overlap_bar(build.view(build.match("q", "r", *(build.segment(*each) for each in wild))))
    for ribbon in bar.ribbons:
        for x, width in ((ribbon.query_x, ribbon.query_width), (ribbon.reference_x, ribbon.reference_width)):
            assert 0 <= float(x) <= float(x) + float(width) <= WIDTH


def test_no_bar_is_drawn_from_what_is_no_number(build):
    assert overlap_bar(build.view(build.match("q", "r"))) is None
    assert overlap_bar(build.view(build.match("q", "r", build.segment((0, math.nan), (0, 1))))) is None
    assert overlap_bar(build.view(build.match("q", "r", build.segment((0, math.inf), (0, 1))))) is None


def test_what_did_not_match_is_told_for_both_files(build):
    segments = build.segment((10, 15), (0, 5)), build.segment((1, 9.8), (20, 29.9))
    gaps = unmatched(build.view(build.match("q", "r", *segments), durations=(30.0, 30.0)))
    assert gaps.query == ((0.0, 1), (15, 30.0))
    assert gaps.reference == ((5, 20),)


def test_a_length_that_is_not_known_leaves_the_gaps_not_known(build):
    gaps = unmatched(build.view(build.match("q", "r", build.segment((0, 5), (0, 5))), durations=(None, math.nan)))
    assert (gaps.query, gaps.reference) == (None, None)
