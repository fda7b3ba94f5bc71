"""Verify a case in numbered steps; every problem is reported, not the first.

The steps and their numbers are those of `forensics.custody.VERIFY_STEPS`; this job only brings the bytes to them.

    1    the case file
    2    the log against itself
    3,4  each object of the store: inventory, then every byte
    5-7  each manifest against its object and the log; the log against the store
    8    the findings
    9    what no seal covers, counted aloud
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from forensics import acquire, custody
from forensics.errors import CaseError, ForensicsError
from forensics.model.custody import CaseInfo, Check, CheckStatus, CustodyEvent, EventType
from forensics.model.store import MANIFEST_NAME, ObjectState
from forensics.model.verification import Step
from pipelines.case import CASE_FILE, find_case
from pipelines.surroundings import Surroundings

MAX_DOCUMENT_BYTES = 64 * 2**20
"""A case file or finding above this is no such document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsealed:
    """How many events of the log no seal covers."""

    events: int


def verify_target(target: Path | None, case_dir: Path | None) -> Iterator[Check | Unsealed]:
    """Verify ``target`` (a case folder, or one manifest file), or else the case that is in force.

    Raises:
        CaseError: there is no case.
        ManifestError: the target is a file and no canonical manifest.
    """
    if target is not None and target.is_file():
        yield from verify_manifest_file(target)
        return
    root = target or find_case(case_dir, Surroundings().environ, Path.cwd())
    if not (root / CASE_FILE).exists() and not (root / "store").exists():
        raise CaseError(f"{root} is no case", hint="name a case folder or a manifest file")
    yield from verify_case(root)


def verify_case(root: Path) -> Iterator[Check | Unsealed]:
    """Steps 1 to 9 over a whole case. Problems of a step never stop the next one."""
    case_file = _read(root / CASE_FILE)
    yield from custody.check_case(case_file)
    case_id = _case_id(case_file)
    log_path = root / "log" / "custody.jsonl"
    yield from custody.check_log(log_path, case_id)
    events = tuple(custody.sound_events(log_path, case_id))
    log = custody.index_log(events)
    yield from _check_case_digest(case_file, events)
    store = acquire.Store(root / "store")
    yield from store.check_root()
    held: dict[str, int] = {}
    manifests: dict[str, str] = {}
    for evidence in store.ids():
        yield from store.check(evidence, full=True)
        try:
            states = store.states(evidence)
        except ForensicsError as error:
            yield _unreadable(evidence, error)
            continue
        held[evidence] = len(states)
        documents = [_manifest_of(store, state) for state in states]
        manifests.update({hashlib.sha256(data).hexdigest(): evidence for data in documents if data is not None})
        yield from custody.check_evidence(documents, states, log)
    yield from custody.check_log_items(log, held)
    yield from custody.check_findings(_findings(root / "findings"), log, manifests)
    yield from custody.check_validations(_findings(root / "validation"), log)
    yield from custody.check_seals(log)
    yield Unsealed(events=custody.count_unsealed(log))


def checks_of(root: Path) -> tuple[Check, ...]:
    """Every check of a whole case."""
    return tuple(thing for thing in verify_case(root) if isinstance(thing, Check))


def verify_manifest_file(path: Path) -> Iterator[Check | Unsealed]:
    """Check one manifest file by itself, and the files that lie beside it under its subjects' names.

    Raises:
        ManifestError: the bytes are no canonical manifest, or its facts do not have the digests beside them.
    """
    manifest = custody.decode_manifest(path.read_bytes())
    yield Check(step=Step.MANIFESTS, name="manifest", status=CheckStatus.OK, subject=str(path), found=manifest.item)
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


def _manifest_of(store: acquire.Store, state: ObjectState) -> bytes | None:
    try:
        return store.read(state.item, MANIFEST_NAME, state.version)
    except ForensicsError:
        return None


def _findings(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        yield path.name, _read(path) or b""


def _case_id(data: bytes | None) -> str:
    """The case's identifier for the later steps; empty when step 1 has failed."""
    try:
        return msgspec.json.decode(data or b"", type=CaseInfo).id
    except (msgspec.MsgspecError, UnicodeDecodeError):
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
