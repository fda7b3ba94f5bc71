"""What must not change a decision: where on its clock a clip begins, which side is the query, the order of files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import faiss
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.index import FlatIndex
from forensics.matching import Candidate, Corpus, Footage, Subject, candidates, examine
from forensics.model.match import Decision, Match
from forensics.model.media import Window
from tests.unit.matching.scenes import cropped, joined, mirrored, stretch, take
from tests.unit.matching.test_matching_pairs import footage, subject, views

ORIGINAL = take(71, 81, 65)
BEFORE = take(72, 82, 25)
TENTH = 0.15
"""Seconds: a frame and a half at the rate at which both files are compared."""


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """As in the program's workers; many threads on busy cores wait for one another in searches this small."""
    before = faiss.omp_get_max_threads(), cv2.getNumThreads()
    faiss.omp_set_num_threads(1)
    cv2.setNumThreads(1)
    yield
    faiss.omp_set_num_threads(before[0])
    cv2.setNumThreads(before[1])


def ranked(query: Subject, references: list[Subject], frames: Footage) -> tuple[Candidate, ...]:
    corpus = Corpus.build(references)
    codes, descriptors = FlatIndex(), FlatIndex()
    codes.add(corpus.codes)
    descriptors.add(corpus.descriptors)
    return candidates(query, corpus, codes.query, descriptors.query, views, frames).candidates


def compared(query: Window, reference: Window) -> Match | None:
    frames = footage(q=query, r=reference)
    ours, theirs = subject("q", query), subject("r", reference)
    found = ranked(ours, [theirs], frames)
    return examine(ours, theirs, found[0], frames) if found else None


def decided(found: Match | None) -> tuple[Decision, bool] | None:
    return None if found is None else (found.decision, found.mirrored)


@pytest.mark.parametrize("tenths", [4, 21])
def test_what_comes_before_a_copy_moves_its_times_in_the_query_and_nothing_else(tenths: int) -> None:
    copy = stretch(ORIGINAL, 1.5, 5.3)
    found = compared(joined(stretch(BEFORE, 0.0, tenths / 10), copy), ORIGINAL)
    assert found is not None
    assert decided(found) == (Decision.MATCH, False)
    (segment,) = found.segments
    assert segment.query_start_s == pytest.approx(tenths / 10, abs=TENTH)
    assert segment.query_end_s == pytest.approx(tenths / 10 + 3.8, abs=TENTH)
    assert segment.reference_start_s == pytest.approx(1.5, abs=TENTH)
    assert segment.reference_end_s == pytest.approx(5.3, abs=TENTH)


@pytest.mark.parametrize(("first", "last"), [(7, 60), (15, 53)])
def test_where_the_original_is_cut_moves_its_times_and_nothing_else(first: int, last: int) -> None:
    found = compared(stretch(ORIGINAL, 1.5, 5.3), stretch(ORIGINAL, first / 10, last / 10))
    assert decided(found) == (Decision.MATCH, False)
    assert found is not None
    (segment,) = found.segments
    assert segment.reference_start_s == pytest.approx(1.5 - first / 10, abs=TENTH)
    assert segment.reference_end_s == pytest.approx(5.3 - first / 10, abs=TENTH)
    assert segment.query_start_s == pytest.approx(0.0, abs=TENTH)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(stretch(ORIGINAL, 2.0, 6.0), ORIGINAL, id="a stretch"),
        pytest.param(cropped(stretch(ORIGINAL, 1.0, 5.0), 0.1, 0.1, 0.9, 0.9), ORIGINAL, id="a crop"),
        pytest.param(mirrored(stretch(ORIGINAL, 1.0, 5.0)), ORIGINAL, id="a mirrored stretch"),
        pytest.param(take(71, 83, 40), ORIGINAL, id="the same camera, another time"),
        pytest.param(take(73, 84, 40), ORIGINAL, id="unrelated"),
    ],
)
def test_the_decision_is_the_same_with_query_and_reference_exchanged(one: Window, other: Window) -> None:
    there, back = compared(one, other), compared(other, one)
    assert decided(there) == decided(back)
    if there is None or back is None or there.decision is Decision.CANDIDATE:
        return
    (ahead,), (astern,) = there.segments, back.segments
    assert ahead.query_start_s == pytest.approx(astern.reference_start_s, abs=TENTH)
    assert ahead.query_end_s == pytest.approx(astern.reference_end_s, abs=TENTH)
    assert ahead.reference_start_s == pytest.approx(astern.query_start_s, abs=TENTH)
    assert ahead.speed == pytest.approx(1 / astern.speed, rel=0.01)


FILES = {
    "a": stretch(ORIGINAL, 0.0, 3.0),
    "b": mirrored(stretch(ORIGINAL, 2.0, 5.0)),
    "c": take(71, 85, 25),
    "d": take(74, 86, 25),
}
QUERY = cropped(stretch(ORIGINAL, 1.0, 4.0), 0.0, 0.0, 0.9, 0.9)
SUBJECTS = {name: subject(name, window) for name, window in FILES.items()}
FOOTAGE = footage(q=QUERY, **FILES)


def proposed(order: Sequence[str]) -> tuple[Candidate, ...]:
    return ranked(subject("q", QUERY), [SUBJECTS[name] for name in order], FOOTAGE)


@settings(max_examples=3, deadline=None, derandomize=True)
@given(st.permutations(sorted(FILES)))
def test_the_order_of_references_changes_neither_which_are_candidates_nor_their_best_guess(order: list[str]) -> None:
    plain, permuted = ({each.reference_id: each for each in proposed(given)} for given in (sorted(FILES), order))
    assert len(plain) >= 2
    assert plain.keys() == permuted.keys()
    for name, candidate in plain.items():
        assert candidate.seeds[0] == permuted[name].seeds[0]


def test_of_thirteen_equal_references_the_order_does_not_choose_which_are_candidates() -> None:
    window, names = take(91, 92, 10), "abcdefghijklm"
    made = {name: subject(name, window) for name in names}
    frames = footage(q=window, **dict.fromkeys(names, window))
    forward, backward = (
        {each.reference_id for each in ranked(subject("q", window), [made[name] for name in order], frames)}
        for order in (names, names[::-1])
    )
    assert forward == backward
