"""The formats of telemetry, and who reads a file or a stream of a clip: a jailed process has this module without the
rest of the room, which draws and writes tracks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from forensics.model.telemetry import Packet, Track
from forensics.telemetry import djmd, gpmf, klv, srt, stills, text_cues

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


def read_stream(name: str, packets: Sequence[Packet]) -> Track | None:
    """The track of a stream of a clip, or None when no format knows it.

    Args:
        name: The stream's sample entry, or its codec.
        packets: All of its packets.
    """
    head = next((packet.data[:HEAD_BYTES] for packet in packets if packet.data), b"")
    found = next((each for each in STREAM_FORMATS if each.sniff(head, name)), None)
    return None if found is None else found.read_packets(packets)
