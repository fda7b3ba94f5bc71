"""Which exact search is the cheaper one: they find the same, so only the cost decides."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from forensics.index.checks import CodeStore, check_query
from forensics.index.multihash import FOUND_NS, MULTIHASH_RADIUS, SCAN_NS, MultiHashTables, cut_for
from forensics.index.scan import scan
from forensics.model.match import Hits

PROBE_NS = 35.0
"""Nanoseconds for one look-up, besides those for what it finds (one and ten million codes)."""

BUILD_NS = 1800.0
"""Nanoseconds a code to make the tables (ten million codes)."""


def scan_cost(rows: int, queries: int) -> float:
    """Nanoseconds to compare every code."""
    return SCAN_NS * rows * queries


def multihash_cost(rows: int, queries: int, radius: int) -> float:
    """Nanoseconds to look up, tables made; infinite where the tables are not exact."""
    if radius > MULTIHASH_RADIUS:
        return float("inf")
    cut = cut_for(rows)
    return cut.probes(radius) * queries * (PROBE_NS + FOUND_NS * rows / cut.values)


def build_cost(rows: int) -> float:
    """Nanoseconds to make the tables."""
    return BUILD_NS * rows


class PlannedIndex:
    """Compares every code until that has cost as much as the tables of multi-index hashing would; then makes and uses
    them, where they are exact and cheaper. How many queries will come need not be known: it never costs more than
    twice what knowing it would. Costs are computed from counts, never measured: the same calls take the same way.
    """

    def __init__(self) -> None:
        self._store = CodeStore()
        self._tables: MultiHashTables | None = None
        self._regret = 0.0

    def __len__(self) -> int:
        return len(self._store)

    def add(self, codes: npt.NDArray[np.uint8]) -> None:
        """Append codes uint8 (n, 32); rows are numbered from 0 in the order added."""
        self._store.add(codes)
        self._tables, self._regret = None, 0.0

    @property
    def with_tables(self) -> bool:
        """Whether the tables were made."""
        return self._tables is not None

    def query(self, codes: npt.NDArray[np.uint8], radius: int) -> Hits:
        """All pairs at most ``radius`` bits apart, without a cap, sorted by query row and then reference row.

        ``codes`` is uint8 (m, 32). Raises ValueError for codes of another shape or a radius outside 0..256.
        """
        check_query(codes, radius)
        rows, queries = len(self), len(codes)
        saved = scan_cost(rows, queries) - multihash_cost(rows, queries, radius)
        if saved <= 0:
            return scan(self._store.codes, codes, radius)
        self._regret += saved
        if self._tables is None and self._regret < build_cost(rows):
            return scan(self._store.codes, codes, radius)
        if self._tables is None:
            self._tables = MultiHashTables(self._store.codes)
        return self._tables.query(np.ascontiguousarray(codes), radius)
