"""The readers of untrusted bytes that jobs use, each run by `forensics.media.read` in a jail of its own.

    >>> tags, notices = media.read(TAGS, handle=fd)

A reader is a function of a module whose signature declares the types of what it takes and tells; the module imports
nothing that needs `forensics.media` as a whole. What a stopped reader would have told is missing, and a notice says so.
"""

from __future__ import annotations

from collections.abc import Callable

from forensics import media, telemetry
from forensics.errors import ParserStopped
from forensics.model.notice import Notice
from forensics.model.telemetry import Track
from forensics.telemetry.exif import read_tags_of

BOXES, TAGS = telemetry.read_boxes_of, read_tags_of
TRACK, STREAM = telemetry.read_track, telemetry.read_stream
STILL, STILL_WINDOW = media.still_of, media.still_window_of
KNOWN, SHRUNK = telemetry.is_telemetry, media.shrunk_pictures

READERS: tuple[Callable[..., object], ...] = (BOXES, TAGS, TRACK, STREAM, STILL, STILL_WINDOW, KNOWN, SHRUNK)
"""All of them."""


def track_of(name: str, data: bytes, limits: media.Limits) -> Track | None:
    """The track of a telemetry file, or None when no format knows it; of its ``name`` only the ending counts.

    Raises ParserStopped.
    """
    return media.read(TRACK, _as_told(name), data, limits=limits)


def is_telemetry(name: str, head: bytes, limits: media.Limits) -> bool:
    """Whether a telemetry format knows a file by its name and its first bytes. Raises ParserStopped."""
    return media.read(KNOWN, _as_told(name), head, limits=limits)


def _as_told(name: str) -> str:
    """A name may hold bytes that are no UTF-8."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def stopped(error: ParserStopped, what: str) -> Notice:
    """The notice that ``what`` was not read."""
    return Notice(code=error.code, message=f"{what}: {error.message}; nothing of it was read")
