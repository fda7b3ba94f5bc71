"""The exhaustive search itself in compiled code: FAISS's kernel over codes wherever they lie, also in a mapped file."""

from __future__ import annotations

import faiss
import numpy as np
import numpy.typing as npt

from forensics.model.fingerprint import HASH_BYTES
from forensics.model.match import Hits

_QUERY_CHUNK = 256
"""Queries a call: bounds what FAISS holds of its answers at a time."""

_DISTANCE_BITS, _ROW_BITS = 9, 36
_QUERY_BITS = 63 - _DISTANCE_BITS - _ROW_BITS
"""A pair in one number: distances to 256, rows to 68,000 million, and 262,144 queries."""


def scan(stored: npt.NDArray[np.uint8], asked: npt.NDArray[np.uint8], radius: int) -> Hits:
    """All pairs at most ``radius`` bits apart of ``asked`` uint8 (m, 32) and ``stored`` uint8 (n, 32), without a cap,
    sorted by query row and then reference row. ``stored`` is not copied when its rows lie one after another.
    """
    if not len(stored) or not len(asked):
        return no_hits()
    stored, asked = np.ascontiguousarray(stored), np.ascontiguousarray(asked)
    return joined(
        [
            _scanned(stored, asked[start : start + _QUERY_CHUNK], start, radius)
            for start in range(0, len(asked), _QUERY_CHUNK)
        ]
    )


def _scanned(stored: npt.NDArray[np.uint8], asked: npt.NDArray[np.uint8], first_row: int, radius: int) -> Hits:
    found = faiss.RangeSearchResult(len(asked))
    # FAISS searches strictly below its radius.
    faiss.hamming_range_search(  # type: ignore[attr-defined]  # named nowhere in its Python files
        faiss.swig_ptr(asked), faiss.swig_ptr(stored), len(asked), len(stored), radius + 1, HASH_BYTES, found
    )
    # What it gives lies in its own memory and is gone with it: each is copied by what follows.
    limits = faiss.rev_swig_ptr(found.lims, len(asked) + 1).astype(np.int64)
    count = int(limits[-1])
    if not count:
        return no_hits()
    reference = faiss.rev_swig_ptr(found.labels, count).astype(np.int64)
    distance = faiss.rev_swig_ptr(found.distances, count).astype(np.uint16)
    query = first_row + np.repeat(np.arange(len(asked), dtype=np.int64), np.diff(limits))
    return in_order(Hits(query, reference, distance))


def no_hits() -> Hits:
    """Nothing, in the promised types."""
    return Hits(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint16))


def joined(parts: list[Hits]) -> Hits:
    """Several answers one after another."""
    if not parts:
        return no_hits()
    return Hits(
        query=np.concatenate([part.query for part in parts]),
        reference=np.concatenate([part.reference for part in parts]),
        distance=np.concatenate([part.distance for part in parts]),
    )


def in_order(hits: Hits) -> Hits:
    """The same pairs, each once, sorted by query row and then reference row."""
    query, reference, distance = hits
    if not len(query) or int(query.max()) >> _QUERY_BITS or int(reference.max()) >> _ROW_BITS:
        order = np.lexsort((reference, query))
        return _once(Hits(query[order], reference[order], distance[order]))
    # One number for a pair sorts an order of magnitude faster than two.
    packed = (query << (_ROW_BITS + _DISTANCE_BITS)) | (reference << _DISTANCE_BITS) | distance
    packed.sort()
    row = (packed >> _DISTANCE_BITS) & ((1 << _ROW_BITS) - 1)
    bits = (packed & ((1 << _DISTANCE_BITS) - 1)).astype(np.uint16)
    return _once(Hits(packed >> (_ROW_BITS + _DISTANCE_BITS), row, bits))


def _once(hits: Hits) -> Hits:
    """Each pair once, of pairs in order."""
    again = (hits.query[1:] == hits.query[:-1]) & (hits.reference[1:] == hits.reference[:-1])
    if not again.any():
        return hits
    new = np.r_[True, ~again]
    return Hits(hits.query[new], hits.reference[new], hits.distance[new])
