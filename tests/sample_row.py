"""A row of `make samples-table`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One file with one reader: what it should be, and what was found."""

    reader: str
    file: str
    expected: str
    found: str

    @property
    def equal(self) -> bool:
        """Whether both are the same."""
        return self.expected == self.found
