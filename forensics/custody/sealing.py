"""Sealing: sign the head of the log as it is while nobody appends, after making sure that it goes on from the last one.

The signature is on disk before the checkpoint that it is over has its name, so that a checkpoint with a name is a
signed one. What a crash leaves are files without a checkpoint of that name (`leftovers`).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from forensics.custody import merkle
from forensics.custody.checkpoint import (
    MAX_CHECKPOINT,
    SUFFIX,
    Checkpoint,
    decode_checkpoint,
    name_of,
    origin_of,
    size_in_name,
)
from forensics.custody.event import FIRST_PREV, decode_event
from forensics.custody.key_ring import KeyRing
from forensics.custody.lines import Piece, pieces_of, read_pieces, unwritable
from forensics.custody.log import Log
from forensics.custody.sshsig import MAX_SIGNATURE, Signer, sign, verify
from forensics.custody.torn import sync_directory
from forensics.errors import CaseError, IntegrityError, ManifestError
from forensics.model.custody import CustodyEvent, Namespace

CHECKPOINTS = "checkpoints"
"""The folder beside the log."""

_KEY_CHANGE = b'"event":"key change"'
"""As canonical JSON has it; in a text the quotation marks would be escaped."""


class Seal(NamedTuple):
    """A checkpoint and its signature. ``fresh``: made now, not found."""

    checkpoint: Checkpoint
    signature: bytes
    fresh: bool


class _Survey(NamedTuple):
    lines: int
    root: bytes
    roots: Mapping[int, bytes]
    ring: KeyRing


def checkpoint_folder(log: Path) -> Path:
    """Where the seals of this log lie."""
    return log.parent / CHECKPOINTS


def seal(log: Log, signer: Signer) -> Seal:
    """Sign the head of the log; when nothing was appended since the last seal, that one is given.

    Raises IntegrityError: an earlier checkpoint is not of the beginning of this log, or a change of keys does not
    hold, or the lines since the last seal are no sound chain. CaseError (``case.key``): the key of ``signer`` is not in
    force. Nothing is signed then. StoreError; what the signer raises.
    """
    folder = checkpoint_folder(log.path)
    with log.held() as fd:
        known = read_checkpoints(folder)
        survey = _survey(fd, log.case_id, known.keys())
        _require_continuation(known, survey, origin_of(log.case_id))
        if survey.lines in known:
            return _found(folder, known[survey.lines], survey.ring)
        _require_key(survey, signer)
        checkpoint = Checkpoint(origin_of(log.case_id), survey.lines, survey.root)
        signature = sign(signer, Namespace.CHECKPOINT, checkpoint.text)
        try:
            _put(folder / f"{checkpoint.name}.sig", signature)
            _put(folder / checkpoint.name, checkpoint.text)
        except OSError as error:
            raise unwritable("seal", error) from error
    return Seal(checkpoint, signature, fresh=True)


def last_seal(log: Path) -> Seal | None:
    """The newest seal on disk, or None. Raises IntegrityError for files that are no checkpoint, StoreError."""
    known = read_checkpoints(checkpoint_folder(log))
    if not known:
        return None
    checkpoint = known[max(known)]
    return Seal(checkpoint, _read(checkpoint_folder(log) / f"{checkpoint.name}.sig", MAX_SIGNATURE), fresh=False)


def read_checkpoints(folder: Path) -> dict[int, Checkpoint]:
    """Every checkpoint in the folder by its size. Raises IntegrityError for what is none, StoreError."""
    known = {}
    for name in _names(folder):
        size = size_in_name(name)
        if size is not None and name == name_of(size):
            known[size] = decode_checkpoint(_read(folder / name, MAX_CHECKPOINT))
            if known[size].size != size:
                raise IntegrityError(f"{name} is over {known[size].size} lines", code="integrity.checkpoint")
    return known


def leftovers(folder: Path) -> tuple[str, ...]:
    """Names of files that a seal cut off has left. Raises StoreError."""
    names = _names(folder)
    whole = {name for name in names if name.endswith(SUFFIX)}
    return tuple(
        name
        for name in names
        if name.endswith(".part") or ((size := size_in_name(name)) is not None and name_of(size) not in whole)
    )


def key_events(log: Path) -> Iterator[CustodyEvent]:
    """Every change of keys in the log, without reading the other lines as JSON. Raises IntegrityError, StoreError."""
    for number, piece in enumerate(read_pieces(log), start=1):
        if piece.whole and _KEY_CHANGE in piece.raw:
            try:
                yield decode_event(piece.raw)
            except ManifestError as error:
                raise _broken(number, error.message) from error


def keep_stamp(log: Log, checkpoint: Checkpoint, authority: str, parts: Mapping[str, bytes]) -> None:
    """Keep the request, the answer (``tsq``, ``tsr``) and the root (``pem``) of a time-stamp; the answer last.

    Nobody appends meanwhile, so that the line that names the seal names all of it or nothing. Raises StoreError.
    """
    with log.held():
        try:
            for suffix in ("pem", "tsq", "tsr"):
                _put(checkpoint_folder(log.path) / f"{checkpoint.name}.sig.{authority}.{suffix}", parts[suffix])
        except OSError as error:
            raise unwritable("keep a time-stamp of", error) from error


def _survey(fd: int, case_id: str, sizes: Collection[int]) -> _Survey:
    """Go through the whole lines once: roots at these sizes and at the end, keys; the chain since the last of them."""
    newest = max(sizes, default=0)
    tree, ring, roots = merkle.Frontier(), KeyRing(case_id), {}
    prev = FIRST_PREV
    for piece in _whole(fd):
        if tree.size >= newest or _KEY_CHANGE in piece.raw:
            try:
                event = decode_event(piece.raw)
            except ManifestError as error:
                raise _broken(tree.size + 1, error.message) from error
            if (event.case, event.seq, event.prev) != (case_id, tree.size, prev):
                raise _broken(tree.size + 1, "it does not go on from the line before")
            ring.take(event)
        tree.add(merkle.leaf_hash(piece.raw))
        prev = piece.sha256
        if tree.size in sizes:
            roots[tree.size] = tree.root()
    return _Survey(tree.size, tree.root(), roots, ring)


def _whole(fd: int) -> Iterator[Piece]:
    for piece in pieces_of(fd, os.fstat(fd).st_size):
        if piece.whole:
            yield piece


def _require_continuation(known: Mapping[int, Checkpoint], survey: _Survey, origin: str) -> None:
    for size, checkpoint in known.items():
        if checkpoint != Checkpoint(origin, size, survey.roots.get(size, b"")):
            raise IntegrityError(
                f"the log is not the one that was sealed at {size} lines",
                code="integrity.seal",
                hint="Nothing is signed. Run verify, and compare with a head that somebody else keeps.",
            )
    for seq, problem in survey.ring.problems:
        raise IntegrityError(
            f"line {seq + 1} of the log changes keys without leave: {problem}",
            code="integrity.key",
            hint="Nothing is signed. Run verify.",
        )


def _require_key(survey: _Survey, signer: Signer) -> None:
    if not survey.ring.in_force(signer.key, survey.lines):
        raise CaseError(
            f"the key {signer.key.fingerprint} is not one of this case",
            code="case.key",
            hint="Nothing is signed. Somebody whose key is in force lets it in with: forensics key admit FILE.pub",
        )


def _found(folder: Path, checkpoint: Checkpoint, ring: KeyRing) -> Seal:
    signature = _read(folder / f"{checkpoint.name}.sig", MAX_SIGNATURE)
    if not ring.in_force(verify(signature, Namespace.CHECKPOINT, checkpoint.text), checkpoint.size):
        raise IntegrityError(f"{checkpoint.name} is signed by a key that was not in force", code="integrity.key")
    return Seal(checkpoint, signature, fresh=False)


def _put(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, in place of what a crash left. Raises OSError."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fchmod(file.fileno(), 0o444)
        os.fsync(file.fileno())
    part.replace(path)
    sync_directory(path.parent)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unwritable("read the seals of", error) from error


def _read(path: Path, limit: int) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            return file.read(limit + 1)
    except FileNotFoundError as error:
        raise IntegrityError(f"{path.name} is missing", code="integrity.checkpoint") from error
    except OSError as error:
        raise unwritable("read a seal of", error) from error


def _broken(number: int, reason: str) -> IntegrityError:
    return IntegrityError(
        f"line {number} of the custody log cannot be sealed: {reason}",
        code="integrity.log",
        hint="Nothing is signed. Run verify: it names every line that does not agree.",
    )
