"""The exhaustive search over codes in memory, in compiled code."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from forensics.index.checks import CodeStore, check_query
from forensics.index.scan import scan
from forensics.model.match import Hits


class FlatIndex:
    """Exact and complete range search (`scan`); no graph, no clustering, nothing approximate."""

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
        return scan(self._store.codes, codes, radius)
