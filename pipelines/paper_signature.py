"""A person's signature over a paper: PAdES B-B, appended, so that the paper as it was stands unchanged before it.

It says that the holder of a certificate signed these bytes. It is no time-stamp (the hour in it is what this machine
says) and no part of the chain of custody; the log line that names the signed file is sealed and stamped as any other.

Source: ETSI EN 319 142-1 (PAdES baseline), ISO 32000-1, 12.8; PKCS #12 (RFC 7292).
"""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forensics.errors import InputError, ToolError

if TYPE_CHECKING:
    from pyhanko.sign.signers import SimpleSigner

MAX_CREDENTIALS = 1024 * 1024
"""Bytes of a PKCS #12 file: a key and a chain take some kilobytes."""

FIELD = "Signature1"
RESERVED = 32768
"""Bytes kept for the signature and its chain of certificates."""


def sign_paper(paper: bytes, credentials: SimpleSigner, when: datetime) -> bytes:
    """The paper with a signature appended; its first ``len(paper)`` bytes are the paper."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    class Dated(signers.PdfSigner):  # type: ignore[misc]  # the base class has no types
        def init_signing_session(self, *arguments: Any, **named: Any) -> Any:
            session = super().init_signing_session(*arguments, **named)
            session.system_time = when
            return session

    meta = signers.PdfSignatureMetadata(
        field_name=FIELD, md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
    )
    signed = Dated(meta, credentials).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(paper)), bytes_reserved=RESERVED)
    data = bytes(signed.getvalue())
    assert data.startswith(paper)
    return data


def open_credentials(path: Path, passphrase: bytes | None, when: datetime) -> SimpleSigner:
    """The key and certificate of a PKCS #12 file.

    Raises:
        InputError: not readable, not PKCS #12, another passphrase, or a certificate that is not valid at ``when``
            (``input.credentials``).
        ToolError: pyHanko is not installed (``tool.no_extra``).
    """
    try:
        from pyhanko.sign.signers import SimpleSigner
    except ImportError as error:
        raise ToolError(
            "pyHanko is not installed", code="tool.no_extra", hint="pip install 'footage-forensics[sign]'"
        ) from error
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CREDENTIALS + 1)
    except OSError as error:
        raise _refused(f"{path}: {error.strerror}") from error
    what = f"{path}: no PKCS #12 file with a key and its certificate, or another passphrase"
    try:
        signer = SimpleSigner.load_pkcs12_data(data, other_certs=(), passphrase=passphrase)
    except (ValueError, TypeError) as error:
        raise _refused(what) from error
    if signer is None or signer.signing_cert is None:
        raise _refused(what)
    validity = signer.signing_cert["tbs_certificate"]["validity"]
    first, last = validity["not_before"].native, validity["not_after"].native
    if not first <= when <= last:
        raise _refused(f"{path}: the certificate is valid from {first:%Y-%m-%d} to {last:%Y-%m-%d} only")
    return signer


def holder_of(credentials: SimpleSigner) -> str:
    """Whose certificate it is, as the certificate says."""
    assert credentials.signing_cert is not None
    return str(credentials.signing_cert.subject.human_friendly)


def _refused(what: str) -> InputError:
    return InputError(
        what,
        code="input.credentials",
        hint="Name a .p12 or .pfx file, and its passphrase in a file that FORENSICS_PDF_PASSPHRASE_FILE names.",
    )
