"""The process that forks readers: started once, it imports what reads, and forks a jailed child for each call.

It runs beside the program that started it and takes requests from nobody else. It never sees a byte of evidence: a
request names a function and carries open descriptors; the child that is forked for it closes its jail, and only then
reads. So a reader costs a fork, not an interpreter, and what a file does to one reader ends with that child.

    request (a local socket, with SCM_RIGHTS)  ──>  host ── fork ──>  child: jail, read, tell (a pipe)
    how the child ended (a pipe)               <──  host <── wait ──  exit
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import mmap
import os
import resource
import selectors
import signal
import socket
import struct
import sys
import sysconfig
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from forensics.media.jail import Jail, Level
from forensics.media.limits import resource_bounds
from forensics.media.values import HEADER, RAW, aligned, fault_frame, frame_of

LENGTH = struct.Struct("<I")
"""Before each request: its bytes. Descriptors come with it."""

ENDED = struct.Struct("<iQ")
"""How a child ended: the status of wait(2), and its CPU time in microseconds."""

CHUNK = 1 << 20
"""Bytes written or read at once; pipes are widened to it where the system allows."""

HANDLE = "handle"
"""Name of the first parameter of a reader that takes a descriptor."""

MAX_DESCRIPTORS = 8
_POPULATE: int = getattr(mmap, "MAP_POPULATE", 0)
_SMALL = 1 << 16
"""Values of a stream are told once so many bytes have gathered."""
_CANNOT_TELL = 3
"""Exit status of a child that could not tell even its error."""


class Read(msgspec.Struct, frozen=True, tag="read"):
    """Run the function ``name`` of ``module`` in a jail of this ``level`` (version of Landlock, seccomp).

    With it come descriptors: where the child tells, where the host tells how it ended, the memory in which the
    arguments lie (``given`` bytes) and in which the child lays the arrays of its answer; then, where the function's
    first parameter is `HANDLE`, that of the evidence; and where ``folders`` are to be read (paths as bytes), that of
    the folder in which relative names begin. ``prompt`` tells each value of a stream at once.
    """

    number: int
    module: str
    name: str
    level: tuple[int, bool]
    cpu_s: int
    memory_bytes: int
    given: int
    folders: tuple[bytes, ...] = ()
    prompt: bool = False


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """Kill the child of a request."""

    number: int


def host(control: int) -> None:
    """Serve the requests that come over the socket ``control``, until its other end is closed."""
    with socket.socket(fileno=control) as ours:
        _Host(ours).serve()


class _Host:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[int, tuple[int, int]] = {}
        self._null = os.open(os.devnull, os.O_RDWR)
        self._wake, wake = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake)

    def serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self._wake in ready:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._wake, CHUNK)
                    self._reap()
                if self._control in ready and not self._take():
                    self._kill(*self._children)
                    return

    def _take(self) -> bool:
        """Take one request; False when there will be no more."""
        head, descriptors, _, _ = socket.recv_fds(self._control, LENGTH.size, MAX_DESCRIPTORS)
        if len(head) < LENGTH.size:
            return False
        request = msgspec.msgpack.decode(self._exactly(LENGTH.unpack(head)[0]), type=Read | Stop)
        if isinstance(request, Stop):
            self._kill(*(pid for pid, (number, _) in self._children.items() if number == request.number))
            return True
        tell, ended, *given = descriptors
        with contextlib.suppress(ImportError, AttributeError):  # the child meets it again, and tells it
            _reader(request.module, request.name)
        _stay_alone()
        jail = _jail(request)
        pid = os.fork()
        if pid == 0:
            _child(request, jail, tell, given, self._null)
        if request.folders:
            jail.close()
        self._children[pid] = (request.number, ended)
        for fd in (tell, *given):
            os.close(fd)
        return True

    def _exactly(self, length: int) -> bytes:
        data = b""
        while len(data) < length and (part := self._control.recv(length - len(data))):
            data += part
        return data

    def _reap(self) -> None:
        """Tell of every child that has ended."""
        while self._children:
            pid, status, used = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            _, ended = self._children.pop(pid)
            with contextlib.suppress(BrokenPipeError):
                os.write(ended, ENDED.pack(status, round((used.ru_utime + used.ru_stime) * 1e6)))
            os.close(ended)

    def _kill(self, *pids: int) -> None:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)


def _stay_alone() -> None:
    """Keep OpenCV, once it is loaded, from starting threads: only a process with one can be forked at any moment."""
    if "cv2" in sys.modules:
        sys.modules["cv2"].setNumThreads(1)


def _child(request: Read, jail: Jail, tell: int, given: list[int], null: int) -> typing.NoReturn:
    """Close the jail, read, tell, end. Nothing of this process is left to it but ``tell`` and what was given."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for standard in range(3):
            os.dup2(null, standard)
        try:
            last = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            _confine(request, jail, given)
            _close_all_but(tell, *given, last=last)
            _read(request, tell, given)
        except Exception as error:  # noqa: BLE001  whatever a reader of hostile bytes throws is told, by its name
            _write(tell, fault_frame(error))
        os._exit(0)
    finally:
        os._exit(_CANNOT_TELL)


def _close_all_but(*kept: int, last: int) -> None:
    before = 3
    for fd in sorted(kept):
        os.closerange(before, fd)
        before = fd + 1
    os.closerange(before, last)


def _jail(request: Read) -> Jail:
    """The jail of a child: one that reads no folder of evidence shares the rules of those before it."""
    code = _code_folders(request.module.partition(".")[0])
    if request.folders:
        return Jail(Level(*request.level), folders=(*code, *(os.fsdecode(folder) for folder in request.folders)))
    return _usual_jail(Level(*request.level), code)


@functools.cache
def _usual_jail(level: Level, code: tuple[str, ...]) -> Jail:
    return Jail(level, folders=code)


@functools.cache
def _code_folders(package: str) -> tuple[str, ...]:
    """Where Python's library, the packages and the code of the reader lie: a module may be loaded late, a codec for
    one. The folders that hold these are not among them, for they may hold a case.
    """
    own = list(getattr(sys.modules.get(package), "__path__", ()))
    forensic = Path(__file__).parent.parent
    libraries = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")]
    installed = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages", "lib-dynload")]
    return tuple(dict.fromkeys((*libraries, *installed, str(forensic), *own)))


def _confine(request: Read, jail: Jail, given: list[int]) -> None:
    if request.folders:
        os.fchdir(given[-1])
    else:
        os.chdir("/")
    for which, pair in resource_bounds(request.memory_bytes, request.cpu_s):
        resource.setrlimit(which, pair)
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))  # where there is no seccomp, an ordinary user starts nothing
    jail.enter()


def _read(request: Read, tell: int, given: list[int]) -> None:
    function, words, takes_handle = _reader(request.module, request.name)
    memory, *handle = given
    told = function(*handle[:takes_handle], *words.decode(os.pread(memory, request.given, 0)))
    if isinstance(told, Iterator):
        _tell_each(tell, told, 0 if request.prompt else _SMALL)
    else:
        frame, arrays = frame_of(told)
        _lay(memory, arrays)
        _write(tell, frame)


@functools.cache
def _reader(module: str, name: str) -> tuple[Callable[..., Any], msgspec.msgpack.Decoder[tuple[Any, ...]], bool]:
    """A reader, what decodes its arguments, and whether a descriptor comes before them."""
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    types, _ = signature(function)
    takes_handle = next(iter(inspect.signature(function).parameters), "") == HANDLE
    return function, msgspec.msgpack.Decoder(tuple[types[takes_handle:]]), takes_handle  # type: ignore[misc]


def _lay(memory: int, arrays: list[memoryview]) -> None:
    """Lay arrays into the memory one behind the other, over the arguments, which have been read."""
    length = sum(aligned(array.nbytes) for array in arrays)
    if not length:
        return
    with mmap.mmap(memory, length, flags=mmap.MAP_SHARED | _POPULATE) as place:
        at = 0
        for array in arrays:
            place[at : at + array.nbytes] = array
            at += aligned(array.nbytes)


def signature(function: Callable[..., Any]) -> tuple[tuple[Any, ...], Any]:
    """The types of a function's parameters in order, and of what it returns (of each value, for an iterator)."""
    hints = typing.get_type_hints(function)
    returned = hints.pop("return")
    if typing.get_origin(returned) is Iterator:
        returned = typing.get_args(returned)[0]
    return tuple(hints.values()), returned


def _tell_each(tell: int, values: Iterator[Any], gather: int) -> None:
    gathered = bytearray()
    try:
        for value in values:
            if isinstance(value, bytes):
                _write(tell, gathered + HEADER.pack(RAW, len(value)))
                gathered.clear()
                _write(tell, value)
                continue
            frame, arrays = frame_of(value)
            if arrays:
                raise TypeError("a value of a stream holds an array")
            gathered += frame
            if len(gathered) >= gather:
                _write(tell, gathered)
                gathered.clear()
    finally:  # what was found before an error goes before it
        _write(tell, gathered)


def _write(fd: int, data: bytes | bytearray) -> None:
    at = 0
    with memoryview(data) as view:
        while at < len(data):
            at += os.write(fd, view[at : at + CHUNK])
