"""Acquire: read a source once, keep the bytes write-once, say what is kept."""

from __future__ import annotations

from forensics.acquire.source import acquire, digest_file, open_source

__all__ = ["acquire", "digest_file", "open_source"]
