"""A first pass over an export: is it whole, what are its digest, its chats and its counts.

Posts are told only of a file that could be read to its end, with the digest of all of it; so the file is read twice,
and the second time it must be the same.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from forensics.sources import sidecars
from forensics.sources.telegram_json import Chat, Export
from forensics.sources.telegram_window import Window

MEDIA_KEYS = ("file", "photo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What is known of an export before its first post is told.

    ``repairs`` counts what had to be mended, by kind; ``repeated_keys`` counts objects that name a key twice, where
    the last value was read. ``sidecars`` are the paths in messages that may be telemetry files.
    """

    sha256: str
    chats: tuple[Chat, ...]
    repairs: tuple[tuple[str, int], ...]
    repeated_keys: int
    messages: int
    sidecars: frozenset[str]


def survey(fd: int) -> Survey:
    """Read the export behind a descriptor once, from its current place.

    Raises:
        NoExport, ExportInvalid, Unreadable: as `telegram_json.Export.messages`.
    """
    export = Export(window=Window(fd))
    beside = {path for member in export.messages() for path in media_paths(member.value) if sidecars.is_sidecar(path)}
    return Survey(
        sha256=export.window.drain(),
        chats=tuple(export.chats),
        repairs=tuple(sorted(export.decoder.repairs.items())),
        repeated_keys=export.decoder.repeated_keys,
        messages=export.count,
        sidecars=frozenset(beside),
    )


def media_paths(message: object) -> Iterator[str]:
    """The texts that a message has in place of a file's path."""
    if isinstance(message, dict):
        for key in MEDIA_KEYS:
            path = message.get(key)
            if isinstance(path, str) and path:
                yield path


def repeated(numbers: array[int]) -> tuple[int, int]:
    """How many different numbers stand more than once, and the first of them in the order of the list (else 0)."""
    values = np.array(numbers, dtype=np.int64)
    if (values[1:] > values[:-1]).all():
        return 0, 0
    _, first, times = np.unique(values, return_index=True, return_counts=True)
    twice = times > 1
    return int(twice.sum()), int(values[first[twice].min()]) if twice.any() else 0
