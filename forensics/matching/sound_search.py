"""Which references may hold a query's sound: every word of the query, found again within a few bits, votes for an
offset in the files that hold it. The search only proposes; `forensics.matching.sound` compares.

A word that many files hold is no sign of two of them: a music bed, a channel's jingle, a carrier's hum. Its vote is
damped by the number of files (inverse document frequency; Sparck Jones 1972) and ends at a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
import numpy.typing as npt

from forensics.matching.sound import SOUND_PARAMS, SoundParams
from forensics.model.sound import WORD_BITS, SoundTrack

CHUNK_WORDS = 256
"""Query words looked up at once: with 529 neighbours each, a megabyte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a search gave: the numbers of the references worth comparing, best first, and how many audible words of
    the query were left out because too many files hold them.
    """

    references: tuple[int, ...]
    common: int


class SoundIndex:
    """The audible words of all references, sorted, with the place of each."""

    def __init__(self, references: Sequence[SoundTrack]) -> None:
        rows = [np.flatnonzero(track.audible) for track in references]
        words = [track.words[places] for track, places in zip(references, rows, strict=True)]
        owners = [np.full(len(places), number, np.int64) for number, places in enumerate(rows)]
        joined = np.concatenate([np.zeros(0, np.uint32), *words])
        order = np.argsort(joined, kind="stable")
        self._words = joined[order]
        self._owner = np.concatenate([np.zeros(0, np.int64), *owners])[order]
        self._place = np.concatenate([np.zeros(0, np.int64), *rows])[order]

    def propose(
        self, query: SoundTrack, skip: frozenset[int] = frozenset(), params: SoundParams = SOUND_PARAMS
    ) -> Proposal:
        """References, but for those in ``skip``, in which votes for one offset (or two adjacent ones) suffice."""
        rows = np.flatnonzero(query.audible)
        parts = [
            self._hits(query.words, rows[at : at + CHUNK_WORDS], params) for at in range(0, len(rows), CHUNK_WORDS)
        ]
        if not parts:
            return Proposal(references=(), common=0)
        row, owner, offset = (np.concatenate([part[column] for part in parts]) for column in range(3))
        others = ~np.isin(owner, list(skip))
        row, owner, offset = row[others], owner[others], offset[others]
        files = _files_of(row, owner, len(query.words))
        voting = files[row] <= params.most_files
        weight = _weight(files[row[voting]], params)
        return Proposal(
            references=tuple(_tally(owner[voting], offset[voting], weight, params)),
            common=int(np.count_nonzero(files > params.most_files)),
        )

    def _hits(
        self, words: npt.NDArray[np.uint32], rows: npt.NDArray[np.int64], params: SoundParams
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Query row, owner and offset of every indexed word within ``search_bits`` of a query word: all of them."""
        near = (words[rows][:, None] ^ _neighbours(params.search_bits)[None, :]).ravel()
        first = np.searchsorted(self._words, near, side="left")
        counts = np.searchsorted(self._words, near, side="right") - first
        asked = np.repeat(np.repeat(rows, len(near) // max(1, len(rows))), counts)
        starts = np.repeat(first - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
        hits = starts + np.arange(int(counts.sum()))
        return asked, self._owner[hits], self._place[hits] - asked


@lru_cache(maxsize=4)
def _neighbours(bits: int) -> npt.NDArray[np.uint32]:
    """All words of 32 bits with at most so many bits set."""
    masks = [
        sum(1 << place for place in places)
        for count in range(bits + 1)
        for places in combinations(range(WORD_BITS), count)
    ]
    return np.array(masks, dtype=np.uint32)


def _files_of(row: npt.NDArray[np.int64], owner: npt.NDArray[np.int64], rows: int) -> npt.NDArray[np.int64]:
    """In how many files each of the query's ``rows`` words was found again."""
    files = int(owner.max(initial=0)) + 1
    return np.bincount(np.unique(row * files + owner) // files, minlength=rows)


def _weight(files: npt.NDArray[np.int64], params: SoundParams) -> npt.NDArray[np.float64]:
    """1 for a word of one file, falling to about a quarter at the limit."""
    weight: npt.NDArray[np.float64] = np.log1p(params.most_files / files) / np.log1p(params.most_files)
    return weight


def _tally(
    owner: npt.NDArray[np.int64],
    offset: npt.NDArray[np.int64],
    weight: npt.NDArray[np.float64],
    params: SoundParams,
) -> list[int]:
    """Owners whose best offset, together with the next one, has the votes, best first."""
    if not len(owner):
        return []
    lowest = int(offset.min())
    # One free place between two owners: the last offset of one is not adjacent to the first of the next.
    span = int(offset.max()) - lowest + 2
    places, row = np.unique(owner * span + (offset - lowest), return_inverse=True)
    votes = np.bincount(row.ravel(), weights=weight)
    adjacent = places[1:] == places[:-1] + 1
    both = votes + np.append(np.where(adjacent, votes[1:], 0.0), 0.0)
    best = np.zeros(int(owner.max()) + 1)
    np.maximum.at(best, places // span, both)
    return sorted(np.flatnonzero(best >= params.least_votes).tolist(), key=lambda number: (-best[number], number))
