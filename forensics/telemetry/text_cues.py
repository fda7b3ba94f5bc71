"""Drone subtitle text in a text stream of a clip (QuickTime ``text``, 3GPP ``tx3g``, SubRip in Matroska).

The same families as in a sidecar, one packet a cue. A stream whose text is of no drone's family is somebody's
subtitles: it is no telemetry, and nothing is said of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensics.model.telemetry import Packet, Track
from forensics.telemetry import srt
from forensics.telemetry.srt_cues import MAX_CUE, MAX_CUES, Cue, CueSheet
from forensics.telemetry.srt_families import family_of

FORMAT = "text"
CODECS = frozenset(("mov_text", "tx3g", "sbtl", "text", "subrip"))
"""Of ffmpeg, and sample entries of MP4 and MOV."""

ASKED = 200
"""Cues that are asked for a family before a stream is called no telemetry: a drone writes none until it is ready."""


def sniff(head: bytes, name: str) -> bool:
    """Whether the stream's codec is text."""
    del head
    return name in CODECS


def read_packets(packets: Sequence[Packet]) -> Track | None:
    """The cues of one stream as a track; None when they are of no drone."""
    cues = tuple(_cues(packets[: MAX_CUES + 1]))
    if not any(family_of(cue.text) for cue in cues[:ASKED]):
        return None
    sheet = CueSheet(
        cues=cues[:MAX_CUES],
        timecoded=True,
        long_lines=sum(len(cue.text) > MAX_CUE for cue in cues),
        nul_bytes=sum(cue.text.count("\0") for cue in cues),
        dangling_index=False,
        limited=len(cues) > MAX_CUES,
    )
    return srt.read_sheet(sheet, FORMAT)


def _cues(packets: Sequence[Packet]) -> Iterator[Cue]:
    """The text of each packet; an empty one clears the screen and is no cue."""
    for packet in packets:
        length = int.from_bytes(packet.data[:2])
        counted = len(packet.data) >= 2 and length + 2 <= len(packet.data)  # two letters would count 8 KiB
        raw = packet.data[2 : 2 + length] if counted else packet.data
        text = raw[: 4 * MAX_CUE].decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
        if text.strip():
            yield Cue(packet.at_ms, text[:MAX_CUE].rstrip("\n") + "\n")
