"""Where files were found: one reader a kind of source, one table, one function that reads what the user gave.

    >>> for met in discover(("ChatExport_2024-05-01", "clip.mp4")): ...

A new source is one module with ``sniff`` and ``read`` and one line in `EXPORTS` (a folder or file of a known layout,
also when it lies inside another folder) or in `READERS`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from forensics.errors import InputError
from forensics.model.capture import Captured
from forensics.model.provenance import Found, Passed
from forensics.sources import (
    archive,
    capture_answers,
    folder,
    opening,
    paths,
    post_capture,
    post_documents,
    single,
    telegram,
    telegram_capture,
    telegram_html,
    telegram_html_export,
)
from forensics.sources.archive_entries import Entry
from forensics.sources.archive_members import Entries, entries_of, heard, tell_members
from forensics.sources.capture_answers import Answer, Question, line_of
from forensics.sources.parts import RULE, Choice, Holds, Part, read_part, refuse_overlap, unit_of
from forensics.sources.walk import everything
from forensics.sources.ytdlp import Told as Info
from forensics.sources.ytdlp import read_info

__all__ = [
    "CAPTURES",
    "EXPORTS",
    "HERE",
    "READERS",
    "RULE",
    "Answer",
    "CaptureReader",
    "Choice",
    "Entry",
    "Hands",
    "Info",
    "Met",
    "Part",
    "Question",
    "Reader",
    "Run",
    "discover",
    "heard",
    "here",
    "line_of",
    "open_capture",
    "read_export",
    "read_info",
    "read_part",
    "refuse_overlap",
    "tell_capture",
    "tell_members",
    "unit_of",
]


class Reader(Protocol):
    """A kind of source. Both functions take a path as given or as found, and raise nothing for a bad one."""

    def sniff(self, path: str) -> bool:
        """Whether this reader is the one for ``path``."""

    def read(self, path: str) -> Iterator[Found | Passed]:
        """Every file of the source, taken or passed over, in an order that depends on the source alone."""


EXPORTS: tuple[Reader, ...] = (telegram, telegram_html_export, post_documents)
"""Readers of folders with a layout of their own; they are asked for every folder inside a plain one, too."""


Run = Callable[[Reader, str], Iterator[Found | Passed]]
"""How a reader is run: here, or by whoever runs it apart from what must not be harmed."""


def here(reader: Reader, path: str) -> Iterator[Found | Passed]:
    """In this process."""
    return reader.read(path)


class Met(NamedTuple):
    """What a reader met, as it is told from one process to another: one of the two."""

    found: Found | None
    passed: Passed | None


def read_export(place: int, path: bytes) -> Iterator[Met]:
    """What the reader at this place of `EXPORTS` finds at ``path``, told to another process."""
    for thing in EXPORTS[place].read(os.fsdecode(path)):
        yield Met(None, thing) if isinstance(thing, Passed) else Met(thing, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What reads untrusted bytes: here, or apart. ``run`` runs a reader, ``read_info`` tells what an info.json of
    yt-dlp says, ``entries`` gives the members of an archive.
    """

    run: Run = here
    read_info: folder.ReadInfo = read_info
    entries: Entries = entries_of


HERE = Hands()
"""All in this process."""


@dataclass(frozen=True, slots=True)
class _Folders:
    """The plain folder, in which each export that it meets is read by its own reader."""

    hands: Hands = HERE
    choice: Choice | None = None

    def sniff(self, path: str) -> bool:
        return folder.sniff(path)

    def read(self, path: str) -> Iterator[Found | Passed]:
        holds = everything if self.choice is None else self.choice.below(path)
        claim = partial(_claimed, run=self.hands.run, holds=holds)
        return folder.read(path, claim, read_info=self.hands.read_info, holds=holds)


@dataclass(frozen=True, slots=True)
class _FoldersAndArchives:
    """Plain folders and archives, for a caller with a ``room`` where members of archives can be staged."""

    room: str
    hands: Hands = HERE
    choice: Choice | None = None

    def sniff(self, path: str) -> bool:
        return folder.sniff(path) or archive.sniff(path)

    def read(self, path: str) -> Iterator[Found | Passed]:
        holds = everything if self.choice is None else self.choice.below(path)
        return self._plain(path, self._unpacked, holds) if folder.sniff(path) else self._unpacked(path)

    def _plain(
        self, path: str, unpack: Callable[[str], Iterator[Found | Passed]], holds: Holds = everything
    ) -> Iterator[Found | Passed]:
        claim = partial(_claimed, run=self.hands.run, holds=holds)
        return folder.read(path, claim, unpack, self.hands.read_info, holds)

    def _unpacked(self, path: str) -> Iterator[Found | Passed]:
        return archive.read(path, self.room, self._staged, self.hands.entries)

    def _staged(self, root: str) -> Iterator[Found | Passed]:
        claimed = _claimed(root, self.hands.run, everything)
        return self._plain(root, archive.kept_whole) if claimed is None else claimed


def _claimed(path: str, run: Run, holds: Holds) -> Iterator[Found | Passed] | None:
    """What an export at ``path`` holds: nothing when it is one and is not wanted; None when it is none."""
    reader = next((reader for reader in EXPORTS if reader.sniff(path)), None)
    if reader is None:
        return None
    return run(reader, path) if holds(path) else iter(())


READERS: tuple[Reader, ...] = (*EXPORTS, _Folders(), single)
"""Asked in this order; the last takes every path."""


class CaptureReader(Protocol):
    """A format in which posts can be compared with those of an earlier or later capture."""

    def sniff(self, path: str) -> bool:
        """Whether this reader is the one for ``path``; raises nothing for a bad one."""

    def read(self, path: str, zone: ZoneInfo | None) -> AbstractContextManager[Captured]:
        """The capture, open until the context ends; ``zone`` is for formats without UTC. Raises InputError."""


CAPTURES: tuple[CaptureReader, ...] = (post_capture, telegram_capture, telegram_html)
"""Asked in this order: the first knows its documents by what they hold, the second takes any JSON."""


def open_capture(path: str, zone: ZoneInfo | None = None) -> AbstractContextManager[Captured]:
    """The capture in an export's folder or document, to be compared; open until the context ends.

    Args:
        path: As the user gave it.
        zone: The exporter's time zone, for formats that do not tell UTC.

    Raises:
        InputError: nothing is there, or nothing that a reader knows.
    """
    opening.kind_of(path)
    reader = next((reader for reader in CAPTURES if reader.sniff(path)), None)
    if reader is None:
        raise InputError(
            "is no capture that can be compared",
            hint="name an export folder, or its result.json (of an archive, once it is unpacked)",
        )
    return reader.read(path, zone)


def tell_capture(handle: int, path: bytes, zone: str | None) -> Iterator[Answer]:
    """As `open_capture`, asked by another process over the pipe ``handle``."""
    return capture_answers.answers(handle, os.fsdecode(path), zone, open_capture)


def discover(
    inputs: Sequence[str], room: str | None = None, *, hands: Hands = HERE, choice: Choice | None = None
) -> Iterator[Found | Passed]:
    """Everything in the user's files and folders, in the order given, inside a folder in the order of path bytes.

    A file that overlapping inputs reach twice comes once for each place where it was seen (its path, and its post);
    so does each refusal. Nothing is opened for writing, no link is followed, nothing is raised for a bad input.

    Args:
        inputs: Paths of files and folders as the user gave them (undecodable bytes as surrogate escapes).
        room: An empty folder where members of archives can be staged; without it no archive is opened.
        hands: What reads untrusted bytes.
        choice: Which units are taken (see `parts`); what cannot be looked into is told all the same.

    Raises:
        StoreError: the room cannot be written.

    """
    met: set[bytes] = set()
    places = _Places({})
    folders = _Folders(hands, choice) if room is None else _FoldersAndArchives(room, hands, choice)
    readers: tuple[Reader, ...] = (*EXPORTS, folders, single)
    for path in inputs:
        reader = next(reader for reader in readers if reader.sniff(path))
        if choice is not None and not _wanted(reader, path, choice):
            continue
        for found in hands.run(reader, path):
            key = places.locator(found)
            if key not in met:
                met.add(key)
                yield found


def _wanted(reader: Reader, path: str, choice: Choice) -> bool:
    """Whether an input is to be read: a plain folder, of which each part has some; a unit of the part. What is neither
    file nor folder, or cannot be looked at, every part tells.
    """
    try:
        kind = opening.kind_of(path)
    except InputError:
        return True
    if kind is opening.Kind.FILE or reader in EXPORTS:
        return choice.holds_input(path, document=reader in EXPORTS and kind is opening.Kind.FILE)
    return True


@dataclass(frozen=True, slots=True)
class _Places:
    """Tells when two finds are of the same place; remembers the real path of each folder met."""

    real: dict[str, str]

    def locator(self, found: Found | Passed) -> bytes:
        """A digest of the place and of what was said of it (a million posts would fill the memory)."""
        if isinstance(found, Passed):
            told: object = (self._place(found.path), found.code, found.message)
        else:
            seen = found.appearance
            told = (self._place(seen.path), seen.kind, seen.source and self._place(seen.source), seen.post)
        return hashlib.blake2b(repr(told).encode(), digest_size=16).digest()

    def _place(self, path: str) -> str:
        """One text for every way to write the path of one name. The name itself may be a link and stays."""
        folder = paths.parent(path) or "."
        if folder not in self.real:
            self.real[folder] = _real(folder)
        return paths.join(self.real[folder], paths.base(path))


def _real(folder: str) -> str:
    try:
        return os.path.realpath(folder)
    except ValueError:  # a NUL byte: no such folder exists
        return folder
