"""Cut the power at every moment of an ingest: verify what the disk may hold, run the ingest again, verify that.

    python -m tests.adversarial.cut_ingest FILES OF_EACH_KIND

FILES small inputs; of each kind of state at most so many are looked at, spread over the whole run; 0 means all. Of
states that differ only inside an item that was being prepared, which the next run sets aside unread, one is ingested
again whole; of each other it is shown that setting aside leaves the very same case. Prints one JSON object.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.adversarial import file_calls, forked, power_cut, small_inputs
from tests.adversarial.power_cut import State, Tree
from tests.integration.conftest import ROOT, environment

_PREPARED = re.compile(r"staging/[^/]+/[0-9-]+/")


def campaign(work: Path, files: int, of_each: int) -> dict[str, object]:
    """All of it below an empty folder."""
    given = small_inputs.make(work / "in", files)
    case = work / "case"
    assert forked.forensics("init", case, "--case-id", "P", "--operator", "t").code == 0
    before = power_cut.read_tree(case)
    ingest = [sys.executable, "-m", "pipelines", "ingest", str(work / "in"), "-c", str(case), "--json", "-j", "1"]
    calls = file_calls.trace(ingest, case, environment(), cwd=ROOT)
    assert power_cut.end_of(calls, case, before) == power_cut.read_tree(case), "the record of calls is not whole"
    states = list(power_cut.states(calls, case, before))
    groups = [[state] for state in spread(states, of_each)] if of_each else alike(states)
    problems: Counter[str] = Counter()
    for number, (state, *others) in enumerate(groups):
        if number % 20 == 0:
            print(f"{number} of {len(groups)} groups, problems: {dict(problems)}", file=sys.stderr, flush=True)
        problems.update(f"{state.kind}: {problem}" for problem in look(state, work, given))
        left = set_aside(state, work) if others else {}
        for other in others:
            problems.update(f"{other.kind}: {problem}" for problem in look_beside(other, work, left))
    tried = [state for group in groups for state in group]
    return {
        "calls": len(calls),
        "states": len(states),
        "tried": len(tried),
        "ingested again": len(groups),
        "kinds": Counter(state.kind for state in tried),
        "problems": problems,
    }


def spread(states: list[State], of_each: int) -> list[State]:
    """So many of each kind, evenly from the first to the last."""
    kinds: dict[str, list[State]] = {}
    for state in states:
        kinds.setdefault(state.kind, []).append(state)
    return [
        each[number * (len(each) - 1) // max(1, of_each - 1)]
        for each in kinds.values()
        for number in range(min(of_each, len(each)))
    ]


def alike(states: list[State]) -> list[list[State]]:
    """States in groups that differ only inside an item that was being prepared."""
    groups: dict[int, list[State]] = {}
    for state in states:
        outside = frozenset((path, data) for path, data in state.tree.items() if not _PREPARED.match(path))
        groups.setdefault(hash((outside, state.said)), []).append(state)
    return list(groups.values())


def set_aside(state: State, work: Path) -> Tree:
    """What an ingest of nothing makes of a state: the case without what was set aside and without the log."""
    case = written(state, work)
    nothing = work / "nothing"
    nothing.mkdir(exist_ok=True)
    said = forked.forensics("ingest", nothing, "-c", case, "--json", "-j", "1")
    left = power_cut.read_tree(case)
    shown = {path: data for path, data in left.items() if not path.startswith(("quarantine/", "log/"))}
    return {**shown, "exit code": str(said.code).encode()}


def look_beside(state: State, work: Path, left: Tree) -> Iterator[str]:
    """What is wrong with a state of whose group one was ingested again, and left this."""
    case = written(state, work)
    found = forked.forensics("verify", case, "--json")
    if found.code not in {0, 3}:
        yield f"verify {found.code} {failures(found)}"
    if lost := acknowledged(state.said) - kept(case):
        yield f"{len(lost)} acknowledged items lost"
    if set_aside(state, work) != left:
        yield "what setting aside leaves differs within its group"


def written(state: State, work: Path) -> Path:
    """A fresh case folder as the power cut left it."""
    case = work / "cut"
    shutil.rmtree(case, ignore_errors=True)
    case.mkdir()
    power_cut.write_tree(state.tree, case)
    return case


def look(state: State, work: Path, given: set[str]) -> Iterator[str]:
    """What is wrong with a state, or with the case after the same command was run again."""
    case = written(state, work)
    found = forked.forensics("verify", case, "--json")
    if found.code not in {0, 3}:
        yield f"verify {found.code} {failures(found)}"
    if lost := acknowledged(state.said) - kept(case):
        yield f"{len(lost)} acknowledged items lost"
    again = forked.forensics("ingest", work / "in", "-c", case, "--json", "-j", "1")
    if again.code:
        yield f"run again {again.code}: {again.err.strip()[-200:]}"
    found = forked.forensics("verify", case, "--json")
    if found.code:
        yield f"verify after it {found.code} {failures(found)}"
    if kept(case) != given:
        yield f"after it {len(kept(case))} of {len(given)} items"


def acknowledged(said: bytes) -> set[str]:
    """Items that stdout told of in a whole line."""
    lines = [json.loads(line) for line in said.splitlines(keepends=True) if line.endswith(b"\n")]
    return {line["id"] for line in lines if line["type"] == "evidence"}


def kept(case: Path) -> set[str]:
    """Items whose bytes are in the store, under their own digest."""
    originals = case.glob("store/*/*/v1/content/original")
    return {path.parents[2].name for path in originals if small_inputs.digest(path) == path.parents[2].name}


def failures(said: forked.Said) -> str:
    """Names of the checks that failed, or what was said last by a command that died."""
    if said.code < 0:
        return said.err[-1500:]
    return ", ".join(sorted({line["name"] for line in said.lines if line.get("status") == "failed"}))


def main(files: str, of_each: str) -> None:
    forked.warm()
    with tempfile.TemporaryDirectory(dir=forked.scratch()) as name:
        print(json.dumps(campaign(Path(name), int(files), int(of_each))))


if __name__ == "__main__":
    main(*sys.argv[1:])
