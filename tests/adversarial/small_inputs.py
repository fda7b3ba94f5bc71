"""Small files of the kinds that an ingest treats differently, for tests that ingest them by the thousand."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

SRT = "1\n00:00:00,000 --> 00:00:00,500\n[latitude: 50.1] [longitude: 30.2] [rel_alt: 1.0 abs_alt: 2.0]\n"


def make(folder: Path, count: int) -> set[str]:
    """Put ``count`` files there; their digests. Every fifth is a clip, one clip has telemetry beside it, the rest are
    stills; the last file is the first still again under another name, so that it becomes a second version.
    """
    folder.mkdir(parents=True)
    for number in range(count - 1):
        name = folder / f"{number:02d}.{'png' if number % 5 else 'mp4'}"
        picture = f"testsrc2=s={32 + 2 * number}x32:r=5:d={0.2 if number % 5 else 0.6}"
        words = ["-f", "lavfi", "-i", picture, *(["-frames:v", "1"] if number % 5 else []), str(name)]
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *words], check=True, timeout=60)
    (folder / "00.srt").write_text(SRT)
    shutil.copy(folder / "01.png", folder / f"{count - 1:02d}-again.png")
    return {digest(path) for path in folder.iterdir() if path.suffix != ".srt"}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
