"""What of a case was compared already: records that the log names, so that no pair need be compared twice.

CASE/index/compared/<SHA-256>.json    a cache: it may be deleted, and what it held is compared again

A record is of one tile: some queries, and the references of one side of them (`pipelines.contexts`). It is believed
only if the log names its SHA-256, its bytes have that, and everything that its results follow from is as it was: the
procedure, and every evidence up to the last of the tile, by what is compared of it, in their order. All this the log
line of a record says, so that a reader of the log alone can tell which pairs were compared when, and over what.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import numpy as np

from forensics import acquire
from forensics.model.custody import EventType
from forensics.model.match import Match
from pipelines.case import Case, Run, entry
from pipelines.volumes import Volume
from pipelines.whole_files import write_whole

FOLDER = "compared"

LATER_AT_ONCE = 8
"""Queries of a record as the later file: each is compared with everything before it, which may take minutes."""

BLOCK = 32
"""References of a tile as the later ones. Fewer cost more calls; more are looked up again while the last block fills,
which every run of new evidence does.
"""

QUERIES = 256
"""Queries of such a tile: a record after every 8192 pairs, whatever the size of the case."""

MOST_RECORD_BYTES = 1 << 28
"""No record is larger: 256 queries with a hundred candidates each, a match of ten segments among every two."""


class Side(StrEnum):
    """Which file of its pairs the query is, in the order of the exhibit numbers."""

    LATER = "later"
    EARLIER = "earlier"


class Looked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """A pair that was a candidate, by position, the digest of its seeds, and what examining it gave."""

    query: int
    reference: int
    seeds: str
    match: Match | None


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What comparing ``queries`` (positions) with the references from ``first`` to before ``last`` gave: those before
    the query as the later file, those after it as the earlier one. ``left_out``: of which queries how many strong
    candidates were not examined. Of a block that is full only matches are listed.
    """

    procedure: str
    inputs: str
    side: Side
    first: int
    last: int
    queries: tuple[int, ...]
    left_out: tuple[tuple[int, Annotated[int, msgspec.Meta(gt=0)]], ...]
    looked: tuple[Looked, ...]

    @property
    def pairs(self) -> int:
        """How many pairs were looked up."""
        return sum(pairs_of(self.side, query, self.first, self.last) for query in self.queries)


def pairs_of(side: Side, query: int, first: int, last: int) -> int:
    """With how many references a query of a tile is compared."""
    return query if side is Side.LATER else max(0, last - max(first, query + 1))


class Inputs(NamedTuple):
    """Of the first 0, 1, … evidences of a case: the digest of what is compared of them, and that of the lines
    ``ID FINGERPRINT`` (both SHA-256, a line feed after each line), which anybody can make again from the manifests.
    """

    compared: tuple[str, ...]
    fingerprints: tuple[str, ...]


def inputs_of(volumes: Sequence[Volume]) -> Inputs:
    """The digests for these evidences, in their order."""
    return Inputs(
        _running(_compared(each) for each in volumes),
        _running(f"{each.id} {each.fingerprint_sha256}\n".encode() for each in volumes),
    )


def _running(lines: Iterable[bytes]) -> tuple[str, ...]:
    digest = hashlib.sha256()
    digests = [digest.hexdigest()]
    for line in lines:
        digest.update(line)
        digests.append(digest.hexdigest())
    return tuple(digests)


def _compared(volume: Volume) -> bytes:
    """A line with everything of an evidence that its comparison follows from."""
    probe = volume.probe
    fields = (
        *(volume.id, volume.kind, volume.frames, volume.fingerprint_sha256, volume.video_essence),
        None if probe is None else hashlib.sha256(msgspec.json.encode(probe)).hexdigest(),
    )
    return msgspec.json.encode(fields) + b"\n"


@dataclass(kw_only=True)
class Known:
    """What records tell: which queries are done on which side, what was found, and what of it can be taken over.

    ``matches`` are of queries as the later file, ``behind`` of those as the earlier one. ``later`` are positions;
    ``earlier`` has, for the first position of a block and the number of a group of queries, a
    bit for each query that is done; ``candidates`` are, for each earlier file, the later ones that had it among their
    candidates; ``kept`` is what examining gave in blocks that have grown since, by query, reference and seeds.
    """

    later: set[int] = field(default_factory=set)
    earlier: dict[tuple[int, int], int] = field(default_factory=dict)
    candidates: dict[int, list[int]] = field(default_factory=dict)
    kept: dict[int, dict[tuple[int, str], Match | None]] = field(default_factory=dict)
    matches: list[Match] = field(default_factory=list)
    behind: list[Looked] = field(default_factory=list)
    left_out: list[tuple[int, int]] = field(default_factory=list)
    records: set[str] = field(default_factory=set)
    pairs: int = 0

    def take(self, sha256: str, record: Record, evidence: int) -> None:
        """Go on by one record of a case of so many evidences. Of a query that is done already it tells nothing more;
        ``records`` has those that tell something.
        """
        grown = record.side is Side.EARLIER and record.last != min(record.first + BLOCK, evidence)
        if grown:
            for each in record.looked:
                self.kept.setdefault(each.query, {})[each.reference, each.seeds] = each.match
            return
        new = {query for query in record.queries if not self._done(record, query)}
        if not new:
            return
        self.records.add(sha256)
        self.pairs += sum(pairs_of(record.side, query, record.first, record.last) for query in new)
        self.left_out += [each for each in record.left_out if each[0] in new]
        looked = [each for each in record.looked if each.query in new]
        if record.side is Side.LATER:
            self.later |= new
            self.matches += [each.match for each in looked if each.match is not None]
            for each in looked:
                self.candidates.setdefault(each.reference, []).append(each.query)
            return
        self.behind += [each for each in looked if each.match is not None]
        for query in new:
            key = (record.first, query // QUERIES)
            self.earlier[key] = self.earlier.get(key, 0) | 1 << query % QUERIES

    def _done(self, record: Record, query: int) -> bool:
        return query in self.later if record.side is Side.LATER else self.has(query, record.first)

    def left_behind(self) -> Iterator[Match]:
        """Yield the matches of queries as the earlier file, but for pairs that the other side has among its candidates:
        it may have been asked after them, where it had failed.
        """
        for each in self.behind:
            if each.match is not None and each.reference not in self.candidates.get(each.query, ()):
                yield each.match

    def has(self, query: int, first: int) -> bool:
        """Whether a query is done against the block that begins there."""
        return bool(self.earlier.get((first, query // QUERIES), 0) >> query % QUERIES & 1)


@dataclass(frozen=True, kw_only=True)
class Records:
    """The records of a case, under one procedure, for its evidence as it is now."""

    case: Case
    procedure: str
    inputs: Inputs

    @property
    def _evidence(self) -> int:
        return len(self.inputs.compared) - 1

    @property
    def folder(self) -> Path:
        """Where records lie."""
        return self.case.root / "index" / FOLDER

    def known(self) -> Known:
        """What is known already, by the newest records first. One that is not there, or not what the log names, is
        none.
        """
        known = Known()
        for sha256 in reversed(self._logged()):
            record = self._read(sha256)
            if record is not None and self._holds(record):
                known.take(sha256, record, self._evidence)
        return known

    def _logged(self) -> tuple[str, ...]:
        """Of the records that the log names, those that may hold now, each once, in the order of its last line."""
        found: dict[str, None] = {}
        for line in self.case.log.events():
            detail = line.event.detail
            if line.event.event is not EventType.MATCHING or "compared" not in detail:
                continue
            last = detail.get("last_reference")
            if not isinstance(last, int) or not 0 <= last <= self._evidence:
                continue
            if (detail.get("procedure_sha256"), detail.get("inputs_sha256")) == self._of(last):
                found.pop(str(detail["compared"]), None)
                found[str(detail["compared"])] = None
        return tuple(found)

    def _of(self, last: int) -> tuple[str, str]:
        return self.procedure, self.inputs.compared[last]

    def _read(self, sha256: str) -> Record | None:
        try:
            with self._path(sha256).open("rb") as handle:
                data = handle.read(MOST_RECORD_BYTES + 1)
            if hashlib.sha256(data).hexdigest() != sha256:
                return None
            return msgspec.json.decode(data, type=Record)
        except (OSError, ValueError):  # msgspec's errors, and a match's own
            return None

    def _holds(self, record: Record) -> bool:
        span = 0 <= record.first < record.last <= self._evidence
        return span and (record.procedure, record.inputs) == self._of(record.last)

    def _path(self, sha256: str) -> Path:
        return self.folder / f"{sha256}.json"

    def file(self, run: Run, record: Record) -> tuple[str, Record]:
        """Write a record and log it; its SHA-256, and the record as it will be read again.

        Raises:
            StoreError: it cannot be written.
        """
        data = msgspec.json.encode(record, enc_hook=_plain)
        sha256 = hashlib.sha256(data).hexdigest()
        with acquire.writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._path(sha256), data)
        with self.case.writing():
            self.case.log.append_many([entry(run, EventType.MATCHING, None, self._told(record, sha256))])
        return sha256, msgspec.json.decode(data, type=Record)

    def _told(self, record: Record, sha256: str) -> dict[str, str | int]:
        """What the log says of a record. Positions count from 1, in the order of the exhibit numbers."""
        return {
            "compared": sha256,
            "queries_are": str(record.side),
            "queries": _ranges(record.queries),
            "first_reference": record.first + 1,
            "last_reference": record.last,
            "pairs_compared": record.pairs,
            "candidates": len(record.looked),
            "fingerprints_sha256": self.inputs.fingerprints[record.last],
            "inputs_sha256": self.inputs.compared[record.last],
            "procedure_sha256": self.procedure,
        }

    def prune(self, keep: set[str]) -> int:
        """Delete records that are neither among those to ``keep`` nor of another procedure over this very evidence, and
        say how many: what they tell of evidence that is gone goes with them.

        Raises:
            StoreError: one cannot be deleted.
        """
        if not self.folder.is_dir():
            return 0
        stale = [path for path in sorted(self.folder.iterdir()) if path.stem not in keep and not self._foreign(path)]
        with acquire.writing(self.folder):
            for path in stale:
                path.unlink(missing_ok=True)
        return len(stale)

    def _foreign(self, path: Path) -> bool:
        """Whether a file is a record of another procedure that holds for this evidence."""
        record = self._read(path.stem)
        if record is None or record.procedure == self.procedure or not 0 <= record.last <= self._evidence:
            return False
        return record.inputs == self.inputs.compared[record.last]


def _ranges(positions: Sequence[int]) -> str:
    """Rising positions as text, from 1: ``1-8, 10``."""
    spans: list[list[int]] = []
    for position in positions:
        if spans and spans[-1][1] == position:
            spans[-1][1] = position + 1
        else:
            spans.append([position + 1, position + 1])
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in spans)


def _plain(value: object) -> Any:
    """A numpy scalar as the Python number of the same value."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a {type(value).__name__} has no place in a record")


def sha256_of(records: Iterable[str]) -> str:
    """One digest for all records in force: of their SHA-256, sorted, a line each."""
    return hashlib.sha256("".join(f"{each}\n" for each in sorted(records)).encode()).hexdigest()


def groups(queries: Sequence[int], size: int) -> Iterator[tuple[int, ...]]:
    """Yield positions in runs of those that share the same group of ``size``."""
    found: dict[int, list[int]] = {}
    for query in queries:
        found.setdefault(query // size, []).append(query)
    yield from (tuple(each) for each in found.values())
