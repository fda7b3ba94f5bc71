"""What is counted on the accuracy benchmark beside the scorer's own figures."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics.matching.statistics import clopper_pearson_upper, effective_trials, quantile, wilson
from tests.benchmark.command_line import files_sha256
from tests.benchmark.expected_transform import expected, judged
from tests.benchmark.real_footage import families

TUNE, REPORT, BOTH = "tune", "report", "both"
Query = Mapping[str, Any]
Predictions = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Share:
    """So many of so many, with the Wilson 95 % interval."""

    hits: int
    of: int

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.hits, self.of)

    def __str__(self) -> str:
        low, high = self.interval
        share = f"{100 * self.hits / self.of:5.1f} %" if self.of else "    -  "
        return f"{self.hits:4} of {self.of:4} {share} ({100 * low:.1f} to {100 * high:.1f})"


def halves(truth: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """For each query the half that it belongs to: by the SHA-256 of the family of sources that it shows.

    Sources of one place, camera or recording are one family, named by its least source. A query that shows families
    of both halves is in neither (`BOTH`). Background footage that no truth segment names is not looked at.
    """
    family = families([dict(row) for row in rows])
    source_of = {each["reference"]: each["source"] for each in truth["references"]}
    out = {}
    for query in truth["queries"]:
        shown = {source_of[segment["reference"]] for segment in query["segments"]}
        shown |= {source_of[near] for near in query["near"]} | set(query.get("mixed_ids", ()))
        shown |= {query["source"]} if query["source"] else set()
        sides = {half_of(family.get(name, name)) for name in shown or {query["attack"]}}
        out[query["query"]] = sides.pop() if len(sides) == 1 else BOTH
    return out


def half_of(name: str) -> str:
    """The fixed half of a family: the lowest bit of the first byte of the SHA-256 of its name."""
    return (TUNE, REPORT)[hashlib.sha256(name.encode()).digest()[0] & 1]


def true_pairs(queries: Iterable[Query]) -> dict[tuple[str, str], str]:
    """Every pair of a copy and an original that it shows, with the attack."""
    return {
        (query["query"], segment["reference"]): query["attack"] for query in queries for segment in query["segments"]
    }


@dataclass(frozen=True)
class Recall:
    """Shares of true pairs decided ``match``, and listed as a match or a candidate; wrong pairs decided ``match``."""

    matched: Share
    listed: Share
    effective: float
    false_pairs: int
    negatives: int
    negatives_false: int

    @property
    def clustered(self) -> tuple[float, float]:
        """The interval of the share matched when the copies of one family count as one cluster."""
        return wilson(self.matched.hits / max(1, self.matched.of) * self.effective, self.effective)

    @property
    def false_bound(self) -> float:
        """Exact one-sided 95 % bound of the rate of false matches among queries without an original."""
        return clopper_pearson_upper(self.negatives_false, self.negatives)


def recall_of(queries: Sequence[Query], predictions: Predictions, family_of: Callable[[Query], str]) -> Recall:
    """Counts over the queries given; predictions for others are passed over."""
    due = true_pairs(queries)
    names = {query["query"]: query for query in queries}
    decided = _pairs(predictions, names, {"match"})
    listed = _pairs(predictions, names, {"match", "candidate"})
    clusters: dict[str, list[bool]] = defaultdict(list)
    for pair in due:
        clusters[family_of(names[pair[0]])].append(pair in decided)
    empty = {name for name, query in names.items() if not query["segments"]}
    wrong = decided - set(due)
    return Recall(
        matched=Share(len(decided & set(due)), len(due)),
        listed=Share(len(listed & set(due)), len(due)),
        effective=effective_trials(
            [sum(each) for each in clusters.values()], [len(each) for each in clusters.values()]
        ),
        false_pairs=len(wrong),
        negatives=len(empty),
        negatives_false=len({query for query, _ in wrong} & empty),
    )


def _pairs(predictions: Predictions, names: Iterable[str], decisions: set[str]) -> set[tuple[str, str]]:
    wanted = set(names)
    return {
        (each["query"], each["reference"])
        for each in predictions
        if each["query"] in wanted and each["decision"] in decisions
    }


MARGIN = 2.0
"""A score is trusted from so many times the strongest wrong pair's on: the strongest of one half of the wrong pairs is
as likely as not to be passed by one of the other half.
"""


@dataclass(frozen=True)
class HeldOut:
    """What a threshold chosen on one half of the sources does on the other, where nothing was chosen: `MARGIN` times
    the score of the strongest wrong pair that was listed there, decided ``match`` or not.
    """

    chosen_on: str
    threshold: float
    recall: Share
    false_pairs: int


def held_out(chosen_on: str, seen: Sequence[Query], unseen: Sequence[Query], predictions: Predictions) -> HeldOut:
    """Choose the threshold on ``seen``, count on ``unseen``."""
    due = true_pairs(seen)
    threshold = MARGIN * max((score for pair, score in _best(seen, predictions).items() if pair not in due), default=0)
    due, scores = true_pairs(unseen), _best(unseen, predictions)
    above = {pair for pair, score in scores.items() if score > threshold}
    return HeldOut(chosen_on, threshold, Share(len(above & set(due)), len(due)), len(above - set(due)))


def _best(queries: Sequence[Query], predictions: Predictions) -> dict[tuple[str, str], float]:
    """The highest score of every pair listed."""
    names = {query["query"] for query in queries}
    out: dict[tuple[str, str], float] = {}
    for each in predictions:
        pair = each["query"], each["reference"]
        if pair[0] in names:
            out[pair] = max(out.get(pair, 0.0), each["score"])
    return out


def by_attack(queries: Sequence[Query], predictions: Predictions) -> dict[str, tuple[Share, Share]]:
    """For each attack the shares matched and listed."""
    out = {}
    for attack in sorted({query["attack"] for query in queries if query["segments"]}):
        chosen = [query for query in queries if query["attack"] == attack]
        found = recall_of(chosen, predictions, lambda query: str(query["source"]))
        out[attack] = (found.matched, found.listed)
    return out


@dataclass(frozen=True)
class Times:
    """Errors in seconds of matched segments: at the four ends together, and of the offset at their middle."""

    segments: int
    ends_median: float | None
    ends_p90: float | None
    offset_median: float | None
    offset_p90: float | None


def times_of(queries: Sequence[Query], predictions: Predictions) -> Times:
    """Errors against the truth segment that overlaps most, over segments decided ``match``."""
    ends: list[float] = []
    offsets: list[float] = []
    for each, segment in _overlapping(queries, predictions):
        ends += [
            abs(each["query_start_s"] - segment["query_start_s"]),
            abs(each["query_end_s"] - segment["query_end_s"]),
            abs(each["ref_start_s"] - segment["ref_start_s"]),
            abs(each["ref_end_s"] - segment["ref_end_s"]),
        ]
        into = (each["query_start_s"] + each["query_end_s"]) / 2 - segment["query_start_s"]
        due = segment["ref_start_s"] + segment["speed"] * into
        if segment["reversed"]:
            due = segment["ref_end_s"] - segment["speed"] * into
        offsets.append(abs((each["ref_start_s"] + each["ref_end_s"]) / 2 - due))
    return Times(len(offsets), quantile(ends, 0.5), quantile(ends, 0.9), quantile(offsets, 0.5), quantile(offsets, 0.9))


def _overlapping(
    queries: Sequence[Query], predictions: Predictions
) -> Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    names = {query["query"]: query for query in queries}
    for each in predictions:
        if each["decision"] != "match" or each["query"] not in names:
            continue
        rivals = [
            (min(each["query_end_s"], segment["query_end_s"]) - max(each["query_start_s"], segment["query_start_s"]), n)
            for n, segment in enumerate(names[each["query"]]["segments"])
            if segment["reference"] == each["reference"]
            and min(each["ref_end_s"], segment["ref_end_s"]) > max(each["ref_start_s"], segment["ref_start_s"])
        ]
        if rivals and max(rivals)[0] > 0:
            yield each, names[each["query"]]["segments"][max(rivals)[1]]


def transforms_of(
    queries: Sequence[Query], predictions: Predictions, truth: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]
) -> tuple[dict[str, Share], list[str]]:
    """Of copies that were matched: how often each thing about the picture is said right, and what was said wrong.

    Judged is the strongest segment of a query with its own source, where the steps of the attack determine it.
    """
    size = {row["id"]: (row["width"], row["height"]) for row in rows}
    source_of = {each["reference"]: each["source"] for each in truth["references"]}
    names = {query["query"]: query for query in queries if query["kind"] == "copy"}
    best: dict[str, Mapping[str, Any]] = {}
    for each, _ in _overlapping(list(names.values()), predictions):
        own = source_of[each["reference"]] == names[each["query"]]["source"]
        better = each["query"] not in best or best[each["query"]]["score"] < each["score"]
        if own and better and each["transform"] is not None:
            best[each["query"]] = each
    counts: dict[str, list[bool]] = defaultdict(list)
    wrong = []
    for name, each in sorted(best.items()):
        query = names[name]
        due = expected(query["steps"], *size[query["source"]])
        for aspect, right in judged(due, each["transform"]).items() if due else ():
            counts[aspect].append(right)
            if not right:
                told = {
                    key: each["transform"][key] for key in ("mirrored", "quarter_turns", "rotation_deg", "crop", "box")
                }
                wrong.append(f"{name} {query['attack']} {query['source']}: {aspect}: {told}, expected {due}")
    return {aspect: Share(sum(each), len(each)) for aspect, each in sorted(counts.items())}, wrong


def set_sha256(bench: Path) -> tuple[str, str]:
    """Digests that name a set: of its truth file, and of the list of digests of all its clips."""
    files = [path for part in ("reference", "query") for path in (bench / part).iterdir()]
    return hashlib.sha256((bench / "truth.json").read_bytes()).hexdigest(), files_sha256(files, bench)
