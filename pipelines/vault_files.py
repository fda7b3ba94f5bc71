"""Which files of a case have locked copies, what the log says of these, and how they are called in a bucket."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from forensics import custody
from forensics.model.copy import Copy
from forensics.model.manifest import Subject
from forensics.model.store import DOCUMENT_NAMES, ORIGINAL_NAME
from pipelines.bucket_answers import Place
from pipelines.case import Case

SOURCES = "source/"
"""Folder of an object with what came beside the original."""

CONTENT, HEADS = "sha256", "heads"
"""Folders below the place: copies by their SHA-256, heads of logs by a digest of their origin and their size."""

AT_ONCE = 4
"""Files on their way at a time. Most of the time of a small file is waiting for answers, and that of four is one."""


class File(NamedTuple):
    """A file of the store: whose, and in which version it stands first."""

    item: str
    version: int
    subject: Subject


def irreplaceable(case: Case, item: str) -> Iterator[File]:
    """The original, what came beside it, and each version's manifest and signature; equal bytes once.

    Raises StoreError, IntegrityError when the object cannot be read.
    """
    seen: set[str] = set()
    for state in case.store.states(item):
        for subject in state.files:
            kept = subject.name == ORIGINAL_NAME or subject.name in DOCUMENT_NAMES or subject.name.startswith(SOURCES)
            if kept and subject.sha256 not in seen:
                seen.add(subject.sha256)
                yield File(item, state.version, subject)


def logged_copies(case: Case, place: Place) -> dict[tuple[str, str], Copy]:
    """The log's last word on each copy below a place, by evidence and SHA-256. Raises IntegrityError."""
    below = place.key(f"{CONTENT}/")
    return {
        (copy.item, copy.sha256): copy
        for copy in custody.copies(line.event for line in case.log.events())
        if copy.bucket == place.bucket and copy.key.startswith(below)
    }


def copy_key(place: Place, sha256: str) -> str:
    """The key of the copy of these bytes."""
    return place.key(f"{CONTENT}/{sha256[:2]}/{sha256}")


def heads_key(case: Case, place: Place) -> str:
    """The beginning of the keys of the heads of this case's log; it does not tell what the case is called."""
    origin = hashlib.sha256(custody.origin_of(case.info.id).encode()).hexdigest()
    return place.key(f"{HEADS}/{origin[:32]}/")
