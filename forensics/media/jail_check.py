"""Does the jail hold on this machine? A child tries what a hostile file could make a decoder do, and says how it went.

Each act leaves nothing behind where the jail fails: what would be changed is not there, what would be written is the
null device.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from typing import NamedTuple

from forensics.errors import ParserStopped, ToolError
from forensics.media.limits import DEFAULT_LIMITS
from forensics.media.reading import read
from forensics.media.tools import start

PATIENCE_S = 30
"""Seconds, of CPU and by the clock: the acts take a tenth of one."""

ACTS = (
    ("open another file", "open('/etc/passwd')"),
    ("list a folder", "os.listdir('/')"),
    ("open a file to write", "os.open('/dev/null', os.O_WRONLY)"),
    ("remove a file", "os.unlink('/nonexistent')"),
    ("make a folder", "os.mkdir('/nonexistent/a')"),
    ("rename a file", "os.rename('/nonexistent', '/nonexistent/a')"),
    ("change a file's mode", "os.chmod('/nonexistent', 0)"),
    ("open a TCP socket", "call('socket', 2, 1, 0)"),
    ("open a local socket", "call('socket', 1, 1, 0)"),
    ("open a netlink socket", "call('socket', 16, 3, 0)"),
    ("start a process", "os.fork() or os._exit(0)"),
    ("signal the parent", "os.kill(os.getppid(), 0)"),
    ("trace the parent", "call('ptrace', 0x4206, os.getppid(), 0, 0)"),
    ("take more memory than allowed", f"bytearray({DEFAULT_LIMITS.memory_bytes})"),
    ("run another program", "os.execv('/bin/true', ['true'])"),
)
"""What a child must not be able to do, and the Python for it. The last ends the child where it is not refused."""

_PROGRAM = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *words):
    if getattr(libc, name)(*words) < 0:
        raise OSError(ctypes.get_errno(), name)
for place, act in enumerate({acts!r}):
    try:
        exec(act)
    except (PermissionError, MemoryError):
        print('refused', place, flush=True)
    except OSError:
        pass
"""


class Tried(NamedTuple):
    """Which acts were tried in the jail, and which were not refused."""

    acts: int
    allowed: tuple[str, ...]


def try_jail(python: str) -> Tried:
    """Try every act in a child that runs the Python interpreter ``python``.

    Raises `ToolError` (``tool.cannot_start``) when it cannot be started, or does not end.
    """
    words = [os.path.realpath(python), "-I", "-S", "-c", _PROGRAM.format(acts=[act for _, act in ACTS])]
    process = start(words, pass_fds=(), stdout=subprocess.PIPE, cpu_s=PATIENCE_S)
    try:
        out, _ = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        raise ToolError(f"{python} does not end", code="tool.cannot_start") from error
    refused = {line.split()[1] for line in out.decode("ascii", "replace").splitlines() if line.startswith("refused ")}
    return Tried(len(ACTS), tuple(name for place, (name, _) in enumerate(ACTS) if str(place) not in refused))


def refused_acts(first: int, end: int) -> tuple[str, ...]:
    """Which of the acts are refused to the process that asks: a reader, to be run in its jail."""
    libc = ctypes.CDLL(None, use_errno=True)

    def call(name: str, *words: int) -> None:
        if getattr(libc, name)(*words) < 0:
            raise OSError(ctypes.get_errno(), name)

    refused = []
    for name, act in ACTS[first:end]:
        try:
            exec(act, {"os": os, "call": call})  # noqa: S102  our own words, of the table above
        except (PermissionError, BlockingIOError, MemoryError):
            refused.append(name)
        except OSError:
            continue
    return tuple(refused)


def try_reader_jail() -> Tried:
    """Try every act in the jail of readers. The last, which ends the child where it is not refused, has its own.

    Raises `ToolError` (``tool.cannot_start``).
    """
    refused: list[str] = []
    for first, end in ((0, len(ACTS) - 1), (len(ACTS) - 1, len(ACTS))):
        try:
            refused += read(refused_acts, first, end)
        except ParserStopped:
            continue
    return Tried(len(ACTS), tuple(name for name, _ in ACTS if name not in refused))
