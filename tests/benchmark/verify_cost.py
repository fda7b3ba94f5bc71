"""What `verify` costs beside sha256sum of the same bytes in the same run: a case of 2 GB, and one of 10,000 events.

    python -m tests.benchmark.verify_cost --out DIR [--rounds 5]

Rounds are interleaved and everything is in the page cache; ratios are of medians, of wall time and of CPU time, start
of the interpreter included. ``openssl dgst`` is the second reference: it uses the processor's SHA instructions, as this
program's hashlib does, and coreutils' sha256sum in some builds does not. What is made in DIR (2.5 GB) is deleted.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from forensics.model.custody import EventType
from pipelines.case import Case, Run, entry, open_case
from pipelines.surroundings import Surroundings
from tests.benchmark.command_line import forensics, measured

ROUNDS = 5

FILES = 6
FRAMES = 24
"""Of 3840 by 2160 pixels, 16.6 MB each, uncompressed in QuickTime: valid video of 400 MB that is made and decoded
quickly. Six of them are 2.4 GB.
"""

EVENTS = 10_000
SESSIONS = 20
"""Seals among the events: each session of work ends with one."""


@dataclass(frozen=True)
class Spent:
    """Medians of seconds."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Large:
    """One case of large files: its bytes, and what each program needs to read them."""

    files: int
    size: int
    verify: Spent
    all_digests: Spent
    sample: Spent
    sha256sum: Spent
    openssl: Spent


@dataclass(frozen=True)
class Long:
    """One case of many events: whole commands, and sha256sum of all files of the case."""

    events: int
    size: int
    seal: float
    verify: float
    start_up: float
    sha256sum: float


def large_case(out: Path) -> Path:
    """Made by the real command line, one file after another so that no source lies beside all the copies."""
    case = out / "large"
    forensics(out / "home", "init", case, "--case-id", "LARGE")
    for number in range(FILES):
        clip = out / f"{number}.mov"
        source = ["-f", "lavfi", "-i", "testsrc2=s=3840x2160:r=25", "-vf", f"hue=h={40 * number}"]
        coding = ["-frames:v", str(FRAMES), "-c:v", "rawvideo", "-pix_fmt", "uyvy422", "-f", "mov"]
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *source, *coding, clip], check=True)
        forensics(out / "home", "ingest", clip, "-c", case, "-q")
        clip.unlink()
    return case


def long_case(out: Path, events: int) -> Path:
    """A case made by the real command line, and events of sealed sessions; the last session is not sealed yet."""
    case = out / f"long-{events}"
    forensics(out / "home", "init", case, "--case-id", "LONG")
    opened = open_case(case)
    run = Run(id="urn:uuid:long", operator="op", surroundings=Surroundings(environ={}), signer=None)
    for session in range(SESSIONS):
        if session:
            forensics(out / "home", "seal", "-c", case)
        _append(opened, run, events // SESSIONS)
    return case


def _append(case: Case, run: Run, count: int) -> None:
    detail: dict[str, str | int] = {"list": "5" * 64, "hashes": 128, "hits": 0}
    case.log.append_many([entry(run, EventType.LIST_CHECK, "7" * 64, detail) for _ in range(count)])


def measure_large(case: Path, out: Path, rounds: int) -> Large:
    """Every file of the case by every program, in turn."""
    files = _files(case)
    home = out / "home"
    programs: dict[str, Callable[[], float]] = {
        "verify": lambda: forensics(home, "verify", case, "-q").cpu_s,
        "all_digests": lambda: forensics(home, "verify", case, "-q", "--all-digests").cpu_s,
        "sample": lambda: forensics(home, "verify", case, "-q", "--sample", "1").cpu_s,
        "sha256sum": lambda: measured(["sha256sum", "--", *files], home).cpu_s,
        "openssl": lambda: measured(["openssl", "dgst", "-sha256", *files], home).cpu_s,
    }
    for program in programs.values():  # into the cache
        program()
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            taken[name].append(_timed(program))
    spent = {name: Spent(median(w for w, _ in each), median(c for _, c in each)) for name, each in taken.items()}
    return Large(files=len(files), size=sum(file.stat().st_size for file in files), **spent)


def measure_long(out: Path, events: int, rounds: int) -> Long:
    """Sealing can be done once a case; verifying and hashing are repeated."""
    case, home = long_case(out, events), out / "home"
    seal, _ = _timed(lambda: forensics(home, "seal", "-c", case).cpu_s)
    files = _files(case)
    verify = [_timed(lambda: forensics(home, "verify", case, "-q").cpu_s)[0] for _ in range(rounds)]
    sums = [_timed(lambda: measured(["sha256sum", "--", *files], home).cpu_s)[0] for _ in range(rounds)]
    forensics(home, "init", out / "long-none", "--case-id", "NONE")
    empty = [_timed(lambda: forensics(home, "verify", out / "long-none", "-q").cpu_s)[0] for _ in range(rounds)]
    shutil.rmtree(out / "long-none")
    size = sum(file.stat().st_size for file in files)
    return Long(events, size, seal, median(verify), median(empty), median(sums))


def _timed(program: Callable[[], float]) -> tuple[float, float]:
    began = time.perf_counter()
    cpu = program()
    return time.perf_counter() - began, cpu


def _files(case: Path) -> list[Path]:
    return sorted(path for path in case.rglob("*") if path.is_file())


def run(out: Path, rounds: int = ROUNDS) -> tuple[Large, Long, Long]:
    """Make both cases, measure, and delete them."""
    out.mkdir(parents=True, exist_ok=True)
    try:
        large = measure_large(large_case(out), out, rounds)
        shutil.rmtree(out / "large")
        return large, measure_long(out, EVENTS, rounds), measure_long(out, 2 * EVENTS, rounds)
    finally:
        for path in [*out.glob("large"), *out.glob("long-*")]:
            shutil.rmtree(path)


def shown(large: Large, *long: Long) -> str:
    """The result as text."""

    def row(name: str, spent: Spent) -> str:
        sums, ssl = large.sha256sum, large.openssl
        wall = f"{spent.wall:8.2f}{spent.wall / sums.wall:8.2f}{spent.wall / ssl.wall:8.2f}"
        return f"  {name:24}{wall}   {spent.cpu:8.2f}{spent.cpu / sums.cpu:8.2f}{spent.cpu / ssl.cpu:8.2f}"

    return "\n".join(
        [
            f"{large.files} files, {large.size / 1e9:.2f} GB, cached; medians; Python {platform.python_version()}",
            f"  {'':24}{'wall s':>8}{'x sums':>8}{'x ssl':>8}   {'CPU s':>8}{'x sums':>8}{'x ssl':>8}",
            row("verify", large.verify),
            row("verify --all-digests", large.all_digests),
            row("verify --sample 1", large.sample),
            row("sha256sum", large.sha256sum),
            row("openssl dgst -sha256", large.openssl),
            *(
                f"{each.events} events ({each.size / 1e6:.1f} MB): seal {each.seal:.2f} s, verify {each.verify:.2f} s, "
                f"{each.start_up:.2f} s of an empty case; sha256sum of all files {each.sha256sum:.3f} s"
                for each in long
            ),
        ]
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of this benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args(arguments)
    print(shown(*run(chosen.out.resolve(), chosen.rounds)))


if __name__ == "__main__":
    main()
