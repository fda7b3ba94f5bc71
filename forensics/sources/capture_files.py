"""The files that lie beside a capture, by their digests: each read once from start to end when it is asked for."""

from __future__ import annotations

import hashlib
import os

from forensics.errors import InputError
from forensics.model.capture import MediaState, PostMedia
from forensics.sources.telegram_files import ExportFiles, Media

CHUNK_BYTES = 1 << 20


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
