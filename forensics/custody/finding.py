"""The finding's stored form: an in-toto Statement v1 in one canonical line.

Its subjects are the two manifests by digest, named ``reference`` and ``query``; a query from outside the case is named
by the digests of the file itself. Decimals are text: the shortest that gives the same IEEE 754 double back.
A review is a finding too: with the same subjects and measurements, a person's words, and the digest of the finding
that it supersedes.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec
import numpy as np

from forensics.custody import canonical
from forensics.custody.wire import Descriptor, DigestSet, Hex64, decimals_to_text, wire_error
from forensics.errors import ManifestError
from forensics.model.evidence import Digests
from forensics.model.finding import ErrorRates, Finding, FindingStatus, Review
from forensics.model.manifest import FINDING_TYPE, STATEMENT_TYPE, Json
from forensics.model.match import SELDOM, Match

_DECIMAL = re.compile(r"-?\d+(\.\d+)?(e[+-]\d+)?\Z", re.ASCII)

_DECIMAL_FIELDS = frozenset(
    {
        *("score", "speed", "query_start_s", "query_end_s", "reference_start_s", "reference_end_s"),
        *("scale", "rotation_deg", "dx", "dy", "crop", "box"),
        *("hamming_median", "inliers", "cells", "inlier_ratio", "drift_px", "motion", "motion_z"),
        *("offset_s", "seconds", "bits", "chance_bits"),
        *("at_s", "detail", "elsewhere", "explained"),
        *("recall_low", "recall_high", "false_bound"),
    }
)
"""Fields that hold floats in Python and text in the document."""


class _Method(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    version: str
    params_sha256: Hex64
    params: dict[str, Any] | None


class _Sound(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    offset_s: str
    query_start_s: str
    query_end_s: str
    seconds: str
    bits: str
    chance_bits: str
    agrees_with_pictures: bool | None
    method: _Method


class _Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    record: Hex64
    made: str
    of_this_case: bool
    videos: int
    videos_sha256: Hex64
    attacked: int
    copies: int
    matched: int
    recall_low: str
    recall_high: str
    pairs: int
    false_pairs: int
    false_bound: str


class _Review(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    examiner: str
    made: str
    reason: str
    alternatives: tuple[str, ...]
    supersedes: Hex64


class _Predicate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    id: str
    query_in_case: bool
    query_id: Hex64
    reference_id: Hex64
    score: str
    decision: str
    assessment: str
    mirrored: bool
    segments: list[dict[str, Any]]
    method: _Method
    status: FindingStatus
    limits: tuple[str, ...]
    sound: _Sound | msgspec.UnsetType = msgspec.UNSET
    """Absent when no sound was found to agree."""
    calibration: _Calibration | msgspec.UnsetType = msgspec.UNSET
    """Absent where no validation record speaks for the method, and from findings of earlier versions."""
    review: _Review | msgspec.UnsetType = msgspec.UNSET
    """Absent from what the machine alone says."""


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


def encode_finding(finding: Finding) -> bytes:
    """The stored bytes of a finding: one canonical line with its newline.

    Raises ManifestError for a value outside the canonical profile, a float that is not finite, or parameters whose
    digest is not the one that the match names.
    """
    match = finding.match
    if finding.params is not None and canonical.digest(finding.params) != match.method.params_sha256:
        raise _unsound("params_sha256 is not the digest of the parameters")
    if finding.sound_params is not None and (
        match.sound is None or canonical.digest(finding.sound_params) != match.sound.method.params_sha256
    ):
        raise _unsound("the sound's params_sha256 is not the digest of its parameters")
    if finding.query_digests is not None and finding.query_digests.sha256 != match.query_id:
        raise _unsound("the query's digests are not those of the query that was matched")
    plain: dict[str, Any] = decimals_to_text(msgspec.to_builtins(match, enc_hook=_scalar), _unsound)
    for segment in plain["segments"]:
        for seldom in SELDOM:
            if segment[seldom] is None:
                del segment[seldom]
    method = _Method(**plain.pop("method"), params=finding.params)
    sound = plain.pop("sound")
    predicate = _Predicate(
        id=finding.id,
        query_in_case=finding.query_manifest is not None,
        method=method,
        status=FindingStatus(finding.status),
        limits=finding.limits,
        sound=msgspec.UNSET if sound is None else _sound(sound, finding.sound_params),
        calibration=msgspec.UNSET if finding.calibration is None else _calibration(finding.calibration),
        review=msgspec.UNSET if finding.review is None else _Review(**msgspec.to_builtins(finding.review)),
        **plain,
    )
    statement = _Statement(
        type_=STATEMENT_TYPE, subject=_subjects(finding), predicate_type=FINDING_TYPE, predicate=predicate
    )
    value: Json = msgspec.to_builtins(statement)
    return canonical.encode_stored(value)


def _sound(plain: dict[str, Any], params: dict[str, Json] | None) -> _Sound:
    return _Sound(**{**plain, "method": _Method(**plain["method"], params=params)})


def _calibration(rates: ErrorRates) -> _Calibration:
    return _Calibration(**decimals_to_text(msgspec.to_builtins(rates, enc_hook=_scalar), _unsound))


def decode_finding(data: bytes) -> Finding:
    """The finding whose stored bytes are exactly ``data``.

    Raises ManifestError for bytes that are not canonical, another schema, unknown or missing fields, wrong types or
    a decimal that is not the shortest.
    """
    value = canonical.decode_stored(data)
    if not isinstance(value, dict) or (value.get("_type"), value.get("predicateType")) != (
        STATEMENT_TYPE,
        FINDING_TYPE,
    ):
        raise ManifestError(f"the document is not a {FINDING_TYPE} statement", code="manifest.schema")
    try:
        statement = msgspec.convert(value, _Statement, strict=True)
        finding = _finding(statement)
    except ValueError as error:  # msgspec's, or a value's own invariant
        raise wire_error("finding", error) from error
    # What the values cannot hold (an unknown key, 1.50 for 1.5) would vanish here unseen.
    if encode_finding(finding) != data:
        raise _unsound("it holds fields or spellings that this schema does not know")
    return finding


def _finding(statement: _Statement) -> Finding:
    predicate = statement.predicate
    reference, query = statement.subject
    plain = msgspec.to_builtins(predicate)
    plain["method"].pop("params")
    sound_params = plain["sound"]["method"].pop("params") if "sound" in plain else None
    fields = {name: plain[name] for name in Match.__dataclass_fields__ if name in plain}
    return Finding(
        id=predicate.id,
        match=msgspec.convert(_text_to_decimals(fields), Match, strict=True),
        reference_manifest=reference.digest.sha256,
        query_manifest=query.digest.sha256 if predicate.query_in_case else None,
        query_digests=None if predicate.query_in_case else _file_digests(query),
        params=predicate.method.params,
        status=predicate.status,
        limits=predicate.limits,
        sound_params=sound_params,
        calibration=_part(plain.get("calibration"), ErrorRates),
        review=_part(plain.get("review"), Review),
    )


_Part = TypeVar("_Part", ErrorRates, Review)


def _part(plain: dict[str, Any] | None, kind: type[_Part]) -> _Part | None:
    return None if plain is None else msgspec.convert(_text_to_decimals(plain), kind, strict=True)


def _subjects(finding: Finding) -> tuple[Descriptor, Descriptor]:
    reference = Descriptor(name="reference", digest=DigestSet(sha256=finding.reference_manifest))
    digests = finding.query_digests
    if digests is not None:
        query_digest = DigestSet(sha256=digests.sha256, sha512=digests.sha512)
        return reference, Descriptor(name="query", digest=query_digest, annotations={"size": digests.size})
    assert finding.query_manifest is not None
    return reference, Descriptor(name="query", digest=DigestSet(sha256=finding.query_manifest))


def _file_digests(descriptor: Descriptor) -> Digests:
    if descriptor.digest.sha512 is None or set(descriptor.annotations or ()) != {"size"}:
        raise _unsound("a query from outside the case lacks its SHA-512 or its size")
    size = (descriptor.annotations or {})["size"]
    return Digests(sha256=descriptor.digest.sha256, sha512=descriptor.digest.sha512, size=size)


def _scalar(value: object) -> object:
    """A numpy scalar as the Python number of the same value."""
    if isinstance(value, np.generic):
        return value.item()
    raise _unsound(f"a {type(value).__name__} has no place in it")


def _text_to_decimals(value: Any, *, decimal: bool = False) -> Any:
    if isinstance(value, dict):
        return {key: _text_to_decimals(element, decimal=key in _DECIMAL_FIELDS) for key, element in value.items()}
    if isinstance(value, (list, tuple)):
        return [_text_to_decimals(element, decimal=decimal) for element in value]
    if decimal and isinstance(value, str):
        if not _DECIMAL.match(value):
            raise _unsound(f"{value!r:.40} is no decimal")
        return float(value)
    return value


def _unsound(message: str) -> ManifestError:
    return ManifestError(
        f"the finding is not sound: {message}",
        code="manifest.finding",
        hint="Compare it with the log and with another copy of the case.",
    )
