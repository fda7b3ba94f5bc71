"""The manifest in a DSSE envelope, as in-toto and sigstore tools read it.

The signature is over the pre-authentication encoding, which begins with ``DSSEv1 ``: bytes that no SSHSIG is over
(those begin with ``SSHSIG``), so one key can make both and neither passes for the other.

https://github.com/secure-systems-lab/dsse/blob/master/protocol.md and envelope.md
"""

from __future__ import annotations

import base64

from forensics.model.manifest import Json

PAYLOAD_TYPE = "application/vnd.in-toto+json"
"""Media type of an in-toto Statement (attestation specification v1, envelope layer)."""


def to_sign(payload: bytes) -> bytes:
    """The pre-authentication encoding of a statement's stored bytes: what the key signs."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def envelope(payload: bytes, signature: bytes, key_id: str) -> dict[str, Json]:
    """The envelope of a statement's stored bytes.

    ``signature`` is the 64 bytes of an Ed25519 signature (RFC 8032) over `to_sign`; ``key_id`` is a hint for the
    reader, here the key's SSH fingerprint, and proves nothing.
    """
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": key_id, "sig": base64.b64encode(signature).decode()}],
    }
