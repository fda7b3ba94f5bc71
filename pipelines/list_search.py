"""Frames of a case against the hashes of a list: exact, complete within the radius, bounded in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from forensics.exchange import CODE_BYTES, RADIUS, Algorithm, Listed
from forensics.index import PlannedIndex
from forensics.model.hamming import hamming
from forensics.model.match import Hits
from forensics.model.notice import Notice
from forensics.model.text import visible
from pipelines.frame_hashes import Frame

CHUNK = 8
"""Frames searched at a time: with a list of a million hashes that are all close, the hits take 300 MB."""

MAX_CANDIDATES = 10_000
"""Candidates shown of one list and one evidence, closest first: nobody looks at more; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A list as it was read: its name as given, digest, format and content."""

    path: str
    sha256: str
    format: str
    entries: tuple[Listed, ...]
    notices: tuple[Notice, ...]

    @property
    def name(self) -> str:
        """The file's name, safe to show."""
        return visible(Path(self.path).name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A listed hash with frames of one evidence within the radius.

    ``frame`` is the closest, ``distance`` its bits; ``frames`` counts all within the radius, ``first_ms`` and
    ``last_ms`` where they lie. ``repeats`` counts further lines of the list with the same hash.
    """

    sheet: Sheet
    listed: Listed
    repeats: int
    evidence: str
    exhibit: str
    frame: Frame
    distance: int
    frames: int
    first_ms: int | None
    last_ms: int | None


class Search:
    """The distinct hashes of one algorithm on one list, and the exact search of frames against them."""

    def __init__(self, algorithm: Algorithm, entries: Sequence[Listed]) -> None:
        self.algorithm = algorithm
        lines: dict[bytes, int] = {}
        self.listed: list[Listed] = []
        for each in entries:
            if each.hash.code not in lines:
                self.listed.append(each)
            lines[each.hash.code] = lines.get(each.hash.code, 0) + 1
        self._lines = lines
        self._codes = _stacked([each.hash.code for each in self.listed], CODE_BYTES[algorithm])
        self._index = PlannedIndex()
        if algorithm is Algorithm.PDQ:
            self._index.add(self._codes)

    def candidates(
        self, sheet: Sheet, evidence: str, exhibit: str, held: Sequence[Frame]
    ) -> tuple[list[Candidate], int]:
        """The listed hashes that a frame of this evidence is close to, each with the closest frame: the
        `MAX_CANDIDATES` closest, and how many there are.
        """
        frames = [frame for frame in held if frame.hash.algorithm is self.algorithm]
        # One number orders by distance and then by frame, so that a minimum names the closest and earliest.
        closest = np.full(len(self.listed), np.iinfo(np.int64).max, dtype=np.int64)
        count = np.zeros(len(self.listed), dtype=np.int64)
        first, last = closest.copy(), np.full(len(self.listed), -1, dtype=np.int64)
        times = np.array([frame.hash.at_ms or 0 for frame in frames], dtype=np.int64)
        for hits in self._hits(_stacked([frame.hash.code for frame in frames], CODE_BYTES[self.algorithm])):
            np.minimum.at(closest, hits.reference, (hits.distance.astype(np.int64) << 40) + hits.query)
            np.add.at(count, hits.reference, 1)
            np.minimum.at(first, hits.reference, times[hits.query])
            np.maximum.at(last, hits.reference, times[hits.query])
        found = []
        rows = np.flatnonzero(count)
        rows = rows[np.argsort(closest[rows] >> 40, kind="stable")]
        for row in rows[:MAX_CANDIDATES].tolist():
            distance, number = divmod(int(closest[row]), 1 << 40)
            frame, listed = frames[number], self.listed[row]
            found.append(
                Candidate(
                    sheet=sheet,
                    listed=listed,
                    repeats=self._lines[listed.hash.code] - 1,
                    evidence=evidence,
                    exhibit=exhibit,
                    frame=frame,
                    distance=distance,
                    frames=int(count[row]),
                    first_ms=None if frame.hash.at_ms is None else int(first[row]),
                    last_ms=None if frame.hash.at_ms is None else int(last[row]),
                )
            )
        return found, len(rows)

    def _hits(self, codes: npt.NDArray[np.uint8]) -> Iterator[Hits]:
        radius = RADIUS[self.algorithm]
        for start in range(0, len(codes), CHUNK):
            chunk = codes[start : start + CHUNK]
            if self.algorithm is Algorithm.PDQ:
                hits = self._index.query(chunk, radius)
                yield Hits(hits.query + start, hits.reference, hits.distance)
            else:
                distance = np.stack([hamming(self._codes, code) for code in chunk])
                query, reference = np.nonzero(distance <= radius)
                yield Hits(query + start, reference, distance[query, reference])


def _stacked(codes: Sequence[bytes], width: int) -> npt.NDArray[np.uint8]:
    return np.frombuffer(b"".join(codes), dtype=np.uint8).reshape(-1, width)
