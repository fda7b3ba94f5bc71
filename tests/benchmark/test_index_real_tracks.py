"""On tracks of real footage, too, every index finds what comparing every code in numpy finds."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from forensics import matching
from forensics.index import INDEXES, Collection, LinearIndex
from forensics.index.multihash import WIDE, MultiHashTables
from forensics.index.segment import Member, encode_segment, open_segment
from pipelines.case import open_case
from pipelines.engine import OnCluster
from pipelines.library import Library, segments_of
from pipelines.volumes import track_of, volumes_of
from tests.benchmark.command_line import ROOT, measured

SOURCES = ROOT.parent / "shared/bench/sources"
CLIPS = ("bikes.mp4", "doorknob.mp4", "persons_b.mp4", "crash.mp4", "mouse_a.mp4", "tree.mp4")
RADII = (0, 11, 22, 31, 32, matching.ANCHOR_RADIUS, matching.RADIUS)


pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(not SOURCES.is_dir(), reason="no shared material beside the repository"),
]


@dataclass(frozen=True)
class Tracks:
    """The videos of a case, their rows as its index has them, and all rows of each kind in one array."""

    library: Library
    corpus: matching.Corpus
    members: tuple[Member, ...]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Tracks:
    tmp_path = tmp_path_factory.mktemp("real")
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
    members = [Member(*pair, made) for pair, made in zip(library.videos.wanted, tracks, strict=True)]
    return Tracks(library, corpus, tuple(members))


def test_every_index_equals_the_linear_one_on_tracks_of_real_footage(real: Tracks) -> None:
    held: Collection = real.library.videos.collection
    corpus = real.corpus
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


@dataclass(frozen=True)
class Asked:
    """A worker's job: what of one segment is within the radius of these codes."""

    column: str
    asked: npt.NDArray[np.uint8]
    radius: int

    def __call__(self, path: str) -> tuple[npt.NDArray[np.int64], ...]:
        segment = open_segment(Path(path).read_bytes(), Path(path).stem)
        whole = Collection([segment], list(zip(segment.evidence, segment.tracks, strict=True)))
        return tuple(np.asarray(each) for each in getattr(whole, self.column).query(self.asked, self.radius))


def test_segments_on_the_workers_of_a_cluster_give_what_one_comparison_in_numpy_gives(
    real: Tracks, tmp_path: Path
) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed: pip install 'footage-forensics[cluster]'")
    from tests.integration.test_cluster_engine import Machines, nothing

    paths = []
    for member in real.members:
        data = b"".join(encode_segment("videos", [member]))
        paths.append(tmp_path / f"{hashlib.sha256(data).hexdigest()}.segment")
        paths[-1].write_bytes(data)
    machines = Machines(tmp_path, None)
    try:
        machines.ready()
        engine = OnCluster(machines.cluster(), nothing)
        for column, codes in (("codes", real.corpus.codes), ("descriptors", real.corpus.descriptors)):
            rows = np.asarray(codes)
            truth = LinearIndex()
            truth.add(rows)
            asked = rows[:: max(1, len(rows) // 100)]
            for radius in (0, 31, matching.RADIUS):
                found = {each.item: each.result for each in engine.run(Asked(column, asked, radius), map(str, paths))}
                parts = [found[str(path)] for path in paths]
                sizes = [len(open_segment(path.read_bytes(), path.stem).codes) for path in paths]
                if column == "descriptors":
                    sizes = [len(open_segment(path.read_bytes(), path.stem).descriptors) for path in paths]
                starts = np.cumsum([0, *sizes])
                query, distance = (np.concatenate([part[place] for part in parts]) for place in (0, 2))
                reference = np.concatenate([part[1] + start for part, start in zip(parts, starts, strict=False)])
                order = np.lexsort((reference, query))
                expected = truth.query(asked, radius)
                for one, other in zip((query, reference, distance), expected, strict=True):
                    assert np.array_equal(one[order], other)
            print(f"{len(rows)} real rows of {column} in {len(paths)} segments on 2 workers: equal")
    finally:
        machines.stop()
