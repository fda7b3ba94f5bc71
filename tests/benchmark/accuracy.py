"""Accuracy of matching on the shared repost benchmark, through the real command line.

    python -m tests.benchmark.accuracy --out /tmp/accuracy [--shared ../shared] [--full] [--jobs 2]

Makes the attacked copies (a generator outside this repository, with its own ffmpeg), ingests the originals, matches
the copies against them, scores the answer with the benchmark's own scorer and sets it beside the baselines.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ACCEPTED_EXITS = (0, 3)
"""All done, or done with notices: the benchmark's synthetic clips are meant to raise some."""


@dataclass(frozen=True)
class Outcome:
    """The scorer's figures for us and for each baseline (its per-attack rows)."""

    score: dict[str, Any]
    baselines: dict[str, dict[str, Any]]

    @property
    def false_matches(self) -> int:
        return len(self.score["false_matches"])

    @property
    def match_recall(self) -> float:
        return float(self.score["video"]["match"]["recall"])

    @property
    def listed_recall(self) -> float:
        return float(self.score["video"]["match_or_candidate"]["recall"])

    def behind(self) -> list[str]:
        """Attacks of which a baseline decides a larger share to be matches."""
        out = []
        for attack, row in self.score["per_attack"].items():
            for name, baseline in self.baselines.items():
                theirs = baseline["per_attack"].get(attack)
                if theirs and theirs["match"] / theirs["pairs"] > row["match"] / row["pairs"]:
                    out.append(f"{attack}: {row['match']}/{row['pairs']}, {name} {theirs['match']}/{theirs['pairs']}")
        return out


def predictions_of(lines: Sequence[str]) -> list[dict[str, Any]]:
    """One prediction a matched segment, from the JSON Lines of ``forensics match``."""
    out = []
    for line in lines:
        found = json.loads(line)
        if found["type"] != "match":
            continue
        for segment in found["segments"]:
            ends = sorted((segment["reference_start_s"], segment["reference_end_s"]))
            out.append(
                {
                    "query": Path(found["query"]["path"]).name,
                    "reference": Path(found["reference"]["path"]).name,
                    "score": segment["score"],
                    "decision": found["decision"],
                    "query_start_s": segment["query_start_s"],
                    "query_end_s": segment["query_end_s"],
                    "ref_start_s": ends[0],
                    "ref_end_s": ends[1],
                    "mirrored": found["mirrored"],
                }
            )
    return out


def run(shared: Path, out: Path, *, full: bool, jobs: int) -> Outcome:
    """The whole benchmark into ``out``, which may hold an earlier run's copies."""
    bench, case = out / ("full" if full else "quick"), out / "case"
    if not (bench / "truth.json").exists():
        size = [] if full else ["--quick"]
        maker = [sys.executable, shared / "bench/make_bench.py", "--sources", shared / "bench/sources"]
        subprocess.run([*map(str, maker), "--out", str(bench), "--jobs", str(jobs), *size], check=True)
    if not (case / "case.json").exists():
        _forensics(out, "init", case, "--case-id", "ACCURACY")
    _forensics(out, "ingest", bench / "reference", "-c", case)
    answer = _forensics(out, "match", bench / "query", "-c", case, "--json")
    (out / "predictions.json").write_text(json.dumps(predictions_of(answer.splitlines())))
    return scored(shared, bench, out, full=full)


def scored(shared: Path, bench: Path, out: Path, *, full: bool) -> Outcome:
    """Run the scorer on ``out``/predictions.json; print its table and the baselines."""
    command = [shared / "bench/score.py", bench / "truth.json", out / "predictions.json", out / "score.json", "--json"]
    size = [] if full else ["--quick"]
    shown = subprocess.run(
        [sys.executable, *map(str, command), *size], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    print(shown)
    results = sorted((shared / "bench/baseline_results").glob("*_score.json"))
    baselines = {
        path.name.removesuffix("_score.json").split("_", 1)[1]: json.loads(path.read_text()) for path in results
    }
    outcome = Outcome(score=json.loads((out / "score.json").read_text()), baselines=baselines)
    print(_table(outcome))
    return outcome


def _table(outcome: Outcome) -> str:
    """Share of pairs decided match, per attack, beside each baseline (theirs are of the full set)."""
    names = sorted(outcome.baselines)
    rows = ["attack".ljust(26) + "pairs  match  " + "  ".join(name.rjust(11) for name in names)]
    for attack, row in sorted(outcome.score["per_attack"].items()):
        cells = []
        for name in names:
            theirs = outcome.baselines[name]["per_attack"].get(attack)
            cells.append(("-" if theirs is None else f"{theirs['match']}/{theirs['pairs']}").rjust(11))
        rows.append(f"{attack:26}{row['pairs']:5}  {row['match']:5}  " + "  ".join(cells))
    return "\n".join(rows)


def _forensics(out: Path, *arguments: str | Path) -> str:
    """Standard output of one command; the operator key it may make stays in ``out``."""
    own = {"HOME": str(out / "home"), "XDG_CONFIG_HOME": str(out / "home/config"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "pipelines", *map(str, arguments)],
        env={**os.environ, **own},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode not in ACCEPTED_EXITS:
        raise SystemExit(f"forensics {arguments[0]} ended with {done.returncode}")
    return done.stdout


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of this benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--full", action="store_true", help="all queries instead of the quick set")
    parser.add_argument("--jobs", type=int, default=2)
    chosen = parser.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    outcome = run(chosen.shared, chosen.out, full=chosen.full, jobs=chosen.jobs)
    print(f"false matches {outcome.false_matches}, match recall {outcome.match_recall:.3f}")
    print("behind a baseline: " + ("; ".join(outcome.behind()) or "nowhere"))


if __name__ == "__main__":
    main()
