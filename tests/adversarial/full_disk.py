"""Run commands on a disk that has room for less than they need, then with room: a tmpfs in a mount namespace.

    unshare -rm python -m tests.adversarial.full_disk COMMAND SIZES

COMMAND is ingest, seal, export or report. A third of the SIZES limits the bytes that are free, a third the names
(inodes), a third the size of any one file (RLIMIT_FSIZE): from none to almost all that the command needs. One more run
has a disk that cannot be written at all. Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.adversarial import forked, small_inputs
from tests.adversarial.cut_ingest import failures, kept

FILES = 6
CLEAR = ("full", "no room", "No space left on device", "Read-only file system")
"""One of these stands in the one line that a person sees."""

PLENTY = "64m"
PAGE = 4096

MAY_FAIL = 7
"""The only exit code of a command that finds no room."""


@dataclass
class Bench:
    """A disk of its own (``disk``), a case to begin with, and the command under test."""

    work: Path
    command: str
    given: set[str]

    @property
    def disk(self) -> Path:
        return self.work / "disk"

    @property
    def case(self) -> Path:
        return self.disk / "case"

    def words(self) -> list[object]:
        case = ["-c", self.case]
        if self.command == "ingest":
            return ["ingest", self.work / "in", *case, "-j", "1", "--json"]
        if self.command == "export":
            ids = sorted(kept(self.work / "before"))
            return ["export", *ids, "--out", self.disk / "exhibits", *case]
        return [self.command, *case]

    def mount(self, options: str) -> None:
        """A fresh disk with the case on it; all of it is ours to fill."""
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={PLENTY}", "none", str(self.disk)], check=True)
        shutil.copytree(self.work / "before", self.case, symlinks=True)
        if options:
            self.remount(options)

    def remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.disk)], check=True)

    def unmount(self) -> None:
        subprocess.run(["umount", str(self.disk)], check=True)

    def used(self) -> tuple[int, int]:
        """Pages and names in use on the disk."""
        room = os.statvfs(self.disk)
        return (room.f_blocks - room.f_bfree) * room.f_frsize // PAGE, room.f_files - room.f_ffree


def prepare(work: Path, command: str) -> Bench:
    """Inputs, and the case that the command begins with: empty for an ingest, full for the others."""
    bench = Bench(work, command, small_inputs.make(work / "in", FILES))
    bench.disk.mkdir()
    before = work / "before"
    assert forked.forensics("init", before, "--case-id", "D", "--operator", "t").code == 0
    if command != "ingest":
        assert forked.forensics("ingest", work / "in", "-c", before, "-j", "1").code == 0
    if command == "seal":
        seals = sorted((before / "log/checkpoints").iterdir())
        for path in seals[-2:]:
            path.unlink()
    return bench


def campaign(bench: Bench, sizes: int) -> dict[str, object]:
    """The command at each size, then again with room."""
    bench.mount("")
    before = bench.used()
    done = forked.forensics(*bench.words())
    assert done.code == 0, done.err
    pages, names = (after - then for after, then in zip(bench.used(), before, strict=True))
    largest = max(path.stat().st_size for path in bench.disk.rglob("*") if path.is_file())
    bench.unmount()
    each = max(1, sizes // 3)
    problems: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    said: Counter[str] = Counter()
    for kind, least, most in (
        ("size", before[0], before[0] + pages + 1),
        ("nr_inodes", before[1], before[1] + names + 1),
        ("fsize", 0, largest // PAGE + 1),
    ):
        for number in range(each):
            limit = least + round(number / each * (most - least))
            option = f"{kind}={limit * (1 if kind == 'nr_inodes' else PAGE)}"
            problems.update(f"{kind}: {problem}" for problem in one(bench, option, codes, said))
    problems.update(f"read-only: {problem}" for problem in one(bench, "ro", codes, said))
    sizes_tried = {"pages": pages, "names": names, "largest": largest}
    return {"command": bench.command, "codes": codes, "said": said, "problems": problems, **sizes_tried}


def one(bench: Bench, option: str, codes: Counter[str], said: Counter[str]) -> Iterator[str]:
    """One size: what is wrong after the command, and after the same command with room."""
    kind, _, limit = option.partition("=")
    bench.mount("" if kind == "fsize" else option)
    try:
        done = forked.forensics(*bench.words(), before=partial(limit_files, int(limit)) if kind == "fsize" else int)
        codes[f"{kind}: {done.code}"] += 1
        if done.code not in {0, MAY_FAIL} or (kind == "ro" and done.code == 0):
            yield f"exit {done.code}: {done.err[-300:]}"
        if done.code:
            said.update([line.rpartition("[")[2].rstrip("]") for line in done.err.splitlines()])
            if len(done.err.splitlines()) != 1 or not any(reason in done.err for reason in CLEAR):
                yield f"not one clear line: {done.err[-600:]}"
        told = (
            {line["id"] for line in done.lines if line.get("status") == "ingested"}
            if bench.command == "ingest"
            else set()
        )
        if lost := told - kept(bench.case):
            yield f"{len(lost)} acknowledged items lost"
        bench.remount(f"rw,size={PLENTY},nr_inodes=100000")
        yield from sound(bench, "before the second run")
        again = forked.forensics(*bench.words())
        if again.code and done.code:
            yield f"second run {again.code}: {again.err[-300:]}"
        yield from sound(bench, "after the second run")
        if kept(bench.case) != bench.given:
            yield "items missing after the second run"
    finally:
        bench.unmount()


def limit_files(size: int) -> None:
    """Let this process write no file beyond so many bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def sound(bench: Bench, when: str) -> Iterator[str]:
    """What verify says of the case, and of the exhibit when there is one."""
    found = forked.forensics("verify", bench.case, "--json")
    if found.code:
        yield f"verify {found.code} {when}: {failures(found)}"
    for exhibit in (bench.disk / "exhibits").glob("*"):
        found = forked.forensics("verify", exhibit, "--json")
        if found.code:
            yield f"verify of exhibit {exhibit.name} {found.code} {when}: {failures(found)}"


def main(command: str, sizes: str) -> None:
    forked.warm()
    with tempfile.TemporaryDirectory(dir=forked.scratch()) as name:
        print(json.dumps(campaign(prepare(Path(name), command), int(sizes))))


if __name__ == "__main__":
    main(*sys.argv[1:])
