"""Multi-index hashing: exact range search that looks only where a close code can be.

A code is cut into k pieces. If two codes differ in at most r bits, then in one of the pieces they differ in at most
r // k bits: were it more in every piece, they would differ in at least k (r // k + 1) > r bits. So every code within r
is found by looking up, piece by piece, all values within r // k flips of the query's, and each code found is then
compared whole: nothing is missed, nothing is guessed.

Source: M. Norouzi, A. Punjani, D. J. Fleet, "Fast exact search in Hamming space with multi-index hashing", 2014. Bits
that are in no piece (the last three of 11 x 23) do not weaken the argument.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb, inf

import numpy as np
import numpy.typing as npt

from forensics.index.checks import CodeStore, check_query
from forensics.index.scan import in_order, joined, no_hits, scan
from forensics.model.fingerprint import HASH_BYTES
from forensics.model.hamming import hamming
from forensics.model.match import Hits


@dataclass(frozen=True, slots=True)
class Cut:
    """How a code is cut: ``pieces`` pieces of ``bits`` bits."""

    pieces: int
    bits: int

    @property
    def values(self) -> int:
        """Values that a piece can have."""
        return 1 << self.bits

    def flips(self, radius: int) -> int:
        """Bits in which one of the pieces differs at most, when the codes differ in at most ``radius``."""
        return radius // self.pieces

    def probes(self, radius: int) -> int:
        """Look-ups for one query: every piece with every set of flips."""
        return self.pieces * sum(comb(self.bits, flips) for flips in range(self.flips(radius) + 1))


NARROW, WIDE = Cut(16, 16), Cut(11, 23)
"""Pieces with about as many values as there are codes: where many codes share a value, most of what is found is far."""

LEAST_FOR_WIDE = 1 << 18
"""Codes from which on the wide pieces are the cheaper ones."""

MOST_FLIPS = 2
"""With three, the look-ups cost more than comparing every code does, at any size that a machine holds."""

MULTIHASH_RADIUS = WIDE.pieces * (MOST_FLIPS + 1) - 1
"""32 bits: the widest radius that both cuts are exact for with so many flips."""

SCAN_NS = 1.1
"""Nanoseconds to compare one query with one code (AMD Zen 4, one thread; FAISS 1.15.1)."""

FOUND_NS = 180.0
"""Nanoseconds for each code that a look-up finds: it lies anywhere (one and ten million codes)."""

_Buckets = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]

_QUERY_CHUNK = 64
_COMPARED_CHUNK = 1 << 20
"""Codes compared at a time (32 MiB of them): where many are alike, one look-up finds thousands."""


def cut_for(rows: int) -> Cut:
    """The cut for so many codes."""
    return WIDE if rows >= LEAST_FOR_WIDE else NARROW


class MultiHashTables:
    """For every piece, which codes have which value: 369 MB and 44 bytes a code in wide pieces, 4 MB and 64 bytes in
    narrow ones. The codes are not copied.
    """

    def __init__(self, codes: npt.NDArray[np.uint8], cut: Cut | None = None, scan_ns: float = SCAN_NS) -> None:
        """``scan_ns``: what comparing with one code costs, in nanoseconds; infinite, and everything is looked up."""
        self.codes = codes
        self._scan_ns = scan_ns
        self.cut = cut_for(len(codes)) if cut is None else cut
        self._starts: list[npt.NDArray[np.uint32]] = []
        self._rows: list[npt.NDArray[np.uint32]] = []
        for number in range(self.cut.pieces):
            values = _pieces(codes, self.cut, number)
            starts = np.zeros(self.cut.values + 1, dtype=np.uint32)
            np.cumsum(np.bincount(values, minlength=self.cut.values), out=starts[1:])
            self._starts.append(starts)
            self._rows.append(np.argsort(values, kind="stable").astype(np.uint32))

    def query(self, asked: npt.NDArray[np.uint8], radius: int) -> Hits:
        """All pairs at most ``radius`` bits apart, sorted by query row and then reference row.

        A query whose pieces are so common that more codes would be found than comparing every code costs (a black
        frame) is compared with every code. Raises ValueError for a radius above `MULTIHASH_RADIUS`: the tables would
        miss some.
        """
        if radius > MULTIHASH_RADIUS:
            raise ValueError(f"these tables are exact up to {MULTIHASH_RADIUS} bits, not {radius}")
        flips = _flips(self.cut, radius)
        parts = []
        for start in range(0, len(asked), _QUERY_CHUNK):
            chunk = asked[start : start + _QUERY_CHUNK]
            buckets = [self._buckets(chunk, piece, flips) for piece in range(self.cut.pieces)]
            found = np.sum([counts.sum(axis=1) for _, counts in buckets], axis=0)
            common = found * FOUND_NS > len(self.codes) * self._scan_ns
            rare = np.flatnonzero(~common)
            hits = [
                each
                for piece, bucket in enumerate(buckets)
                for each in self._compared(chunk, rare, piece, bucket, radius)
            ]
            scanned = scan(self.codes, chunk[common], radius)
            hits.append(Hits(np.flatnonzero(common)[scanned.query], scanned.reference, scanned.distance))
            # A code that agrees in several pieces was found in each of them.
            once = in_order(joined(hits))
            parts.append(Hits(once.query + start, once.reference, once.distance))
        return joined(parts)

    def _buckets(self, asked: npt.NDArray[np.uint8], piece: int, flips: npt.NDArray[np.uint32]) -> _Buckets:
        """Where the codes begin, and how many they are, that have a value within the flips of each query's."""
        values = _pieces(asked, self.cut, piece)[:, None] ^ flips
        first = self._starts[piece][values].astype(np.int64)
        return first, self._starts[piece][values + np.uint32(1)].astype(np.int64) - first

    def _compared(
        self, asked: npt.NDArray[np.uint8], rare: npt.NDArray[np.intp], piece: int, buckets: _Buckets, radius: int
    ) -> Iterator[Hits]:
        """The close pairs among what one piece finds for the ``rare`` queries."""
        first, counts = (each[rare].ravel() for each in buckets)
        filled = np.flatnonzero(counts)
        query = rare[filled // buckets[0].shape[1]]
        first, counts = first[filled], counts[filled]
        ends = np.cumsum(counts)
        start = 0
        while start < len(counts):
            before = int(ends[start - 1]) if start else 0
            stop = max(start + 1, int(np.searchsorted(ends, before + _COMPARED_CHUNK, side="right")))
            part = slice(start, stop)
            begins = ends[part] - counts[part] - before
            place = np.arange(int(ends[stop - 1]) - before) + np.repeat(first[part] - begins, counts[part])
            row, asking = self._rows[piece][place], np.repeat(query[part], counts[part])
            distance = hamming(self.codes[row], asked[asking])
            close = distance <= radius
            yield Hits(asking[close], row[close].astype(np.int64), distance[close])
            start = stop


class MultiHashIndex:
    """Multi-index hashing over codes in memory, and nothing else up to `MULTIHASH_RADIUS`, whatever it costs. A wider
    radius is answered by comparing every code: as complete.
    """

    def __init__(self) -> None:
        self._store = CodeStore()
        self._tables: MultiHashTables | None = None

    def __len__(self) -> int:
        return len(self._store)

    def add(self, codes: npt.NDArray[np.uint8]) -> None:
        """Append codes uint8 (n, 32); rows are numbered from 0 in the order added."""
        self._store.add(codes)
        self._tables = None

    def query(self, codes: npt.NDArray[np.uint8], radius: int) -> Hits:
        """All pairs at most ``radius`` bits apart, without a cap, sorted by query row and then reference row.

        ``codes`` is uint8 (m, 32). Raises ValueError for codes of another shape or a radius outside 0..256.
        """
        check_query(codes, radius)
        if radius > MULTIHASH_RADIUS:
            return scan(self._store.codes, codes, radius)
        if not len(self) or not len(codes):
            return no_hits()
        if self._tables is None:
            self._tables = MultiHashTables(self._store.codes, scan_ns=inf)
        return self._tables.query(np.ascontiguousarray(codes), radius)


def _pieces(codes: npt.NDArray[np.uint8], cut: Cut, number: int) -> npt.NDArray[np.uint32]:
    """That piece of each code as a number, uint32 (n,); the first bit of a byte is its highest."""
    first = number * cut.bits
    byte = min(first // 8, HASH_BYTES - 4)
    word = np.ascontiguousarray(codes[:, byte : byte + 4]).view(">u4")[:, 0].astype(np.uint32)
    right = 32 - cut.bits - (first - 8 * byte)
    piece: npt.NDArray[np.uint32] = (word >> np.uint32(right)) & np.uint32(cut.values - 1)
    return piece


def _flips(cut: Cut, radius: int) -> npt.NDArray[np.uint32]:
    """Every pattern of at most so many bits of a piece as the radius asks for, the empty one first."""
    patterns = [
        sum(1 << place for place in places)
        for count in range(cut.flips(radius) + 1)
        for places in combinations(range(cut.bits), count)
    ]
    return np.array(patterns, dtype=np.uint32)
