"""The result of the accuracy benchmark as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.benchmark.accuracy_measures import HeldOut, Recall, Share, Times

OURS = "this program"


def heads(score: Mapping[str, Any]) -> dict[str, float | None]:
    """The figures by which methods are compared, from a file of the scorer."""
    video, segments = score["video"], score["segments"]
    return {
        "micro-AP": video["micro_ap"],
        "R@P100": video["recall_at_p100"],
        "recall": video["match"]["recall"],
        "precision": video["match"]["precision"],
        "listed": video["match_or_candidate"]["recall"],
        "false": float(len(score["false_matches"])),
        "segment AP": segments["micro_ap"],
        "segment F1": segments["micro"]["f1"],
        "median s": score["localisation"]["median_error_s"],
    }


def methods(score: Mapping[str, Any], baselines: Mapping[str, Mapping[str, Any]]) -> str:
    """Ours and every baseline, one a row."""
    rows = {OURS: heads(score)} | {name: heads(each) for name, each in sorted(baselines.items())}
    out = ["method".ljust(16) + "".join(name.rjust(12) for name in rows[OURS])]
    for method, figures in rows.items():
        cells = [
            "-" if value is None else f"{value:.0f}" if name == "false" else f"{value:.3f}"
            for name, value in figures.items()
        ]
        out.append(method.ljust(16) + "".join(cell.rjust(12) for cell in cells))
    return "\n".join(out)


def attacks(found: Mapping[str, tuple[Share, Share]], baselines: Mapping[str, Mapping[str, Any]]) -> str:
    """Share matched with its interval, share listed, and what each baseline matched, attack by attack."""
    names = sorted(baselines)
    out = [f"{'attack':26}{'matched (Wilson 95 %)':36}{'listed':>10}" + "".join(name.rjust(13) for name in names)]
    for attack, (matched, listed) in found.items():
        cells = []
        for name in names:
            theirs = baselines[name]["per_attack"].get(attack)
            cells.append("-" if theirs is None else f"{theirs['match']}/{theirs['pairs']}")
        row = f"{attack:26}{matched!s:36}{listed.hits:5}/{listed.of:<4}"
        out.append(row + "".join(cell.rjust(13) for cell in cells))
    return "\n".join(out)


def part(name: str, queries: int, recall: Recall, times: Times, score: Mapping[str, Any]) -> str:
    """One half of the sources, or all."""
    low, high = recall.clustered
    video = score["video"]
    ends, offset = (
        "-" if median is None else f"{median:.3f} / {p90:.3f} s"
        for median, p90 in ((times.ends_median, times.ends_p90), (times.offset_median, times.offset_p90))
    )
    return "\n".join(
        [
            f"{name}: {queries} queries",
            f"  matched            {recall.matched}, by families {100 * low:.1f} to {100 * high:.1f}",
            f"  listed             {recall.listed}",
            f"  wrong pairs        {recall.false_pairs}; queries without an original {recall.negatives}, "
            f"of which matched {recall.negatives_false} (at most {100 * recall.false_bound:.1f} %)",
            f"  micro-AP {video['micro_ap']:.3f}, recall at 100 % precision {video['recall_at_p100']:.3f}, "
            f"segment micro-AP {score['segments']['micro_ap']:.3f}",
            f"  times, median / ninth decile of {times.segments} segments: ends {ends}, offset at the middle {offset}",
        ]
    )


def held_out(found: Iterable[HeldOut]) -> str:
    """What a threshold chosen on one half does on the other."""
    rows = (
        f"  chosen on {each.chosen_on:7} {each.threshold:.3f}: recall {each.recall}, wrong {each.false_pairs}"
        for each in found
    )
    return "\n".join(["one threshold chosen on one half of the sources, counted on the other:", *rows])


def transforms(found: Mapping[str, Share], wrong: Iterable[str]) -> str:
    """How often the picture's place is said right, and each time that it is not."""
    out = ["said of the picture, right where the attack determines it (copies that were matched):"]
    out += [f"  {aspect:18}{share}" for aspect, share in found.items()]
    return "\n".join(out + [f"    {line}" for line in wrong])
