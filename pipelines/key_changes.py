"""Change which keys may sign for a case; each change is a line of the log, signed by a key in force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from forensics import custody
from forensics.errors import CaseError, InputError, IntegrityError
from forensics.model.custody import KeyAct
from pipelines import keys
from pipelines.case import Case, Run
from pipelines.config import Settings
from pipelines.recovery import recover

NEXT = ".next"
"""Added to the key's name while it is being changed: a rotation that was cut off goes on with this one."""

MAX_PUBLIC = 16384
"""Bytes of a file with a public key."""


def admit(case: Case, run: Run, file: Path) -> custody.PublicKey:
    """Let another operator's key in, from the public half in ``file``.

    Raises:
        InputError: it holds no public key.
        IntegrityError: the case knew the key already.
    """
    try:
        with file.open("rb") as handle:
            key = custody.read_public(handle.read(MAX_PUBLIC).decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: no public key can be read: {error}", code="input.key") from error
    except IntegrityError as error:
        raise InputError(f"{file}: {error.message}", hint=error.hint, code="input.key") from error
    case.change_keys(run, [(KeyAct.ADMITTED, key)], _signer(run))
    return key


class Revoked(NamedTuple):
    """The key, and one sentence for each thing that was put right first or stays open."""

    key: custody.PublicKey
    said: tuple[str, ...]


def revoke(case: Case, run: Run, fingerprint: str) -> Revoked:
    """Say that a key is no longer to be trusted from here on. The run's own key cannot be: rotate it first.

    What dead runs left is put right and logged before that: so the log itself shows that it lay in the store before
    the revocation. Of what is found only later, nothing would show it.

    Raises:
        InputError: no such key, several, or the one that signs.
        IntegrityError: it is revoked already.
    """
    wanted = fingerprint.removeprefix("SHA256:")
    known = [
        each.key
        for each in case.key_ring().keys.values()
        if each.key.fingerprint.removeprefix("SHA256:").startswith(wanted)
    ]
    if len(known) != 1:
        raise InputError(f"{len(known)} keys of this case have a fingerprint that begins so", code="input.key")
    if known[0] == _signer(run).key:
        raise InputError(
            "this is the key that you sign with",
            code="input.key",
            hint="run forensics key rotate first, then revoke it",
        )
    said = recover(case, run)
    if custody.index_log(line.event for line in case.log.events()).unfinished_runs:
        said += ("a run on this case goes on: what it signs with this key from here on does not hold",)
    case.change_keys(run, [(KeyAct.REVOKED, known[0])], _signer(run))
    return Revoked(known[0], said)


def rotate(case: Case, run: Run, settings: Settings, ask: keys.Ask) -> custody.Signer:
    """Put the operator's key away in this case in favour of a new one, which takes its place on disk.

    In another case of the same operator the new key is there already; then the former one, kept beside it, signs that
    the case goes over to it. The same call goes on with a rotation that was cut off.

    Raises:
        CaseError: no key of this operator is in force, or a run is not finished.
        InputError: a key cannot be used or written.
    """
    if custody.index_log(line.event for line in case.log.events()).unfinished_runs:
        raise CaseError("a run on this case is not finished", hint="let it end, or ingest once: that puts it away")
    path = keys.key_path(settings)
    ring = case.key_ring()
    in_force = {known.key for known in ring.current()}
    signer = _signer(run)
    if signer.key in in_force:
        return _replace(case, run, path, signer, ask)
    upcoming = path.with_name(path.name + NEXT)
    if upcoming.exists():
        fresh = _open(upcoming, settings, run, ask)
        if fresh is not None and fresh.key in in_force:
            _move(path, signer.key)
            return fresh
    for former in _former(path):
        if keys.public_half(former) in in_force:
            old = _open(former, settings, run, ask)
            assert old is not None
            case.change_keys(run, [(KeyAct.ADMITTED, signer.key), (KeyAct.RETIRED, old.key)], old)
            return signer
    raise CaseError("no key of yours is in force in this case", code="case.key", hint="ask for: forensics key admit")


def _replace(case: Case, run: Run, path: Path, signer: custody.Signer, ask: keys.Ask) -> custody.Signer:
    if signer.protection == "agent":
        raise InputError(
            "a key that an agent holds is not replaced by this program",
            code="input.key",
            hint="make another key, let it in with forensics key admit, set it as yours, then revoke this one",
        )
    upcoming = path.with_name(path.name + NEXT)
    fresh = _open(upcoming, Settings(), run, ask) if upcoming.exists() else None
    if fresh is None:
        fresh = keys.make_key(upcoming, run.surroundings, ask).signer
    case.change_keys(run, [(KeyAct.ADMITTED, fresh.key), (KeyAct.RETIRED, signer.key)], signer)
    _move(path, signer.key)
    return fresh


def _move(path: Path, former: custody.PublicKey) -> None:
    """Give the new key its place, and keep the former one beside it under the start of its fingerprint."""
    kept = "".join(letter for letter in former.fingerprint.removeprefix("SHA256:") if letter.isalnum())[:12]
    upcoming = path.with_name(path.name + NEXT)
    try:
        for half in ("", ".pub"):
            current = path.with_name(path.name + half)
            if current.exists():
                current.rename(path.with_name(f"{path.name}.was-{kept}{half}"))
            upcoming.with_name(upcoming.name + half).rename(current)
    except OSError as error:
        raise InputError(
            f"the new key cannot be put in its place: {error.strerror}",
            code="input.key",
            hint=f"The case goes by it already: move {upcoming} to {path} by hand.",
        ) from error


def _former(path: Path) -> Iterator[Path]:
    for found in sorted(path.parent.glob(f"{path.name}.was-*")):
        if found.suffix != ".pub":
            yield found


def _open(path: Path, settings: Settings, run: Run, ask: keys.Ask) -> custody.Signer | None:
    return keys.open_key(replace(settings, key=str(path)), run.surroundings, ask)


def _signer(run: Run) -> custody.Signer:
    if run.signer is None:
        raise CaseError("there is no operator's key", hint="make one with: forensics key init")
    return run.signer
