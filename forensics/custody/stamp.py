"""Time-stamps (RFC 3161): a request over a signature, and what an authority's answer proves.

A token says that these bytes existed at its time. It is asked for over the *signature* of a checkpoint: who steals the
key later cannot make a signature that is older than the theft. The answer is judged at the token's own time, against
one stated root; that its certificates have run out since does not matter.

https://www.rfc-editor.org/rfc/rfc3161 and https://www.rfc-editor.org/rfc/rfc5816
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from rfc3161_client import TimeStampResponse, VerificationError, VerifierBuilder, decode_timestamp_response
from rfc3161_client.tsp import PKIStatus

from forensics.errors import StampError

NONCE_BYTES = 8

_BEFORE = bytes.fromhex("30430201013031300d060960864801650304020105000420")
"""TimeStampReq up to the digest: version 1, SHA-256 (RFC 3161, 2.4.1)."""

_BETWEEN = bytes.fromhex("0208")
_AFTER = bytes.fromhex("0101ff")
"""The nonce is an INTEGER of eight bytes; certReq is true."""


_SHA256 = "2.16.840.1.101.3.4.2.1"


FIRST_READER = "rfc3161-client"

UNJUDGED = "stamp.unjudged"
"""Code of the error for an answer that no reader at hand could judge."""


class Stamp(NamedTuple):
    """What a sound token proves: its time (UTC), the SHA-256 of the root certificate that it was judged by; and the
    program that judged.
    """

    time: datetime
    root_sha256: str
    reader: str = FIRST_READER


class Reader(Protocol):
    """The second reader, for answers that the first cannot parse. It starts a program, which this part does not."""

    def __call__(self, signature: bytes, request: bytes, answer: bytes, root_pem: bytes) -> Stamp:
        """As `check_answer`; the request is known to be one over the signature."""


def encode_request(signature: bytes, nonce: bytes) -> bytes:
    """The request for a time-stamp over ``signature``; NONCE_BYTES random bytes tie the answer to it."""
    # A first byte of 0x40 to 0x7f keeps the number positive and its encoding of one length.
    fixed = bytes([nonce[0] & 0x3F | 0x40]) + nonce[1:NONCE_BYTES]
    return _BEFORE + hashlib.sha256(signature).digest() + _BETWEEN + fixed + _AFTER


def check_answer(
    signature: bytes, request: bytes, answer: bytes, root_pem: bytes, second: Reader | None = None
) -> Stamp:
    """What the answer to a request over ``signature`` proves, by the root in ``root_pem``.

    ``second`` judges an answer that the first reader cannot parse. Raises StampError: ``stamp.request`` for a request
    that is not one over this signature, ``stamp.root`` for a root that cannot be read, ``stamp.unjudged`` for an answer
    that the first reader cannot parse when there is no second, ``stamp.unreadable`` for one that neither can,
    ``stamp.refused`` when the authority gave no token, ``stamp.unsound`` when token, nonce, digest or chain does not
    hold.
    """
    nonce = request[-len(_AFTER) - NONCE_BYTES : -len(_AFTER)]
    if not nonce or encode_request(signature, nonce) != request:
        raise StampError("the request is not one over this signature", code="stamp.request")
    root = _root(root_pem)
    with _no_panic():
        try:
            response = decode_timestamp_response(answer)
        except ValueError as error:
            if second is not None:
                return second(signature, request, answer, root_pem)
            raise StampError(
                f"{FIRST_READER} cannot parse the answer: {str(error)[:200]}",
                code=UNJUDGED,
                hint="openssl ts -reply -in FILE.tsr -text reads some that this reader does not.",
            ) from error
        return _judge(response, root, nonce, signature)


def _judge(response: TimeStampResponse, root: x509.Certificate, nonce: bytes, signature: bytes) -> Stamp:
    if response.status != PKIStatus.GRANTED:
        reason = "; ".join(response.status_string)[:200]
        raise StampError(f"the authority refused: status {response.status} {reason}", code="stamp.refused")
    try:
        builder = VerifierBuilder().add_root_certificate(root).nonce(int.from_bytes(nonce, "big"))
        builder.build().verify(response, hashlib.sha256(signature).digest())
        imprint = response.tst_info.message_imprint
        time = response.tst_info.gen_time
    except (VerificationError, ValueError, x509.InvalidVersion, UnsupportedAlgorithm) as error:
        raise StampError(f"the token does not hold: {str(error)[:300]}", code="stamp.unsound") from error
    if imprint.hash_algorithm.dotted_string != _SHA256:
        raise StampError("the token is over another kind of digest", code="stamp.unsound")
    return Stamp(time.astimezone(UTC), root.fingerprint(SHA256()).hex())


@contextmanager
def _no_panic() -> Iterator[None]:
    """The reader of tokens is written in Rust, and aborts inside on some broken certificates. What it raises then is no
    Exception, and its class has no name that could be imported.
    """
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise StampError("the token is broken: its reader gave up", code="stamp.unsound") from error


def _root(pem: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except (ValueError, x509.InvalidVersion, UnsupportedAlgorithm) as error:
        raise StampError(f"the root certificate cannot be read: {error}", code="stamp.root") from error
