"""Kill an ingest with SIGKILL at random points; each time verify, run it again, verify.

    python -m tests.adversarial.kills POINTS [SEED]

Every point has a case of its own. Prints one JSON object.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.adversarial import forked, small_inputs
from tests.adversarial.cut_ingest import acknowledged, failures, kept

FILES = 7


def campaign(points: int, seed: int, work: Path) -> dict[str, object]:
    """All points, spread over the time that the ingest takes when nothing kills it."""
    given = small_inputs.make(work / "in", FILES)
    assert forked.forensics("init", work / "before", "--case-id", "K", "--operator", "t").code == 0
    words = ["ingest", work / "in", "-c", work / "case", "--json", "-j", "1"]
    shutil.copytree(work / "before", work / "case")
    begun = time.monotonic()
    assert forked.forensics(*words).code == 0
    longest = time.monotonic() - begun
    generator = random.Random(seed)
    problems: Counter[str] = Counter()
    landed: Counter[int] = Counter()
    for number in range(points):
        shutil.rmtree(work / "case")
        shutil.copytree(work / "before", work / "case")
        child = forked.start(words)
        time.sleep(generator.uniform(0.0, longest))
        child.kill()
        said = child.end()
        told = acknowledged(said.out.encode())
        if said.code == -signal.SIGKILL:
            landed[len(told)] += 1
        problems.update(look(work / "case", words, told, given))
        if number % 50 == 0:
            print(f"{number} of {points}, problems {dict(problems)}", file=sys.stderr, flush=True)
    return {"points": points, "landed": landed.total(), "after_items": sorted(landed.items()), "problems": problems}


def look(case: Path, words: list[object], told: set[str], given: set[str]) -> Iterator[str]:
    """What is wrong with a case in which an ingest was killed, or after the same command was run again."""
    found = forked.forensics("verify", case, "--json")
    if found.code:
        yield f"verify {found.code} {failures(found)}"
    if lost := told - kept(case):
        yield f"{len(lost)} acknowledged items lost"
    again = forked.forensics(*words)
    if again.code:
        yield f"run again {again.code}: {again.err.strip()[-200:]}"
    found = forked.forensics("verify", case, "--json")
    if found.code:
        yield f"verify after it {found.code} {failures(found)}"
    if kept(case) != given:
        yield f"after it {len(kept(case))} of {len(given)} items"


def main(points: str, seed: str = "1") -> None:
    forked.warm()
    with tempfile.TemporaryDirectory(dir=forked.scratch()) as name:
        print(json.dumps(campaign(int(points), int(seed), Path(name))))


if __name__ == "__main__":
    main(*sys.argv[1:])
