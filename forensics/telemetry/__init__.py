"""What a drone or camera wrote about itself: one reader a format, one table; tracks out, one function a form.

A new format is one module with ``sniff`` and ``read`` and one line in `FORMATS`; a new form is one function and one
line in `OUTPUTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from forensics.model.telemetry import Track
from forensics.telemetry import srt
from forensics.telemetry.outputs import to_csv, to_geojson, to_gpx, to_kml

__all__ = [
    "FORMATS",
    "HEAD_BYTES",
    "OUTPUTS",
    "Format",
    "read_track",
    "to_csv",
    "to_geojson",
    "to_gpx",
    "to_kml",
]

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

OUTPUTS: Mapping[str, Callable[[Track], bytes]] = {
    "geojson": to_geojson,
    "kml": to_kml,
    "gpx": to_gpx,
    "csv": to_csv,
}
"""Forms of a track by name; the same track gives the same bytes."""


def read_track(name: str, data: bytes) -> Track | None:
    """The track of a telemetry file, or None when no format knows it.

    Args:
        name: The file's name or path (its ending counts).
        data: The whole file.
    """
    head = data[:HEAD_BYTES]
    found = next((each for each in FORMATS if each.sniff(head, name)), None)
    return None if found is None else found.read(data)
