"""Receive an exhibit: check it, and say so in a receipt that the receiver signs.

1  every check of the exhibit
2  an exhibit that is not whole gets no receipt; a refusal, which lists the problems, only when that is asked for
3  the receipt is signed with the receiver's own key and written beside its signature; no case is needed

The receipt says what one person checked, with which program and when by which clock. It makes nothing true.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from forensics import __version__, custody
from forensics.errors import InputError, IntegrityError, StoreError
from forensics.model.custody import Check, CheckStatus, ReceiverNamespace
from forensics.model.receipt import (
    MAX_NAME,
    MAX_NOTED,
    MAX_TEXT,
    Exhibit,
    Noted,
    Outcome,
    Receipt,
    Receiver,
    StepCount,
)
from forensics.model.store import SIGNATURE_SUFFIX
from forensics.model.text import visible
from pipelines.environment import DISTRIBUTION
from pipelines.received import Examined, examine
from pipelines.surroundings import Surroundings
from pipelines.whole_files import write_whole

LIMITS = (
    "The exhibit was looked at as it lay before the receiver at the time named, by the receiver's clock.",
    "Whose the keys are, the receiver learns outside of the exhibit.",
    "No statement is made on who filmed, when, where, or whether what is shown is true.",
)
"""What a receipt does not claim."""

ENDING = ".receipt.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What came of it. ``path`` is None when nothing was written."""

    examined: Examined
    receipt: Receipt | None
    path: Path | None


def receive(
    bag: Path,
    signer: custody.Signer,
    surroundings: Surroundings,
    *,
    out: Path | None = None,
    name: str | None = None,
    refusal: bool = False,
) -> Received:
    """Check an exhibit and write the receipt to ``out`` (default: named after the bag, in the working folder).

    Raises:
        InputError: the name is empty or too long, or there is a file at ``out``.
        IntegrityError: a refusal is asked for, and the exhibit lacks what would name it.
        StoreError: the receipt cannot be written.
        Unreadable: there is no exhibit that can be read.
    """
    if name is not None and not 0 < len(name) <= MAX_NAME:
        raise InputError(f"a receiver's name has 1 to {MAX_NAME} characters")
    examined = examine(bag)
    if not (examined.whole or refusal):
        return Received(examined=examined, receipt=None, path=None)
    if examined.exhibit is None:
        raise IntegrityError(
            "there is nothing to name in a refusal: no tag manifest, or no sound manifest of an evidence",
            code="integrity.exhibit",
            hint="Tell the sender by letter; keep what was sent as it is.",
        )
    receipt = _receipt(examined.exhibit, examined.checks, signer, surroundings, name)
    path = out if out is not None else Path(examined.exhibit.bag + ENDING)
    _write(path, custody.encode_receipt(receipt), signer)
    return Received(examined=examined, receipt=receipt, path=path)


def _receipt(
    exhibit: Exhibit, checks: Sequence[Check], signer: custody.Signer, surroundings: Surroundings, name: str | None
) -> Receipt:
    failed = any(each.status is CheckStatus.FAILED for each in checks)
    return Receipt(
        exhibit=exhibit,
        outcome=Outcome.REFUSED if failed else Outcome.WHOLE,
        steps=_counts(checks),
        problems=_noted(checks, CheckStatus.FAILED),
        not_done=_noted(checks, CheckStatus.SKIPPED),
        received=surroundings.timestamp(),
        receiver=Receiver(name=name, key=signer.key.fingerprint, public_key=signer.key.line),
        tool=DISTRIBUTION,
        tool_version=__version__,
        limits=LIMITS,
    )


def _counts(checks: Sequence[Check]) -> tuple[StepCount, ...]:
    counted: dict[int, dict[CheckStatus, int]] = {}
    for each in checks:
        counts = counted.setdefault(int(each.step), dict.fromkeys(CheckStatus, 0))
        counts[each.status] += 1
    names = {int(step): name for step, name, _ in custody.VERIFY_STEPS}
    return tuple(
        StepCount(step=step, name=names[step], **{str(status): count for status, count in counts.items()})
        for step, counts in sorted(counted.items())
    )


def _noted(checks: Sequence[Check], status: CheckStatus) -> tuple[Noted, ...]:
    """The first checks that ended so, as far as a receipt lists them."""
    return tuple(
        Noted(
            step=int(check.step),
            name=_bounded(check.name),
            subject=_bounded(check.subject),
            expected=None if check.expected is None else _bounded(check.expected),
            found=None if check.found is None else _bounded(check.found),
        )
        for check in [each for each in checks if each.status is status][:MAX_NOTED]
    )


def _bounded(text: str) -> str:
    return visible(text)[:MAX_TEXT]


def _write(path: Path, data: bytes, signer: custody.Signer) -> None:
    beside = path.with_name(path.name + SIGNATURE_SUFFIX)
    if os.path.lexists(path) or os.path.lexists(beside):
        raise InputError(f"{path} or its signature is there already", hint="name another file with --out")
    signature = custody.sign(signer, ReceiverNamespace.RECEIPT, data)
    try:
        write_whole(beside, signature)
        write_whole(path, data)
    except OSError as error:
        raise StoreError(
            f"{path}: {error.strerror}", code="store.write", hint="name another file with --out"
        ) from error
