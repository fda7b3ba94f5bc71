"""Steps 12 and 13 of verification: time-stamps over seals, and the outside times that each event lies between."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from forensics.custody.checkpoint import name_of, size_in_name
from forensics.custody.event import moment
from forensics.custody.seals import Judged, SealedLog
from forensics.custody.stamp import UNJUDGED, Reader, check_answer
from forensics.errors import StampError
from forensics.model.custody import Check, CheckStatus, EventType
from forensics.model.verification import Step

NO_OUTSIDE_TIME = "time from outside"
"""Name of the check that counts the lines without a token after them."""

TOLERANCE = timedelta(minutes=5)
"""How far the log's clock may be from an authority's: a computer that nobody keeps on time is off by less for months;
back-dating that matters is more.
"""

_ANSWER = re.compile(r"(?P<name>[0-9]+\.ckpt)\.sig\.(?P<authority>[a-z0-9-]+)\.tsr\Z")


class Stamped(NamedTuple):
    """A token that holds: how many lines its seal covers, its time, and whether the line after them names it."""

    size: int
    time: datetime
    logged: bool


def check_stamps(
    log: SealedLog, judged: Judged, second: Reader | None = None
) -> tuple[tuple[Check, ...], tuple[Stamped, ...]]:
    """Step 12: every token, and what the sound ones over sound seals prove. ``second`` reads what the first reader
    cannot; a token that then nobody here has judged is skipped, and proves nothing.
    """
    checks: list[Check] = []
    stamped: list[Stamped] = []
    named = {event.seq: event.detail for event in log.events if event.event is EventType.SEALED}
    for name in sorted(log.files):
        found = _ANSWER.match(name)
        size = size_in_name(name)
        if found is None or size is None:
            continue
        check, time = check_stamp(log.files, name, found["authority"], size, second)
        checks.append(check)
        if time is not None and size in judged.sound:
            stamped.append(Stamped(size, time, name in named.get(size, {})))
    covered = max((each.size for each in stamped), default=0)
    checks.append(_coverage(log, covered))
    return tuple(checks), tuple(stamped)


def check_brackets(log: SealedLog, stamped: tuple[Stamped, ...]) -> Iterator[Check]:
    """Step 13: each line was written before the token over it and after the token that a line above names."""
    if not stamped:
        return
    problems = 0
    latest_at, earliest_at = _Latest(stamped), _Earliest(stamped)
    for event in log.events:
        latest, earliest = latest_at(event.seq), earliest_at(event.seq)
        said = moment(event.time)
        problem = None
        if latest is not None and said > latest + TOLERANCE:
            problem = f"not after {latest.isoformat()}, when a token was given over it"
        elif earliest is not None and said < earliest - TOLERANCE:
            problem = f"not before {earliest.isoformat()}, the time of a token that a line above names"
        if problem is not None:
            problems += 1
            yield _check(Step.BRACKETS, "bracket", CheckStatus.FAILED, f"line {event.seq + 1}", problem, event.time)
    if not problems:
        found = f"{len(log.events)} events against {len(stamped)} outside times, within {TOLERANCE}"
        yield _check(Step.BRACKETS, "bracket", CheckStatus.OK, "log/custody.jsonl", None, found)


class _Latest:
    """The earliest time of a token over a line, in logarithmic time for each line."""

    def __init__(self, stamped: tuple[Stamped, ...]) -> None:
        ordered = sorted(stamped)
        self._sizes = [each.size for each in ordered]
        times = list(accumulate((each.time for each in reversed(ordered)), min))
        self._times = times[::-1]

    def __call__(self, seq: int) -> datetime | None:
        at = bisect_right(self._sizes, seq)
        return self._times[at] if at < len(self._times) else None


class _Earliest:
    """The latest time of a token that a line above one, or that line, names."""

    def __init__(self, stamped: tuple[Stamped, ...]) -> None:
        ordered = sorted(each for each in stamped if each.logged)
        self._sizes = [each.size for each in ordered]
        self._times = list(accumulate((each.time for each in ordered), max))

    def __call__(self, seq: int) -> datetime | None:
        at = bisect_right(self._sizes, seq)
        return self._times[at - 1] if at else None


def check_stamp(
    files: Mapping[str, bytes | None], name: str, authority: str, size: int, second: Reader | None
) -> tuple[Check, datetime | None]:
    """One token: ``name`` is the answer's among the ``files`` of seals. Its time when it holds."""
    stem = f"{name_of(size)}.sig"
    parts = [files.get(each) for each in (stem, f"{stem}.{authority}.tsq", name, f"{stem}.{authority}.pem")]
    subject = f"log/checkpoints/{name}"
    expected = "a token over the seal's signature that holds at its own time"
    if any(part is None for part in parts):
        found = "signature, request or root certificate is not beside it"
        return _check(Step.STAMPS, "time-stamp", CheckStatus.FAILED, subject, expected, found), None
    signature, request, answer, root = (part or b"" for part in parts)
    try:
        stamp = check_answer(signature, request, answer, root, second)
    except StampError as error:
        status = CheckStatus.SKIPPED if error.code == UNJUDGED else CheckStatus.FAILED
        return _check(Step.STAMPS, "time-stamp", status, subject, expected, f"{error.message} {error.hint}"), None
    found = f"{stamp.time.isoformat()}, by the root with SHA-256 {stamp.root_sha256}; judged by {stamp.reader}"
    return _check(Step.STAMPS, "time-stamp", CheckStatus.OK, subject, None, found), stamp.time


def _coverage(log: SealedLog, covered: int) -> Check:
    left = len(log.leaves) - covered
    status = CheckStatus.SKIPPED if left else CheckStatus.OK
    found = f"{left} of {len(log.leaves)} events have no token after them"
    return _check(Step.STAMPS, NO_OUTSIDE_TIME, status, "log/custody.jsonl", "a token over every line", found)


def _check(step: Step, name: str, status: CheckStatus, subject: str, expected: str | None, found: str | None) -> Check:
    return Check(step=step, name=name, status=status, subject=subject, expected=expected, found=found)
