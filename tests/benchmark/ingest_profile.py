"""Where each CPU second of ``forensics ingest`` of real clips goes, beside bare decoding of the same clips.

    python -m tests.benchmark.ingest_profile [--shared ../shared] [--rounds 3] [FILE ...]

Without FILE: every shared real clip of 20 s and more. Each round decodes the clips bare (``ffmpeg -threads 1
-f null``), ingests them whole with one worker, ingests them once more with a stopwatch on its parts, and decodes them
again.
Figures are medians of the rounds: CPU seconds, user and system, of the process and of its programs.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmark.command_line import ACCEPTED_EXITS, ROOT, forensics, measured
from tests.benchmark.ingest_stages import START
from tests.benchmark.real_footage import real_sources

LEAST_S = 20.0
"""Clips shorter than this are mostly start-up, for bare decoding too."""

MOST_WHOLE = 1.6
"""Bound of the whole, as a multiple of the floor."""


@dataclass(frozen=True)
class Profile:
    """CPU seconds: the floor, the whole command, and by part what it spent itself and in programs."""

    clips: int
    floor: float
    whole: float
    own: dict[str, float]
    programs: dict[str, float]

    @property
    def ratio(self) -> float:
        """The whole as a multiple of the floor."""
        return self.whole / self.floor


def clips_of(shared: Path) -> list[Path]:
    """The shared real clips that are long enough."""
    return [source.path for source in real_sources(shared) if source.duration_s >= LEAST_S]


def bare_decode(files: Sequence[Path], home: Path) -> float:
    """CPU seconds of decoding every frame of each file, on one thread, for nothing."""
    total = 0.0
    for file in files:
        command = ["ffmpeg", "-nostdin", "-v", "quiet", "-threads", "1", "-i", file, "-map", "0:v:0", "-f", "null", "-"]
        total += measured(command, home).cpu_s
    return total


def ingest_once(files: Sequence[Path], room: Path, *more: str, jobs: int = 1) -> float:
    """CPU seconds of the whole command, into a new case."""
    home, case = room / "home", _new_case(room)
    return forensics(home, "ingest", *files, *more, "-c", case, "-q", "--jobs", str(jobs)).cpu_s


def warm(files: Sequence[Path], room: Path) -> None:
    """One ingest for nothing: it compiles the modules, as an installed program has them."""
    ingest_once(files[:1], room)


def staged_once(files: Sequence[Path], room: Path) -> dict[str, dict[str, float]]:
    """CPU seconds by part, ``own`` and ``programs``, of the command in a new case."""
    home, case, told = room / "home", _new_case(room), room / "stages.json"
    words = ["-m", "tests.benchmark.ingest_stages", told, "ingest", *files, "-c", case, "-q", "--jobs", "1"]
    spent = measured([sys.executable, *words], home)
    if spent.exit_code not in ACCEPTED_EXITS:
        raise SystemExit(f"ingest ended with {spent.exit_code}")
    parts: dict[str, dict[str, float]] = json.loads(told.read_text())
    counted = sum(parts["own"].values()) + sum(parts["programs"].values())
    parts["programs"]["what forks readers, counted at its end"] = spent.cpu_s - counted
    return parts


def _new_case(room: Path) -> Path:
    case = room / "case"
    shutil.rmtree(case, ignore_errors=True)
    forensics(room / "home", "init", case, "--case-id", "FLOOR", "-q")
    return case


def profile(files: Sequence[Path], room: Path, rounds: int) -> Profile:
    """Measure all of it in turn, ``rounds`` times."""
    home = room / "home"
    warm(files, room)
    floors, wholes, parts = [], [], []
    for _ in range(rounds):
        floors.append(bare_decode(files, home))
        wholes.append(ingest_once(files, room))
        parts.append(staged_once(files, room))
        floors.append(bare_decode(files, home))
    return Profile(
        clips=len(files),
        floor=statistics.median(floors),
        whole=statistics.median(wholes),
        own=_medians([each["own"] for each in parts]),
        programs=_medians([each["programs"] for each in parts]),
    )


def _medians(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for each in rounds for name in each)
    return {name: statistics.median(each.get(name, 0.0) for each in rounds) for name in names}


def shown(found: Profile) -> str:
    """The table: seconds, and multiples of the floor."""

    def row(name: str, own: float, programs: float) -> str:
        share = (own + programs) / found.floor
        return f"  {name:44}{own:10.2f}{programs:10.2f}{share:10.3f}"

    names = sorted({*found.own, *found.programs} - {START}, key=lambda name: -_both(found, name))
    lines = [
        f"CPU seconds of ingesting {found.clips} clips with one worker; bare decode (floor) {found.floor:.2f}",
        f"  {'':44}{'own':>10}{'programs':>10}{'÷ floor':>10}",
        *(row(name, found.own.get(name, 0.0), found.programs.get(name, 0.0)) for name in [*names, START]),
        row("sum of the parts", sum(found.own.values()), sum(found.programs.values())),
        f"  whole command, without the stopwatch: {found.whole:.2f} s, {found.ratio:.3f} x the floor",
    ]
    return "\n".join(lines)


def _both(found: Profile, name: str) -> float:
    return found.own.get(name, 0.0) + found.programs.get(name, 0.0)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of this benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("files", nargs="*", type=Path)
    chosen = parser.parse_args(arguments)
    files = [path.resolve() for path in chosen.files] or clips_of(chosen.shared.resolve())
    with tempfile.TemporaryDirectory(prefix="ingest-profile-") as room:
        print(shown(profile(files, Path(room), chosen.rounds)))


if __name__ == "__main__":
    main()
