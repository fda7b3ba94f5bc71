"""What a disk may hold after a power cut, at every moment of a program whose file calls were recorded.

The rules are those of POSIX and no more (Pillai et al., OSDI 2014, call it the abstract persistence model): what was
written is safe once its file was fsynced, a name once its folder was; anything else may be there, wholly or in part,
or not, in any order. A rename is one step, as it is on every journalled file system. Of all that is possible after each
call these are built:

    all              everything reached the disk
    torn             everything, but of the last write only the first half
    data lost        all names, but of each file only what was fsynced
    zeros            all names and sizes, but zeros in place of what was not fsynced
    names lost       all data, but only the names that were fsynced
    only synced      nothing but what was fsynced
    one name lost    everything but one name (each in turn), and what depends on it
    one name only    nothing but what was fsynced and one name (each in turn), without its data
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from tests.adversarial.file_calls import Call

Tree: TypeAlias = Mapping[str, bytes | None]
"""Relative path to bytes; None for a folder."""

Entry: TypeAlias = tuple[int, str]
"""A name in a folder (its number)."""

Step: TypeAlias = tuple[tuple[Entry, int | None], ...]
"""Names that change together: what each stands for afterwards, None for nothing."""

ROOT = 0


@dataclass(frozen=True, slots=True)
class State:
    """One thing that may lie on the disk: after call number ``after``; ``said`` is what was on stdout by then."""

    after: int
    kind: str
    tree: Tree
    said: bytes


@dataclass
class Disk:
    """Names and bytes as the program sees them, and as they are safe."""

    folders: set[int] = field(default_factory=lambda: {ROOT})
    data: dict[int, bytes] = field(default_factory=dict)
    safe_data: dict[int, bytes] = field(default_factory=dict)
    names: dict[Entry, int] = field(default_factory=dict)
    safe_names: dict[Entry, int] = field(default_factory=dict)
    pending: list[Step] = field(default_factory=list)
    last_write: tuple[int, int] | None = None
    _next: int = 1

    @classmethod
    def holding(cls, tree: Tree) -> Disk:
        """A disk on which all of a tree is safe."""
        disk = cls()
        for path in sorted(tree):
            content = tree[path]
            number = disk._new(folder=content is None)
            if content is not None:
                disk.data[number] = disk.safe_data[number] = content
            disk.names[disk._entry(path)] = number
        disk.safe_names = dict(disk.names)
        return disk

    def apply(self, call: Call, path: str, to: str) -> None:
        """Let one call happen; both paths are relative to the root."""
        self.last_write = None
        if call.kind in {"create", "mkdir"}:
            if self._found(path) is None:
                self._change(((self._entry(path), self._new(folder=call.kind == "mkdir")),))
        elif call.kind in {"unlink", "rmdir"}:
            self._change(((self._entry(path), None),))
        elif call.kind == "rename":
            source, target = self._entry(path), self._entry(to)
            self._change(((source, None), (target, self.names[source])))
        elif call.kind == "write":
            self._write(self._number(path), call.data, call.offset)
        elif call.kind == "cut":
            number = self._number(path)
            self.data[number] = self.data[number][: call.offset].ljust(call.offset, b"\0")
        elif call.kind == "sync":
            self._sync(self._number(path))

    def states(self) -> Iterator[tuple[str, Tree]]:
        """What may lie on this disk when the power goes now."""
        yield "all", self.tree(self.names, self.data)
        if self.last_write is not None:
            yield "torn", self.tree(self.names, self.data | self._torn())
        yield "data lost", self.tree(self.names, self.safe_data)
        yield "zeros", self.tree(self.names, self._zeros())
        yield "names lost", self.tree(self.safe_names, self.data)
        yield "only synced", self.tree(self.safe_names, self.safe_data)
        for step in self.pending:
            yield "one name lost", self.tree(self._without(step), self.data)
            yield "one name only", self.tree(self._with_only(step), self.safe_data)

    def tree(self, names: Mapping[Entry, int], data: Mapping[int, bytes]) -> Tree:
        """Everything that can be reached from the root by these names."""
        within: dict[int, list[tuple[str, int]]] = {}
        for (folder, name), number in names.items():
            within.setdefault(folder, []).append((name, number))
        found: dict[str, bytes | None] = {}
        left = [("", ROOT)]
        while left:
            prefix, folder = left.pop()
            for name, number in within.get(folder, ()):
                if number in self.folders:
                    found[prefix + name] = None
                    left.append((f"{prefix}{name}/", number))
                else:
                    found[prefix + name] = data.get(number, b"")
        return found

    def _sync(self, number: int) -> None:
        if number not in self.folders:
            self.safe_data[number] = self.data[number]
            return
        for step in [each for each in self.pending if any(entry[0] == number for entry, _ in each)]:
            self._settle(step)

    def _settle(self, step: Step) -> None:
        """A step is safe, and so is each earlier one of the same names: a folder is written in order."""
        if step not in self.pending:
            return
        mine = {entry for entry, _ in step}
        for earlier in self.pending[: self.pending.index(step)]:
            if mine & {entry for entry, _ in earlier}:
                self._settle(earlier)
        self.pending.remove(step)
        _do(self.safe_names, step)

    def _without(self, lost: Step) -> dict[Entry, int]:
        """All names but those of one pending step and of the later ones that build on them."""
        names, gone = dict(self.safe_names), {entry for entry, _ in lost}
        for step in self.pending:
            touched = {entry for entry, _ in step}
            if step is lost or (touched & gone and self.pending.index(step) > self.pending.index(lost)):
                gone |= touched
            else:
                _do(names, step)
        return names

    def _with_only(self, kept: Step) -> dict[Entry, int]:
        names, mine = dict(self.safe_names), {entry for entry, _ in kept}
        for step in self.pending[: self.pending.index(kept)]:
            if mine & {entry for entry, _ in step}:
                _do(names, step)
        _do(names, kept)
        return names

    def _torn(self) -> dict[int, bytes]:
        assert self.last_write is not None
        number, written = self.last_write
        return {number: self.data[number][: len(self.data[number]) - written + written // 2]}

    def _zeros(self) -> dict[int, bytes]:
        zeros = {}
        for number, data in self.data.items():
            safe = self.safe_data.get(number, b"")
            zeros[number] = data if data == safe else safe[: len(data)].ljust(len(data), b"\0")
        return zeros

    def _write(self, number: int, data: bytes, offset: int) -> None:
        old = self.data[number]
        at = len(old) if offset < 0 else offset
        self.data[number] = old[:at].ljust(at, b"\0") + data + old[at + len(data) :]
        if at + len(data) == len(self.data[number]):
            self.last_write = number, len(data)

    def _change(self, step: Step) -> None:
        _do(self.names, step)
        self.pending.append(step)

    def _new(self, *, folder: bool) -> int:
        number = self._next
        self._next += 1
        if folder:
            self.folders.add(number)
        else:
            self.data[number] = b""
        return number

    def _entry(self, path: str) -> Entry:
        folder, _, name = path.rpartition("/")
        return self._number(folder), name

    def _number(self, path: str) -> int:
        found = self._found(path)
        assert found is not None, f"{path} is used and was never made"
        return found

    def _found(self, path: str) -> int | None:
        number: int | None = ROOT
        for part in path.split("/") if path else ():
            number = self.names.get((number, part)) if number is not None else None
        return number


def _do(names: dict[Entry, int], step: Step) -> None:
    for entry, number in step:
        if number is None:
            names.pop(entry, None)
        else:
            names[entry] = number


def states(calls: Sequence[Call], root: Path, before: Tree) -> Iterator[State]:
    """Every state after every call, each different one (by what lies there and what was said) once.

    ``before`` lay safe below ``root`` when the program began.
    """
    disk, said, seen = Disk.holding(before), b"", set[int]()
    for number, call in enumerate(calls):
        if call.kind == "said":
            said += call.data
        else:
            disk.apply(call, _relative(call.path, root), _relative(call.to, root))
        for kind, tree in disk.states():
            key = hash((frozenset(tree.items()), said))
            if key not in seen:
                seen.add(key)
                yield State(number, kind, tree, said)


def end_of(calls: Sequence[Call], root: Path, before: Tree) -> Tree:
    """What the program left, by the record: equal to what lies there, or the record is not whole."""
    disk = Disk.holding(before)
    for call in calls:
        if call.kind != "said":
            disk.apply(call, _relative(call.path, root), _relative(call.to, root))
    return disk.tree(disk.names, disk.data)


def read_tree(root: Path) -> Tree:
    """What lies below a folder."""
    found: dict[str, bytes | None] = {}
    for path in root.rglob("*"):
        found[path.relative_to(root).as_posix()] = None if path.is_dir() else path.read_bytes()
    return found


def write_tree(tree: Tree, root: Path) -> None:
    """Lay a state down in an empty folder."""
    for path in sorted(tree):
        content = tree[path]
        if content is None:
            (root / path).mkdir()
        else:
            (root / path).write_bytes(content)


def _relative(path: str, root: Path) -> str:
    return "" if not path or path == os.fspath(root) else os.path.relpath(path, root)
