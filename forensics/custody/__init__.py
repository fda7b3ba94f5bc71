"""Custody: canonical bytes, the manifest, findings, validation records, the event log, verification.

Seals over the log head (signature and time-stamp) are not here yet; their files have their place beside the log.
"""

from __future__ import annotations

from forensics.custody import canonical
from forensics.custody.agreement import (
    check_evidence,
    check_findings,
    check_log_items,
    check_manifest,
    check_validations,
)
from forensics.custody.chain import check_log, sound_events
from forensics.custody.event import decode_event, encode_event
from forensics.custody.finding import decode_finding, encode_finding
from forensics.custody.lines import LogHead
from forensics.custody.log import Entry, Log, LogLine
from forensics.custody.manifest import decode_manifest, encode_manifest, facts_digests, item_of
from forensics.custody.validation import decode_validation, encode_validation, validation_id
from forensics.custody.verification import (
    CASE_SCHEMA,
    VERIFY_STEPS,
    LogIndex,
    check_case,
    check_seals,
    count_unsealed,
    index_log,
)

__all__ = [
    "CASE_SCHEMA",
    "VERIFY_STEPS",
    "Entry",
    "Log",
    "LogHead",
    "LogIndex",
    "LogLine",
    "canonical",
    "check_case",
    "check_evidence",
    "check_findings",
    "check_log",
    "check_log_items",
    "check_manifest",
    "check_seals",
    "check_validations",
    "count_unsealed",
    "decode_event",
    "decode_finding",
    "decode_manifest",
    "decode_validation",
    "encode_event",
    "encode_finding",
    "encode_manifest",
    "encode_validation",
    "facts_digests",
    "index_log",
    "item_of",
    "sound_events",
    "validation_id",
]
