"""The process that forks readers, seen from the one that asks: started when first needed, and again when it is gone."""

from __future__ import annotations

import atexit
import functools
import itertools
import os
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

import forensics
from forensics.errors import ToolError
from forensics.media.reader_host import LENGTH, Read, Stop
from forensics.media.tools import start_interpreter

_PROGRAM = """
import sys, types
control, rooms, sys.path[:] = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
for name in ("media", "telemetry"):
    room = sys.modules[f"forensics.{name}"] = types.ModuleType(f"forensics.{name}")
    room.__path__ = [f"{rooms}/{name}"]
from forensics.media.reader_host import host
host(control)
"""
"""Two rooms without what they show to others: that loads OpenCV, the command builder, all that draws tracks, a tenth of
a second of CPU which most files do not need. So the module of a reader imports modules of these rooms, never the room.
"""

_ENVIRONMENT = {"LC_ALL": "C", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""A process with one thread can be forked at any moment; one with more cannot."""


class Host:
    """The process that forks readers, and our end of its socket."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair()
        self._pid = os.getpid()
        self._numbers = itertools.count(1)
        self._turn = threading.Lock()
        with theirs:
            words = (str(theirs.fileno()), str(Path(__file__).parent.parent), *_import_path())
            self.process = start_interpreter(_PROGRAM, words, _ENVIRONMENT, (theirs.fileno(),))

    @property
    def usable(self) -> bool:
        """Whether it is this process's own, and runs."""
        return self._pid == os.getpid() and self.process.poll() is None

    def next_number(self) -> int:
        """A number for a request."""
        return next(self._numbers)

    def send(self, request: Read | Stop, descriptors: Sequence[int]) -> None:
        """Raises ToolError when it is gone."""
        data = msgspec.msgpack.encode(request)
        try:
            with self._turn:  # threads of a cluster's worker share one host
                socket.send_fds(self._control, [LENGTH.pack(len(data))], descriptors)
                self._control.sendall(data)
        except OSError as error:
            self.forget()
            raise ToolError(f"readers cannot be started: {error}", code="tool.cannot_start") from error

    def forget(self) -> None:
        """End it; the next call starts another."""
        self._control.close()
        if self._pid == os.getpid():
            self.process.wait()
        running.cache_clear()


_STARTING = threading.Lock()


@functools.lru_cache(maxsize=1)
def running() -> Host:
    """The host that was started last, or the first one; it ends with this process."""
    host = Host()
    atexit.register(host.forget)
    return host


def usable_host() -> Host:
    """The host, started anew if it is gone. Raises ToolError (``tool.cannot_start``)."""
    with _STARTING:
        return _usable()


def _usable() -> Host:
    if not running().usable:
        running().forget()
    return running()


def _import_path() -> tuple[str, ...]:
    """Where this process finds modules: the host must run the same code."""
    root = str(Path(forensics.__file__).parent.parent)
    given = [str(Path(path).absolute()) for path in sys.path if path and Path(path).exists()]
    return tuple(dict.fromkeys([*given, root]))
