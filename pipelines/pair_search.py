"""One query among references: which pairs are worth examining, and what examining them gives. The jobs of workers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from forensics import fingerprint, matching
from forensics.errors import ForensicsError
from forensics.model.match import Match
from forensics.model.notice import Notice
from pipelines import findings
from pipelines.compared import Looked, Side
from pipelines.contexts import Context, Contexts
from pipelines.derive import single_threaded
from pipelines.kept_features import SUFFIX, KeptFeatures
from pipelines.learned import Learned
from pipelines.library import Library


def ranked(
    query: matching.Subject,
    videos: Context | None,
    stills: Context | None,
    pictures: matching.Pictures,
    skip: frozenset[str] = frozenset(),
) -> matching.Ranking:
    """The references worth examining: a video among videos, a still among videos and among stills."""
    if not query.still:
        if videos is None:
            return matching.Ranking((), 0)
        return matching.candidates(query, videos.corpus, videos.codes, videos.descriptors, _views, pictures, skip=skip)
    found: list[matching.Candidate] = []
    for each in (videos, stills):
        if each is not None:
            found.extend(
                matching.still_candidates(query, each.corpus, each.codes, each.descriptors, _views, pictures, skip=skip)
            )
    return matching.Ranking(tuple(found), 0)


def _views(codes: npt.NDArray[np.uint8]) -> Mapping[tuple[bool, bool, int], npt.NDArray[np.uint8]]:
    return {
        (view.mirrored, view.inverted, view.quarter_turns): seen for view, seen in fingerprint.variants(codes).items()
    }


def examined(library: Library, by: findings.Procedure, pair: matching.Candidate) -> Match | None:
    """What the pictures of a pair support.

    Raises:
        ForensicsError: one of the files cannot be read or decoded.
    """
    query, reference = library.subjects[pair.query_id], library.subjects[pair.reference_id]
    if query.still:
        return matching.examine_still(query, reference, pair, library.footage, method=by.still)
    found = matching.examine(query, reference, pair, library.footage, method=by.video)
    in_part = library.in_part(pair.query_id) or library.in_part(pair.reference_id)
    return matching.as_candidate(found) if in_part and found is not None else found


def seeds_of(pair: matching.Candidate) -> str:
    """The digest of what examining a pair begins with: with the same seeds, methods and files it gives the same."""
    return hashlib.sha256(repr(pair.seeds).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A query of the case, by position, and one side of it: everything before it, or those from ``first`` to before
    ``last`` that came after it. ``skip`` are references that had it among their own candidates. ``kept`` are pairs
    that were examined already, as reference and digest of the seeds.
    """

    query: int
    side: Side
    first: int
    last: int
    skip: frozenset[int] = frozenset()
    kept: frozenset[tuple[int, str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a task gave: pairs that were examined, pairs that were ``kept`` ones, and what could not be compared."""

    left_out: int
    looked: tuple[Looked, ...]
    kept: tuple[tuple[int, str], ...]
    problems: tuple[Notice, ...]


@dataclass(frozen=True, kw_only=True)
class Searching:
    """The worker's job inside a case. ``features`` is the folder where queries' local features are kept."""

    library: Library
    by: findings.Procedure
    features: Path | None = None
    learned: Learned | None = None

    def __call__(self, task: Task) -> Answer:
        """Rank the references of a task and examine the candidates; one that fails is told and the others go on."""
        single_threaded()
        ranking = self._ranking(task)
        looked: list[Looked] = []
        kept: list[tuple[int, str]] = []
        problems: list[Notice] = []
        for pair in ranking.candidates:
            reference = self._positions[pair.reference_id]
            known = (reference, seeds_of(pair))
            if reference in task.skip:
                continue
            if known in task.kept:
                kept.append(known)
                continue
            try:
                looked.append(Looked(task.query, *known, examined(self.library, self.by, pair)))
            except ForensicsError as error:
                message = f"not compared: {pair.query_id[:16]} with {pair.reference_id[:16]}: {error.message}"
                problems.append(Notice(code=error.code, message=message))
        return Answer(left_out=ranking.left_out, looked=tuple(looked), kept=tuple(kept), problems=tuple(problems))

    def _ranking(self, task: Task) -> matching.Ranking:
        library = self.library
        volume = library.references[task.query]
        among = [self._context(task, still=False), self._context(task, still=True) if volume.still else None]
        if among == [None, None]:
            return matching.Ranking((), 0)
        path = None if self.features is None else self.features / f"{volume.id}{SUFFIX}"
        pictures = KeptFeatures(footage=library.footage, evidence=volume.id, track=volume.fingerprint_sha256, path=path)
        ranking = ranked(library.subjects[volume.id], among[0], among[1], pictures, frozenset({volume.id}))
        pictures.keep()
        if self.learned is None:
            return ranking
        return self.learned.added(ranking, volume.id, self._asked(task, still=volume.still))

    def _context(self, task: Task, *, still: bool) -> Context | None:
        if task.side is Side.LATER:
            return self._contexts.before(task.query, still=still)
        return self._contexts.after(task.query, task.first, task.last, still=still)

    def _asked(self, task: Task, *, still: bool) -> Sequence[str]:
        """The references that a model may propose."""
        first, last = (0, task.query) if task.side is Side.LATER else (max(task.first, task.query + 1), task.last)
        return [each.id for each in self.library.references[first:last] if still or not each.still]

    @cached_property
    def _contexts(self) -> Contexts:
        return Contexts(library=self.library)

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {volume.id: position for position, volume in enumerate(self.library.references)}

    def __getstate__(self) -> dict[str, object]:
        """What goes to a worker: without what this process has made for itself."""
        return {name: value for name, value in vars(self).items() if name not in ("_contexts", "_positions")}
