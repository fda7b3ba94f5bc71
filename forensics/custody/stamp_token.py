"""What the token of a time-stamp proves, by the first reader of them, and the certificates that it is judged by."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import Certificate, InvalidVersion, load_pem_x509_certificate
from rfc3161_client import TimeStampResponse, VerificationError, VerifierBuilder, decode_timestamp_response
from rfc3161_client.tsp import PKIStatus

from forensics.errors import StampError

__all__ = ["decode_timestamp_response", "judge", "no_panic", "root_of"]

_SHA256 = "2.16.840.1.101.3.4.2.1"


def judge(response: TimeStampResponse, root: Certificate, nonce: bytes, signature: bytes) -> tuple[datetime, str]:
    """The time of a sound token over ``signature`` (UTC), and the SHA-256 of the root that it was judged by. Raises
    StampError.
    """
    if response.status != PKIStatus.GRANTED:
        reason = "; ".join(response.status_string)[:200]
        raise StampError(f"the authority refused: status {response.status} {reason}", code="stamp.refused")
    try:
        builder = VerifierBuilder().add_root_certificate(root).nonce(int.from_bytes(nonce, "big"))
        builder.build().verify(response, hashlib.sha256(signature).digest())
        imprint = response.tst_info.message_imprint
        time = response.tst_info.gen_time
    except (VerificationError, ValueError, InvalidVersion, UnsupportedAlgorithm) as error:
        raise StampError(f"the token does not hold: {str(error)[:300]}", code="stamp.unsound") from error
    if imprint.hash_algorithm.dotted_string != _SHA256:
        raise StampError("the token is over another kind of digest", code="stamp.unsound")
    return time.astimezone(UTC), root.fingerprint(SHA256()).hex()


@contextmanager
def no_panic() -> Iterator[None]:
    """The reader of tokens is written in Rust, and aborts inside on some broken certificates. What it raises then is no
    Exception, and its class has no name that could be imported.
    """
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise StampError("the token is broken: its reader gave up", code="stamp.unsound") from error


def root_of(pem: bytes) -> Certificate:
    """The root certificate of a PEM file. Raises StampError."""
    try:
        return load_pem_x509_certificate(pem)
    except (ValueError, InvalidVersion, UnsupportedAlgorithm) as error:
        raise StampError(f"the root certificate cannot be read: {error}", code="stamp.root") from error
