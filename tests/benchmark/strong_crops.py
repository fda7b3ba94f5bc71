"""How much of the picture a crop may cut away before the copy is no longer found.

    python -m tests.benchmark.strong_crops --out DIR [--shared ../shared] [--sources 14] [--seed 77]

Six seconds of real clips, cropped at a seeded place to a share of each side, enlarged to 640 pixels, encoded again;
then matched with all originals through the real command line. Printed by share: how many were matched, how many listed,
and how many wrong files were matched.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmark.command_line import ROOT, forensics, keep_plan, program_sha256
from tests.benchmark.cost_measuring import case_of
from tests.benchmark.real_footage import Source, listed, real_sources

SHARES = (0.7, 0.65, 0.6, 0.55, 0.5, 0.45, 0.4)
"""Of each side: 0.7 leaves half of the picture, 0.4 a sixth."""

FROM_S, LENGTH_S, LEAST_S = 0.3, 6.0, 8.2
WIDTH = 640


@dataclass(frozen=True)
class Crop:
    """One query: what of ``source`` is shown, as shares of its sides."""

    source: Source
    share: float
    left: float
    top: float

    @property
    def name(self) -> str:
        """Name of the query's file."""
        return f"{round(100 * self.share)}-{self.source.id}.mp4"

    def command(self, target: Path) -> list[str]:
        """The ffmpeg command that makes it."""
        side = f"trunc(i{{0}}*{self.share}/2)*2"
        cut = f"crop={side.format('w')}:{side.format('h')}:iw*{self.left:.4f}:ih*{self.top:.4f}"
        read = ["-ss", str(FROM_S), "-t", str(LENGTH_S), "-i", str(self.source.path), "-an"]
        coded = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "28", "-threads", "1", str(target)]
        start = ["ffmpeg", "-nostdin", "-v", "error", "-y"]
        return [*start, *read, "-vf", f"{cut},scale={WIDTH}:-2,format=yuv420p", *coded]


@dataclass(frozen=True)
class Row:
    """One share of the sides: queries, those matched and listed with their original, wrong files matched."""

    share: float
    queries: int
    matched: int
    listed: int
    wrong: int


def crops(shared: Path, count: int, seed: int) -> list[Crop]:
    """So many sources of the benchmark's references, each at every share."""
    references = {row["id"] for row in listed(shared) if row["role"] == "ref"}
    long = [each for each in real_sources(shared) if each.id in references and each.duration_s >= LEAST_S]
    place = random.Random(seed)
    chosen = place.sample(long, min(count, len(long)))
    return [
        Crop(source, share, place.uniform(0, 1 - share), place.uniform(0, 1 - share))
        for share in SHARES
        for source in chosen
    ]


def answers(queries: Sequence[Crop], case: Path, out: Path) -> dict[str, list[tuple[str, str]]]:
    """What `forensics match` says of each query, by its SHA-256: the reference's and the decision."""
    files = [out / "queries" / each.name for each in queries]
    for each, file in zip(queries, files, strict=True):
        if not file.exists():
            subprocess.run(each.command(file.with_suffix(".part.mp4")), check=True)
            file.with_suffix(".part.mp4").rename(file)
    spent = forensics(out / "home", "match", *files, "-c", case, "--json")
    found: dict[str, list[tuple[str, str]]] = {}
    for line in map(json.loads, spent.output.splitlines()):
        if line["type"] == "match":
            found.setdefault(line["query"]["id"], []).append((line["reference"]["id"], line["decision"]))
    return found


def rows(queries: Sequence[Crop], found: dict[str, list[tuple[str, str]]], out: Path) -> Iterator[Row]:
    """The table, a row for each share."""
    for share in SHARES:
        matched = seen = wrong = 0
        mine = [each for each in queries if each.share == share]
        for each in mine:
            digest = hashlib.sha256((out / "queries" / each.name).read_bytes()).hexdigest()
            told = found.get(digest, [])
            seen += any(reference == each.source.sha256 for reference, _ in told)
            matched += (each.source.sha256, "match") in told
            wrong += sum(reference != each.source.sha256 and decision == "match" for reference, decision in told)
        yield Row(share, len(mine), matched, seen, wrong)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of this benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sources", type=int, default=14)
    parser.add_argument("--seed", type=int, default=77)
    chosen = parser.parse_args(arguments)
    out, shared = chosen.out.resolve(), chosen.shared.resolve()
    (out / "queries").mkdir(parents=True, exist_ok=True)
    queries = crops(shared, chosen.sources, chosen.seed)
    keep_plan(out / "plan.txt", "".join(f"{each}\n" for each in queries))
    found = answers(queries, case_of(shared, out), out)
    print(f"program {program_sha256()}")
    print("| of each side | of the picture | matched | listed | wrong files matched |\n|---|---|---|---|---|")
    for row in rows(queries, found, out):
        area = f"{100 * row.share * row.share:.0f} %"
        print(
            f"| {row.share} | {area} | {row.matched} of {row.queries} | {row.listed} of {row.queries} | {row.wrong} |"
        )


if __name__ == "__main__":
    main()
