"""Run what reads untrusted bytes in a jail of its own: one call, one child, one typed value back.

    >>> track = read(telemetry.read_track, "DJI_0001.SRT", data)
    >>> still = read(still_of, handle=fd)

The child is forked by `forensics.media.reader_host`, which lives as long as this process. It reads the descriptor that
it was given and nothing else, opens no connection, writes no file, starts nothing; CPU time and memory are bounded. A
child that breaks a bound is killed, its file gets a `ParserStopped`, and the next call has a child of its own.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import select
import signal
import sys
from collections.abc import Callable, Generator, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from forensics.errors import ParserStopped, StoreError, ToolError
from forensics.media.hosting import usable_host
from forensics.media.jail import Level, reached
from forensics.media.limits import DEFAULT_LIMITS, Limits
from forensics.media.reader_host import CHUNK, ENDED, Read, Stop, signature
from forensics.media.values import HEADER, value_from

Value = TypeVar("Value")

_PATIENCE = 6
"""Times the CPU seconds that a reader may take: it gets that share of a core on the busiest machine."""
_LONGEST_SILENCE_S = 600
"""Seconds without a word, however much CPU time there is: a chat of a million posts without files takes 60."""
MAX_FRAME = 256 << 20
"""Bytes of one value: a track of nine hours at 30 samples a second takes 200 MB."""


def read(
    function: Callable[..., Value], *words: object, handle: int | None = None, limits: Limits = DEFAULT_LIMITS
) -> Value:
    """What ``function`` returns for ``words``, run in a jail.

    Args:
        function: Of a module; its signature declares the types of its parameters and of what it returns.
        words: Its arguments, values of the model.
        handle: A descriptor that goes before them: the child gets one of its own for the same open file.
        limits: Bounds of CPU time, memory and answer.

    Raises:
        ParserStopped: a bound was broken, or the answer is none.
        MediaError, InputError: what the function raises.
        ToolError: ``tool.cannot_start``, ``tool.host_ended`` twice in a row.
        StoreError: no room for the answer.
    """
    try:
        return _read(function, words, handle, limits)
    except _HostEnded:  # killed from outside, for lack of memory perhaps; a second time it is told
        return _read(function, words, handle, limits)


def _read(function: Callable[..., Value], words: tuple[object, ...], handle: int | None, limits: Limits) -> Value:
    _, declared = signature(function)
    with _Call(function, words, handle, limits, ()) as call:
        frames = list(call.frames(1))
        value: Value = value_from(*frames[0], call.arrays(), declared)
    return value


def read_each(
    function: Callable[..., Iterator[Value]],
    *words: object,
    handle: int | None = None,
    folders: tuple[str, ...] = (),
    limits: Limits = DEFAULT_LIMITS,
    prompt: bool = False,
) -> Generator[Value, None, None]:
    """Each value that ``function`` yields, as it is found; the child may read all that lies below ``folders``.

    With ``prompt`` no value waits for the next ones: the handle is a pipe by which a caller asks for each.

    Raises as `read` does, at the place that the child had reached.
    """
    _, declared = signature(function)
    with _Call(function, words, handle, limits, folders, prompt=prompt) as call:
        for kind, payload in call.frames(None):
            yield value_from(kind, payload, memoryview(b""), declared)


def warm() -> None:
    """Begin to start what forks readers: it loads while this process does something else."""
    usable_host()


def reader_level() -> Level:
    """The jail in which readers run here."""
    return reached()


class _HostEnded(ToolError):
    """The process that forks readers ended while one ran."""

    code = "tool.host_ended"


class _Call:
    """One child and its answer. Leaving the context ends it."""

    def __init__(
        self,
        function: Callable[..., Any],
        words: tuple[object, ...],
        handle: int | None,
        limits: Limits,
        folders: tuple[str, ...],
        *,
        prompt: bool = False,
    ) -> None:
        self._name = function.__qualname__
        arguments = msgspec.msgpack.encode(words)
        self._most = limits.reader_bytes
        self._arrived = bytearray()
        self._at = 0
        self._cpu_s = limits.reader_allowance(len(arguments))
        level = reader_level()
        host = usable_host()
        self._number = host.next_number()
        request = Read(
            number=self._number,
            module=function.__module__,
            name=function.__qualname__,
            level=(level.landlock, level.seccomp),
            cpu_s=self._cpu_s,
            memory_bytes=limits.memory_bytes,
            given=len(arguments),
            folders=tuple(os.fsencode(folder) for folder in folders),
            prompt=prompt,
        )
        self._host = host
        self._memory = _memory(arguments, limits.reader_bytes)
        self._told, tell = os.pipe()
        _widen(tell)
        self._ended, ended = os.pipe()
        with contextlib.ExitStack() as stack:
            for fd in (tell, ended):
                stack.callback(os.close, fd)
            given = [tell, ended, self._memory, *([] if handle is None else [handle])]
            if folders:
                given.append(os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
                stack.callback(os.close, given[-1])
            try:
                host.send(request, given)
            except BaseException:
                self._close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ended >= 0:
            self._stop()
        self._close()

    def frames(self, count: int | None) -> Iterator[tuple[bytes, bytes | bytearray]]:
        """The frames of the answer: exactly ``count``, or as many as come. Raises ParserStopped."""
        seen = 0
        while head := self._take(HEADER.size, at_end=True):
            kind, length = HEADER.unpack(head)
            if length > MAX_FRAME:
                raise ParserStopped(f"{self._name} told more than {MAX_FRAME} bytes", code="parser.output")
            yield kind, self._take(length)
            seen += 1
        self._settle()
        if count not in (None, seen):
            raise _nonsense()

    def arrays(self) -> memoryview:
        """The memory in which the ended child laid arrays, never more than the file in memory is long."""
        length = min(self._most, os.fstat(self._memory).st_size)
        return memoryview(
            mmap.mmap(self._memory, length, prot=mmap.PROT_READ | mmap.PROT_WRITE, flags=mmap.MAP_PRIVATE)
        )

    def _take(self, length: int, *, at_end: bool = False) -> bytes | bytearray:
        """So many bytes; none, where the answer may end and does."""
        if length > CHUNK // 4:
            return self._take_much(length)
        while len(self._arrived) - self._at < length:
            self._wait(self._told)
            more = os.read(self._told, CHUNK)
            if not more:
                if at_end and self._at == len(self._arrived):
                    return bytearray()
                self._settle()
                raise _nonsense()
            del self._arrived[: self._at]
            self._at = 0
            self._arrived += more
        self._at += length
        return self._arrived[self._at - length : self._at]

    def _take_much(self, length: int) -> bytes:
        """So many bytes, copied as seldom as can be."""
        parts = [bytes(self._arrived[self._at : self._at + length])]
        left = length - len(parts[0])
        self._at += len(parts[0])
        while left:
            self._wait(self._told)
            parts.append(os.read(self._told, min(left, CHUNK)))
            if not parts[-1]:
                self._settle()
                raise _nonsense()
            left -= len(parts[-1])
        return b"".join(part for part in parts if part)

    def _settle(self) -> None:
        """Wait for the end of the child. Raises ParserStopped when it was not its own."""
        self._wait(self._ended)
        record = os.read(self._ended, ENDED.size)
        os.close(self._ended)
        self._ended = -1
        if len(record) < ENDED.size:
            self._host.forget()
            raise _HostEnded(
                "what starts readers has ended", hint="run again; it may have been killed for lack of memory"
            )
        status, used = ENDED.unpack(record)
        ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        if ended_by == signal.SIGXCPU or (ended_by == signal.SIGKILL and used >= self._cpu_s * 1_000_000):
            raise ParserStopped(f"{self._name} was stopped: it took {self._cpu_s} s of CPU time", code="parser.cpu")
        if status != 0:
            how = signal.Signals(ended_by).name if ended_by else f"exit status {os.waitstatus_to_exitcode(status)}"
            raise ParserStopped(f"{self._name} was stopped by {how}", code="parser.killed")

    def _wait(self, fd: int) -> None:
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        if not poll.poll(min(_PATIENCE * self._cpu_s, _LONGEST_SILENCE_S) * 1000):
            raise ParserStopped(f"{self._name} was stopped: it said nothing", code="parser.silent")

    def _stop(self) -> None:
        """Kill the child, unless it has ended; wait until it has."""
        with contextlib.suppress(OSError, ToolError):
            self._host.send(Stop(number=self._number), ())
            os.read(self._ended, ENDED.size)

    def _close(self) -> None:
        for fd in (self._told, self._ended, self._memory):
            if fd >= 0:
                os.close(fd)
        self._told = self._ended = self._memory = -1


def _memory(data: bytes, room: int) -> int:
    """A descriptor of a file in memory, where the system can: it holds ``data``, and has room for an answer."""
    if sys.platform == "linux":
        fd = os.memfd_create("answer", os.MFD_CLOEXEC)
    else:
        import tempfile  # at the point of use: Linux needs none of it

        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    try:
        at = 0
        while at < len(data):
            at += os.write(fd, memoryview(data)[at : at + CHUNK])
        os.ftruncate(fd, max(room, len(data)))  # a hole takes no memory
    except OSError as error:
        os.close(fd)
        raise StoreError(
            f"no room for the answer of a reader: {error.strerror}", hint="lift the limit on file sizes (ulimit -f)"
        ) from error
    return fd


def _widen(pipe: int) -> None:
    """Let a pipe hold a chunk, where the system allows it: else writer and reader wait for one another at each page."""
    widen = getattr(fcntl, "F_SETPIPE_SZ", None)
    if widen is not None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, widen, CHUNK)


def _nonsense() -> ParserStopped:
    return ParserStopped("a reader told what is no answer", code="parser.nonsense")
