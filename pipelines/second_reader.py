"""openssl, the second reader of time-stamps: for answers whose encoding the first, rfc3161-client, refuses to parse.

Authorities send certificates in an order that DER does not allow, and openssl reads them. It is asked twice: for the
token's time, and whether token, nonce, digest and chain hold at that time, by the stated root alone.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256

from forensics import media
from forensics.custody import UNJUDGED, Stamp
from forensics.errors import StampError, ToolError
from forensics.model.text import visible

LEAST_VERSION = (1, 1)
"""Of OpenSSL: the first whose ``ts -verify`` takes ``-attime``. LibreSSL has no such option."""

_VERSION = re.compile(r"OpenSSL (\d+)\.(\d+)(\S*)")
_TIME = re.compile(
    r"^Time stamp: ([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)(\.\d{1,6})?\d* (\d{4}) GMT$", re.MULTILINE
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class SecondReader:
    """Asks the openssl of ``search_path`` (separated as in PATH)."""

    def __init__(self, search_path: str) -> None:
        self._search_path = search_path

    def __call__(self, signature: bytes, request: bytes, answer: bytes, root_pem: bytes) -> Stamp:
        """What the answer proves; the caller has made sure that ``request`` is one over ``signature``.

        Raises StampError: ``stamp.unjudged`` when no openssl that can is there, ``stamp.unreadable`` when it cannot
        read the answer either, ``stamp.unsound`` when something does not hold.
        """
        path, version = self._program()
        with tempfile.TemporaryDirectory(prefix="stamp-") as folder:
            names = {"tsr": answer, "tsq": request, "pem": root_pem}
            files = {name: str(Path(folder).resolve() / name) for name in names}
            for name, data in names.items():
                Path(files[name]).write_bytes(data)
            time = _time_in(_ask(path, "ts", "-reply", "-in", files["tsr"], "-text", reads=(files["tsr"],)))
            words = ("ts", "-verify", "-in", files["tsr"], "-queryfile", files["tsq"], "-CAfile", files["pem"])
            verdict = _ask(path, *words, "-attime", str(int(time.timestamp())), reads=tuple(files.values()))
        if verdict.code != 0 or "Verification: OK" not in verdict.out:
            reason = visible(" ".join(verdict.err.split()))[:300]
            raise StampError(f"the token does not hold for {version}: {reason}", code="stamp.unsound")
        return Stamp(time, _root_sha256(root_pem), version)

    def _program(self) -> tuple[str, str]:
        path = shutil.which("openssl", path=self._search_path)
        if path is None:
            raise _unjudged("is not on this machine")
        path = str(Path(path).absolute())
        banner = _ask(path, "version").out
        found = _VERSION.match(banner)
        if found is None or (int(found[1]), int(found[2])) < LEAST_VERSION:
            raise _unjudged(f"of {'.'.join(map(str, LEAST_VERSION))} or later is needed, not {visible(banner)[:60]}")
        return path, f"openssl {found[1]}.{found[2]}{found[3]}"


def _ask(path: str, *words: str, reads: tuple[str, ...] = ()) -> media.Said:
    try:
        return media.ask(path, *words, reads=reads)
    except ToolError as error:
        raise _unjudged(f"cannot be asked: {error.message}") from error


def _time_in(said: media.Said) -> datetime:
    """The token's own time. A text in the answer that forges such a line gives two of them, and neither counts."""
    found = _TIME.findall(said.out)
    if said.code != 0 or len(found) != 1 or said.out.count("Time stamp:") != 1:
        raise StampError("neither rfc3161-client nor openssl reads a token in the answer", code="stamp.unreadable")
    month, day, hour, minute, second, fraction, year = found[0]
    try:
        whole = datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError as error:
        raise StampError(f"the token's time is no date: {error}", code="stamp.unreadable") from error
    return whole.replace(microsecond=int(fraction[1:].ljust(6, "0")) if fraction else 0)


def _root_sha256(pem: bytes) -> str:
    try:
        return x509.load_pem_x509_certificate(pem).fingerprint(SHA256()).hex()
    except (ValueError, x509.InvalidVersion, UnsupportedAlgorithm) as error:
        raise StampError(f"the root certificate cannot be read: {error}", code="stamp.root") from error


def _unjudged(reason: str) -> StampError:
    return StampError(
        f"rfc3161-client cannot parse the answer, and openssl, the second reader, {reason}",
        code=UNJUDGED,
        hint="Install OpenSSL, then run verify.",
    )
