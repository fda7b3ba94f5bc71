"""Where files were found: one reader a kind of source, one table, one function that reads what the user gave.

    >>> for met in discover(("ChatExport_2024-05-01", "clip.mp4")): ...

A new source is one module with ``sniff`` and ``read`` and one line in `EXPORTS` (a folder or file of a known layout,
also when it lies inside another folder) or in `READERS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from forensics.model.provenance import Found, Passed
from forensics.sources import folder, paths, single, telegram

__all__ = ["EXPORTS", "READERS", "Reader", "discover"]


class Reader(Protocol):
    """A kind of source. Both functions take a path as given or as found, and raise nothing for a bad one."""

    def sniff(self, path: str) -> bool:
        """Whether this reader is the one for ``path``."""

    def read(self, path: str) -> Iterator[Found | Passed]:
        """Every file of the source, taken or passed over, in an order that depends on the source alone."""


EXPORTS: tuple[Reader, ...] = (telegram,)
"""Readers of folders with a layout of their own; they are asked for every folder inside a plain one, too."""


class _Folders:
    """The plain folder, in which each export that it meets is read by its own reader."""

    def sniff(self, path: str) -> bool:
        return folder.sniff(path)

    def read(self, path: str) -> Iterator[Found | Passed]:
        return folder.read(path, _claimed)


def _claimed(path: str) -> Iterator[Found | Passed] | None:
    return next((reader.read(path) for reader in EXPORTS if reader.sniff(path)), None)


READERS: tuple[Reader, ...] = (*EXPORTS, _Folders(), single)
"""Asked in this order; the last takes every path."""


def discover(inputs: Sequence[str]) -> Iterator[Found | Passed]:
    """Everything in the user's files and folders, in the order given, inside a folder in the order of path bytes.

    A file that overlapping inputs reach twice comes once for each place where it was seen (its path, and its post);
    so does each refusal. Nothing is opened for writing, no link is followed, nothing is raised for a bad input.

    Args:
        inputs: Paths of files and folders as the user gave them (undecodable bytes as surrogate escapes).
    """
    met: set[object] = set()
    for path in inputs:
        reader = next(reader for reader in READERS if reader.sniff(path))
        for found in reader.read(path):
            key = _locator(found)
            if key not in met:
                met.add(key)
                yield found


def _locator(found: Found | Passed) -> object:
    if isinstance(found, Passed):
        return (paths.place(found.path), found.code, found.message)
    seen = found.appearance
    return (paths.place(seen.path), seen.kind, seen.source and paths.place(seen.source), seen.post)
