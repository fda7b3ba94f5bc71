"""The presentation clock: where zero lies on the video stream's own clock."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from forensics.media.isobmff import Boxes, Track, walk
from forensics.media.reading import read
from forensics.model.media import Probe, Stream
from forensics.model.time import MediaTime, TimeBase

Spans = tuple[tuple[int, int], ...]
"""Stretches [start, end) of a stream's clock, in its ticks."""

_FOREVER = 1 << 62
_DECIMAL = re.compile(r"-?\d{1,18}(\.\d{1,9})?\Z")


def clock_origin(
    streams: tuple[Stream, ...],
    video: int | None,
    track_ids: Sequence[int | None],
    boxes: Boxes | None,
    container_start: str | None,
) -> tuple[MediaTime | None, bool]:
    """The tick of the video stream that is shown at zero seconds, and whether the video has an edit list.

    Streams are read with edit lists ignored. A track's tick ``p`` lies on the movie's clock at ``p - shift``, where
    that shift is the first edit's media time less the empty edit before it (ISO/IEC 14496-12, 8.6.6). Players put zero
    where the first audio or video stream starts, and so does ffmpeg; other containers say that start themselves.
    """
    base = None if video is None else streams[video].time_base
    if video is None or base is None:
        return None, False
    tracks = {track.id: track for track in boxes.tracks} if boxes else {}
    track = tracks.get(track_ids[video] or 0)
    edited = track is not None and bool(track.edits)
    return MediaTime(pts=_zero(video, streams, track_ids, boxes, container_start, base), base=base), edited


def sound_origin(
    streams: tuple[Stream, ...],
    sound: int | None,
    track_ids: Sequence[int | None],
    boxes: Boxes | None,
    container_start: str | None,
) -> MediaTime | None:
    """The tick of the sound stream that is heard at zero seconds of the same clock, by the same rules: an encoder's
    priming samples, which an edit list hides, lie before zero.
    """
    base = None if sound is None else streams[sound].time_base
    if sound is None or base is None:
        return None
    return MediaTime(pts=_zero(sound, streams, track_ids, boxes, container_start, base), base=base)


def _zero(
    stream: int,
    streams: tuple[Stream, ...],
    track_ids: Sequence[int | None],
    boxes: Boxes | None,
    container_start: str | None,
    base: TimeBase,
) -> int:
    tracks = {track.id: track for track in boxes.tracks} if boxes else {}
    edits = [_first_edit(tracks.get(number or 0), boxes) for number in track_ids]
    if any(any(edit) for edit in edits):
        start = min(
            (_start(s, *edit) for s, edit in zip(streams, edits, strict=True) if _plays(s)), default=Fraction(0)
        )
    else:
        start = _seconds(container_start)
    media_time, empty = edits[stream]
    return round((media_time - empty + start) / base.fraction)


def read_spans(fd: int, probe: Probe) -> Spans | None:
    """`presented_spans` of the file open as ``fd``, whose boxes are read anew. Raises ParserStopped."""
    return presented_spans(read(walk, handle=fd), probe) if probe.edit_list else None


def presented_spans(boxes: Boxes | None, probe: Probe) -> Spans | None:
    """The spans [start, end) of the video stream's ticks that its edit list shows, or None when there is no edit list
    or none that is plainly this stream's.
    """
    video = probe.video_stream
    if not probe.edit_list or boxes is None or video is None or video.time_base is None or not boxes.timescale:
        return None
    tracks = [track for track in boxes.tracks if track.handler == "vide" and track.timescale == video.time_base.den]
    if len(tracks) != 1:
        return None
    spans = []
    for edit in tracks[0].edits:
        length = -(-edit.duration * tracks[0].timescale // boxes.timescale)
        if edit.media_time >= 0:
            # A duration of 0 stands for "all that follows" in fragmented files.
            spans.append((edit.media_time, edit.media_time + length if length else _FOREVER))
    return tuple(spans)


def _plays(stream: Stream) -> bool:
    return stream.kind in {"video", "audio"} and not stream.attached_picture and stream.start_pts is not None


def _start(stream: Stream, media_time: Fraction, empty: Fraction) -> Fraction:
    """When the stream begins on the movie's clock: nothing before the first edit's media time is presented."""
    assert stream.start_pts is not None
    first = stream.start_pts * (stream.time_base.fraction if stream.time_base else Fraction(0))
    return max(first, media_time) - media_time + empty if media_time or empty else first


def _first_edit(track: Track | None, boxes: Boxes | None) -> tuple[Fraction, Fraction]:
    """Seconds: the first edit's media time on the track's clock, and the empty time before it."""
    zero = Fraction(0)
    if track is None or boxes is None or not track.edits or not track.timescale or not boxes.timescale:
        return zero, zero
    empty = zero
    for edit in track.edits:
        if edit.media_time >= 0:
            return Fraction(edit.media_time, track.timescale), empty
        empty += Fraction(edit.duration, boxes.timescale)
    return zero, empty


def _seconds(text: str | None) -> Fraction:
    return Fraction(text) if text and _DECIMAL.match(text) else Fraction(0)
