"""What a clip carries of telemetry inside: the boxes of its container, and its data and text streams.

1  read the boxes of an ISO or QuickTime file: clocks, places, maker, the writer that it is consistent with
2  copy data and text streams out, and read each with the format that knows it
3  hold each track, inside and beside, against the clip
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import msgspec

from forensics import media, telemetry
from forensics.errors import ParserStopped
from forensics.model.manifest import Json
from forensics.model.media import Probe
from forensics.model.notice import Notice
from forensics.model.telemetry import Track
from forensics.model.text import visible
from pipelines.readers import BOXES, STREAM, stopped

BOXES_SOURCE = "boxes"
READERS = "1"
"""Version of the readers as a whole: a change of what they find in the same bytes raises it."""

_ISO = frozenset(("mov", "mp4"))
_SAMPLE_ENTRY = "sample_entry"
_NO_TELEMETRY = frozenset(("tmcd", "fdsc", "rtp"))
"""Sample entries whose streams hold no track (time code, GoPro's file repair, streaming hints): copying them out would
read the whole file once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """One track inside a clip: ``source`` is ``boxes`` or ``stream:N``; ``sha256`` is of the stream's packets."""

    source: str
    sha256: str | None
    track: Track


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """Everything found inside one clip, and what a reader must know: ``copying`` of how streams were copied out,
    ``notices`` of that and of each track, with where it is; ``unread`` names the streams that no format knows.
    """

    carried: tuple[Carried, ...]
    unread: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    copying: tuple[Notice, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()

    @property
    def boxes(self) -> Track | None:
        """What the container's boxes say; None for a container that has none."""
        return next((each.track for each in self.carried if each.source == BOXES_SOURCE), None)

    def facts(self) -> Json:
        """The fact of a manifest; None when there is nothing to tell."""
        if not self.carried and not self.unread:
            return None
        return {
            "readers": READERS,
            "tracks": [_facts(each) for each in self.carried],
            "unread": list(self.unread),
        }


def read_embedded(tools: media.Tools, handle: int, probe: Probe, limits: media.Limits) -> Embedded:
    """Read what the clip behind ``handle`` carries. Never raises for bad media; raises `ToolError`."""
    carried: list[Carried] = []
    lost: list[Notice] = []
    boxes = _boxes(handle, limits, lost) if _ISO & set(probe.container.split(",")) else None
    if boxes is not None:
        carried.append(Carried(source=BOXES_SOURCE, sha256=None, track=boxes))
    entries = {} if boxes is None else _sample_entries(boxes)
    known = frozenset(index for index, entry in entries.items() if entry in _NO_TELEMETRY)
    copied = media.read_data(tools, handle, probe, limits, without=known)
    unread = [f"stream:{index} {entries[index]}" for index in sorted(known)]
    for each in copied.streams:
        name = entries.get(each.stream.index) or each.stream.codec or ""
        track = _stream(name, each, limits, lost)
        if track is None:
            unread.append(f"stream:{each.stream.index} {visible(name)}".rstrip())
        else:
            digest = hashlib.sha256()
            for packet in each.packets:
                digest.update(packet.data)
            carried.append(Carried(source=f"stream:{each.stream.index}", sha256=digest.hexdigest(), track=track))
    notices = (*copied.notices, *lost, *(notice for each in carried for notice in _placed(each)))
    commands = (copied.command,) if copied.command else ()
    return Embedded(
        carried=tuple(carried), unread=tuple(unread), notices=notices, copying=copied.notices, commands=commands
    )


def clip_of(probe: Probe, boxes: Track | None) -> telemetry.Clip:
    """What a track is held against."""
    video = probe.video_stream
    duration = _ratio(probe.duration) if video is None else _ratio(video.duration) or _ratio(probe.duration)
    rate = None if video is None else _ratio(video.frame_rate)
    return telemetry.Clip(
        duration_s=duration, frame_s=1 / rate if rate else None, clocks=() if boxes is None else boxes.clocks
    )


def leads(inside: Embedded, probe: Probe, beside: Sequence[Track]) -> tuple[Notice, ...]:
    """What of the clip's telemetry, beside it and inside, does not agree with the clip; the latter with where it is."""
    clip = clip_of(probe, inside.boxes)
    outer = (lead for track in beside for lead in telemetry.against_clip(track, clip))
    inner = (
        Notice(code=lead.code, message=f"{each.source}: {lead.message}")
        for each in inside.carried
        for lead in telemetry.inside_clip(each.track, clip)
    )
    return (*outer, *inner)


def _boxes(handle: int, limits: media.Limits, lost: list[Notice]) -> Track | None:
    try:
        return media.read(BOXES, handle=handle, limits=limits)
    except ParserStopped as error:
        lost.append(stopped(error, BOXES_SOURCE))
        return None


def _stream(name: str, copied: media.DataStream, limits: media.Limits, lost: list[Notice]) -> Track | None:
    try:
        return media.read(STREAM, name, copied.packets, limits=limits)
    except ParserStopped as error:
        lost.append(stopped(error, f"stream:{copied.stream.index}"))
        return None


def _sample_entries(boxes: Track) -> dict[int, str]:
    """The sample entry of each track of the movie by its place, which is the stream's index."""
    tracks = [tag for tag in boxes.tags if tag.name == _SAMPLE_ENTRY]
    return {int(tag.group.partition("[")[2].rstrip("]")): tag.value for tag in tracks}


def _placed(carried: Carried) -> tuple[Notice, ...]:
    """The notices of a track, each with where it is."""
    return tuple(
        Notice(code=notice.code, message=f"{carried.source}: {notice.message}") for notice in carried.track.notices
    )


def _ratio(text: str | None) -> Fraction | None:
    """A decimal or a ratio of ffprobe, when it is positive."""
    try:
        value = Fraction(text or "0")
    except (ValueError, ZeroDivisionError):
        return None
    return value if value > 0 else None


def _facts(carried: Carried) -> Json:
    track = carried.track
    located = track.located
    return {
        "source": carried.source,
        "sha256": carried.sha256,
        "format": track.format,
        "family": track.family,
        "axis_order_basis": track.axis_order_basis,
        "altitude_datum": track.altitude_datum,
        "cues": track.cues,
        "fixes": len(located),
        "first": msgspec.to_builtins(located[0]) if located else None,
        "last": msgspec.to_builtins(located[-1]) if located else None,
        "clocks": msgspec.to_builtins(track.clocks),
        "tags": msgspec.to_builtins(track.tags),
    }
