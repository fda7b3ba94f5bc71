"""Two recordings from one fixed camera under one and the same movement: are they kept apart, and copies still found?

    python -m tests.benchmark.same_movement --out DIR [--shared ../shared]

Eight seconds of each pair of real recordings of one place, both panned, zoomed and shaken alike, and each coded once
more; then all are matched with one another through the real command line. A match of two recordings is wrong; a match
of two codings of one is right.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.benchmark.command_line import ROOT, forensics, keep_plan, program_sha256
from tests.benchmark.real_footage import listed

FROM_S, LENGTH_S = 0.5, 8.0
EVEN = "scale=trunc(iw/2)*2:trunc(ih/2)*2,setsar=1,format=yuv420p"
MOVEMENTS = {
    "panned": "scale=640:-2,crop=iw*0.7:ih*0.7:iw*0.3*t/8:ih*0.15",
    "zoomed": "scale=640:-2,scale=w='2*trunc(iw*(1+0.05*t)/2)':h='2*trunc(ih*(1+0.05*t)/2)':eval=frame,crop=iw:ih",
    "shaken": "scale=640:-2,crop=iw*0.86:ih*0.86:iw*0.07*(1+sin(4*t)):ih*0.07*(1+cos(3*t))",
}
"""Filters of ffmpeg, the same for both recordings."""

CODINGS = {"": "26", "-again": "34"}
"""Names of the two codings of each, and their constant rate factors."""


def twins(rows: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """Pairs of originals and others that show one place, each once."""
    roles = {row["id"]: row["role"] for row in rows}
    near = {tuple(sorted((row["id"], other))) for row in rows for other in row["near"]}
    return sorted(pair for pair in near if all(roles.get(each) in ("ref", "conf") for each in pair))


def render(source: Path, target: Path, movement: str, crf: str) -> None:
    """One clip."""
    read = ["-ss", str(FROM_S), "-t", str(LENGTH_S), "-i", str(source), "-an", "-vf", f"{MOVEMENTS[movement]},{EVEN}"]
    coded = ["-c:v", "libx264", "-preset", "veryfast", "-crf", crf, "-threads", "1", str(target)]
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *read, *coded], check=True)


def decisions(case: Path, out: Path) -> Iterator[tuple[str, str, bool, str]]:
    """Movements and whether it is one recording, of each pair that was named, with the decision."""
    spent = forensics(out / "home", "match", "-c", case, "--json")
    for line in map(json.loads, spent.output.splitlines()):
        if line["type"] == "match":
            names = [Path(line[side]["path"]).stem.removesuffix("-again") for side in ("query", "reference")]
            (one, first), (other, second) = (name.split("-", 1) for name in names)
            yield one, other, first == second, line["decision"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of this benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    out, shared = chosen.out.resolve(), chosen.shared.resolve()
    rows = listed(shared)
    pairs = twins(rows)
    files = {row["id"]: shared / "bench/sources" / row["file"] for row in rows}
    clips = out / "clips"
    clips.mkdir(parents=True, exist_ok=True)
    keep_plan(out / "plan.txt", f"{pairs}\n{MOVEMENTS}\n{CODINGS}\n")
    for name in sorted({each for pair in pairs for each in pair}):
        for movement in MOVEMENTS:
            for again, crf in CODINGS.items():
                target = clips / f"{movement}-{name}{again}.mp4"
                if not target.exists():
                    render(files[name], target.with_suffix(".part.mp4"), movement, crf)
                    target.with_suffix(".part.mp4").rename(target)
    case = out / f"case-{program_sha256()[:16]}"
    if not (case / "case.json").exists():
        forensics(out / "home", "init", case, "--case-id", "MOVEMENT")
    forensics(out / "home", "ingest", clips, "-c", case, "--json")
    told = Counter(decisions(case, out))
    recordings = len({each for pair in pairs for each in pair})
    print(f"program {program_sha256()}; {recordings} recordings, {len(pairs)} pairs of one place, {pairs}")
    print("| movements | one recording: matched, candidates | two: matched (wrong), candidates |\n|---|---|---|")
    for one, other in sorted({tuple(sorted(key[:2])) for key in told}):
        count = {
            (same, decision): told[one, other, same, decision]
            + (0 if one == other else told[other, one, same, decision])
            for same in (True, False)
            for decision in ("match", "candidate")
        }
        same, two = ((count[kind, "match"], count[kind, "candidate"]) for kind in (True, False))
        print(f"| {one}, {other} | {same[0]}, {same[1]} | {two[0]}, {two[1]} |")


if __name__ == "__main__":
    main()
