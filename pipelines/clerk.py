"""The one writer of store and log: what has been prepared becomes evidence, one file at a time.

1  new bytes become an object of the store with manifest version 1; known bytes seen in a new place get a manifest of
   the next version; what a manifest conceals is in private/disclosures/ before it
2  the log line is last: what it names is on disk
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from forensics import acquire, custody
from forensics.model.custody import EventType, Namespace
from forensics.model.evidence import Acquisition
from forensics.model.manifest import Facts, Json, Manifest, Record, Subject
from forensics.model.media import MediaKind
from forensics.model.notice import Notice
from forensics.model.provenance import Appearance, Found, Passed, SourceKind
from forensics.model.store import MANIFEST_NAME, SIGNATURE_NAME
from forensics.model.text import visible
from pipelines.appearances import appearance_record, locator, path_field, without_folders
from pipelines.case import Case, Run, entry
from pipelines.derive import Derived
from pipelines.disclosure_files import name_of
from pipelines.facts import duration_of
from pipelines.keyframe_files import subject_of
from pipelines.prepare import Prepared
from pipelines.sidecars import Sidecar

LINES_AT_ONCE = 1000
"""Refusals in one write to the log: an export can name 20,000 missing files, and each write waits for the disk."""

LIMITS = (
    "Integrity is asserted from the time of ingestion onward only.",
    "No statement is made on who filmed, when, where, or whether what is shown is true.",
    "Names, captions, dates and positions are as found; they can be forged.",
)
"""What no manifest claims; one of a file that states no end claims no more of it."""


_DERIVED_CODES = frozenset({"media", "telemetry", "parser", "exif"})
"""First words of the codes of notices that come of deriving facts from the bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one file: ``status`` is ingested, known or failed."""

    path: str
    status: str
    id: str | None = None
    exhibit: str | None = None
    manifest: str | None = None
    version: int | None = None
    duration_s: float | None = None
    keyframes: int = 0
    notices: tuple[Notice, ...] = ()


class Numbers:
    """Exhibit numbers: one more than there are evidences. They are counted again only when the log has grown by lines
    that were not written here, for counting takes longer the larger the case is.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self._head: str | None = None
        self._given = 0

    def next(self) -> str:
        """The number for a new evidence; hold the case's write lock."""
        if self._case.log.head().sha256 != self._head:
            self._given = sum(1 for _ in self._case.store.ids())
        return f"E-{self._given + 1:04d}"

    def taken(self) -> None:
        """The number that `next` told is in the store and in the log; the lock is still held."""
        self._given += 1
        self._head = self._case.log.head().sha256


def clerk_of(case: Case, run: Run, environment: dict[str, Json]) -> Clerk:
    """The writer of this run."""
    operators = case.disclosures.own_operators()
    return Clerk(case=case, run=run, environment=environment, operators=operators, numbers=Numbers(case))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clerk:
    """Writes what a run takes in. ``operators`` are the disclosures of their names."""

    case: Case
    run: Run
    environment: dict[str, Json]
    operators: tuple[custody.Disclosure, ...]
    numbers: Numbers

    def refuse(self, path: str, notice: Notice) -> Outcome:
        """Log a file that could not be taken."""
        self.case.record(self.run, EventType.INGESTION_REFUSED, None, _refusal(path, notice))
        return Outcome(path=path, status="failed", notices=(notice,))

    def refuse_all(self, passed: Iterable[Passed]) -> None:
        """Log what was met and could not be taken: many lines, few waits for the disk."""
        lines = (_refusal(thing.path, Notice(code=thing.code, message=thing.message)) for thing in passed)
        while some := tuple(islice(lines, LINES_AT_ONCE)):
            entries = [entry(self.run, EventType.INGESTION_REFUSED, None, detail) for detail in some]
            self.case.log.append_many(entries)

    def admit(self, prepared: Prepared) -> Outcome:
        """Put prepared bytes into the store, or a new appearance of known ones into their record."""
        assert prepared.acquisition is not None
        with self.case.writing():
            if self.case.store.contains(prepared.acquisition.digests.sha256):
                return self._known(prepared, prepared.acquisition)
            return self._new(prepared, prepared.acquisition)

    def _new(self, prepared: Prepared, acquisition: Acquisition) -> Outcome:
        derived, folder = prepared.derived, prepared.folder
        assert derived is not None and folder is not None
        evidence = acquisition.digests.sha256
        original = _original(acquisition)
        sidecars = _store_sidecars(folder / "v1" / "content", prepared.sidecars)
        manifest = Manifest(
            id=self.run.surroundings.new_urn(),
            item=f"urn:sha256:{evidence}",
            version=1,
            supersedes=None,
            subjects=(original, *sidecars, *derived.files),
            facts=derived.facts,
            record=Record(
                case={"id": self.case.info.id, "exhibit": self.numbers.next()},
                appearances=(self._appearance(prepared, acquisition),),
                acquisition=_acquisition_record(acquisition, prepared.found),
                environment=self.environment,
                processing={"commands": [_by_name(command) for command in derived.commands]},
                log=self._log_place(),
            ),
            notices=prepared.notices + derived.notices + _unread(prepared.found, derived),
            limits=LIMITS + derived.limits,
        )
        written, *signature = self._write_manifest(folder / "v1" / "content", manifest)
        self.case.store.commit_new(
            evidence,
            folder,
            (*manifest.subjects, written, *signature),
            self.run.surroundings.timestamp(),
            "ingestion",
            self.run.operator,
        )
        self._log(EventType.INGESTION, evidence, manifest, written)
        self.numbers.taken()
        return self._outcome(prepared, manifest, "ingested")

    def _known(self, prepared: Prepared, acquisition: Acquisition) -> Outcome:
        evidence = acquisition.digests.sha256
        former = self.case.signed_manifest(evidence)
        former_bytes = self.case.manifest_bytes(evidence)
        seen = self._appearance(prepared, acquisition)
        assert prepared.folder is not None
        content = prepared.folder / "v1" / "content"
        _empty(content)
        revealed = self.case.manifest(evidence).record.appearances
        if any(locator(each) == locator(seen) for each in revealed):
            return self._outcome(prepared, former, "known")
        fresh = [s for s in prepared.sidecars if subject_of(s.stored_as, s.data).sha256 not in _digests(former)]
        sidecars = _store_sidecars(content, tuple(fresh))
        manifest = replace(
            former,
            id=self.run.surroundings.new_urn(),
            version=former.version + 1,
            supersedes=subject_of("manifest.json", former_bytes).sha256,
            subjects=former.subjects + sidecars,
            record=replace(
                former.record,
                appearances=(*former.record.appearances, seen),
                environment=self.environment,
                log=self._log_place(),
            ),
            notices=tuple(dict.fromkeys(former.notices + prepared.notices)),
        )
        written, *signature = self._write_manifest(content, manifest)
        self.case.store.commit_version(
            evidence,
            content,
            (*sidecars, written, *signature),
            self.run.surroundings.timestamp(),
            "new appearance",
            self.run.operator,
        )
        self._log(EventType.APPEARANCE, evidence, manifest, written)
        return self._outcome(prepared, manifest, "known")

    def deepen(self, evidence: str, derived: Derived, content: Path) -> Manifest:
        """Put facts of all frames, whose files lie in ``content``, in place of those of a triage: the next version.

        What the triage noticed is looked at again in full: of its notices those of acquiring stay.
        """
        with self.case.writing():
            former = self.case.signed_manifest(evidence)
            kept = {subject.name: subject for subject in former.subjects}
            manifest = replace(
                former,
                id=self.run.surroundings.new_urn(),
                version=former.version + 1,
                supersedes=subject_of(MANIFEST_NAME, self.case.manifest_bytes(evidence)).sha256,
                subjects=tuple((kept | {subject.name: subject for subject in derived.files}).values()),
                facts=derived.facts,
                record=replace(
                    former.record,
                    environment=self.environment,
                    processing={"commands": [_by_name(command) for command in derived.commands]},
                    log=self._log_place(),
                ),
                notices=tuple(dict.fromkeys((*(n for n in former.notices if not _of_decoding(n)), *derived.notices))),
            )
            written, *signature = self._write_manifest(content, manifest)
            self.case.store.commit_version(
                evidence,
                content,
                (*derived.files, written, *signature),
                self.run.surroundings.timestamp(),
                "all frames",
                self.run.operator,
                expected=former.version,
            )
            self._log(EventType.APPEARANCE, evidence, manifest, written)
            return manifest

    def _write_manifest(self, content: Path, manifest: Manifest) -> Iterator[Subject]:
        return write_manifest(self.case, self.run, self.operators, content, manifest)

    def _appearance(self, prepared: Prepared, acquisition: Acquisition) -> dict[str, Json]:
        seen = appearance_record(prepared.found.appearance)
        seen["seen"] = self.run.surroundings.timestamp()
        seen["run"] = self.run.id
        seen["mtime_ns"] = str(acquisition.mtime_ns)
        seen["sidecars"] = [
            {**path_field("name", Path(sidecar.found_as).name), "sha256": subject_of("", sidecar.data).sha256}
            for sidecar in prepared.sidecars
        ]
        return seen

    def _log_place(self) -> dict[str, Json]:
        return {"origin": self.case.info.id, "run": self.run.id, "prior_event": self.case.log.head().sha256}

    def _log(self, event: EventType, evidence: str, manifest: Manifest, written: Subject) -> None:
        self.case.record(self.run, event, evidence, {"manifest": written.sha256, "version": manifest.version})

    def _outcome(self, prepared: Prepared, manifest: Manifest, status: str) -> Outcome:
        evidence = manifest.item.removeprefix("urn:sha256:")
        undecodable = manifest.facts.exact.get("kind") == MediaKind.UNDECODABLE and not _is_read(prepared.found)
        return Outcome(
            path=prepared.found.path,
            status="failed" if undecodable else status,
            id=evidence,
            exhibit=str(manifest.record.case["exhibit"]),
            manifest=str(self.case.store.path(evidence, "manifest.json").relative_to(self.case.root)),
            version=manifest.version,
            duration_s=duration_of(manifest.facts),
            keyframes=len(_keyframes(manifest.facts)),
            notices=manifest.notices,
        )


def write_manifest(
    case: Case,
    run: Run,
    operators: Iterable[custody.Disclosure],
    content: Path,
    manifest: Manifest,
    disclosed: Iterable[custody.Disclosure] = (),
) -> Iterator[Subject]:
    """Yield the manifest and its signature, as they are written; what it conceals is on disk before. ``disclosed`` are
    disclosures of what is concealed in it already.
    """
    entropy = run.surroundings.entropy
    record, made = custody.conceal_record(manifest.record, lambda: entropy(custody.SALT_BYTES), known=operators)
    evidence = manifest.item.removeprefix(custody.item_of(""))
    case.disclosures.write(name_of(evidence, manifest.version), (*disclosed, *made))
    data = custody.encode_manifest(replace(manifest, record=record))
    for name, part in ((MANIFEST_NAME, data), (SIGNATURE_NAME, run.sign(Namespace.MANIFEST, data))):
        if part is not None:
            with acquire.writing(content):
                (content / name).write_bytes(part)
            yield subject_of(name, part)


def _of_decoding(notice: Notice) -> bool:
    """Whether deriving tells it, and tells it again."""
    return notice.code.partition(".")[0] in _DERIVED_CODES


def _refusal(path: str, notice: Notice) -> dict[str, str | int]:
    return {
        "name": visible(Path(path).name),
        "code": notice.code,
        "reason": without_folders(visible(notice.message), path),
    }


def _by_name(command: Sequence[str]) -> list[Json]:
    """A command line with the name of its program in place of where that lies; the environment tells both."""
    return [Path(command[0]).name, *command[1:]]


def _original(acquisition: Acquisition) -> Subject:
    digests = acquisition.digests
    return Subject(name="original", sha256=digests.sha256, sha512=digests.sha512, size=digests.size)


def _is_read(found: Found) -> bool:
    """Whether it is an archive whose members were read: that it is no video is no fault of it."""
    return found.appearance.kind is SourceKind.ARCHIVE


def _unread(found: Found, derived: Derived) -> tuple[Notice, ...]:
    """What is to be said of an archive whose members were not looked at."""
    if derived.kind is not MediaKind.UNDECODABLE or derived.notices or _is_read(found):
        return ()
    message = "it is an archive, by its first bytes, and no video; its members were not read"
    return (Notice(code="media.not_media", message=message),)


def _acquisition_record(acquisition: Acquisition, found: Found) -> dict[str, Json]:
    return {
        "method": _method(found.appearance),
        "integrity": {"computed": "while copying", "readback": "match" if acquisition.readback else "not done"},
        "mtime_ns_as_found": str(acquisition.mtime_ns),
        "transformations": [],
    }


def _method(appearance: Appearance) -> str:
    if appearance.member is not None:
        return "member of an archive"
    return "file copy" if appearance.bucket is None else "object of a bucket"


def _store_sidecars(content: Path, sidecars: tuple[Sidecar, ...]) -> tuple[Subject, ...]:
    for sidecar in sidecars:
        path = content / sidecar.stored_as
        with acquire.writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(sidecar.data)
    return tuple(subject_of(sidecar.stored_as, sidecar.data) for sidecar in sidecars)


def _empty(content: Path) -> None:
    """Drop our working copy of bytes that the store has already, and what was derived from it."""
    with acquire.writing(content):
        for path in sorted(content.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()


def _digests(manifest: Manifest) -> frozenset[str]:
    return frozenset(subject.sha256 for subject in manifest.subjects)


def _keyframes(facts: Facts) -> list[Json]:
    found = facts.recipe.get("keyframes", [])
    return found if isinstance(found, list) else []
