"""Compare locked copies with what the log says of them, and fetch originals back.

check:
    each copy that the log tells of in this place against what the server tells now, or gives (deep); and each head of
    the log that lies there against the log
fetch:
    an original, as logged, hashed while it is written: another one leaves no file
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from forensics import custody
from forensics.errors import CaseError, IntegrityError
from forensics.model.copy import Copy
from forensics.model.custody import Check, CheckStatus
from forensics.model.verification import Step
from pipelines.bucket import Bucket
from pipelines.case import Case
from pipelines.extent import in_order
from pipelines.vault_files import AT_ONCE, heads_key, irreplaceable, logged_copies


def check(case: Case, evidence: Sequence[str], bucket: Bucket, *, deep: bool, now: str) -> Iterator[Check]:
    """Every copy of these evidences in this place, every file of theirs without one, every head; every problem.

    ``now`` is RFC 3339 UTC: locks run out.

    Raises:
        StoreError: the server cannot be asked.
        IntegrityError: the log does not hold, or an object of the store cannot be read.
    """
    logged = logged_copies(case, bucket.place)
    asked: list[Copy] = []
    for item in evidence:
        for file in irreplaceable(case, item):
            copy = logged.pop((item, file.subject.sha256), None)
            if copy is None:
                yield custody.no_copy(item, file.subject.name, file.version)
            else:
                asked.append(copy)
    # What is logged, and the store has no longer: verify says that it is gone here, and this whether it is there.
    wanted = frozenset(evidence)
    asked += [copy for copy in logged.values() if copy.item in wanted]
    for checks in in_order(_Asking(bucket=bucket, deep=deep, now=now), asked, AT_ONCE):
        yield from checks
    yield from _check_heads(case, bucket)


def fetch(case: Case, item: str, bucket: Bucket, target: Path) -> Copy:
    """Bring the original of an evidence to the new file ``target``, read-only.

    Raises:
        CaseError: the log tells of no copy in this place.
        IntegrityError: what comes is not what was copied; no file is left.
        StoreError: the server cannot be asked, or the file not written.
    """
    copy = logged_copies(case, bucket.place).get((item, item))
    if copy is None:
        raise CaseError(
            f"no copy of {item} in {bucket.place.url} is logged", hint="name the place that it was put into"
        )
    bucket.stage(copy.key, copy.version_id, target, sha256=copy.sha256, size=copy.size)
    return copy


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """All checks of one copy; several threads call it."""

    bucket: Bucket
    deep: bool
    now: str

    def __call__(self, copy: Copy) -> tuple[Check, ...]:
        told = self.bucket.tell(copy.key, copy.version_id)
        checks = tuple(custody.check_copy(copy, told, self.bucket.lying(copy.key), self.now))
        if not self.deep or told is None:
            return checks
        problem = None
        try:
            self.bucket.compare(copy.key, copy.version_id, sha256=copy.sha256, size=copy.size)
        except IntegrityError as error:
            problem = error.message
        return (*checks, custody.check_copy_bytes(copy, problem))


def _check_heads(case: Case, bucket: Bucket) -> Iterator[Check]:
    """Step 14 for each head of this log that lies in the place: the log still begins with it."""
    events = tuple(line.event for line in case.log.events())
    sealed = custody.read_sealed_log(case.log.path, case.info.id, events)
    # Every version, not the current one alone: a head that somebody hid or wrote over still tells.
    for each in bucket.listed(heads_key(case, bucket.place)):
        if each.key.endswith(custody.CHECKPOINT_SUFFIX) and not each.deleted:
            yield _check_head(sealed, bucket, each.key, each.version_id)


def _check_head(sealed: custody.SealedLog, bucket: Bucket, key: str, version_id: str) -> Check:
    try:
        head = custody.decode_checkpoint(bucket.small(key, version_id, custody.MAX_CHECKPOINT))
    except IntegrityError as error:
        step, status = Step.HELD_HEAD, CheckStatus.FAILED
        return Check(step=step, name="held head", status=status, subject=key, expected="a head", found=error.message)
    return custody.check_held_head(sealed, head)
