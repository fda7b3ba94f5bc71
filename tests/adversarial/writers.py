"""Many ingests into one case at once, each of some of the same files: nothing is lost, nothing doubled.

    python -m tests.adversarial.writers WRITERS ROUNDS

Every round has a case of its own. Prints one JSON object.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.adversarial import forked, small_inputs
from tests.adversarial.cut_ingest import failures, kept

FILES = 7


def campaign(writers: int, rounds: int, work: Path) -> dict[str, object]:
    """All rounds; each writer has the files in another order, and leaves the first of them out."""
    given = small_inputs.make(work / "in", FILES)
    files = sorted(path for path in (work / "in").iterdir() if path.suffix != ".srt")
    assert forked.forensics("init", work / "before", "--case-id", "W", "--operator", "t").code == 0
    problems: Counter[str] = Counter()
    for number in range(rounds):
        case = work / "case"
        shutil.rmtree(case, ignore_errors=True)
        shutil.copytree(work / "before", case)
        children = []
        for writer in range(writers):
            mine = random.Random(f"{number} {writer}").sample(files, len(files))[1:] if writer else files
            children.append(forked.start(["ingest", *mine, "-c", case, "--json", "-j", "1"]))
        for said in [child.end() for child in children]:
            if said.code:
                problems[f"exit {said.code}: {said.err.strip()[-200:]}"] += 1
        problems.update(look(case, given, len(files)))
    return {"writers": writers, "rounds": rounds, "problems": problems}


def look(case: Path, given: set[str], files: int) -> Iterator[str]:
    """What is wrong afterwards."""
    found = forked.forensics("verify", case, "--json")
    if found.code:
        yield f"verify {found.code} {failures(found)}"
    if kept(case) != given:
        yield f"{len(kept(case))} of {len(given)} items"
    if (seen := sum(appearances(place) for place in case.glob("store/??/*"))) != files:
        yield f"{seen} appearances of {files} files"
    events = [json.loads(line) for line in (case / "log/custody.jsonl").read_text().splitlines()]
    if sum(event["event"] == "ingestion" and event["item"] is not None for event in events) != len(given):
        yield "not one ingestion logged for each item"


def appearances(place: Path) -> int:
    """Of how many places the newest manifest of an object tells."""
    newest = max(place.glob("v*/content/manifest.json"), key=lambda path: int(path.parents[1].name[1:]))
    return len(json.loads(newest.read_bytes())["predicate"]["record"]["appearances"])


def main(writers: str, rounds: str) -> None:
    forked.warm()
    with tempfile.TemporaryDirectory(dir=forked.scratch()) as name:
        print(json.dumps(campaign(int(writers), int(rounds), Path(name))))


if __name__ == "__main__":
    main(*sys.argv[1:])
