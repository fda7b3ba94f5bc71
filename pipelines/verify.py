"""Verify a case in numbered steps; every problem is reported, not the first.

The steps and their numbers are those of `forensics.custody.VERIFY_STEPS`; this job only brings the bytes to them.

    1    the case file
    2    the log against itself
    3,4  each object of the store: inventory, then every byte of it, or of those that `Extent` chooses
    5-7  each manifest against its object and the log; the log against the store
    8    the findings and the receipts
    9    each seal against the log; what no seal covers, counted aloud
    10   each signature: of seals, manifests, findings, validation records, receipts
    11   which keys signed, and whether they might
    12   with a head that somebody else kept: whether the log still begins with it
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

from forensics import acquire, custody, exhibit
from forensics.errors import CaseError, ForensicsError, InputError, IntegrityError, ManifestError
from forensics.model.custody import Check, CheckStatus, CustodyEvent, EventType, Namespace
from forensics.model.store import (
    DOCUMENT_NAMES,
    MANIFEST_NAME,
    SIGNATURE_NAME,
    SIGNATURE_SUFFIX,
    ObjectState,
    Reading,
)
from forensics.model.text import visible
from forensics.model.verification import Step
from pipelines import shard_logs
from pipelines.case import CASE_FILE, find_case
from pipelines.disclosures import Examined
from pipelines.exhibit_checks import Shown, check_exhibit
from pipelines.extent import Extent, in_order
from pipelines.receipts import files_of
from pipelines.second_reader import SecondReader
from pipelines.surroundings import Surroundings, cpu_count

NOT_READ = "evidence not read"
NOT_RECOMPUTED = "SHA-512 of the content"
"""Names of the checks that only say what the caller did not ask for."""

WHOLE = Extent()
"""Every stored file, for its SHA-256."""

MAX_DOCUMENT_BYTES = 64 * 2**20
"""A case file or finding above this is no such document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsealed:
    """How many events of the log no seal covers, and how many no time-stamp. Of an exhibit, where only the lines that
    it shows count, ``exhibit`` is True and ``key`` the fingerprint of the key that signed it, when that holds.
    """

    events: int
    unstamped: int
    exhibit: bool = False
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRead:
    """Of how many evidences the stored bytes were read, and of how many not."""

    read: int
    unread: int


Told: TypeAlias = Check | Unsealed | ContentRead


def verify_target(
    target: Path | None, case_dir: Path | None, against: Path | None = None, extent: Extent = WHOLE
) -> Iterator[Told]:
    """Verify ``target`` (a case folder, an exhibit, or one manifest file), or else the case that is in force.

    ``against`` is a file that holds a head of the log as it was given away earlier; ``extent`` how much is read.

    Raises:
        CaseError: there is no case.
        InputError: the head cannot be read, or the target is a file and has no log to hold against it.
        IntegrityError: the file holds no head of this case's log (``integrity.head``); an exhibit cannot be read.
        ManifestError: the target is a file and no canonical manifest.
    """
    if target is not None and not (target / CASE_FILE).exists() and exhibit.looks_like_exhibit(target):
        if extent.sample is not None:
            raise InputError("of an exhibit all is read, with both digests", hint="leave --sample out")
        for thing in check_exhibit(target, None if against is None else _head(against)):
            yield thing if isinstance(thing, Check) else _of_exhibit(thing)
        return
    if target is not None and target.is_file():
        if against is not None:
            raise InputError("a manifest alone has no log to hold against a head", hint="name the case")
        if extent != WHOLE:
            raise InputError("of a manifest alone all is read, with both digests", hint="name the case")
        yield from verify_manifest_file(target)
        return
    root = target or find_case(case_dir, Surroundings().environ, Path.cwd())
    if not (root / CASE_FILE).exists() and not (root / "store").exists():
        raise CaseError(f"{root} is no case", hint="name a case folder, an exhibit or a manifest file")
    yield from verify_case(root, None if against is None else _head(against), extent)


def _of_exhibit(shown: Shown) -> Unsealed:
    return Unsealed(events=0, unstamped=shown.unstamped, exhibit=True, key=shown.key)


def verify_case(root: Path, held: bytes | None = None, extent: Extent = WHOLE) -> Iterator[Told]:
    """All steps over a whole case; ``held`` is a text with a head of its log. Problems of a step never stop the next.

    Raises:
        IntegrityError: ``held`` has no head of this case's log.
    """
    case_file = _read(root / CASE_FILE)
    yield from custody.check_case(case_file)
    case_id = _case_id(case_file)
    log_path = root / "log" / "custody.jsonl"
    events = yield from custody.check_log(log_path, case_id)
    log = shard_logs.with_promises(custody.index_log(events), root, case_id)
    sealed = custody.read_sealed_log(log_path, case_id, events)
    yield from _check_case_digest(case_file, events)
    private = Examined.of_case(root)
    versions, manifests = yield from _check_store(acquire.Store(root / "store"), extent, log, sealed, private)
    yield from private.check_rest(case_file, events, versions)
    yield from custody.check_log_items(log, versions)
    yield from custody.check_copy_lines(events, versions)
    findings, validations = _documents(root / "findings"), _documents(root / "validation")
    yield from custody.check_findings([(each.name, each.data) for each in findings], log, manifests)
    yield from custody.check_validations([(each.name, each.data) for each in validations], log)
    for namespace, documents_ in ((Namespace.FINDING, findings), (Namespace.VALIDATION, validations)):
        yield from _check_signatures(sealed, log, namespace, documents_)
    yield from custody.check_receipts(files_of(root), events)
    yield from _check_kept(acquire.Store(root / "store"), events, sealed)
    checks, judged = custody.judge(sealed)
    yield from checks
    yield from custody.check_keys(sealed, _key_files(root / "keys"))
    second = SecondReader(Surroundings().search_path())
    yield from shard_logs.check(root, case_id, events, second)
    checks, stamped = custody.check_stamps(sealed, judged, second)
    yield from checks
    yield from custody.check_brackets(sealed, stamped)
    if held is not None:
        yield custody.check_held_head(sealed, custody.find_head(held, custody.origin_of(case_id)))
    yield Unsealed(events=judged.unsealed, unstamped=len(sealed.leaves) - max((s.size for s in stamped), default=0))


def checks_of(root: Path) -> tuple[Check, ...]:
    """Every check of a whole case."""
    return tuple(thing for thing in verify_case(root) if isinstance(thing, Check))


class _Stored(NamedTuple):
    """What reading one object gave: its checks, and its versions with their documents."""

    evidence: str
    checks: tuple[Check, ...]
    versions: tuple[tuple[ObjectState, acquire.Documents], ...]


def _check_store(
    store: acquire.Store, extent: Extent, log: custody.LogIndex, sealed: custody.SealedLog, private: Examined
) -> Generator[Told, None, tuple[dict[str, int], dict[str, str]]]:
    """Steps 3 to 7, and 10 for the manifests. Gives the versions of each evidence, and which manifest is whose."""
    yield from store.check_root()
    ids = tuple(store.ids())
    chosen = extent.chosen(ids)
    versions: dict[str, int] = {}
    manifests: dict[str, str] = {}

    def read(evidence: str) -> _Stored:
        return _read_object(store, evidence, extent.reading(chosen=evidence in chosen))

    for found in in_order(read, ids, cpu_count()):
        yield from found.checks
        if not found.versions:
            continue
        versions[found.evidence] = len(found.versions)
        states = [state for state, _ in found.versions]
        documents = [files.get(MANIFEST_NAME) for _, files in found.versions]
        manifests.update({hashlib.sha256(data).hexdigest(): found.evidence for data in documents if data is not None})
        yield from custody.check_evidence(documents, states, log, private.at_hand(found.evidence))
        for state, files in found.versions:
            yield from _check_manifest_signature(sealed, log, state, files)
    yield from _not_done(extent, len(ids) - len(chosen))
    yield ContentRead(read=len(chosen), unread=len(ids) - len(chosen))
    return versions, manifests


def _read_object(store: acquire.Store, evidence: str, reading: Reading) -> _Stored:
    """The part of `_check_store` that waits for the disk and the processor; several run at a time."""
    # `_not_done` says in one line for all of them what is not read.
    checks = tuple(check for check in store.check(evidence, reading) if check.name != acquire.UNREAD)
    try:
        return _Stored(evidence, checks, store.read_versions(evidence, DOCUMENT_NAMES))
    except ForensicsError as error:
        return _Stored(evidence, (*checks, _unreadable(evidence, error)), ())


def _not_done(extent: Extent, unread: int) -> Iterator[Check]:
    """What of step 4 the caller did not ask for, in one line each."""
    step, status = Step.CONTENT, CheckStatus.SKIPPED
    if unread:
        found = (
            f"{unread} evidences not read; those that were are the sample of {extent.sample} by the seed {extent.seed}"
        )
        yield Check(step=step, name=NOT_READ, status=status, subject="store", expected="every file read", found=found)
    if not extent.all_digests:
        expected, found = "SHA-256 and SHA-512", "SHA-256; SHA-512 was not computed again (--all-digests does)"
        yield Check(step=step, name=NOT_RECOMPUTED, status=status, subject="store", expected=expected, found=found)


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


def _check_kept(store: acquire.Store, events: Sequence[CustodyEvent], sealed: custody.SealedLog) -> Iterator[Check]:
    """Steps 7 and 10 for the manifests of merged shards that are kept as files."""
    for event in events:
        sha256 = event.detail.get("kept")
        if event.event is not EventType.MERGING or event.item is None or not isinstance(sha256, str):
            continue
        name = shard_logs.kept_name(sha256)
        subject = f"{event.item}/{visible(name)}"
        try:
            data, signature = store.read(event.item, name), store.read(event.item, name + SIGNATURE_SUFFIX)
        except ForensicsError as error:
            data, signature, found = b"", None, error.message
        else:
            found = hashlib.sha256(data).hexdigest()
        status = CheckStatus.OK if found == sha256 else CheckStatus.FAILED
        kept = "shard manifest kept"
        yield Check(step=Step.LOG_AND_STORE, name=kept, status=status, subject=subject, expected=sha256, found=found)
        if status is CheckStatus.OK:
            yield from custody.check_document(sealed, Namespace.MANIFEST, subject, data, signature, event.seq)


def _check_manifest_signature(
    sealed: custody.SealedLog, log: custody.LogIndex, state: ObjectState, files: acquire.Documents
) -> Iterator[Check]:
    data = files.get(MANIFEST_NAME)
    if data is None:
        return
    signature = files.get(SIGNATURE_NAME)
    subject, digest = f"{state.item}/v{state.version}", hashlib.sha256(data).hexdigest()
    line, late = log.told_at.get(digest), digest in log.late
    yield from custody.check_document(sealed, Namespace.MANIFEST, subject, data, signature, line, late=late)


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
