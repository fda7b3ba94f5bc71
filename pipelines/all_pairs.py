"""Every evidence of a case against every other, in tiles that are recorded one by one and never made twice.

1  take over what records tell of pairs that were compared before (`pipelines.compared`)
2  every other query as the later file: against all evidence before it
3  every other query as the earlier file: against the later files of each block, but for pairs of which step 2 made
   candidates
4  file a record of each tile when its last query is done; a run that was cut off goes on behind its last record

What is found of two files follows from them, from what came before the later one, and from the rest of the later one's
block: new evidence adds to what was found, and a run that goes on finds what one from scratch finds. Only the last
block is searched again while it fills.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import metadata, resources
from pathlib import Path

from forensics import __version__, acquire, custody
from forensics.errors import IntegrityError
from forensics.model.manifest import Json
from forensics.model.match import Match
from forensics.model.notice import Notice
from pipelines import findings
from pipelines.case import Case, Run
from pipelines.compared import (
    BLOCK,
    LATER_AT_ONCE,
    QUERIES,
    Known,
    Looked,
    Record,
    Records,
    Side,
    groups,
    inputs_of,
    sha256_of,
)
from pipelines.engine import Done, Engine, Failed
from pipelines.learned import Learned
from pipelines.library import Library
from pipelines.pair_search import Answer, Searching, Task
from pipelines.progress import Progress
from pipelines.searched import RADII
from pipelines.volumes import track_bytes

DEFINITION = 1
"""Version of what a query is ranked among (`pipelines.contexts`), and of what a record says."""

VERSIONED = ("faiss-cpu", "numpy", "opencv-python-headless")
"""Packages on whose arithmetic a comparison rests."""


COMPARING = ("forensics.fingerprint", "forensics.index", "forensics.matching", "forensics.media", "forensics.model")
"""Packages of the program that take part in comparing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How much of a matching was looked up now, and how much was taken over from records: pairs, once for each of both
    files as the query. ``records_sha256`` is of the list of all records in force, each of which the log names.
    """

    now: int
    before: int
    records: int
    records_sha256: str
    procedure: str

    def detail(self) -> dict[str, str | int]:
        """What the log event of a matching says of it."""
        return {
            "looked_up": self.now,
            "looked_up_before": self.before,
            "records": self.records,
            "records_sha256": self.records_sha256,
            "procedure_sha256": self.procedure,
        }


def procedure_of(library: Library, by: findings.Procedure) -> str:
    """The digest of everything but the evidence that a comparison follows from."""
    tool = library.kit.tools.ffmpeg
    value: dict[str, Json] = {
        "definition": DEFINITION,
        "block": BLOCK,
        "radii": dict(RADII),
        "methods": [[each.name, each.version, each.params_sha256] for each in (by.video, by.still)],
        "program": [__version__, _sources()],
        "packages": {name: metadata.version(name) for name in VERSIONED},
        "ffmpeg": [tool.version, tool.sha256],
    }
    return custody.canonical.digest(value)


def _sources() -> str:
    """One digest for the program's own files that compare: a change of one of them need not change the version."""
    digest = hashlib.sha256()
    for package in COMPARING:
        files = (file for file in resources.files(package).iterdir() if file.name.endswith(".py"))
        for file in sorted(files, key=lambda file: file.name):
            digest.update(f"{package} {file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _looks_of(library: Library) -> str:
    """Names the folder of local features: by what they depend on besides the evidence."""
    tool = library.kit.tools.ffmpeg
    value: dict[str, Json] = {
        "program": [__version__, _sources()],
        "opencv": metadata.version("opencv-python-headless"),
        "ffmpeg": tool.sha256,
    }
    return custody.canonical.digest(value)[:16]


def _forget(index: Path, there: frozenset[str]) -> None:
    """Delete what is cached of evidence that is not ``there``.

    Raises:
        StoreError: a file cannot be deleted.
    """
    with acquire.writing(index):
        for path in (*index.glob("features/*/*.features"), *index.glob("learned/*/*.bin")):
            if path.stem not in there:
                path.unlink(missing_ok=True)


@dataclass(slots=True, kw_only=True)
class _Tile:
    """Queries whose answers make one record; those that are ``waiting`` have none yet."""

    side: Side
    first: int
    last: int
    queries: tuple[int, ...]
    waiting: set[int]
    done: list[int] = field(default_factory=list)
    left_out: list[tuple[int, int]] = field(default_factory=list)
    looked: list[Looked] = field(default_factory=list)

    def record(self, records: Records) -> Record:
        """What is filed of it. Of a block that is full nobody will ask again what was no match."""
        full = self.side is Side.EARLIER and self.last - self.first == BLOCK
        return Record(
            procedure=records.procedure,
            inputs=records.inputs.compared[self.last],
            side=self.side,
            first=self.first,
            last=self.last,
            queries=tuple(sorted(self.done)),
            left_out=tuple(sorted(self.left_out)),
            looked=tuple(
                sorted(
                    (each for each in self.looked if not full or each.match is not None),
                    key=lambda each: (each.query, each.reference),
                )
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AllPairs:
    """The comparison of a whole case: ``known`` is what was there already, and grows with each tile."""

    run: Run
    library: Library
    records: Records
    known: Known
    job: Searching
    before: int

    def compare(self, engine: Engine, progress: Progress) -> Iterator[Match | Notice]:
        """Yield every match of two files' pictures, and what could not be compared.

        Raises:
            StoreError: a record cannot be written.
        """
        if self.known.pairs:
            yield from self._damaged()
        yield from self.known.matches
        for query, count in self.known.left_out:
            yield self._left_out(query, count)
        progress.grow(self._missing())
        progress.working_on("each file against those before it")
        yield from self._worked(engine, self._later(), progress)
        # Only now it is known which pairs the later file has among its candidates.
        yield from tuple(self.known.left_behind())
        progress.working_on("each file against those after it")
        yield from self._worked(engine, self._earlier(), progress)

    def outcome(self) -> Compared:
        """What the comparison was made of. Records that hold no longer are deleted, and what is cached of evidence that
        is gone.

        Raises:
            StoreError: a file cannot be deleted.
        """
        self.records.prune(self.known.records)
        _forget(self.records.folder.parent, frozenset(volume.id for volume in self.library.references))
        return Compared(
            now=self.known.pairs - self.before,
            before=self.before,
            records=len(self.known.records),
            records_sha256=sha256_of(self.known.records),
            procedure=self.records.procedure,
        )

    def _damaged(self) -> Iterator[Notice]:
        """Yield the evidence whose fingerprint is not the one that its manifest names. Of what is taken over nobody
        reads it otherwise; a run from scratch would have said so.
        """
        for volume in self.library.references:
            try:
                track_bytes(volume)
            except IntegrityError as error:
                yield Notice(code=error.code, message=f"not compared again: {volume.id[:16]}: {error.message}")

    @property
    def _evidence(self) -> int:
        return len(self.library.references)

    def _blocks(self) -> Iterator[tuple[int, int]]:
        yield from ((first, min(first + BLOCK, self._evidence)) for first in range(0, self._evidence, BLOCK))

    def _missing(self) -> int:
        """Queries that have still to be asked, on either side."""
        later = max(0, self._evidence - 1) - len(self.known.later)
        done = sum(bits.bit_count() for bits in self.known.earlier.values())
        return later + sum(last - 1 for _, last in self._blocks()) - done

    def _later(self) -> Iterator[_Tile]:
        """Yield the tiles of step 2. The first evidence has nothing before it."""
        queries = [query for query in range(1, self._evidence) if query not in self.known.later]
        for group in groups(queries, LATER_AT_ONCE):
            yield _Tile(side=Side.LATER, first=0, last=group[-1] + 1, queries=group, waiting=set(group))

    def _earlier(self) -> Iterator[_Tile]:
        """Yield the tiles of step 3."""
        for first, last in self._blocks():
            queries = [query for query in range(last - 1) if not self.known.has(query, first)]
            for group in groups(queries, QUERIES):
                yield _Tile(side=Side.EARLIER, first=first, last=last, queries=group, waiting=set(group))

    def _worked(self, engine: Engine, tiles: Iterable[_Tile], progress: Progress) -> Iterator[Match | Notice]:
        """Ask every query of the tiles; each tile is filed as soon as its last answer is in."""
        tile_of: dict[Task, _Tile] = {}

        def tasks() -> Iterator[Task]:
            for tile in tiles:
                for query in tile.queries:
                    task = self._task(tile, query)
                    tile_of[task] = tile
                    yield task

        for done in engine.run(self.job, tasks()):
            progress.advance()
            tile = tile_of.pop(done.item)
            yield from self._take(tile, done)
            if not tile.waiting:
                yield from self._file(tile)

    def _task(self, tile: _Tile, query: int) -> Task:
        if tile.side is Side.LATER:
            return Task(query=query, side=tile.side, first=0, last=query)
        span = range(tile.first, tile.last)
        return Task(
            query=query,
            side=tile.side,
            first=tile.first,
            last=tile.last,
            skip=frozenset(each for each in self.known.candidates.get(query, ()) if each in span),
            kept=frozenset(each for each in self.known.kept.get(query, ()) if each[0] in span),
        )

    def _take(self, tile: _Tile, done: Done[Task, Answer] | Failed[Task]) -> Iterator[Match | Notice]:
        """An answer that is not whole goes into no record: the query is asked again by the next run."""
        query = done.item.query
        tile.waiting.discard(query)
        if isinstance(done, Failed):
            name = self.library.references[query].id[:16]
            yield Notice(code=done.code, message=f"not compared: {name}: {done.message}")
            return
        answer = done.result
        kept = self.known.kept.get(query, {})
        looked = [*answer.looked, *(Looked(query, *each, kept[each]) for each in answer.kept)]
        if answer.problems:
            yield from answer.problems
            yield from (each.match for each in looked if each.match is not None)
            return
        tile.done.append(query)
        tile.looked += looked
        if answer.left_out:
            tile.left_out.append((query, answer.left_out))

    def _file(self, tile: _Tile) -> Iterator[Match | Notice]:
        if not tile.done:
            return
        sha256, record = self.records.file(self.run, tile.record(self.records))
        self.known.take(sha256, record, self._evidence)
        yield from (each.match for each in record.looked if each.match is not None)
        for query, count in record.left_out:
            yield self._left_out(query, count)

    def _left_out(self, query: int, count: int) -> Notice:
        return left_out(self.library.references[query].id[:16], count)


def left_out(query: str, count: int) -> Notice:
    """Said of a query that has more strong candidates than are examined."""
    message = f"{query}: {count} more files look like it and were not compared with it: there are too many copies"
    return Notice(code="match.left_out", message=message)


def all_pairs(
    case: Case, run: Run, library: Library, by: findings.Procedure, learned: Learned | None, *, again: bool
) -> AllPairs:
    """The comparison of a case, ready to go on where records end; with ``again`` from the beginning."""
    procedure = procedure_of(library, by)
    records = Records(case=case, procedure=procedure, inputs=inputs_of(library.references))
    known = Known() if again else records.known()
    features = case.root / "index" / "features" / _looks_of(library)
    job = Searching(library=library, by=by, features=features, learned=learned)
    return AllPairs(run=run, library=library, records=records, known=known, job=job, before=known.pairs)
