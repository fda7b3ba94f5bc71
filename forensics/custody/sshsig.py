"""SSHSIG: signatures that ``ssh-keygen -Y verify`` checks, written and read here byte for byte as it does.

    armoured  = "-----BEGIN SSH SIGNATURE-----" base64(blob), 70 characters a line "-----END SSH SIGNATURE-----"
    blob      = "SSHSIG" u32(1) str(public key) str(namespace) str("") str("sha512") str(signature)
    signature = of the key over "SSHSIG" str(namespace) str("") str("sha512") str(SHA-512(data))

Ed25519 keys only, in a file, in ssh-agent or on a hardware token (``sk-ssh-ed25519@openssh.com``). The namespace is
part of what is signed: a signature of one type of document is no signature of another.

https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig and PROTOCOL.u2f
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from typing import NamedTuple, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from forensics.errors import IntegrityError
from forensics.model.custody import Namespace, ReceiverNamespace
from forensics.model.text import visible

PLAIN_KEY = "ssh-ed25519"
TOKEN_KEY = "sk-ssh-ed25519@openssh.com"  # noqa: S105  the name of a type of key

MAX_SIGNATURE = 4096
"""Bytes of an armoured signature; an Ed25519 one has about 300, one of a hardware token little more."""

_MAGIC = b"SSHSIG"
_HASH = b"sha512"
_BEGIN = b"-----BEGIN SSH SIGNATURE-----\n"
_END = b"-----END SSH SIGNATURE-----\n"
_WIDTH = 70
_LINE = re.compile(r"(\S+) ([A-Za-z0-9+/]+={0,2})(?: .*)?\Z", re.DOTALL)


class PublicKey(NamedTuple):
    """A public key: its type, and its bytes as SSH sends them."""

    kind: str
    blob: bytes

    @property
    def line(self) -> str:
        """Type and base64, as in ``id_ed25519.pub`` but for the comment."""
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"

    @property
    def fingerprint(self) -> str:
        """``SHA256:`` and base64 without padding, as ``ssh-keygen -l`` prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")


class Signature(NamedTuple):
    """What an armoured signature says: who, in which namespace, and the key's own signature."""

    key: PublicKey
    namespace: str
    blob: bytes


class Signer(Protocol):
    """Something that signs: a key file or an agent."""

    @property
    def key(self) -> PublicKey:
        """The public half."""
        ...

    @property
    def protection(self) -> str:
        """How the private half is kept: ``none``, ``passphrase`` or ``agent``."""
        ...

    def sign_bytes(self, data: bytes) -> bytes:
        """The key's signature (SSH's form: type and bytes) over ``data`` as it is. Raises ForensicsError."""
        ...


def sign(signer: Signer, namespace: Namespace | ReceiverNamespace, data: bytes) -> bytes:
    """The armoured signature over a document's stored bytes. Raises what the signer raises."""
    blob = signer.sign_bytes(_to_sign(namespace, data))
    return _armour(Signature(signer.key, namespace, blob))


def sign_plain(signer: Signer, data: bytes) -> bytes | None:
    """The 64 bytes of the Ed25519 signature (RFC 8032) over ``data`` as it is, for formats other than SSHSIG.

    None for a hardware token, which signs a digest of its own making (PROTOCOL.u2f). ``data`` must begin with a word
    that tells its format, so that the signature can be no SSHSIG. Raises what the signer raises.
    """
    if signer.key.kind != PLAIN_KEY:
        return None
    return _strings(signer.sign_bytes(data), 2)[1]


def verify(armoured: bytes, namespace: Namespace | ReceiverNamespace, data: bytes) -> PublicKey:
    """The key that signed exactly ``data`` in this namespace; whether it may is for others to say.

    Raises IntegrityError (``integrity.signature``) for anything else, and for a signature in any other than the one
    form that ``ssh-keygen`` writes.
    """
    signature = parse(armoured)
    if signature.namespace != namespace:
        raise _unsound(f"its namespace is {visible(signature.namespace)!r:.80}, not {namespace}")
    if not _holds(signature.key, signature.blob, _to_sign(namespace, data)):
        raise _unsound(f"it does not hold for these bytes (key {signature.key.fingerprint})")
    return signature.key


def parse(armoured: bytes) -> Signature:
    """What an armoured signature says, not yet whether it holds. Raises IntegrityError."""
    if len(armoured) > MAX_SIGNATURE or not (armoured.startswith(_BEGIN) and armoured.endswith(_END)):
        raise _unsound("it is no armoured SSH signature")
    try:
        blob = base64.b64decode(armoured[len(_BEGIN) : -len(_END)], validate=False)
        magic, version = blob[: len(_MAGIC)], blob[len(_MAGIC) : len(_MAGIC) + 4]
        fields = _strings(blob[len(_MAGIC) + 4 :], 5)
        signature = Signature(_key_of(fields[0]), fields[1].decode("utf-8"), fields[4])
    except (binascii.Error, struct.error, ValueError) as error:
        raise _unsound(str(error)) from error
    if (magic, version, fields[2], fields[3]) != (_MAGIC, struct.pack(">I", 1), b"", _HASH):
        raise _unsound("it is of another version or hash")
    if _armour(signature) != armoured:
        raise _unsound("it is not in the one form that ssh-keygen writes")
    return signature


def read_public(text: str) -> PublicKey:
    """The key of a line as in ``id_ed25519.pub``, with or without a comment.

    Raises IntegrityError (``integrity.key``) for another type of key or a line that contradicts itself.
    """
    found = _LINE.match(text.strip())
    try:
        key = _key_of(base64.b64decode(found[2], validate=True)) if found else None
    except (binascii.Error, struct.error, ValueError):
        key = None
    if found is None or key is None or key.kind != found[1] or f"{found[1]} {found[2]}" != key.line:
        raise IntegrityError(
            f"not the public half of an Ed25519 key: {visible(text)[:80]!r}",
            code="integrity.key",
            hint="A line as in id_ed25519.pub is asked for: ssh-ed25519 and base64.",
        )
    return key


def public_key(raw: bytes) -> PublicKey:
    """The key with these 32 bytes (RFC 8032)."""
    return PublicKey(PLAIN_KEY, _string(PLAIN_KEY.encode()) + _string(raw))


def plain_signature(raw: bytes) -> bytes:
    """The 64 bytes of an Ed25519 signature (RFC 8032) in SSH's form (RFC 8709)."""
    return _string(PLAIN_KEY.encode()) + _string(raw)


def _to_sign(namespace: Namespace | ReceiverNamespace, data: bytes) -> bytes:
    digest = hashlib.sha512(data).digest()
    return _MAGIC + b"".join(map(_string, (namespace.encode(), b"", _HASH, digest)))


def _armour(signature: Signature) -> bytes:
    parts = (signature.key.blob, signature.namespace.encode(), b"", _HASH, signature.blob)
    text = base64.b64encode(_MAGIC + struct.pack(">I", 1) + b"".join(map(_string, parts)))
    lines = (text[start : start + _WIDTH] + b"\n" for start in range(0, len(text), _WIDTH))
    return _BEGIN + b"".join(lines) + _END


def _holds(key: PublicKey, blob: bytes, message: bytes) -> bool:
    fields = _strings(key.blob, 2 if key.kind == PLAIN_KEY else 3)
    try:
        kind, raw = _strings(blob, 2, rest=0 if key.kind == PLAIN_KEY else 5)
        if kind.decode("ascii", "replace") != key.kind:
            return False
        if key.kind == TOKEN_KEY:
            # The token signs the digests of application and message, its flags and its counter (PROTOCOL.u2f).
            message = hashlib.sha256(fields[2]).digest() + blob[-5:] + hashlib.sha256(message).digest()
        Ed25519PublicKey.from_public_bytes(fields[1]).verify(raw, message)
    except (InvalidSignature, ValueError, struct.error):
        return False
    return True


def _key_of(blob: bytes) -> PublicKey:
    """Raises ValueError or struct.error for what is no Ed25519 key."""
    kind = _strings(blob, 1, rest=None)[0].decode("ascii")
    if kind not in {PLAIN_KEY, TOKEN_KEY}:
        raise ValueError(f"a key of type {visible(kind)!r:.60} is not supported: Ed25519 only")
    raw = _strings(blob, 2 if kind == PLAIN_KEY else 3)[1]
    Ed25519PublicKey.from_public_bytes(raw)
    return PublicKey(kind, blob)


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _strings(data: bytes, count: int, *, rest: int | None = 0) -> list[bytes]:
    """The first ``count`` length-prefixed strings, and ``rest`` bytes after them (None: any number)."""
    fields: list[bytes] = []
    at = 0
    for _ in range(count):
        (length,) = struct.unpack_from(">I", data, at)
        at += 4 + length
        if at > len(data):
            raise ValueError("a field is longer than what holds it")
        fields.append(data[at - length : at])
    if rest is not None and len(data) - at != rest:
        raise ValueError("bytes follow the last field, or are missing there")
    return fields


def _unsound(message: str) -> IntegrityError:
    return IntegrityError(
        f"the signature is not sound: {message}",
        code="integrity.signature",
        hint="Compare with another copy of the case. ssh-keygen -Y verify is a second reader.",
    )
