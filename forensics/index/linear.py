"""The slow truth: every query against every code, counted bit by bit in numpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from forensics.index.checks import CodeStore, check_query
from forensics.model.hamming import hamming
from forensics.model.match import Hits

_CHUNK = 1 << 16
"""References compared at once with one query (2 MiB of codes)."""


class LinearIndex:
    """Exhaustive search without any structure: the reference for every other index."""

    def __init__(self) -> None:
        self._store = CodeStore()

    def __len__(self) -> int:
        return len(self._store)

    def add(self, codes: npt.NDArray[np.uint8]) -> None:
        """Append codes uint8 (n, 32); rows are numbered from 0 in the order added."""
        self._store.add(codes)

    def query(self, codes: npt.NDArray[np.uint8], radius: int) -> Hits:
        """All pairs at most ``radius`` bits apart, without a cap, sorted by query row and then reference row.

        ``codes`` is uint8 (m, 32). Raises ValueError for codes of another shape or a radius outside 0..256.
        """
        check_query(codes, radius)
        stored = self._store.codes
        found = [_close(row, code, stored, radius) for row, code in enumerate(codes)]
        return Hits(
            query=np.concatenate([np.empty(0, dtype=np.int64), *(hits.query for hits in found)]),
            reference=np.concatenate([np.empty(0, dtype=np.int64), *(hits.reference for hits in found)]),
            distance=np.concatenate([np.empty(0, dtype=np.uint16), *(hits.distance for hits in found)]),
        )


def _close(row: int, code: npt.NDArray[np.uint8], stored: npt.NDArray[np.uint8], radius: int) -> Hits:
    chunks = [hamming(stored[start : start + _CHUNK], code) for start in range(0, len(stored), _CHUNK)]
    distance = np.concatenate([np.empty(0, dtype=np.uint16), *chunks])
    reference = np.flatnonzero(distance <= radius).astype(np.int64)
    return Hits(np.full(len(reference), row, dtype=np.int64), reference, distance[reference])
