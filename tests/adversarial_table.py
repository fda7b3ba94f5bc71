"""Every hostile file, name and file-system object of ../shared/hostile through one ``forensics ingest``.

`make adversarial` prints class, files, rule breaks, the dearest and the largest. The rules are those of the set's
README: the batch ends with exit 3; each refusal has an allowed reason; the canaries are never opened; nobody asks for
a connection; every file is in the store and in the log, or refused there by name; the case verifies afterwards.

Where strace is installed, it sees every opening and every connection of all processes; else access times tell of the
canaries, and connections are not watched. The table says which.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forensics.model.text import visible
from tests.adversarial import hostile_set

HOSTILE = hostile_set.ROOT.parent / "shared" / "hostile"

START_S = 3.0
"""CPU seconds that a file may cost above its limit, for the program's own work of keeping and logging it."""

FINDING_S = 30.0
"""CPU seconds before the first row: the start, the listing of all inputs, reading exports and archives in them."""

LOOK_S = 0.02
"""Between two looks at the memory of all processes of the batch."""

CALLS = "trace=open,openat,openat2,creat,connect,socket,sendto,sendmsg"
NETWORK = re.compile(r"\b(?:socket|connect|sendto|sendmsg)\(.*AF_INET")
OPENED = re.compile(r"\bopen(?:at2?)?\(.*\) += +\d+")
UNPRIVILEGED = os.geteuid() != 0


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing of the set: where it lies, its class, what the set expects of it."""

    path: bytes
    kind: str
    entry: dict[str, Any]


@dataclass
class Spent:
    """What one outcome cost: seconds of CPU and by the clock, and the most memory that one process held meanwhile."""

    cpu_s: float = 0.0
    wall_s: float = 0.0
    rss_mb: float = 0.0


@dataclass
class Batch:
    """One ingest of everything: its rows by path, what each cost, and what was seen of its processes."""

    code: int
    err: str
    case: Path
    rows: dict[bytes, list[dict[str, Any]]]
    spent: dict[bytes, Spent]
    calls: str | None
    seconds: float
    finding: Spent


@dataclass
class Broken:
    """The rules broken, by item, and those that are the batch's own."""

    items: dict[bytes, list[str]] = field(default_factory=dict)
    batch: list[str] = field(default_factory=list)


def files_of(hostile: Path, into: Path, only: Sequence[str] | None = None) -> list[Item]:
    """Copies of the set's files, all or those named."""
    into.mkdir(parents=True, exist_ok=True)
    items = []
    for name, entry in hostile_set.listed(hostile).items():
        if only is None or name in only:
            shutil.copyfile(hostile / name, into / name)
            items.append(Item(path=os.fsencode(into / name), kind=entry["class"], entry=entry))
    return items


def objects_of(hostile: Path, into: Path) -> list[Item]:
    """The names and objects that the set's own program makes."""
    command = [sys.executable, str(hostile / "materialize.py"), str(into), str(hostile / "gray.mp4")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    items = []
    for name, entry in json.loads((into / "fs_manifest.json").read_text()).items():
        kind, _, base = name.partition("/")
        raw = bytes.fromhex(entry["raw_hex"]) if "raw_hex" in entry else base.encode()
        if raw.startswith(b"(60 x ddd"):
            raw = b"/".join([b"d" * 100] * 60 + [b"deep.mp4"])
        path = os.path.join(os.fsencode(into / kind), raw)
        items.append(Item(path=path, kind=f"fs-{kind}", entry=entry))
    return items


def ingest(inputs: Iterable[bytes], room: Path) -> Batch:
    """All inputs through one ``forensics ingest`` into a new case, one worker, watched."""
    case, calls = room / "case", room / "calls"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FORENSICS_", "SSH_AUTH_SOCK"))}
    key = str(room / "keys" / "operator_key")
    environment = {**kept, "PYTHONPATH": str(hostile_set.ROOT), "NO_COLOR": "1", "FORENSICS_KEY": key}
    program = [sys.executable, "-m", "pipelines"]
    made = [*program, "init", str(case), "--case-id", "H-1", "--operator", "t"]
    subprocess.run(made, check=True, env=environment, capture_output=True, timeout=60, cwd="/")
    watch = ["strace", "-D", "-f", "-qq", "-s", "4200", "--seccomp-bpf", "-o", str(calls), "-e", CALLS]
    traced = shutil.which("strace") is not None
    words = [*(watch if traced else ()), *program, "ingest", "-c", str(case), "-j", "1", "--json"]
    words += ["--files0-from", "-"]
    begun = time.monotonic()
    with (room / "err").open("wb") as err, (room / "in0").open("w+b") as names:
        names.write(b"".join(path + b"\0" for path in inputs))
        names.seek(0)
        process = subprocess.Popen(words, env=environment, cwd="/", stdin=names, stdout=subprocess.PIPE, stderr=err)
        rows, spent, finding = _follow(process)
    if traced:
        _await_end(calls)
    return Batch(
        code=process.returncode,
        err=(room / "err").read_text("utf-8", "replace"),
        case=case,
        rows=rows,
        spent=spent,
        calls=calls.read_text("utf-8", "replace") if traced else None,
        seconds=time.monotonic() - begun,
        finding=finding,
    )


def _follow(
    process: subprocess.Popen[bytes],
) -> tuple[dict[bytes, list[dict[str, Any]]], dict[bytes, Spent], Spent]:
    """Read the batch's rows as they come; what was spent since the row before is a row's own. Last what came before
    them all: files are found, and archives staged, before the first row is told.
    """
    rows: dict[bytes, list[dict[str, Any]]] = {}
    spent: dict[bytes, Spent] = {}
    now, finding = Spent(), Spent()
    looking = threading.Thread(target=_look, args=(process, now), daemon=True)
    looking.start()
    cpu, clock = 0.0, time.monotonic()
    assert process.stdout is not None
    for line in process.stdout:
        row = json.loads(line)
        used, at = _cpu_of(process.pid), time.monotonic()
        path = path_of(row)
        rows.setdefault(path, []).append(row)
        mine = spent.setdefault(path, Spent()) if finding.wall_s else finding
        mine.cpu_s += max(0.0, used - cpu)
        mine.wall_s += at - clock
        mine.rss_mb = max(mine.rss_mb, now.rss_mb)
        cpu, clock, now.rss_mb = max(cpu, used), at, 0.0
    process.wait(hostile_set.PATIENCE_S)
    return rows, spent, finding


def _await_end(calls: Path) -> None:
    """A detached strace writes its last lines after the program has ended."""
    size = -1
    while size != (size := calls.stat().st_size):
        time.sleep(0.3)


def _look(process: subprocess.Popen[bytes], now: Spent) -> None:
    while process.poll() is None:
        now.rss_mb = max(now.rss_mb, *map(_rss_mb, _tree(process.pid)))
        time.sleep(LOOK_S)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from _tree(int(child))


def _rss_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6
    except (OSError, IndexError):
        return 0.0


def _cpu_of(pid: int) -> float:
    """CPU seconds of a process and of all its children that have ended; none when it is gone."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, told[11:15])) / os.sysconf("SC_CLK_TCK")


def path_of(row: dict[str, Any]) -> bytes:
    """The path of a row as bytes."""
    return base64.b64decode(row["path_b64"]) if "path_b64" in row else os.fsencode(row.get("path", ""))


def judge(items: Sequence[Item], batch: Batch, canaries: hostile_set.Canaries, folder: Path) -> Broken:
    """Every rule that the batch breaks."""
    broken = Broken()
    log = (batch.case / "log" / "custody.jsonl").read_text().splitlines()
    logged = {event.get("item") for event in map(json.loads, log)}
    refused = {event["detail"]["name"] for event in map(json.loads, log) if event["event"] == "ingestion refused"}
    ran = hostile_set.Ran(batch.code, batch.err, _by_name(items, batch), batch.case, batch.seconds)
    for item in items:
        named = item.kind.startswith("fs-")
        faults = _object_faults(item, batch) if named else hostile_set.broken(_name(item), item.entry, ran)
        faults += _cost_faults(item, batch) + _log_faults(item, batch, logged, refused)
        if faults:
            broken.items[item.path] = sorted(set(faults))
    if batch.code != 3:
        broken.batch.append(f"exit {batch.code}")
    if batch.finding.cpu_s > FINDING_S:
        broken.batch.append(f"{batch.finding.cpu_s:.0f} s of CPU before the first row")
    if "Traceback" in batch.err:
        broken.batch.append("a traceback")
    broken.batch += _watched(batch, canaries, folder)
    return broken


def _name(item: Item) -> str:
    return os.fsdecode(os.path.basename(item.path))


def _by_name(items: Sequence[Item], batch: Batch) -> dict[str, list[dict[str, Any]]]:
    return {_name(item): batch.rows.get(item.path, []) for item in items if not item.kind.startswith("fs-")}


def _object_faults(item: Item, batch: Batch) -> list[str]:
    rows, expected = batch.rows.get(item.path, []), item.entry["expect"]
    if expected == "skip" and item.path.endswith(b"/dir.mp4"):
        return []  # an empty folder holds nothing to tell of
    if not rows:
        return ["no word about it"]
    kept = [row for row in rows if row.get("id")]
    if expected == "ok" and not kept:
        return ["not kept"]
    if expected in {"skip", "reject"} and (kept or rows[-1].get("status") != "failed"):
        return ["taken"]
    if expected == "reject_unreadable" and UNPRIVILEGED and kept:
        return ["read without permission"]
    return [] if kept or rows[-1]["notices"] else ["no reason"]


def _cost_faults(item: Item, batch: Batch) -> list[str]:
    spent, limits = batch.spent.get(item.path, Spent()), item.entry.get("limits", {})
    faults = []
    if spent.cpu_s > limits.get("max_seconds", 30) + START_S:
        faults.append(f"{spent.cpu_s:.0f} s of CPU")
    if spent.rss_mb > limits.get("max_rss_mb", 1024):
        faults.append(f"{spent.rss_mb:.0f} MB")
    return faults


def _log_faults(item: Item, batch: Batch, logged: set[Any], refused: set[str]) -> list[str]:
    faults = []
    for row in batch.rows.get(item.path, []):
        if row.get("id") and row["id"] not in logged:
            faults.append("kept and not in the log")
        if row.get("status") == "failed" and not row.get("id") and visible(_name(item)) not in refused:
            faults.append("refused and not in the log")
    return faults


def _watched(batch: Batch, canaries: hostile_set.Canaries, folder: Path) -> list[str]:
    faults = []
    if batch.calls is None:
        faults += [f"canary {name} was read" for name in canaries.read()]
    else:
        opened = [line for line in batch.calls.splitlines() if "canary" in line and OPENED.search(line)]
        faults += [f"canary opened: {line[:200]}" for line in opened]
        faults += [f"network: {line[:200]}" for line in batch.calls.splitlines() if NETWORK.search(line)]
        if "openat(" not in batch.calls:
            faults.append("strace saw nothing")
    strangers = {path.name for path in folder.iterdir()} - {"canary.mp4"}
    return faults + [f"written outside: {name}" for name in sorted(strangers)]


def table(items: Sequence[Item], batch: Batch, broken: Broken) -> Iterator[str]:
    """The lines of the table: class, files, rule breaks, the dearest and the largest."""
    yield f"{'class':10} {'files':>5} {'breaks':>6}  {'slowest, CPU s (clock s)':44} largest RSS, MB"
    for kind in sorted({item.kind for item in items}):
        mine = [item for item in items if item.kind == kind]
        breaks = sum(item.path in broken.items for item in mine)
        spent = [(batch.spent.get(item.path, Spent()), hostile_set.shown(_name(item))) for item in mine]
        slow = max(spent, key=lambda pair: pair[0].cpu_s)
        large = max(spent, key=lambda pair: pair[0].rss_mb)
        dearest = f"{slow[0].cpu_s:5.1f} ({slow[0].wall_s:5.1f}) {slow[1]}"
        yield f"{kind:10} {len(mine):5} {breaks:6}  {dearest:44} {large[0].rss_mb:5.0f} {large[1]}"
    found = f"{batch.finding.cpu_s:5.1f} ({batch.finding.wall_s:5.1f}) start, listing, exports, archives"
    yield f"{'before':10} {'':5} {'':6}  {found:44} {batch.finding.rss_mb:5.0f}"


def run(room: Path, only: Sequence[str] | None = None, names: int | None = None) -> tuple[list[Item], Batch, Broken]:
    """The set, or some of its files and the first ``names`` names, with all objects, in one batch."""
    folder = Path(json.loads((HOSTILE / "manifest.json").read_text())["canary_dir"])
    canaries = hostile_set.Canaries()
    canaries.put(folder / "canary.mp4")
    canaries.put(room / "in" / "canary_sibling.mp4")
    files = files_of(HOSTILE, room / "in", only)
    objects = objects_of(HOSTILE, room / "fs")
    for item in [item for item in objects if item.kind == "fs-names"][names:] if names is not None else ():
        os.unlink(item.path)
        objects.remove(item)
    canaries.arm()
    inputs = [item.path for item in files] + [os.fsencode(room / "fs" / name) for name in ("names", "objects")]
    batch = ingest(inputs, room)
    items = files + objects
    return items, batch, judge(items, batch, canaries, folder)


def main() -> int:
    """Print the table; 1 when a rule is broken."""
    if not HOSTILE.is_dir():
        print("the folder ../shared with the hostile set is absent")
        return 0
    with tempfile.TemporaryDirectory(prefix="hostile-") as room:
        items, batch, broken = run(Path(room))
        verified = subprocess.run(
            [sys.executable, "-m", "pipelines", "verify", str(batch.case), "-q"],
            env={**os.environ, "PYTHONPATH": str(hostile_set.ROOT)}, capture_output=True, check=False,
        ).returncode  # fmt: skip
        print("\n".join(table(items, batch, broken)))
        subprocess.run(["chmod", "-R", "u+rwX", room], check=False, capture_output=True)
        subprocess.run(["rm", "-rf", os.path.join(room, "fs")], check=False, capture_output=True)
    for path, faults in broken.items.items():
        print(f"BROKEN  {hostile_set.shown(os.fsdecode(path))}: {'; '.join(faults)}")
    for fault in broken.batch:
        print(f"BROKEN  the batch: {fault}")
    if verified not in {0, 3}:
        print(f"BROKEN  the case does not verify: exit {verified}")
    seen = "strace" if batch.calls is not None else "access times (connections not watched)"
    count = len(broken.items) + len(broken.batch) + (verified not in {0, 3})
    print(f"{len(items)} files and objects, {count} breaks, exit {batch.code}, {batch.seconds:.0f} s, seen by {seen}")
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
