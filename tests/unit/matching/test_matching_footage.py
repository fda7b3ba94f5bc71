"""Decoded stretches: the same frames however they are asked for, and nothing read twice or beyond the end."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.matching.footage import CHUNK_S, Footage
from forensics.model.media import Window

LENGTH_S = 33.3


class Reader:
    """A recording with uneven frame times whose every frame shows its number; it remembers what was asked."""

    def __init__(self, gaps: bool = False) -> None:
        every = np.cumsum(0.1 + 0.03 * np.sin(np.arange(330)))
        self.seconds = every[(every < LENGTH_S) & ~(gaps & (every > 7) & (every < 19))]
        self.asked: list[tuple[float, float]] = []

    def __call__(self, subject: str, start_s: float, end_s: float, fps: float, long_side: int) -> Window:
        self.asked.append((start_s, end_s))
        kept = np.flatnonzero((self.seconds >= start_s) & (self.seconds < end_s))
        return Window(self.seconds[kept], np.repeat(kept, 4).reshape(-1, 2, 2).astype(np.uint8))


def lasting(subject: str) -> float:
    return LENGTH_S


moments = st.floats(-5, 45)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(moments, moments), min_size=1, max_size=6), st.integers(200, 2000), st.booleans())
def test_a_stretch_holds_its_frames_whatever_was_asked_before_and_however_little_is_kept(
    asked: list[tuple[float, float]], memory: int, gaps: bool
) -> None:
    reader = Reader(gaps)
    footage = Footage(reader, lasting, memory_bytes=memory)
    for one, other in asked:
        start, end = min(one, other), max(one, other)
        found = footage.stretch("a", start, end)
        expected = np.flatnonzero((reader.seconds >= start - 1e-6) & (reader.seconds <= end + 1e-6))
        assert np.array_equal(found.seconds, reader.seconds[expected])
        assert np.array_equal(found.luma[:, 0, 0], expected.astype(np.uint8))


@settings(max_examples=100, deadline=None)
@given(moments, st.booleans())
def test_the_frame_of_a_moment_is_the_nearest_one(at: float, gaps: bool) -> None:
    reader = Reader(gaps)
    found = Footage(reader, lasting).frame("a", at)
    inside = gaps and 7 < at < 19
    if not inside:
        assert found is not None
        assert abs(found[0] - at) <= np.abs(reader.seconds - at).min() + 0.2


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(moments, st.booleans(), st.lists(moments, max_size=3)), min_size=1, max_size=8),
    st.integers(200, 2000),
    st.booleans(),
)
def test_the_frame_of_a_moment_does_not_depend_on_what_was_read_before(
    asked: list[tuple[float, bool, list[float]]], memory: int, gaps: bool
) -> None:
    footage = Footage(Reader(gaps), lasting, memory_bytes=memory)
    for at, longer, others in asked:
        footage.glances("a", [at, *others])
        whole = Footage(Reader(gaps), lasting)
        whole.stretch("a", -90.0, 90.0)
        found, expected = footage.frame("a", at), whole.frame("a", at)
        assert (found is None) == (expected is None)
        if found is not None and expected is not None:
            assert found[0] == expected[0]
            assert np.array_equal(found[1], expected[1])
        if longer:
            footage.stretch("a", at, at + 2.0)


def test_for_one_moment_a_chunk_is_read_no_further_than_past_it() -> None:
    reader = Reader()
    footage = Footage(reader, lasting)
    for at in (11.3, 11.0, 12.2, 10.1, 14.8, LENGTH_S):
        footage.frame("a", at)
    assert reader.asked == [(10.0, 11.8), (10.0, 15.0), (30.0, LENGTH_S)]


def test_moments_near_one_another_are_read_in_one_go_and_distant_ones_each_when_looked_at() -> None:
    reader = Reader()
    footage = Footage(reader, lasting)
    footage.glances("a", [18.2, 11.3])
    for at in (11.3, 18.2, 12.0, 15.4):
        footage.frame("a", at)
    assert reader.asked == [(10.0, 18.7)]
    footage.glances("b", [1.0, 18.2])
    footage.glances("b", [LENGTH_S + 1, LENGTH_S])
    assert reader.asked == [(10.0, 18.7)]


def test_nothing_is_decoded_twice_nor_beyond_the_end() -> None:
    reader = Reader()
    footage = Footage(reader, lasting)
    footage.stretch("a", 11.0, 12.0)
    footage.stretch("a", -90.0, 90.0)
    footage.frame("a", 60.0)
    assert reader.asked == [(10.0, 15.0), (0.0, 10.0), (15.0, LENGTH_S)]


def test_a_long_stretch_is_read_in_pieces_that_fit_in_memory() -> None:
    reader = Reader()
    Footage(reader).stretch("a", 0.0, 99.0)
    assert reader.asked == [(0.0, 60.0), (60.0, 100.0)]
    assert CHUNK_S == 5.0


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 45), st.lists(st.tuples(moments, moments), min_size=1, max_size=6), st.integers(200, 2000))
def test_frames_that_came_another_way_are_those_that_the_reader_gives(
    until: float, asked: list[tuple[float, float]], memory: int
) -> None:
    reader = Reader()
    footage = Footage(reader, lasting, memory_bytes=memory)
    footage.hold("a", Reader()("a", 0.0, until, 10.0, 512), until)
    for one, other in asked:
        start, end = min(one, other), max(one, other)
        found = footage.stretch("a", start, end)
        expected = np.flatnonzero((reader.seconds >= start - 1e-6) & (reader.seconds <= end + 1e-6))
        assert np.array_equal(found.seconds, reader.seconds[expected])
        assert np.array_equal(found.luma[:, 0, 0], expected.astype(np.uint8))


def test_nothing_that_came_another_way_is_decoded_again() -> None:
    reader = Reader()
    footage = Footage(reader, lasting)
    footage.hold("a", reader("a", 0.0, 40.0, 10.0, 512), 40.0)
    footage.hold("b", reader("b", 0.0, 12.0, 10.0, 512), 12.0)
    reader.asked.clear()
    footage.stretch("a", -90.0, 90.0)
    footage.stretch("b", -90.0, 90.0)
    assert reader.asked == [(10.0, LENGTH_S)]
