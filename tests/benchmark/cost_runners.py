"""What `costs` measures, each as a program of its own so that its CPU time and its children's is its own.

    python -m tests.benchmark.cost_runners fingerprint|pdq|vpdq|videohash2|tmk [FILE ...]

Without a FILE nothing but the start-up is spent.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path


def fingerprint(files: list[str]) -> None:
    """The fingerprint of a file as ingest makes it: probe, one decoding, frame hashes, anchors, the stored track."""
    from pipelines.surroundings import one_thread_each

    one_thread_each()  # before the libraries load, as the program itself does

    from forensics import media
    from forensics.fingerprint import Fingerprinter, encode
    from forensics.model.media import FrameBatch
    from pipelines.derive import single_threaded

    single_threaded()
    tools = media.find_tools(os.environ["PATH"])
    for file in files:
        with Path(file).open("rb") as handle:
            probe = media.probe(tools, handle.fileno(), media.DEFAULT_LIMITS).probe
            assert probe.origin is not None
            maker = Fingerprinter(probe.origin.base)
            with media.decode(tools, handle.fileno(), probe, limits=media.DEFAULT_LIMITS) as decoding:
                for item in decoding:
                    maker.add(item) if isinstance(item, FrameBatch) else maker.add_picture(item)
            encode(maker.finish(probe.origin))


def pdq(files: list[str]) -> None:
    """The work of vPDQ at one frame a second: frames at full size from ffmpeg, PDQ of each by `pdqhash`."""
    import numpy as np
    import pdqhash

    for file in files:
        width, height = _size(file)
        command = ["ffmpeg", "-nostdin", "-v", "error", "-threads", "1", "-i", file, "-map", "0:v:0"]
        command += ["-vf", f"fps=1,scale={width}:{height}", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            while frame := process.stdout.read(width * height * 3):
                pdqhash.compute(np.frombuffer(frame, np.uint8).reshape(height, width, 3))


def vpdq(files: list[str]) -> None:
    """The package vpdq at one hash a second, on one thread."""
    package = importlib.import_module("vpdq")
    for file in files:
        package.computeHash(file, seconds_per_hash=1, thread_count=1)


def videohash2(files: list[str]) -> None:
    """The package videohash2: one hash a video."""
    package = importlib.import_module("videohash2")
    for file in files:
        package.VideoHash(path=str(Path(file).resolve()))


def tmk(files: list[str]) -> None:
    """TMK+PDQF's own program, of the folder in TMK_BIN."""
    program, decoder = Path(os.environ["TMK_BIN"]) / "tmk-hash-video", shutil.which("ffmpeg")
    assert decoder is not None
    with tempfile.TemporaryDirectory() as room:
        for number, file in enumerate(files):
            target = Path(room) / f"{number}.tmk"
            command = [program, "-f", decoder, "-i", file, "-o", target]
            subprocess.run([*map(str, command)], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def _size(file: str) -> tuple[int, int]:
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height"]
    told = subprocess.run([*command, "-of", "csv=p=0", file], stdout=subprocess.PIPE, check=True, text=True).stdout
    width, height = told.strip().strip(",").split(",")[:2]
    return int(width), int(height)


def vpdq_is_installed() -> bool:
    """Whether the package itself can be measured."""
    return importlib.util.find_spec("vpdq") is not None


def _has(package: str) -> Callable[[], bool]:
    return lambda: importlib.util.find_spec(package) is not None


PEERS: dict[str, tuple[Callable[[], bool], str]] = {
    "pdq": (_has("pdqhash"), "vPDQ's work at 1 frame a second (pdqhash)"),
    "vpdq": (vpdq_is_installed, "vpdq, 1 hash a second"),
    "videohash2": (_has("videohash2"), "videohash2, one hash a video"),
    "tmk": (lambda: "TMK_BIN" in os.environ, "TMK+PDQF, its own program"),
}
"""Programs of others: whether each is at hand, and what it does."""

RUNNERS = {"fingerprint": fingerprint, "pdq": pdq, "vpdq": vpdq, "videohash2": videohash2, "tmk": tmk}

if __name__ == "__main__":
    RUNNERS[sys.argv[1]](sys.argv[2:])
