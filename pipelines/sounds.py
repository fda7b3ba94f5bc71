"""The sound beside the pictures: what supports a pair that was found, and pairs in which only the sound agrees.

1  every match whose files both have audible sound: compare it, add what agrees; nothing else of the match changes
2  every query with audible sound: search the sound of all references, compare what is proposed
3  a pair that the pictures did not give and whose sound agrees is a candidate, never a match
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import compress
from typing import Any

from forensics import matching
from forensics.errors import IntegrityError
from forensics.model.match import Match
from forensics.model.notice import Notice
from forensics.model.sound import SoundTrack
from pipelines import findings
from pipelines.engine import Engine, Failed, Serial
from pipelines.entries import STATES
from pipelines.library import Library

SOUND_COMMON = "match.sound_common"

FEW_WORDS = 100_000
"""Up to so many words in all (three and a half hours of sound) comparing takes less time than starting workers."""


def coverage(heard: Mapping[str, int]) -> dict[str, int]:
    """How many videos of a case are of each of `pipelines.entries.STATES`."""
    return {state: heard.get(state, 0) for state in STATES}


def with_sound(
    engine: Engine,
    library: Library,
    queries: tuple[str, ...],
    order: dict[str, int],
    found: Iterator[Match | Notice],
) -> Iterator[Match | Notice]:
    """Yield what comparing pictures ``found``, with the sound that supports it, then pairs by sound alone.

    With ``order`` (inside a case) each unordered pair is looked at once, the later file as query.
    """
    matches: list[Match] = []
    for thing in found:
        if isinstance(thing, Notice):
            yield thing
        else:
            matches.append(thing)
    volumes = {*queries, *(volume.id for volume in library.references)}
    words = {}
    try:
        words = {volume: len(track.words) for volume in volumes if (track := library.sound(volume)) is not None}
    except IntegrityError as error:
        yield Notice(code=error.code, message=f"sound not compared: {error.message}")
    if sum(words.values()) <= FEW_WORDS:
        engine = Serial()
    yield from _supported(engine, library, words.keys(), matches)
    known = {frozenset((match.query_id, match.reference_id)) for match in matches}
    asked = tuple(query for query in queries if query in words)
    yield from _alone(engine, _Search(library=library, order=order), asked, known)


def _supported(
    engine: Engine, library: Library, audible: Set[str], matches: Sequence[Match]
) -> Iterator[Match | Notice]:
    """Step 1: every match, with what its sound adds."""
    both = [{match.query_id, match.reference_id} <= audible for match in matches]
    yield from (match for match, heard in zip(matches, both, strict=True) if not heard)
    for done in engine.run(_Support(library=library), list(compress(matches, both))):
        if isinstance(done, Failed):
            yield done.item
            yield _not_compared(done)
        else:
            yield done.result


def _alone(
    engine: Engine, search: _Search, asked: tuple[str, ...], known: set[frozenset[str]]
) -> Iterator[Match | Notice]:
    """Steps 2 and 3; ``known`` are the pairs that the pictures gave."""
    common = 0
    for done in engine.run(search, asked):
        if isinstance(done, Failed):
            yield _not_compared(done)
            continue
        heard, too_common = done.result
        common += too_common
        yield from (match for match in heard if frozenset((match.query_id, match.reference_id)) not in known)
    if common:
        most = matching.SOUND_PARAMS.most_files
        message = (
            f"the sound of {common} files is heard in more than {most} files each: "
            "where only that sound agrees, no pairs are listed"
        )
        yield Notice(code=SOUND_COMMON, message=message)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Support:
    """The worker's job of step 1."""

    library: Library

    def __call__(self, match: Match) -> Match:
        query, reference = self.library.sound(match.query_id), self.library.sound(match.reference_id)
        assert query is not None and reference is not None
        return matching.supported(match, query, reference, findings.SOUND_METHOD)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """The worker's job of steps 2 and 3: the candidates, and whether the query's sound is too common to give any."""

    library: Library
    order: dict[str, int]

    def __call__(self, query: str) -> tuple[tuple[Match, ...], bool]:
        references, index = self.library.sound_index
        # Inside a case an evidence is not compared with itself.
        itself = {place for place, reference in enumerate(references) if self.order and reference == query}
        sound = self.library.sound(query)
        assert sound is not None
        proposal = index.propose(sound, frozenset(itself))
        heard = (self._alone(query, sound, references[place]) for place in proposal.references)
        matches = tuple(match for match in heard if match is not None)
        return matches, proposal.common >= matching.SOUND_PARAMS.least_words

    def _alone(self, query: str, sound: SoundTrack, reference: str) -> Match | None:
        if self.order and self.order[reference] > self.order[query]:
            return None
        other = self.library.sound(reference)
        assert other is not None
        return matching.sound_alone((query, reference), sound, other, findings.SOUND_METHOD)


def _not_compared(failed: Failed[Any]) -> Notice:
    item = failed.item
    subject = f"{item.query_id[:16]} with {item.reference_id[:16]}" if isinstance(item, Match) else item
    return Notice(code=failed.code, message=f"sound not compared: {subject}: {failed.message}")
