"""The real command line as the benchmarks run it: its own home, its output in a file, its CPU time."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.surroundings import THREADS

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ("forensics", "pipelines")
ACCEPTED_EXITS = (0, 3)
"""All done, or done with notices: clips with faults or without texture are meant to raise some."""


@dataclass(frozen=True)
class Spent:
    """CPU seconds, user and system, of a process and of all its children, and what it wrote."""

    cpu_s: float
    exit_code: int
    output: bytes


def measured(command: Sequence[str | Path], home: Path, *, output: Path | None = None) -> Spent:
    """Run a program to its end, with as many threads as it likes. ``wait4`` counts the children that it has waited for
    (POSIX `getrusage`).
    """
    own = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "PYTHONPATH": str(ROOT)}
    # An installed program has its modules compiled: so has this one from its second run on, whatever the tree allows.
    own["PYTHONPYCACHEPREFIX"] = str(home / "compiled")
    dropped = ("FORENSICS_", "PYTHONDONTWRITEBYTECODE", *THREADS)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    home.mkdir(parents=True, exist_ok=True)
    target = output or home / "output"
    with target.open("wb") as sink:
        process = subprocess.Popen(
            [*map(str, command)], cwd=ROOT, env={**kept, **own}, stdin=subprocess.DEVNULL, stdout=sink
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Spent(usage.ru_utime + usage.ru_stime, process.returncode, b"" if output else target.read_bytes())


def forensics(
    home: Path, *arguments: str | Path, output: Path | None = None, accepted: Sequence[int] = ACCEPTED_EXITS
) -> Spent:
    """One command of the program; SystemExit when it ends with another code."""
    spent = measured([sys.executable, "-m", "pipelines", *arguments], home, output=output)
    if spent.exit_code not in accepted:
        raise SystemExit(f"forensics {arguments[0]} ended with {spent.exit_code}")
    return spent


def program_sha256() -> str:
    """Digest of the program's own files: results made by other code are never taken for this code's."""
    files = [path for part in PROGRAM for path in (ROOT / part).rglob("*") if path.suffix in {".py", ".json"}]
    return files_sha256(sorted(files), ROOT)


def files_sha256(files: Iterable[Path], below: Path) -> str:
    """SHA-256 of a set of files: of the lines ``digest  name`` in the order of the names, as ``sha256sum`` prints."""
    rows = sorted((str(path.relative_to(below)), hashlib.sha256(path.read_bytes()).hexdigest()) for path in files)
    return hashlib.sha256("".join(f"{digest}  {name}\n" for name, digest in rows).encode()).hexdigest()


def keep_plan(path: Path, text: str) -> None:
    """Write down what a benchmark is about to make; SystemExit where the folder holds what another plan made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_text() != text:
        raise SystemExit(f"{path} holds another plan: give another --out")
    path.write_text(text)
