"""Many segments searched and read as one: rows stand in the order of the evidence asked for, wherever they lie."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from forensics.index.checks import check_query
from forensics.index.scan import in_order, joined, scan
from forensics.index.segment import Segment
from forensics.model.match import Hits

Wanted = tuple[str, str]
"""An evidence, and the SHA-256 of the track that its manifest names now."""

Scalar = TypeVar("Scalar", bound=np.generic)
Int64s = npt.NDArray[np.int64]

_DEAD = -1


def absent(segments: Iterable[Segment], wanted: Iterable[Wanted]) -> tuple[Wanted, ...]:
    """What is wanted and in no segment, in the order asked for."""
    held = {pair for segment in segments for pair in zip(segment.evidence, segment.tracks, strict=True)}
    return tuple(pair for pair in wanted if pair not in held)


class Rows:
    """Rows of one kind (codes or descriptors) of all the wanted members, numbered in their order.

    A member that is not wanted (its evidence went, or has another track by now) is compared like all the others and
    its pairs are left out: nothing need be written for a member to be dead.
    """

    def __init__(
        self, parts: Sequence[tuple[Segment, npt.NDArray[np.uint8], Int64s]], places: Int64s, subjects: int
    ) -> None:
        """``parts``: each segment with its searched column and where its members' rows begin; ``places`` int64
        (wanted, 2): segment and member of each one wanted.
        """
        self._parts = parts
        self._segment = places[:, 0]
        self._owners = [np.full(len(starts) - 1, _DEAD, np.int64) for _, _, starts in parts]
        first, counts = np.zeros(subjects, np.int64), np.zeros(subjects, np.int64)
        for number, (_, _, starts) in enumerate(parts):
            mine = np.flatnonzero(self._segment == number)
            members = places[mine, 1]
            self._owners[number][members] = mine
            first[mine], counts[mine] = starts[members], starts[members + 1] - starts[members]
        self._first = first
        self._starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        self._earliest = [int(owners[owners != _DEAD].min(initial=subjects)) for owners in self._owners]

    def __len__(self) -> int:
        return int(self._starts[-1])

    def subjects(self, rows: Int64s) -> Int64s:
        """Whose these rows are: numbers in the order of the evidence asked for."""
        return np.searchsorted(self._starts, rows, side="right").astype(np.int64) - 1

    def picked(self, rows: Int64s, column: Callable[[Segment], npt.NDArray[Scalar]]) -> npt.NDArray[Scalar]:
        """The values of a segment's column in these rows."""
        subject = self.subjects(rows)
        segment, local = self._segment[subject], self._first[subject] + rows - self._starts[subject]
        form = column(self._parts[0][0])
        values = np.empty((len(rows), *form.shape[1:]), form.dtype)
        for number in np.unique(segment).tolist():
            mine = segment == number
            values[mine] = column(self._parts[number][0])[local[mine]]
        return values

    def query(self, codes: npt.NDArray[np.uint8], radius: int, members: int | None = None) -> Hits:
        """All pairs at most ``radius`` bits apart, without a cap, sorted by query row and then reference row; where
        ``members`` is given, with the first so many of the evidence asked for.

        Every row of every segment that holds one of them is compared. Raises ValueError for codes of another shape
        than uint8 (m, 32) or a radius outside 0..256.
        """
        check_query(codes, radius)
        first = len(self._first) if members is None else members
        found = []
        parts = zip(self._owners, self._earliest, self._parts, strict=True)
        for owners, earliest, (segment, column, starts) in parts:
            if earliest >= first:
                continue
            hits = scan(column, codes, radius)
            member = np.searchsorted(starts, hits.reference, side="right") - 1
            owner = owners[member]
            alive = (owner != _DEAD) & (owner < first)
            row = self._starts[owner] + hits.reference - starts[member]
            found.append(Hits(hits.query[alive], row[alive], hits.distance[alive]))
            segment.release()
        return in_order(joined(found))


class Column(Generic[Scalar]):
    """One column of all the rows, read where it is asked for."""

    def __init__(self, rows: Rows, values: Callable[[Int64s], npt.NDArray[Scalar]]) -> None:
        self._rows = rows
        self._values = values

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, rows: Int64s) -> npt.NDArray[Scalar]:
        return self._values(rows)


class Collection:
    """The wanted members of these segments. ``codes`` and ``descriptors`` are searched, the columns beside them read.

    Raises ValueError where a wanted member is in no segment.
    """

    def __init__(self, segments: Sequence[Segment], wanted: Sequence[Wanted]) -> None:
        held: dict[Wanted, tuple[int, int]] = {}
        self.segments = tuple(sorted(segments, key=lambda segment: segment.sha256))
        for number, segment in enumerate(self.segments):
            for member, pair in enumerate(zip(segment.evidence, segment.tracks, strict=True)):
                held.setdefault(pair, (number, member))
        if any(pair not in held for pair in wanted):
            raise ValueError("every wanted member is in a segment")
        places = np.array([held[pair] for pair in wanted], np.int64).reshape(-1, 2)
        self.codes = Rows([(each, each.codes, each.code_starts) for each in self.segments], places, len(wanted))
        self.descriptors = Rows(
            [(each, each.descriptors, each.anchor_starts) for each in self.segments], places, len(wanted)
        )
        self._places = places
        self._per_tick = np.array(
            [self.segments[segment].seconds_per_tick[member] for segment, member in places.tolist()], np.float64
        )

    def code_column(self, name: str) -> Column[Any]:
        """Of the code rows: ``codes``, ``flags``, ``subject`` (int64), ``seconds`` (float64)."""
        return self._column(self.codes, name, lambda segment: segment.ticks)

    def anchor_column(self, name: str) -> Column[Any]:
        """Of the anchor rows: ``descriptors``, ``points``, ``subject`` (int64), ``seconds`` (float64)."""
        return self._column(self.descriptors, name, lambda segment: segment.anchor_ticks)

    def _column(self, rows: Rows, name: str, ticks: Callable[[Segment], Int64s]) -> Column[Any]:
        if name == "subject":
            return Column(rows, rows.subjects)
        if name == "seconds":
            return Column(
                rows, lambda asked: rows.picked(asked, ticks).astype(np.float64) * self._per_tick[rows.subjects(asked)]
            )
        return Column(rows, lambda asked: rows.picked(asked, lambda segment: getattr(segment, name)))

    @property
    def hub_rows(self) -> int:
        """Code rows of black frames, flat ones and title cards: they are compared, and start no match."""
        total = 0
        for number, segment in enumerate(self.segments):
            members = self._places[self._places[:, 0] == number, 1]
            before = np.concatenate([np.zeros(1, np.int64), np.cumsum(segment.flags != 0, dtype=np.int64)])
            total += int((before[segment.code_starts[members + 1]] - before[segment.code_starts[members]]).sum())
            segment.release()
        return total
