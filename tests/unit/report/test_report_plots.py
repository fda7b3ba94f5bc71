import math
from dataclasses import replace

from forensics.report.plots import SIDE, offset_plot, per_cent


def test_equal_speed_rises_at_45_degrees_from_where_the_segment_begins(build):
    view = build.view(build.match("q", "r", build.segment((0, 10), (10, 20))), durations=(10.0, 20.0))
    plot = offset_plot(view)
    (line,) = plot.lines
    assert (line.x1, line.y1, line.x2, line.y2) == ("0.0", f"{SIDE / 2:.1f}", f"{SIDE / 2:.1f}", "0.0")
    assert (plot.width, plot.height) == (f"{SIDE / 2:.1f}", f"{SIDE:.1f}")
    assert (
        plot.told
        == "The second clock is 10.00 s ahead of the first where the segment begins, and runs at the same speed."
    )


def test_another_speed_and_a_second_clock_behind_are_told(build):
    fast = replace(build.segment((30, 40), (0, 20)), speed=2.0)
    told = offset_plot(build.view(build.match("q", "r", fast, build.segment((0, 1), (25, 26))))).told
    assert "30.00 s behind the first" in told
    assert "at 2.000 times the speed; 1 more segment in the table" in told


def test_nothing_is_drawn_outside_the_field_or_from_what_is_no_number(build):
    wild = offset_plot(build.view(build.match("q", "r", build.segment((-50, 1e12), (5, 5)))))
    assert all(0 <= float(each) <= SIDE for line in wild.lines for each in (line.x1, line.y1, line.x2, line.y2))
    assert offset_plot(build.view(build.match("q", "r"))) is None
    assert offset_plot(build.view(build.match("q", "r", build.segment((0, math.nan), (0, 1))))) is None


def test_a_still_has_no_line(build):
    assert offset_plot(build.view(build.match("q", "r", build.segment((0, 0), (3, 4))))) is None


def test_a_score_lies_on_its_scale():
    assert [per_cent(each) for each in (0.0, 0.7, 0.818, 1.0, 2.0)] == ["0.0%", "70.0%", "81.8%", "100.0%", "100.0%"]
