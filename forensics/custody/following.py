"""Go on reading the custody log from a place where one stopped, certain that it is the same log up to there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from forensics.custody.event import MAX_LINE, decode_event
from forensics.custody.lines import open_log, pieces_of, settled_size, unwritable
from forensics.errors import IntegrityError, ManifestError
from forensics.model.catalog import LOG_START, LogMark
from forensics.model.custody import CustodyEvent


class Followed(NamedTuple):
    """An event, and the place after its line."""

    event: CustodyEvent
    mark: LogMark


def follow(path: Path, case_id: str, after: LogMark) -> Iterator[Followed]:
    """Yield every whole line after ``after`` as the log is now. Each must go on from the one before: sequence, digest
    and case.

    The line at ``after`` must be there with its digest. As it names the digest of the one before, and so on, the log up
    to there can then differ from the one that was read only where its chain is broken.

    Raises:
        IntegrityError: ``integrity.log_moved`` when that line is not there (the log was cut, rolled back or written
            anew); ``integrity.log`` when a line after it is no event or does not go on from the one before.
        StoreError: the log cannot be read.
    """
    with open_log(path, os.O_RDONLY) as fd:
        size = settled_size(fd)
        if not _stands(fd, size, after):
            raise IntegrityError(
                f"line {after.seq + 1} of the custody log is not the one that was read there",
                code="integrity.log_moved",
                hint="The log was cut or replaced: run verify, and compare with the head that others hold.",
            )
        mark = after
        for piece in pieces_of(fd, size - after.end, after.end):
            if not piece.whole:
                return
            event = _next(piece.raw, case_id, mark)
            mark = LogMark(event.seq, piece.sha256, mark.end + len(piece.raw))
            yield Followed(event, mark)


def _stands(fd: int, size: int, mark: LogMark) -> bool:
    """Whether the line that ends at the mark is the one that the mark names."""
    if mark == LOG_START:
        return True
    if not 0 < mark.end <= size:
        return False
    start = max(0, mark.end - MAX_LINE - 1)
    try:
        data = os.pread(fd, mark.end - start, start)
    except OSError as error:
        raise unwritable("read", error) from error
    line = data[data.rfind(b"\n", 0, len(data) - 1) + 1 :]
    return line.endswith(b"\n") and hashlib.sha256(line).hexdigest() == mark.sha256


def _next(line: bytes, case_id: str, former: LogMark) -> CustodyEvent:
    try:
        event = decode_event(line)
    except ManifestError as error:
        raise _broken(former, error.message) from error
    if (event.seq, event.prev, event.case) != (former.seq + 1, former.sha256, case_id):
        raise _broken(former, "it does not go on from the line before")
    return event


def _broken(former: LogMark, what: str) -> IntegrityError:
    return IntegrityError(
        f"line {former.seq + 2} of the custody log: {what}",
        code="integrity.log",
        hint="Run verify: it names every line that does not agree.",
    )
