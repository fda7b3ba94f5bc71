"""False matches among pairs of real clips that are no copies, through the real command line.

    python -m tests.benchmark.null_pairs --out DIR --clips 460 [--seed 1] [--jobs 2] [--shared ../shared]

1  cut every real clip into stretches that do not overlap, and make mildly attacked copies of some
2  ingest all of them into one case
3  compare every clip with every other (`forensics match`)
4  tell each pair's kinship by the list of sources, leave out true copies, count matches and candidates

Every stage is kept in DIR and not made again. What the program made is kept by the digest of the program: other code
begins again at 2.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from forensics.matching.statistics import clopper_pearson_upper
from tests.benchmark.command_line import ROOT, files_sha256, forensics, keep_plan, program_sha256
from tests.benchmark.null_clips import Clip, described, planned, render
from tests.benchmark.real_footage import COUNTED, LEFT_OUT, Kinship, kinship, real_sources

SHOWN = 40
"""Lines of candidates that are printed; the result file has all."""


@dataclass(frozen=True)
class Row:
    """Pairs of one kinship."""

    kind: str
    pairs: int
    matches: int
    candidates: int
    bound: float


@dataclass(frozen=True)
class Level:
    """Pairs of things of which the clips are made, each counted once however many clips are of it."""

    of: str
    pairs: int
    false: int
    bound: float


@dataclass(frozen=True)
class Result:
    """What the run found; ``false`` and ``listed`` have one entry a pair. ``own_cut_pairs`` are of two clips of one
    cut: true copies, by which it is seen that the chain was at work.
    """

    seed: int
    program_sha256: str
    params_sha256: str | None
    clips_sha256: str
    clips: int
    cuts: int
    sources: int
    considered: int
    own_cut_pairs: int
    own_cut_matched: int
    rows: tuple[Row, ...]
    left_out: tuple[Row, ...]
    levels: tuple[Level, ...]
    false: tuple[dict[str, Any], ...]
    listed: tuple[dict[str, Any], ...]

    @property
    def counted(self) -> int:
        """Pairs that are no copies."""
        return sum(row.pairs for row in self.rows)


def run(shared: Path, out: Path, *, count: int, seed: int, jobs: int) -> Result:
    """All stages; those that DIR already has are taken from it."""
    clips = planned(real_sources(shared), count, seed)
    keep_plan(out / "plan.json", described(clips, seed))
    render(clips, out / "clips", jobs)
    place = out / f"program-{program_sha256()[:16]}"
    place.mkdir(exist_ok=True)
    home, case = out / "home", place / "case"
    if not (case / "case.json").exists():
        forensics(home, "init", case, "--case-id", "NULL-PAIRS")
    taken = forensics(home, "ingest", out / "clips", "-c", case, "--json", "--jobs", str(jobs))
    _check_ingest(taken.output, clips)
    answer = place / "match.jsonl"
    if not answer.exists():
        forensics(home, "match", "-c", case, "--json", "--jobs", str(jobs), output=place / "match.part")
        (place / "match.part").rename(answer)
    lines = [json.loads(line) for line in answer.read_text().splitlines()]
    result = counted(clips, lines, seed, files_sha256((out / "clips").iterdir(), out / "clips"))
    (place / "result.json").write_text(json.dumps(asdict(result), indent=1))
    return result


def _check_ingest(output: bytes, clips: Sequence[Clip]) -> None:
    """Every clip is an evidence of its own, or the count of pairs would be wrong."""
    lines = [json.loads(line) for line in output.splitlines()]
    known = {Path(line["path"]).name: line["id"] for line in lines if line["type"] == "evidence"}
    if set(known) != {clip.name for clip in clips} or len(set(known.values())) != len(clips) or None in known.values():
        raise SystemExit(f"{len(clips)} clips gave {len(set(known.values()))} evidences")


def counted(clips: Sequence[Clip], lines: Sequence[Mapping[str, Any]], seed: int, clips_sha256: str) -> Result:
    """The result from the lines of ``match``. SystemExit when a pair was not compared."""
    summary = lines[-1]
    if summary["type"] != "summary" or summary["not_compared"]:
        raise SystemExit(f"not every pair was compared: {summary}")
    found = {_pair_of(line): line for line in lines if line["type"] == "match"}
    kinds = {_key(one, other): kinship(one.span, other.span) for one, other in combinations(clips, 2)}
    by_name = {clip.name: clip for clip in clips}
    wrong = [key for key, line in found.items() if line["decision"] == "match" and kinds[key] not in LEFT_OUT]
    unsure = [key for key, line in found.items() if line["decision"] != "match" and kinds[key] not in LEFT_OUT]
    methods = {line["method"]["params_sha256"] for line in found.values()}
    own = {_key(one, other) for one, other in combinations(clips, 2) if one.cut == other.cut}
    return Result(
        seed=seed,
        program_sha256=program_sha256(),
        params_sha256=methods.pop() if len(methods) == 1 else None,
        clips_sha256=clips_sha256,
        clips=len(clips),
        cuts=len({clip.cut for clip in clips}),
        sources=len({clip.span.source.id for clip in clips}),
        considered=len(kinds),
        own_cut_pairs=len(own),
        own_cut_matched=sum(found[key]["decision"] == "match" for key in own & found.keys()),
        rows=tuple(_row(kind, kinds, found) for kind in COUNTED),
        left_out=tuple(_row(kind, kinds, found) for kind in LEFT_OUT),
        levels=tuple(_levels(by_name, kinds, wrong)),
        false=tuple(_told(key, kinds, by_name, found[key]) for key in wrong),
        listed=tuple(_told(key, kinds, by_name, found[key]) for key in unsure),
    )


def _key(one: Clip, other: Clip) -> tuple[str, str]:
    return (one.name, other.name) if one.name < other.name else (other.name, one.name)


def _pair_of(line: Mapping[str, Any]) -> tuple[str, str]:
    first, second = sorted(Path(line[side]["path"]).name for side in ("query", "reference"))
    return first, second


def _row(kind: Kinship, kinds: Mapping[tuple[str, str], Kinship], found: Mapping[tuple[str, str], Any]) -> Row:
    pairs = sum(each is kind for each in kinds.values())
    decided = Counter(line["decision"] for key, line in found.items() if kinds[key] is kind)
    bound = clopper_pearson_upper(decided["match"], pairs)
    return Row(str(kind), pairs, decided["match"], decided["candidate"], bound)


def _levels(
    clips: Mapping[str, Clip], kinds: Mapping[tuple[str, str], Kinship], wrong: Sequence[tuple[str, str]]
) -> list[Level]:
    """The pairs counted, and the false ones, as pairs of cuts, of sources, of recordings and of places."""
    levels = []
    for of, name in (
        ("cuts", lambda clip: clip.cut),
        ("sources", lambda clip: clip.span.source.id),
        ("recordings", lambda clip: clip.span.source.recording),
        ("places", lambda clip: clip.span.source.place),
    ):
        shown = [key for key, kind in kinds.items() if kind in COUNTED]
        tried, failed = ({frozenset(name(clips[each]) for each in key) for key in keys} for keys in (shown, wrong))
        levels.append(Level(of, len(tried), len(failed), clopper_pearson_upper(len(failed), len(tried))))
    return levels


def _told(
    key: tuple[str, str],
    kinds: Mapping[tuple[str, str], Kinship],
    clips: Mapping[str, Clip],
    line: Mapping[str, Any],
) -> dict[str, Any]:
    """One pair for a person to look at, with the grounds of its strongest segment."""
    segment = max(line["segments"], key=lambda each: each["score"])
    return {
        "clips": key,
        "kind": str(kinds[key]),
        "cuts": [str(clips[name]) for name in key],
        "decision": line["decision"],
        "assessment": line["assessment"],
        "score": line["score"],
        "segment": segment,
    }


def shown(result: Result) -> str:
    """The result as text."""
    out = [
        f"program {result.program_sha256}",
        f"params  {result.params_sha256 or 'no pair was named'}",
        f"clips   {result.clips_sha256}",
        f"{result.clips} clips, {result.cuts} different cuts of {result.sources} sources (seed {result.seed})",
        f"pairs that the chain considered: {result.considered} = C({result.clips}, 2); none was left uncompared",
        "left out of the count:",
        *(f"  {row.pairs:7} {row.kind} (of these matched: {row.matches})" for row in result.left_out),
        f"  (two clips of one cut: {result.own_cut_matched} of {result.own_cut_pairs} matched; the chain was at work)",
        f"{'counted:':52}{'pairs':>8}{'matches':>9}{'candidates':>12}   one-sided 95 % bound of the rate",
        *(_shown_row(row) for row in result.rows),
    ]
    false, listed = (sum(getattr(row, name) for row in result.rows) for name in ("matches", "candidates"))
    out.append(_shown_row(Row("all", result.counted, false, listed, clopper_pearson_upper(false, result.counted))))
    out.append("the pairs are not independent; counted once for each pair (or one with itself) of")
    out += [
        f"  {each.of:12}{each.pairs:8} pairs {each.false:5} false, bound {each.bound:.2e}" for each in result.levels
    ]
    for name, entries in (("FALSE MATCH", result.false), ("candidate", result.listed[:SHOWN])):
        out += [
            f"{name}: {' | '.join(each['cuts'])}: {each['kind']}, {each['assessment']} {each['score']:.3f}"
            for each in entries
        ]
    return "\n".join(out)


def _shown_row(row: Row) -> str:
    """3/n where nothing was found, which the exact bound is."""
    rule = f" (3/n = {3 / row.pairs:.2e})" if row.pairs and not row.matches else ""
    return f"  {row.kind:50}{row.pairs:8}{row.matches:9}{row.candidates:12}   {row.bound:.2e}{rule}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of this benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=460)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    chosen = parser.parse_args(arguments)
    print(shown(run(chosen.shared, chosen.out.resolve(), count=chosen.clips, seed=chosen.seed, jobs=chosen.jobs)))


if __name__ == "__main__":
    main()
