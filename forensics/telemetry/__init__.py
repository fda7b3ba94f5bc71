"""What a drone or camera wrote about itself: one reader a format, one table; tracks out, one function a form.

A new format is one module with ``sniff`` and ``read`` and one line in `FORMATS`; one that is carried inside a clip has
``sniff`` and ``read_packets`` and a line in `STREAM_FORMATS`; a new form is one function and one line in `OUTPUTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from forensics.model.telemetry import SourcedTrack
from forensics.telemetry.box_walk import Source
from forensics.telemetry.boxes import read as read_boxes
from forensics.telemetry.boxes import read_boxes_of
from forensics.telemetry.clip_checks import Clip, against_clip, inside_clip
from forensics.telemetry.drawing import to_svg, track_drawing
from forensics.telemetry.formats import (
    FORMATS,
    HEAD_BYTES,
    STREAM_FORMATS,
    Format,
    StreamFormat,
    is_telemetry,
    read_stream,
    read_track,
)
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
    "is_telemetry",
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

OUTPUTS: Mapping[str, Callable[[Sequence[SourcedTrack]], bytes]] = {
    "geojson": to_geojson,
    "kml": to_kml,
    "gpx": to_gpx,
    "csv": to_csv,
    "svg": to_svg,
}
"""Forms of the tracks of a file by name; the same tracks give the same bytes."""
