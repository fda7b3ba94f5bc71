"""What the catalog of a case holds: one value an evidence, and how far along the custody log it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from forensics.model.media import MediaKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What is asked of every evidence of a case before the manifest of any one is read.

    A pure function of the signed manifest named by ``manifest`` (SHA-256 of its stored bytes) and of the places of its
    files: nothing that a manifest conceals, so that erasing a disclosure needs nothing of the catalog. Paths are below
    the evidence's object; ``fingerprint`` and ``sound`` are such paths with the SHA-256 that the manifest names, both
    None where there is none. ``container`` is the probe without its tags, packed. ``frames`` is 1 for a still.
    ``heard`` tells what a video is to the ear, None for what is no video; ``triage``, that only its sync frames were
    decoded.
    """

    id: str
    version: int
    manifest: str
    exhibit: str
    kind: MediaKind
    frames: int
    original: str
    fingerprint: str | None
    fingerprint_sha256: str | None
    sound: str | None
    sound_sha256: str | None
    heard: str | None
    triage: bool
    video_essence: str | None
    container: bytes | None


LISTED_VERSION = 1
"""Of how a `Listed` is told from a manifest: raised when that changes, so that no catalog made before is believed."""


class LogMark(NamedTuple):
    """A place in the custody log: the last line read, its ``seq`` (-1 before the first), the SHA-256 of its stored
    bytes, and the offset after it.
    """

    seq: int
    sha256: str
    end: int


LOG_START = LogMark(-1, "0" * 64, 0)
"""Before the first line, which names a digest of noughts as that of the line before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """An evidence that the log admits and whose manifest is not taken from the catalog: it was not in the store, or not
    the one that the log names.
    """

    id: str
    version: int
    manifest: str
