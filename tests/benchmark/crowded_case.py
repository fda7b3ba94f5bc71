"""Whether the search still proposes the right file when a case holds thousands of others: local features alone.

    python -m tests.benchmark.crowded_case --out DIR [--shared ../shared] [--pictures 0 2000 10000] [--sources 14]

Of the real clips' places one half is asked: crops of its clips (`strong_crops`), which frame hashes do not find, are
ranked among all its clips. The other half makes the crowd: its pictures, each cut, turned, mirrored and bent at random,
every second one laid over another, forty features of each, five pictures a file. Frame hashes are left out. Printed by
the number of pictures in the crowd: for how many crops the right file is among those that would be examined, how many
files that is in the mean, and CPU seconds a crop for ranking, its features found before.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from forensics import index, matching, media
from forensics.fingerprint.anchors import LONG_SIDE, features
from forensics.model.fingerprint import HASH_BYTES, Anchors, Fingerprint, HashSpec
from forensics.model.match import Hits
from forensics.model.time import MediaTime, TimeBase
from pipelines.kit import Kit
from pipelines.library import Library
from pipelines.match import read_query
from pipelines.volumes import Volume
from tests.benchmark.command_line import ROOT, program_sha256
from tests.benchmark.real_footage import Source, real_sources
from tests.benchmark.strong_crops import LEAST_S, Crop

Luma = npt.NDArray[np.uint8]

SHARES = (0.7, 0.6, 0.5)
A_FILE, EVERY_S = 5, 3
SHAPES = ((512, 288), (512, 384))
BASE = TimeBase(num=1, den=1)
NO_HITS = Hits(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.uint16))


@dataclass(frozen=True)
class Row:
    """One size of the crowd."""

    pictures: int
    crops: int
    proposed: int
    examined: float
    cpu_s: float


def halves(sources: Sequence[Source]) -> tuple[list[Source], list[Source]]:
    """The sources of every other place, and the rest: no place is in both."""
    places = sorted({source.place for source in sources})
    asked = set(places[::2])
    return [each for each in sources if each.place in asked], [each for each in sources if each.place not in asked]


def frames_of(source: Source) -> list[Luma]:
    """A picture a second, `LONG_SIDE` wide."""
    width, height = LONG_SIDE, 2 * (LONG_SIDE * 9 // 32)
    scaled = f"fps=1,scale={width}:{height},format=gray"
    command = ["ffmpeg", "-nostdin", "-v", "quiet", "-i", str(source.path), "-map", "0:v:0", "-vf", scaled]
    raw = subprocess.run([*command, "-f", "rawvideo", "-"], stdout=subprocess.PIPE, check=True).stdout
    return list(np.frombuffer(raw, np.uint8).reshape(-1, height, width))


def bent(picture: Luma, shape: tuple[int, int], draw: np.random.Generator) -> Luma:
    """A part of the picture, turned by any angle, mirrored or not, in a slight perspective."""
    size = np.array(picture.shape[::-1], float)
    half = size * draw.uniform(0.4, 0.9) / 2
    corners = half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [draw.choice([-1, 1]), 1]
    angle = draw.uniform(0, 2 * np.pi)
    turned = corners @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    source = turned + draw.uniform(half, size - half) + draw.normal(0, 0.1, (4, 2)) * half
    width, height = shape
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    warp = cv2.getPerspectiveTransform(source.astype(np.float32), target)
    return np.asarray(cv2.warpPerspective(picture, warp, shape, borderMode=cv2.BORDER_REFLECT_101), np.uint8)


def crowd(sources: Sequence[Source], pictures: int, seed: int) -> Iterator[matching.Subject]:
    """So many pictures of these sources, no two alike, as files that hold nothing else."""
    draw = np.random.default_rng(seed)
    held = [frame for source in sources for frame in frames_of(source)]
    for number in range(pictures // A_FILE):
        made = []
        for place in range(A_FILE):
            shape = SHAPES[int(draw.integers(len(SHAPES)))]
            picture = bent(held[int(draw.integers(len(held)))], shape, draw)
            if place % 2:
                other = bent(held[int(draw.integers(len(held)))], shape, draw)
                laid = cv2.addWeighted(picture, float(draw.uniform(0.35, 0.65)), other, 0.5, 0)
                picture = np.asarray(cv2.equalizeHist(laid), np.uint8)
            made.append(features(picture))
        yield file_of(f"crowd-{number:06d}", made)


def file_of(name: str, made: Sequence[tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]]) -> matching.Subject:
    """A file of these pictures' features, `EVERY_S` seconds apart, and of no frame hash."""
    pts = np.concatenate([np.full(len(points), EVERY_S * place, np.int64) for place, (points, _) in enumerate(made)])
    none = np.zeros(0, np.uint8)
    track = Fingerprint(
        spec=HashSpec(name="none", version="1", bits=256, recipe="none", keep_bits=0),
        origin=MediaTime(pts=0, base=BASE),
        frames=EVERY_S * len(made),
        end_pts=EVERY_S * len(made),
        codes=np.zeros((0, HASH_BYTES), np.uint8),
        pts=np.zeros(0, np.int64),
        quality=none,
        flags=none,
        box_codes=np.zeros((0, HASH_BYTES), np.uint8),
        anchors=Anchors(
            pts=pts,
            points=np.concatenate([points for points, _ in made]),
            descriptors=np.concatenate([descriptors for _, descriptors in made]),
        ),
    )
    return matching.Subject(id=name, fingerprint=track, duration_s=float(EVERY_S * len(made)))


def volumes_of(files: Sequence[Path], room: Path, kit: Kit) -> list[Volume]:
    """The files, read as queries are; SystemExit where one is not."""
    out = []
    for number, file in enumerate(files):
        content = room / f"{file.stem}-{number}"
        content.mkdir()
        volume = read_query(str(file), content, kit)
        if not isinstance(volume, Volume):
            raise SystemExit(volume.message)
        out.append(volume)
    return out


def row(
    queries: Mapping[str, str], library: Library, originals: Sequence[str], others: Sequence[matching.Subject]
) -> Row:
    """Rank each crop, whose original is the value, among the originals and others."""
    subjects = [*(library.subjects[each] for each in originals), *others]
    corpus = matching.Corpus.build(subjects)
    flat = index.FlatIndex()
    flat.add(np.asarray(corpus.descriptors[np.arange(len(corpus.descriptors))]))
    proposed, examined = 0, 0
    began = time.process_time()
    for query, original in queries.items():
        found = matching.candidates(
            library.subjects[query],
            corpus,
            lambda codes, radius: NO_HITS,
            flat.query,
            lambda codes: {},
            library.footage,
        ).candidates
        proposed += any(each.reference_id == original for each in found)
        examined += len(found)
    spent = time.process_time() - began
    count = len(queries)
    return Row(A_FILE * len(others), count, proposed, examined / count, spent / count)


def rows(shared: Path, out: Path, sizes: Sequence[int], count: int, seed: int) -> Iterator[Row]:
    """The table, a row for each size of the crowd."""
    cv2.setNumThreads(1)
    kit = Kit(tools=media.find_tools(os.environ["PATH"]), limits=media.DEFAULT_LIMITS)
    asked, rest = halves(real_sources(shared))
    place = random.Random(seed)
    long = [each for each in asked if each.duration_s >= LEAST_S]
    chosen = place.sample(long, min(count, len(long)))
    crops = [Crop(each, s, place.uniform(0, 1 - s), place.uniform(0, 1 - s)) for s in SHARES for each in chosen]
    (out / "queries").mkdir(parents=True, exist_ok=True)
    for each in crops:
        if not (out / "queries" / each.name).exists():
            subprocess.run(each.command(out / "queries" / each.name), check=True)
    others = list(crowd(rest, max(sizes), seed))
    with tempfile.TemporaryDirectory() as room:
        originals = volumes_of([each.path for each in asked], Path(room), kit)
        copies = volumes_of([out / "queries" / each.name for each in crops], Path(room), kit)
        library = Library(kit=kit, references=(), queries=(*originals, *copies))
        queries = {copy.id: each.source.sha256 for copy, each in zip(copies, crops, strict=True)}
        ids = [volume.id for volume in originals]
        row(queries, library, ids, ())  # the crops are decoded here, and their first features found
        for size in sizes:
            yield row(queries, library, ids, others[: size // A_FILE])


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of this benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pictures", type=int, nargs="+", default=[0, 2000, 10_000])
    parser.add_argument("--sources", type=int, default=14)
    parser.add_argument("--seed", type=int, default=77)
    chosen = parser.parse_args(arguments)
    print(f"program {program_sha256()}")
    print("| pictures of other files | crops whose original is proposed | files proposed a crop | CPU s a crop |")
    print("|---|---|---|---|")
    for each in rows(chosen.shared.resolve(), chosen.out.resolve(), chosen.pictures, chosen.sources, chosen.seed):
        share = f"{each.proposed} of {each.crops}"
        print(f"| {each.pictures} | {share} | {each.examined:.1f} | {each.cpu_s:.1f} |", flush=True)


if __name__ == "__main__":
    main()
