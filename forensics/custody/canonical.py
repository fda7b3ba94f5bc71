"""Canonical bytes: RFC 8785 (JSON Canonicalization Scheme) in a profile where parsers cannot disagree.

The profile: no floats (decimals are text, as read), ASCII keys, whole numbers below 2^53, no lone surrogates, a bounded
depth. In it, RFC 8785, ``json.dumps(sort_keys=True, separators=(",", ":"), ensure_ascii=False)`` and ``jq -cSj`` write
the same bytes; the tests hold the second, which is used here, to the first and the third. JSON parsers accept duplicate
keys, spacing and any order; so what is read is encoded again and must give the very bytes that were read. What is
hashed or signed is always the stored bytes.
"""

from __future__ import annotations

import hashlib
import json
from typing import NoReturn

from forensics.errors import ManifestError
from forensics.model.manifest import Json

MAX_BYTES = 64 * 2**20
"""No document is larger: the manifest of a day of video with a keyframe a second is below 40 MiB."""

MAX_DEPTH = 32
"""Nesting of the deepest manifest is below 12; both parser and encoder recurse."""

MAX_INTEGER = 2**53 - 1
"""Largest whole number that every JSON reader keeps exact (RFC 8785, 3.2.2.3; RFC 7493, 2.2)."""


def encode(value: Json) -> bytes:
    """The one canonical form, without a newline: what digests of values are taken over.

    Raises ManifestError for a value outside the profile.
    """
    _check_profile(value, 1)
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeError as error:
        raise _refused(f"the value has no canonical form: {error}") from error


def encode_stored(value: Json) -> bytes:
    """The canonical form as a file or log line holds it: one line and a newline."""
    return encode(value) + b"\n"


def decode(data: bytes) -> Json:
    """The value whose canonical form is exactly ``data``.

    Raises ManifestError for anything else: bad UTF-8, trailing data, duplicate keys, spacing, another order of keys,
    a value outside the profile, too large, too deep.
    """
    if len(data) > MAX_BYTES:
        raise _refused(f"{len(data)} bytes are more than the {MAX_BYTES} that a document may have")
    value = _parse(data)
    if encode(value) != data:
        raise _refused("the bytes are not the canonical form of what they say (duplicate key, order, spacing, escape)")
    return value


def decode_stored(data: bytes) -> Json:
    """As `decode`, for one line with its newline."""
    if not data.endswith(b"\n"):
        raise _refused("the document does not end in a newline")
    return decode(data[:-1])


def digest(value: Json) -> str:
    """SHA-256, lower-case hex, of the canonical form (without newline) of a value."""
    return hashlib.sha256(encode(value)).hexdigest()


def _parse(data: bytes) -> Json:
    try:
        value: Json = json.loads(
            data.decode("utf-8"), parse_float=_no_float, parse_int=_whole_number, parse_constant=_no_float
        )
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _refused(f"not JSON in UTF-8: {error}") from error
    except RecursionError as error:
        raise _refused(f"nested deeper than {MAX_DEPTH}") from error
    return value


def _whole_number(text: str) -> int:
    # Python turns longer texts into numbers in quadratic time.
    if len(text) > len(str(MAX_INTEGER)) + 1:
        raise _refused("a whole number has more digits than 2^53")
    return int(text)


def _no_float(text: str) -> NoReturn:
    raise _refused(f"a number with a fraction, exponent or special value ({text[:40]}): decimals are text")


def _check_profile(value: object, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _refused(f"nested deeper than {MAX_DEPTH}")
    if value is None or isinstance(value, (bool, str)):
        return
    if type(value) is int:
        if abs(value) > MAX_INTEGER:
            raise _refused("a whole number is not below 2^53; write it as text")
    elif isinstance(value, (list, tuple)):  # a tuple is written as the array that it is
        for element in value:
            _check_profile(element, depth + 1)
    elif isinstance(value, dict):
        for key, element in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise _refused(f"the key {key!r:.80} is not ASCII text")
            _check_profile(element, depth + 1)
    else:
        raise _refused(f"a {type(value).__name__} has no place in canonical JSON")


def _refused(message: str) -> ManifestError:
    return ManifestError(
        message,
        code="manifest.not_canonical",
        hint="The document was written by another program or was changed. Compare it with the log and another copy.",
    )
