"""Verify a case in numbered steps; every problem is reported, not the first.

The steps and their numbers are those of `forensics.custody.VERIFY_STEPS`; this job only brings the bytes to them.

    1    the case file
    2    the log against itself
    3,4  each object of the store: inventory, then every byte
    5-7  each manifest against its object and the log; the log against the store
    8    the findings
    9    each seal against the log; what no seal covers, counted aloud
    10   each signature: of seals, manifests, findings, validation records
    11   which keys signed, and whether they might
    12   with a head that somebody else kept: whether the log still begins with it
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from forensics import acquire, custody
from forensics.errors import CaseError, ForensicsError, InputError, IntegrityError, ManifestError
from forensics.model.custody import Check, CheckStatus, CustodyEvent, EventType, Namespace
from forensics.model.store import MANIFEST_NAME, SIGNATURE_NAME, SIGNATURE_SUFFIX, ObjectState
from forensics.model.text import visible
from forensics.model.verification import Step
from pipelines.case import CASE_FILE, find_case
from pipelines.disclosures import Examined
from pipelines.surroundings import Surroundings

MAX_DOCUMENT_BYTES = 64 * 2**20
"""A case file or finding above this is no such document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsealed:
    """How many events of the log no seal covers, and how many no time-stamp."""

    events: int
    unstamped: int


def verify_target(
    target: Path | None, case_dir: Path | None, against: Path | None = None
) -> Iterator[Check | Unsealed]:
    """Verify ``target`` (a case folder, or one manifest file), or else the case that is in force.

    ``against`` is a file that holds a head of the log as it was given away earlier.

    Raises:
        CaseError: there is no case.
        InputError: the head cannot be read, or the target is a file and has no log to hold against it.
        IntegrityError: the file holds no head of this case's log (``integrity.head``).
        ManifestError: the target is a file and no canonical manifest.
    """
    if target is not None and target.is_file():
        if against is not None:
            raise InputError("a manifest alone has no log to hold against a head", hint="name the case")
        yield from verify_manifest_file(target)
        return
    root = target or find_case(case_dir, Surroundings().environ, Path.cwd())
    if not (root / CASE_FILE).exists() and not (root / "store").exists():
        raise CaseError(f"{root} is no case", hint="name a case folder or a manifest file")
    yield from verify_case(root, None if against is None else _head(against))


def verify_case(root: Path, held: bytes | None = None) -> Iterator[Check | Unsealed]:
    """All steps over a whole case; ``held`` is a text with a head of its log. Problems of a step never stop the next.

    Raises:
        IntegrityError: ``held`` has no head of this case's log.
    """
    case_file = _read(root / CASE_FILE)
    yield from custody.check_case(case_file)
    case_id = _case_id(case_file)
    log_path = root / "log" / "custody.jsonl"
    yield from custody.check_log(log_path, case_id)
    events = tuple(custody.sound_events(log_path, case_id))
    log = custody.index_log(events)
    sealed = custody.read_sealed_log(log_path, case_id, events)
    yield from _check_case_digest(case_file, events)
    private = Examined.of_case(root)
    store = acquire.Store(root / "store")
    yield from store.check_root()
    versions: dict[str, int] = {}
    manifests: dict[str, str] = {}
    for evidence in store.ids():
        yield from store.check(evidence, full=True)
        try:
            states = store.states(evidence)
        except ForensicsError as error:
            yield _unreadable(evidence, error)
            continue
        versions[evidence] = len(states)
        documents = [_stored(store, state, MANIFEST_NAME) for state in states]
        manifests.update({hashlib.sha256(data).hexdigest(): evidence for data in documents if data is not None})
        yield from custody.check_evidence(documents, states, log, private.at_hand(evidence))
        for data, state in zip(documents, states, strict=True):
            yield from _check_manifest_signature(sealed, log, store, state, data)
    yield from private.check_rest(case_file, events, versions)
    yield from custody.check_log_items(log, versions)
    findings, validations = _documents(root / "findings"), _documents(root / "validation")
    yield from custody.check_findings([(each.name, each.data) for each in findings], log, manifests)
    yield from custody.check_validations([(each.name, each.data) for each in validations], log)
    for namespace, documents_ in ((Namespace.FINDING, findings), (Namespace.VALIDATION, validations)):
        yield from _check_signatures(sealed, log, namespace, documents_)
    checks, judged = custody.judge(sealed)
    yield from checks
    yield from custody.check_keys(sealed, _key_files(root / "keys"))
    checks, stamped = custody.check_stamps(sealed, judged)
    yield from checks
    yield from custody.check_brackets(sealed, stamped)
    if held is not None:
        yield custody.check_held_head(sealed, custody.find_head(held, custody.origin_of(case_id)))
    yield Unsealed(events=judged.unsealed, unstamped=len(sealed.leaves) - max((s.size for s in stamped), default=0))


def checks_of(root: Path) -> tuple[Check, ...]:
    """Every check of a whole case."""
    return tuple(thing for thing in verify_case(root) if isinstance(thing, Check))


def verify_manifest_file(path: Path) -> Iterator[Check | Unsealed]:
    """Check one manifest file by itself, and the files that lie beside it under its subjects' names.

    Raises:
        ManifestError: the bytes are no canonical manifest, or its facts do not have the digests beside them.
    """
    data = path.read_bytes()
    manifest = custody.decode_manifest(data)
    yield Check(step=Step.MANIFESTS, name="manifest", status=CheckStatus.OK, subject=str(path), found=manifest.item)
    yield _signature_beside(path, data)
    for subject in manifest.subjects:
        file = path.parent / subject.name
        if not file.is_file():
            status, found = CheckStatus.SKIPPED, "not beside the manifest"
        else:
            found = acquire.digest_file(file).sha256
            status = CheckStatus.OK if found == subject.sha256 else CheckStatus.FAILED
        yield Check(
            step=Step.SUBJECTS,
            name="subject",
            status=status,
            subject=subject.name,
            expected=subject.sha256,
            found=found,
        )


def _signature_beside(path: Path, data: bytes) -> Check:
    """Step 10 for a manifest by itself: that the signature holds; whether the key may sign, only the log tells."""
    signature = _read(path.with_name(path.name + SIGNATURE_SUFFIX))
    status, found = CheckStatus.SKIPPED, "none beside it"
    if signature is not None:
        try:
            key = custody.verify(signature, Namespace.MANIFEST, data)
            status, found = CheckStatus.OK, f"{key.fingerprint}; whether this key may, the case's log tells"
        except IntegrityError as error:
            status, found = CheckStatus.FAILED, error.message
    name = "manifest signature"
    return Check(step=Step.SIGNATURES, name=name, status=status, subject=str(path), expected="a signature", found=found)


def _check_case_digest(data: bytes | None, events: Sequence[CustodyEvent]) -> Iterator[Check]:
    """Step 1 again, with the log at hand: case.json is the one that was logged when the case was made."""
    created = next((event for event in reversed(events) if event.event is EventType.CASE_CREATED), None)
    if data is None or created is None:
        return
    found = hashlib.sha256(data).hexdigest()
    expected = str(created.detail.get("case_file"))
    status = CheckStatus.OK if found == expected else CheckStatus.FAILED
    name = "case file as created"
    yield Check(step=Step.CASE, name=name, status=status, subject=CASE_FILE, expected=expected, found=found)


def _stored(store: acquire.Store, state: ObjectState, name: str) -> bytes | None:
    try:
        return store.read(state.item, name, state.version)
    except ForensicsError:
        return None


class _Document(NamedTuple):
    """A file of findings/ or validation/, and the signature beside it. ``name`` is that of the file."""

    name: str
    data: bytes
    signature: bytes | None


def _documents(folder: Path) -> tuple[_Document, ...]:
    """Every file of a folder but the signatures of those that are there."""
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    signatures = {name for name in names if name.removesuffix(SIGNATURE_SUFFIX) in set(names) - {name}}
    return tuple(
        _Document(name, _read(folder / name) or b"", _read(folder / (name + SIGNATURE_SUFFIX)))
        for name in names
        if name not in signatures
    )


def _check_signatures(
    sealed: custody.SealedLog, log: custody.LogIndex, namespace: Namespace, documents: Sequence[_Document]
) -> Iterator[Check]:
    folder = "findings" if namespace is Namespace.FINDING else "validation"
    for each in documents:
        line = log.told_at.get(hashlib.sha256(each.data).hexdigest())
        subject = f"{folder}/{visible(each.name)}"
        yield from custody.check_document(sealed, namespace, subject, each.data, each.signature, line)


def _check_manifest_signature(
    sealed: custody.SealedLog, log: custody.LogIndex, store: acquire.Store, state: ObjectState, data: bytes | None
) -> Iterator[Check]:
    if data is None:
        return
    signature = _stored(store, state, SIGNATURE_NAME) if state.file(SIGNATURE_NAME) is not None else None
    subject = f"{state.item}/v{state.version}"
    line = log.told_at.get(hashlib.sha256(data).hexdigest())
    yield from custody.check_document(sealed, Namespace.MANIFEST, subject, data, signature, line)


def _key_files(folder: Path) -> dict[str, bytes | None]:
    return {path.name: _read(path) for path in folder.iterdir()} if folder.is_dir() else {}


def _head(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror}", hint="--against takes a file with the head's three lines"
        ) from error


def _case_id(data: bytes | None) -> str:
    """The case's identifier for the later steps; empty when step 1 has failed."""
    try:
        return custody.decode_case(data or b"").id
    except ManifestError:
        return ""


def _unreadable(evidence: str, error: ForensicsError) -> Check:
    return Check(
        step=Step.INVENTORIES,
        name="inventory",
        status=CheckStatus.FAILED,
        subject=evidence,
        expected="an inventory that can be read",
        found=error.message,
    )


def _read(path: Path) -> bytes | None:
    try:
        return acquire.read_kept(path, MAX_DOCUMENT_BYTES)
    except ForensicsError:
        return None
