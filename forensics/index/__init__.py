"""Indexes: frame hashes in, every pair within a radius out. Exact and complete, or it is not in this table."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from forensics.index.collection import Collection, Column, Rows, Wanted, absent
from forensics.index.flat import FlatIndex
from forensics.index.linear import LinearIndex
from forensics.index.multihash import MultiHashIndex
from forensics.index.planned import PlannedIndex
from forensics.index.segment import MOST_SEGMENT_BYTES, Member, Segment, encode_segment, open_segment, rows_of
from forensics.model.match import Hits

__all__ = [
    "INDEXES",
    "MOST_SEGMENT_BYTES",
    "Collection",
    "Column",
    "FlatIndex",
    "Index",
    "LinearIndex",
    "Member",
    "MultiHashIndex",
    "PlannedIndex",
    "Rows",
    "Segment",
    "Wanted",
    "absent",
    "encode_segment",
    "open_segment",
    "rows_of",
]


class Index(Protocol):
    """What an index does. Rows are numbered from 0 in the order added."""

    def __len__(self) -> int:
        """Return the number of codes added."""
        ...

    def add(self, codes: npt.NDArray[np.uint8]) -> None:
        """Append codes uint8 (n, 32)."""
        ...

    def query(self, codes: npt.NDArray[np.uint8], radius: int) -> Hits:
        """All pairs at most ``radius`` bits apart, sorted by query row and then reference row."""
        ...


INDEXES: tuple[type[Index], ...] = (LinearIndex, FlatIndex, MultiHashIndex, PlannedIndex)
"""Every index, the slow truth first. `tests/contract/test_indexes.py` holds each to it."""
