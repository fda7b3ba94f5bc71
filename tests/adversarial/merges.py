"""Merge three shards; again; killed at random points and again; and every shard that must be refused.

    python -m tests.adversarial.merges POINTS [SEED]

Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.adversarial import forked, shards
from tests.adversarial.cut_ingest import failures


def campaign(points: int, seed: int, work: Path) -> dict[str, object]:
    given = shards.make(work)
    shutil.copytree(work / "case", work / "before")
    words = ["merge", work / "case", *shards.shards(work), "--json"]
    begun = time.monotonic()
    first = forked.forensics(*words)
    longest = time.monotonic() - begun
    problems: Counter[str] = Counter(shards.look(work, given))
    log = (work / "case/log/custody.jsonl").read_bytes()
    again = forked.forensics(*words)
    if (work / "case/log/custody.jsonl").read_bytes() != log:
        problems["merging again wrote to the log"] += 1
    problems.update(exhibit(work))
    noticed = dict(tampered(work))
    found = dict(refusals(work))
    generator = random.Random(seed)
    landed = 0
    for _ in range(points):
        fresh(work)
        child = forked.start(words)
        time.sleep(generator.uniform(0.0, longest))
        child.kill()
        landed += child.end().code == -signal.SIGKILL
        problems.update(after_kill(work, words, given))
    return {
        "first": [first.code, first.lines[-1]],
        "again": [again.code, again.lines[-1]],
        "refusals": found,
        "tampered": noticed,
        "landed": landed,
        "problems": problems,
        "said": first.err,
    }


def exhibit(work: Path) -> Iterator[str]:
    """What is wrong with a sealed exhibit of the evidence that two shards brought."""
    joined = next(record for record in shards.newest(work / "case") if len(record["processing"]["merged"]) > 1)
    number = joined["case"]["exhibit"]
    said = forked.forensics("export", number, "-c", work / "case", "--out", work / "sent", "--sealed")
    if said.code:
        yield f"export {said.code} {said.err}"
    bag = next((work / "sent").iterdir())
    found = forked.forensics("verify", bag, "--json")
    if found.code:
        yield f"verify of the exhibit {found.code} {failures(found)}"
    checked = subprocess.run(["sh", "VERIFY.sh"], cwd=bag, capture_output=True, text=True, check=False)
    if checked.returncode:
        yield f"VERIFY.sh {checked.stdout[-500:]}"
    names = {path.name for path in (bag / "data/disclosures").rglob("shard-op-*.txt")}
    if len(names) != 2:
        yield f"operators of shards told under seal: {names}"


def tampered(work: Path) -> Iterator[tuple[str, tuple[int, str]]]:
    """Of each change to what a merge keeps: what verify says."""
    for name, spoil in TAMPERED.items():
        shutil.copytree(work / "case", work / "tampered")
        spoil(work / "tampered")
        found = forked.forensics("verify", work / "tampered", "--json")
        yield name, (found.code, str(failures(found)))
        shutil.rmtree(work / "tampered")


def kept_log(case: Path) -> None:
    flip(sorted(case.glob("log/shards/*/custody.jsonl"))[0])


def kept_log_gone(case: Path) -> None:
    shutil.rmtree(sorted(case.glob("log/shards/*"))[0])


def kept_seal(case: Path) -> None:
    flip(sorted(case.glob("log/shards/*/checkpoints/*.ckpt"))[-1], -10)


def kept_manifest(case: Path) -> None:
    flip(sorted(case.glob("store/*/*/v*/content/source/shard-*.json"))[0])


TAMPERED: dict[str, Callable[[Path], None]] = {
    spoil.__name__: spoil for spoil in (kept_log, kept_log_gone, kept_seal, kept_manifest)
}


def fresh(work: Path) -> None:
    shutil.rmtree(work / "case")
    shutil.copytree(work / "before", work / "case")


def after_kill(work: Path, words: list[object], given: set[str]) -> Iterator[str]:
    found = forked.forensics("verify", work / "case", "--json")
    if found.code:
        yield f"verify {found.code} {failures(found)}"
    again = forked.forensics(*words)
    if again.code != 3:
        yield f"merged again {again.code}: {again.err.strip()[-300:]}"
    yield from shards.look(work, given)


def refusals(work: Path) -> Iterator[tuple[str, tuple[int, str]]]:
    """Of each shard that must be refused: the exit code, and what was said. Nothing of it is taken."""
    for name, spoil in SPOILT.items():
        fresh(work)
        bad = work / "bad"
        shutil.copytree(work / "s1", bad)
        spoil(bad)
        log = (work / "case/log/custody.jsonl").read_bytes()
        said = forked.forensics("merge", work / "case", work / "s0", bad)
        untouched = shards.events(work / "case") == [json.loads(line) for line in log.splitlines()]
        # Of a refused command the log tells nothing but the seal of what was there before.
        last = said.err.strip().splitlines()[-1] if said.err.strip() else ""
        yield name, (said.code, last if untouched else f"the log grew: {last}")
        shutil.rmtree(bad)


def flip(path: Path, place: int = -40) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(data))


def other_case(shard: Path) -> None:
    shutil.rmtree(shard)
    shards.init(shard, "Node 1", "another")


def broken_chain(shard: Path) -> None:
    log = shard / "log/custody.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([*lines[:3], *lines[4:]]))


def flipped_byte(shard: Path) -> None:
    flip(sorted(shard.glob("store/*/*/v1/content/original"))[0])


def false_seal(shard: Path) -> None:
    flip(sorted(shard.glob("log/checkpoints/*.ckpt"))[-1], -10)


def no_seal(shard: Path) -> None:
    for path in shard.glob("log/checkpoints/*"):
        path.unlink()


def stolen_signature(shard: Path) -> None:
    one, other = sorted(shard.glob("store/*/*/v1/content/manifest.json.sig"))[:2]
    one.chmod(0o644)
    one.write_bytes(other.read_bytes())


def unsealed_line(shard: Path) -> None:
    forked.forensics("ingest", shard / "gone", "-c", shard, "-j", "1")
    newest = max(shard.glob("log/checkpoints/*.ckpt"), key=lambda path: int(path.stem))
    for path in shard.glob(f"log/checkpoints/{newest.name}*"):
        path.unlink()


def strangers_key(shard: Path) -> None:
    own = os.environ["FORENSICS_KEY"]
    os.environ["FORENSICS_KEY"] = f"{shard}.key"
    shutil.rmtree(shard)
    shards.init(shard, "Stranger")
    code = forked.forensics("ingest", shard.parent / "in", "-c", shard, "-j", "1", "--shard", "2/3").code
    assert code in {0, 3}
    os.environ["FORENSICS_KEY"] = own


def copy_of_the_case(shard: Path) -> None:
    shutil.rmtree(shard)
    shutil.copytree(shard.parent / "before", shard)
    forked.forensics("ingest", shard.parent / "again", "-c", shard, "-j", "1")


def reviewed(shard: Path) -> None:
    """A hand-over, which a merge cannot take over."""
    assert forked.forensics("export", "E-0001", "-c", shard, "--out", shard.parent / "out").code in {0, 3}


def no_case(shard: Path) -> None:
    (shard / "case.json").unlink()


SPOILT: dict[str, Callable[[Path], None]] = {
    spoil.__name__: spoil
    for spoil in (
        *(other_case, broken_chain, flipped_byte, false_seal, no_seal, stolen_signature),
        *(unsealed_line, strangers_key, copy_of_the_case, reviewed, no_case),
    )
}


def main(points: str, seed: str = "1") -> None:
    forked.warm()
    with tempfile.TemporaryDirectory(dir=forked.scratch()) as name:
        print(json.dumps(campaign(int(points), int(seed), Path(name))))


if __name__ == "__main__":
    main(*sys.argv[1:])
