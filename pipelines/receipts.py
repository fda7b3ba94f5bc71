"""Take in the receipt that a receiver sent back: the other half of a hand-over.

1  the receipt is canonical, and the key that it names signed it
2  the log tells that this case gave out the exhibit that it is for
3  both files are kept under receipts/, and one event, ``transfer``, names the receipt and both keys

The receiver's key is one that the case need not know: it is stated, never trusted. Whose it is, is learnt elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from forensics import acquire, custody
from forensics.errors import ForensicsError, InputError, IntegrityError, StoreError
from forensics.model.custody import CustodyEvent, EventType
from forensics.model.notice import Notice
from forensics.model.receipt import Outcome, Receipt
from forensics.model.store import SIGNATURE_SUFFIX
from pipelines.case import Case, Run
from pipelines.whole_files import write_whole

FOLDER = "receipts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A receipt that came in. ``known``: it had before, and nothing was logged."""

    receipt: Receipt
    sha256: str
    path: Path
    known: bool
    notices: tuple[Notice, ...]


def import_receipt(case: Case, run: Run, file: Path) -> Imported:
    """Take in ``file`` and the signature beside it.

    Raises:
        InputError: one of both cannot be read.
        IntegrityError: the signature does not hold, or the exhibit is none of this case.
        ManifestError: it is no sound receipt.
        StoreError: it cannot be kept.
    """
    data, signature = _read(file), _read(file.with_name(file.name + SIGNATURE_SUFFIX))
    receipt = custody.decode_receipt(data)
    custody.check_receipt_signature(receipt, data, signature)
    sha256 = hashlib.sha256(data).hexdigest()
    path = case.root / FOLDER / f"{sha256}.json"
    with case.writing():
        events = tuple(line.event for line in case.log.events())
        given = custody.exhibit_event(receipt, events)
        _check_sender(case, receipt)
        known = sha256 in custody.transfers(events)
        _keep(path, data, signature)
        if not known:
            case.record(run, EventType.TRANSFER, given.item, custody.transfer_detail(receipt, sha256, given))
    notices = tuple(_notices(case, receipt, given))
    return Imported(receipt=receipt, sha256=sha256, path=path, known=known, notices=notices)


def _keep(path: Path, data: bytes, signature: bytes) -> None:
    try:
        path.parent.mkdir(exist_ok=True)
        write_whole(path.with_name(path.name + SIGNATURE_SUFFIX), signature)
        write_whole(path, data)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}", code="store.write", hint="free space on the disk") from error


def _check_sender(case: Case, receipt: Receipt) -> None:
    sealed_by = receipt.exhibit.sealed_by
    if sealed_by is not None and sealed_by not in case.key_ring().keys:
        raise IntegrityError(
            f"the exhibit that was received is sealed with {sealed_by}, which is no key of this case",
            code="integrity.receipt",
            hint="Somebody else may have sealed it on the way. Ask the receiver for what was received.",
        )


def _notices(case: Case, receipt: Receipt, given: CustodyEvent) -> Iterator[Notice]:
    """What somebody who relies on the receipt must know."""
    if receipt.outcome is not Outcome.WHOLE:
        failed = sum(each.failed for each in receipt.steps)
        yield Notice(code="receipt.refused", message=f"the receiver refuses the exhibit: {failed} checks failed there")
    if receipt.receiver.key in case.key_ring().keys:
        told = "the receipt is signed with a key of this case: it shows no hand-over to anybody else"
        yield Notice(code="receipt.own_key", message=told)
    if custody.moment(receipt.received) + custody.CLOCK_TOLERANCE < custody.moment(given.time):
        told = f"the receipt says {receipt.received}, before the exhibit was made ({given.time})"
        yield Notice(code="receipt.early", message=told)


def files_of(root: Path) -> Iterator[custody.ReceiptFile]:
    """Every file of a case's receipts/ but the signatures of those that are there; nothing that is found raises."""
    folder = root / FOLDER
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    for name in sorted(names):
        if name.removesuffix(SIGNATURE_SUFFIX) not in names - {name}:
            beside = _kept(folder / (name + SIGNATURE_SUFFIX)) if name + SIGNATURE_SUFFIX in names else None
            yield custody.ReceiptFile(name, _kept(folder / name) or b"", beside)


def _read(path: Path) -> bytes:
    try:
        return acquire.read_kept(path, custody.MAX_RECEIPT)
    except ForensicsError as error:
        raise InputError(
            f"{path}: {error.message}", hint="a receipt is a .json file, with its .sig beside it"
        ) from error


def _kept(path: Path) -> bytes | None:
    try:
        return acquire.read_kept(path, custody.MAX_RECEIPT)
    except ForensicsError:
        return None
