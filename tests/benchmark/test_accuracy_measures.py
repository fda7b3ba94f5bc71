"""What the accuracy benchmark counts beside the scorer: halves, intervals, times, what is said of the picture."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.benchmark.accuracy import predictions_of
from tests.benchmark.accuracy_measures import (
    BOTH,
    REPORT,
    TUNE,
    Share,
    half_of,
    halves,
    held_out,
    recall_of,
    times_of,
    transforms_of,
)
from tests.benchmark.expected_transform import WHOLE, Expected, expected, judged


def row(name: str, *near: str, role: str = "ref") -> dict[str, Any]:
    size = {"width": 800, "height": 400}
    return {
        "id": name,
        "role": role,
        "near": list(near),
        "align": None,
        "cut": None,
        "origin": "o",
        "origin_path": name,
    } | size


def query(name: str, source: str | None, *segments: dict[str, Any], **told: Any) -> dict[str, Any]:
    plain = {"kind": "copy", "attack": "crop", "near": [], "steps": [["crop", {"pct": 0.2}]]}
    return {"query": name, "source": source, "segments": list(segments), **plain, **told}


def segment(reference: str, q0: float, q1: float, r0: float, **told: Any) -> dict[str, Any]:
    plain = {"reversed": False, "speed": 1.0}
    times = {"query_start_s": q0, "query_end_s": q1, "ref_start_s": r0, "ref_end_s": r0 + q1 - q0}
    return {"reference": reference, **times, **plain, **told}


def prediction(name: str, reference: str, q0: float, q1: float, r0: float, **told: Any) -> dict[str, Any]:
    plain = {"decision": "match", "score": 0.9, "mirrored": False, "transform": None}
    times = {"query_start_s": q0, "query_end_s": q1, "ref_start_s": r0, "ref_end_s": r0 + q1 - q0}
    return {"query": name, "reference": reference, **times, **plain, **told}


def names_in(half: str, count: int) -> list[str]:
    return [name for name in (f"s{n}" for n in range(99)) if half_of(name) == half][:count]


def truth(queries: Iterable[dict[str, Any]], **references: str) -> dict[str, Any]:
    return {
        "queries": list(queries),
        "references": [{"reference": name, "source": source} for name, source in references.items()],
    }


def test_the_half_of_a_family_is_fixed() -> None:
    assert [half_of(name) for name in ("karma", "vtest_a", "chair19", "dash_us")] == [REPORT, TUNE, TUNE, REPORT]


def test_no_family_of_sources_stands_in_both_halves() -> None:
    (a, b), (c, _) = names_in(TUNE, 2), names_in(REPORT, 2)
    rows = [row(a), row(b), row(c), row("look", a, role="conf")]
    told = truth(
        [
            query("q1", a, segment("r1", 0, 5, 0)),
            query("q2", "look", near=["r1"], kind="confusable"),
            query("q3", c, segment("r3", 0, 5, 0)),
            query("q4", a, segment("r1", 0, 5, 0), segment("r3", 5, 9, 0)),
            query("q5", a, segment("r1", 0, 5, 0), mixed_ids=[a, c]),
            query("q6", None, near=["r2", "r3"], kind="distractor"),
        ],
        r1=a,
        r2=b,
        r3=c,
    )
    found = halves(told, rows)
    family = min(a, "look")
    assert found["q1"] == found["q2"] == half_of(family)
    assert found["q3"] == REPORT
    assert found["q6"] == BOTH
    assert (found["q4"], found["q5"]) == ((BOTH, BOTH) if half_of(family) == TUNE else (REPORT, REPORT))


def test_the_real_list_gives_two_halves_that_share_no_family(shared: Path) -> None:
    rows = json.loads((shared / "bench/sources/sources.json").read_text())
    names = [each["id"] for each in rows if each["role"] == "ref"]
    told = truth((query(f"q-{name}", name, segment(name, 0, 1, 0)) for name in names), **{name: name for name in names})
    found = halves(told, rows)
    assert 15 <= sum(half == TUNE for half in found.values()) <= 29
    assert BOTH not in found.values()
    assert found["q-vdrone002"] == found["q-vdrone025"]
    assert found["q-vtest_a"] == found["q-vtest_c"]


def test_recall_counts_pairs_and_false_matches_apart() -> None:
    queries = [
        query("q1", "a", segment("r1", 0, 5, 0), segment("r2", 5, 9, 0)),
        query("q2", "b", segment("r2", 0, 5, 0)),
        query("q3", None, kind="distractor"),
    ]
    said = [
        prediction("q1", "r1", 0, 5, 0),
        prediction("q1", "r1", 3, 4, 0, decision="candidate"),
        prediction("q2", "r2", 0, 5, 0, decision="candidate"),
        prediction("q3", "r1", 0, 5, 0),
        prediction("elsewhere", "r1", 0, 5, 0),
    ]
    found = recall_of(queries, said, lambda each: str(each["source"]))
    assert (found.matched, found.listed) == (Share(1, 3), Share(2, 3))
    assert (found.false_pairs, found.negatives, found.negatives_false) == (1, 1, 1)
    assert 2 <= found.effective <= 3


def test_a_threshold_is_chosen_on_one_half_and_counted_on_the_other() -> None:
    seen = [query("a", "s", segment("r1", 0, 9, 0)), query("b", None)]
    unseen = [query("c", "t", segment("r2", 0, 9, 0)), query("d", "t", segment("r2", 0, 9, 0)), query("e", None)]
    scores = {
        ("a", "r1"): 0.9,
        ("a", "r2"): 0.1,
        ("b", "r1"): 0.2,
        ("c", "r2"): 0.41,
        ("d", "r2"): 0.4,
        ("e", "r1"): 0.5,
    }
    found = held_out(
        "seen", seen, unseen, [prediction(*pair, 0, 9, 0) | {"score": score} for pair, score in scores.items()]
    )
    assert (found.chosen_on, found.threshold, found.recall, found.false_pairs) == ("seen", 0.4, Share(1, 2), 1)


def test_errors_of_times_are_against_the_truth_that_overlaps_most() -> None:
    queries = [query("q", "a", segment("r", 0, 4, 10), segment("r", 6, 9, 20), segment("r", 12, 14, 30, speed=2.0))]
    found = times_of(queries, [prediction("q", "r", 6.1, 9.0, 20.2), prediction("q", "r", 0, 4, 90)])
    assert found.segments == 1
    assert found.offset_median == pytest.approx(0.1)
    assert (found.ends_median, found.ends_p90) == (pytest.approx(0.1), pytest.approx(0.2))
    backwards = [query("q", "a", segment("r", 0, 4, 10, reversed=True))]
    assert times_of(backwards, [prediction("q", "r", 0, 2, 12)]).offset_median == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("steps", "due"),
    [
        ([["enc", {"crf": 30}], ["bars", {"top": 0.1, "bottom": 0.1}]], Expected(800, 400)),
        ([["mirror", {}]], Expected(800, 400, mirrored=True)),
        ([["rot90", {"dir": 1}]], Expected(400, 800, quarter_turns=3)),
        ([["crop", {"pct": 0.25}]], Expected(600, 300, crop=None, crop_size=(0.75, 0.75))),
        ([["letterbox", {"ar": 1.0}]], Expected(800, 800, boxes=((0.0, 0.25, 1.0, 0.75),))),
        ([["meme", {"top": 0.5, "bottom": 0.5}]], Expected(800, 800, boxes=((0.0, 0.25, 1.0, 0.75),))),
        ([["border", {"frac": 0.125}]], Expected(1000, 600, boxes=((0.1, 1 / 6, 0.9, 5 / 6),))),
        (
            [["meme", {"top": 1.0, "bottom": 0.0}], ["mirror", {}]],
            Expected(800, 800, mirrored=True, boxes=((0.0, 0.5, 1.0, 1.0),)),
        ),
    ],
)
def test_what_steps_determine(steps: list[Any], due: Expected) -> None:
    found = expected(steps, 800, 400)
    assert found is not None
    assert found.boxes == tuple(pytest.approx(box) for box in due.boxes or ())
    assert found.crop_size == pytest.approx(due.crop_size)
    assert (found.width, found.height) == pytest.approx((due.width, due.height))
    assert (found.mirrored, found.quarter_turns, found.crop) == (due.mirrored, due.quarter_turns, due.crop)


def test_a_split_screen_shows_the_middle_in_either_half() -> None:
    found = expected([["split", {"other": "filler"}]], 800, 360)
    assert found is not None
    assert found.crop == pytest.approx((0.235, 0.0, 0.765, 1.0))
    assert found.boxes == (pytest.approx((0, 0, 0.5, 1)), pytest.approx((0.5, 0, 1, 1)))


def test_an_inset_has_four_places_and_an_unknown_step_none() -> None:
    found = expected([["pip_in", {"frac": 0.5}]], 640, 360)
    assert found is not None
    assert found.boxes is not None
    assert len(found.boxes) == 4
    assert {round(box[2] - box[0], 6) for box in found.boxes} == {0.5}
    assert expected([["fisheye", {}]], 640, 360) is None


def test_a_record_is_judged_only_in_what_is_determined() -> None:
    said = {"mirrored": True, "quarter_turns": 0, "rotation_deg": 0.2, "crop": WHOLE, "box": (0.01, 0.0, 1.0, 0.98)}
    assert judged(Expected(8, 4, mirrored=True), said) == {
        "mirrored": True,
        "no quarter turn": True,
        "no small rotation": True,
        "no crop": True,
        "no inset": True,
    }
    assert judged(Expected(8, 4, crop=None, crop_size=(0.8, 0.8), boxes=None), said)["crop rectangle"] is False
    assert judged(Expected(8, 4, crop=None, crop_size=None, boxes=None, rotation_deg=None), said) == {
        "not mirrored": False,
        "no quarter turn": True,
    }


def test_the_strongest_segment_of_the_own_source_is_judged() -> None:
    due = {"mirrored": False, "quarter_turns": 0, "rotation_deg": 0.0, "box": WHOLE}
    queries = [query("q", "a", segment("r1", 0, 5, 0), segment("r2", 5, 9, 0))]
    said = [
        prediction("q", "r1", 0, 5, 0, transform=due | {"crop": (0.0, 0.1, 0.8, 0.9)}),
        prediction("q", "r1", 1, 2, 0, score=0.1, transform=due | {"crop": WHOLE}),
        prediction("q", "r2", 5, 9, 0, score=1.0, transform=due | {"crop": WHOLE}),
    ]
    found, wrong = transforms_of(queries, said, truth(queries, r1="a", r2="b"), [row("a"), row("b")])
    assert found["crop rectangle"] == Share(1, 1)
    assert wrong == []


def test_lines_of_match_become_predictions() -> None:
    told = {
        "type": "match",
        "query": {"path": "/x/q.mp4"},
        "reference": {"path": "/y/r.mp4"},
        "decision": "match",
        "mirrored": False,
        "segments": [
            {
                "query_start_s": 0.0,
                "query_end_s": 2.0,
                "reference_start_s": 5.0,
                "reference_end_s": 3.0,
                "score": 0.8,
                "transform": None,
            }
        ],
    }
    (only,) = predictions_of([json.dumps(told), json.dumps({"type": "summary"})])
    assert (only["query"], only["reference"], only["ref_start_s"], only["ref_end_s"]) == ("q.mp4", "r.mp4", 3.0, 5.0)
