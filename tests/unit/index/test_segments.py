"""Segments: one byte sequence for the same members, nothing damaged is read, and rows as the tracks have them."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.errors import IntegrityError
from forensics.index import Collection, LinearIndex, Member, absent, open_segment
from forensics.index.segment import MOST_HEADER_BYTES
from forensics.matching import Corpus, Subject
from tests.unit.index.segment_members import encoded, fingerprint, member, named, segment

COLUMNS = ("codes", "ticks", "flags", "descriptors", "anchor_ticks", "points")


def corpus_of(members: list[Member]) -> Corpus:
    return Corpus.build([Subject(id=each.evidence, fingerprint=each.fingerprint, duration_s=1.0) for each in members])


def wanted(members: list[Member]) -> list[tuple[str, str]]:
    return [(each.evidence, each.track) for each in members]


def test_the_same_members_give_the_same_bytes_and_another_order_gives_others() -> None:
    assert encoded(member(1), member(2)) == encoded(member(1), member(2))
    assert encoded(member(1), member(2)) != encoded(member(2), member(1))


def test_a_segment_holds_what_the_tracks_hold() -> None:
    one, other = member(1), member(2, rows=0)
    held = segment(one, other)
    assert (held.evidence, held.tracks) == ((one.evidence, other.evidence), (one.track, other.track))
    assert np.array_equal(held.codes, np.concatenate([one.fingerprint.codes, one.fingerprint.box_codes]))
    assert held.code_starts.tolist() == [0, 14, 14]
    assert held.rows == 14 + 5


def test_every_column_begins_where_whole_cache_lines_do() -> None:
    data, name = encoded(member(1), member(2))
    held = open_segment(data, name)
    first = np.frombuffer(data, np.uint8).ctypes.data
    assert all((getattr(held, column).ctypes.data - first) % 64 == 0 for column in COLUMNS)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_changed_byte_anywhere_is_found(data: st.DataObject) -> None:
    whole, name = encoded(member(1), member(2))
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(IntegrityError, match="its SHA-256 is another one") as caught:
        open_segment(bytes(changed), name)
    assert caught.value.code == "integrity.index"


@pytest.mark.parametrize("length", [0, 1, 40, MOST_HEADER_BYTES, -1])
def test_a_torn_segment_is_found_even_under_the_name_of_its_own_digest(length: int) -> None:
    torn = encoded(member(1))[0][:length]
    with pytest.raises(IntegrityError, match="not whole"):
        open_segment(torn, hashlib.sha256(torn).hexdigest())


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (b"segment 1\n", b"segment 2\n", "first line"),
        (b'"code_rows":14', b'"code_rows":15', "header"),
        (b'"code_rows":14', b'"code_rows":-4', "negative"),
        (b'"shelf"', b'"shelv"', "not valid"),
        (b'["tick","<i8"', b'["tick","<f8"', "header"),
    ],
)
def test_a_header_that_is_not_ours_is_refused_even_under_the_name_of_its_own_digest(
    old: bytes, new: bytes, fault: str
) -> None:
    data = encoded(member(1))[0]
    assert old in data
    forged = data.replace(old, new, 1)
    with pytest.raises(IntegrityError, match=fault):
        open_segment(forged, hashlib.sha256(forged).hexdigest())


def test_a_forged_count_of_rows_is_refused_even_under_the_name_of_its_own_digest() -> None:
    data = encoded(member(1))[0]
    place = data.index((14).to_bytes(8, "little"), MOST_HEADER_BYTES)
    forged = data[:place] + (13).to_bytes(8, "little") + data[place + 8 :]
    with pytest.raises(IntegrityError, match="do not add up"):
        open_segment(forged, hashlib.sha256(forged).hexdigest())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 9), max_size=7, unique=True), st.integers(1, 4), st.randoms(use_true_random=False))
def test_a_collection_reads_and_finds_what_the_tracks_in_memory_do(seeds: list[int], most: int, chance: object) -> None:
    """However members are spread over segments, with dead ones between them and duplicates."""
    members = [member(seed, rows=seed % 4 * 3) for seed in range(10)]
    chance.shuffle(members)  # type: ignore[attr-defined]
    segments = [segment(*members[start : start + most]) for start in range(0, 10, most)] + [segment(*members[:2])]
    asked = [member(seed, rows=seed % 4 * 3) for seed in seeds]
    held, corpus = Collection(segments, wanted(asked)), corpus_of(asked)
    for rows, of_memory, column in (
        (held.codes, corpus.codes, held.code_column),
        (held.descriptors, corpus.descriptors, held.anchor_column),
    ):
        truth = LinearIndex()
        truth.add(of_memory)  # type: ignore[arg-type]
        query = np.concatenate([each.fingerprint.codes for each in members])
        for radius in (0, 31, 110, 120):
            assert all(
                np.array_equal(a, b) for a, b in zip(rows.query(query, radius), truth.query(query, radius), strict=True)
            )
        if len(rows):
            every = np.arange(len(rows))
            assert np.array_equal(
                column("subject")[every], (corpus.code_subject if rows is held.codes else corpus.anchor_subject)[every]
            )
            assert np.array_equal(
                column("seconds")[every], (corpus.code_seconds if rows is held.codes else corpus.anchor_seconds)[every]
            )
    assert held.hub_rows == int(np.count_nonzero(corpus.code_flags[np.arange(len(corpus.codes))]))


def test_a_member_whose_track_was_replaced_is_dead() -> None:
    old = member(1)
    new = Member(old.evidence, named("track", 99), fingerprint(99, rows=3))
    held = Collection([segment(old, member(2)), segment(new)], [(new.evidence, new.track)])
    assert len(held.codes) == 3
    assert not len(held.codes.query(old.fingerprint.codes, 0).query)
    assert held.codes.query(new.fingerprint.codes, 0).reference.tolist() == [0, 1, 2]


def test_what_no_segment_holds_is_told_and_not_searched_as_if_it_were() -> None:
    one, other = member(1), member(2)
    assert absent([segment(one)], wanted([other, one])) == ((other.evidence, other.track),)
    with pytest.raises(ValueError, match="in a segment"):
        Collection([segment(one)], wanted([one, other]))
