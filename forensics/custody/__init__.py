"""Custody: canonical bytes, the manifest, findings, the event log, verification.

Seals over the log head (signature and time-stamp) are not here yet; their files have their place beside the log.
"""

from __future__ import annotations

from forensics.custody import canonical
from forensics.custody.event import decode_event, encode_event
from forensics.custody.finding import decode_finding, encode_finding
from forensics.custody.lines import LogHead
from forensics.custody.log import Entry, Log, LogLine
from forensics.custody.manifest import decode_manifest, encode_manifest, facts_digests, item_of

__all__ = [
    "Entry",
    "Log",
    "LogHead",
    "LogLine",
    "canonical",
    "decode_event",
    "decode_finding",
    "decode_manifest",
    "encode_event",
    "encode_finding",
    "encode_manifest",
    "facts_digests",
    "item_of",
]
