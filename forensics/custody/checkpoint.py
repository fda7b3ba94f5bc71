"""A checkpoint: the head of the custody log in three lines of text, as C2SP tlog-checkpoint has them.

    footage-forensics/CASE-ID      the origin: which log
    42                             how many lines it has
    base64 of 32 bytes             the root of the Merkle tree over these lines

It is signed beside itself (``.sig``, an SSHSIG in the namespace of checkpoints), not by a note line below the text:
``ssh-keygen`` is on more desks than a note verifier.

https://github.com/C2SP/C2SP/blob/main/tlog-checkpoint.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from forensics.errors import IntegrityError
from forensics.model.text import visible

ORIGIN_PREFIX = "footage-forensics/"

SUFFIX = ".ckpt"
"""Its signature has ``.sig`` after this; an authority's answer to a request for a time-stamp over the signature has
``.sig.NAME.tsr``, the request ``.sig.NAME.tsq``, the root certificate to judge it by ``.sig.NAME.pem``.
"""

MAX_CHECKPOINT = 4096
"""Bytes of a checkpoint; the origin is as long as a case identifier may be."""

MAX_HEAD_FILE = 2**20
"""Bytes of a file that holds a head: a saved mail with its headers."""

_SIZE = re.compile(r"[1-9][0-9]{0,15}\Z")
_NAME_DIGITS = 9
_NAME = re.compile(r"([0-9]{9,16})\.ckpt(\.sig(\.[a-z0-9][a-z0-9-]{0,31}\.(tsq|tsr|pem))?)?\Z")


class Checkpoint(NamedTuple):
    """The head of a log: its origin, its number of lines (at least one), the root over them (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> bytes:
        """The stored bytes."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n".encode()

    @property
    def name(self) -> str:
        """Its file name in log/checkpoints/."""
        return name_of(self.size)


def origin_of(case_id: str) -> str:
    """The origin of a case's log."""
    return ORIGIN_PREFIX + case_id


def name_of(size: int) -> str:
    """The file name of a checkpoint over so many lines: nine digits or more, so that names sort as sizes do."""
    return f"{size:0{_NAME_DIGITS}d}{SUFFIX}"


def size_in_name(name: str) -> int | None:
    """The size that a checkpoint's or its companion's file name tells, or None for a name that is neither."""
    found = _NAME.match(name)
    size = int(found[1]) if found else 0
    return size if size and name.startswith(name_of(size)) else None


def seal_files(folder: Path, size: int) -> dict[str, str]:
    """What a ``sealed`` event says of the seal over ``size`` lines: file names and SHA-256 of what is there of it.

    Empty when there is no such checkpoint. Raises OSError.
    """
    if size < 1 or not (folder / name_of(size)).is_file():
        return {}
    names = sorted(path.name for path in folder.iterdir() if size_in_name(path.name) == size)
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def decode_checkpoint(data: bytes) -> Checkpoint:
    """The checkpoint whose stored bytes are exactly ``data``. Raises IntegrityError (``integrity.checkpoint``)."""
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise _unsound("it is not UTF-8") from error
    found = _checkpoint_of(lines[:3]) if len(lines) == 4 else None
    if found is None or found.text != data:
        raise _unsound("it is not the three lines of a checkpoint")
    return found


def find_head(data: bytes, origin: str) -> Checkpoint:
    """The one checkpoint of this origin in a text that may hold more, such as a saved mail with quote marks.

    Raises IntegrityError when there is none, or when two differ.
    """
    lines = [line.strip().lstrip("> \t") for line in data[:MAX_HEAD_FILE].decode("utf-8", "replace").splitlines()]
    candidates = (_checkpoint_of(lines[at : at + 3]) for at in range(len(lines)))
    found = {each for each in candidates if each is not None and each.origin == origin}
    if len(found) != 1:
        told = "no head" if not found else f"{len(found)} heads that differ"
        raise IntegrityError(
            f"{told} of the log {visible(origin)} in what was given",
            code="integrity.head",
            hint="Give the three lines that forensics head printed, in a file: origin, size, root.",
        )
    return found.pop()


def _checkpoint_of(lines: list[str]) -> Checkpoint | None:
    if len(lines) != 3 or not lines[0] or not _SIZE.match(lines[1]):
        return None
    try:
        root = base64.b64decode(lines[2].encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    if len(root) != 32 or base64.b64encode(root).decode() != lines[2]:
        return None
    return Checkpoint(lines[0], int(lines[1]), root)


def _unsound(message: str) -> IntegrityError:
    return IntegrityError(
        f"the checkpoint is not sound: {message}",
        code="integrity.checkpoint",
        hint="Compare with another copy of the case, or with a head that somebody else keeps.",
    )
