"""forensics report --exhibit --sign: a PAdES signature with a certificate that openssl made, read by poppler."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("typst", reason="the extra [report] is not installed")
pytest.importorskip("pyhanko", reason="the extra [sign] is not installed")

from tests.adversarial.exhibits import writable

pytestmark = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("pdfsig", "pdfdetach", "openssl")),
    reason="poppler-utils or openssl is absent",
)

Run = Callable[..., Any]
PASSPHRASE = "correct horse"


def certificate(folder: Path, *, ended: bool = False) -> Path:
    """A PKCS #12 file with a key and a certificate that signed itself."""
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    files = ["-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-subj", "/CN=A. Examiner/O=Example Law LLP"]
    subprocess.run([*made, *files, "-days", "30"], check=True, capture_output=True)
    if ended:
        request = ["openssl", "x509", "-x509toreq", "-in", folder / "cert.pem", "-signkey", folder / "key.pem"]
        asked = subprocess.run(request, check=True, capture_output=True).stdout
        signed = ["openssl", "x509", "-req", "-signkey", folder / "key.pem", "-days", "-1", "-out", folder / "cert.pem"]
        subprocess.run(signed, input=asked, check=True, capture_output=True)
    out = ["-inkey", folder / "key.pem", "-in", folder / "cert.pem", "-out", folder / "me.p12"]
    words = ["openssl", "pkcs12", "-export", *out, "-passout", f"pass:{PASSPHRASE}"]
    subprocess.run(words, check=True, capture_output=True)
    (folder / "passphrase").write_text(f"{PASSPHRASE}\n")
    return folder / "me.p12"


@pytest.fixture(scope="module")
def case(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return writable(ingested, tmp_path_factory.mktemp("signed") / "case")


@pytest.fixture
def sign(forensics: Run, case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    def call(credentials: Path) -> Any:
        monkeypatch.setattr("tests.integration.conftest.environment", with_passphrase(tmp_path / "passphrase"))
        return forensics(
            "report", "--exhibit", "E-0001", "-c", case, "-o", tmp_path / "signed.pdf", "--sign", credentials, "--json"
        )

    return call


def with_passphrase(file: Path) -> Callable[[], dict[str, str]]:
    from tests.integration.conftest import environment

    before = environment()
    return lambda: {**before, "FORENSICS_PDF_PASSPHRASE_FILE": str(file)}


def seen_by_poppler(path: Path) -> str:
    return subprocess.run(["pdfsig", "-nocert", path], capture_output=True, check=False).stdout.decode()


def test_a_signed_paper_is_the_paper_with_a_signature_after_it(
    forensics: Run, case: Path, sign: Run, tmp_path: Path
) -> None:
    plain = forensics("report", "--exhibit", "E-0001", "-c", case, "-o", tmp_path / "plain.pdf", "--json")
    done = sign(certificate(tmp_path))
    assert done.code == 0, done.err
    told, data = done.of("paper")[0], (tmp_path / "signed.pdf").read_bytes()
    assert data.startswith((tmp_path / "plain.pdf").read_bytes())
    assert told["unsigned"] == plain.of("paper")[0]["sha256"]
    assert told["sha256"] == hashlib.sha256(data).hexdigest()
    assert "A. Examiner" in told["signed_by"]
    assert told["sha256"] in (case / "log/custody.jsonl").read_text()
    said = seen_by_poppler(tmp_path / "signed.pdf")
    assert "Signature is Valid" in said
    assert "ETSI.CAdES.detached" in said
    assert "Total document signed" in said


def test_a_changed_byte_breaks_the_signature(sign: Run, tmp_path: Path) -> None:
    assert sign(certificate(tmp_path)).code == 0
    data = bytearray((tmp_path / "signed.pdf").read_bytes())
    data[len(data) // 3] ^= 1
    (tmp_path / "changed.pdf").write_bytes(data)
    assert "Signature is Valid" not in seen_by_poppler(tmp_path / "changed.pdf")


def test_the_manifest_in_a_signed_paper_is_still_the_one_of_the_store(case: Path, sign: Run, tmp_path: Path) -> None:
    done = sign(certificate(tmp_path))
    evidence = done.of("paper")[0]["id"]
    words = ["pdfdetach", "-savefile", "manifest.json", "-o", tmp_path / "manifest.json", tmp_path / "signed.pdf"]
    subprocess.run(words, check=True, capture_output=True)
    stored = case / "store" / evidence[:2] / evidence / "v1/content/manifest.json"
    assert (tmp_path / "manifest.json").read_bytes() == stored.read_bytes()


def test_another_passphrase_or_no_certificate_file_is_refused(sign: Run, tmp_path: Path) -> None:
    credentials = certificate(tmp_path)
    (tmp_path / "passphrase").write_text("battery staple\n")
    done = sign(credentials)
    assert (done.code, "[input.credentials]" in done.err) == (2, True)
    (tmp_path / "text.p12").write_text("no certificate")
    done = sign(tmp_path / "text.p12")
    assert (done.code, "[input.credentials]" in done.err) == (2, True)
    assert not (tmp_path / "signed.pdf").exists()


def test_a_certificate_that_has_expired_is_refused(sign: Run, tmp_path: Path) -> None:
    done = sign(certificate(tmp_path, ended=True))
    assert done.code == 2
    assert "the certificate is valid from" in done.err
