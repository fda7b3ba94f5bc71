"""Certificates of a cluster: an authority of its own that signs one certificate and is then forgotten.

Each side asks the other for a certificate of this authority (mutual TLS), so who has none neither gives orders nor
gets any. Source: RFC 5280; Dask distributed, "TLS/SSL".
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from forensics.errors import StoreError
from pipelines.engine.cluster import CA_FILE, NODE_FILE, NODE_KEY_FILE

CLOCK_SLACK = timedelta(hours=1)
"""Clocks of machines differ; a certificate is valid from so long before."""


def make_certificates(folder: Path, now: datetime, days: int) -> tuple[Path, Path, Path]:
    """Make the authority's certificate, the node's and the node's key in a new ``folder`` that only its owner reads.

    Raises StoreError: the folder is there already, or cannot be made.
    """
    authority_key, node_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    valid = (now - CLOCK_SLACK, now + timedelta(days=days))
    authority = (
        _builder("footage-forensics cluster authority", authority_key, valid)
        .issuer_name(_name("footage-forensics cluster authority"))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    node = (
        _builder("footage-forensics cluster node", node_key, valid)
        .issuer_name(authority.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    key = node_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = serialization.Encoding.PEM
    try:
        folder.mkdir(mode=0o700)
        for name, data in ((CA_FILE, authority.public_bytes(pem)), (NODE_FILE, node.public_bytes(pem))):
            (folder / name).write_bytes(data)
        with os.fdopen(os.open(folder / NODE_KEY_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
            handle.write(key)
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror}", hint="name a new folder in one that can be written") from error
    return folder / CA_FILE, folder / NODE_FILE, folder / NODE_KEY_FILE


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: str, key: ec.EllipticCurvePrivateKey, valid: tuple[datetime, datetime]
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
