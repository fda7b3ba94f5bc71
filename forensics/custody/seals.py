"""Steps 9 to 11 and 14 of verification: checkpoints, signatures, keys, and a head that others hold."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from forensics.custody import merkle
from forensics.custody.checkpoint import Checkpoint, decode_checkpoint, name_of, origin_of, size_in_name
from forensics.custody.key_ring import PUT_AWAY, KeyRing, key_file_history, put_away
from forensics.custody.lines import read_pieces
from forensics.custody.sshsig import verify
from forensics.errors import ForensicsError, IntegrityError
from forensics.model.custody import Check, CheckStatus, CustodyEvent, EventType, Namespace
from forensics.model.text import visible
from forensics.model.verification import Step

MAX_SEAL_FILE = 2**20
"""Bytes of one file of a seal: the largest, a time-stamp with its certificates, has some ten thousand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedLog:
    """A log and its seals as they lie: leaf hashes of its whole lines, its sound events, the keys that these name, and
    the bytes of every file in log/checkpoints/ (None: cannot be read, or is no small file).
    """

    case_id: str
    leaves: tuple[bytes, ...]
    events: tuple[CustodyEvent, ...]
    ring: KeyRing
    files: Mapping[str, bytes | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What came of checking the seals: each checkpoint that holds, by size, and how many lines none of them covers."""

    sound: Mapping[int, Checkpoint]
    unsealed: int


def read_sealed_log(path: Path, case_id: str, events: Iterable[CustodyEvent]) -> SealedLog:
    """The log at ``path`` with its seals; ``events`` are its sound ones. Never raises for what is found."""
    events = tuple(events)
    ring = KeyRing(case_id)
    for event in events:
        ring.take(event)
    return SealedLog(
        case_id=case_id,
        leaves=tuple(_leaves(path)),
        events=events,
        ring=ring,
        files=dict(_read_files(path.parent / "checkpoints")),
    )


def judge(log: SealedLog) -> tuple[tuple[Check, ...], Judged]:
    """Steps 9 and 10 for the checkpoints: every problem, and what holds."""
    checks: list[Check] = []
    sound: dict[int, Checkpoint] = {}
    roots = _roots(log)
    for name in sorted(log.files):
        size = size_in_name(name)
        if size is None or (name != name_of(size) and name_of(size) not in log.files):
            checks.append(_left(name))
        elif name == name_of(size):
            checkpoint, found = _check_checkpoint(log, name, size, roots.get(size))
            checks += found
            signed = _check_signature(log, name, size)
            checks += signed
            if checkpoint is not None and all(check.status is CheckStatus.OK for check in (*found, *signed)):
                sound[size] = checkpoint
    checks += _check_sealed_lines(log)
    unsealed = len(log.leaves) - max(sound, default=0)
    checks.append(_count(log, sound, unsealed))
    return tuple(checks), Judged(sound=sound, unsealed=unsealed)


def check_document(
    log: SealedLog,
    namespace: Namespace,
    subject: str,
    data: bytes,
    signature: bytes | None,
    line: int | None,
    *,
    late: bool = False,
) -> Iterator[Check]:
    """Step 10 for one document: ``line`` is the number (from 0) of the log line that first names it, None when none
    does, which other steps tell. ``late``: that line says that its key had been put away when it was recovered.
    """
    if line is None:
        return
    first = log.ring.first()
    if signature is None:
        before = first is None or line < first
        found = "none: it was made before the case had a key" if before else "none"
        status = CheckStatus.SKIPPED if before else CheckStatus.FAILED
        yield _check(Step.SIGNATURES, f"{namespace.name.lower()} signature", status, subject, "a signature", found)
        return
    check = _signature(log, namespace, subject, data, signature, line)
    yield _late(log, check, signature, namespace, data, line) if late else check


def _late(log: SealedLog, check: Check, signature: bytes, namespace: Namespace, data: bytes, line: int) -> Check:
    """The check of a document that was recovered after its key had been put away.

    Of a key that was retired it is skipped: its holder may sign with the next. Of one that was revoked it fails, since
    to reject what cannot be shown to be older is what a revocation is for.
    """
    told = put_away(log.ring, namespace, data, signature, line)
    if check.status is CheckStatus.OK or not told:
        return check
    revoked = log.ring.keys[verify(signature, namespace, data).fingerprint].revoked
    words = f"{check.found}: put away at line {told[PUT_AWAY]} while a run that was cut off waited for recovery"
    status = CheckStatus.FAILED if revoked else CheckStatus.SKIPPED
    return replace(check, status=status, found=f"{words}; that it was signed before cannot be shown")


def check_keys(log: SealedLog, files: Mapping[str, bytes | None]) -> Iterator[Check]:
    """Step 11. ``files`` are the bytes of each file in keys/ by name."""
    if not log.ring.keys and not log.ring.problems:
        found = "none: nothing in this case is signed"
        yield _check(Step.KEYS, "keys of the case", CheckStatus.SKIPPED, "log/custody.jsonl", "a first key", found)
    for seq, problem in log.ring.problems:
        subject = f"line {seq + 1}"
        yield _check(Step.KEYS, "key change", CheckStatus.FAILED, subject, "a change signed by a key in force", problem)
    for known in log.ring.keys.values():
        told = f"{known.key.fingerprint} from line {known.since + 1}"
        told += "" if known.until is None else f" to line {known.until + 1}"
        told += ", revoked" if known.revoked else ""
        yield _check(Step.KEYS, "keys of the case", CheckStatus.OK, "log/custody.jsonl", None, told)
    yield from _check_key_files(log, files)


def check_held_head(log: SealedLog, head: Checkpoint) -> Check:
    """Step 14: the log begins with the lines of a head that somebody else kept."""
    name, subject = "held head", f"{head.size} lines"
    if head.size > len(log.leaves):
        found = f"the log has {len(log.leaves)} lines: its end was cut off or rolled back"
        return _check(Step.HELD_HEAD, name, CheckStatus.FAILED, subject, "a log of that length", found)
    root = merkle.root_of(log.leaves[: head.size])
    status = CheckStatus.OK if root == head.root else CheckStatus.FAILED
    found = "the same root" if root == head.root else f"another root, {root.hex()}: the log was written anew"
    return _check(Step.HELD_HEAD, name, status, subject, f"root {head.root.hex()}", found)


def _leaves(path: Path) -> Iterator[bytes]:
    try:
        for piece in read_pieces(path):
            if piece.whole:
                yield merkle.leaf_hash(piece.raw)
    except ForensicsError:
        return  # told by step 2


def _read_files(folder: Path) -> Iterator[tuple[str, bytes | None]]:
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        return
    for name in names:
        try:
            fd = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(fd, "rb") as file:
                data = file.read(MAX_SEAL_FILE + 1)
        except OSError:
            yield name, None
            continue
        yield name, data if len(data) <= MAX_SEAL_FILE else None


def _roots(log: SealedLog) -> dict[int, bytes]:
    """The log's root at each size that a checkpoint's name tells, in one pass."""
    sizes = {size for name in log.files if (size := size_in_name(name)) is not None}
    tree, roots = merkle.Frontier(), {}
    for leaf in log.leaves:
        tree.add(leaf)
        if tree.size in sizes:
            roots[tree.size] = tree.root()
    return roots


def _check_checkpoint(
    log: SealedLog, name: str, size: int, root: bytes | None
) -> tuple[Checkpoint | None, list[Check]]:
    subject = f"log/checkpoints/{name}"
    try:
        checkpoint = decode_checkpoint(log.files[name] or b"")
    except IntegrityError as error:
        return None, [_check(Step.SEALS, "checkpoint", CheckStatus.FAILED, subject, "a checkpoint", error.message)]
    expected = f"{origin_of(log.case_id)}, {size} lines"
    found = f"{visible(checkpoint.origin)}, {checkpoint.size} lines"
    checks = []
    if found != expected:
        checks.append(_check(Step.SEALS, "checkpoint", CheckStatus.FAILED, subject, expected, found))
    if root is None:
        found = f"the log has {len(log.leaves)} lines"
        checks.append(_check(Step.SEALS, "checkpoint", CheckStatus.FAILED, subject, expected, found))
    else:
        status = CheckStatus.OK if root == checkpoint.root else CheckStatus.FAILED
        checks.append(_check(Step.SEALS, "checkpoint root", status, subject, checkpoint.root.hex(), root.hex()))
    return checkpoint, checks


def _check_signature(log: SealedLog, name: str, size: int) -> list[Check]:
    data, signature = log.files[name], log.files.get(f"{name}.sig")
    if data is None:
        return []
    if signature is None:
        subject = f"log/checkpoints/{name}"
        return [
            _check(
                Step.SIGNATURES, "checkpoint signature", CheckStatus.FAILED, subject, "a signature beside it", "none"
            )
        ]
    return [_signature(log, Namespace.CHECKPOINT, f"log/checkpoints/{name}", data, signature, size)]


def _signature(log: SealedLog, namespace: Namespace, subject: str, data: bytes, signature: bytes, lines: int) -> Check:
    name = f"{namespace.name.lower()} signature"
    expected = f"a signature in {namespace} of a key in force at line {lines + 1}"
    try:
        key = verify(signature, namespace, data)
    except IntegrityError as error:
        return _check(Step.SIGNATURES, name, CheckStatus.FAILED, subject, expected, error.message)
    if not log.ring.in_force(key, lines):
        found = f"one of {key.fingerprint}, which is not in force there"
        return _check(Step.SIGNATURES, name, CheckStatus.FAILED, subject, expected, found)
    return _check(Step.SIGNATURES, name, CheckStatus.OK, subject, None, key.fingerprint)


def _check_sealed_lines(log: SealedLog) -> Iterator[Check]:
    """The line after each checkpoint names the files of that seal, and no other line names one."""
    told = {event.seq: event for event in log.events if event.event is EventType.SEALED}
    sizes = {size for name in log.files if (size := size_in_name(name)) is not None and name == name_of(size)}
    name = "seal named by the log"
    for size in sorted(sizes - told.keys()):
        if size < len(log.leaves):
            found = "another event"
            yield _check(Step.SEALS, name, CheckStatus.FAILED, f"line {size + 1}", f"the seal of {size} lines", found)
    for seq, event in sorted(told.items()):
        files = {key: str(value) for key, value in event.detail.items() if key != "size"}
        problems = (
            [] if event.detail.get("size") == seq else [f"size {event.detail.get('size')!r:.40} at line {seq + 1}"]
        )
        problems += [
            f"{visible(key)[:80]} differs or is missing" for key in files if not _is_kept(log, key, files[key])
        ]
        status = CheckStatus.FAILED if problems or name_of(seq) not in files else CheckStatus.OK
        found = "; ".join(problems) if problems else f"{len(files)} files"
        yield _check(Step.SEALS, name, status, f"line {seq + 1}", f"the files of the seal of {seq} lines", found)


def _is_kept(log: SealedLog, name: str, sha256: str) -> bool:
    data = log.files.get(name)
    return data is not None and hashlib.sha256(data).hexdigest() == sha256


def _left(name: str) -> Check:
    """A file of no checkpoint: a seal that was cut off leaves one, and the next seal puts it away."""
    subject = f"log/checkpoints/{visible(name)}"
    cut_off = name.endswith(".part") or size_in_name(name) is not None
    status = CheckStatus.SKIPPED if cut_off else CheckStatus.FAILED
    found = "a seal that was cut off; the next one puts it away" if cut_off else "a file of another kind"
    return _check(Step.SEALS, "seal files", status, subject, "the files of a checkpoint", found)


def _count(log: SealedLog, sound: Mapping[int, Checkpoint], unsealed: int) -> Check:
    status = CheckStatus.SKIPPED if unsealed else CheckStatus.OK
    last = f"the last seal that holds is over {max(sound)} lines" if sound else "no seal holds"
    found = f"{unsealed} events not yet sealed; {last}"
    expected = "a signed log head over every line"
    return _check(Step.SEALS, "not yet sealed", status, "log/custody.jsonl", expected, found)


def _check_key_files(log: SealedLog, files: Mapping[str, bytes | None]) -> Iterator[Check]:
    said = key_file_history(log.events, log.case_id)
    for name, data in said[-1].items() if log.ring.keys else ():
        found = files.get(name)
        if found == data:
            yield _check(Step.KEYS, "key file", CheckStatus.OK, f"keys/{name}", None, f"{len(data)} bytes")
            continue
        late = (found or b"") in {former.get(name) for former in (*said[:-1], {name: b""})}
        status = CheckStatus.SKIPPED if late else CheckStatus.FAILED
        told = "not yet brought up to the log; the next seal does" if late else "something else"
        yield _check(Step.KEYS, "key file", status, f"keys/{name}", "what the log says", told)
    for name in sorted(files.keys() - said[-1].keys()):
        yield _check(Step.KEYS, "key file", CheckStatus.FAILED, f"keys/{visible(name)}", "nothing", "a file")


def _check(step: Step, name: str, status: CheckStatus, subject: str, expected: str | None, found: str | None) -> Check:
    return Check(step=step, name=name, status=status, subject=subject, expected=expected, found=found)
