"""One running child with several output pipes, read together without dead-lock and within bounds."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import resource
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from forensics.errors import ToolError
from forensics.media.diagnostics import Diagnostics
from forensics.media.limits import Limits
from forensics.media.tools import rewind, start

CommandBuilder = Callable[[str, tuple[str, ...]], list[str]]
"""Builds an argv from the input's name (``/dev/fd/N``) and the outputs' names (``pipe:N`` each)."""

_CHUNK = 1 << 18
_DESCRIPTOR = re.compile(r"(/dev/fd/|pipe\\*:)(\d+)")
"""As an argument and, with the colon escaped, inside a filter graph."""
_STDERR = -1
_ACCOUNTING_S = 0.25
"""The kernel's limit and its accounts do not agree to the last tick."""
_BREATH_S = 0.004
_LITTLE = 256 << 10
"""After a wake-up that brought less than this, let the child fill its pipes for a moment: every frame wakes us four
times otherwise, which costs a tenth of the decoding itself. The pipes hold more than a child writes meanwhile."""
_FIRST_FREE_FD = 3
_F_SETPIPE_SZ = 1031  # Linux fcntl.h; Python 3.10 and later name it on Linux only


class Child:
    """A child process and its output pipes. Use as a context manager: leaving it ends the process.

    With ``target`` the last output is the file open under that descriptor, of at most ``file_bytes``.
    """

    def __init__(
        self,
        build: CommandBuilder,
        fd: int,
        outputs: int,
        *,
        limits: Limits,
        cpu_s: int,
        patience_s: float,
        target: int | None = None,
        file_bytes: int = 0,
    ) -> None:
        pipes = [os.pipe() for _ in range(outputs)]
        ends = [write for _, write in pipes]
        try:
            targets = () if target is None else (target,)
            names = (*(f"pipe:{end}" for end in ends), *(rewind(each) for each in targets))
            argv = build(rewind(fd), names)
            self.command = canonical(argv, fd, (*ends, *targets))
            self._process = start(
                argv,
                pass_fds=(fd, *ends, *targets),
                stdout=subprocess.DEVNULL,
                cpu_s=cpu_s,
                limits=limits,
                file_bytes=file_bytes,
                writes=targets,
            )
        except BaseException:
            for read, _ in pipes:
                os.close(read)
            raise
        finally:
            for end in ends:
                os.close(end)
        self._patience_s = patience_s
        self._cpu_s = cpu_s
        self._cpu_before = _cpu_of_children()
        self.diagnostics = Diagnostics()
        self.stalled = False
        self._breathe = False
        self._room = memoryview(bytearray(_CHUNK))
        self._selector = selectors.DefaultSelector()
        for channel, (read, _) in enumerate(pipes):
            _widen(read)
            self._selector.register(read, selectors.EVENT_READ, channel)
        assert self._process.stderr is not None
        self._selector.register(self._process.stderr.fileno(), selectors.EVENT_READ, _STDERR)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    @property
    def open(self) -> bool:
        """Whether any pipe may still deliver."""
        return bool(self._selector.get_map() or ())  # None once it is closed

    def read(self) -> list[tuple[int, bytes]]:
        """Wait for data; what each output delivered, or nothing when all pipes are closed or the child hung."""
        if self._breathe:
            time.sleep(_BREATH_S)
        deadline = time.monotonic() + self._patience_s
        while self.open:
            left = deadline - time.monotonic()
            events = self._selector.select(left) if left > 0 else []
            if not events:
                self.stalled = True
                self.end()
                return []
            arrived = [(key.data, data) for key, _ in events if (data := self._take(key)) is not None]
            if arrived:
                self._breathe = sum(len(data) for _, data in arrived) < _LITTLE
                return arrived
        return []

    def _take(self, key: selectors.SelectorKey) -> bytes | None:
        # Into room that is there already: a fresh quarter of a megabyte for a few kilobytes costs more than the read.
        length = os.readv(key.fd, [self._room])
        data = self._room[:length].tobytes()
        if not data:
            self._selector.unregister(key.fd)
            if key.data != _STDERR:
                os.close(key.fd)
            return None
        if key.data == _STDERR:
            self.diagnostics.feed(data)
            return None
        return data

    def end(self) -> None:
        """Kill the child if it still runs, reap it, close every pipe. May be called more than once."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        if self._process.returncode is None:
            self._process.wait()
        for key in list((self._selector.get_map() or {}).values()):
            if key.data != _STDERR:
                os.close(key.fd)
        self._selector.close()
        if self._process.stderr is not None and not self._process.stderr.closed:
            self._process.stderr.close()
            self.diagnostics.close()

    def wait(self) -> int:
        """Exit status after all pipes are closed; negative for a signal.

        Raises `ToolError` (``tool.refused``) when the program did not understand its options.
        """
        try:
            self._process.wait(self._patience_s)
        except subprocess.TimeoutExpired:
            self.stalled = True
        self.end()
        if self.diagnostics.refusal:
            raise ToolError(
                f"{self.command[0]} does not understand its options: {self.diagnostics.refusal}",
                code="tool.refused",
                hint="Use ffmpeg 5.1 or later, built with the usual filters.",
            )
        return self._process.returncode

    @property
    def over_limit(self) -> bool:
        """Whether the ended child was stopped for silence or by its CPU limit. Its exit status does not tell: ffmpeg
        catches SIGXCPU and leaves with one code or another, according to what it was doing.
        """
        return self.stalled or _cpu_of_children() - self._cpu_before >= self._cpu_s - _ACCOUNTING_S


def _cpu_of_children() -> float:
    """CPU seconds of all children that this process has reaped."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def canonical(argv: Sequence[str], fd: int, ends: Sequence[int]) -> tuple[str, ...]:
    """The argv with descriptors renumbered from 3 on, so that equal runs leave equal records."""
    numbers = {str(end): str(place) for place, end in enumerate((fd, *ends), _FIRST_FREE_FD)}

    def renumbered(found: re.Match[str]) -> str:
        return found[1] + numbers.get(found[2], found[2])

    return tuple(_DESCRIPTOR.sub(renumbered, word) for word in argv)


def _widen(fd: int) -> None:
    """Ask Linux for a pipe of four chunks: fewer wake-ups for full-size pictures. The default also works."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            fcntl.fcntl(fd, _F_SETPIPE_SZ, 4 * _CHUNK)


def collect(
    build: CommandBuilder, fd: int, *, limits: Limits, cpu_s: int, wall_s: float, max_bytes: int
) -> tuple[Child, bytes | None]:
    """Run a child with one output to its end: the ended child, and what it wrote or None when over ``max_bytes``."""
    written = bytearray()
    with Child(build, fd, 1, limits=limits, cpu_s=cpu_s, patience_s=wall_s) as child:
        while arrived := child.read():
            for _, data in arrived:
                written += data
            if len(written) > max_bytes:
                return child, None
        child.wait()
    return child, bytes(written)
