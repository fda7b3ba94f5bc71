"""Laws of fingerprints: storing and reading, keeping, covering."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from forensics.errors import IntegrityError
from forensics.fingerprint import SPEC, decode, encode
from forensics.fingerprint.fingerprinter import Keeper
from forensics.fingerprint.track import MAGIC
from forensics.model.fingerprint import Anchors, Fingerprint, HashSpec
from forensics.model.hamming import hamming
from forensics.model.time import MediaTime, TimeBase

INT64 = st.integers(-(2**63), 2**63 - 1)
BASES = st.builds(TimeBase, num=st.integers(1, 10**6), den=st.integers(1, 10**9))
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)


def rows_of(count: int, *shape: int) -> st.SearchStrategy[npt.NDArray[np.uint8]]:
    return arrays.arrays(np.uint8, (count, *shape))


@st.composite
def fingerprints(draw: st.DrawFn) -> Fingerprint:
    rows = draw(st.integers(0, 6))
    runs = draw(st.lists(st.tuples(INT64, st.integers(1, 4)), max_size=4, unique_by=lambda run: run[0]))
    anchors = sum(count for _, count in runs)
    return Fingerprint(
        spec=HashSpec(
            name=draw(TEXT), version=draw(TEXT), bits=256, recipe=draw(TEXT), keep_bits=draw(st.integers(0, 256))
        ),
        origin=MediaTime(pts=draw(INT64), base=draw(BASES)),
        frames=draw(st.integers(rows, 2**53 - 1)) if rows else 0,
        end_pts=draw(INT64),
        codes=draw(rows_of(rows, 32)),
        pts=np.array(draw(st.lists(INT64, min_size=rows, max_size=rows)), dtype=np.int64),
        quality=draw(arrays.arrays(np.uint8, rows, elements=st.integers(0, 100))),
        flags=draw(arrays.arrays(np.uint8, rows, elements=st.integers(0, 7))),
        box_codes=draw(rows_of(draw(st.sampled_from((0, rows))), 32)),
        anchors=Anchors(
            pts=np.array([pts for pts, count in runs for _ in range(count)], dtype=np.int64),
            points=(draw(arrays.arrays(np.uint16, (anchors, 2))) / 65536).astype(np.float32),
            descriptors=draw(rows_of(anchors, 32)),
        ),
    )


@settings(max_examples=150, deadline=None)
@given(fingerprints())
def test_reading_what_was_written_gives_the_same_fingerprint(stored: Fingerprint) -> None:
    data = encode(stored)
    read = decode(data)
    assert (read.spec, read.origin, read.frames, read.end_pts) == (
        stored.spec,
        stored.origin,
        stored.frames,
        stored.end_pts,
    )
    for part, other in ((read, stored), (read.anchors, stored.anchors)):
        for name in ("codes", "pts", "quality", "flags", "box_codes", "points", "descriptors"):
            if hasattr(part, name):
                assert np.array_equal(getattr(part, name), getattr(other, name))
    assert encode(read) == data


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
@example(b"")
@example(b"{}\n")
def test_bytes_from_anywhere_are_refused_in_one_way(data: bytes) -> None:
    for candidate in (data, MAGIC + data):
        try:
            read = decode(candidate)
        except IntegrityError:
            continue
        assert encode(read) == candidate


@settings(max_examples=150, deadline=None)
@given(fingerprints(), st.data())
def test_a_track_that_was_changed_is_refused_or_says_what_it_holds(stored: Fingerprint, choose: st.DataObject) -> None:
    data = bytearray(encode(stored))
    place = choose.draw(st.integers(0, len(data) - 1))
    data[place] = choose.draw(st.integers(0, 255))
    try:
        read = decode(bytes(data))
    except IntegrityError:
        return
    assert encode(read) == bytes(data)


def test_equal_parts_give_equal_bytes_whatever_their_memory_layout() -> None:
    random = np.random.default_rng(1)
    wide = random.integers(0, 256, (8, 64)).astype(np.uint8)
    plain = Fingerprint(
        spec=SPEC,
        origin=MediaTime(pts=0, base=TimeBase(num=1, den=25)),
        frames=4,
        end_pts=9,
        codes=wide[::2, ::2],
        pts=np.arange(8)[::2],
        quality=np.zeros(4, dtype=np.uint8),
        flags=np.zeros(4, dtype=np.uint8),
        box_codes=wide[::2, 1::2],
        anchors=Anchors(
            pts=np.zeros(0, dtype=np.int64),
            points=np.zeros((0, 2), np.float32),
            descriptors=np.zeros((0, 32), np.uint8),
        ),
    )
    copied = replace(
        plain, codes=plain.codes.copy(), pts=plain.pts.copy(), box_codes=np.asfortranarray(plain.box_codes)
    )
    assert encode(copied) == encode(plain)


@st.composite
def walks(draw: st.DrawFn) -> npt.NDArray[np.uint8]:
    """Codes of which each differs from the one before in some bits."""
    flips = draw(st.lists(st.lists(st.integers(0, 255), max_size=12), min_size=1, max_size=60))
    bits = np.zeros((len(flips), 256), dtype=np.uint8)
    for row, places in enumerate(flips):
        bits[row, places] = 1
    return np.packbits(np.bitwise_xor.accumulate(bits, axis=0), axis=1)


@settings(max_examples=150, deadline=None)
@given(walks(), st.lists(st.integers(1, 40), min_size=60, max_size=60), st.integers(1, 70))
def test_kept_rows_cover_all_rows_and_do_not_depend_on_batches(
    codes: npt.NDArray[np.uint8], steps: list[int], batch: int
) -> None:
    base = TimeBase(num=1, den=25)
    pts = np.cumsum(steps[: len(codes)]).astype(np.int64)
    kept = Keeper(base).rows(codes, pts)
    in_batches, keeper = [], Keeper(base)
    for start in range(0, len(codes), batch):
        in_batches += [start + row for row in keeper.rows(codes[start : start + batch], pts[start : start + batch])]
    assert in_batches == kept
    assert kept[0] == 0
    last = np.searchsorted(kept, np.arange(len(codes)), side="right") - 1
    nearest = np.array(kept)[last]
    assert hamming(codes, codes[nearest]).max() <= SPEC.keep_bits
    assert (pts - pts[nearest]).max() < 2 * 25
