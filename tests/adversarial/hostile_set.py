"""The set of hostile files in ../shared/hostile, put through the real command line and held to its own manifest."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forensics.model.text import visible

ROOT = Path(__file__).resolve().parents[2]

REASONS = {
    "media.not_media": {"playlist", "format_not_allowed", "not_media", "undecodable", "unsupported"},
    "media.empty": {"empty"},
    "media.truncated": {"truncated"},
    "media.moov_missing": {"moov_missing"},
    "media.damaged": {"damaged", "undecodable"},
    "media.no_video": {"no_video"},
    "media.unsupported": {"unsupported_codec", "encrypted", "undecodable"},
    "archive.path": {"path_traversal"},
    "archive.link": {"link"},
    "archive.special": {"link"},
    "archive.ratio": {"ratio", "too_large"},
    "archive.encrypted": {"encrypted"},
    "archive.method": {"unsupported"},
    "archive.damaged": {"damaged"},
    "media.limit": {"too_large", "limit", "timeout", "memory", "too_many_streams", "too_many_frames"},
}
"""Our code of a refusal, and the manifest's words that it stands for."""

READ_NOT_KEPT = {"tg_1m_messages_same_file.json", "tg_traversal.json"}
"""Exports that can be read: their posts are told one by one, and the text itself is no evidence of its own."""

PATIENCE_S = 590


def listed(hostile: Path) -> dict[str, dict[str, Any]]:
    """The manifest's entry for each file."""
    found: dict[str, dict[str, Any]] = json.loads((hostile / "manifest.json").read_text())["files"]
    return found


@dataclass
class Ran:
    """One batch: its rows by file name, exit code, stderr, its case; seconds by the clock
    and of CPU, of all its processes.
    """

    code: int
    err: str
    rows: dict[str, list[dict[str, Any]]]
    case: Path
    seconds: float
    cpu_s: float = 0.0


@dataclass
class Canaries:
    """Real clips that nothing may open: in the folder that the lures name, and beside them."""

    paths: list[Path] = field(default_factory=list)

    def put(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            made = ["-f", "lavfi", "-i", "testsrc2=s=64x48:d=1", str(path)]
            subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *made], check=True, timeout=60)
        self.paths.append(path)

    def arm(self) -> None:
        for path in self.paths:
            os.utime(path, ns=(1, path.stat().st_mtime_ns))

    def read(self) -> list[str]:
        """Which of them were read since they were armed."""
        return [path.name for path in self.paths if path.stat().st_atime_ns != 1]

    def works(self) -> bool:
        """Whether this file system tells when a file was read."""
        self.arm()
        self.paths[0].read_bytes()
        told = bool(self.read())
        self.arm()
        return told


def ingest(inputs: list[Path], case: Path, *, jobs: int = 1, before: tuple[str, ...] = ()) -> Ran:
    """One ``forensics ingest`` of these inputs into a new case; ``before`` are words before the program (strace)."""
    keys = tempfile.mkdtemp(prefix="keys-")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FORENSICS_", "SSH_AUTH_SOCK"))}
    environment = {**kept, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "FORENSICS_KEY": f"{keys}/operator_key"}
    program = [sys.executable, "-m", "pipelines"]
    subprocess.run(
        [*program, "init", str(case), "--case-id", "H-1", "--operator", "t"],
        check=True, env=environment, capture_output=True, timeout=60, cwd="/",
    )  # fmt: skip
    words = [*before, *program, "ingest", *map(str, inputs), "-c", str(case), "-j", str(jobs), "--json"]
    begun, used = time.monotonic(), _cpu_of_children()
    done = subprocess.run(
        words, env=environment, capture_output=True, timeout=PATIENCE_S, check=False, cwd="/", stdin=subprocess.DEVNULL
    )
    seconds = time.monotonic() - begun
    shutil.rmtree(keys)
    rows: dict[str, list[dict[str, Any]]] = {}
    for line in map(json.loads, done.stdout.decode().splitlines()):
        rows.setdefault(Path(line.get("path", "")).name, []).append(line)
    return Ran(done.returncode, done.stderr.decode("utf-8", "replace"), rows, case, seconds, _cpu_of_children() - used)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def peak_mb() -> float:
    """Peak resident memory of the largest process that this one has waited for, its children's children included."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def shown(text: str) -> str:
    """A hostile name for a line of a table."""
    safe = visible(text)
    return safe if len(safe) <= 40 else f"{safe[:39]}…"


def manifest_of(case: Path, evidence: str) -> dict[str, Any]:
    """The predicate of an evidence's first manifest."""
    path = next(case.glob(f"store/*/{evidence}/v1/content/manifest.json"))
    found: dict[str, Any] = json.loads(path.read_bytes())["predicate"]
    return found


def broken(name: str, entry: dict[str, Any], ran: Ran) -> list[str]:
    """The rules of the set that this file's outcome breaks."""
    rows = ran.rows.get(name, [])
    if not rows:
        return ["no word about it"]
    if name in READ_NOT_KEPT:
        return []
    kept = [row for row in rows if row.get("id")]
    if not kept:
        return ["not kept"]
    row = kept[-1]
    faults = [] if row["id"] == entry["sha256"] else ["kept under another digest"]
    if not list(ran.case.glob(f"store/*/{row['id']}/v1/content/original")):
        faults.append("not in the store")
    codes = {notice["code"] for notice in row["notices"]}
    if entry.get("class") == "Z-archive":  # kept whole and read: what is refused is its members, for which it answers
        return faults if _reason_fits(codes, entry) else [*faults, f"members refused for {sorted(codes)}"]
    expected, failed = entry["expect"], row["status"] == "failed"
    if expected == "reject" and not failed:
        faults.append("accepted")
    if expected == "ok" and failed and name.endswith(("mp4", "mkv", "ts", "avi", "jpg")):
        faults.append("refused")
    if failed and not _reason_fits(codes, entry):
        faults.append(f"refused for {sorted(codes)}")
    if not failed:
        faults += _short(entry, manifest_of(ran.case, row["id"]), codes)
    return faults


def _reason_fits(codes: set[str], entry: dict[str, Any]) -> bool:
    allowed = entry.get("reason_any_of")
    if not allowed:
        return bool(codes)
    return any(REASONS.get(code, set()) & set(allowed) for code in codes)


def _short(entry: dict[str, Any], manifest: dict[str, Any], codes: set[str]) -> list[str]:
    """Fewer frames than there are, or what was not decoded whole, and not a word about it."""
    frames = manifest["facts"]["exact"].get("frames")
    if not isinstance(frames, dict) or codes:
        return []
    if not frames["complete"]:
        return ["incomplete without a notice"]
    known = entry.get("frames")
    return [f"{frames['decoded']} of {known} frames, unsaid"] if known and frames["decoded"] < known else []
