"""The outline of a file, read in the jail."""

from __future__ import annotations

from forensics.errors import ParserStopped
from forensics.media import outline, outline_counted
from forensics.media.limits import Limits
from forensics.media.outline import UNKNOWN, Outline
from forensics.media.reading import read
from forensics.media.transport import packet_form
from forensics.model.notice import Notice


def read_outline(handle: int, limits: Limits) -> tuple[Outline, tuple[Notice, ...]]:
    """The outline of the file that is open as ``handle``; `UNKNOWN` with a notice when the reader was stopped."""
    reader = outline.outline_of if packet_form(handle) is None else outline_counted.counted_outline_of
    try:
        return read(reader, handle=handle, limits=limits), ()
    except ParserStopped as error:
        message = (
            f"The headers of the file could not be read ({error.message}): edit lists and trailing bytes are not known."
        )
        return UNKNOWN, (Notice(code=error.code, message=message),)
