"""On tracks of real footage, too, every index finds what comparing every code in numpy finds."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from forensics import matching
from forensics.index import INDEXES, Collection, LinearIndex
from forensics.index.multihash import WIDE, MultiHashTables
from pipelines.case import open_case
from pipelines.library import Library, segments_of, track_of, volumes_of
from tests.benchmark.command_line import ROOT, measured

SOURCES = ROOT.parent / "shared/bench/sources"
CLIPS = ("bikes.mp4", "doorknob.mp4", "persons_b.mp4", "crash.mp4", "mouse_a.mp4", "tree.mp4")
RADII = (0, 11, 22, 31, 32, matching.ANCHOR_RADIUS, matching.RADIUS)


@pytest.mark.benchmark
@pytest.mark.skipif(not SOURCES.is_dir(), reason="no shared material beside the repository")
def test_every_index_equals_the_linear_one_on_tracks_of_real_footage(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "pipelines"]
    case = tmp_path / "case"
    measured([*program, "init", case, "--case-id", "T-1", "--operator", "tester"], tmp_path / "home")
    measured([*program, "ingest", *(SOURCES / name for name in CLIPS), "-c", case], tmp_path / "home")
    volumes = volumes_of(open_case(case))
    assert len(volumes) == len(CLIPS)
    library = Library(kit=None, references=volumes, queries=(), segments=segments_of(open_case(case)))  # type: ignore[arg-type]
    library.bring_up_index()
    tracks = [track_of(volume) for volume in volumes]
    corpus = matching.Corpus.build(
        [
            matching.Subject(id=each.id, fingerprint=made, duration_s=1.0)
            for each, made in zip(volumes, tracks, strict=True)
        ]
    )
    held: Collection = library.videos.collection
    for rows, codes in ((held.codes, np.asarray(corpus.codes)), (held.descriptors, np.asarray(corpus.descriptors))):
        truth = LinearIndex()
        truth.add(codes)
        asked = codes[:: max(1, len(codes) // 300)]
        tables = MultiHashTables(codes, WIDE)
        for radius in RADII:
            expected = truth.query(asked, radius)
            assert len(expected.query) >= len(asked)
            searches = [rows.query(asked, radius)]
            searches += [tables.query(asked, radius)] if radius <= 32 else []
            for kind in INDEXES[1:]:
                index = kind()
                index.add(codes)
                searches.append(index.query(asked, radius))
            for found in searches:
                assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))
        print(f"{len(codes)} real rows, {len(asked)} asked: equal at {RADII}")
