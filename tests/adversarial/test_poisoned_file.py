"""A file that kills the worker process that reads it takes only itself with it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.integration.conftest import ROOT, environment

FILES = 20
POISON = b"POISON"

SCRIPT = """#!/bin/sh
for word in "$@"; do
    case "$word" in /dev/fd/*) if /bin/grep -q POISON "$word"; then kill -{signal} $PPID; /bin/sleep 5; fi ;; esac
done
exec {ffprobe} "$@"
"""
"""In place of ffprobe: kills whoever started it on a poisoned file, as a fault in a library of the worker would."""


BY = signal.SIGSEGV
"""What a fault in a library gives; SIGKILL, of the kernel that runs out of memory, is tried where the engines are."""


def test_of_twenty_files_the_one_that_kills_its_worker_is_named_and_nineteen_complete(tmp_path: Path) -> None:
    ffprobe = shutil.which("ffprobe")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/ffprobe").write_text(SCRIPT.format(signal=int(BY), ffprobe=ffprobe))
    (tmp_path / "bin/ffprobe").chmod(0o755)
    folder = tmp_path / "in"
    folder.mkdir()
    clip = folder / "00.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=s=32x32:r=5:d=0.4", str(clip)]
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *picture], check=True)
    for number in range(1, FILES):
        name = folder / f"{number:02d}.mp4"
        name.write_bytes(
            clip.read_bytes() + bytes([0, 0, 0, 14]) + b"free" + (POISON if number == 7 else b"%06d" % number)
        )
    env = {**environment(), "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    program = [sys.executable, "-m", "pipelines"]
    case = tmp_path / "case"
    subprocess.run([*program, "init", case, "--case-id", "P"], cwd=ROOT, env=env, check=True, capture_output=True)
    words = [*program, "ingest", folder, "-c", case, "-j", "2", "--json"]
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    failed = {Path(line["path"]).name: line["notices"][0] for line in lines if line.get("status") == "failed"}
    assert failed.keys() == {"07.mp4"}, done.stderr
    assert failed["07.mp4"]["code"] == "worker.killed"
    assert BY.name in failed["07.mp4"]["message"]
    assert done.returncode == 3
    assert sum(line.get("status") == "ingested" for line in lines) == FILES - 1
    assert subprocess.run([*program, "verify", case], cwd=ROOT, env=env, capture_output=True).returncode == 0
    log = (case / "log/custody.jsonl").read_text()
    assert "worker.killed" in log
