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

from forensics import __version__, custody, report
from forensics.errors import InputError, MediaError, StoreError
from forensics.model.custody import EventType
from forensics.model.finding import FindingStatus
from forensics.model.manifest import Json
from forensics.model.match import Match
from forensics.model.notice import Notice
from pipelines.case import Case, Run, write_whole
from pipelines.config import Settings
from pipelines.derive import Kit
from pipelines.facts import duration_of
from pipelines.library import Library, Volume, kept_volume, track_of
from pipelines.match import found_between, kit_for, read_query
from pipelines.progress import Progress
from pipelines.side_by_side import Couple, Director, Filmed, Plan, named, plan
from pipelines.standing import StoredFinding, ledger_of, read

MOST_S = 120
"""Seconds of a film: what a person watches, and some 80 MB."""

LEAST_S, LONGEST_S = 1, 1800
"""What may be asked for instead."""

OUTSIDE = "file from outside the case"

LIMITS = (
    "Demonstrative, not evidence: drawn from the kept files, scaled and compressed again; not to be measured in.",
    "It shows no more than the finding says; a match does not say that a recording is authentic, nor who was first.",
    "The difference is of brightness, after the recorded transform alone, which is accurate to about a pixel.",
)
"""What no comparison shows; stands in its record."""

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
        return report.Party(letter=letter, name=self.name, sha256=self.volume.id, length_s=self.length_s)

    @property
    def slug(self) -> str:
        """A part of a file name."""
        return self.volume.id[:12] if self.outside else _UNSAFE.sub("-", self.name)[:40]


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
        if match is None:
            for found in _found(kit, left, right):
                if isinstance(found, Notice):
                    yield found
                elif match is None or found.score > match.score:
                    match = found
        if match is None or not match.segments:
            yield NoMatch(left=left.name, right=right.name)
            return
        couple = _couple(match, stored, left, right)
        planned = plan(couple, most_s)
        notices = list(_cut(planned, most_s))
        yield from notices
        made = _Workshop(case, run, kit, couple, planned, (left, right), most_s)
        yield from made.write(out or case.reports, notices, progress)


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
    evidence = case.resolve(name)
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
    """Compare both now. A still is a query; of two videos the one from outside, or the one named first."""
    query, reference = (right, left) if right.outside else (left, right)
    library = Library(kit=kit, references=(reference.volume,), queries=())
    yield from found_between(library, query.name, query.volume)


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


class _Workshop:
    """Makes the three files of one couple."""

    def __init__(
        self,
        case: Case,
        run: Run,
        kit: Kit,
        couple: Couple,
        planned: Plan,
        sides: tuple[_Side, _Side],
        most_s: int,
    ) -> None:
        self._case, self._run, self._kit = case, run, kit
        self._couple, self._plan, self._sides = couple, planned, sides
        self._most_s = most_s

    def write(self, folder: Path, notices: list[Notice], progress: Progress) -> Iterator[Notice | Compared]:
        """Write film, page and record into a folder, whole or not at all; log it."""
        stem = f"compare-{self._sides[0].slug}-{self._sides[1].slug}"
        paths = [folder / f"{stem}.{ending}" for ending in ("mp4", "html", "json")]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with _new_file(paths[0]) as file:
                filmed = Director(self._kit, self._couple, self._plan).make(file.fileno(), progress)
                film_sha256, size = _digest(file)
            fresh = list(_stand_ins(filmed))
            yield from fresh
            film = report.FilmView(
                name=paths[0].name,
                sha256=film_sha256,
                size=size,
                frames=self._plan.frames,
                rate=str(self._plan.rate),
                seconds=self._plan.seconds,
            )
            page = report.render_comparison(self._view(film, filmed, (*notices, *fresh)))
            write_whole(paths[1], page)
            record = custody.canonical.encode_stored(self._record(film, filmed, page, (*notices, *fresh)))
            write_whole(paths[2], record)
        except OSError as error:
            raise StoreError(f"{folder}: {error.strerror}", hint="name another place with --out") from error
        record_sha256 = hashlib.sha256(record).hexdigest()
        query, reference = self._couple.query.id, self._couple.reference.id
        told = {"what": "demonstrative comparison", "query": query, "reference": reference}
        self._case.record(
            self._run, EventType.DISSEMINATION, None, {**told, "sha256": film_sha256, "record": record_sha256}
        )
        yield Compared(
            match=self._couple.match,
            status=None if self._couple.stored is None else self._couple.stored.finding.status,
            film=paths[0],
            page=paths[1],
            record=paths[2],
            film_sha256=film_sha256,
            record_sha256=record_sha256,
            seconds=self._plan.seconds,
        )

    def _view(self, film: report.FilmView, filmed: Filmed, notices: tuple[Notice, ...]) -> report.ComparisonView:
        couple = self._couple
        stored = couple.stored
        first, second = self._sides
        query, reference = (first, second) if couple.query_first else (second, first)
        view = report.MatchView(
            match=couple.match,
            query=report.SideView(name=query.file_name, duration_s=query.length_s),
            reference=report.SideView(name=reference.file_name, duration_s=reference.length_s),
            strip=(),
            finding_path=None if stored is None else f"findings/{stored.name}",
            finding_sha256=None if stored is None else stored.sha256,
            status=FindingStatus.MACHINE_ONLY if stored is None else stored.finding.status,
        )
        decision = couple.match.decision, couple.match.assessment
        return report.ComparisonView(
            case=self._case.info.id,
            heading=report.heading(*decision, rejected=stored is not None and stored.rejected),
            match=view,
            left=couple.left,
            right=couple.right,
            left_name=first.file_name,
            right_name=second.file_name,
            query_first=couple.query_first,
            facts=filmed.facts,
            lines=couple.lines,
            takes=filmed.takes,
            film=film,
            again=self._again_words(),
            commands=tuple(" ".join(named(command)) for command in filmed.commands),
            versions=tuple(report.Row(label=name, value=value) for name, value in self._versions().items()),
            notices=notices,
        )

    def _again_words(self) -> str:
        cut = "" if self._most_s == MOST_S else f" --seconds {self._most_s}"
        return f"forensics compare {' '.join(self._called(side) for side in self._sides)}{cut}"

    def _called(self, side: _Side) -> str:
        return f"FILE ({side.volume.id})" if side.outside else side.name

    def _versions(self) -> dict[str, str]:
        tool = self._kit.tools.ffmpeg
        return {
            "footage-forensics": __version__,
            "ffmpeg": tool.banner,
            "ffmpeg SHA-256": tool.sha256,
            "confinement": self._kit.tools.confinement,
            **report.drawing_versions(),
        }

    def _record(
        self, film: report.FilmView, filmed: Filmed, page: bytes, notices: tuple[Notice, ...]
    ) -> dict[str, Json]:
        couple = self._couple
        match, stored = couple.match, couple.stored
        segments: list[Json] = [
            {
                "query_start_s": f"{segment.query_start_s:.6f}",
                "query_end_s": f"{segment.query_end_s:.6f}",
                "reference_start_s": f"{segment.reference_start_s:.6f}",
                "reference_end_s": f"{segment.reference_end_s:.6f}",
                "speed": f"{segment.speed:.6f}",
                "frames_shown": len(steps),
            }
            for segment, steps in self._plan.parts
        ]
        return {
            "type": "demonstrative-comparison",
            "version": 1,
            "statement": report.BANNER,
            "case": self._case.info.id,
            "left": _party(couple.left),
            "right": _party(couple.right),
            "query": match.query_id,
            "reference": match.reference_id,
            "decision": str(match.decision),
            "assessment": str(match.assessment),
            "method": {
                "name": match.method.name,
                "version": match.method.version,
                "params_sha256": match.method.params_sha256,
            },
            "finding": None if stored is None else stored.sha256,
            "status": None if stored is None else str(stored.finding.status),
            "segments_shown": segments,
            "segments_of_the_match": len(match.segments),
            "left_out_s": f"{self._plan.left_out_s:.3f}",
            "film": {
                "name": film.name,
                "sha256": film.sha256,
                "size": film.size,
                "frames": film.frames,
                "rate": film.rate,
                "stand_ins": filmed.stand_ins,
            },
            "page": {"sha256": hashlib.sha256(page).hexdigest(), "size": len(page)},
            "again": self._again_words(),
            "commands": [list(named(command)) for command in filmed.commands],
            "programs": dict(self._versions()),
            "notices": [{"code": notice.code, "message": notice.message} for notice in notices],
            "limits": list(LIMITS),
        }


def _party(party: report.Party) -> dict[str, Json]:
    return {"letter": party.letter, "name": party.name, "sha256": party.sha256, "length_s": f"{party.length_s:.6f}"}


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
