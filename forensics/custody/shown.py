"""Steps 2, 9 to 14 and 17 for lines of a log that are shown apart from it, as an exhibit shows them.

A line counts only once its inclusion under the shown checkpoint is proved: what is not proved changes no key, admits no
manifest and bounds no time.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from forensics.custody import merkle
from forensics.custody.checkpoint import MAX_CHECKPOINT, ORIGIN_PREFIX, Checkpoint, decode_checkpoint, name_of
from forensics.custody.event import decode_event
from forensics.custody.key_ring import KeyRing
from forensics.custody.seals import SealedLog, check_document
from forensics.custody.stamp import Reader
from forensics.custody.stamps import Stamped, check_brackets, check_stamp
from forensics.custody.tlog_proof import decode_consistency, decode_inclusion
from forensics.errors import ForensicsError, IntegrityError
from forensics.model.custody import Check, CheckStatus, CustodyEvent, EventType, Namespace
from forensics.model.text import visible
from forensics.model.verification import Step

_ANSWER = re.compile(r"(?P<seal>(?P<size>[0-9]{9,16})\.ckpt)\.sig\.(?P<authority>[a-z0-9-]+)\.tsr\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLog:
    """What an exhibit holds of a log: lines by the number that their file's name tells (from 0), the inclusion proof of
    each, the checkpoint, the files of its seal and of earlier ones by their names in log/checkpoints/, and the
    consistency proofs. None: absent or not readable.
    """

    lines: Mapping[int, bytes | None]
    proofs: Mapping[int, bytes | None]
    checkpoint: bytes | None
    seals: Mapping[str, bytes | None]
    consistency: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenLog:
    """The lines that are proved, as a log of their own; the checkpoint, unless it is not sound; sound tokens."""

    log: SealedLog
    checkpoint: Checkpoint | None
    stamped: tuple[Stamped, ...]


def prove(shown: ShownLog, second: Reader | None = None) -> tuple[tuple[Check, ...], ProvenLog]:
    """All of these steps but 14: every problem, and what is proved. ``second`` reads what the first reader of tokens
    cannot.
    """
    checks, checkpoint = _check_checkpoint(shown)
    events: list[CustodyEvent] = []
    for seq, line in sorted(shown.lines.items()):
        found, event = _check_line(shown, seq, line, checkpoint)
        checks += found
        if event is not None:
            events.append(event)
    checks += _check_neighbours(shown.lines)
    case_id = "" if checkpoint is None else checkpoint.origin.removeprefix(ORIGIN_PREFIX)
    ring = KeyRing(case_id)
    for event in events:
        ring.take(event)
    log = SealedLog(case_id=case_id, leaves=(), events=tuple(events), ring=ring, files=shown.seals)
    if checkpoint is not None:
        data, signature = checkpoint.text, shown.seals.get(f"{checkpoint.name}.sig")
        subject = "data/log/checkpoint"
        checks += check_document(log, Namespace.CHECKPOINT, subject, data, signature, checkpoint.size)
    checks += _check_earlier(shown, log, checkpoint)
    stamped = tuple(_stamps(log, checkpoint, checks, second))
    checks += check_brackets(log, stamped)
    return tuple(checks), ProvenLog(log=log, checkpoint=checkpoint, stamped=stamped)


def check_kept_head(shown: ShownLog, checkpoint: Checkpoint, head: Checkpoint) -> Check:
    """Step 14: whether the log of the shown checkpoint begins with the lines of a head that somebody else kept, as far
    as the exhibit can tell.
    """
    subject, expected = f"{head.size} lines", f"root {head.root.hex()}"
    if head.size == checkpoint.size:
        same = head.root == checkpoint.root
        found = "the same root" if same else f"another root, {checkpoint.root.hex()}: the log was written anew"
        return _check(Step.HELD_HEAD, "held head", _status(same), subject, expected, found)
    path = _consistency(shown).get(head.size) if head.size < checkpoint.size else None
    if path is None:
        which = "later" if head.size > checkpoint.size else "earlier"
        found = f"the head is of a {which} day than the exhibit's checkpoint over {checkpoint.size} lines, and the "
        found += "exhibit has no proof between the two: hold it against the case itself"
        return _check(Step.HELD_HEAD, "held head", CheckStatus.SKIPPED, subject, expected, found)
    holds = merkle.extends(head.root, head.size, checkpoint.root, checkpoint.size, path)
    found = "the log goes on from it" if holds else "the log does not go on from it: it was written anew"
    return _check(Step.HELD_HEAD, "held head", _status(holds), subject, expected, found)


def _check_checkpoint(shown: ShownLog) -> tuple[list[Check], Checkpoint | None]:
    subject = "data/log/checkpoint"
    try:
        checkpoint = decode_checkpoint((shown.checkpoint or b"")[: MAX_CHECKPOINT + 1])
    except IntegrityError as error:
        expected = "the three lines of a checkpoint"
        return [_check(Step.SEALS, "checkpoint", CheckStatus.FAILED, subject, expected, error.message)], None
    ours = checkpoint.origin.startswith(ORIGIN_PREFIX)
    found = f"{visible(checkpoint.origin)}, {checkpoint.size} lines, root {checkpoint.root.hex()}"
    return [
        _check(Step.SEALS, "checkpoint", _status(ours), subject, f"an origin {ORIGIN_PREFIX}…", found)
    ], checkpoint if ours else None


def _check_line(
    shown: ShownLog, seq: int, line: bytes | None, checkpoint: Checkpoint | None
) -> tuple[list[Check], CustodyEvent | None]:
    """Steps 2 and 17 for one line; the event when it is proved."""
    subject = f"data/log/{seq:09d}.json"
    try:
        event = decode_event(line or b"")
    except ForensicsError as error:
        return [_check(Step.LOG, "log line", CheckStatus.FAILED, subject, "a canonical event", error.message)], None
    case_id = "" if checkpoint is None else checkpoint.origin.removeprefix(ORIGIN_PREFIX)
    expected, found = f"line {seq + 1} of {visible(case_id)}", f"line {event.seq + 1} of {visible(event.case)}"
    right = (event.seq, event.case) == (seq, case_id)
    checks = [_check(Step.LOG, "log line", _status(right), subject, expected, found)]
    problem = _inclusion_problem(shown, seq, line or b"", checkpoint)
    status = _status(problem is None)
    told = problem or f"line {seq + 1} of {checkpoint.size if checkpoint else 0}"
    expected = "a proof that it is under the checkpoint"
    checks.append(_check(Step.INCLUSION, "inclusion", status, subject, expected, told))
    return checks, event if right and problem is None else None


def _inclusion_problem(shown: ShownLog, seq: int, line: bytes, checkpoint: Checkpoint | None) -> str | None:
    data = shown.proofs.get(seq)
    if data is None or checkpoint is None:
        return "no proof beside it" if data is None else "no checkpoint that is sound"
    try:
        proof = decode_inclusion(data)
    except IntegrityError as error:
        return error.message
    if (proof.line, proof.checkpoint) != (seq, checkpoint):
        return f"the proof is of line {proof.line + 1}, or under another checkpoint"
    leaf = merkle.leaf_hash(line)
    holds = merkle.includes(checkpoint.root, checkpoint.size, seq, leaf, proof.path)
    return None if holds else "the path does not lead to the root: the line is not the one that was sealed"


def _check_neighbours(lines: Mapping[int, bytes | None]) -> Iterator[Check]:
    """Step 2 where two lines that follow one another are both shown."""
    for seq, line in sorted(lines.items()):
        former = lines.get(seq - 1)
        if former is None or line is None:
            continue
        prev = hashlib.sha256(former).hexdigest()
        try:
            found = decode_event(line).prev
        except ForensicsError:
            continue  # told by step 2 already
        yield _check(Step.LOG, "log chain", _status(prev == found), f"data/log/{seq:09d}.json", prev, found)


def _check_earlier(shown: ShownLog, log: SealedLog, checkpoint: Checkpoint | None) -> Iterator[Check]:
    """Step 9 for the seals whose tokens bound times from below: under the same log, and named by a line of it."""
    proofs, problem = _read_consistency(shown)
    if problem is not None:
        expected = "consistency proofs"
        yield _check(Step.SEALS, "consistency", CheckStatus.FAILED, "data/log/consistency", expected, problem)
    told = {event.seq: event.detail for event in log.events if event.event is EventType.SEALED}
    for seq, detail in sorted(told.items()):
        names = [name for name in detail if name != "size"]
        missing = [name for name in names if _sha256(shown.seals.get(name)) != detail[name]]
        found = f"{visible(', '.join(missing))[:200]} differ or are missing" if missing else f"{len(names)} files"
        expected = f"the files of the seal of {seq} lines"
        yield _check(Step.SEALS, "seal named by the log", _status(not missing), f"line {seq + 1}", expected, found)
    for name, data in sorted(shown.seals.items()):
        if name.endswith(".ckpt") and (checkpoint is None or name != checkpoint.name):
            yield from _check_one_earlier(log, name, data, checkpoint, proofs)


def _check_one_earlier(
    log: SealedLog,
    name: str,
    data: bytes | None,
    checkpoint: Checkpoint | None,
    proofs: Mapping[int, tuple[bytes, ...]],
) -> Iterator[Check]:
    subject = f"data/log/earlier/{visible(name)}"
    try:
        earlier = decode_checkpoint((data or b"")[: MAX_CHECKPOINT + 1])
    except IntegrityError as error:
        yield _check(Step.SEALS, "checkpoint", CheckStatus.FAILED, subject, "a checkpoint", error.message)
        return
    path = proofs.get(earlier.size)
    holds = (
        checkpoint is not None
        and path is not None
        and (earlier.origin, name) == (checkpoint.origin, earlier.name)
        and merkle.extends(earlier.root, earlier.size, checkpoint.root, checkpoint.size, path)
    )
    found = "it does" if holds else "it does not, or there is no proof"
    yield _check(Step.SEALS, "consistency", _status(holds), subject, "the log goes on from it", found)
    signature = log.files.get(f"{name}.sig")
    yield from check_document(log, Namespace.CHECKPOINT, subject, earlier.text, signature, earlier.size)


def _stamps(
    log: SealedLog, checkpoint: Checkpoint | None, checks: list[Check], second: Reader | None
) -> Iterator[Stamped]:
    """Step 12. ``checks`` gets what is found."""
    named = {event.seq: event.detail for event in log.events if event.event is EventType.SEALED}
    sound = {check.subject for check in checks if check.name == "consistency" and check.status is CheckStatus.OK}
    last = "" if checkpoint is None else checkpoint.name
    for name in sorted(log.files):
        found = _ANSWER.match(name)
        if found is None:
            continue
        size = int(found["size"])
        check, time = check_stamp(log.files, name, found["authority"], size, second)
        checks.append(check)
        if time is not None and (found["seal"] == last or f"data/log/earlier/{found['seal']}" in sound):
            yield Stamped(size, time, name in named.get(size, {}))
    if not any(name.startswith(f"{last}.sig.") for name in log.files):
        expected, told = "a token over the checkpoint's signature", "none: that it is old, no authority says"
        checks.append(_check(Step.STAMPS, "time-stamp", CheckStatus.SKIPPED, "data/log/checkpoint", expected, told))


def _consistency(shown: ShownLog) -> dict[int, tuple[bytes, ...]]:
    return _read_consistency(shown)[0]


def _read_consistency(shown: ShownLog) -> tuple[dict[int, tuple[bytes, ...]], str | None]:
    try:
        return decode_consistency(shown.consistency or b""), None
    except IntegrityError as error:
        return {}, error.message


def seal_name(size: int, rest: str) -> str:
    """The name in log/checkpoints/ of a file of a seal: ``rest`` is empty or begins with ``.sig``."""
    return name_of(size) + rest


def _sha256(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()


def _status(holds: bool) -> CheckStatus:
    return CheckStatus.OK if holds else CheckStatus.FAILED


def _check(step: Step, name: str, status: CheckStatus, subject: str, expected: str | None, found: str | None) -> Check:
    return Check(step=step, name=name, status=status, subject=subject, expected=expected, found=found)
