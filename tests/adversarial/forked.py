"""The command line in a forked process: for tests that run it by the thousand, and that import all of it once.

Only for a process of its own with one thread (`alone`): what is forked beside a thread may find its locks held.
"""

from __future__ import annotations

import faulthandler
import fcntl
import importlib
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from tests.integration.conftest import ROOT, environment

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

WARM = (
    "scipy.fftpack",
    "pipelines.ingest",
    "pipelines.keys",
    "pipelines.progress",
    "pipelines.seal",
    "pipelines.verify",
)
"""What ingest and verify import, the first of them at its first picture."""

PIPE_BYTES = 2**20
"""More than any command here prints: nobody reads before it has ended."""

SHARED_MEMORY = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Said:
    """Exit code (negative: the signal), stdout and stderr of one command."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def alone(module: str, *words: object, before: Sequence[str] = ()) -> Any:
    """Run a module of these tests as a program, alone in a process with one thread; what it printed, as JSON.

    ``before`` are words before the program (unshare). Raises CalledProcessError when it fails.
    """
    done = subprocess.run(
        [*before, sys.executable, "-m", module, *map(str, words)],
        cwd=ROOT, env={**environment(), **ONE_THREAD}, stdout=subprocess.PIPE, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return json.loads(done.stdout)


def warm() -> None:
    """Take the tests' own environment (their operator's key); import what ingest and verify need, and ask the programs
    for their versions, once for all children.
    """
    os.environ.update({**environment(), **ONE_THREAD})
    for module in WARM:
        importlib.import_module(module)
    from forensics import media
    from pipelines.surroundings import Surroundings

    media.can_listen(media.find_tools(Surroundings().search_path()).ffmpeg)
    assert len(os.listdir("/proc/self/task")) == 1, "a process with several threads must not fork"


@dataclass(frozen=True, slots=True)
class Child:
    """A command that runs: its process, and the pipes that it writes to."""

    process: int
    out: tuple[int, int]
    err: tuple[int, int]

    def kill(self) -> None:
        """Send SIGKILL; it is not waited for yet, so that its number cannot be another's."""
        os.kill(self.process, signal.SIGKILL)

    def end(self) -> Said:
        """Wait for it."""
        _, status = os.waitpid(self.process, 0)
        return Said(os.waitstatus_to_exitcode(status), _read(*self.out), _read(*self.err))


def start(words: Sequence[object], before: Callable[[], object] = lambda: None) -> Child:
    """One command in a child, which calls ``before`` first. A traceback gives code 1, as in a shell."""
    out, err = _pipe(), _pipe()
    child = os.fork()
    if child == 0:
        _be(out[1], err[1], before, [str(word) for word in words])
    return Child(child, out, err)


def forensics(*words: object, before: Callable[[], object] = lambda: None) -> Said:
    """One command to its end."""
    return start(words, before).end()


def _be(out: int, err: int, before: Callable[[], object], words: list[str]) -> NoReturn:
    code = 1
    try:
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
        faulthandler.enable(sys.stderr)
        from pipelines.cli import run_command

        before()
        code = run_command(words)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _pipe() -> tuple[int, int]:
    """No files, for these would be below the limits that a test sets."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return reading, writing


def _read(reading: int, writing: int) -> str:
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        return file.read().decode("utf-8", "replace")


def scratch() -> str | None:
    """Where many short-lived folders are made: in memory where that is possible, for none needs to be on a disk."""
    return str(SHARED_MEMORY) if os.access(SHARED_MEMORY, os.W_OK) else None
