"""What a query of the case is ranked among: never more than it and the evidence of one side of it.

A ranking weighs what agrees by how many references share it, and keeps the best: it depends on all references that
are searched together. So which they are is laid down here once, for runs from scratch and runs that go on.

as the later file    all evidence before the query, and the query itself
as the earlier file  the evidence of one block that came after the query, and the query itself

The query is among its own references, and never its own candidate: what it shares with everybody weighs less, and a
picture that it knows again is looked at in one way only. A still is not on the shelf of the videos.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from forensics import index, matching
from pipelines.library import Library, Shelf, corpus_of
from pipelines.segments import segments_for
from pipelines.volumes import Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """References that are searched together: their columns, and exact range search over codes and descriptors."""

    corpus: matching.Corpus
    codes: matching.RangeQuery
    descriptors: matching.RangeQuery


def whole(shelf: Shelf) -> Context:
    """All volumes of a shelf."""
    return Context(corpus=shelf.corpus, codes=shelf.codes.query, descriptors=shelf.descriptors.query)


def first_of(shelf: Shelf, count: int) -> Context:
    """The first ``count`` volumes of a shelf: segments that hold only others are not searched."""
    corpus = shelf.corpus
    return Context(
        corpus=replace(corpus, subjects=corpus.subjects[:count], id_rank=corpus.id_rank[:count]),
        codes=partial(shelf.codes.query, members=count),
        descriptors=partial(shelf.descriptors.query, members=count),
    )


@dataclass(frozen=True, kw_only=True)
class BlockShelf:
    """The volumes of one shelf in one block, read from their tracks; ``name`` as the shelf's."""

    name: str
    volumes: tuple[Volume, ...]

    @cached_property
    def _segments(self) -> tuple[index.Segment, ...]:
        return _made(self.name, self.volumes)

    def after(self, volumes: Sequence[Volume], query: Volume | None) -> Context:
        """These ``volumes`` of the block, behind the query where it is on this shelf."""
        segments, members = self._segments, tuple(volumes)
        if query is not None:
            members = (query, *members)
            if query not in self.volumes:
                segments = (*segments, *_made(self.name, (query,)))
        held = index.Collection(segments, tuple((each.id, each.fingerprint_sha256) for each in members))
        return Context(corpus=corpus_of(members, held), codes=held.codes.query, descriptors=held.descriptors.query)


def _made(name: str, volumes: tuple[Volume, ...]) -> tuple[index.Segment, ...]:
    shelf = Shelf(name=name, volumes=volumes, folder=None)
    return segments_for(None, name, shelf.wanted, shelf.read)


@dataclass(frozen=True, kw_only=True)
class Contexts:
    """The contexts of a library's references, whose order is that of the exhibit numbers.

    What is made for a block is kept until another block is asked for.
    """

    library: Library

    def before(self, position: int, *, still: bool) -> Context:
        """The stills or videos before the evidence at this position, and itself where it is one of them."""
        shelf = self.library.stills if still else self.library.videos
        members = self.library.references[: position + 1]
        return first_of(shelf, sum(each.still is still for each in members))

    def after(self, position: int, first: int, last: int, *, still: bool) -> Context | None:
        """The stills or videos of positions ``first`` to before ``last`` that came after the evidence at this one, and
        itself where it is one of them; None where none came.
        """
        references = self.library.references
        later = [each for each in references[max(first, position + 1) : last] if each.still is still]
        if not later:
            return None
        query = references[position]
        return self._shelf(first, last, still=still).after(later, query if query.still is still else None)

    def _shelf(self, first: int, last: int, *, still: bool) -> BlockShelf:
        key = (first, last, still)
        if key not in self._kept:
            for other in [each for each in self._kept if each[:2] != key[:2]]:
                del self._kept[other]
            volumes = tuple(each for each in self.library.references[first:last] if each.still is still)
            name = (self.library.stills if still else self.library.videos).name
            self._kept[key] = BlockShelf(name=name, volumes=volumes)
        return self._kept[key]

    @cached_property
    def _kept(self) -> dict[tuple[int, int, bool], BlockShelf]:
        return {}
