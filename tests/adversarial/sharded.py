"""The parts of one ingest, all at once into one case: the case is as one ingest makes it, and says who did what.

    python -m tests.adversarial.sharded PARTS

Prints one JSON object.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.adversarial import forked, small_inputs
from tests.adversarial.cut_ingest import failures, kept

FILES = 9


def campaign(parts: int, work: Path) -> dict[str, object]:
    given = small_inputs.make(work / "in", FILES)
    (work / "in/cards/two").mkdir(parents=True)
    for place in ("cards", "cards/two"):
        shutil.copy(work / "in/05.mp4", work / "in" / place / "DJI_0001_D.MP4")
        (work / "in" / place / "DJI_0001.SRT").write_text(small_inputs.SRT)
    case = work / "case"
    assert forked.forensics("init", case, "--case-id", "S", "--operator", "t").code == 0
    words = ["ingest", work / "in", "-c", case, "--json", "-j", "1", "--shard"]
    said = [child.end() for child in [forked.start([*words, f"{part + 1}/{parts}"]) for part in range(parts)]]
    problems = Counter(f"exit {each.code}: {each.err.strip()[-200:]}" for each in said if each.code)
    problems.update(look(case, given, parts))
    lines = [line for each in said for line in each.lines]
    paths = Counter(line["path"] for line in lines if line["type"] == "evidence")
    if set(paths.values()) != {1} or len(paths) != FILES + 2:
        problems[f"taken: {paths}"] += 1
    again = forked.forensics(*words, f"1/{parts}")
    told = [line for line in again.lines if line["type"] == "parts"]
    return {"problems": problems, "told": told, "again": again.code}


def look(case: Path, given: set[str], parts: int) -> Iterator[str]:
    found = forked.forensics("verify", case, "--json")
    if found.code:
        yield f"verify {found.code} {failures(found)}"
    if kept(case) != given:
        yield f"{len(kept(case))} of {len(given)} items"
    events = [json.loads(line) for line in (case / "log/custody.jsonl").read_text().splitlines()]
    ends = [event["detail"] for event in events if event["event"] == "ingestion end"]
    if {(end["part"], end["parts"], end["part_rule"]) for end in ends} != {
        (part + 1, parts, "sha256-of-unit/1") for part in range(parts)
    }:
        yield f"ends: {ends}"
    if sum(end["units_of_part"] for end in ends) != ends[0]["units"] or len({end["units"] for end in ends}) != 1:
        yield f"units: {ends}"


def main(parts: str) -> None:
    forked.warm()
    with tempfile.TemporaryDirectory(dir=forked.scratch()) as name:
        print(json.dumps(campaign(int(parts), Path(name))))


if __name__ == "__main__":
    main(*sys.argv[1:])
