"""A case: one folder with its store, log, findings and staging area."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

from forensics import acquire, custody
from forensics.errors import CaseError, IntegrityError, ManifestError, StoreError
from forensics.model.custody import CaseInfo, CustodyEvent, EventType, KeyAct, Namespace
from forensics.model.manifest import Manifest
from forensics.model.store import SIGNATURE_SUFFIX
from pipelines.disclosure_files import CASE_NAME, DISCLOSURES, DisclosureFiles
from pipelines.surroundings import Surroundings
from pipelines.whole_files import sync_folder, write_whole

SCHEMA = 1
"""Version of the case layout on disk."""

CASE_FILE = "case.json"
MIN_PREFIX = 6
"""Fewest hex digits that name an evidence: what an investigator still reads aloud."""


KEPT_MANIFESTS = 256
"""Manifests kept decoded: a command reads those of a usual case several times. They take 100 kB each, or so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of the program over a case: who acts, under which identifier, the clock, and the key that signs.

    ``operator`` is as the log has it: a pseudonym, once the run is `Case.enrolled`. Without a signer what the run
    writes is not signed: only runs that admit nothing may go without.
    """

    id: str
    operator: str
    surroundings: Surroundings
    signer: custody.Signer | None = None

    def sign(self, namespace: Namespace, data: bytes) -> bytes | None:
        """The signature over a document's stored bytes, for the file beside it; None without a signer."""
        return None if self.signer is None else custody.sign(self.signer, namespace, data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An open case. Every write to its log goes through `record`.

    ``numbered`` is where an exhibit number is looked up before the manifests are searched for it; what it gives is
    checked.
    """

    root: Path
    info: CaseInfo
    numbered: Callable[[str], tuple[str, ...]] | None = None

    def __reduce__(self) -> tuple[Callable[[], Case], tuple[()]]:
        """What goes to a worker, which looks up no numbers and must not have the address of a database."""
        return partial(Case, root=self.root, info=self.info), ()

    @property
    def store(self) -> acquire.Store:
        """The OCFL store of the kept bytes."""
        return acquire.Store(self.root / "store")

    @property
    def log(self) -> custody.Log:
        """The hash-chained custody log."""
        return custody.Log(self.root / "log" / "custody.jsonl", self.info.id)

    @property
    def disclosures(self) -> DisclosureFiles:
        """The values that the signed documents hold only as digests."""
        return DisclosureFiles(folder=self.root / DISCLOSURES)

    @property
    def findings(self) -> Path:
        """Where match findings are written."""
        return self.root / "findings"

    @property
    def reports(self) -> Path:
        """Rendered reports: may be deleted."""
        return self.root / "reports"

    @property
    def staging(self) -> Path:
        """Half-done work, on the store's file system."""
        return self.root / "staging"

    @property
    def quarantine(self) -> Path:
        """What an interrupted run left behind."""
        return self.root / "quarantine"

    def record(
        self, run: Run, event: EventType, item: str | None, detail: Mapping[str, str | int] | None = None
    ) -> CustodyEvent:
        """Append one event to the custody log."""
        return self.log.append_many([entry(run, event, item, detail or {})])[0]

    def enrolled(self, run: Run, name: str) -> Run:
        """The run with a pseudonym for the operator of this name, whose disclosure is on disk. Raises StoreError."""
        with self.writing():
            told = self.disclosures.enrol(name, run.surroundings.entropy)
        return replace(run, operator=told.pseudonym)

    def known_operator(self) -> dict[str, object]:
        """The operator of case.json as a setting, unless the name is not at hand."""
        return {} if self.info.operator == custody.SHOWN else {"operator": self.info.operator}

    @property
    def keys(self) -> Path:
        """Public keys and revocations, for ssh-keygen."""
        return self.root / "keys"

    def key_ring(self) -> custody.KeyRing:
        """Which keys may sign, as the log tells. Raises IntegrityError, StoreError."""
        return custody.ring_of(custody.key_events(self.log.path), self.info.id)

    def adopt_key(self, run: Run) -> bool:
        """Make the run's key the first of a case that has none, and log it; whether that was so."""
        signer = run.signer
        if signer is None:
            return False
        with self.writing():
            if self.key_ring().keys:
                return False
            self._log_key_changes(run, [(KeyAct.FIRST, signer.key)], signer)
        self.write_key_files()
        return True

    def change_keys(
        self, run: Run, changes: Sequence[tuple[KeyAct, custody.PublicKey]], signer: custody.Signer
    ) -> None:
        """Log changes of keys, each signed by ``signer``, and bring the files in keys/ up to them.

        Raises IntegrityError (``integrity.key``) for a change that would not hold; nothing is written then.
        """
        with self.writing():
            self._log_key_changes(run, changes, signer)
        self.write_key_files()

    def _log_key_changes(
        self, run: Run, changes: Sequence[tuple[KeyAct, custody.PublicKey]], signer: custody.Signer
    ) -> None:
        details = [custody.key_change(self.info.id, act, key, signer) for act, key in changes]
        details[0]["protection"] = signer.protection
        ring = self.key_ring()
        for detail in details:
            ring.require(detail, lines=self.log.head().lines, time=run.surroundings.timestamp())
        self.log.append_many([entry(run, EventType.KEY_CHANGE, None, detail) for detail in details])

    def write_key_files(self) -> None:
        """Write keys/allowed_signers and keys/revoked_keys as the log has them."""
        ring = self.key_ring()
        with acquire.writing(self.keys):
            self.keys.mkdir(exist_ok=True)
        for name, data in custody.key_files(ring).items():
            write_whole(self.keys / name, data)

    def manifest_bytes(self, evidence: str) -> bytes:
        """The stored bytes of the newest manifest of an evidence."""
        return self.store.path(evidence, "manifest.json").read_bytes()

    def manifest(self, evidence: str) -> Manifest:
        """The newest manifest of an evidence, with every concealed value whose disclosure is at hand.

        Raises:
            ManifestError: the stored bytes are not a canonical manifest, or a disclosure is none.

        """
        signed = self.signed_manifest(evidence)
        at_hand = self.disclosures.of_evidence(evidence, signed.version)
        return replace(signed, record=custody.reveal_record(signed.record, at_hand))

    def signed_manifest(self, evidence: str) -> Manifest:
        """The newest manifest as it was signed, with digests in place of what is concealed. Raises ManifestError."""
        return _manifest_of(self.manifest_bytes(evidence))

    def exhibit_of(self, evidence: str) -> str | None:
        """The exhibit number of an evidence; None when the case does not hold it. Raises ManifestError."""
        if not self.store.contains(evidence):
            return None
        return str(self.signed_manifest(evidence).record.case.get("exhibit"))

    def resolve(self, name: str, *, or_file: bool = False) -> str:
        """The evidence that a SHA-256, an unambiguous prefix of it, or an exhibit number means. ``or_file``: a file
        could have been named too, and there is none of that name.

        Raises:
            CaseError: none or several.

        """
        text = name.strip().lower().removeprefix("urn:sha256:")
        if len(text) >= MIN_PREFIX and set(text) <= set("0123456789abcdef"):
            found = [evidence for evidence in self.store.ids() if evidence.startswith(text)]
        else:
            found = self._bearing(text.upper())
        if len(found) == 1:
            return found[0]
        reason = "no evidence" if not found else f"{len(found)} evidences"
        reason = f"no such file, and {reason}" if or_file else reason
        raise CaseError(
            f"{name}: {reason} of this case by that name",
            hint=f"give the SHA-256, {MIN_PREFIX} or more of its first digits, or the exhibit number (see the report)",
        )

    def _bearing(self, exhibit: str) -> list[str]:
        """The evidences that bear this exhibit number."""
        likely = () if self.numbered is None else self.numbered(exhibit)
        found = [evidence for evidence in likely if self._has_number(evidence, exhibit)]
        return found or [evidence for evidence in self.store.ids() if self._has_number(evidence, exhibit)]

    def _has_number(self, evidence: str, exhibit: str) -> bool:
        """Whether an evidence bears this exhibit number. Most manifests are ruled out by their bytes: decoding them all
        takes seconds in a large case.
        """
        written = custody.canonical.encode({"exhibit": exhibit})[1:-1]
        return written in self.manifest_bytes(evidence) and self.manifest(evidence).record.case["exhibit"] == exhibit

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the case's write lock: one commit at a time, however many runs there are."""
        with _locked(self.root / ".lock"):
            yield

    @contextmanager
    def working_area(self, run: Run) -> Iterator[Path]:
        """A folder in staging for this run, locked while the run lives, so that others can tell it from wreckage."""
        folder = self.area_of(run.id)
        with acquire.writing(folder):
            folder.mkdir(parents=True)
        with _locked(folder / ".lock"):
            yield folder
            with acquire.writing(folder):
                (folder / ".lock").unlink()
                _discard(folder)

    def area_of(self, run_id: str) -> Path:
        """Where a run works, whether it lives or not."""
        return self.staging / run_id.removeprefix("urn:uuid:")


@lru_cache(KEPT_MANIFESTS)
def _manifest_of(data: bytes) -> Manifest:
    """The manifest whose stored bytes these are: equal bytes are the same manifest."""
    return custody.decode_manifest(data)


def entry(run: Run, event: EventType, item: str | None, detail: Mapping[str, str | int]) -> custody.Entry:
    """What a line of the log will say of one act of this run."""
    return custody.Entry(
        event=event,
        time=run.surroundings.timestamp(),
        run=run.id,
        operator=run.operator,
        item=item,
        detail=dict(detail),
    )


def create_case(root: Path, info: CaseInfo, run: Run) -> Case:
    """Make a case folder: case.json last, so that a half-made folder is no case.

    Raises:
        CaseError: there is a case already.
        StoreError: the folder cannot be written.

    """
    if (root / CASE_FILE).exists():
        raise CaseError(f"{root} is a case already", hint="ingest into it, or name another folder")
    try:
        _make_folders(root)
        case = Case(root=root, info=info)
        run = case.enrolled(run, info.operator)
        data = _concealed(case, run)
        if not (root / "store" / "0=ocfl_1.1").exists():
            case.store.create()
        case.record(run, EventType.CASE_CREATED, None, {"case": info.id, "case_file": hashlib.sha256(data).hexdigest()})
        case.adopt_key(run)
        write_whole(root / CASE_FILE, data)
    except OSError as error:
        if acquire.is_full(error):
            raise acquire.disk_full(error.strerror or str(error)) from error
        raise StoreError(f"{root}: {error.strerror}", hint="name a folder that can be written") from error
    return case


def _make_folders(root: Path) -> None:
    """The case folder, its parents too, on disk before anything in them is said to be. Raises OSError."""
    absent = [folder for folder in (root, *root.parents) if not folder.exists()]
    for name in ("keys", "log/checkpoints", "findings", "reports", "index", "staging", "quarantine"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for folder in absent:
        sync_folder(folder.parent)


def _concealed(case: Case, run: Run) -> bytes:
    """The bytes of case.json; what it conceals is on disk before it."""
    entropy = run.surroundings.entropy
    data, made = custody.encode_case(case.info, lambda: entropy(custody.SALT_BYTES), case.disclosures.operators())
    if made:
        case.disclosures.write(CASE_NAME, made)
    return data


def open_case(root: Path) -> Case:
    """Open the case in this folder.

    Raises:
        CaseError: no case, or one that this version cannot read.
        IntegrityError: case.json was changed.
        ManifestError: a file of disclosures is none.

    """
    try:
        data = (root / CASE_FILE).read_bytes()
    except OSError as error:
        raise CaseError(
            f"{root} is no case ({error.strerror})", hint="make one with: forensics init FOLDER --case-id ID"
        ) from error
    private = DisclosureFiles(folder=root / DISCLOSURES)
    at_hand = (*private.read(CASE_NAME), *private.operators())
    try:
        info = custody.decode_case(data, at_hand)
    except ManifestError as error:
        raise IntegrityError(
            f"{root / CASE_FILE}: {error.message}", hint="the case file was changed; restore it from a copy"
        ) from error
    if info.schema != SCHEMA:
        raise CaseError(
            f"{root} is of schema {info.schema}, this program reads {SCHEMA}", hint="use the version that made it"
        )
    return Case(root=root, info=info)


def find_case(given: Path | None, environ: Mapping[str, str], here: Path) -> Path:
    """The case folder: as given, or FORENSICS_CASE, or the nearest parent folder that holds case.json.

    Raises:
        CaseError: none of these.

    """
    if given is not None:
        return given
    if environ.get("FORENSICS_CASE"):
        return Path(environ["FORENSICS_CASE"])
    for folder in (here, *here.parents):
        if (folder / CASE_FILE).is_file():
            return folder
    raise CaseError("no case given and none found from here upwards", hint="name it with -c FOLDER or FORENSICS_CASE")


def case_config(root: Path) -> dict[str, object]:
    """The case's own settings (config.toml beside case.json), if any."""
    from pipelines.config import read_config

    return read_config(root / "config.toml")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if acquire.is_full(error):
            raise acquire.disk_full(error.strerror or str(error)) from error
        raise StoreError(f"{path}: {error.strerror}", hint="the case folder must be writable") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _discard(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()


def write_signed(run: Run, namespace: Namespace, path: Path, data: bytes) -> None:
    """Write a document and its signature, that first: a document that is there is a signed one."""
    signature = run.sign(namespace, data)
    if signature is not None:
        write_whole(path.with_name(path.name + SIGNATURE_SUFFIX), signature)
    write_whole(path, data)
