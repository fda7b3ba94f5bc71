"""Receipts of a case: what its log says of those that were imported, and whether they are still the same."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from forensics.custody.receipt import check_receipt_signature, decode_receipt
from forensics.errors import ForensicsError, IntegrityError
from forensics.model.custody import Check, CheckStatus, CustodyEvent, EventType
from forensics.model.receipt import Receipt
from forensics.model.text import visible
from forensics.model.verification import Step

SUFFIX = ".json"

_CUT_OFF = re.compile(r"\.[0-9a-f]{64}\.json(\.sig)?\.new\Z|[0-9a-f]{64}\.json\.sig\Z")
"""What an import that was cut off leaves: a file without its name yet, or a signature whose receipt was to follow."""

_HAND_OVERS = frozenset({EventType.DISSEMINATION, EventType.TRANSFER})


class ReceiptFile(NamedTuple):
    """A file of receipts/ by its name, and the signature beside it, or None."""

    name: str
    data: bytes
    signature: bytes | None


def transfers(events: Iterable[CustodyEvent]) -> dict[str, CustodyEvent]:
    """The event by which each receipt came in, by the SHA-256 of the receipt's stored bytes."""
    told: dict[str, CustodyEvent] = {}
    for event in events:
        if event.event is EventType.TRANSFER and "receipt" in event.detail:
            told.setdefault(str(event.detail["receipt"]), event)
    return told


def exhibit_event(receipt: Receipt, events: Iterable[CustodyEvent]) -> CustodyEvent:
    """The event by which this case gave out the exhibit that the receipt is for: known by its tag manifest, whatever
    the receiver calls the folder.

    Raises IntegrityError (``integrity.receipt``) when the log tells of no such exhibit.
    """
    told = receipt.exhibit
    for event in events:
        if event.event is EventType.DISSEMINATION and event.detail.get("tagmanifest") == told.tagmanifest:
            if (event.item, event.case) == (told.item, told.case):
                return event
            found = f"evidence {event.item} of case {event.case}"
            raise _foreign(f"the log has this tag manifest for {visible(found)}, not for what the receipt names")
    raise _foreign(f"no exhibit of this case has the tag manifest {told.tagmanifest}")


def check_receipts(files: Iterable[ReceiptFile], events: Iterable[CustodyEvent]) -> Iterator[Check]:
    """Steps 8 and 10 for the files of receipts/: canonical, logged, of an exhibit of this case, signed as logged."""
    events = tuple(event for event in events if event.event in _HAND_OVERS)
    told = transfers(events)
    present: set[str] = set()
    for file in files:
        sha256 = hashlib.sha256(file.data).hexdigest()
        present.add(sha256)
        yield from _check_file(file, sha256, told, events)
    for sha256 in sorted(told.keys() - present):
        yield _check("logged receipt kept", CheckStatus.FAILED, f"receipts/{sha256}{SUFFIX}", sha256, "no such bytes")


def _check_file(
    file: ReceiptFile, sha256: str, told: Mapping[str, CustodyEvent], events: tuple[CustodyEvent, ...]
) -> Iterator[Check]:
    subject = f"receipts/{visible(file.name)}"
    if _CUT_OFF.match(file.name):
        found = "half of a receipt, as a crash leaves it: import it again"
        yield _check("receipt", CheckStatus.SKIPPED, subject, "a receipt", found)
        return
    try:
        receipt = decode_receipt(file.data)
    except ForensicsError as error:
        yield _check("receipt", CheckStatus.FAILED, subject, "a canonical receipt", error.message)
        return
    event = told.get(sha256)
    if event is None:
        found = "none: it does not stand; import it, or take the file away"
        yield _check("receipt logged", CheckStatus.FAILED, subject, "a log line", found)
        return
    yield _named(subject, sha256, file.name)
    try:
        given = exhibit_event(receipt, (each for each in events if each.seq < event.seq))
        wrong = sorted(
            key for key, value in transfer_detail(receipt, sha256, given).items() if event.detail.get(key) != value
        )
        problem = f"the line that names it says another {', '.join(wrong)}" if wrong else None
        problem = problem or (None if event.item == given.item else "the line that names it is of another evidence")
    except IntegrityError as error:
        problem = error.message
    status = CheckStatus.OK if problem is None else CheckStatus.FAILED
    yield _check("receipt of an exhibit", status, subject, "an exhibit of this case, as logged", problem or sha256)
    yield _signature(subject, receipt, file)


def transfer_detail(receipt: Receipt, sha256: str, given: CustodyEvent) -> dict[str, str | int]:
    """What the log says of a receipt that came in for the exhibit that ``given`` tells of: fingerprints and digests,
    no person's name.
    """
    told = receipt.exhibit
    return {
        "receipt": sha256,
        "tagmanifest": told.tagmanifest,
        "bag": given.detail.get("bag", ""),
        "from": told.sealed_by or "",
        "to": receipt.receiver.key,
        "outcome": str(receipt.outcome),
    }


def _named(subject: str, sha256: str, name: str) -> Check:
    status = CheckStatus.OK if name == sha256 + SUFFIX else CheckStatus.FAILED
    return _check("receipt", status, subject, sha256 + SUFFIX, visible(name))


def _signature(subject: str, receipt: Receipt, file: ReceiptFile) -> Check:
    problem = "none" if file.signature is None else None
    try:
        check_receipt_signature(receipt, file.data, file.signature or b"")
    except IntegrityError as error:
        problem = problem or error.message
    status = CheckStatus.OK if problem is None else CheckStatus.FAILED
    expected, found = f"a signature of {receipt.receiver.key}", problem or receipt.receiver.key
    return _check("receipt signature", status, subject, expected, found, Step.SIGNATURES)


def _check(
    name: str, status: CheckStatus, subject: str, expected: str | None, found: str, step: Step = Step.FINDINGS
) -> Check:
    return Check(step=step, name=name, status=status, subject=subject, expected=expected, found=found)


def _foreign(message: str) -> IntegrityError:
    return IntegrityError(
        f"the receipt is not for an exhibit of this case: {message}",
        code="integrity.receipt",
        hint="Was it given for another case, or for another copy of this one?",
    )
