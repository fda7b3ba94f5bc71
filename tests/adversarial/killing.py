"""Kill an ingest with SIGKILL at random moments, resume, and look what is left."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.integration.conftest import ROOT, environment


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "pipelines", *map(str, arguments)]


def call(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)


def kill_during_ingest(folder: Path, case: Path, kills: int, longest_s: float, seed: int) -> int:
    """Start the same ingest until ``kills`` SIGKILLs have landed while it ran, or it was faster than all of them.

    Each comes at a random moment, up to ``longest_s`` after work has begun. Returns how many landed.
    """
    generator = random.Random(seed)
    landed = 0
    for _ in range(kills):
        child = subprocess.Popen(
            command("ingest", folder, "-c", case, "-j", "2"), cwd=ROOT, env=environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        known = set((case / "staging").iterdir())
        while child.poll() is None and set((case / "staging").iterdir()) <= known:
            time.sleep(0.01)
        time.sleep(generator.uniform(0.0, longest_s))
        if child.poll() is None:
            os.kill(child.pid, signal.SIGKILL)
            landed += 1
        child.wait()
    return landed


def look(folder: Path, case: Path) -> dict[str, object]:
    """Resume with the same command, verify, and compare what is kept with what was given."""
    resumed = call("ingest", folder, "-c", case, "-j", "2", "--json")
    verified = call("verify", case, "--json")
    given = {hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    kept = [path.parents[2].name for path in case.glob("store/*/*/v1/content/original")]
    manifests = [json.loads(path.read_bytes()) for path in case.glob("store/*/*/v*/content/manifest.json")]
    return {
        "resume_exit": resumed.returncode,
        "verify_exit": verified.returncode,
        "summary": json.loads(verified.stdout.splitlines()[-1]),
        "lost": len(given - set(kept)),
        "extra": len(set(kept) - given),
        "manifests": len(manifests),
        "appearances": [len(each["predicate"]["record"]["appearances"]) for each in manifests],
        "said": verified.stdout if verified.returncode else resumed.stderr,
    }
