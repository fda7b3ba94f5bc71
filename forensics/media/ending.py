"""What a file says of its own end."""

from __future__ import annotations

import os
from typing import NamedTuple


class FileEnd(NamedTuple):
    """Where a file says that it ends, held against where it does.

    ``counted``: it states its end, by a length, a count or a mark on its last part; if not, a copy that was cut
    between two parts looks like a whole one. ``missing``: a sentence on what is not there, empty when nothing is.
    ``unclear``: a sentence on an end that whole files have, too, but seldom. ``damaged``: a sentence on what is not as
    it was written before the end. ``after``: bytes after the stated end.
    """

    counted: bool
    missing: str = ""
    unclear: str = ""
    damaged: str = ""
    after: int = 0


def at_length(handle: int, stated: int, what: str) -> FileEnd:
    """The ending of a file of which ``what`` states that it is ``stated`` bytes long."""
    size = os.fstat(handle).st_size
    if stated <= size:
        return FileEnd(counted=True, after=size - stated)
    return FileEnd(counted=True, missing=f"{what} states {stated} bytes, the file has {size}.")
