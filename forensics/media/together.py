"""Pictures and sound from one process: whether each can be told from the other, or has to be decoded alone.

One process has one exit status, one account of its time and one stream of messages. What it gives is kept only where
these say nothing that may be of the sound; else the pictures are decoded again as if there were none. So a fault in the
sound costs time and no fact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from forensics.errors import MediaError, ToolError
from forensics.media.child import Child
from forensics.media.commands import Voice, essence_filters, essence_streams
from forensics.media.sound import Sound
from forensics.model.media import FrameBatch, Picture, Probe
from forensics.model.sound import SoundState


class SoundInTheWay(Exception):
    """What a process said or how it ended may be of the sound: its pictures do not count."""


class Given:
    """Remembers what of a pass was handed on, so that a second one can go on behind it."""

    def __init__(self) -> None:
        self._marks: list[tuple[int, ...]] = []

    def note(self, item: FrameBatch | Picture) -> None:
        """Take note of an item that is handed on."""
        self._marks.append(_mark(item))

    def rest(self, items: Iterator[FrameBatch | Picture]) -> Iterator[FrameBatch | Picture]:
        """The items of a second pass behind those of the first. Raises `MediaError` (``media.limit``) when it does not
        begin with these: only want of memory loses frames of one pass and not of the other.
        """
        if [_mark(item) for item in islice(items, len(self._marks))] != self._marks:
            raise MediaError("decoded twice, the video gave other frames", code="media.limit")
        yield from items


def _mark(item: FrameBatch | Picture) -> tuple[int, ...]:
    return (item.pts,) if isinstance(item, Picture) else (len(item.pts), int(item.pts[0]), int(item.pts[-1]))


def may_share(voice: Voice) -> bool:
    """Whether a stream that is copied for its digest may be decoded beside it by the same process.

    ffmpeg 5.1 makes times of sound that come in ticks longer than a sample even by one running count for each stream,
    which both uses then push on: first samples would move by a millisecond. Finer ticks are taken as they are.
    """
    stream = voice.stream
    if not stream.packets or stream.time_base is None or not stream.sample_rate:
        return False
    return stream.time_base.fraction * stream.sample_rate <= 1


def keep_apart(child: Child, probe: Probe, voice: Voice, *, ended: bool) -> None:
    """Look at a process that decodes both, each time that it was read from; ``ended`` when all its pipes are closed.

    Raises `SoundInTheWay` as soon as the process does not speak of the pictures alone, or does not end well.
    """
    if not all(_of_pictures(each, probe, voice) for each in child.diagnostics.concerned):
        raise SoundInTheWay
    if ended and not _ended_well(child):
        raise SoundInTheWay


def agreed(sound: Sound) -> Sound | None:
    """The sound of a process that ended well; None where there is none all the same, whose reason listening to it alone
    finds out.
    """
    return sound if sound.state in {SoundState.READ, SoundState.TOO_SHORT} else None


def _ended_well(child: Child) -> bool:
    try:
        status = child.wait()
    except ToolError:
        return False
    return status == 0 and not child.over_limit


def _of_pictures(concern: str, probe: Probe, voice: Voice) -> bool:
    """Whether a fault concerns the container, the video, or the packets that are digested: a process that decodes the
    pictures alone finds these too. A packet that ffmpeg tells to be undecodable is not among them: above a share of
    such packets it ends with a failure, and those of the sound would count.
    """
    video = probe.video_stream
    assert video is not None
    if concern in {probe.container, f"stream {video.index}"} or concern in _filters(probe):
        return True
    return _is_decoder(concern, video.codec) and not _is_decoder(concern, voice.stream.codec)


def _filters(probe: Probe) -> Iterable[str]:
    return frozenset().union(*(essence_filters(stream.codec) for stream in essence_streams(probe)))


def _is_decoder(part: str, codec: str | None) -> bool:
    return codec is not None and part.startswith(codec)
