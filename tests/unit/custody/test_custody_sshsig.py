"""SSHSIG, against the real ssh-keygen; a hardware token is simulated as PROTOCOL.u2f says."""

import base64
import hashlib
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from forensics.custody import is_encrypted, load_key, make_key, read_public, sign, sshsig, verify
from forensics.errors import InputError, IntegrityError
from forensics.model.custody import Namespace

SEED = bytes(range(32))
SIZES = (0, 1, 100, 5000)
needs_ssh = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="the real ssh-keygen is the judge here")


def keygen(*words: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["ssh-keygen", *map(str, words)], input=stdin, capture_output=True, check=False)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    data, _ = make_key(SEED, None)
    path = tmp_path / "key"
    path.write_bytes(data)
    path.chmod(0o600)
    return path


def signer() -> sshsig.Signer:
    return make_key(SEED, None)[1]


@needs_ssh
@pytest.mark.parametrize("namespace", Namespace)
@pytest.mark.parametrize("size", SIZES)
def test_our_signature_is_byte_for_byte_that_of_ssh_keygen(key_file: Path, namespace: Namespace, size: int) -> None:
    data = bytes(i % 251 for i in range(size))
    document = key_file.with_name("document")
    document.write_bytes(data)
    assert keygen("-Y", "sign", "-f", key_file, "-n", namespace, document).returncode == 0
    ours = sign(signer(), namespace, data)
    assert ours == key_file.with_name("document.sig").read_bytes()
    assert verify(ours, namespace, data) == signer().key


@needs_ssh
def test_ssh_keygen_reads_our_key_files_with_and_without_passphrase(key_file: Path) -> None:
    assert keygen("-y", "-f", key_file).stdout.decode().strip() == signer().key.line
    data, made = make_key(SEED, b"correct horse")
    key_file.write_bytes(data)
    assert keygen("-y", "-P", "correct horse", "-f", key_file).stdout.decode().strip() == made.key.line
    assert keygen("-y", "-P", "wrong", "-f", key_file).returncode != 0
    assert keygen("-l", "-f", key_file).stdout.split()[1].decode() == made.key.fingerprint


def test_an_encrypted_key_opens_with_its_passphrase_only() -> None:
    data, made = make_key(SEED, b"correct horse")
    assert is_encrypted(data)
    assert made.protection == load_key(data, b"correct horse").protection == "passphrase"
    assert load_key(data, b"correct horse").key == made.key
    for wrong in (b"wrong", None):
        with pytest.raises(InputError) as caught:
            load_key(data, wrong)
        assert caught.value.code == "input.passphrase"


@needs_ssh
def test_a_key_of_another_type_is_refused(tmp_path: Path) -> None:
    keygen("-q", "-t", "ecdsa", "-N", "", "-f", tmp_path / "key")
    for data in ((tmp_path / "key").read_bytes(), b"", b"-----BEGIN OPENSSH PRIVATE KEY-----\n"):
        with pytest.raises(InputError) as caught:
            load_key(data, None)
        assert caught.value.code == "input.key"
    with pytest.raises(IntegrityError):
        read_public((tmp_path / "key.pub").read_text())


@pytest.mark.parametrize("line", ["", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-rsa {}", "ssh-ed25519 {}="])
def test_a_line_that_is_no_public_key_is_refused(line: str) -> None:
    with pytest.raises(IntegrityError):
        read_public(line.format(signer().key.line.split()[1]))


def test_a_public_key_is_read_with_and_without_comment() -> None:
    assert read_public(signer().key.line) == read_public(f"{signer().key.line} me@desk\n") == signer().key


@pytest.mark.parametrize("other", [n for n in Namespace if n is not Namespace.MANIFEST])
def test_a_signature_of_one_kind_of_document_is_none_of_another(other: Namespace) -> None:
    signature = sign(signer(), Namespace.MANIFEST, b"data")
    with pytest.raises(IntegrityError, match="namespace"):
        verify(signature, other, b"data")
    forged = signature_with(Namespace.MANIFEST, other)
    with pytest.raises(IntegrityError, match="does not hold"):
        verify(forged, other, b"data")


def signature_with(signed: Namespace, claimed: Namespace) -> bytes:
    """A signature made in one namespace, relabelled as one of another."""
    blob = sshsig.parse(sign(signer(), signed, b"data"))
    return sshsig._armour(blob._replace(namespace=claimed))


def test_no_flipped_bit_of_a_signature_or_document_verifies() -> None:
    data = b'{"a":1}\n'
    signature = sign(signer(), Namespace.MANIFEST, data)
    tried = 0
    for subject, other in ((signature, False), (data, True)):
        for at in range(len(subject)):
            for bit in range(8):
                changed = subject[:at] + bytes([subject[at] ^ 1 << bit]) + subject[at + 1 :]
                pair = (signature, changed) if other else (changed, data)
                tried += 1
                with pytest.raises(IntegrityError):
                    verify(pair[0], Namespace.MANIFEST, pair[1])
    assert tried == 8 * (len(signature) + len(data))


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s[:-1],
        lambda s: s + b"\n",
        lambda s: s.replace(b"\n", b"\r\n"),
        lambda s: b"x" * 5000,
        lambda s: s.replace(b"SSH SIGNATURE", b"PGP SIGNATURE"),
        lambda s: s[:29] + s[29:].replace(b"\n", b"", 1),
        lambda s: b"-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n",
    ],
)
def test_only_the_one_form_of_ssh_keygen_is_a_signature(change) -> None:
    with pytest.raises(IntegrityError):
        verify(change(sign(signer(), Namespace.MANIFEST, b"data")), Namespace.MANIFEST, b"data")


class Token:
    """A FIDO token in software: signs the digests of application and message, its flags and its counter."""

    protection = "agent"

    def __init__(self) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(SEED)
        raw = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        parts = (sshsig.TOKEN_KEY.encode(), raw, b"ssh:")
        self.key = sshsig.PublicKey(sshsig.TOKEN_KEY, b"".join(map(string, parts)))

    def sign_bytes(self, data: bytes) -> bytes:
        tail = b"\x01" + struct.pack(">I", 7)
        message = hashlib.sha256(b"ssh:").digest() + tail + hashlib.sha256(data).digest()
        return string(sshsig.TOKEN_KEY.encode()) + string(self._private.sign(message)) + tail


def string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


@needs_ssh
def test_the_signature_of_a_hardware_token_holds_here_and_for_ssh_keygen(tmp_path: Path) -> None:
    token = Token()
    signature = sign(token, Namespace.CHECKPOINT, b"head\n")
    assert verify(signature, Namespace.CHECKPOINT, b"head\n") == token.key
    (tmp_path / "sig").write_bytes(signature)
    (tmp_path / "allowed").write_text(f"operator {token.key.line}\n")
    words = ("-Y", "verify", "-f", tmp_path / "allowed", "-I", "operator", "-n", Namespace.CHECKPOINT)
    done = keygen(*words, "-s", tmp_path / "sig", stdin=b"head\n")
    assert done.returncode == 0, done.stderr
    with pytest.raises(IntegrityError):
        verify(signature, Namespace.CHECKPOINT, b"head")
    flipped = bytearray(base64.b64decode(b"".join(signature.splitlines()[1:-1])))
    flipped[-5] ^= 1  # the flags
    with pytest.raises(IntegrityError):
        sshsig.verify(_armoured(bytes(flipped)), Namespace.CHECKPOINT, b"head\n")


def _armoured(blob: bytes) -> bytes:
    text = base64.b64encode(blob).decode()
    lines = "".join(text[at : at + 70] + "\n" for at in range(0, len(text), 70))
    return f"-----BEGIN SSH SIGNATURE-----\n{lines}-----END SSH SIGNATURE-----\n".encode()
