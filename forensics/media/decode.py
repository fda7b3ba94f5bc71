"""One decode pass: 64x64 luma of every frame, full-size pictures now and then, digests of the coded streams."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from types import TracebackType
from typing import Self

import numpy as np

from forensics.errors import MediaError
from forensics.media.child import Child
from forensics.media.clock import Spans, read_spans
from forensics.media.commands import Branch, Voice, decode_command
from forensics.media.completeness import Ending, Tally, judge
from forensics.media.essence import Digests, Essence
from forensics.media.frames import Schedule, TimedFrames
from forensics.media.limits import DEFAULT_LIMITS, Limits
from forensics.media.oddities import gap_at_end, implausible_duration, shorter_than_stated
from forensics.media.orientation import upright
from forensics.media.pixels import LUMA_SIDE, recipe_for, samples
from forensics.media.sound import Listening, Sound
from forensics.media.together import Given, SoundInTheWay, agreed, keep_apart, may_share
from forensics.media.tools import Tools
from forensics.model.media import FrameBatch, Picture, Probe, Stream
from forensics.model.notice import Notice
from forensics.model.time import TimeBase

BATCH_FRAMES = 256
"""Frames in a full batch: 1 MiB of luma."""
PICTURE_BUDGET = 32 << 20
"""Bytes of pictures that may wait for their batch; it bounds the parent's memory whatever the picture size."""

SYNC_ONLY = ";sync-frames-only"
"""Added to the name of a recipe whose frames are the sync frames alone (ffmpeg: ``-skip_frame nokey``)."""

BESIDE_BYTES = 256 << 20
"""Bytes of the luma beside that are held; of what needs more nothing is given."""

_FLOAT_ERROR_S = Fraction(1, 1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeOutcome:
    """What is known after the last frame. ``recipe`` names how luma was made; ``exact`` says that the planes of every
    picture are as decoded; ``complete`` that no fault was seen and no limit hit.
    """

    frames: int
    last_pts: int | None
    essence: tuple[Essence, ...]
    command: tuple[str, ...]
    recipe: str
    exact: bool
    notices: tuple[Notice, ...]
    complete: bool


def decode(
    tools: Tools,
    fd: int,
    probe: Probe,
    picture_interval_s: float = 0.5,
    limits: Limits = DEFAULT_LIMITS,
    *,
    cpu_flags: str | None = None,
    beside: Branch | None = None,
    voice: Voice | None = None,
    sync_only: bool = False,
    presented: Spans | None = None,
) -> Decoding:
    """Start decoding the file open as ``fd``; use the result as a context manager and iterate over it.

    ``cpu_flags`` "0" turns SIMD off, to show that the frames do not depend on it. ``beside`` asks for luma of another
    size from the same pass (see `Decoding.beside`), ``voice`` for the sound (see `Decoding.sound`). ``sync_only``
    decodes sync frames alone: the outcome is never complete then, and says nothing of frames that are missing.
    ``presented`` is what `Probed` has of it; without it the file's boxes are read once more. Raises `MediaError`
    (``media.no_video``, ``media.unsupported``, ``media.limit``) before anything is decoded, and ``media.damaged`` or
    ``media.limit`` from the iteration when not one frame comes out.
    """
    return Decoding(tools, fd, probe, picture_interval_s, limits, cpu_flags, beside, voice, sync_only, presented)


def decodable_video(probe: Probe, limits: Limits) -> tuple[Stream, int, int]:
    """The video stream with its width and height; raises `MediaError` when it cannot or may not be decoded."""
    video = probe.video_stream
    if video is None:
        raise MediaError("the file has no video stream", code="media.no_video", hint="It is kept; nothing to decode.")
    width, height = video.width or 0, video.height or 0
    if video.codec is None or width <= 0 or height <= 0 or video.time_base is None:
        raise MediaError(
            f"stream {video.index} cannot be decoded: codec {video.codec or 'unknown'}, size {width}x{height}",
            code="media.unsupported",
            hint="The bytes are kept; a newer ffmpeg may know the codec.",
        )
    if width * height > limits.max_pixels:
        raise MediaError(
            f"pictures of {width}x{height} exceed the limit of {limits.max_pixels} pixels",
            code="media.limit",
            hint="Raise the limit if the file is to be trusted.",
        )
    return video, width, height


def ticks_of(interval_s: float, base: TimeBase) -> int:
    """An interval in whole ticks, at least one; rounded up, but for what a float is off by."""
    return max(1, math.ceil((Fraction(interval_s) - _FLOAT_ERROR_S) / base.fraction))


class Decoding:
    """A running decode pass: iterate once over `FrameBatch` and `Picture`, then read ``outcome``.

    The order is a function of the file alone: batches in decoding order, each followed by the pictures of its frames.
    Luma is turned upright by the display matrix; pictures stay as coded (see `forensics.media.upright`).
    """

    def __init__(
        self,
        tools: Tools,
        fd: int,
        probe: Probe,
        picture_interval_s: float,
        limits: Limits,
        cpu_flags: str | None,
        beside: Branch | None,
        voice: Voice | None,
        sync_only: bool,
        presented: Spans | None,
    ) -> None:
        self._video, self._width, self._height = decodable_video(probe, limits)
        assert self._video.time_base is not None
        self._tools, self._fd, self._probe, self._limits, self._cpu_flags = tools, fd, probe, limits, cpu_flags
        self._recipe = recipe_for(self._video.pixel_format)
        self._interval = ticks_of(picture_interval_s, self._video.time_base)
        self._sync_only = sync_only
        self._presented = None if sync_only else presented or read_spans(fd, probe)
        self._outcome: DecodeOutcome | None = None
        self._notices: list[Notice] = []
        self._flooded = False
        self._branch = beside
        self.beside: tuple[list[int], bytes] | None = None
        """Timestamps and samples of the branch, after the last frame; None where the file was not read whole and
        without a fault, or where they are too many.
        """
        self._voice = voice if voice is not None and may_share(voice) else None
        self.sound: Sound | None = None
        """The sound, after the last frame; None where it was not asked for, or has to be listened to alone."""
        self._start(essence=True)

    def _start(self, *, essence: bool) -> None:
        def build(name: str, outputs: tuple[str, ...]) -> list[str]:
            return decode_command(
                self._tools.ffmpeg,
                self._probe,
                self._recipe,
                (name, outputs),
                interval_ticks=self._interval,
                limits=self._limits,
                essence=essence,
                cpu_flags=self._cpu_flags,
                beside=self._branch,
                voice=self._voice,
                sync_only=self._sync_only,
            )

        picture_bytes = self._recipe.layout.picture_bytes(self._width, self._height)
        self._tally = Tally(self._presented)
        self._luma = TimedFrames(LUMA_SIDE * LUMA_SIDE * self._recipe.layout.sample_bytes)
        self._pictures = TimedFrames(picture_bytes)
        self._schedule = Schedule(
            self._interval, batch_frames=BATCH_FRAMES, batch_pictures=max(1, PICTURE_BUDGET // picture_bytes)
        )
        self._digests = Digests()
        width, height = self._branch.size if self._branch is not None else (1, 1)
        self._beside = TimedFrames(width * height * self._recipe.layout.sample_bytes)
        self._beside_bytes = 0
        self._listening = None if self._voice is None else Listening(self._voice.stream, self._limits)
        self._sinks = tuple(self._outputs(essence=essence))
        self._child = Child(
            build,
            self._fd,
            len(self._sinks),
            limits=self._limits,
            cpu_s=self._allowance(),
            patience_s=self._limits.stall_s,
        )

    def _outputs(self, *, essence: bool) -> Iterator[Callable[[bytes], object]]:
        """What takes each output of the command, in its order."""
        yield self._luma.feed
        yield lambda data: self._schedule.add(self._luma.feed_timestamps(data))
        yield self._pictures.feed
        yield self._pictures.feed_timestamps
        if essence:
            yield self._digests.feed
        if self._branch is not None:
            yield self._feed_beside
            yield self._beside.feed_timestamps
        if self._listening is not None:
            yield from self._listening.sinks

    def _allowance(self) -> int:
        """CPU seconds for all that the command decodes."""
        limits = self._limits
        pictures = limits.decode_allowance(self._video.packets or limits.max_frames, self._width * self._height)
        return pictures + (0 if self._voice is None else limits.sound_allowance(self._voice.stream.packets or 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.end()

    @property
    def outcome(self) -> DecodeOutcome:
        """What is known after the last frame; asking earlier is a programming error."""
        if self._outcome is None:
            raise RuntimeError("the decoding was not read to its end")
        return self._outcome

    def __iter__(self) -> Iterator[FrameBatch | Picture]:
        given = Given()
        try:
            for item in self._items():
                given.note(item)
                yield item
        except SoundInTheWay:
            self._start_alone()
            yield from given.rest(self._items())
        self._finish()

    def _items(self) -> Iterator[FrameBatch | Picture]:
        due = 0
        while count := self._wait_for_batch():
            due += self._schedule.take(count)
            yield self._take_batch(count)
            while self._pictures.taken < due and self._wait_for_picture():
                yield self._take_picture()
        while self._pictures.ready:
            yield self._take_picture()

    def _start_alone(self) -> None:
        """Start again without the sound: what it gave, and what was said of it, is dropped."""
        self._child.end()
        self._voice, self._flooded = None, False
        self._start(essence=True)

    def _wait_for_batch(self) -> int:
        """How many frames the next batch has; 0 after the last."""
        while True:
            room = self._limits.max_frames - self._luma.taken
            ready = min(self._luma.ready, room)
            self._flooded = self._luma.ready > room
            count = self._schedule.full_batch(ready) or (ready if self._flooded else 0)
            if count or self._flooded:
                return count
            if not self._pump() and (ready or not self._retry_without_essence()):
                return ready

    def _retry_without_essence(self) -> bool:
        """Start again without digests when setting up their bitstream filters kept everything from starting."""
        said = self._child.diagnostics.first
        reason = next((line for line in said if "bitstream filter" in line.lower()), None)
        if self._luma.taken or reason is None:
            return False
        self._child.end()
        self._notices.append(Notice(code="media.no_essence", message=f"The coded streams have no digest: {reason}"))
        self._start(essence=False)
        return True

    def _wait_for_picture(self) -> bool:
        while not self._pictures.ready:
            if not self._pump():
                return False
        return True

    def _pump(self) -> bool:
        """Read once from every pipe that has something; False after the end."""
        arrived = self._child.read()
        for channel, data in arrived:
            self._sinks[channel](data)
        if self._voice is not None:
            keep_apart(self._child, self._probe, self._voice, ended=not arrived)
        return bool(arrived)

    def _feed_beside(self, data: bytes) -> None:
        self._beside_bytes += len(data)
        if self._beside_bytes <= BESIDE_BYTES:
            self._beside.feed(data)

    def _take_batch(self, count: int) -> FrameBatch:
        listed, raw = self._luma.take(count)
        pts = np.array(listed, dtype=np.int64)
        self._tally.add(pts)
        luma = samples(raw, (count, LUMA_SIDE, LUMA_SIDE), self._recipe.layout.depth)
        return FrameBatch(pts=pts, luma=upright(luma, self._video.rotation, (1, 2)))

    def _take_picture(self) -> Picture:
        (pts,), planes = self._pictures.take(1)
        layout = self._recipe.layout
        first_plane = memoryview(planes)[: self._width * self._height * layout.sample_bytes]
        luma = samples(first_plane, (self._height, self._width), layout.depth)
        return Picture(pts=pts, pixel_format=layout.name, planes=planes, luma=luma)

    def _finish(self) -> None:
        status = 0
        if self._flooded:
            self._child.end()
        else:
            status = self._child.wait()
        over_limit = not self._flooded and self._child.over_limit
        if self._tally.frames == 0:
            raise self._nothing_decoded(over_limit=over_limit)
        ending = Ending(
            status=status,
            over_limit=over_limit,
            flooded=self._flooded,
            restarts=self._luma.restarts,
            unpaired=0 if self._flooded else self._luma.unpaired,
        )
        expected = replace(self._video, packets=None) if self._sync_only else self._video
        notices, complete = judge(self._tally, expected, self._child.diagnostics, ending)
        if self._branch is not None and complete and not self._beside.restarts and not self._beside.unpaired:
            self.beside = self._beside.take(self._beside.ready)
        if self._listening is not None and not self._flooded:
            self.sound = agreed(self._listening.heard(self._tools.ffmpeg, self._child))
        essence, without = self._digests.told(self._probe, self._child.diagnostics.speakers)
        self._outcome = DecodeOutcome(
            frames=self._tally.frames,
            last_pts=self._tally.last_pts,
            essence=essence,
            command=self._child.command,
            recipe=self._recipe.name + (SYNC_ONLY if self._sync_only else ""),
            exact=self._recipe.exact and not self._luma.restarts,
            notices=(*self._notices, *without, *notices, *(() if self._sync_only else self._length_notices())),
            complete=complete and not self._sync_only,
        )

    def _length_notices(self) -> tuple[Notice, ...]:
        """What the times of the frames say against the stated length; sync frames do not reach to the end."""
        return (
            *implausible_duration(self._probe, self._video, self._tally.span),
            *shorter_than_stated(self._probe, self._video, self._tally.span, self._tally.frames),
            *gap_at_end(self._probe, self._tally.latest),
        )

    def _nothing_decoded(self, *, over_limit: bool) -> MediaError:
        said = self._child.diagnostics.first
        detail = f": {said[0]}" if said else ""
        if over_limit:
            return MediaError(f"no frame was decoded within the limits{detail}", code="media.limit")
        return MediaError(
            f"not one frame can be decoded{detail}",
            code="media.damaged",
            hint="The bytes are kept; a copy from another source may decode.",
        )
