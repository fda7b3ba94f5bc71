"""Agreements of local features are what a plain count over all hits gives."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.matching.agreement import agreements
from forensics.matching.subject import Corpus, Named
from forensics.model.match import Hits

Pictures = list[tuple[int, int]]
"""Of each picture its file's number, and how many features it has."""

pictures = st.lists(st.integers(1, 4), min_size=1, max_size=8).flatmap(
    lambda counts: st.lists(st.integers(0, 3), min_size=len(counts), max_size=len(counts)).map(
        lambda files: list(zip(sorted(files), counts, strict=True))
    )
)


def corpus_of(held: Pictures) -> Corpus:
    """Files whose pictures stand a second apart."""
    subject = np.repeat([file for file, _ in held], [count for _, count in held]).astype(np.int64)
    seconds = np.repeat(np.arange(len(held), dtype=float), [count for _, count in held])
    none = np.zeros(0)
    return Corpus(
        subjects=[Named(str(number), None, None) for number in range(4)],
        id_rank=np.arange(4),
        codes=none,
        code_subject=none,
        code_seconds=none,
        code_flags=none,
        descriptors=np.zeros((len(subject), 32), np.uint8),
        anchor_subject=subject,
        anchor_seconds=seconds,
        anchor_points=np.zeros((len(subject), 2), np.float32),
    )


@given(pictures, st.data())
def test_each_stored_feature_agrees_with_the_nearest_one_asked_and_votes_for_its_picture(
    held: Pictures, data: st.DataObject
) -> None:
    corpus = corpus_of(held)
    rows = len(corpus.descriptors)
    pairs = st.tuples(st.integers(0, 5), st.integers(0, rows - 1))
    found = data.draw(st.dictionaries(pairs, st.integers(0, 56), min_size=1, max_size=30))
    drawn = sorted((query, row, bits) for (query, row), bits in found.items())
    hits = Hits(*(np.array(column, np.int64) for column in zip(*drawn, strict=True)))
    near = agreements(hits._replace(distance=hits.distance.astype(np.uint16)), corpus)
    assert near is not None

    best: dict[int, tuple[int, int]] = {}
    for query, row, bits in drawn:
        best[row] = min(best.get(row, (bits, query)), (bits, query))
    files = defaultdict(set)
    for row, (_, query) in best.items():
        files[query].add(int(corpus.anchor_subject[np.array([row])][0]))
    votes: dict[tuple[int, float], float] = defaultdict(float)
    for row, (bits, query) in best.items():
        picture = (int(corpus.anchor_subject[np.array([row])][0]), float(corpus.anchor_seconds[np.array([row])][0]))
        votes[picture] += (60 - bits) / len(files[query]) ** 0.5

    told = zip(near.reference.tolist(), near.distance.tolist(), near.query.tolist(), strict=True)
    assert {row: (bits, query) for row, bits, query in told} == best
    named = list(zip(near.subject.tolist(), near.seconds.tolist(), strict=True))
    assert named == sorted(votes)
    worth = 60.0 - near.distance
    assert near.votes(worth).tolist() == pytest.approx([votes[picture] for picture in named])
    assert near.counts.sum() == len(best)
    for number, (subject, seconds) in enumerate(named):
        mine = near.reference[near.rows(number)]
        assert set(corpus.anchor_subject[mine]) == {subject}
        assert set(corpus.anchor_seconds[mine]) == {seconds}


def test_without_hits_nothing_agrees() -> None:
    none = np.zeros(0, np.int64)
    assert agreements(Hits(none, none, none.astype(np.uint16)), corpus_of([(0, 1)])) is None
