"""Bytes of a log line that a crash cut off: kept, first as ``<sha256>.pending``, then, once told, as ``<sha256>``."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

_PENDING = ".pending"
_IS_PENDING = re.compile(r"[0-9a-f]{64}\.pending\Z")


def torn_folder(log: Path) -> Path:
    """Where torn bytes of this log are kept."""
    return log.parent / "torn"


def keep_torn(log: Path, torn: bytes) -> None:
    """Put torn bytes on disk below their own digest. Raises OSError."""
    folder = torn_folder(log)
    folder.mkdir(exist_ok=True)
    name = hashlib.sha256(torn).hexdigest()
    # A crash in this very place leaves a shorter .part, which the next attempt overwrites.
    part = folder / f"{name}.part"
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(torn)
        file.flush()
        os.fsync(file.fileno())
    pending = part.replace(folder / (name + _PENDING))
    pending.chmod(0o444)
    sync_directory(folder)
    sync_directory(log.parent)


def pending_torn(log: Path) -> list[tuple[str, int]]:
    """SHA-256 and size of the torn bytes that no event tells of yet. Raises OSError."""
    try:
        with os.scandir(torn_folder(log)) as entries:
            return sorted(
                (entry.name.removesuffix(_PENDING), entry.stat(follow_symlinks=False).st_size)
                for entry in entries
                if _IS_PENDING.match(entry.name)
            )
    except FileNotFoundError:
        return []


def settle_torn(log: Path) -> None:
    """Give told torn bytes their final name. Raises OSError."""
    folder = torn_folder(log)
    for sha256, _ in pending_torn(log):
        (folder / (sha256 + _PENDING)).rename(folder / sha256)
    sync_directory(folder)


def sync_directory(path: Path) -> None:
    """Wait until the names in a folder are on disk. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
