"""What a program does to the files below a folder, call by call, from a strace of it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

TRACED = (
    "open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,rmdir,link,linkat,symlink,symlinkat,"
    "write,writev,pwrite64,pwritev,lseek,read,truncate,ftruncate,fallocate,copy_file_range,sendfile,splice,"
    "fsync,fdatasync,sync_file_range"
)
UNKNOWN = frozenset({"link", "linkat", "symlink", "symlinkat", "writev", "pwritev", "fallocate", "copy_file_range",
                     "sendfile", "splice", "sync_file_range", "renameat2"})  # fmt: skip
"""Calls that change files and that nothing here understands: one below the folder is an error, never overlooked."""

Kind = Literal["create", "cut", "mkdir", "rename", "unlink", "rmdir", "write", "sync", "said"]

_LINE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+)(?:<.*>)?(?: .*)?\Z")
_UNFINISHED = re.compile(r"(\d+) +(\w+\(.*) <unfinished \.\.\.>\Z")
_RESUMED = re.compile(r"(\d+) +<\.\.\. \w+ resumed>(.*)\Z")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_DESCRIPTOR = re.compile(r"(?:AT_FDCWD|\d+)<((?:\\x[0-9a-f]{2}|[^>])*)>")


@dataclass(frozen=True, slots=True)
class Call:
    """One change: ``path`` (of a rename: from there ``to`` there); ``data`` at ``offset`` of a write, or said on
    stdout; ``offset`` of a cut is the size it leaves.
    """

    kind: Kind
    path: str = ""
    to: str = ""
    data: bytes = b""
    offset: int = 0


@dataclass
class _Descriptors:
    """Where each descriptor stands, by process (threads share them) and number."""

    offsets: dict[tuple[int, int], int] = field(default_factory=dict)
    appending: set[tuple[int, int]] = field(default_factory=set)


def trace(words: Sequence[str], root: Path, environment: Mapping[str, str], *, cwd: Path) -> tuple[Call, ...]:
    """Run a program to its end below strace; the changes that it and its children made below ``root``, in order.

    Raises CalledProcessError when it fails with a code that is neither 0 nor 3, ValueError for a call that is not
    understood.
    """
    log = root.parent / f"{root.name}.strace"
    strace = ["strace", "-f", "-y", "-xx", "-qq", "--seccomp-bpf", "-s", "33554432", "-e", f"trace={TRACED}"]
    done = subprocess.run(
        [*strace, "-e", "signal=none", "-o", str(log), *words],
        env=dict(environment), cwd=cwd, capture_output=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode not in {0, 3}:
        raise subprocess.CalledProcessError(done.returncode, words, done.stdout, done.stderr)
    with log.open(encoding="ascii", errors="replace") as lines:
        calls = tuple(_calls(_whole(lines), os.fspath(root)))
    log.unlink()
    return calls


def _whole(lines: Iterator[str]) -> Iterator[tuple[int, str, str, int]]:
    """Process, name, arguments and result of each call that succeeded, at its end."""
    begun: dict[int, str] = {}
    for line in lines:
        text = line.rstrip("\n")
        if found := _UNFINISHED.match(text):
            begun[int(found[1])] = found[2]
            continue
        if found := _RESUMED.match(text):
            text = f"{found[1]} {begun.pop(int(found[1]))}{found[2]}"
        if (call := _LINE.match(text)) and int(call[4]) >= 0:
            yield int(call[1]), call[2], call[3], int(call[4])


def _calls(whole: Iterator[tuple[int, str, str, int]], root: str) -> Iterator[Call]:
    seen = _Descriptors()
    main: int | None = None
    for process, name, text, result in whole:
        main = process if main is None else main
        if name in {"open", "openat", "creat"}:
            yield from _opened(seen, process, name, text, result, root)
        elif name in {"read", "lseek", "write", "pwrite64"}:
            yield from _moved(seen, process, name, text, result, root, main)
        elif name in UNKNOWN:
            if any(_below(path, root) for path in (*_paths(text), _path_of_descriptor(text))):
                raise ValueError(f"{name} below {root} is not understood")
        elif call := _named(name, text, root):
            yield call


def _opened(seen: _Descriptors, process: int, name: str, text: str, fd: int, root: str) -> Iterator[Call]:
    path = _paths(text)[0]
    seen.offsets[process, fd] = 0
    seen.appending.discard((process, fd))
    if "O_APPEND" in text:
        seen.appending.add((process, fd))
    if _below(path, root):
        if "O_CREAT" in text or name == "creat":
            yield Call("create", path)
        if "O_TRUNC" in text or name == "creat":
            yield Call("cut", path)


def _moved(seen: _Descriptors, process: int, name: str, text: str, result: int, root: str, main: int) -> Iterator[Call]:
    number = re.match(r"\d+", text)
    assert number is not None, text
    key = process, int(number[0])
    at = seen.offsets.get(key, 0)
    if name == "lseek":
        seen.offsets[key] = result
        return
    if name != "pwrite64":
        seen.offsets[key] = at + result
    if name == "read":
        return
    data = _bytes(_last_text(text))[:result]
    path = _path_of_descriptor(text)
    if _below(path, root):
        if name == "pwrite64":
            at = int(text.rpartition(",")[2])
        yield Call("write", path, data=data, offset=-1 if key in seen.appending else at)
    elif key == (main, 1):
        yield Call("said", data=data)


def _named(name: str, text: str, root: str) -> Call | None:
    if name in {"fsync", "fdatasync"}:
        path = _path_of_descriptor(text)
        return Call("sync", path) if _below(path, root) else None
    if name == "ftruncate":
        path = _path_of_descriptor(text)
        return Call("cut", path, offset=int(text.rpartition(",")[2])) if _below(path, root) else None
    paths = _paths(text)
    if not any(_below(path, root) for path in paths):
        return None
    if name == "truncate":
        return Call("cut", paths[0], offset=int(text.rpartition(",")[2]))
    if name.startswith("rename"):
        return Call("rename", paths[0], to=paths[1])
    if name.startswith("mkdir"):
        return Call("mkdir", paths[0])
    return Call("rmdir" if name == "rmdir" or "AT_REMOVEDIR" in text else "unlink", paths[0])


def _paths(text: str) -> list[str]:
    """The paths among the arguments, those relative to a folder's descriptor made whole."""
    folders = [_bytes_of_path(found) for found in _DESCRIPTOR.findall(text)]
    texts = [os.fsdecode(_bytes(found)) for found in _TEXT.findall(text)]
    if len(folders) == len(texts):
        texts = [os.path.join(folder, path) for folder, path in zip(folders, texts, strict=True)]
    return [os.path.normpath(path) for path in texts]


def _path_of_descriptor(text: str) -> str:
    found = _DESCRIPTOR.match(text)
    return "" if found is None else _bytes_of_path(found[1])


def _bytes_of_path(escaped: str) -> str:
    return os.fsdecode(_bytes(escaped) if escaped.startswith("\\x") else escaped.encode())


def _last_text(text: str) -> str:
    return _TEXT.findall(text)[-1]


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


def _below(path: str, root: str) -> bool:
    return path == root or path.startswith(f"{root}/")
