"""Find which files show the same recording, and which moment of a recording a still shows.

1  load the fingerprints of the case (and make those of queries from outside, in a temporary folder)
2  for every query, rank candidates by exact range search and local features, and by what a model proposes where the
   user names one; a still is ranked against videos and against stills, a video against videos: of a still and a video
   the still is the query; inside the case what was compared before is left out (`pipelines.all_pairs`)
3  examine each pair once on decoded pictures: alignment, geometry, motion; of a still geometry, moment, fine detail
4  compare the sound: support for pairs that were found, candidates where only the sound agrees; this is done again for
   the whole case, since a sound that many files share lists none of them
5  the whole case: write a finding for each pair, log it; a query from outside: only the log says that it was asked
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from forensics import acquire, matching
from forensics.errors import ForensicsError
from forensics.model.custody import EventType
from forensics.model.finding import FindingStatus
from forensics.model.match import Match
from forensics.model.media import MediaKind
from forensics.model.notice import Notice
from forensics.model.provenance import Passed
from pipelines import findings
from pipelines.all_pairs import Compared, all_pairs, left_out
from pipelines.case import Case, Run
from pipelines.config import Settings
from pipelines.contexts import whole
from pipelines.derive import FINGERPRINT_FILE, derive, single_threaded
from pipelines.discovery import discover
from pipelines.engine import Engine, Failed, Serial
from pipelines.held import held_of, require_as_listed
from pipelines.kit import Kit, open_kit
from pipelines.learned import Learned, NamedModel, describe_all, learned_for
from pipelines.library import EXCERPT, Library, segments_of
from pipelines.listing import NOT_IN_STORE
from pipelines.pair_search import examined, ranked
from pipelines.progress import Progress
from pipelines.searched import Searched, prepared
from pipelines.sound_file import SOUND_FILE
from pipelines.sounds import SOUND_COMMON, with_sound
from pipelines.volumes import Volume, volume_of
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
    case: Case,
    run: Run,
    settings: Settings,
    progress: Progress,
    model: NamedModel | None = None,
    *,
    again: bool = False,
) -> Iterator[Matched | Notice | Searched | Compared]:
    """Compare every evidence with every other; yield pairs best first, what could not be compared, and what the search
    covers. A ``model`` is one more source of candidates. What was compared before, by the same procedure over the same
    evidence, is taken over, unless ``again`` asks for all of it.

    Raises:
        ToolError: ffmpeg or ffprobe is missing or too old.
        IntegrityError: a stored fingerprint is not the one that its manifest names.
    """
    kit = kit_for(run, settings)
    held, told = held_of(case, run, settings)
    library = Library(kit=kit, references=held.volumes, queries=(), segments=segments_of(case))
    searched = replace(prepared(library), heard=held.heard)
    yield searched
    yield from told
    order = {volume.id: number for number, volume in enumerate(library.references)}
    yield from _unprinted(held.unprinted)
    yield from _in_part(library)
    engine = engine_for(settings)
    learned = learned_for(model, case, library, tuple(order))
    by = _procedure(learned)
    pairs = all_pairs(case, run, library, by, learned, again=again)
    pictures = chain(describe_all(engine, learned, tuple(order), progress), pairs.compare(engine, progress))
    matches = []
    # What is found of evidence that is no longer at hand is not withdrawn.
    complete = all(notice.code != NOT_IN_STORE for notice in told)
    for thing in with_sound(engine, library, tuple(order), order, pictures):
        if isinstance(thing, Notice):
            complete = complete and thing.code == SOUND_COMMON
            yield thing
        else:
            matches.append(thing)
    require_as_listed(case, library, {each for match in matches for each in (match.query_id, match.reference_id)})
    matches.sort(key=lambda match: (order[match.query_id], order[match.reference_id]))
    compared = pairs.outcome()
    yield compared
    stated = {**searched.detail(), **compared.detail()}
    number = len(order) * (len(order) - 1) // 2
    filing = findings.file_run(case, run, matches, number, complete=complete, by=by, searched=stated)
    yield from filing.notices
    yield from (_matched(case, match, filing) for match in matches)


def _matched(case: Case, match: Match, filing: findings.Filing) -> Matched:
    finding, status = filing.of_pair[frozenset({match.query_id, match.reference_id})]
    return Matched(
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
    held, told = held_of(case, run, settings)
    library = Library(kit=kit, references=held.volumes, queries=(), segments=segments_of(case))
    searched = replace(prepared(library), heard=held.heard)
    yield searched
    yield from told
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
        yield from _unprinted(held.unprinted)
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
                    continue
                kept = found.reference_id if found.query_id == visitor else found.query_id
                require_as_listed(case, library, {kept})
                if found.query_id != visitor:
                    yield Matched(match=found, query_path=_shown(case, kept), reference_path=done.item[1])
                else:
                    yield Matched(match=found, query_path=done.item[1], reference_path=_shown(case, kept))


def _unprinted(stills: Sequence[str]) -> Iterator[Notice]:
    for evidence in stills:
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
    progress: Progress,
    learned: Learned | None = None,
) -> Iterator[Match | Notice]:
    """Steps 2 and 3 for these queries from outside against the references of the library."""
    known = dict.fromkeys((*(volume.id for volume in library.references), *queries))
    yield from describe_all(engine, learned, tuple(known), progress)
    by = _procedure(learned)
    progress.grow(len(queries))
    progress.working_on("searching for candidates")
    pairs: dict[tuple[str, str], matching.Candidate] = {}
    for thing in engine.run(_Rank(library=library, learned=learned), queries):
        progress.advance()
        if isinstance(thing, Failed):
            yield _not_compared(thing)
            continue
        if thing.result.left_out:
            yield left_out(f"{thing.item[:16]}", thing.result.left_out)
        pairs.update({(each.query_id, each.reference_id): each for each in thing.result.candidates})
    progress.grow(len(queries) + len(pairs))
    progress.working_on(f"looking at {len(pairs)} pairs")
    for done in engine.run(_Examine(library=library, by=by), tuple(pairs.values())):
        progress.advance()
        if isinstance(done, Failed):
            yield _not_compared(done)
        elif done.result is not None:
            yield done.result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rank:
    """The worker's job of step 2."""

    library: Library
    learned: Learned | None = None

    def __call__(self, query: str) -> matching.Ranking:
        single_threaded()
        library, subject = self.library, self.library.subjects[query]
        stills = whole(library.stills) if subject.still else None
        ranking = ranked(subject, whole(library.videos), stills, library.footage)
        if self.learned is None:
            return ranking
        asked = [each.id for each in library.references if subject.still or not each.still]
        return self.learned.added(ranking, query, asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Examine:
    """The worker's job of step 3."""

    library: Library
    by: findings.Procedure

    def __call__(self, pair: matching.Candidate) -> Match | None:
        single_threaded()
        return examined(self.library, self.by, pair)


def _procedure(learned: Learned | None) -> findings.Procedure:
    return findings.procedure(None if learned is None else learned.model.spec)


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
        ranked = _Rank(library=library, learned=learned)(query)
        if ranked.left_out:
            yield left_out(path, ranked.left_out)
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


def found_by_looking(library: Library, volume: Volume) -> Match | None:
    """What this video and the only reference of the library support when whole pictures of both are compared all along:
    for a pair that somebody names and that the search passes over. None for stills.

    Raises:
        ForensicsError: one of the files cannot be read or decoded.

    """
    (reference,) = library.references
    if volume.still or reference.still:
        return None
    with library.visited(volume):
        query, other = library.subjects[volume.id], library.subjects[reference.id]
        pair = matching.thorough(query, other, library.footage)
        return None if pair is None else examined(library, _procedure(None), pair)


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
