"""Every gate of speed as one table: what was measured beside its floor in the same run, the ratio, the bound.

    python -m tests.benchmark.gates [--shared ../shared] [--append] [--only WORD]

Ten minutes on two quiet cores. Figures are medians of interleaved rounds; a row without a bound is told for comparison.
What is not installed is a row that says so. ``--append`` adds the table to RESULTS.md, with machine, date and versions.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from tests.benchmark import index_search, jail_cost, walls
from tests.benchmark.command_line import ROOT, forensics, measured, program_sha256
from tests.benchmark.cost_runners import PEERS
from tests.benchmark.ingest_profile import MOST_WHOLE, bare_decode, clips_of, ingest_once, warm
from tests.benchmark.real_footage import real_sources

RESULTS = Path(__file__).with_name("RESULTS.md")
ROUNDS = 3
HD = (1280, 720)
HD_CLIPS = ("road_us", "persons_a", "chair22")
"""Clips of which 720 lines are made: no real clip at hand has as many."""
CODES = 10_000_000
"""Frame hashes searched: the bounds of the index are for so many."""

MOST_JAIL = 1.10
"""Bound of the jails' cost: 1.02 was measured, the rest is noise of the machine."""

WALL_CLIPS = 60
MOST_WALL = 1.7
"""Bound of two workers by the clock: two starts of Python are in it."""


@dataclass(frozen=True)
class Row:
    """One line: seconds measured and of the floor, named; ``bound`` None where the ratio is only told."""

    gate: str
    floor_is: str
    measured: float | None
    floor: float | None
    bound: float | None
    said: str = ""

    @property
    def ratio(self) -> float | None:
        """Measured by floor."""
        return self.measured / self.floor if self.measured is not None and self.floor else None

    @property
    def holds(self) -> bool | None:
        """Whether the bound holds; None where there is none, or nothing was measured."""
        return None if self.bound is None or self.ratio is None else self.ratio <= self.bound


def _medians(rounds: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(statistics.median(column) for column in zip(*rounds, strict=True))


def ingest_of_real_clips(shared: Path, room: Path) -> Iterator[Row]:
    """CPU of ingest, one worker, beside decoding the same clips bare."""
    files = clips_of(shared)
    warm(files, room)
    rounds = [(ingest_once(files, room), bare_decode(files, room / "home")) for _ in range(ROUNDS)]
    ours, floor = _medians(rounds)
    yield Row(f"ingest, CPU, {len(files)} real clips of 20 s and more", "bare decode", ours, floor, MOST_WHOLE)


def ingest_of_720_lines(shared: Path, room: Path) -> Iterator[Row]:
    """The same of clips scaled to 720 lines and coded again."""
    width, height = HD
    fit = f"scale={width}:{height}:force_original_aspect_ratio=decrease,pad={width}:{height}:-1:-1,setsar=1"
    files = []
    for source in (each for each in real_sources(shared) if each.id in HD_CLIPS):
        files.append(room / f"{source.id}-720.mp4")
        coded = ["-c:v", "libx264", "-preset", "fast", "-crf", "23", "-threads", "1", "-c:a", "copy"]
        command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", source.path, "-vf", fit, *coded, files[-1]]
        subprocess.run([*map(str, command)], check=True)
    warm(files, room)
    rounds = [(ingest_once(files, room), bare_decode(files, room / "home")) for _ in range(ROUNDS)]
    ours, floor = _medians(rounds)
    yield Row(
        f"ingest, CPU, {len(files)} clips of 720 lines (made of real ones)", "bare decode", ours, floor, MOST_WHOLE
    )


def ingest_by_the_clock(shared: Path, room: Path) -> Iterator[Row]:
    """Wall time of two workers beside two processes that only decode."""
    files = [source.path for source in real_sources(shared)][:WALL_CLIPS]
    warm(files, room)
    rounds = [(walls.ingest(files, room), walls.bare_decode(files)) for _ in range(ROUNDS - 1)]
    ours, floor = _medians(rounds)
    yield Row(f"ingest, wall, 2 workers, {len(files)} real clips", "bare decode, 2 processes", ours, floor, MOST_WALL)


def triage_of_real_clips(shared: Path, room: Path) -> Iterator[Row]:
    """CPU of a triage beside a full ingest."""
    files = clips_of(shared)
    warm(files, room)
    rounds = [(ingest_once(files, room, "--triage"), ingest_once(files, room)) for _ in range(ROUNDS - 1)]
    ours, floor = _medians(rounds)
    yield Row("ingest --triage, CPU, the same clips", "full ingest", ours, floor, None)


def search(_: Path, __: Path) -> Iterator[Row]:
    """Sixty hashes among three millions, beside a scan in C."""
    if shutil.which("cc") is None:
        yield Row("search of 60 hashes", "scan in C", None, None, None, "no C compiler")
        return
    figures = index_search.measured(CODES, ROUNDS)
    for name, gate in index_search.GATES.items():
        what = f"search of 60 hashes among {CODES // 10**6} M, CPU, {name}"
        yield Row(what, "scan in C", figures.seconds[name], figures.seconds["floor"], gate)


def jails(_: Path, __: Path) -> Iterator[Row]:
    """Decoding and deriving with and without jails."""
    for row in jail_cost.table(ROUNDS, 10):
        if row.name.startswith("decode") or row.name == jail_cost.WHOLE_CLIP:
            yield Row(f"jailed: {row.name}, CPU", "without jails", row.jailed_least, row.plain_least, MOST_JAIL)


def peers(shared: Path, room: Path) -> Iterator[Row]:
    """Ingest and match of the same clips beside what other programs spend to hash them."""
    files, home = clips_of(shared), room / "home"
    warm(files, room)
    ours = ingest_once(files, room) + forensics(home, "match", "-c", room / "case", "-q", "--jobs", "1").cpu_s
    for name, (present, what) in PEERS.items():
        gate = "ingest + match, CPU, the same clips"
        if not present():
            yield Row(gate, what, None, None, None, "not installed")
            continue
        words = [sys.executable, "-m", "tests.benchmark.cost_runners", name]
        spent = measured([*words, *files], home)
        if spent.exit_code:
            yield Row(gate, what, None, None, None, f"ended with {spent.exit_code}")
            continue
        yield Row(gate, what, ours, spent.cpu_s, None)


GATES: tuple[Callable[[Path, Path], Iterator[Row]], ...] = (
    ingest_of_real_clips,
    ingest_of_720_lines,
    ingest_by_the_clock,
    triage_of_real_clips,
    search,
    jails,
    peers,
)
"""Each takes the shared material and an empty folder, and yields its rows. A new gate is one line here."""


def as_line(row: Row) -> str:
    """One line of the table."""
    if row.measured is None or row.floor is None or row.ratio is None:
        return f"| {row.gate} | {row.floor_is} | {row.said} | | | | |"
    verdict = {True: "yes", False: "**no**", None: "told"}[row.holds]
    bound = "" if row.bound is None else f"{row.bound:.2f}"
    figures = f"{row.floor:.2f} | {row.measured:.2f} | {row.ratio:.2f} | {bound}"
    return f"| {row.gate} | {row.floor_is} | {figures} | {verdict} |"


HEAD = ("| gate | floor | floor s | measured s | ratio | bound | holds |", "|---|---|---|---|---|---|---|")


def circumstances() -> str:
    """Date, machine, versions, load, and the digest of the program's own files."""
    about = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    cpu = next((line.split(":", 1)[1].strip() for line in about if "model name" in line), platform.machine())
    told = subprocess.run(["ffmpeg", "-version"], stdout=subprocess.PIPE, check=True, text=True).stdout
    versions = ", ".join(
        f"{name} {metadata.version(name)}" for name in ("numpy", "opencv-python-headless", "faiss-cpu")
    )
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    return (
        f"{today}, {cpu}, {os.cpu_count()} cores, load before {load}; Python {platform.python_version()}, "
        f"ffmpeg {told.split()[2]}, {versions}; program {program_sha256()[:16]}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of this benchmark; 1 when a bound does not hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--append", action="store_true", help="to RESULTS.md")
    parser.add_argument("--only", default="", metavar="WORD", help="gates whose name has this word")
    chosen = parser.parse_args(arguments)
    lines = ["", "## Gates of speed", "", circumstances(), "", *HEAD]
    print("\n".join(lines), flush=True)
    held = True
    for gate in (each for each in GATES if chosen.only in each.__name__):
        with tempfile.TemporaryDirectory(prefix="gates-") as room:
            for row in gate(chosen.shared.resolve(), Path(room)):
                lines.append(as_line(row))
                held = held and row.holds is not False
                print(lines[-1], flush=True)
    if chosen.append:
        with RESULTS.open("a", encoding="utf-8") as results:
            results.write("\n".join(lines) + "\n")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
