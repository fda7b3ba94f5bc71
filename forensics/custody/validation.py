"""The validation record's stored form: an in-toto Statement v1 in one canonical line.

Its subject is the set of the case's videos by one digest. Decimals are text: the shortest that gives the same IEEE 754
double back. ``id`` is the digest of the record without ``id`` and ``made``, so that two runs can be compared.
"""

from __future__ import annotations

from typing import Any

import msgspec

from forensics.custody import canonical
from forensics.custody.wire import Descriptor, DigestSet, decimals_to_text, wire_error
from forensics.errors import ManifestError
from forensics.model.manifest import STATEMENT_TYPE, VALIDATION_TYPE, Json
from forensics.model.validation import ValidationRecord

SUBJECT = "videos of the case"
"""Name of the record's subject: its digest is over the sorted SHA-256 of the videos, one a line."""


class _Statement(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    kw_only=True,
    rename={"type_": "_type", "predicate_type": "predicateType"},
):
    type_: str
    subject: tuple[Descriptor]
    predicate_type: str
    predicate: dict[str, Any]


def validation_id(record: ValidationRecord) -> str:
    """``urn:sha256:`` of the canonical record without its ``id`` and the time at which it was made."""
    predicate = _predicate(record)
    del predicate["id"], predicate["made"]
    return f"urn:sha256:{canonical.digest(predicate)}"


def encode_validation(record: ValidationRecord) -> bytes:
    """The stored bytes of a record: one canonical line with its newline.

    Raises ManifestError for a value outside the canonical profile, a float that is not finite, parameters whose
    digest is not the one that the method names, or an ``id`` that is not the record's.
    """
    if canonical.digest(dict(record.params)) != record.method.params_sha256:
        raise _unsound("params_sha256 is not the digest of the parameters")
    if validation_id(record) != record.id:
        raise _unsound("its id is not the digest of what it says")
    subject = Descriptor(name=SUBJECT, digest=DigestSet(sha256=record.evidence_sha256))
    statement = _Statement(
        type_=STATEMENT_TYPE, subject=(subject,), predicate_type=VALIDATION_TYPE, predicate=_predicate(record)
    )
    value: Json = msgspec.to_builtins(statement)
    return canonical.encode_stored(value)


def decode_validation(data: bytes) -> ValidationRecord:
    """The record whose stored bytes are exactly ``data``.

    Raises ManifestError for bytes that are not canonical, another schema, unknown or missing fields, wrong types, a
    decimal that is not the shortest, or an ``id`` that is not the record's.
    """
    value = canonical.decode_stored(data)
    known = (STATEMENT_TYPE, VALIDATION_TYPE)
    if not isinstance(value, dict) or (value.get("_type"), value.get("predicateType")) != known:
        raise ManifestError(f"the document is not a {VALIDATION_TYPE} statement", code="manifest.schema")
    try:
        statement = msgspec.convert(value, _Statement, strict=True)
        # Not strict: text is taken for decimals. What else that lets pass is not spelt as the schema does.
        record = msgspec.convert(statement.predicate, ValidationRecord, strict=False)
    except ValueError as error:  # msgspec's, or a value's own invariant
        raise wire_error("validation record", error) from error
    if encode_validation(record) != data:
        raise _unsound("it holds fields or spellings that this schema does not know")
    return record


def _predicate(record: ValidationRecord) -> dict[str, Any]:
    plain: dict[str, Any] = decimals_to_text(msgspec.to_builtins(record), _unsound)
    return plain


def _unsound(message: str) -> ManifestError:
    return ManifestError(
        f"the validation record is not sound: {message}",
        code="manifest.validation",
        hint="Compare it with the log and with another copy of the case, or run validate again.",
    )
