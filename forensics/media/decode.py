"""One decode pass: 64x64 luma of every frame, full-size pictures now and then, digests of the coded streams."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Self

import numpy as np

from forensics.errors import MediaError
from forensics.media.child import Child
from forensics.media.commands import decode_command, essence_streams
from forensics.media.completeness import Tally, judge
from forensics.media.limits import DEFAULT_LIMITS, Limits
from forensics.media.orientation import upright
from forensics.media.pixels import LUMA_SIDE, recipe_for, samples
from forensics.media.timestamps import RawFrames, Timestamps
from forensics.media.tools import Tools
from forensics.model.media import FrameBatch, Picture, Probe, Stream
from forensics.model.notice import Notice

BATCH_FRAMES = 256
"""Frames in a full batch: 1 MiB of luma."""
PICTURE_BUDGET = 32 << 20
"""Bytes of pictures that may wait for their batch; it bounds the parent's memory whatever the picture size."""

_LUMA, _LUMA_PTS, _PICTURES, _PICTURE_PTS, _DIGESTS = range(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Essence:
    """SHA-256 over the coded data of one stream, in decoding order and without what remuxing changes: parameter
    sets, delimiters and ADTS headers. Equal digests mean that one stream was copied, not encoded again.
    """

    index: int
    kind: str
    codec: str
    packets: int | None
    sha256: str


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
) -> Decoding:
    """Start decoding the file open as ``fd``; use the result as a context manager and iterate over it.

    Raises `MediaError` (``media.no_video``, ``media.unsupported``, ``media.limit``) before anything is decoded, and
    ``media.damaged`` from the iteration when not one frame comes out.
    """
    return Decoding(tools, fd, probe, _checked_video(probe, limits), picture_interval_s, limits, cpu_flags)


def _checked_video(probe: Probe, limits: Limits) -> Stream:
    video = probe.video_stream
    if video is None:
        raise MediaError("the file has no video stream", code="media.no_video", hint="It is kept; nothing to decode.")
    if video.codec is None or not video.width or not video.height or video.time_base is None:
        raise MediaError(
            f"stream {video.index} cannot be decoded: codec {video.codec or 'unknown'}, "
            f"size {video.width or 0}x{video.height or 0}",
            code="media.unsupported",
            hint="The bytes are kept; a newer ffmpeg may know the codec.",
        )
    if video.width * video.height > limits.max_pixels:
        raise MediaError(
            f"pictures of {video.width}x{video.height} exceed the limit of {limits.max_pixels} pixels",
            code="media.limit",
            hint="Raise the limit if the file is to be trusted.",
        )
    return video


class Decoding:
    """A running decode pass: iterate once over `FrameBatch` and `Picture`, then read ``outcome``.

    The order is a function of the file alone: batches in decoding order, each followed by the pictures of its frames.
    """

    def __init__(
        self,
        tools: Tools,
        fd: int,
        probe: Probe,
        video: Stream,
        picture_interval_s: float,
        limits: Limits,
        cpu_flags: str | None,
    ) -> None:
        assert video.time_base is not None and video.width is not None and video.height is not None
        self._probe, self._video, self._limits = probe, video, limits
        self._recipe = recipe_for(video.pixel_format)
        self._interval = max(1, math.ceil(Fraction(picture_interval_s) / video.time_base.fraction))
        self._shape = (video.height, video.width)
        self._picture_bytes = self._recipe.layout.picture_bytes(video.width, video.height)
        self._tools, self._fd, self._cpu_flags = tools, fd, cpu_flags
        self._outcome: DecodeOutcome | None = None
        self._notices: list[Notice] = []
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
            )

        width, height = self._shape[1], self._shape[0]
        allowance = self._limits.decode_allowance(self._video.packets or self._limits.max_frames, width * height)
        self._child = Child(
            build, self._fd, 5 if essence else 4, limits=self._limits, cpu_s=allowance, patience_s=self._limits.stall_s
        )
        self._luma = RawFrames(LUMA_SIDE * LUMA_SIDE * self._recipe.layout.sample_bytes)
        self._pictures = RawFrames(self._picture_bytes)
        self._luma_clock, self._picture_clock = Timestamps(), Timestamps()
        self._pts: deque[int] = deque()
        self._marks: deque[bool] = deque()
        self._picture_pts: deque[int] = deque()
        self._last_mark: int | None = None
        self._digests = b""
        self._tally = Tally(self._probe)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._child.end()

    @property
    def outcome(self) -> DecodeOutcome:
        """What is known after the last frame; asking earlier is a programming error."""
        if self._outcome is None:
            raise RuntimeError("the decoding was not read to its end")
        return self._outcome

    def __iter__(self) -> Iterator[FrameBatch | Picture]:
        expected = 0
        while (count := self._next_batch()) and not self._over_flood():
            expected += sum(self._marks[place] for place in range(count))
            yield self._take_batch(count)
            while self._tally.pictures < expected and self._wait_for_picture():
                yield self._take_picture()
        while self._ready_pictures():
            yield self._take_picture()
        self._finish()
'''
