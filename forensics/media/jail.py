"""The jail of a child: what the kernel refuses it, whatever the file that it reads makes it try.

Landlock (landlock(7)) lets it read the files behind its own descriptors and run its own program and libraries: no
other file can be opened, none written, no TCP port reached, no process outside signalled. seccomp (seccomp(2)) refuses
the system calls of `forensics.media.system_calls`. Both need no privilege and hold across execve; both are asked for
by ctypes, for Python has no name for them. Everything is prepared before the fork, so that little runs after it.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import os
import platform
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from forensics.media.system_calls import MACHINES, program

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # equal on every machine
_ASK_VERSION = 1
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14
_FILE_RIGHTS_OF_ABI = ((1, 13), (2, 14), (3, 15), (5, 16))
"""How many rights over files, the lowest bits, each version of Landlock knows (linux/landlock.h)."""
_ABI_NET, _ABI_SCOPE = 4, 6
_TCP_BIND_CONNECT = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11
_LEAST_FULL_ABI = 3
"""Before it, a file may be truncated, though not opened to be written."""

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 1, 38, 22
_SECCOMP_MODE_FILTER = 2
_PR_GET_SECCOMP = 21
_SIGKILL = 9

LIBRARY_FOLDERS = (
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib",
    "/nix/store", "/gnu/store", "/home/linuxbrew/.linuxbrew",
)  # fmt: skip
"""Where a program's libraries lie; with those of ``/etc/ld.so.conf.d`` and the folder ``lib`` beside the program's
own. None of them holds evidence."""

LIBRARY_SETTINGS = ("/etc/ld.so.cache", "/etc/ssl/openssl.cnf")
"""What the loader and OpenSSL read when they start; without the second, openssl does not."""

_ELF = b"\x7fELF\x02"
"""How a 64-bit program begins; the filter would kill a 32-bit one at its first call."""
_ELF_HEAD, _ELF_SEGMENT, _ELF_SEGMENT_LAYOUT, _PT_INTERP = 64, 56, "<IIQQQQQQ", 3
"""System V ABI, chapter 4 and 5, for 64-bit files: the only ones on machines whose system calls are known."""
_LONGEST_PATH = 4096


class Level(NamedTuple):
    """What holds a child: version of Landlock (0: none), whether seccomp does."""

    landlock: int
    seccomp: bool

    @property
    def full(self) -> bool:
        """Whether it is all that this program knows to ask for."""
        return self.landlock >= _LEAST_FULL_ABI and self.seccomp

    def __str__(self) -> str:
        """For the record: as ``landlock 7, seccomp, rlimits``."""
        parts = [f"landlock {self.landlock}"] if self.landlock else []
        parts += ["seccomp"] if self.seccomp else []
        # macOS accepts RLIMIT_AS but does not enforce it.
        return ", ".join([*parts, "rlimits" if sys.platform == "linux" else "rlimits without memory"])


@functools.lru_cache(maxsize=1)
def reached() -> Level:
    """The level that this kernel gives; asking changes nothing."""
    if sys.platform != "linux":
        return Level(0, seccomp=False)
    library = _library()
    abi = library.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)
    seccomp = platform.machine() in MACHINES and library.prctl(_PR_GET_SECCOMP, 0, 0, 0, 0) >= 0
    return Level(max(0, abi), seccomp=seccomp)


@functools.lru_cache(maxsize=16)
def level_of(path: str) -> Level:
    """The level in which the program at ``path`` runs: that of the kernel for a 64-bit program of its own; for a
    script, which needs its interpreter and what that starts, none but resource limits.
    """
    try:
        with Path(path).open("rb") as file:
            own = file.read(len(_ELF)) == _ELF
    except OSError:
        own = False
    return reached() if own else Level(0, seccomp=False)


class Jail:
    """One child's jail. Make it before the fork, `enter` it in the child, `close` it in the parent.

    Allowed is: to run ``executes``, to read ``files`` and what lies below ``folders``, to open anew by ``/dev/fd/N``
    the files behind the descriptors ``reads``, and to write those behind ``writes``. Without ``executes`` it holds what
    runs already: no program can be started.
    """

    def __init__(
        self,
        level: Level,
        *,
        executes: Sequence[str] = (),
        folders: Sequence[str] = (),
        files: Sequence[str] = (),
        reads: Sequence[int] = (),
        writes: Sequence[int] = (),
    ) -> None:
        self._filter: ctypes.Array[ctypes.c_char] | None = None
        self._header: ctypes.Array[ctypes.c_char] | None = None
        self._ruleset = -1
        if level.landlock:
            self._ruleset = _ruleset(level.landlock)
            try:
                self._allow_paths((executes, _EXECUTE | _READ_FILE), (folders, _READ_FILE | _READ_DIR))
                self._allow_paths((files, _READ_FILE))
                self._allow_open((reads, _READ_FILE), (writes, _READ_FILE | _WRITE_FILE | _TRUNCATE))
            except BaseException:
                self.close()
                raise
        if level.seccomp:
            code = program(platform.machine(), writing=bool(writes), executing=bool(executes))
            self._filter = ctypes.create_string_buffer(code, len(code))
            # struct sock_fprog: how many lines, and where they are.
            packed = struct.pack("@HP", len(code) // 8, ctypes.addressof(self._filter))
            self._header = ctypes.create_string_buffer(packed, len(packed))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the parent's hold on the rules back."""
        if self._ruleset >= 0:
            os.close(self._ruleset)
            self._ruleset = -1

    def _allow_paths(self, *rules: tuple[Sequence[str], int]) -> None:
        for paths, rights in rules:
            for path in paths:
                _allow_path(self._ruleset, path, rights)

    def _allow_open(self, *rules: tuple[Sequence[int], int]) -> None:
        for descriptors, rights in rules:
            for fd in descriptors:
                _allow(self._ruleset, fd, rights)

    def enter(self) -> None:
        """Give everything else up, in this process and whatever it becomes. Raises OSError: then nothing may be run."""
        if self._ruleset < 0 and self._header is None:
            return
        library = _library()
        _must(library.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0))
        _must(library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        if self._ruleset >= 0:
            _must(library.syscall(_RESTRICT_SELF, self._ruleset, 0))
        if self._header is not None:
            _must(library.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, self._header, 0, 0))


def jail_of_program(
    path: str, level: Level, *, reads: Sequence[int] = (), writes: Sequence[int] = (), paths: Sequence[str] = ()
) -> Jail:
    """The jail of the program at ``path``: it may run itself and its loader, and read its libraries. ``reads`` and
    ``writes`` are descriptors, ``paths`` files that it opens by name.
    """
    if not level.landlock:
        return Jail(level, executes=(path,), reads=reads, writes=writes)
    own = os.path.realpath(path)
    loader = _loader(own)
    return Jail(
        level,
        # Of the libraries only the loader is executed; the others are read and mapped.
        executes=(own, loader) if loader else (own,),
        folders=(*_library_folders(), str(Path(own).parent.parent / "lib")),
        files=(*LIBRARY_SETTINGS, *paths),
        reads=reads,
        writes=writes,
    )


@functools.lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _must(returned: int) -> int:
    if returned < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return returned


def _ruleset(abi: int) -> int:
    """A new ruleset that handles, and so refuses, everything this version of Landlock knows."""
    rights = max(count for version, count in _FILE_RIGHTS_OF_ABI if version <= abi)
    net = _TCP_BIND_CONNECT if abi >= _ABI_NET else 0
    scope = _ABSTRACT_SOCKETS_AND_SIGNALS if abi >= _ABI_SCOPE else 0
    attributes = struct.pack("=QQQ", (1 << rights) - 1, net, scope)
    # Older kernels take a longer structure as long as what they do not know is zero.
    return _must(_library().syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0))


def _allow_path(ruleset: int, path: str, rights: int) -> None:
    """Allow what lies below ``path``; what is not there needs no rule."""
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        _allow(ruleset, fd, rights)
    finally:
        os.close(fd)


def _allow(ruleset: int, fd: int, rights: int) -> None:
    attributes = struct.pack("=Qi", rights, fd)
    if _library().syscall(_ADD_RULE, ruleset, _PATH_BENEATH, attributes, 0) < 0:
        number = ctypes.get_errno()
        # A pipe or a file without a name (memfd) can have no rule, and Landlock lets it be opened without one.
        if number != errno.EBADFD:
            raise OSError(number, os.strerror(number))


@functools.lru_cache(maxsize=16)
def _loader(path: str) -> str:
    """The program's loader: segment PT_INTERP of its 64-bit little-endian ELF file; empty for a static program."""
    with Path(path).open("rb") as file:
        head = file.read(_ELF_HEAD)
        if len(head) < _ELF_HEAD:
            return ""
        table = int.from_bytes(head[32:40], "little")
        size, count = struct.unpack_from("<HH", head, 54)
        if size != _ELF_SEGMENT:
            return ""
        file.seek(table)
        for kind, _, offset, _, _, length, _, _ in struct.iter_unpack(_ELF_SEGMENT_LAYOUT, file.read(size * count)):
            if kind == _PT_INTERP:
                file.seek(offset)
                return os.fsdecode(file.read(min(length, _LONGEST_PATH)).rstrip(b"\0"))
    return ""


@functools.lru_cache(maxsize=1)
def _library_folders() -> tuple[str, ...]:
    """The usual folders, and those that this machine's loader is told of."""
    told: list[str] = []
    for file in sorted(Path("/etc/ld.so.conf.d").glob("*.conf")):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            told += [line.strip() for line in file.read_text("utf-8").splitlines() if line.startswith("/")]
    return tuple(dict.fromkeys((*LIBRARY_FOLDERS, *told)))
