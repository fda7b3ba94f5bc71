"""CPU seconds of 60 hashes searched in many: each index against a scan in C in the same process, runs interleaved.

    python -m tests.benchmark.index_search [--codes 10000000] [--runs 5] [--append]

1  make codes: shots of frames that change a little, reposts, black frames (seeded; an archive's shape, no pictures)
2  plant a neighbour of each cold query at 0, 8, 16, 24, 31 bits; eight queries are hot (black frames and popular shots)
3  compile the floor, `scan.c`; without a compiler it is numpy, and the gates say nothing
4  time floor and indexes in turn, one thread each; every result set must be that of the floor
"""

from __future__ import annotations

import argparse
import ctypes
import datetime
import platform
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from forensics.index import LinearIndex
from forensics.index.multihash import MultiHashTables
from forensics.index.scan import scan
from forensics.model.match import Hits

HERE = Path(__file__).parent
RESULTS = HERE / "RESULTS.md"
RADIUS = 31
COLD, HOT = 52, 8
GATES = {"flat": 3.5, "multihash": 0.6}
"""Times the floor, for ten million codes."""

Codes = npt.NDArray[np.uint8]
Search = Callable[[], Hits]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Medians of CPU seconds for all queries; ``build_s`` of the tables of multi-index hashing."""

    codes: int
    pairs: int
    floor: str
    seconds: dict[str, float]
    cold: dict[str, float]
    build_s: float

    def ratio(self, name: str) -> float:
        """Times the floor."""
        return self.seconds[name] / self.seconds["floor"]


def made_codes(count: int, seed: int = 1) -> tuple[Codes, Codes]:
    """Codes uint8 (count, 32) and queries (60, 32), the cold ones first."""
    rng = np.random.default_rng(seed)
    shots = rng.integers(0, 2**64, (-(-count // 15), 4), dtype=np.uint64)
    codes = np.repeat(shots, 15, axis=0)[:count].view(np.uint8)
    flip(codes, rng, np.arange(count), 6)
    popular = rng.zipf(1.5, count // 25) % 1000 * 15
    copies = rng.choice(count, len(popular), replace=False)
    codes[copies] = codes[popular % count]
    flip(codes, rng, copies, 20)
    black = rng.choice(count, count // 200, replace=False)
    codes[black] = np.where(rng.random((len(black), 1)) < 0.5, codes[0], codes[15 % count])
    flip(codes, rng, black, 4)
    asked = rng.integers(0, 2**64, (COLD + HOT, 4), dtype=np.uint64).view(np.uint8)
    asked[COLD : COLD + HOT // 2] = codes[black[: HOT // 2]]
    asked[COLD + HOT // 2 :] = codes[popular[: HOT // 2] % count]
    places = rng.choice(count, COLD * 5, replace=False)
    for number, place in enumerate(places):
        bits = np.zeros(256, np.uint8)
        bits[rng.choice(256, (0, 8, 16, 24, 31)[number % 5], replace=False)] = 1
        codes[place] = asked[number // 5] ^ np.packbits(bits)
    return codes, asked


def flip(codes: Codes, rng: np.random.Generator, rows: npt.NDArray[np.int64], most: int) -> None:
    """Flip up to so many bits of each of these rows."""
    counts = rng.integers(0, most + 1, len(rows))
    for number in range(most):
        mine = rows[counts > number]
        places = rng.integers(0, 256, len(mine))
        codes[mine, places // 8] ^= (128 >> (places % 8)).astype(np.uint8)


def floor_of(folder: Path, codes: Codes, asked: Codes) -> tuple[str, Search]:
    """What the floor is, and how it is run."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        index = LinearIndex()
        index.add(codes)
        return "numpy", lambda: index.query(asked, RADIUS)
    library = folder / "scan.so"
    flags = ["-O3", "-march=native", "-mprefer-vector-width=512"] if platform.machine() == "x86_64" else ["-O3"]
    subprocess.run([compiler, *flags, "-shared", "-fPIC", "-o", library, HERE / "scan.c"], check=True)
    call = ctypes.CDLL(str(library)).scan
    call.restype = ctypes.c_size_t
    most = 1 << 22
    query, row = np.zeros(most, np.uint32), np.zeros(most, np.uint32)

    def run() -> Hits:
        found = call(
            *(ctypes.c_void_p(codes.ctypes.data), ctypes.c_size_t(len(codes))),
            *(ctypes.c_void_p(asked.ctypes.data), ctypes.c_size_t(len(asked)), ctypes.c_int(RADIUS)),
            *(ctypes.c_void_p(query.ctypes.data), ctypes.c_void_p(row.ctypes.data), ctypes.c_size_t(most)),
        )
        assert found <= most
        return Hits(query[:found].astype(np.int64), row[:found].astype(np.int64), np.zeros(found, np.uint16))

    version = subprocess.run([compiler, "--version"], check=True, capture_output=True, text=True).stdout.splitlines()[0]
    return f"{version} {' '.join(flags)}", run


def pairs_of(hits: Hits) -> set[tuple[int, int]]:
    """The pairs without their order."""
    return set(zip(hits.query.tolist(), hits.reference.tolist(), strict=True))


def measured(count: int, runs: int) -> Figures:
    """Steps 1 to 4."""
    faiss.omp_set_num_threads(1)
    codes, asked = made_codes(count)
    began = time.process_time()
    tables = MultiHashTables(codes)
    build_s = time.process_time() - began
    with tempfile.TemporaryDirectory() as folder:
        told, floor = floor_of(Path(folder), codes, asked)
        searches: dict[str, Search] = {
            "floor": floor,
            "flat": lambda: scan(codes, asked, RADIUS),
            "multihash": lambda: tables.query(asked, RADIUS),
        }
        truth = pairs_of(floor())
        assert len(truth) >= COLD * 5
        taken: dict[str, list[float]] = {name: [] for name in searches}
        cold: dict[str, list[float]] = {"flat": [], "multihash": []}
        for _ in range(runs):
            for name, search in searches.items():
                began = time.process_time()
                hits = search()
                taken[name].append(time.process_time() - began)
                assert pairs_of(hits) == truth, name
            for name, query in (
                ("flat", lambda: scan(codes, asked[:COLD], RADIUS)),
                ("multihash", lambda: tables.query(asked[:COLD], RADIUS)),
            ):
                began = time.process_time()
                query()
                cold[name].append(time.process_time() - began)
    return Figures(
        codes=count,
        pairs=len(truth),
        floor=told,
        seconds={name: statistics.median(each) for name, each in taken.items()},
        cold={name: statistics.median(each) for name, each in cold.items()},
        build_s=build_s,
    )


def as_row(figures: Figures) -> str:
    """One line of the table of results."""
    flat, hashed = (f"{figures.seconds[name]:.3f} ({figures.ratio(name):.2f} x)" for name in ("flat", "multihash"))
    return (
        f"| {figures.codes:,} | {figures.pairs:,} | {figures.seconds['floor']:.3f} | {flat} | {hashed} | "
        f"{figures.cold['flat']:.3f} / {figures.cold['multihash']:.3f} | {figures.build_s:.1f} |"
    )


def about(figures: Figures) -> str:
    """Machine, date and versions."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("faiss-cpu", "numpy"))
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return f"{today}, {model}, Python {platform.python_version()}, {versions}; floor: {figures.floor}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--codes", type=int, nargs="+", default=[10_000_000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--append", action="store_true", help="to RESULTS.md")
    asked = parser.parse_args()
    rows = []
    told = ""
    for count in asked.codes:
        figures = measured(count, asked.runs)
        rows.append(as_row(figures))
        told = about(figures)
        print(rows[-1], flush=True)
    lines = [
        f"\n## 60 hashes searched exactly, radius {RADIUS}\n",
        f"{told}; medians of {asked.runs} interleaved runs, CPU seconds, one thread.\n",
        "| codes | pairs | floor s | flat s | 11 x 23 multi-index s | 52 cold: flat / multi-index s | tables made s |",
        "|---|---|---|---|---|---|---|",
        *rows,
    ]
    if asked.append:
        with RESULTS.open("a", encoding="utf-8") as handle:
            handle.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
