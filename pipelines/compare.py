"""Two files side by side, as a film and a page: a demonstrative of a finding, never evidence.

1  which two: evidence of the case, or one file from outside against one of the case (nothing of it is admitted)
2  the finding that stands of the pair; where none does, the pair is compared now
3  no match: say so and write nothing
4  the film, streamed; then the page and the record, which names film, page, commands and versions
5  the log tells that it was made
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path

from forensics import custody, report
from forensics.errors import InputError, MediaError, StoreError
from forensics.model.custody import EventType
from forensics.model.finding import FindingStatus
from forensics.model.match import Match
from forensics.model.notice import Notice
from pipelines.case import Case, Run
from pipelines.comparison_files import Told, page_of, record_of
from pipelines.config import Settings
from pipelines.facts import duration_of
from pipelines.film_plan import Couple, Plan, plan
from pipelines.kit import Kit
from pipelines.library import Library
from pipelines.match import found_between, found_by_looking, kit_for, read_query
from pipelines.progress import Progress
from pipelines.side_by_side import Director, Filmed
from pipelines.standing import StoredFinding, ledger_of, read
from pipelines.volumes import Volume, kept_volume, track_of
from pipelines.whole_files import write_whole

MOST_S = 120
"""Seconds of a film: what a person watches, and some 80 MB."""

OUTSIDE = "file from outside the case"

_UNSAFE = re.compile(r"[^A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What was made: three files, digests, the match that is shown, and the status of its finding if one is filed."""

    match: Match
    status: FindingStatus | None
    film: Path
    page: Path
    record: Path
    film_sha256: str
    record_sha256: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NoMatch:
    """Nothing agrees between both: ``left`` and ``right`` as they are called."""

    left: str
    right: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One of the two: its volume, exhibit number or role, file name, length in seconds."""

    volume: Volume
    name: str
    file_name: str
    length_s: float
    outside: bool = False

    def party(self, letter: str) -> report.Party:
        return report.Party(
            letter=letter, name=self.name, sha256=self.volume.id, length_s=self.length_s, kept=not self.outside
        )

    @property
    def slug(self) -> str:
        """A part of a file name."""
        return self.volume.id[:12] if self.outside else _UNSAFE.sub("-", self.name)[:40]


LOOKED_HARDER = Notice(
    code="compare.looked_harder",
    message=(
        "no search proposes this pair: it was found by comparing whole pictures all along both files, as is done for a"
        " pair that is named"
    ),
)
"""What a reader of such a comparison must know: no search of a case would have found it."""


def compare(
    case: Case,
    run: Run,
    names: tuple[str, str],
    settings: Settings,
    progress: Progress,
    *,
    out: Path | None = None,
    most_s: int = MOST_S,
) -> Iterator[Compared | NoMatch | Notice]:
    """Make film, page and record of a pair below ``out`` (default: reports/ of the case), and log it; notices first.

    Raises:
        InputError: two files from outside, or twice the same.
        CaseError: no evidence by that name.
        MediaError: a side cannot be compared or decoded.
        StoreError: the folder cannot be written.
        ToolError: ffmpeg is missing, without libx264, or not confined as required.
    """
    kit = kit_for(run, settings)
    with tempfile.TemporaryDirectory(prefix="compare-") as folder:
        left, right = _sides(case, names, Path(folder), kit)
        stored = _finding(case, left, right)
        match = None if stored is None else stored.finding.match
        notices: list[Notice] = []
        if match is None:
            for found in _found(kit, left, right):
                if isinstance(found, Notice):
                    notices.append(found)
                    yield found
                elif match is None or found.score > match.score:
                    match = found
        if match is None or not match.segments:
            yield NoMatch(left=left.name, right=right.name)
            return
        couple = _couple(match, stored, left, right)
        planned = plan(couple, most_s)
        cut = tuple(_cut(planned, most_s))
        yield from cut
        workshop = _Workshop(
            case=case,
            run=run,
            kit=kit,
            couple=couple,
            planned=planned,
            sides=(left, right),
            again=_again((left, right), most_s),
        )
        yield from workshop.write(out or case.reports, [*notices, *cut], progress)


def _sides(case: Case, names: tuple[str, str], folder: Path, kit: Kit) -> tuple[_Side, _Side]:
    outside = [os.path.lexists(name) for name in names]
    if all(outside):
        raise InputError("both are files from outside the case", hint="name one evidence of the case; ingest the other")
    sides = [
        _from_outside(name, folder, kit) if foreign else _kept(case, name)
        for name, foreign in zip(names, outside, strict=True)
    ]
    if sides[0].volume.id == sides[1].volume.id and not any(outside):
        raise InputError(f"{names[0]} and {names[1]} are one evidence", hint="name two of them")
    return sides[0], sides[1]


def _kept(case: Case, name: str) -> _Side:
    evidence = case.resolve(name, or_file=True)
    manifest = case.manifest(evidence)
    exhibit = str(manifest.record.case.get("exhibit"))
    if "fingerprint" not in manifest.facts.recipe:
        raise MediaError(
            f"{exhibit} has no fingerprint: it cannot be compared", code="match.no_fingerprint", hint="see show"
        )
    shown = Path(str(manifest.record.appearances[0]["path"])).name
    length = duration_of(manifest.facts) or 0.0
    return _Side(volume=kept_volume(case, evidence, manifest), name=exhibit, file_name=shown, length_s=length)


def _from_outside(path: str, folder: Path, kit: Kit) -> _Side:
    volume = read_query(path, folder, kit)
    if isinstance(volume, Notice):
        raise MediaError(volume.message, code=volume.code)
    length = 0.0 if volume.still else track_of(volume).end_s
    return _Side(volume=volume, name=OUTSIDE, file_name=Path(path).name, length_s=length, outside=True)


def _finding(case: Case, left: _Side, right: _Side) -> StoredFinding | None:
    """The finding that stands of the pair, the strongest if there are several."""
    if left.outside or right.outside:
        return None
    pair = frozenset({left.volume.id, right.volume.id})
    stored = [read(case, filed) for filed in ledger_of(case).stands.values() if filed.pair == pair]
    return max(stored, key=lambda each: each.finding.match.score, default=None)


def _found(kit: Kit, left: _Side, right: _Side) -> Iterator[Match | Notice]:
    """Compare both now, as a search does, and harder where that finds nothing. A still is a query; of two videos the
    one from outside, or the one named first.
    """
    query, reference = (right, left) if right.outside else (left, right)
    library = Library(kit=kit, references=(reference.volume,), queries=())
    nothing = True
    for found in found_between(library, query.name, query.volume):
        nothing = nothing and isinstance(found, Notice)
        yield found
    if nothing and (match := found_by_looking(library, query.volume)) is not None:
        yield LOOKED_HARDER
        yield match


def _couple(match: Match, stored: StoredFinding | None, left: _Side, right: _Side) -> Couple:
    first = match.query_id == left.volume.id and not (right.outside and left.volume.id == right.volume.id)
    query, reference = (left, right) if first else (right, left)
    return Couple(
        match=match,
        stored=stored,
        query=query.volume,
        reference=reference.volume,
        query_party=query.party("A" if first else "B"),
        reference_party=reference.party("B" if first else "A"),
        query_first=first,
    )


def _cut(planned: Plan, most_s: int) -> Iterator[Notice]:
    if planned.left_out_s > 0:
        shown = f"the film shows {planned.seconds:.1f} s; {planned.left_out_s:.1f} s of matched footage are left out"
        yield Notice(code="compare.cut", message=f"{shown} (--seconds {most_s})")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Workshop:
    """Makes the three files of one couple, and logs that they were made."""

    case: Case
    run: Run
    kit: Kit
    couple: Couple
    planned: Plan
    sides: tuple[_Side, _Side]
    again: str

    def write(self, folder: Path, notices: list[Notice], progress: Progress) -> Iterator[Notice | Compared]:
        """Write film, page and record into a folder, each whole or not at all."""
        stem = f"compare-{self.sides[0].slug}-{self.sides[1].slug}"
        paths = tuple(folder / f"{stem}.{ending}" for ending in ("mp4", "html", "json"))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with _new_file(paths[0]) as file:
                filmed = Director(self.kit, self.couple, self.planned).make(file.fileno(), progress)
                sha256, size = _digest(file)
            fresh = list(_stand_ins(filmed))
            yield from fresh
            told = self._told(paths[0].name, sha256, size, filmed, (*notices, *fresh))
            page = page_of(told)
            record = custody.canonical.encode_stored(record_of(told, page))
            write_whole(paths[1], page)
            write_whole(paths[2], record)
        except OSError as error:
            raise StoreError(f"{folder}: {error.strerror}", hint="name another place with --out") from error
        yield self._logged(paths, sha256, hashlib.sha256(record).hexdigest())

    def _told(self, name: str, sha256: str, size: int, filmed: Filmed, notices: tuple[Notice, ...]) -> Told:
        film = report.FilmView(
            name=name,
            sha256=sha256,
            size=size,
            frames=self.planned.frames,
            rate=str(self.planned.rate),
            seconds=self.planned.seconds,
        )
        return Told(
            case=self.case.info.id,
            couple=self.couple,
            planned=self.planned,
            film=film,
            filmed=filmed,
            left_name=self.sides[0].file_name,
            right_name=self.sides[1].file_name,
            again=self.again,
            tools=self.kit.tools,
            notices=notices,
        )

    def _logged(self, paths: tuple[Path, ...], sha256: str, record_sha256: str) -> Compared:
        match, stored = self.couple.match, self.couple.stored
        told = {"what": "demonstrative comparison", "query": match.query_id, "reference": match.reference_id}
        self.case.record(self.run, EventType.DISSEMINATION, None, {**told, "sha256": sha256, "record": record_sha256})
        return Compared(
            match=match,
            status=None if stored is None else stored.finding.status,
            film=paths[0],
            page=paths[1],
            record=paths[2],
            film_sha256=sha256,
            record_sha256=record_sha256,
            seconds=self.planned.seconds,
        )


def _again(sides: tuple[_Side, _Side], most_s: int) -> str:
    """The command that makes the same again; a file from outside by its digest."""
    called = [f"FILE ({side.volume.id})" if side.outside else side.name for side in sides]
    cut = "" if most_s == MOST_S else f" --seconds {most_s}"
    return f"forensics compare {' '.join(called)}{cut}"


def _stand_ins(filmed: Filmed) -> Iterator[Notice]:
    if filmed.stand_ins:
        message = f"{filmed.stand_ins} frames of the film show a neighbouring frame: a file has none at that moment"
        yield Notice(code="compare.no_frame", message=f"{message}; it stands below them")


@contextmanager
def _new_file(path: Path) -> Iterator[BufferedRandom]:
    """A file that takes the place of ``path`` once it is whole."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        with temporary.open("w+b") as file:
            yield file
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _digest(file: BufferedRandom) -> tuple[str, int]:
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    return digest, file.tell()
