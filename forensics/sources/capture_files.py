"""Posts of a capture with the digests of their files: each is read once from start to end when it is asked for."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from typing import Protocol

from forensics.errors import InputError
from forensics.model.capture import CapturedPost, MediaState, PostMedia
from forensics.sources.telegram_files import ExportFiles, Media

CHUNK_BYTES = 1 << 20


class Digesting(Protocol):
    """A capture with the folder in which its files lie."""

    def post(self, key: str, number: int) -> CapturedPost:
        """A post of a chat."""
        ...

    def sha256(self, media: PostMedia) -> str | None:
        """The digest of a post's file; None where it is not at hand."""
        ...


def posts_of(capture: Digesting, key: str, numbers: Sequence[int], *, files: bool) -> Iterator[CapturedPost]:
    """Posts of a chat one by one, with ``files`` each with the digests of its files."""
    for number in numbers:
        told = capture.post(key, number)
        yield told.digested(capture.sha256) if files else told


def sha256_of(files: ExportFiles, media: PostMedia) -> str | None:
    """SHA-256 of the file that a post names; None where it has none, or none that may and can be read."""
    if media.state is not MediaState.NAMED or not media.name:
        return None
    found = files.find(media.name)
    if not isinstance(found, Media):
        return None
    try:
        fd = files.open(found.name)
    except InputError:
        return None
    digest = hashlib.sha256()
    try:
        while chunk := os.read(fd, CHUNK_BYTES):
            digest.update(chunk)
    except OSError:
        return None
    finally:
        os.close(fd)
    return digest.hexdigest()
