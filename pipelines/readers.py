"""The readers of untrusted bytes that jobs use, each run by `forensics.media.read` in a jail of its own.

    >>> tags, notices = media.read(TAGS, handle=fd)

A reader is a function of a module whose signature declares the types of what it takes and tells. What a stopped reader
would have told is missing, and a notice says so.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from forensics import media, telemetry
from forensics.errors import ParserStopped
from forensics.model.media import Tag
from forensics.model.notice import Notice
from forensics.model.telemetry import Track
from forensics.telemetry.exif import read_tags

MAX_STILL_BYTES = 256 * 2**20
"""A still above this is not read whole: the largest camera raw files stay below 200 MB."""


def boxes_of(handle: int) -> Track | None:
    """What the boxes of the clip behind ``handle`` say."""
    source = telemetry.Source(os.fstat(handle).st_size, lambda at, length: os.pread(handle, length, at))
    return telemetry.read_boxes(source)


def tags_of(handle: int) -> tuple[tuple[Tag, ...], tuple[Notice, ...]]:
    """The EXIF tags of the still behind ``handle``."""
    return read_tags(os.pread(handle, MAX_STILL_BYTES, 0))


BOXES, TAGS = boxes_of, tags_of
TRACK, STREAM = telemetry.read_track, telemetry.read_stream
STILL, STILL_WINDOW = media.still_of, media.still_window_of

READERS: tuple[Callable[..., object], ...] = (BOXES, TAGS, TRACK, STREAM, STILL, STILL_WINDOW)
"""All of them."""


def track_of(name: str, data: bytes, limits: media.Limits) -> Track | None:
    """The track of a telemetry file, or None when no format knows it; of its ``name`` only the ending counts.

    Raises ParserStopped.
    """
    told = name.encode("utf-8", "backslashreplace").decode("utf-8")  # names may hold bytes that are no UTF-8
    return media.read(TRACK, told, data, limits=limits)


def stopped(error: ParserStopped, what: str) -> Notice:
    """The notice that ``what`` was not read."""
    return Notice(code=error.code, message=f"{what}: {error.message}; nothing of it was read")
