"""Step 2 of verification: the custody log against itself, line by line; every problem, not the first."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Generator, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from forensics.custody.event import FIRST_PREV, decode_event, moment
from forensics.custody.lines import Piece, read_pieces
from forensics.custody.torn import torn_folder
from forensics.errors import ForensicsError, ManifestError
from forensics.model.custody import Check, CheckStatus, CustodyEvent, EventType
from forensics.model.text import visible
from forensics.model.verification import Step

CLOCK_STEP = timedelta(minutes=1)
"""An event has its time before it waits for the lock, so lines of two processes may cross by the time of a slow disk
flush. A larger step back is a clock that was set.
"""

_HEX64 = re.compile(r"[0-9a-f]{64}\Z")


def check_log(path: Path, case_id: str) -> Generator[Check, None, tuple[CustodyEvent, ...]]:
    """Every problem of the log at ``path`` (CASE/log/custody.jsonl), or one line of praise a kind. Returns what
    `sound_events` gives, so that no line is decoded twice.

    A torn last line and a clock that went back are ``skipped``: a crash leaves the first, and times are claims until
    they are sealed. Never raises for what is found.
    """
    reading = _Reading(case_id)
    try:
        for piece in read_pieces(path):
            yield from reading.take(piece)
    except ForensicsError as error:
        yield _check("log file", CheckStatus.FAILED, path.name, "a readable log", error.message)
        return tuple(reading.sound)
    yield from reading.summary()
    yield from _check_torn(path, reading.told)
    return tuple(reading.sound)


def sound_events(path: Path, case_id: str) -> Iterator[CustodyEvent]:
    """The events of this case in every line that is sound by itself, whatever its place in the chain.

    For the later steps, which go on when step 2 has found problems. Nothing when there is no readable log.
    """
    try:
        for piece in read_pieces(path):
            try:
                event = decode_event(piece.raw)
            except ManifestError:
                continue
            if event.case == case_id:
                yield event
    except ForensicsError:
        return


class _Reading:
    """The state of going through a log: what the next line must be."""

    def __init__(self, case_id: str) -> None:
        self.told: dict[str, int] = {}
        self.sound: list[CustodyEvent] = []
        self._case = case_id
        self._number = 0
        self._seq = 0
        self._prev = FIRST_PREV
        self._time: datetime | None = None
        self._back = timedelta()
        self._failed: set[str] = set()
        self._torn = False

    def take(self, piece: Piece) -> Iterator[Check]:
        """The problems of one line."""
        if not piece.whole:
            self._torn = True
            found = (
                f"{len(piece.raw)} bytes after the last newline, cut off by a crash; the next append keeps them apart"
            )
            yield _check("log tail", CheckStatus.SKIPPED, f"after line {self._number}", "a newline", found)
            return
        self._number += 1
        prev, self._prev = self._prev, piece.sha256
        try:
            event = decode_event(piece.raw)
        except ManifestError as error:
            self._seq += 1
            yield self._fail("log lines", "a canonical event", error.message)
            return
        if event.case == self._case:
            self.sound.append(event)
        yield from self._compare(event, prev)
        yield from self._compare_time(moment(event.time))
        self._seq = event.seq + 1
        if event.event is EventType.RECOVERY and isinstance(event.detail.get("sha256"), str):
            self.told[str(event.detail["sha256"])] = self._number

    def summary(self) -> Iterator[Check]:
        """What held for all lines."""
        found = f"{self._number} lines, last {self._prev}"
        if self._number == 0:
            yield self._fail("log lines", "at least the event that made the case", "an empty log")
        for name in ("log lines", "log case", "log sequence", "log chain"):
            if name not in self._failed:
                yield _check(name, CheckStatus.OK, "custody.jsonl", None, found)
        if self._back <= CLOCK_STEP:
            largest = f"largest step back {self._back.total_seconds():.6f} s"
            yield _check("log time order", CheckStatus.OK, "custody.jsonl", None, largest)

    def _compare(self, event: CustodyEvent, prev: str) -> Iterator[Check]:
        if event.case != self._case:
            yield self._fail("log case", self._case, visible(event.case))
        if event.seq != self._seq:
            yield self._fail("log sequence", f"seq {self._seq}", f"seq {event.seq}")
        if event.prev != prev:
            yield self._fail("log chain", prev, event.prev)

    def _compare_time(self, time: datetime) -> Iterator[Check]:
        back = self._time - time if self._time is not None else timedelta()
        self._time = time
        self._back = max(self._back, back)
        if back > CLOCK_STEP:
            yield _check(
                "log time order",
                CheckStatus.SKIPPED,
                f"line {self._number}",
                "not before the line above",
                f"{back.total_seconds():.6f} s before it: a clock was set, and the times cannot be vouched for",
            )

    def _fail(self, name: str, expected: str, found: str) -> Check:
        self._failed.add(name)
        return _check(name, CheckStatus.FAILED, f"line {self._number}", expected, found)


def _check_torn(path: Path, told: dict[str, int]) -> Iterator[Check]:
    """Kept torn bytes have their digest and a recovery event; bytes that an event names are kept."""
    try:
        kept = sorted(entry.name for entry in torn_folder(path).iterdir())
    except FileNotFoundError:
        kept = []
    except OSError as error:
        yield _check("torn lines", CheckStatus.FAILED, "torn", "a readable folder", error.strerror or str(error))
        return
    for name in kept:
        subject = f"torn/{visible(name)}"
        if name.endswith((".pending", ".part")):
            found = "not told by an event yet; the next append does"
            yield _check("torn lines", CheckStatus.SKIPPED, subject, "a recovery event", found)
        elif name not in told:
            yield _check("torn lines", CheckStatus.FAILED, subject, "a recovery event", "none names it")
        else:
            yield _torn_digest(torn_folder(path) / name, name)
    here = {name.removesuffix(".pending") for name in kept}
    for sha256, number in told.items():
        if sha256 not in here and _HEX64.match(sha256):
            yield _check("torn lines", CheckStatus.FAILED, f"torn/{sha256}", f"kept, as line {number} says", "nothing")


def _torn_digest(path: Path, sha256: str) -> Check:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        found = error.strerror or str(error)
    status = CheckStatus.OK if found == sha256 else CheckStatus.FAILED
    return _check("torn lines", status, f"torn/{sha256}", sha256, found)


def _check(name: str, status: CheckStatus, subject: str, expected: str | None, found: str | None) -> Check:
    return Check(step=Step.LOG, name=name, status=status, subject=subject, expected=expected, found=found)
