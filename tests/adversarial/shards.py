"""Shards made by the real command line, for tests that merge them.

The files of `small_inputs`, divided between three shards whose operators and keys differ; the last shard has two files
of the first again, one with telemetry beside it, so that their bytes are known when it comes.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.adversarial import forked, small_inputs
from tests.adversarial.cut_ingest import failures, kept

FILES = 7
SHARDS = 3
CASE_ID = "S-1"
MERGING = "information package merging"


def make(work: Path) -> set[str]:
    """``work``/in, ``work``/again, ``work``/case (empty) and three shards; the digests of all files."""
    given = small_inputs.make(work / "in", FILES)
    (work / "in/link.mp4").symlink_to("nowhere")
    (work / "again").mkdir()
    shutil.copy(work / "in/00.mp4", work / "again/elsewhere.mp4")
    shutil.copy(work / "in/01.png", work / "again/elsewhere.png")
    (work / "again/elsewhere.srt").write_text(small_inputs.SRT.replace("50.1", "50.2"))
    for number in range(SHARDS):
        init(work / f"s{number}", f"Node {number}")
        words = ["-c", work / f"s{number}", "-j", "1", "--operator", f"Node {number}"]
        forked.forensics("ingest", work / "in", *words, "--shard", f"{number + 1}/{SHARDS}")
    assert forked.forensics("ingest", work / "again", "-c", work / f"s{SHARDS - 1}", "-j", "1").code in {0, 3}
    init(work / "case", "Lead")
    return given


def init(case: Path, operator: str, case_id: str = CASE_ID) -> None:
    assert forked.forensics("init", case, "--case-id", case_id, "--operator", operator).code == 0


def shards(work: Path) -> list[Path]:
    return [work / f"s{number}" for number in range(SHARDS)]


def events(case: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (case / "log/custody.jsonl").read_text().splitlines()]


def newest(case: Path) -> Iterator[dict[str, object]]:
    """The record of the newest manifest of each evidence."""
    for place in sorted(case.glob("store/??/*")):
        path = max(place.glob("v*/content/manifest.json"), key=lambda each: int(each.parents[1].name[1:]))
        yield json.loads(path.read_bytes())["predicate"]["record"]


def look(work: Path, given: set[str]) -> Iterator[str]:
    """What is wrong with the merged case."""
    case = work / "case"
    found = forked.forensics("verify", case, "--json", "--all-digests")
    if found.code:
        yield f"verify {found.code} {failures(found)}"
    if kept(case) != given:
        yield f"{len(kept(case))} of {len(given)} items"
    seen = Counter(each["run"] + each["seen"] for record in newest(case) for each in record["appearances"])
    there = Counter(each["run"] + each["seen"] for s in shards(work) for r in newest(s) for each in r["appearances"])
    if seen != there:
        yield f"{seen.total()} appearances of {there.total()}"
    numbers = sorted(record["case"]["exhibit"] for record in newest(case))
    if numbers != [f"E-{number + 1:04d}" for number in range(len(given))]:
        yield f"exhibit numbers {numbers}"
    yield from look_at_log(work, given)


def look_at_log(work: Path, given: set[str]) -> Iterator[str]:
    told = events(work / "case")
    if any(event["event"] == "ingestion" for event in told):
        yield "the log says that who merged took a file in"
    lines = Counter(
        (event["detail"]["shard"], event["detail"]["line"])
        for event in told
        if event["event"] == MERGING and "line" in event["detail"]
    )
    if set(lines.values()) != {1}:
        yield f"lines told twice: {lines}"
    there = [event for shard in shards(work) for event in events(shard)]
    taken = sum(event["event"] in {"ingestion", "metadata modification", "ingestion refused"} for event in there)
    if len(lines) != taken:
        yield f"{len(lines)} of {taken} lines of the shards are told"
