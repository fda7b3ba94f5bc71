"""The command ``ingest`` with a stopwatch on its parts: where the CPU time of one process and its programs goes.

    python -m tests.benchmark.ingest_stages RESULT.json [arguments of forensics]

Parts are named functions of the program, replaced by timed ones before the command runs; each second counts for the
innermost part. What the programs that a part has waited for spent is told apart from its own.
"""

from __future__ import annotations

import functools
import importlib
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PARTS = {
    "copy, both digests, read back": ("forensics.acquire:acquire",),
    "container: ffprobe and headers": ("forensics.media:probe",),
    "boxes and data streams: jailed readers": ("pipelines.derive:_look_inside",),
    "decode pass: start, pipes": (
        "forensics.media.decode:Decoding.__init__",
        "forensics.media.decode:Decoding._pump",
        "forensics.media.decode:Decoding._finish",
        "forensics.media.decode:Decoding._take_batch",
        "forensics.media.decode:Decoding._take_picture",
        "forensics.media.frames:Schedule.full_batch",
    ),
    "frame hashes, quality, flags": ("forensics.fingerprint:Fingerprinter.add",),
    "borders and box hashes, track": ("forensics.fingerprint:Fingerprinter.finish", "forensics.fingerprint:encode"),
    "anchors (ORB)": ("forensics.fingerprint:Fingerprinter.add_picture",),
    "cuts": ("forensics.keyframes:KeyframeSelector.add", "forensics.keyframes:KeyframeSelector.finish"),
    "sharpness of candidates": ("forensics.keyframes:KeyframeSelector.add_picture",),
    "keyframes: colour, digests, files": ("pipelines.keyframe_files:KeyframeFiles._write",),
    "keyframes: PNG": ("forensics.keyframes:encode_png",),
    "keyframes: phash and dhash": ("forensics.keyframes:imagehash_hex",),
    "keyframes: contact sheet": ("pipelines.keyframe_files:KeyframeFiles.finish",),
    "sound": ("pipelines.derive:listen",),
    "manifest, store, log": ("pipelines.clerk:Clerk.admit",),
    "looking for files": ("pipelines.ingest:_found",),
    "programs found and asked": ("pipelines.ingest:open_kit", "pipelines.ingest:environment_record"),
}
"""Functions by part, as ``module:name`` where the caller looks them up."""

START = "Python, imports, the rest of the command"


class Stopwatch:
    """CPU seconds by part: ``own`` of this process, ``programs`` of children that it has waited for."""

    def __init__(self) -> None:
        self.own: dict[str, float] = {}
        self.programs: dict[str, float] = {}
        self._open = [START]
        self._own_mark, self._programs_mark = 0.0, 0.0

    def switch(self, entered: str | None) -> None:
        """Book what was spent since the last call; then enter a part, or leave the present one."""
        own, programs = time.process_time(), _children()
        part = self._open[-1]
        self.own[part] = self.own.get(part, 0.0) + own - self._own_mark
        self.programs[part] = self.programs.get(part, 0.0) + programs - self._programs_mark
        self._own_mark, self._programs_mark = own, programs
        if entered is None:
            self._open.pop()
        else:
            self._open.append(entered)

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, on the watch."""

        @functools.wraps(function)
        def run(*positional: Any, **named: Any) -> Any:
            self.switch(part)
            try:
                return function(*positional, **named)
            finally:
                self.switch(None)

        return run


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def put_on(watch: Stopwatch) -> None:
    """Replace every function of `PARTS` by a timed one."""
    for part, places in PARTS.items():
        for place in places:
            module, _, path = place.partition(":")
            *owners, name = path.split(".")
            owner = functools.reduce(getattr, owners, importlib.import_module(module))
            setattr(owner, name, watch.timed(part, getattr(owner, name)))


def main(arguments: list[str]) -> int:
    """Run the command and write down what its parts took; its exit code."""
    from pipelines.cli import run_command
    from pipelines.surroundings import one_thread_each

    one_thread_each()
    target, *command = arguments
    watch = Stopwatch()
    put_on(watch)
    sys.argv = ["forensics", *command]
    code = run_command(command)
    watch.switch(None)
    Path(target).write_text(json.dumps({"own": watch.own, "programs": watch.programs}))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
