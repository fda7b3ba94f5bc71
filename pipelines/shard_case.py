"""A shard: a case that was made apart, and is to become part of another. Whether it may, before anything is taken.

1  it is a case of the same identifier
2  every check of `verify` holds
3  it is at rest: no run is unfinished, and a seal covers every line
4  its log tells of nothing that cannot be taken over
5  its log is no fork of this case's log, nor of one that was merged before
6  each manifest is signed by a key that is in force in this case
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from forensics import acquire, custody
from forensics.errors import CaseError, IntegrityError
from forensics.model.custody import Check, CheckStatus, CustodyEvent, EventType, Namespace
from forensics.model.store import DOCUMENT_NAMES, MANIFEST_NAME, SIGNATURE_NAME, ObjectState
from forensics.model.text import visible
from forensics.model.verification import Step
from pipelines import shard_logs
from pipelines.case import Case, open_case
from pipelines.verify import Unsealed, verify_case

TAKEN_OVER = frozenset(
    {
        *(EventType.CASE_CREATED, EventType.KEY_CHANGE, EventType.SEALED, EventType.RECOVERY),
        *(EventType.INGESTION_START, EventType.INGESTION, EventType.INGESTION_REFUSED, EventType.INGESTION_END),
        *(EventType.APPEARANCE, EventType.FIXITY_CHECK, EventType.REPLAY, EventType.MATCHING),
    }
)
"""Events of a shard that need nothing here but its log. Findings (``matching``) are made again in the merged case."""

UNFINISHED = frozenset({Step.LOG, Step.INVENTORIES, Step.LOG_AND_STORE})
"""Steps in which a skipped check is what a crash has left."""

_BLOCK = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of an evidence of a shard: its files, the bytes of its manifest and of the signature over it."""

    state: ObjectState
    manifest: bytes
    signature: bytes
    line: shard_logs.ShardLine

    @property
    def sha256(self) -> str:
        """SHA-256 of the manifest."""
        found = self.state.file(MANIFEST_NAME)
        assert found is not None
        return found.sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A shard that may be merged: the SHA-256 of its log, its events, and where these took each manifest in."""

    case: Case
    sha256: str
    events: tuple[CustodyEvent, ...]
    lines: Mapping[str, shard_logs.ShardLine]

    def evidence(self) -> tuple[str, ...]:
        """Every evidence, in the order in which its log tells of them: that of the exhibit numbers there."""
        return tuple(dict.fromkeys(line.item for line in self.lines.values() if line.item is not None))

    def versions(self, evidence: str, ring: custody.KeyRing, lines: int) -> tuple[Version, ...]:
        """The versions of an evidence, each signed by a key of ``ring`` that is in force after so many ``lines``.

        Raises:
            CaseError: a key is not in force (``case.key``).
            IntegrityError: a manifest is not the one that the log names, or a signature does not hold.
        """
        return tuple(
            self._version(state, documents, ring, lines)
            for state, documents in self.case.store.read_versions(evidence, DOCUMENT_NAMES)
        )

    def _version(self, state: ObjectState, documents: acquire.Documents, ring: custody.KeyRing, lines: int) -> Version:
        data, signature = documents.get(MANIFEST_NAME), documents.get(SIGNATURE_NAME)
        subject = state.file(MANIFEST_NAME)
        line = None if subject is None else self.lines.get(subject.sha256)
        if data is None or signature is None or line is None:
            raise IntegrityError(
                f"{self.case.root}: {state.item} version {state.version} has no signed manifest that its log names",
                code="integrity.shard",
                hint="verify the shard; a case made before there were keys cannot be merged",
            )
        key = custody.verify(signature, Namespace.MANIFEST, data)
        if not ring.in_force(key, lines):
            raise CaseError(
                f"{self.case.root}: its manifests are signed by {key.fingerprint}, which is no key of this case",
                code="case.key",
                hint="compare the fingerprint with the one that made the shard, then let it in: "
                "forensics key admit FILE.pub",
            )
        return Version(state=state, manifest=data, signature=signature, line=line)


def open_shard(root: Path, into: Case) -> Shard:
    """The shard at ``root``, after all of it was verified.

    Raises:
        CaseError: no case there, one that is not at rest (``case.shard_unfinished``) or holds what cannot be taken
            over (``case.shard_events``), a key that is not in force (``case.key``).
        IntegrityError: another case (``integrity.shard_case``), a fork (``integrity.shard_fork``), anything of it
            that does not verify (``integrity.shard``).
    """
    case = open_case(root)
    if case.info.id != into.info.id:
        raise IntegrityError(
            f"{root} is of case {visible(case.info.id)}, not {visible(into.info.id)}",
            code="integrity.shard_case",
            hint="nothing of it was taken; a shard is made with the identifier of the case that it is for",
        )
    _refuse_fork(case, into)
    sha256 = acquire.digest_file(case.log.path).sha256
    checks = tuple(verify_case(root))
    _require_sound(root, [each for each in checks if isinstance(each, Check)])
    events = tuple(line.event for line in case.log.events())
    unsealed = sum(each.events for each in checks if isinstance(each, Unsealed))
    _require_rest(root, [each for each in checks if isinstance(each, Check)], events, unsealed)
    strange = sorted({str(event.event) for event in events if event.event not in TAKEN_OVER})
    if strange:
        raise CaseError(
            f"{root}: its log tells of {', '.join(strange)}, which cannot be taken over",
            code="case.shard_events",
            hint="a shard is for ingest alone; what people judged or handed over there stays a case of its own",
        )
    shard = Shard(case=case, sha256=sha256, events=events, lines=shard_logs.lines_of(events))
    ring, lines = into.key_ring(), into.log.head().lines
    for evidence in case.store.ids():
        shard.versions(evidence, ring, lines)
    return shard


def _require_sound(root: Path, checks: list[Check]) -> None:
    failed = [each for each in checks if each.status is CheckStatus.FAILED]
    if failed:
        first = failed[0]
        raise IntegrityError(
            f"{root}: {len(failed)} checks fail, first step {int(first.step)}, {first.name} of {first.subject}: "
            f"{visible(str(first.found))[:200]}",
            code="integrity.shard",
            hint=f"nothing of it was taken; forensics verify {root} names every problem",
        )


def _require_rest(root: Path, checks: list[Check], events: tuple[CustodyEvent, ...], unsealed: int) -> None:
    left = [each for each in checks if each.status is CheckStatus.SKIPPED and each.step in UNFINISHED]
    left = [each for each in left if each.name != "log time order"]
    if left or unsealed or custody.index_log(events).unfinished_runs:
        what = f"{left[0].name}: {left[0].found}" if left else f"{unsealed} lines are under no seal"
        raise CaseError(
            f"{root} is not at rest: {what}",
            code="case.shard_unfinished",
            hint="run the same ingest there again, or forensics seal; then merge",
        )


def _refuse_fork(case: Case, into: Case) -> None:
    """A log that begins with the line of another must be that log, longer or shorter."""
    first = _first_line(case.log.path)
    if first == _first_line(into.log.path):
        raise _fork(case.root, "this case")
    kept = into.root / shard_logs.FOLDER
    for folder in sorted(kept.iterdir()) if kept.is_dir() else ():
        other = shard_logs.path_of(into.root, folder.name)
        if _first_line(other) == first and not _one_begins_the_other(case.log.path, other):
            raise _fork(case.root, "a shard that was merged before")


def _fork(root: Path, whose: str) -> IntegrityError:
    return IntegrityError(
        f"the log of {root} begins as that of {whose} and goes on otherwise: one of them is a copy that went on apart",
        code="integrity.shard_fork",
        hint="nothing of it was taken; make each shard by itself, with forensics init",
    )


def _first_line(path: Path) -> bytes:
    with path.open("rb") as handle:
        return handle.readline(_BLOCK)


def _one_begins_the_other(one: Path, other: Path) -> bool:
    left = min(one.stat().st_size, other.stat().st_size)
    with one.open("rb") as first, other.open("rb") as second:
        while left > 0:
            size = min(_BLOCK, left)
            if first.read(size) != second.read(size):
                return False
            left -= size
    return True


def refused_there(shard: Shard) -> Iterator[tuple[shard_logs.ShardLine, Mapping[str, str | int]]]:
    """The lines on files that the shard could not take."""
    for event in shard.events:
        if event.event is EventType.INGESTION_REFUSED:
            yield shard_logs.ShardLine(event.seq + 1, event.operator, event.time, None), event.detail


def operators_of(shard: Shard) -> Iterator[tuple[str, tuple[custody.Disclosure, ...]]]:
    """The operators of a shard whose names are at hand: pseudonym, and the one disclosure of its file."""
    for each in shard.case.disclosures.own_operators():
        yield each.pseudonym, (each,)
