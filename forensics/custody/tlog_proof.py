"""Proofs as files: that a line is in the log under a checkpoint, and that a log begins with an earlier one.

An inclusion proof is a C2SP tlog-proof without extra data; the checkpoint in it is the bare text, because its signature
lies beside the checkpoint (see `forensics.custody.checkpoint`):

    c2sp.org/tlog-proof@v1
    index 4
    base64 of 32 bytes, once for each node, lowest first

    the three lines of the checkpoint

A consistency proof has the first lines of the request of C2SP tlog-witness; a file may hold several:

    old 2
    base64 of 32 bytes, once for each node

https://github.com/C2SP/C2SP/blob/main/tlog-proof.md and https://github.com/C2SP/C2SP/blob/main/tlog-witness.md
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from forensics.custody.checkpoint import Checkpoint, decode_checkpoint
from forensics.errors import IntegrityError

SUFFIX = ".tlog-proof"

MAX_NODES = 64
"""Nodes of the longest proof: a tree of 2^63 lines has no longer one (RFC 9162, 2.1.3.1)."""

MAX_PROOF = 8192
"""Bytes of one inclusion proof: the longest and a checkpoint are below."""

MAX_CONSISTENCY = 8 * 2**20
"""Bytes of all consistency proofs of a bag: some thousands of the longest."""

_MAGIC = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,15})\Z")
_OLD = re.compile(r"old ([1-9][0-9]{0,15})\Z")


class InclusionProof(NamedTuple):
    """Where a line is (from 0), the path, and the checkpoint that it leads to."""

    line: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint


def encode_inclusion(proof: InclusionProof) -> bytes:
    """The stored bytes."""
    nodes = "".join(f"{line}\n" for line in _base64(proof.path))
    return f"{_MAGIC}\nindex {proof.line}\n{nodes}\n".encode() + proof.checkpoint.text


def decode_inclusion(data: bytes) -> InclusionProof:
    """The proof whose stored bytes are exactly ``data``. Raises IntegrityError (``integrity.proof``)."""
    head, gap, checkpoint = data[:MAX_PROOF].partition(b"\n\n")
    lines = head.decode("ascii", "replace").split("\n")
    index = _INDEX.match(lines[1]) if len(lines) > 1 and lines[0] == _MAGIC else None
    path = _nodes(lines[2:])
    if not gap or index is None or path is None:
        raise _unsound("it has not the form of a tlog-proof")
    proof = InclusionProof(int(index[1]), path, decode_checkpoint(checkpoint))
    if encode_inclusion(proof) != data:
        raise _unsound("it is not in the one form that is written")
    return proof


def encode_consistency(proofs: Mapping[int, Sequence[bytes]]) -> bytes:
    """The stored bytes of several consistency proofs, by the number of lines that each is from."""
    return "".join(
        f"old {size}\n" + "".join(f"{line}\n" for line in _base64(path)) + "\n" for size, path in sorted(proofs.items())
    ).encode()


def decode_consistency(data: bytes) -> dict[int, tuple[bytes, ...]]:
    """The proofs whose stored bytes are exactly ``data``. Raises IntegrityError (``integrity.proof``)."""
    proofs = {}
    if len(data) > MAX_CONSISTENCY:
        raise _unsound("it is too long")
    for part in data.decode("ascii", "replace").split("\n\n")[:-1]:
        lines = part.split("\n")
        old = _OLD.match(lines[0])
        path = _nodes(lines[1:])
        if old is None or path is None:
            raise _unsound("it has not the form of consistency proofs")
        proofs[int(old[1])] = path
    if encode_consistency(proofs) != data:
        raise _unsound("it is not in the one form that is written")
    return proofs


def _base64(nodes: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(node).decode() for node in nodes]


def _nodes(lines: Sequence[str]) -> tuple[bytes, ...] | None:
    try:
        nodes = tuple(base64.b64decode(line, validate=True) for line in lines)
    except (binascii.Error, ValueError):
        return None
    return nodes if len(nodes) <= MAX_NODES and all(len(node) == 32 for node in nodes) else None


def _unsound(message: str) -> IntegrityError:
    return IntegrityError(
        f"the proof is not sound: {message}",
        code="integrity.proof",
        hint="Ask for the exhibit anew, and compare the two.",
    )
