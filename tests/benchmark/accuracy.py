"""Accuracy of matching on the shared repost benchmark, through the real command line.

    python -m tests.benchmark.accuracy --out DIR [--shared ../shared] [--full] [--jobs 2] [--score-only]

1  make the attacked copies (a generator outside this repository, with its own ffmpeg), if DIR has them not
2  ingest the originals and match the copies against them; the answer stays in DIR/match.jsonl
3  score it with the benchmark's own scorer: all queries, and each half of the sources
4  count intervals, times and what is said of the pictures; set it all beside the baselines
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.benchmark import accuracy_report as report
from tests.benchmark.accuracy_measures import (
    BOTH,
    REPORT,
    TUNE,
    HeldOut,
    Recall,
    Share,
    Times,
    by_attack,
    halves,
    held_out,
    recall_of,
    set_sha256,
    times_of,
    transforms_of,
)
from tests.benchmark.command_line import ROOT, forensics, program_sha256
from tests.benchmark.real_footage import families, listed

ALL = "all"


@dataclass(frozen=True)
class Part:
    """All queries, or those of one half of the sources, with the scorer's own figures."""

    queries: int
    recall: Recall
    times: Times
    score: dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """Every figure, what it was measured on, and each baseline's figures by the scorer."""

    truth_sha256: str
    files_sha256: str
    program_sha256: str
    params_sha256: tuple[str, ...]
    parts: dict[str, Part]
    held_out: tuple[HeldOut, ...]
    attacks: dict[str, tuple[Share, Share]]
    transforms: dict[str, Share]
    wrong_transforms: tuple[str, ...]
    baselines: dict[str, dict[str, Any]]

    @property
    def score(self) -> dict[str, Any]:
        return self.parts[ALL].score

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
        for attack, (ours, _) in self.attacks.items():
            for name, baseline in self.baselines.items():
                theirs = baseline["per_attack"].get(attack)
                if theirs and theirs["match"] / theirs["pairs"] > ours.hits / ours.of:
                    out.append(f"{attack}: {ours.hits}/{ours.of}, {name} {theirs['match']}/{theirs['pairs']}")
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
                    "transform": segment["transform"],
                }
            )
    return out


def run(shared: Path, out: Path, *, full: bool, jobs: int) -> Outcome:
    """The whole benchmark into ``out``, which may hold an earlier run's copies."""
    bench, case, home = out / ("full" if full else "quick"), out / "case", out / "home"
    if not (bench / "truth.json").exists():
        size = [] if full else ["--quick"]
        maker = [sys.executable, shared / "bench/make_bench.py", "--sources", shared / "bench/sources"]
        subprocess.run([*map(str, maker), "--out", str(bench), "--jobs", str(jobs), *size], check=True)
    if not (case / "case.json").exists():
        forensics(home, "init", case, "--case-id", "ACCURACY")
    forensics(home, "ingest", bench / "reference", "-c", case, "--jobs", str(jobs))
    answer = out / "match.jsonl"
    forensics(home, "match", bench / "query", "-c", case, "--json", "--jobs", str(jobs), output=answer)
    return scored(shared, bench, out, full=full)


def scored(shared: Path, bench: Path, out: Path, *, full: bool) -> Outcome:
    """Score ``out``/match.jsonl; print the tables and keep all figures in ``out``/accuracy.json."""
    lines = (out / "match.jsonl").read_text().splitlines()
    predictions, rows = predictions_of(lines), listed(shared)
    (out / "predictions.json").write_text(json.dumps(predictions))
    truth = json.loads((bench / "truth.json").read_text())
    truth["queries"] = [query for query in truth["queries"] if full or query["quick"]]
    half, family = halves(truth, rows), families(rows)
    parts, queries = {}, {}
    for name in (ALL, TUNE, REPORT, BOTH):
        chosen = [query for query in truth["queries"] if name in (ALL, half[query["query"]])]
        queries[name] = chosen
        parts[name] = Part(
            len(chosen),
            recall_of(chosen, predictions, lambda query: family.get(query["source"], "none")),
            times_of(chosen, predictions),
            _score(shared, out, {**truth, "queries": chosen}, name),
        )
    right, wrong = transforms_of(truth["queries"], predictions, truth, rows)
    results = sorted((shared / "bench/baseline_results").glob("*_score.json"))
    truth_digest, files_digest = set_sha256(bench)
    outcome = Outcome(
        truth_sha256=truth_digest,
        files_sha256=files_digest,
        program_sha256=program_sha256(),
        params_sha256=tuple(
            sorted({found["method"]["params_sha256"] for found in map(json.loads, lines) if "method" in found})
        ),
        parts=parts,
        held_out=tuple(
            held_out(seen, queries[seen], queries[unseen], predictions)
            for seen, unseen in ((TUNE, REPORT), (REPORT, TUNE))
        ),
        attacks=by_attack(truth["queries"], predictions),
        transforms=right,
        wrong_transforms=tuple(wrong),
        baselines={
            path.name.removesuffix("_score.json").split("_", 1)[1]: json.loads(path.read_text()) for path in results
        },
    )
    (out / "accuracy.json").write_text(json.dumps(asdict(outcome), indent=1))
    print(shown(outcome))
    return outcome


def _score(shared: Path, out: Path, truth: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The benchmark's own scorer over a part of the truth."""
    part, result = out / f"truth-{name}.json", out / f"score-{name}.json"
    part.write_text(json.dumps(truth))
    command = [sys.executable, shared / "bench/score.py", part, out / "predictions.json", result, "--json"]
    said = subprocess.run([*map(str, command)], check=True, stdout=subprocess.PIPE)
    (out / f"score-{name}.txt").write_bytes(said.stdout)
    found: dict[str, Any] = json.loads(result.read_text())
    return found


def shown(outcome: Outcome) -> str:
    """All tables."""
    blocks = [
        f"set:     truth.json {outcome.truth_sha256}\n         its files  {outcome.files_sha256}\n"
        f"program: {outcome.program_sha256}\nparams:  {', '.join(outcome.params_sha256) or 'no pair was named'}",
        *(
            report.part(name, each.queries, each.recall, each.times, each.score)
            for name, each in outcome.parts.items()
            if each.queries
        ),
        report.held_out(outcome.held_out),
        "baselines are of the full set; halves of the sources: tests/benchmark/README.md\n"
        + report.methods(outcome.score, outcome.baselines),
        report.attacks(outcome.attacks, outcome.baselines),
        report.transforms(outcome.transforms, outcome.wrong_transforms),
        *(f"FALSE MATCH {json.dumps(found)}" for found in outcome.score["false_matches"]),
        "behind a baseline: " + ("; ".join(outcome.behind()) or "nowhere"),
        f"false matches {outcome.false_matches}, match recall {outcome.match_recall:.3f}",
    ]
    return "\n\n".join(blocks)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of this benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--full", action="store_true", help="all queries instead of the quick set")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--score-only", action="store_true", help="score the answer that the folder has already")
    chosen = parser.parse_args(arguments)
    out = chosen.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    if chosen.score_only:
        scored(chosen.shared, out / ("full" if chosen.full else "quick"), out, full=chosen.full)
    else:
        run(chosen.shared, out, full=chosen.full, jobs=chosen.jobs)


if __name__ == "__main__":
    main()
