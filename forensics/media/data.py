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

MAX_STREAMS = 8
"""Read of one file: a DJI clip has three of data and one of text, a GoPro's three."""
MAX_STREAM_BYTES = 256 << 20
"""Of one stream: the wordiest known write 180 KiB a second; 24 minutes of those, hours of all others."""

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

    over, status = False, 0
    with Child(build, fd, 2 * len(taken), limits=limits, cpu_s=limits.probe_cpu_s, patience_s=limits.stall_s) as child:
        while not over and (arrived := child.read()):
            for channel, data in arrived:
                (lines if channel % 2 else contents)[channel // 2].extend(data)
            over = any(len(each) > MAX_STREAM_BYTES for each in (*contents, *lines))
        if not over:
            status = child.wait()
    whole = status == 0 and not over and not child.over_limit
    streams = tuple(
        _stream(probe, stream, bytes(content[:MAX_STREAM_BYTES]), bytes(line), whole=whole)
        for stream, content, line in zip(taken, contents, lines, strict=True)
    )
    return DataStreams(streams=streams, command=child.command, notices=tuple(_notices(wanted, streams)))


def _candidates(probe: Probe) -> tuple[Stream, ...]:
    """Data of any codec, and plain text."""
    return tuple(
        stream
        for stream in probe.streams
        if stream.kind == "data" or (stream.kind == "subtitle" and stream.codec in _TEXT_CODECS)
    )


def _stream(probe: Probe, stream: Stream, content: bytes, lines: bytes, *, whole: bool) -> DataStream:
    packets = tuple(_packets(probe, stream, content, lines))
    told = sum(len(packet.data) for packet in packets)
    return DataStream(stream=stream, packets=packets, complete=whole and told == len(content))


def _packets(probe: Probe, stream: Stream, content: bytes, lines: bytes) -> Iterator[Packet]:
    """The bytes cut where ffmpeg says that packets end; the rest of a copy that was stopped is left out."""
    at = 0
    for line in lines.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        size = int(found[3])
        if at + size > len(content):
            return
        yield Packet(_at_ms(probe, stream, int(found[2])), content[at : at + size])
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
