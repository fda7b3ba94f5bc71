"""Acquire: read a source once, keep the bytes write-once, say what is kept."""

from __future__ import annotations

from forensics.acquire.durable import disk_full, is_full, read_kept, writing
from forensics.acquire.fixity import UNREAD
from forensics.acquire.source import acquire, digest_file, open_source
from forensics.acquire.store import Documents, Store

__all__ = [
    "UNREAD",
    "Documents",
    "Store",
    "acquire",
    "digest_file",
    "disk_full",
    "is_full",
    "open_source",
    "read_kept",
    "writing",
]
