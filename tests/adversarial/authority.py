"""A time-stamp authority on this machine: ``openssl ts`` behind a loopback server, honest or not."""

from __future__ import annotations

import hashlib
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONFIG = """
[tsa]
dir = {folder}
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    """What it has on disk. ``trick`` changes a request before it is answered, or the answer."""

    folder: Path
    trick: str = ""
    port: int = 0
    asked: int = 0

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/tsr"

    def config(self) -> str:
        """The table of a user's configuration."""
        return f'[[timestamp]]\nname = "local"\nurl = "{self.url}"\nroot = "{self.root}"\n'

    def answer(self, request: bytes) -> bytes:
        """The token, by the real openssl."""
        (self.folder / "query").write_bytes(request)
        words = ["openssl", "ts", "-reply", "-config", self.folder / "tsa.cnf", "-section", "tsa"]
        words += ["-queryfile", self.folder / "query", "-out", self.folder / "reply"]
        subprocess.run(words, check=True, capture_output=True)
        return (self.folder / "reply").read_bytes()


def make(folder: Path, *, begins: timedelta = timedelta(days=-1), ends: timedelta = timedelta(days=30)) -> Authority:
    """An authority whose certificate is valid from ``begins`` to ``ends``, from now."""
    folder.mkdir(parents=True)
    now = datetime.now(UTC)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test root")])
    root = (
        _builder(root_name, root_name, root_key, now + min(begins, timedelta(days=-2)), now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(root_key, SHA256())
    )
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
    certificate = (
        _builder(name, root_name, key, now + begins, now + ends)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(root_key, SHA256())
    )
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (folder / "tsa.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "tsa.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    return Authority(folder)


def unsort(authority: Authority) -> Authority:
    """Let it put two more certificates into its tokens, in an order that DER does not allow."""
    other = make(authority.folder / "other")
    chain = authority.folder / "chain.pem"
    chain.write_bytes(authority.root.read_bytes() + other.root.read_bytes())
    path = authority.folder / "tsa.cnf"
    path.write_text(path.read_text().replace(f"certs = {authority.folder}/tsa.pem", f"certs = {chain}"))
    return authority


def _builder(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )


@contextmanager
def open_for_business(authority: Authority) -> Iterator[Authority]:
    """Serve on loopback while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            authority.asked += 1
            request = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            if authority.trick == "silence":
                self.close_connection = True
                return
            if authority.trick in {"error", "redirect"}:
                self.send_response(503 if authority.trick == "error" else 307)
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                return
            answer = tricked(authority, request)
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    authority.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()


def tricked(authority: Authority, request: bytes) -> bytes:
    digest, nonce = request[24:56], request[58:66]
    match authority.trick:
        case "wrong hash":
            return authority.answer(request.replace(digest, hashlib.sha256(b"another").digest()))
        case "wrong nonce":
            return authority.answer(request.replace(nonce, bytes([nonce[0], *nonce[:0:-1]])))
        case "refusal":
            return authority.answer(
                request.replace(bytes.fromhex("608648016503040201"), bytes.fromhex("608648016503040203"))
            )
        case "web page":
            return b"<html>503</html>"
        case "too long":
            return b"0" * (2**18 + 1)
        case "changed byte":
            answer = bytearray(authority.answer(request))
            answer[-20] ^= 1
            return bytes(answer)
    return authority.answer(request)
