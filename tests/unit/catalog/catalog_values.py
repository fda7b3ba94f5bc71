"""Made-up entries of a catalog."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from forensics.catalog import SECRET_BYTES, Catalog, Database
from forensics.model.catalog import Listed, LogMark
from forensics.model.media import MediaKind

SECRET = bytes(range(SECRET_BYTES))
CASE_ID = "CASE-2026-017"

VIDEO = Listed(
    id="",
    version=1,
    manifest="ab" * 32,
    exhibit="",
    kind=MediaKind.VIDEO,
    frames=1800,
    original="v1/content/original",
    fingerprint="v1/content/derived/fingerprint.bin",
    fingerprint_sha256="cd" * 32,
    sound="v1/content/derived/audio.bin",
    sound_sha256="01" * 32,
    heard="audible",
    triage=False,
    video_essence="ef" * 32,
    container=b"\0packed\xff",
)


def entry(number: int, **changed: object) -> Listed:
    """A made-up evidence."""
    evidence = hashlib.sha256(f"evidence {number}".encode()).hexdigest()
    return replace(VIDEO, id=evidence, exhibit=f"E-{number:04d}", **changed)


def mark(seq: int) -> LogMark:
    """A made-up place in a log."""
    return LogMark(seq, hashlib.sha256(f"line {seq}".encode()).hexdigest(), (seq + 1) * 300)


def catalog(database: Database, case_id: str = CASE_ID, secret: bytes = SECRET) -> Catalog:
    """The catalog of a made-up case in this database."""
    return Catalog(database=database, case_id=case_id, secret=secret)
