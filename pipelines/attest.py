"""A named person states that another program gave the same digest of an evidence; it is compared and logged.

The digest is the one that the person brings: typed in, or in the output of the other program. This job never takes the
expected one from anywhere near it: a line of `sha256sum` ends with a path, and a path of the store holds the digest.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path, PurePath

from forensics import acquire, custody
from forensics.errors import ForensicsError, InputError, IntegrityError
from forensics.model.custody import EventType, Namespace
from forensics.model.store import MANIFEST_NAME, SIGNATURE_NAME
from pipelines.case import Case, Run
from pipelines.named_checks import DIFFERS, EQUAL, NOT_STATED, NamedCheck, checks_of
from pipelines.persons import as_recorded, pseudonym

MAX_OUTPUT = 64 * 2**10
"""Bytes of another program's output on one file: a few hundred; hashdeep's header is below one thousand."""

ALGORITHMS = {64: "sha256", 128: "sha512"}
"""Algorithm by the hex digits of its digest: those that the manifest holds."""

OWN_NAMES = frozenset({"forensics", "footage-forensics", "footage_forensics", "pipelines"})
"""Names of this program: it is no second program."""

_HEX = r"([0-9a-fA-F]{128}|[0-9a-fA-F]{64})"
_LINES = (
    re.compile(rf"\\?{_HEX}(?:\s.*)?\Z"),  # sha256sum, shasum: digest first; certutil: the digest alone
    re.compile(rf"SHA(?:2-)?(?:256|512) ?\(.*\) ?= {_HEX}\Z"),  # BSD, sha256sum --tag, openssl dgst
    re.compile(rf"SHA(?:256|512)\s+{_HEX}(?:\s.*)?\Z"),  # PowerShell's Get-FileHash
)
_SPACED = re.compile(r"[0-9a-fA-F]{2}(?: [0-9a-fA-F]{2}){31}(?:(?: [0-9a-fA-F]{2}){32})?\Z")
"""certutil before Windows 10: bytes apart."""

_HASHDEEP = re.compile(r"%{4} size,([a-z0-9,]+),filename\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What the person says: who, which program and version, on which day (None: today), and the digest it printed.

    ``output_sha256`` is the digest of the program's output where that was given as a file.
    """

    person: str
    program: str
    version: str | None
    day: str | None
    digest: str
    output_sha256: str | None


def digest_typed(text: str) -> str:
    """The digest that a person typed or pasted. Raises InputError for what is no whole SHA-256 or SHA-512."""
    digits = "".join(text.split()).lower()
    if len(digits) not in ALGORITHMS or set(digits) - set("0123456789abcdef"):
        raise InputError(
            f"{text!r:.80} is no SHA-256 or SHA-512",
            hint="paste all 64 or 128 hex digits as the other program printed them",
        )
    return digits


def digest_printed(path: Path) -> tuple[str, str]:
    """The one digest in the output of another program, and the SHA-256 of that output.

    Raises:
        InputError: the file cannot be read, or holds no digest, or several.
    """
    try:
        data = acquire.read_kept(path, MAX_OUTPUT)
    except ForensicsError as error:
        raise InputError(
            f"{path}: {error.message}", hint=f"the output on one file, up to {MAX_OUTPUT} bytes"
        ) from error
    found = {digest.lower() for digest in _digests(_text(data))}
    if len(found) != 1:
        reason = "no SHA-256 or SHA-512" if not found else f"{len(found)} digests"
        raise InputError(
            f"{path}: {reason} in it in a form that is known",
            hint="give the output on this one file, or type the digest in with --digest",
        )
    return found.pop(), hashlib.sha256(data).hexdigest()


def _text(data: bytes) -> str:
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))  # what PowerShell writes
    return data.decode("utf-16" if utf16 else "utf-8-sig", "replace")


def _digests(text: str) -> Iterator[str]:
    columns: list[str] = []
    for line in (line.strip() for line in text.splitlines()):
        header = _HASHDEEP.match(line)
        if header:
            columns = header[1].split(",")
        elif columns and not line.startswith(("%", "#")):
            fields = line.split(",")[1 : 1 + len(columns)]
            yield from (each for each, name in zip(fields, columns, strict=False) if name == "sha256" and _whole(each))
        elif _SPACED.match(line):
            yield line.replace(" ", "")
        else:
            yield from (found[1] for form in _LINES if (found := form.match(line)))


def _whole(text: str) -> bool:
    return re.fullmatch(_HEX, text) is not None


def attest(case: Case, run: Run, evidence: str, said: Statement) -> NamedCheck:
    """Compare the digest with the manifest's and log the check, whatever came of it.

    Raises:
        InputError: a text without the needed form, this program named as the other one, or a day that cannot be.
        CaseError: the run has no key.
    """
    assert run.signer is not None
    original = next(subject for subject in case.manifest(evidence).subjects if subject.name == "original")
    algorithm = ALGORITHMS[len(said.digest)]
    expected = original.sha256 if algorithm == "sha256" else original.sha512
    ingestion_key = _ingestion_key(case, evidence)
    with case.writing():
        person = pseudonym(case, run, said.person, "--by")
    detail: dict[str, str | int] = {
        "by": person,
        "program": _program(said.program),
        "program_version": NOT_STATED if said.version is None else as_recorded(said.version, "--program-version"),
        "date": _day(case, run, evidence, said.day),
        "algorithm": algorithm,
        "digest": said.digest,
        "result": EQUAL if said.digest == expected else DIFFERS,
        "key": run.signer.key.fingerprint,
    }
    if ingestion_key is not None:
        detail["ingestion_key"] = ingestion_key
    if said.output_sha256 is not None:
        detail["output"] = said.output_sha256
    event = case.record(run, EventType.FIXITY_CHECK, evidence, detail)
    return next(check for check in checks_of(case, evidence) if check.seq == event.seq)


def commands_for(case: Case, evidence: str) -> Iterator[tuple[str, str]]:
    """Program and command line by which somebody else gets the digest of the kept file."""
    path = case.store.path(evidence, "original")
    plain = shlex.quote(str(path))
    yield "sha256sum", f"sha256sum -- {plain}"
    yield "shasum", f"shasum -a 256 -- {plain}"
    yield "openssl", f"openssl dgst -sha256 {plain}"
    yield "hashdeep", f"hashdeep -c sha256 {plain}"
    yield "certutil", f'certutil -hashfile "{str(path).replace("/", chr(92))}" SHA256'


def _program(name: str) -> str:
    text = as_recorded(name, "--program")
    first = PurePath(text.replace("\\", "/").split()[0]).name.lower().removesuffix(".exe").removesuffix(".py")
    if first in OWN_NAMES or "footage-forensics" in text.lower() or "-m pipelines" in text:
        raise InputError(
            f"{text} is this program", hint="a second program, by other people: sha256sum, certutil, hashdeep"
        )
    return text


def _day(case: Case, run: Run, evidence: str, stated: str | None) -> str:
    """The day of the check, between the ingestion and now; a day of grace for time zones."""
    today = date.fromisoformat(run.surroundings.timestamp()[:10])
    if stated is None:
        return today.isoformat()
    try:
        day = date.fromisoformat(stated)
    except ValueError as error:
        raise InputError(f"--date {stated!r:.40} is no day", hint="as 2026-11-22") from error
    ingested = next(
        (line.event.time for line in case.log.events() if line.event.item == evidence), run.surroundings.timestamp()
    )
    grace = timedelta(days=1)
    if not date.fromisoformat(ingested[:10]) - grace <= day <= today + grace:
        raise InputError(f"--date {day}: not between the ingestion ({ingested[:10]}) and today ({today})")
    return day.isoformat()


def _ingestion_key(case: Case, evidence: str) -> str | None:
    """The fingerprint of the key that signed the first manifest; None when none did, or its signature does not hold."""
    names = {file.name for file in case.store.states(evidence)[0].files}
    if SIGNATURE_NAME not in names:
        return None
    data, signature = (case.store.read(evidence, name, 1) for name in (MANIFEST_NAME, SIGNATURE_NAME))
    try:
        return custody.verify(signature, Namespace.MANIFEST, data).fingerprint
    except IntegrityError:
        return None
