"""A sealed case on disk, without video: three evidences, one seen twice, one finding, two seals, one change of keys."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from forensics import custody
from forensics.custody import make_key, sign
from forensics.model.custody import CaseInfo, Check, CheckStatus, EventType, KeyAct, Namespace
from forensics.model.manifest import Subject
from pipelines.case import Run, create_case, open_case
from pipelines.seal import seal_case
from pipelines.surroundings import Surroundings
from pipelines.verify import NOT_RECOMPUTED, Unsealed, verify_case
from tests.adversarial.test_tamper_matrix import CASE_ID, WHEN, Case, subject

OWN = make_key(bytes(range(32)), None)[1]
COLLEAGUE = make_key(bytes(range(1, 33)), None)[1]
STRANGER = make_key(bytes(range(2, 34)), None)[1]

START = datetime.fromisoformat(WHEN)


class Clock:
    """A clock that goes on by a second whenever it is asked."""

    def __init__(self, start: datetime = START) -> None:
        self.moment = start

    def __call__(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment.astimezone(UTC)


class SealedCase(Case):
    """The case, and the means of its operator."""

    def __init__(self, root: Path, case_id: str = CASE_ID, signer: custody.Signer = OWN) -> None:
        super().__init__(root, case_id)
        self.signer = signer
        surroundings = Surroundings(now=Clock(), environ={})
        self.run = Run(id="urn:uuid:run", operator="op-07", surroundings=surroundings, signer=signer)

    @property
    def third(self) -> str:
        return hashlib.sha256(b"third video").hexdigest()

    def record(self, event: EventType, item: str | None = None, **detail: str | int) -> None:
        time = self.run.surroundings.timestamp()
        self.log.append(event, time=time, run="urn:uuid:run", operator="op-07", item=item, detail=detail)

    def signed(self, namespace: Namespace, document: Path) -> tuple[Subject, ...]:
        path = document.with_name(document.name + ".sig")
        path.write_bytes(sign(self.signer, namespace, document.read_bytes()))
        return (subject(path.parent, path.name),)

    def make(self) -> None:
        info = CaseInfo(id=self.id, title=None, custodian=None, operator="op-07", schema=1, created=WHEN)
        case = create_case(self.root, info, self.run)
        self.record(EventType.INGESTION_START)
        first, second = self.ingest(b"first video"), self.ingest(b"second video")
        self.seal()
        self.again(first)
        self.ingest(b"third video")
        self.record(EventType.INGESTION_END)
        case.change_keys(self.run, [(KeyAct.ADMITTED, COLLEAGUE.key)], OWN)
        self.find(first, second)
        self.seal()

    def seal(self, signer: custody.Signer | None = None) -> custody.Seal:
        return seal_case(open_case(self.root), replace(self.run, signer=signer or self.signer))

    @property
    def checkpoints(self) -> list[Path]:
        return sorted((self.root / "log" / "checkpoints").glob("*.ckpt"))

    def head(self) -> bytes:
        return self.checkpoints[-1].read_bytes()

    def reseal(self, signer: custody.Signer | None = None) -> None:
        """Write every seal anew over the log as it is now, as the holder of a key can."""
        for path in self.checkpoints:
            self._seal_anew(path, signer or self.signer)

    def rewrite(self, change: Callable[[list[dict]], object], stamp: Callable[[Path], None] | None = None) -> None:
        """All that the key's holder can: change events, chain them, and from the first to the last make each seal anew,
        buy a token over it, and let the line after it name all that.
        """
        self.rechain(change)
        for path in self.checkpoints:
            self._seal_anew(path, self.signer)
            if stamp is not None:
                stamp(path)
            self.rechain(lambda events, size=int(path.stem): self._name_anew(events, size))
        open_case(self.root).write_key_files()

    def _seal_anew(self, path: Path, signer: custody.Signer) -> None:
        size = int(path.stem)
        root = custody.merkle.root_of(custody.merkle.leaf_hash(line) for line in self.lines()[:size])
        path.write_bytes(custody.Checkpoint(custody.origin_of(self.id), size, root).text)
        path.with_name(path.name + ".sig").write_bytes(sign(signer, Namespace.CHECKPOINT, path.read_bytes()))

    def _name_anew(self, events: list[dict], size: int) -> None:
        if size < len(events):
            files = custody.checkpoint.seal_files(self.root / "log" / "checkpoints", size)
            events[size]["detail"] = {"size": size, **files}


def checks(case: Case, held: bytes | None = None) -> Iterator[Check]:
    for thing in verify_case(case.root, held):
        if isinstance(thing, Check):
            yield thing


def fired(case: Case, held: bytes | None = None) -> set[int]:
    return {int(check.step) for check in checks(case, held) if check.status is CheckStatus.FAILED}


def skipped(case: Case) -> set[str]:
    told = {"time from outside", NOT_RECOMPUTED}
    return {check.name for check in checks(case) if check.status is CheckStatus.SKIPPED} - told


def unsealed(case: Case) -> int:
    return next(thing.events for thing in verify_case(case.root) if isinstance(thing, Unsealed))


def copy_of(case_root: Path, target: Path) -> SealedCase:
    """A copy that may be written to."""
    shutil.copytree(case_root, target)
    for path in target.rglob("*"):
        if path.is_file():
            path.chmod(0o600)
    return SealedCase(target)
