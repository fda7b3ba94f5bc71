"""Time-stamps (RFC 3161): a request over a signature, and what an authority's answer proves.

A token says that these bytes existed at its time. It is asked for over the *signature* of a checkpoint: who steals the
key later cannot make a signature that is older than the theft. The answer is judged at the token's own time, against
one stated root; that its certificates have run out since does not matter.

https://www.rfc-editor.org/rfc/rfc3161 and https://www.rfc-editor.org/rfc/rfc5816
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import NamedTuple, Protocol

from forensics.errors import StampError

NONCE_BYTES = 8

_BEFORE = bytes.fromhex("30430201013031300d060960864801650304020105000420")
"""TimeStampReq up to the digest: version 1, SHA-256 (RFC 3161, 2.4.1)."""

_BETWEEN = bytes.fromhex("0208")
_AFTER = bytes.fromhex("0101ff")
"""The nonce is an INTEGER of eight bytes; certReq is true."""

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
    # At the point of use: loading what knows X.509 takes 0.02 s, and few commands judge a stamp.
    from forensics.custody import stamp_token

    root = stamp_token.root_of(root_pem)
    with stamp_token.no_panic():
        try:
            response = stamp_token.decode_timestamp_response(answer)
        except ValueError as error:
            if second is not None:
                return second(signature, request, answer, root_pem)
            raise StampError(
                f"{FIRST_READER} cannot parse the answer: {str(error)[:200]}",
                code=UNJUDGED,
                hint="openssl ts -reply -in FILE.tsr -text reads some that this reader does not.",
            ) from error
        return Stamp(*stamp_token.judge(response, root, nonce, signature))
