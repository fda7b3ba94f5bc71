"""The custody log: an append-only file of canonical lines, each naming the SHA-256 of the one before.

CASE/log/custody.jsonl      the lines
CASE/log/torn/<sha256>      bytes of a line that a crash cut off, kept; ``.pending`` until the log speaks of them
CASE/log/checkpoints/       seals: the signed head of the log at some moments

An append takes an exclusive lock on the log file, reads the last line only, writes the new lines in one call and waits
until they are on disk. What a crash cut off is moved aside by the next append and told in a ``recovery`` event; an
append that fails takes back what it wrote. The first line after a sealed one is a ``sealed`` event with the digests of
the seal's files, time-stamps included: whoever appends first writes it. So each line after it was written later than
the time-stamp, and each line before it earlier. The chain shows edits, gaps and reordering; it cannot show that
somebody with access rewrote all of it or cut its tail: that takes the seals, and a copy of the last one held by others.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from forensics.custody.checkpoint import seal_files
from forensics.custody.event import decode_event, encode_event, moment
from forensics.custody.lines import LogHead, Tail, open_log, read_pieces, read_tail, unwritable
from forensics.custody.torn import keep_torn, pending_torn, settle_torn, sync_directory
from forensics.errors import IntegrityError, ManifestError
from forensics.model.custody import CustodyEvent, EventType


class LogLine(NamedTuple):
    """One event and the stored bytes that say it, with their newline."""

    event: CustodyEvent
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What an append says; the log adds case, sequence number and chain.

    ``item`` is an evidence's SHA-256 or None; ``time`` RFC 3339 UTC with microseconds; all text valid Unicode.
    """

    event: EventType
    time: str
    run: str
    operator: str
    item: str | None
    detail: dict[str, str | int]


class Log:
    """The custody log of one case, at ``path`` (CASE/log/custody.jsonl). Any number of processes may append."""

    def __init__(self, path: Path, case_id: str) -> None:
        self.path = path
        self.case_id = case_id

    def append(
        self,
        event: EventType,
        *,
        time: str,
        run: str,
        operator: str,
        item: str | None,
        detail: dict[str, str | int],
    ) -> CustodyEvent:
        """Write one event; on return it is on disk.

        Only ``creation`` may begin a log: one that has vanished is not begun anew.
        Raises IntegrityError when the log is missing, of another case, or its last line is not sound; StoreError when
        it cannot be written (disk full, no permission, a file system without locks); ManifestError for a value that
        has no place in a line.
        """
        entry = Entry(event=event, time=time, run=run, operator=operator, item=item, detail=detail)
        return self.append_many([entry])[0]

    def append_many(self, entries: Sequence[Entry]) -> tuple[CustodyEvent, ...]:
        """Write several events in order with one wait for the disk. A crash may keep only the first few of them.

        Raises as `append`.
        """
        if not entries:
            return ()
        creates = entries[0].event is EventType.CASE_CREATED
        with self._locked(create=creates) as fd:
            tail = read_tail(fd)
            self._check_tail(tail, creates=creates)
            told = self._set_aside(fd, tail, entries[0])
            sealed = self._name_seal(tail.head, entries[0])
            events, lines = self._chain(tail.head, [*sealed, *told, *entries])
            _write(fd, lines, tail.end)
            self._settle(told=bool(told), began=tail.head.lines == 0)
        return events[len(sealed) + len(told) :]

    def events(self) -> Iterator[LogLine]:
        """Every whole line in order, as of now.

        Raises IntegrityError when there is no log or at a line that is not a sound event, StoreError when it cannot
        be read.
        """
        for number, piece in enumerate(read_pieces(self.path), start=1):
            if not piece.whole:
                return
            try:
                event = decode_event(piece.raw)
            except ManifestError as error:
                raise IntegrityError(
                    f"line {number} of the custody log: {error.message}", hint=error.hint, code="integrity.log"
                ) from error
            yield LogLine(event, piece.raw)

    def head(self) -> LogHead:
        """The last whole line. Raises as `events`."""
        with open_log(self.path, os.O_RDONLY) as fd:
            return read_tail(fd).head

    def last_time(self) -> datetime | None:
        """The moment that the last whole line claims; None for an empty log. Raises as `events`, ManifestError."""
        with open_log(self.path, os.O_RDONLY) as fd:
            time = read_tail(fd).time
        return None if time is None else moment(time)

    @contextmanager
    def held(self) -> Iterator[int]:
        """The open log while nobody appends to it. Raises IntegrityError when there is none, StoreError."""
        with self._locked(create=False) as fd:
            yield fd

    @contextmanager
    def _locked(self, *, create: bool) -> Iterator[int]:
        flags = os.O_RDWR
        if create:
            self._make_folder()
            flags |= os.O_CREAT
        with open_log(self.path, flags) as fd:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX)
            except OSError as error:
                raise unwritable("lock", error) from error
            yield fd

    def _make_folder(self) -> None:
        try:
            self.path.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise unwritable("make the folder of", error) from error

    def _check_tail(self, tail: Tail, *, creates: bool) -> None:
        if tail.head.lines == 0 and not creates:
            raise IntegrityError(
                f"the custody log {self.path.name} is empty",
                code="integrity.log_missing",
                hint="A log is begun once, with the case. Look for a copy of it; do not begin another.",
            )
        if tail.case is not None and tail.case != self.case_id:
            raise IntegrityError(
                f"the custody log belongs to case {tail.case!r}, not {self.case_id!r}", code="integrity.log_case"
            )

    def _set_aside(self, fd: int, tail: Tail, cause: Entry) -> list[Entry]:
        """Move torn bytes out of the log; the events that tell of them (and of any left untold by a crash)."""
        try:
            if tail.torn:
                keep_torn(self.path, tail.torn)
                os.ftruncate(fd, tail.end)
                os.fsync(fd)
            pending = pending_torn(self.path)
        except OSError as error:
            raise unwritable("set torn bytes aside from", error) from error
        return [
            Entry(
                event=EventType.RECOVERY,
                time=cause.time,
                run=cause.run,
                operator=cause.operator,
                item=None,
                detail={"what": "torn log line", "kept": f"log/torn/{sha256}", "sha256": sha256, "size": size},
            )
            for sha256, size in pending
        ]

    def _name_seal(self, head: LogHead, cause: Entry) -> list[Entry]:
        """The ``sealed`` event, when the log ends where its last checkpoint does."""
        try:
            files = seal_files(self.path.parent / "checkpoints", head.lines)
        except OSError as error:
            raise unwritable("read the seal of", error) from error
        if not files:
            return []
        detail: dict[str, str | int] = {"size": head.lines, **files}
        return [replace(cause, event=EventType.SEALED, item=None, detail=detail)]

    def _settle(self, *, told: bool, began: bool) -> None:
        try:
            if told:
                settle_torn(self.path)
            if began:
                sync_directory(self.path.parent)
                sync_directory(self.path.parent.parent)
        except OSError as error:
            raise unwritable("settle an append to", error) from error

    def _chain(self, head: LogHead, entries: Sequence[Entry]) -> tuple[tuple[CustodyEvent, ...], bytes]:
        events: list[CustodyEvent] = []
        lines: list[bytes] = []
        prev = head.sha256
        for seq, entry in enumerate(entries, start=head.seq + 1):
            event = CustodyEvent(
                case=self.case_id,
                seq=seq,
                prev=prev,
                time=entry.time,
                event=entry.event,
                run=entry.run,
                operator=entry.operator,
                item=entry.item,
                detail=entry.detail,
            )
            line = encode_event(event)
            prev = hashlib.sha256(line).hexdigest()
            events.append(event)
            lines.append(line)
        return tuple(events), b"".join(lines)


def _write(fd: int, lines: bytes, end: int) -> None:
    """Write at ``end`` and wait for the disk; when that fails, cut the log back to ``end``."""
    try:
        written = os.pwrite(fd, lines, end)
        while written < len(lines):
            # A short write is the disk filling up or a signal: the next one tells which.
            written += os.pwrite(fd, lines[written:], end + written)
        os.fdatasync(fd)
    except OSError as error:
        _take_back(fd, end)
        raise unwritable("append to", error) from error


def _take_back(fd: int, end: int) -> None:
    try:
        os.ftruncate(fd, end)
        os.fsync(fd)
    except OSError as error:
        raise unwritable("cut back a failed append to", error) from error
