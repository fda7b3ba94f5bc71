"""The same exhaustive search in compiled code: FAISS's flat binary index."""

from __future__ import annotations

import faiss
import numpy as np
import numpy.typing as npt

from forensics.index.checks import check_codes, check_query
from forensics.model.fingerprint import HASH_BYTES
from forensics.model.match import Hits

_QUERY_CHUNK = 256
"""Queries a call: bounds what FAISS holds of its answers at a time."""


class FlatIndex:
    """Exact and complete range search (FAISS `IndexBinaryFlat`); no graph, no clustering, nothing approximate."""

    def __init__(self) -> None:
        self._index = faiss.IndexBinaryFlat(8 * HASH_BYTES)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, codes: npt.NDArray[np.uint8]) -> None:
        """Append codes uint8 (n, 32); rows are numbered from 0 in the order added."""
        check_codes(codes)
        if len(codes):
            self._index.add(np.ascontiguousarray(codes))

    def query(self, codes: npt.NDArray[np.uint8], radius: int) -> Hits:
        """All pairs at most ``radius`` bits apart, without a cap, sorted by query row and then reference row.

        ``codes`` is uint8 (m, 32). Raises ValueError for codes of another shape or a radius outside 0..256.
        """
        check_query(codes, radius)
        parts = [
            self._query(codes[start : start + _QUERY_CHUNK], start, radius)
            for start in range(0, len(codes) if len(self) else 0, _QUERY_CHUNK)
        ]
        return Hits(
            query=np.concatenate([np.empty(0, dtype=np.int64), *(part.query for part in parts)]),
            reference=np.concatenate([np.empty(0, dtype=np.int64), *(part.reference for part in parts)]),
            distance=np.concatenate([np.empty(0, dtype=np.uint16), *(part.distance for part in parts)]),
        )

    def _query(self, codes: npt.NDArray[np.uint8], first_row: int, radius: int) -> Hits:
        # FAISS searches strictly below its radius.
        limits, distance, reference = self._index.range_search(np.ascontiguousarray(codes), radius + 1)
        query = first_row + np.repeat(np.arange(len(codes), dtype=np.int64), np.diff(limits.astype(np.int64)))
        # It promises no order within a query.
        order = np.lexsort((reference, query))
        return Hits(query[order], reference[order].astype(np.int64), distance[order].astype(np.uint16))
