"""The two programs: which they are, and how a child process is started and confined."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from forensics.errors import ToolError
from forensics.media.jail import Jail, jail_of_program, level_of, reached
from forensics.media.limits import DEFAULT_LIMITS, Limits, resource_bounds

MINIMUM_LIBAVUTIL = (57, 28)
"""libavutil of ffmpeg 5.1, the first version with ``-fps_mode``; development builds have no other number."""

CHILD_ENVIRONMENT = {"LC_ALL": "C"}
"""All that the child sees: no HOME, no proxies, no AV_LOG settings of the user."""

_VERSION_TIMEOUT_S = 30
_VERSION = re.compile(r"\w+ version (\S+)")
_LIBAVUTIL = re.compile(r"libavutil\s+(\d+)\.\s*(\d+)\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One program as found: ``banner`` is its whole first line, ``sha256`` is over its executable file."""

    name: str
    path: str
    version: str
    version_numbers: tuple[int, ...]
    banner: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Both programs."""

    ffmpeg: Tool
    ffprobe: Tool

    @property
    def confinement(self) -> str:
        """Name of the confinement in which both run, the weaker one's, for the record."""
        return str(min(level_of(self.ffmpeg.path), level_of(self.ffprobe.path)))


def demand_full_confinement(tools: Tools) -> None:
    """Raise `ToolError` (``tool.sandbox``) unless both programs run in the full jail."""
    for tool in (tools.ffmpeg, tools.ffprobe):
        level = level_of(tool.path)
        if not level.full:
            short = f"{tool.path} would run under: {level}"
            if reached().full:
                hint = "It is a script that starts something else: put the program itself first in PATH."
            else:
                hint = (
                    "Landlock 3 (Linux 6.2) and seccomp are needed; with --sandbox auto the record says what there was."
                )
            raise ToolError(f"the sandbox that was required is not to be had: {short}", code="tool.sandbox", hint=hint)


@functools.lru_cache(maxsize=8)
def find_tools(search_path: str) -> Tools:
    """Find ffmpeg and ffprobe in the folders of ``search_path`` (separated as in PATH) and read their versions.

    Raises `ToolError` (``tool.missing``, ``tool.too_old``, ``tool.cannot_start``) with the line to type.
    """
    return Tools(ffmpeg=_find("ffmpeg", search_path), ffprobe=_find("ffprobe", search_path))


def _find(name: str, search_path: str) -> Tool:
    path = shutil.which(name, path=search_path)
    if path is None:
        raise ToolError(f"{name} was not found", code="tool.missing", hint=_install_hint())
    path = str(Path(path).absolute())
    text = _version_text(name, path)
    banner = text.partition("\n")[0].strip()
    version = _VERSION.match(banner)
    library = _LIBAVUTIL.search(text)
    if version is None or library is None:
        raise ToolError(f"{path} does not answer like {name}", code="tool.cannot_start", hint=_install_hint())
    if (int(library[1]), int(library[2])) < MINIMUM_LIBAVUTIL:
        raise ToolError(
            f"{name} {version[1]} is too old: 5.1 or later is needed", code="tool.too_old", hint=_install_hint()
        )
    digits = re.match(r"n?(\d+(?:\.\d+)*)", version[1])
    numbers = tuple(int(part) for part in digits[1].split(".")) if digits else ()
    return Tool(
        name=name, path=path, version=version[1], version_numbers=numbers, banner=banner, sha256=_sha256_of(path)
    )


def _sha256_of(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ToolError(
            f"{path} cannot be read: {error.strerror}", code="tool.cannot_start", hint=_install_hint()
        ) from error


def _version_text(name: str, path: str) -> str:
    return _said(name, path, "-version")


@functools.lru_cache(maxsize=8)
def has_muxer(tool: Tool, name: str) -> bool:
    """Whether this ffmpeg was built with the muxer ``name``. Raises `ToolError` (``tool.cannot_start``)."""
    listed = _said(tool.name, tool.path, "-hide_banner", "-muxers")
    return re.search(rf"^ *E +{re.escape(name)} ", listed, re.MULTILINE) is not None


def _said(name: str, path: str, *options: str) -> str:
    process = start([path, *options], pass_fds=(), stdout=subprocess.PIPE, cpu_s=_VERSION_TIMEOUT_S)
    try:
        out, _ = process.communicate(timeout=_VERSION_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        raise ToolError(f"{name} does not answer", code="tool.cannot_start", hint=_install_hint()) from error
    return bytes(out).decode("utf-8", "replace")


def _install_hint() -> str:
    if sys.platform == "darwin":
        return "Install ffmpeg 5.1 or later: brew install ffmpeg"
    return "Install ffmpeg 5.1 or later: sudo apt-get install ffmpeg"


def start(
    argv: Sequence[str],
    *,
    pass_fds: Sequence[int],
    stdout: int,
    cpu_s: int,
    limits: Limits = DEFAULT_LIMITS,
    file_bytes: int = 0,
    writes: Sequence[int] = (),
    paths: Sequence[str] = (),
) -> subprocess.Popen[bytes]:
    """Start one confined child: no shell, empty environment, folder ``/``, only the descriptors of ``pass_fds``.

    It may open the files behind these descriptors to read them, those of ``writes`` among them to write them, and the
    files of ``paths`` by name. ``file_bytes`` is the largest file that it may write: none, but for the attack
    generator and films.

    Raises `ToolError` (``tool.cannot_start``).
    """
    bounds = resource_bounds(limits.memory_bytes, cpu_s, file_bytes)
    try:
        with jail_of_program(argv[0], level_of(argv[0]), reads=pass_fds, writes=writes, paths=paths) as jail:
            return _popen(argv, pass_fds, stdout, functools.partial(confine, bounds, jail))
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolError(f"{argv[0]} cannot be started: {error}", code="tool.cannot_start") from error


def _popen(
    argv: Sequence[str], pass_fds: Sequence[int], stdout: int, confined: Callable[[], None]
) -> subprocess.Popen[bytes]:
    # preexec_fn is unsafe beside threads that hold locks: the library starts none, and workers are processes.
    # A session of its own keeps a Ctrl-C in the terminal from cutting a decode short behind our back.
    return subprocess.Popen(
        list(argv),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        pass_fds=tuple(pass_fds),
        env=CHILD_ENVIRONMENT,
        cwd="/",
        start_new_session=True,
        preexec_fn=confined,
    )


def start_interpreter(
    program: str, words: Sequence[str], environment: Mapping[str, str], pass_fds: Sequence[int]
) -> subprocess.Popen[bytes]:
    """Start this Python anew with a program of ours, without the settings of the user or of the folder. It is not
    confined: it must never read what is not ours.

    Raises `ToolError` (``tool.cannot_start``).
    """
    try:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", program, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=tuple(pass_fds),
            env=dict(environment),
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise ToolError(f"{sys.executable} cannot be started: {error}", code="tool.cannot_start") from error


def confine(bounds: Sequence[tuple[int, tuple[int, int]]], jail: Jail) -> None:
    """Give up in the child what decoding does not need."""
    for which, pair in bounds:
        resource.setrlimit(which, pair)
    jail.enter()


def rewind(fd: int) -> str:
    """Name an open file for the child as ``/dev/fd/N``.

    Linux opens the file anew through that name; macOS duplicates the descriptor with its offset, hence the seek.
    """
    os.lseek(fd, 0, os.SEEK_SET)
    return f"/dev/fd/{fd}"
