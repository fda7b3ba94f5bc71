"""What a drone or camera wrote about itself: one reader a format, one table.

A new format is one module with ``sniff`` and ``read`` and one line in `FORMATS`.
"""

from __future__ import annotations

from typing import Protocol

from forensics.model.telemetry import Track
from forensics.telemetry import srt

__all__ = ["FORMATS", "HEAD_BYTES", "Format", "read_track"]

HEAD_BYTES = 4096
"""How much of a file ``sniff`` is shown."""


class Format(Protocol):
    """A telemetry format. Neither function raises for hostile bytes."""

    def sniff(self, head: bytes, name: str) -> bool:
        """Whether a file with these first bytes and this name is of the format."""

    def read(self, data: bytes) -> Track:
        """The whole file as a track, its faults as notices."""


FORMATS: tuple[Format, ...] = (srt,)
"""Asked in this order."""


def read_track(name: str, data: bytes) -> Track | None:
    """The track of a telemetry file, or None when no format knows it.

    Args:
        name: The file's name or path (its ending counts).
        data: The whole file.
    """
    head = data[:HEAD_BYTES]
    found = next((each for each in FORMATS if each.sniff(head, name)), None)
    return None if found is None else found.read(data)
