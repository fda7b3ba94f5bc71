"""Packets of data and text streams, copied out of a container undecoded: bytes, and when each is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from forensics.media.child import Child
from forensics.media.commands import NO_TIME, data_command
from forensics.media.limits import DEFAULT_LIMITS, Limits
from forensics.media.tools import Tools
from forensics.model.media import Probe, Stream
from forensics.model.notice import Notice
from forensics.model.telemetry import Packet

MAX_STREAMS = 6
"""Read of one file: a DJI clip has three of data and one of text, a GoPro's three."""
MAX_STREAM_BYTES = 128 << 20
"""Of one stream, held in memory: the wordiest known write 180 KiB a second; 12 minutes of those, hours of others."""
MAX_LINE_BYTES = 64 << 20
"""Of the times of one stream, 70 bytes a packet: four hours at 60 a second."""

_TEXT_CODECS = frozenset(("mov_text", "text", "subrip"))
_LINE = re.compile(rb"\s*\d+,\s*(-?\d+),\s*(-?\d+),\s*-?\d+,\s*(\d+),")
"""Of ffmpeg's framecrc: stream, decoding time, presentation time, duration, size, check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataStream:
    """The packets of one stream; ``complete`` is False when a limit or a fault ended it early."""

    stream: Stream
    packets: tuple[Packet, ...]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DataStreams:
    """What was copied out, by which command, and what a reader must know."""

    streams: tuple[DataStream, ...]
    command: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()


def read_data(
    tools: Tools, fd: int, probe: Probe, limits: Limits = DEFAULT_LIMITS, *, without: frozenset[int] = frozenset()
) -> DataStreams:
    """Copy the data and text streams of the file open as ``fd``, as `probe` described it, in one pass; those whose
    index is in ``without`` are left alone. Without any stream to copy no program runs.

    Times are milliseconds on the presentation clock of the pictures. Never raises for bad media. Raises `ToolError`
    when ffmpeg refuses its options.
    """
    wanted = tuple(stream for stream in _candidates(probe) if stream.index not in without)
    if not wanted:
        return DataStreams(streams=())
    taken = wanted[:MAX_STREAMS]
    contents, lines = [bytearray() for _ in taken], [bytearray() for _ in taken]

    def build(name: str, outputs: tuple[str, ...]) -> list[str]:
        return data_command(tools.ffmpeg, probe, taken, (name, outputs), limits=limits)

    full: set[int] = set()
    with Child(build, fd, 2 * len(taken), limits=limits, cpu_s=limits.probe_cpu_s, patience_s=limits.stall_s) as child:
        while arrived := child.read():
            for channel, data in arrived:
                buffer, cap = (lines, MAX_LINE_BYTES) if channel % 2 else (contents, MAX_STREAM_BYTES)
                if not _keep(buffer[channel // 2], data, cap):
                    full.add(channel // 2)
        status = child.wait()
    whole = status == 0 and not child.over_limit
    streams = tuple(
        _stream(probe, stream, contents[place], bytes(lines[place]), whole=whole and place not in full)
        for place, stream in enumerate(taken)
    )
    return DataStreams(streams=streams, command=child.command, notices=tuple(_notices(wanted, streams)))


def _candidates(probe: Probe) -> tuple[Stream, ...]:
    """Data of any codec, and plain text."""
    return tuple(
        stream
        for stream in probe.streams
        if stream.kind == "data" or (stream.kind == "subtitle" and stream.codec in _TEXT_CODECS)
    )


def _keep(buffer: bytearray, data: bytes, cap: int) -> bool:
    """Add what fits; whether all did. The rest is read and dropped: were the child ended at once, how much of its other
    outputs had arrived would be chance, and so would the facts.
    """
    buffer += data[: cap - len(buffer)]
    return len(buffer) < cap


def _stream(probe: Probe, stream: Stream, content: bytearray, lines: bytes, *, whole: bool) -> DataStream:
    """The packets of one stream; its buffer is emptied, so that no stream is held twice beside all others."""
    packets = tuple(_packets(probe, stream, content, lines))
    told = sum(len(packet.data) for packet in packets)
    complete = whole and told == len(content)
    content.clear()
    return DataStream(stream=stream, packets=packets, complete=complete)


def _packets(probe: Probe, stream: Stream, content: bytearray, lines: bytes) -> Iterator[Packet]:
    """The bytes cut where ffmpeg says that packets end; the rest of a copy that was stopped is left out."""
    at = 0
    for line in lines.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        size = int(found[3])
        if at + size > len(content):
            return
        yield Packet(_at_ms(probe, stream, int(found[2])), bytes(content[at : at + size]))
        at += size


def _at_ms(probe: Probe, stream: Stream, pts: int) -> int | None:
    if stream.time_base is None or pts == NO_TIME:
        return None
    zero = probe.origin.seconds if probe.origin is not None else 0
    return round((pts * stream.time_base.fraction - zero) * 1000)


def _notices(wanted: Sequence[Stream], streams: Sequence[DataStream]) -> Iterator[Notice]:
    if len(wanted) > len(streams):
        message = f"{len(wanted)} data streams, the first {len(streams)} were read."
        yield Notice(code="media.data_dropped", message=message)
    cut = [str(each.stream.index) for each in streams if not each.complete]
    if cut:
        message = f"Data streams {', '.join(cut)} were not read to their end."
        yield Notice(code="media.data_cut", message=message)
