"""Find which files show the same recording, and which moment of a recording a still shows.

1  load the fingerprints of the case (and make those of queries from outside, in a temporary folder)
2  for every query, rank candidates by exact range search and local features, and by what a model proposes where the
   user names one; a still is ranked against videos and against stills, a video against videos: of a still and a video
   the still is the query
3  examine each pair once on decoded pictures: alignment, geometry, motion; of a still geometry, moment, fine detail
4  compare the sound: support for pairs that were found, candidates where only the sound agrees
5  the whole case: write a finding for each pair, log it; a query from outside: only the log says that it was asked
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from forensics import acquire, fingerprint, matching
from forensics.errors import ForensicsError
from forensics.model.custody import EventType
from forensics.model.finding import FindingStatus
from forensics.model.match import Match
from forensics.model.media import MediaKind
from forensics.model.notice import Notice
from forensics.model.provenance import Passed
from pipelines import findings
from pipelines.case import Case, Run
from pipelines.config import Settings
from pipelines.derive import FINGERPRINT_FILE, Kit, derive, open_kit, single_threaded
from pipelines.discovery import discover
from pipelines.engine import Engine, Failed, Serial
from pipelines.learned import Learned, NamedModel, describe_all, learned_for
from pipelines.library import EXCERPT, Library, Volume, segments_of, unprinted_stills, volume_of, volumes_of
from pipelines.progress import Progress
from pipelines.searched import Searched, prepared
from pipelines.sound_file import SOUND_FILE
from pipelines.sounds import SOUND_COMMON, with_sound
from pipelines.workers import engine_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A pair with the paths to show for both sides; inside a case also the SHA-256 of the finding that stands of it,
    and its status.
    """

    match: Match
    query_path: str
    reference_path: str
    finding: str | None = None
    status: FindingStatus = FindingStatus.MACHINE_ONLY


def match_case(
    case: Case, run: Run, settings: Settings, progress: Progress, model: NamedModel | None = None
) -> Iterator[Matched | Notice | Searched]:
    """Compare every evidence with every other; yield pairs best first, what could not be compared, and what the search
    covers. A ``model`` is one more source of candidates.

    Raises:
        ToolError: ffmpeg or ffprobe is missing or too old.
        IntegrityError: a stored fingerprint is not the one that its manifest names.
    """
    library = Library(kit=kit_for(run, settings), references=volumes_of(case), queries=(), segments=segments_of(case))
    searched = prepared(library)
    yield searched
    order = {volume.id: number for number, volume in enumerate(library.references)}
    yield from _unprinted(case)
    yield from _in_part(library)
    engine = engine_for(settings)
    learned = learned_for(model, case, library, tuple(order))
    pictures = compare(engine, library, tuple(order), order, progress, learned)
    found = with_sound(engine, library, tuple(order), order, pictures)
    matches = []
    complete = True
    for thing in found:
        if isinstance(thing, Notice):
            complete = complete and thing.code == SOUND_COMMON
            yield thing
        else:
            matches.append(thing)
    pairs = len(order) * (len(order) - 1) // 2
    by = findings.procedure(None if model is None else model.spec)
    filing = findings.file_run(case, run, matches, pairs, complete=complete, by=by, searched=searched.detail())
    yield from filing.notices
    for match in matches:
        finding, status = filing.of_pair[frozenset({match.query_id, match.reference_id})]
        yield Matched(
            match=match,
            query_path=_shown(case, match.query_id),
            reference_path=_shown(case, match.reference_id),
            finding=finding,
            status=status,
        )


def match_queries(
    case: Case,
    run: Run,
    inputs: Sequence[str],
    settings: Settings,
    progress: Progress,
    model: NamedModel | None = None,
) -> Iterator[Matched | Notice | Searched]:
    """Compare files from outside with the case. Nothing is admitted; the log keeps that it was asked.

    Raises:
        ToolError: ffmpeg or ffprobe is missing or too old.
        IntegrityError: a stored fingerprint is not the one that its manifest names.
    """
    kit = kit_for(run, settings)
    library = Library(kit=kit, references=volumes_of(case), queries=(), segments=segments_of(case))
    searched = prepared(library)
    yield searched
    engine = engine_for(settings)
    with tempfile.TemporaryDirectory(prefix="query-") as folder:
        tasks: list[tuple[int, str]] = []
        for thing in discover(inputs, kit.limits):
            if not isinstance(thing, Passed):
                tasks.append((len(tasks), thing.path))
            elif thing.failed:
                yield Notice(code=thing.code, message=f"{thing.path}: {thing.message}")
        asked: dict[str, str | int] = {
            "queries": len(tasks),
            "references": len(library.references),
            **searched.detail(),
        }
        if model is not None:
            asked["model"] = model.spec.sha256
        case.record(run, EventType.MATCHING, None, asked)
        yield from _unprinted(case)
        yield from _in_part(library)
        volumes = tuple(volume.id for volume in library.references)
        learned = learned_for(model, case, library, volumes)
        yield from describe_all(engine, learned, volumes, progress)
        progress.grow(len(tasks))
        for done in engine.run(_Search(library=library, folder=Path(folder), learned=learned), tasks):
            progress.advance()
            progress.working_on(Path(done.item[1]).name)
            if isinstance(done, Failed):
                yield Notice(code=done.code, message=f"not compared: {done.item[1]}: {done.message}")
                continue
            visitor, answer = done.result
            for found in answer:
                if isinstance(found, Notice):
                    yield found
                elif found.query_id != visitor:
                    yield Matched(match=found, query_path=_shown(case, found.query_id), reference_path=done.item[1])
                else:
                    shown = _shown(case, found.reference_id)
                    yield Matched(match=found, query_path=done.item[1], reference_path=shown)


def _unprinted(case: Case) -> Iterator[Notice]:
    for evidence in unprinted_stills(case):
        message = f"not compared: {evidence[:16]} came into this case before stills had fingerprints"
        yield Notice(code="match.no_fingerprint", message=message)


def _in_part(library: Library) -> Iterator[Notice]:
    triaged = sum(volume.triage for volume in library.references)
    if triaged:
        message = (
            f"{triaged} of {len(library.references)} are known by their sync frames only: moments may be missed, and"
            " what is found stays a candidate - type: forensics deepen --all"
        )
        yield Notice(code="match.sync_frames_only", message=message)


def compare(
    engine: Engine,
    library: Library,
    queries: tuple[str, ...],
    order: dict[str, int],
    progress: Progress,
    learned: Learned | None = None,
) -> Iterator[Match | Notice]:
    """Steps 2 and 3 for these queries of the library.

    With ``order`` (inside a case) each unordered pair is examined once, the later file as query.
    """
    known = dict.fromkeys((*(volume.id for volume in library.references), *queries))
    yield from describe_all(engine, learned, tuple(known), progress)
    by = _procedure(learned)
    progress.grow(len(queries))
    progress.working_on("searching for candidates")
    pairs: dict[tuple[str, str], matching.Candidate] = {}
    for thing in engine.run(_Rank(library=library, within_case=bool(order), learned=learned), queries):
        progress.advance()
        if isinstance(thing, Failed):
            yield _not_compared(thing)
            continue
        if thing.result.left_out:
            yield _left_out(f"{thing.item[:16]}", thing.result.left_out)
        for candidate in thing.result.candidates:
            key = (candidate.query_id, candidate.reference_id)
            if order and (key[1], key[0]) in pairs and order[key[0]] < order[key[1]]:
                continue
            if order:
                pairs.pop((key[1], key[0]), None)
            pairs[key] = candidate
    progress.grow(len(queries) + len(pairs))
    progress.working_on(f"looking at {len(pairs)} pairs")
    for done in engine.run(_Examine(library=library, by=by), tuple(pairs.values())):
        progress.advance()
        if isinstance(done, Failed):
            yield _not_compared(done)
        elif done.result is not None:
            yield done.result


def _views(codes: npt.NDArray[np.uint8]) -> Mapping[tuple[bool, bool, int], npt.NDArray[np.uint8]]:
    return {
        (view.mirrored, view.inverted, view.quarter_turns): seen for view, seen in fingerprint.variants(codes).items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rank:
    """The worker's job of step 2. Inside a case an evidence is not compared with itself."""

    library: Library
    within_case: bool
    learned: Learned | None = None

    def __call__(self, query: str) -> matching.Ranking:
        single_threaded()
        ranking = self._ranked(query)
        if self.learned is None:
            return ranking
        still = self.library.subjects[query].still
        others = (each for each in self.library.references if still or not each.still)
        asked = [each.id for each in others if not (self.within_case and each.id == query)]
        return self.learned.added(ranking, query, asked)

    def _ranked(self, query: str) -> matching.Ranking:
        library = self.library
        subject = library.subjects[query]
        skip = frozenset({query}) if self.within_case else frozenset[str]()
        if not subject.still:
            shelf = library.videos
            codes, anchors = shelf.codes.query, shelf.descriptors.query
            return matching.candidates(subject, shelf.corpus, codes, anchors, _views, library.footage, skip=skip)
        found: list[matching.Candidate] = []
        for shelf in (library.videos, library.stills):
            codes, anchors = shelf.codes.query, shelf.descriptors.query
            found.extend(
                matching.still_candidates(subject, shelf.corpus, codes, anchors, _views, library.footage, skip=skip)
            )
        return matching.Ranking(tuple(found), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Examine:
    """The worker's job of step 3."""

    library: Library
    by: findings.Procedure

    def __call__(self, pair: matching.Candidate) -> Match | None:
        single_threaded()
        subjects = self.library.subjects
        query, reference = subjects[pair.query_id], subjects[pair.reference_id]
        if query.still:
            return matching.examine_still(query, reference, pair, self.library.footage, method=self.by.still)
        found = matching.examine(query, reference, pair, self.library.footage, method=self.by.video)
        in_part = self.library.in_part(pair.query_id) or self.library.in_part(pair.reference_id)
        return matching.as_candidate(found) if in_part and found is not None else found


def _procedure(learned: Learned | None) -> findings.Procedure:
    return findings.procedure(None if learned is None else learned.model.spec)


def _left_out(query: str, count: int) -> Notice:
    message = f"{query}: {count} more files look like it and were not compared with it: there are too many copies"
    return Notice(code="match.left_out", message=message)


def _not_compared(failed: Failed[Any]) -> Notice:
    item = failed.item
    subject = f"{item.query_id[:16]} with {item.reference_id[:16]}" if isinstance(item, matching.Candidate) else item
    return Notice(code=failed.code, message=f"not compared: {subject}: {failed.message}")


def kit_for(run: Run, settings: Settings) -> Kit:
    """What deriving and comparing need on this machine, under these settings.

    Raises:
        ToolError: ffmpeg or ffprobe is missing or too old, or the required sandbox is not to be had.
    """
    return open_kit(run.surroundings.search_path(), settings)


def _shown(case: Case, evidence: str) -> str:
    return str(case.manifest(evidence).record.appearances[0]["path"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """The worker's job for a file from outside: all steps, so that it is decoded for comparing only once."""

    library: Library
    folder: Path
    learned: Learned | None = None

    def __call__(self, task: tuple[int, str]) -> tuple[str, tuple[Match | Notice, ...]]:
        """The SHA-256 of the file (empty where it cannot be read), and what was found."""
        number, path = task
        content = self.folder / f"{number:08d}"
        content.mkdir()
        try:
            volume = read_query(path, content, self.library.kit)
            return ("", (volume,)) if isinstance(volume, Notice) else (volume.id, tuple(self.found(path, volume)))
        finally:
            shutil.rmtree(content)
            if self.learned is not None:
                self.learned.forget_visitors()

    def found(self, path: str, volume: Volume) -> Iterator[Match | Notice]:
        """Yield the matches of a volume that was read, and what could not be compared."""
        with self.library.visited(volume):
            if self.learned is not None:
                yield from self.learned.visited(volume.id, path)
            seen = self._seen(path, self.library, volume.id)
            yield from with_sound(Serial(), self.library, (volume.id,), {}, seen)
        if not volume.still:
            for still in (each for each in self.library.references if each.still):
                yield from self._seen(
                    path, Library(kit=self.library.kit, references=(volume,), queries=(still,)), still.id
                )

    def _seen(self, path: str, library: Library, query: str) -> Iterator[Match | Notice]:
        learned = None if self.learned is None else self.learned.facing(library)
        ranked = _Rank(library=library, within_case=False, learned=learned)(query)
        if ranked.left_out:
            yield _left_out(path, ranked.left_out)
        for pair in ranked.candidates:
            try:
                found = _Examine(library=library, by=_procedure(learned))(pair)
            except ForensicsError as error:
                message = f"not compared: {path} with {pair.reference_id[:16]}: {error.message}"
                yield Notice(code=error.code, message=message)
            else:
                if found is not None:
                    yield found


def found_between(library: Library, path: str, volume: Volume) -> Iterator[Match | Notice]:
    """What comparing this one volume with the references of the library gives, as `match_queries` finds it."""
    yield from _Search(library=library, folder=volume.original.parent).found(path, volume)


def read_query(path: str, content: Path, kit: Kit) -> Volume | Notice:
    """Copy a file from outside into the empty folder ``content``, derive there, keep what searching needs."""
    single_threaded()
    try:
        acquisition = acquire.acquire(path, content / "original")
    except ForensicsError as error:
        return Notice(code=error.code, message=f"{path}: {error.message}")
    with (content / "original").open("rb") as handle:
        derived = derive(handle.fileno(), acquisition.digests, (), content, kit, query=EXCERPT)
    if derived.kind is MediaKind.UNDECODABLE:
        reasons = "; ".join(notice.message for notice in derived.notices) or "it is neither a video nor a still"
        return Notice(code="match.no_video", message=f"{path}: cannot be compared: {reasons}")
    track, sound = content / FINGERPRINT_FILE, content / SOUND_FILE
    volume = volume_of(acquisition.digests.sha256, content / "original", track, sound, derived.facts)
    return replace(volume, opening=derived.opening)
