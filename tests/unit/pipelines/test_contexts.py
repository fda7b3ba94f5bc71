"""What a query of the case is ranked among is what it would be among these files alone."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from forensics import fingerprint
from forensics.matching.candidates import RADIUS, Candidate
from forensics.matching.geometry import Detector, Features, Pose
from forensics.model.media import MediaKind
from pipelines.contexts import Context, Contexts, whole
from pipelines.library import Library, Shelf
from pipelines.pair_search import ranked
from pipelines.volumes import Volume
from tests.unit.index.segment_members import fingerprint as made_up

VIDEOS, STILL = 9, 4
"""So many videos, and one still among them."""


class Blind:
    """A query whose pictures have no features: hashes alone rank."""

    def ahead(self, subject: str, start_s: float, end_s: float) -> None:
        pass

    def features(self, subject: str, at_s: float, pose: Pose, detector: Detector) -> Features | None:
        return None

    def still(self, subject: str, long_side: int) -> None:
        return None


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Videos that share some frames with one another, each a little changed; and a still of one of these frames."""
    rng = np.random.default_rng(5)
    shared = rng.integers(0, 256, (12, 32), dtype=np.uint8)
    volumes = []
    for number in range(VIDEOS + 1):
        frames = 1 if number == STILL else 12
        print_ = made_up(number, rows=frames)
        codes = print_.codes.copy()
        codes[: max(1, frames // 2)] = shared[number % 3 * 3 :][: max(1, frames // 2)] ^ np.uint8(1 << number % 8)
        pts = 900 + 15 * np.arange(frames, dtype=np.int64)
        print_ = replace(print_, codes=codes, pts=pts, end_pts=int(pts[-1]) + 15, flags=np.zeros(frames, np.uint8))
        data = fingerprint.encode(print_)
        path = tmp_path / f"{number}.bin"
        path.write_bytes(data)
        volumes.append(
            Volume(
                id=hashlib.sha256(f"{number}".encode()).hexdigest(),
                kind=MediaKind.VIDEO,
                frames=frames,
                original_path="",
                fingerprint_path=str(path),
                fingerprint_sha256=hashlib.sha256(data).hexdigest(),
                video_essence=None,
                container=None,
            )
        )
    return Library(kit=None, references=tuple(volumes), queries=())  # type: ignore[arg-type]


def alone(volumes: tuple[Volume, ...], *, still: bool) -> Context | None:
    """All these volumes of one kind and nothing else, as a case of them alone has them."""
    mine = tuple(each for each in volumes if each.still is still)
    return whole(Shelf(name="videos", volumes=mine, folder=None)) if mine else None


def ranking(library: Library, position: int, videos: Context | None, stills: Context | None) -> tuple[Candidate, ...]:
    volume = library.references[position]
    skip = frozenset({volume.id})
    found = ranked(library.subjects[volume.id], videos, stills if volume.still else None, Blind(), skip)
    return found.candidates


def test_before_a_file_are_those_that_came_before_it_and_itself(library: Library) -> None:
    contexts, some = Contexts(library=library), 0
    for position in range(VIDEOS + 1):
        until = library.references[: position + 1]
        ours = ranking(library, position, *(contexts.before(position, still=still) for still in (False, True)))
        assert ours == ranking(library, position, *(alone(until, still=still) for still in (False, True)))
        some += len(ours)
    assert some >= VIDEOS


@pytest.mark.parametrize(("first", "last"), [(0, 4), (4, 8), (8, 10), (0, 10)])
def test_after_a_file_are_the_later_ones_of_a_block_and_itself(library: Library, first: int, last: int) -> None:
    contexts, some = Contexts(library=library), 0
    for position in range(last - 1):
        later = library.references[max(first, position + 1) : last]
        both = []
        for still in (False, True):
            context = contexts.after(position, first, last, still=still)
            mine = (library.references[position], *later)
            assert (context is None) == all(each.still is not still for each in later)
            both.append((context, None if context is None else alone(mine, still=still)))
        ours = ranking(library, position, both[0][0], both[1][0])
        assert ours == ranking(library, position, both[0][1], both[1][1])
        assert {each.reference_id for each in ours} <= {each.id for each in later}
        some += len(ours)
    assert some


def test_the_first_rows_alone_are_searched_where_so_many_are_asked_for(library: Library) -> None:
    rows = library.videos.codes
    codes = library.videos.corpus.codes[np.arange(len(rows))]
    every = rows.query(codes, RADIUS)
    for count in range(VIDEOS + 1):
        some = rows.query(codes, RADIUS, members=count)
        mine = rows.subjects(every.reference) < count
        assert [each.tolist() for each in some] == [each[mine].tolist() for each in every]


def test_nothing_that_comes_later_changes_a_ranking(library: Library) -> None:
    grown = Contexts(library=library)
    for count in range(2, VIDEOS + 1):
        young = Library(kit=library.kit, references=library.references[:count], queries=())
        then, now = Contexts(library=young).before(count - 1, still=False), grown.before(count - 1, still=False)
        assert ranking(library, count - 1, then, None) == ranking(library, count - 1, now, None)
