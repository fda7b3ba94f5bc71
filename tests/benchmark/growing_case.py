"""What matching costs when a case grows: a run from scratch beside one of five new files, on made clips.

    python -m tests.benchmark.growing_case --out DIR [--sizes 50 100 200]

The clips are two seconds of made-up pictures, every fifth one a copy of an earlier clip. At each size the case is
matched as it is; then five files come in and are matched; then all that was kept is deleted and all is matched from
scratch, which must find the same. CPU seconds of the command with its children, and the largest resident memory of one
of them; one worker.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmark.command_line import ROOT

NEW = 5
ENCODE = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-threads", "1", "-an")


@dataclass(frozen=True)
class Told:
    """One matching: CPU seconds, MB, the pairs found, and how many were looked up."""

    cpu_s: float
    memory_mb: float
    matches: list[dict[str, Any]]
    looked_up: int


def make_clips(folder: Path, count: int) -> list[Path]:
    """The first ``count`` clips, those that are there already left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    clips = [folder / f"{number:04d}.mp4" for number in range(count)]
    for number, clip in enumerate(clips):
        if clip.exists():
            continue
        if number % 5 == 4:
            earlier = max(0, number - 4 - 5 * (number % 3))
            source, cut = ["-i", clips[earlier]], ["-crf", str(30 + number % 4), "-vf", "scale=176:-2"]
        else:
            made = f"life=s=208x120:r=12:mold=10:ratio=0.{20 + number % 30}:seed={number}:death_color=#483D8B"
            source, cut = ["-f", "lavfi", "-i", made], ["-t", "2"]
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *source, *cut, *ENCODE, clip], check=True)
    return clips


def run(out: Path, *arguments: str | Path) -> tuple[float, float, str]:
    """One command: CPU seconds, largest resident memory in MB, its output."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "FORENSICS_JOBS": "1", "FORENSICS_KEY": str(out / "key")}
    with (out / "output").open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines", *map(str, arguments)], cwd=ROOT, env=environment, stdout=sink
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"forensics {arguments[0]} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, (out / "output").read_text()


def matched(out: Path, case: Path) -> Told:
    """Match the whole case."""
    cpu_s, memory_mb, output = run(out, "match", "-c", case, "--json")
    lines = [json.loads(line) for line in output.splitlines()]
    found = [{**line, "finding": None} for line in lines if line["type"] == "match"]
    return Told(cpu_s, memory_mb, found, lines[-1]["compared"]["looked_up"])


def measure(out: Path, sizes: Sequence[int]) -> list[dict[str, Any]]:
    """A row for each size."""
    clips = make_clips(out / "clips", max(sizes) + NEW)
    case, taken, rows = out / "case", 0, []
    run(out, "init", case, "--case-id", "GROWS")
    for size in sizes:
        run(out, "ingest", *clips[taken:size], "-c", case)
        matched(out, case)
        run(out, "ingest", *clips[size : size + NEW], "-c", case)
        taken = size + NEW
        grown = matched(out, case)
        shutil.rmtree(case / "index")
        scratch = matched(out, case)
        if grown.matches != scratch.matches:
            raise SystemExit(f"{taken} files: the run of the new ones does not find what the run from scratch finds")
        rows.append(
            {
                "files": taken, "pairs": len(scratch.matches), "scratch_s": round(scratch.cpu_s, 1),
                "grown_s": round(grown.cpu_s, 1), "scratch_looked_up": scratch.looked_up,
                "grown_looked_up": grown.looked_up, "scratch_mb": round(scratch.memory_mb),
                "grown_mb": round(grown.memory_mb),
            }
        )  # fmt: skip
        sys.stdout.write(f"{json.dumps(rows[-1])}\n")
        sys.stdout.flush()
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 100, 200])
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    measure(asked.out.resolve(), asked.sizes)


if __name__ == "__main__":
    main()
