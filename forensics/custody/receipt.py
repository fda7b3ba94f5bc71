"""The receipt's stored form: an in-toto Statement v1 in one canonical line, signed by the receiver.

Its subjects are the exhibit's tag manifest and its original. The signature beside it is in a namespace that no key of
a case signs in, so that nothing a case's keys have signed can pass for a receipt.
"""

from __future__ import annotations

from typing import Any

import msgspec

from forensics.custody import canonical
from forensics.custody.event import moment
from forensics.custody.sshsig import read_public, verify
from forensics.custody.wire import Descriptor, DigestSet, Hex64, wire_error
from forensics.errors import ForensicsError, IntegrityError, ManifestError
from forensics.model.custody import ReceiverNamespace
from forensics.model.manifest import STATEMENT_TYPE, Json
from forensics.model.receipt import RECEIPT_TYPE, Exhibit, Noted, Outcome, Receipt, Receiver, StepCount

MAX_RECEIPT = 16 * 2**20
"""Bytes of a receipt: two thousand checks with the longest texts are below."""

TAG_MANIFEST = "tagmanifest-sha256.txt"
"""Name of the first subject: the file of the exhibit through which every other is bound."""

ORIGINAL = "original"
"""Name of the second."""


class _Predicate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    bag: str
    case: str
    exhibit: str | None
    manifest: Hex64
    sealed_by: str | None
    outcome: Outcome
    steps: tuple[StepCount, ...]
    problems: tuple[Noted, ...]
    not_done: tuple[Noted, ...]
    received: str
    receiver: Receiver
    tool: str
    tool_version: str
    limits: tuple[str, ...]


class _Statement(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    kw_only=True,
    rename={"type_": "_type", "predicate_type": "predicateType"},
):
    type_: str
    subject: tuple[Descriptor, Descriptor]
    predicate_type: str
    predicate: _Predicate


def encode_receipt(receipt: Receipt) -> bytes:
    """The stored bytes of a receipt: one canonical line with its newline.

    Raises ManifestError for a value outside the canonical profile, a time that is none, or a key whose fingerprint is
    another one.
    """
    _check_sense(receipt)
    told = receipt.exhibit
    subjects = (
        Descriptor(name=TAG_MANIFEST, digest=DigestSet(sha256=told.tagmanifest)),
        Descriptor(name=ORIGINAL, digest=DigestSet(sha256=told.item)),
    )
    predicate = _Predicate(
        bag=told.bag,
        case=told.case,
        exhibit=told.exhibit,
        manifest=told.manifest,
        sealed_by=told.sealed_by,
        **{name: getattr(receipt, name) for name in Receipt.__dataclass_fields__ if name != "exhibit"},
    )
    plain: Json = msgspec.to_builtins(
        _Statement(type_=STATEMENT_TYPE, subject=subjects, predicate_type=RECEIPT_TYPE, predicate=predicate)
    )
    return canonical.encode_stored(plain)


def decode_receipt(data: bytes) -> Receipt:
    """The receipt whose stored bytes are exactly ``data``.

    Raises ManifestError for bytes that are not canonical, another schema, unknown or missing fields, wrong types, or a
    receipt that contradicts itself.
    """
    if len(data) > MAX_RECEIPT:
        raise _unsound(f"it has {len(data)} bytes, more than {MAX_RECEIPT}")
    value = canonical.decode_stored(data)
    known = (STATEMENT_TYPE, RECEIPT_TYPE)
    if not isinstance(value, dict) or (value.get("_type"), value.get("predicateType")) != known:
        raise ManifestError(f"the document is not a {RECEIPT_TYPE} statement", code="manifest.schema")
    try:
        statement = msgspec.convert(value, _Statement, strict=True)
        receipt = _receipt(statement)
    except ValueError as error:  # msgspec's, or a value's own invariant
        raise wire_error("receipt", error) from error
    if encode_receipt(receipt) != data:
        raise _unsound("it holds fields or names that this schema does not know")
    return receipt


def check_receipt_signature(receipt: Receipt, data: bytes, signature: bytes) -> None:
    """That the key which the receipt names signed these stored bytes of it. Whose key that is, no file can tell.

    Raises IntegrityError (``integrity.signature``).
    """
    signer = verify(signature, ReceiverNamespace.RECEIPT, data)
    if signer.fingerprint != receipt.receiver.key:
        raise IntegrityError(
            f"the receipt names the key {receipt.receiver.key}, and {signer.fingerprint} signed it",
            code="integrity.signature",
        )


def _receipt(statement: _Statement) -> Receipt:
    told = statement.predicate
    tagmanifest, original = statement.subject
    fields: dict[str, Any] = {name: getattr(told, name) for name in Receipt.__dataclass_fields__ if name != "exhibit"}
    exhibit = Exhibit(
        bag=told.bag,
        tagmanifest=tagmanifest.digest.sha256,
        item=original.digest.sha256,
        manifest=told.manifest,
        case=told.case,
        exhibit=told.exhibit,
        sealed_by=told.sealed_by,
    )
    return Receipt(exhibit=exhibit, **fields)


def _check_sense(receipt: Receipt) -> None:
    moment(receipt.received)
    try:
        key = read_public(receipt.receiver.public_key)
    except ForensicsError as error:
        raise _unsound(error.message) from error
    if (key.line, key.fingerprint) != (receipt.receiver.public_key, receipt.receiver.key):
        raise _unsound("the fingerprint beside the receiver's key is that of another one")


def _unsound(message: str) -> ManifestError:
    return ManifestError(
        f"the receipt is not sound: {message}",
        code="manifest.receipt",
        hint="Ask the receiver for it again.",
    )
