"""Wall time of two workers that ingest, and of two processes that only decode."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.benchmark.ingest_profile import ingest_once

PROCESSES = 2


def ingest(files: Sequence[Path], room: Path) -> float:
    """Seconds of the whole command with two workers, into a new case; making the case counts too."""
    began = time.perf_counter()
    ingest_once(files, room, jobs=PROCESSES)
    return time.perf_counter() - began


def bare_decode(files: Sequence[Path]) -> float:
    """Seconds until two processes at a time have decoded every frame of each file, each on one thread."""

    def decode(file: Path) -> None:
        command = ["ffmpeg", "-nostdin", "-v", "quiet", "-threads", "1", "-i", str(file), "-map", "0:v:0"]
        subprocess.run([*command, "-f", "null", "-"], check=False)

    began = time.perf_counter()
    with ThreadPoolExecutor(PROCESSES) as pool:
        list(pool.map(decode, files))
    return time.perf_counter() - began
