"""What a drone or camera wrote about itself: one reader a format, one table; tracks out, one function a form.

A new format is one module with ``sniff`` and ``read`` and one line in `FORMATS`; one that is carried inside a clip has
``sniff`` and ``read_packets`` and a line in `STREAM_FORMATS`; a new form is one function and one line in `OUTPUTS`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from forensics.model.telemetry import Packet, SourcedTrack, Track
from forensics.telemetry import djmd, gpmf, klv, srt, stills, text_cues
from forensics.telemetry.box_walk import Source
from forensics.telemetry.boxes import read as read_boxes
from forensics.telemetry.clip_checks import Clip, against_clip, inside_clip
from forensics.telemetry.drawing import to_svg, track_drawing
from forensics.telemetry.outputs import to_csv, to_geojson, to_gpx, to_kml
from forensics.telemetry.redaction import check_rules, redact

__all__ = [
    "FORMATS",
    "HEAD_BYTES",
    "OUTPUTS",
    "STREAM_FORMATS",
    "Clip",
    "Format",
    "Source",
    "StreamFormat",
    "against_clip",
    "check_rules",
    "inside_clip",
    "read_boxes",
    "read_boxes_of",
    "read_stream",
    "read_track",
    "redact",
    "to_csv",
    "to_geojson",
    "to_gpx",
    "to_kml",
    "to_svg",
    "track_drawing",
]

HEAD_BYTES = 4096
"""How much of a file ``sniff`` is shown."""


class Format(Protocol):
    """A telemetry format. Neither function raises for hostile bytes."""

    def sniff(self, head: bytes, name: str) -> bool:
        """Whether a file with these first bytes and this name is of the format."""

    def read(self, data: bytes) -> Track:
        """The whole file as a track, its faults as notices."""


class StreamFormat(Protocol):
    """A telemetry format as a clip carries it in a stream. Neither function raises for hostile bytes."""

    def sniff(self, head: bytes, name: str) -> bool:
        """Whether a stream whose first packet begins so is of the format; ``name`` is its codec or sample entry."""

    def read_packets(self, packets: Sequence[Packet]) -> Track | None:
        """The whole stream as a track; None when it is no telemetry after all."""


FORMATS: tuple[Format, ...] = (srt, gpmf, klv, stills)
"""Asked in this order."""

STREAM_FORMATS: tuple[StreamFormat, ...] = (djmd, text_cues, gpmf, klv)
"""Asked in this order."""

OUTPUTS: Mapping[str, Callable[[Sequence[SourcedTrack]], bytes]] = {
    "geojson": to_geojson,
    "kml": to_kml,
    "gpx": to_gpx,
    "csv": to_csv,
    "svg": to_svg,
}
"""Forms of the tracks of a file by name; the same tracks give the same bytes."""


def read_track(name: str, data: bytes) -> Track | None:
    """The track of a telemetry file, or None when no format knows it.

    Args:
        name: The file's name or path (its ending counts).
        data: The whole file.
    """
    head = data[:HEAD_BYTES]
    found = next((each for each in FORMATS if each.sniff(head, name)), None)
    return None if found is None else found.read(data)


def is_telemetry(name: str, head: bytes) -> bool:
    """Whether a format knows a file by its name and its first `HEAD_BYTES`."""
    return any(each.sniff(head, name) for each in FORMATS)


def read_boxes_of(handle: int) -> Track | None:
    """What the boxes of the clip that is open as ``handle`` say; None when it has none."""
    return read_boxes(Source(os.fstat(handle).st_size, lambda at, length: os.pread(handle, length, at)))


def read_stream(name: str, packets: Sequence[Packet]) -> Track | None:
    """The track of a stream of a clip, or None when no format knows it.

    Args:
        name: The stream's sample entry, or its codec.
        packets: All of its packets.
    """
    head = next((packet.data[:HEAD_BYTES] for packet in packets if packet.data), b"")
    found = next((each for each in STREAM_FORMATS if each.sniff(head, name)), None)
    return None if found is None else found.read_packets(packets)
