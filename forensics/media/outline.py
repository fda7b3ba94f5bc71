"""What headers say that ffprobe does not tell, read in one go: boxes, and where a file says that it ends."""

from __future__ import annotations

from typing import NamedTuple

from forensics.errors import ParserStopped
from forensics.media.isobmff import Boxes, walk
from forensics.media.limits import Limits
from forensics.media.reading import read
from forensics.media.trailing import trailing_bytes
from forensics.model.notice import Notice

_STATING_AN_END = ("avi", "matroska")
"""Formats whose stated end `trailing_bytes` reads."""


class Outline(NamedTuple):
    """Boxes of an ISO file, or None; for each other format that states an end, how many bytes follow it."""

    boxes: Boxes | None
    after_end: tuple[int, ...]

    def trailing(self, container: str) -> int:
        """Bytes after the stated end of a file of ffprobe's format ``container``; 0 where none is stated."""
        names = container.split(",")
        return next((after for name, after in zip(_STATING_AN_END, self.after_end, strict=True) if name in names), 0)


UNKNOWN = Outline(None, (0, 0))
"""When the headers could not be read."""


def outline_of(handle: int) -> Outline:
    """The outline of the file that is open as ``handle``."""
    return Outline(walk(handle), tuple(trailing_bytes(handle, name) for name in _STATING_AN_END))


def read_outline(handle: int, limits: Limits) -> tuple[Outline, tuple[Notice, ...]]:
    """The same, read in the jail; `UNKNOWN` with a notice when the reader was stopped."""
    try:
        return read(outline_of, handle=handle, limits=limits), ()
    except ParserStopped as error:
        message = (
            f"The headers of the file could not be read ({error.message}): edit lists and trailing bytes are not known."
        )
        return UNKNOWN, (Notice(code=error.code, message=message),)
