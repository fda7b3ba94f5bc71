"""One line of the custody log: bytes to value and back, nothing lost.

Names of events are PREMIS terms (https://id.loc.gov/vocabulary/preservation/eventType). ``prev`` is the SHA-256 of the
line before with its newline, as stored: the chain is over bytes, never over parsed values.
"""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from forensics.custody import canonical
from forensics.custody.wire import wire_error
from forensics.errors import ManifestError
from forensics.model.custody import CustodyEvent
from forensics.model.manifest import Json

FIRST_PREV = "0" * 64
"""What the first line names as the line before it."""

MAX_LINE = 2**20
"""Bytes of one line. Ours have a few hundred; the bound keeps a hostile log from filling the memory."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\Z", re.ASCII)
_HEX64 = re.compile(r"[0-9a-f]{64}\Z")


def encode_event(event: CustodyEvent) -> bytes:
    """The stored line of an event, with its newline.

    Raises ManifestError when a field is not of the schema or a text is not valid Unicode.
    """
    _check_fields(event)
    plain: Json = msgspec.to_builtins(event)
    line = canonical.encode_stored(plain)
    if len(line) > MAX_LINE:
        raise _unsound(f"the line has {len(line)} bytes, more than {MAX_LINE}; keep the detail in a file")
    return line


def decode_event(line: bytes) -> CustodyEvent:
    """The event whose stored line is exactly ``line``. Raises ManifestError for anything else."""
    if len(line) > MAX_LINE:
        raise _unsound(f"the line has {len(line)} bytes, more than {MAX_LINE}")
    value = canonical.decode_stored(line)
    try:
        event = msgspec.convert(value, CustodyEvent, strict=True)
    except msgspec.ValidationError as error:
        raise wire_error("log line", error) from error
    _check_fields(event)
    # A field that the schema does not know would vanish here unseen.
    if msgspec.to_builtins(event) != value:
        raise _unsound("it holds a field that the schema does not know")
    return event


def moment(time: str) -> datetime:
    """The aware UTC moment of an event's time. Raises ManifestError when it is not RFC 3339 UTC with microseconds."""
    if not _TIME.match(time):
        raise _unsound(f"the time {time!r:.60} is not RFC 3339 UTC with microseconds")
    try:
        return datetime.fromisoformat(time)
    except ValueError as error:
        raise _unsound(f"the time {time!r:.60} is no date: {error}") from error


def _check_fields(event: CustodyEvent) -> None:
    moment(event.time)
    if event.seq < 0 or not _HEX64.match(event.prev):
        raise _unsound("seq counts from 0 and prev is a SHA-256")
    if event.item is not None and not _HEX64.match(event.item):
        raise _unsound(f"the item {event.item!r:.80} is not a SHA-256 in lower-case hex")
    if any(isinstance(value, bool) or not isinstance(value, (str, int)) for value in event.detail.values()):
        raise _unsound("a detail is neither text nor a whole number")


def _unsound(message: str) -> ManifestError:
    return ManifestError(
        f"the log line is not sound: {message}",
        code="manifest.event",
        hint="Run verify: it names every line that does not agree.",
    )
