"""The operator's private key: Ed25519 in OpenSSH's own file format, so that ssh-keygen and ssh-add take it too.

With a passphrase the file is encrypted (bcrypt and AES-256, as OpenSSH does). Where the file lies and where the
passphrase comes from is for the caller; no private key ever lies in a case.

https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key
"""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from forensics.custody.sshsig import PublicKey, plain_signature, public_key
from forensics.errors import InputError

SEED_BYTES = 32
"""Random bytes that an Ed25519 key is made from (RFC 8032, 5.1.5)."""

MAX_KEY_FILE = 16384
"""Bytes of a private key file; an Ed25519 one has about 500."""


class KeyFileSigner:
    """A private key in memory."""

    def __init__(self, private: Ed25519PrivateKey, protection: str) -> None:
        self._private = private
        self.protection = protection

    @property
    def key(self) -> PublicKey:
        """The public half."""
        return public_key(self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign_bytes(self, data: bytes) -> bytes:
        """The key's signature in SSH's form."""
        return plain_signature(self._private.sign(data))


def make_key(seed: bytes, passphrase: bytes | None) -> tuple[bytes, KeyFileSigner]:
    """A new key from SEED_BYTES random bytes: the content of its file, encrypted with ``passphrase`` unless None."""
    private = Ed25519PrivateKey.from_private_bytes(seed)
    encryption: KeySerializationEncryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    data = private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, encryption)
    return data, KeyFileSigner(private, "passphrase" if passphrase else "none")


def is_encrypted(data: bytes) -> bool:
    """Whether a passphrase is needed to read this key file. Raises as `load_key`."""
    try:
        load_ssh_private_key(data, None)
    except TypeError:  # what the library raises for an encrypted key without a passphrase
        return True
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _unreadable(str(error)) from error
    return False


def load_key(data: bytes, passphrase: bytes | None) -> KeyFileSigner:
    """The key in a file's content.

    Raises InputError: ``input.passphrase`` when there is none and one is needed, or it is wrong; ``input.key`` when it
    is no Ed25519 key in OpenSSH's format.
    """
    encrypted = is_encrypted(data)
    if encrypted and not passphrase:
        raise InputError("the operator's key is encrypted and there is no passphrase", code="input.passphrase")
    try:
        private = load_ssh_private_key(data, passphrase if encrypted else None)
    except (ValueError, UnsupportedAlgorithm) as error:
        if encrypted:
            raise InputError("the passphrase does not open the operator's key", code="input.passphrase") from error
        raise _unreadable(str(error)) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise _unreadable("it is of another type than Ed25519")
    return KeyFileSigner(private, "passphrase" if encrypted else "none")


def _unreadable(reason: str) -> InputError:
    return InputError(
        f"the operator's key cannot be used: {reason[:200]}",
        code="input.key",
        hint="An Ed25519 key in OpenSSH's format is asked for: forensics key init makes one, or ssh-keygen -t ed25519.",
    )
