"""The sound beside the pictures: what supports a pair that was found, and pairs in which only the sound agrees.

1  every match whose files both have audible sound: compare it, add what agrees; nothing else of the match changes
2  every query with audible sound: search the sound of all references, compare what is proposed
3  a pair that the pictures did not give and whose sound agrees is a candidate, never a match
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from typing import Any

from forensics import matching
from forensics.errors import IntegrityError
from forensics.model.manifest import Facts
from forensics.model.match import Match
from forensics.model.media import MediaKind
from forensics.model.notice import Notice
from forensics.model.sound import SoundState
from pipelines import findings
from pipelines.case import Case
from pipelines.engine import Engine, Failed, Serial
from pipelines.library import Library

SOUND_COMMON = "match.sound_common"

FEW_WORDS = 100_000
"""Up to so many words in all (three and a half hours of sound) comparing takes less time than starting workers."""

STATES = ("audible", "silent", "absent", "not_read")
"""What a video may be to the ear: sound that is compared; sound that supports nothing (silent, or too even); none, or
too little; and not read, with the reason in its manifest, or ingested before sound was.
"""


def coverage(case: Case) -> dict[str, int]:
    """How many videos of the case are of each of `STATES`."""
    counts = dict.fromkeys(STATES, 0)
    for evidence in case.store.ids():
        facts = case.manifest(evidence).facts
        if facts.exact.get("kind") == MediaKind.VIDEO:
            counts[_state_of(facts)] += 1
    return counts


def _state_of(facts: Facts) -> str:
    heard = facts.recipe.get("sound")
    if not isinstance(heard, dict):
        return "not_read"
    if heard["state"] == SoundState.READ:
        return "audible" if heard["audible"] else "silent"
    return "absent" if heard["state"] in (SoundState.ABSENT, SoundState.TOO_SHORT) else "not_read"


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
    try:
        sounds = library.sounds
    except IntegrityError as error:
        yield Notice(code=error.code, message=f"sound not compared: {error.message}")
        sounds = {}
    if sum(len(track.words) for track in sounds.values()) <= FEW_WORDS:
        engine = Serial()
    yield from _supported(engine, library, sounds.keys(), matches)
    known = {frozenset((match.query_id, match.reference_id)) for match in matches}
    asked = tuple(query for query in queries if query in sounds)
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
        sounds = self.library.sounds
        query, reference = sounds[match.query_id], sounds[match.reference_id]
        return matching.supported(match, query, reference, findings.SOUND_METHOD)


@dataclass(frozen=True, kw_only=True)
class _Search:
    """The worker's job of steps 2 and 3: the candidates, and whether the query's sound is too common to give any."""

    library: Library
    order: dict[str, int]

    def __call__(self, query: str) -> tuple[tuple[Match, ...], bool]:
        sounds, skip = self.library.sounds, frozenset(self._skipped(query))
        proposal = self._index.propose(sounds[query], skip)
        heard = []
        for number in proposal.references:
            reference = self._references[number]
            ids = (query, reference)
            match = matching.sound_alone(ids, sounds[query], sounds[reference], findings.SOUND_METHOD)
            if match is not None and not self._later(reference, query):
                heard.append(match)
        return tuple(heard), proposal.common >= matching.SOUND_PARAMS.least_words

    @cached_property
    def _references(self) -> tuple[str, ...]:
        return tuple(volume.id for volume in self.library.references if volume.id in self.library.sounds)

    @cached_property
    def _index(self) -> matching.SoundIndex:
        return matching.SoundIndex([self.library.sounds[reference] for reference in self._references])

    def _skipped(self, query: str) -> Iterator[int]:
        """Inside a case an evidence is not compared with itself."""
        return (number for number, reference in enumerate(self._references) if self.order and reference == query)

    def _later(self, reference: str, query: str) -> bool:
        return bool(self.order) and self.order[reference] > self.order[query]


def _not_compared(failed: Failed[Any]) -> Notice:
    item = failed.item
    subject = f"{item.query_id[:16]} with {item.reference_id[:16]}" if isinstance(item, Match) else item
    return Notice(code=failed.code, message=f"sound not compared: {subject}: {failed.message}")
