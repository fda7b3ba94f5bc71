"""Custody: canonical bytes, the manifest, findings, validation records, the event log, seals, verification.

Seals: a Merkle tree over the log's lines, its signed head, and the keys that may sign, which the log itself tells.
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
from forensics.custody.case_file import decode_case, encode_case
from forensics.custody.chain import CLOCK_STEP, check_log, sound_events
from forensics.custody.checkpoint import MAX_CHECKPOINT, Checkpoint, decode_checkpoint, find_head, origin_of
from forensics.custody.checkpoint import SUFFIX as CHECKPOINT_SUFFIX
from forensics.custody.concealed import CONCEALED, PUBLIC_CHATS, conceal_record, record_digests, reveal_record
from forensics.custody.copies import (
    NO_COPY,
    check_copy,
    check_copy_bytes,
    check_copy_lines,
    copies,
    copy_detail,
    no_copy,
)
from forensics.custody.disclosed import (
    OPERATOR,
    AtHand,
    check_case_disclosures,
    check_operators,
    check_stray,
    concealed_places,
)
from forensics.custody.disclosure import (
    SALT_BYTES,
    Disclosed,
    Disclosure,
    make_disclosure,
    read_disclosure,
)
from forensics.custody.event import decode_event, encode_event, moment
from forensics.custody.finding import decode_finding, encode_finding
from forensics.custody.following import Followed, follow
from forensics.custody.key_ring import (
    PUT_AWAY,
    KeyRing,
    histories,
    key_change,
    key_file_history,
    key_files,
    put_away,
    ring_of,
)
from forensics.custody.lines import LogHead
from forensics.custody.log import Entry, Log, LogLine
from forensics.custody.manifest import decode_manifest, encode_manifest, facts_digests, item_of
from forensics.custody.merkle import Tree, leaf_hash
from forensics.custody.operator_key import MAX_KEY_FILE, SEED_BYTES, is_encrypted, load_key, make_key
from forensics.custody.receipt import (
    MAX_RECEIPT,
    check_receipt_signature,
    decode_receipt,
    encode_receipt,
)
from forensics.custody.receipts import ReceiptFile, check_receipts, exhibit_event, transfer_detail, transfers
from forensics.custody.reviews import CALIBRATION
from forensics.custody.sealing import (
    Seal,
    checkpoint_folder,
    keep_stamp,
    key_events,
    last_seal,
    leftovers,
    read_checkpoints,
    seal,
)
from forensics.custody.seals import (
    Judged,
    SealedLog,
    check_document,
    check_held_head,
    check_keys,
    judge,
    read_sealed_log,
)
from forensics.custody.shown import ProvenLog, ShownLog, check_kept_head, prove, seal_name
from forensics.custody.sshsig import PublicKey, Signer, read_public, sign, sign_plain, verify
from forensics.custody.stamp import NONCE_BYTES, UNJUDGED, Reader, Stamp, check_answer, encode_request
from forensics.custody.stamps import TOLERANCE as CLOCK_TOLERANCE
from forensics.custody.stamps import check_brackets, check_stamps
from forensics.custody.tlog_proof import InclusionProof, encode_consistency, encode_inclusion
from forensics.custody.validation import decode_validation, encode_validation, validation_id
from forensics.custody.verification import (
    CASE_SCHEMA,
    VERIFY_STEPS,
    Admission,
    LogIndex,
    admission,
    check_case,
    index_log,
)
from forensics.model.provenance import SHOWN

__all__ = [
    "CALIBRATION",
    "CASE_SCHEMA",
    "CHECKPOINT_SUFFIX",
    "CLOCK_STEP",
    "CLOCK_TOLERANCE",
    "CONCEALED",
    "MAX_CHECKPOINT",
    "MAX_KEY_FILE",
    "MAX_RECEIPT",
    "NONCE_BYTES",
    "NO_COPY",
    "OPERATOR",
    "PUBLIC_CHATS",
    "PUT_AWAY",
    "SALT_BYTES",
    "SEED_BYTES",
    "SHOWN",
    "UNJUDGED",
    "VERIFY_STEPS",
    "Admission",
    "AtHand",
    "Checkpoint",
    "Disclosed",
    "Disclosure",
    "Entry",
    "Followed",
    "InclusionProof",
    "Judged",
    "KeyRing",
    "Log",
    "LogHead",
    "LogIndex",
    "LogLine",
    "ProvenLog",
    "PublicKey",
    "Reader",
    "ReceiptFile",
    "Seal",
    "SealedLog",
    "ShownLog",
    "Signer",
    "Stamp",
    "Tree",
    "admission",
    "canonical",
    "check_answer",
    "check_brackets",
    "check_case",
    "check_case_disclosures",
    "check_copy",
    "check_copy_bytes",
    "check_copy_lines",
    "check_document",
    "check_evidence",
    "check_findings",
    "check_held_head",
    "check_kept_head",
    "check_keys",
    "check_log",
    "check_log_items",
    "check_manifest",
    "check_operators",
    "check_receipt_signature",
    "check_receipts",
    "check_stamps",
    "check_stray",
    "check_validations",
    "checkpoint_folder",
    "conceal_record",
    "concealed_places",
    "copies",
    "copy_detail",
    "decode_case",
    "decode_checkpoint",
    "decode_event",
    "decode_finding",
    "decode_manifest",
    "decode_receipt",
    "decode_validation",
    "encode_case",
    "encode_consistency",
    "encode_event",
    "encode_finding",
    "encode_inclusion",
    "encode_manifest",
    "encode_receipt",
    "encode_request",
    "encode_validation",
    "exhibit_event",
    "facts_digests",
    "find_head",
    "follow",
    "histories",
    "index_log",
    "is_encrypted",
    "item_of",
    "judge",
    "keep_stamp",
    "key_change",
    "key_events",
    "key_file_history",
    "key_files",
    "last_seal",
    "leaf_hash",
    "leftovers",
    "load_key",
    "make_disclosure",
    "make_key",
    "moment",
    "no_copy",
    "origin_of",
    "prove",
    "put_away",
    "read_checkpoints",
    "read_disclosure",
    "read_public",
    "read_sealed_log",
    "record_digests",
    "reveal_record",
    "ring_of",
    "seal",
    "seal_name",
    "sign",
    "sign_plain",
    "sound_events",
    "transfer_detail",
    "transfers",
    "validation_id",
    "verify",
]
