"""The frames of a stretch one after another, for looking at two files in step: one frame is held, never the stretch."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from forensics.errors import MediaError
from forensics.media.child import Child
from forensics.media.commands import stretch_command
from forensics.media.frames import NO_PTS, TimedFrames
from forensics.media.limits import DEFAULT_LIMITS, Limits
from forensics.media.stretch import bgr_of, clip_of, fit, seek_before
from forensics.media.tools import Tools
from forensics.model.media import Probe

_RAW, _RAW_PTS, _ALL_PTS = range(3)


class Shown(NamedTuple):
    """A frame: seconds on the presentation clock, the stream's own timestamp, BGR uint8 (h, w, 3), upright."""

    seconds: float
    pts: int
    bgr: npt.NDArray[np.uint8]


class Rolling:
    """The frames from ``span_s[0]`` to ``span_s[1]`` (presentation clock), as a context manager to be iterated once.

    The longer side has at most ``long_side`` pixels. The child waits while nobody asks: of the stretch no more is held
    than a frame and what fits into a pipe. The frames are those that a decode from the start gives.

    Raises `MediaError` as `decode` does, ``media.damaged`` from the iteration when not one frame comes.
    """

    def __init__(
        self,
        tools: Tools,
        fd: int,
        probe: Probe,
        span_s: tuple[float, float],
        long_side: int,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._clip = clip_of(tools, fd, probe, limits)
        self._span = self._clip.tick_from(span_s[0]), self._clip.tick_at(span_s[1])
        self._size = fit(self._clip.width, self._clip.height, long_side)
        self._seek = seek_before(probe, self._clip.video, self._span[0])
        self._start()

    @property
    def command(self) -> tuple[str, ...]:
        """The command in force, with descriptors renumbered."""
        return self._child.command

    @property
    def tick(self) -> str:
        """Seconds of one unit of `Shown.pts`, as ``1/25600``."""
        return f"{self._clip.tick.numerator}/{self._clip.tick.denominator}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.end()

    def __iter__(self) -> Iterator[Shown]:
        while self._wait():
            (pts,), planes = self._taken.take(1)
            seconds = float(self._clip.seconds([pts])[0])
            yield Shown(seconds=seconds, pts=pts, bgr=bgr_of(self._clip, pts, planes, self._size))
        self._child.wait()
        if self._child.over_limit:
            raise MediaError("decoding the stretch exceeds the limits", code="media.limit")

    def _wait(self) -> bool:
        """Read until a frame is here; False after the last. A file that was entered too late is entered anew."""
        while not self._taken.ready and self._pump():
            pass
        if self._taken.taken == 0 and self._seek is not None and (self._first is None or self._first >= self._span[0]):
            self._anew()
            return self._wait()
        if not self._taken.ready and self._first is None:
            raise MediaError("no frame can be decoded here", code="media.damaged")
        return self._taken.ready > 0

    def _anew(self) -> None:
        self._child.end()
        self._seek = None
        self._start()

    def _start(self) -> None:
        clip, (first, last), seek = self._clip, self._span, self._seek

        def build(name: str, outputs: tuple[str, ...]) -> list[str]:
            return stretch_command(
                clip.tools.ffmpeg,
                clip.probe,
                clip.recipe,
                (name, outputs),
                seek_s=seek,
                end_pts=last,
                select=f"gte(pts,{first})",
                size=self._size,
                luma_only=False,
                limits=clip.limits,
            )

        limits = clip.limits
        allowance = limits.decode_allowance(clip.video.packets or limits.max_frames, clip.width * clip.height)
        self._taken = TimedFrames(clip.recipe.layout.picture_bytes(*self._size))
        self._decoded = TimedFrames(1)
        self._first: int | None = None
        self._child = Child(build, clip.fd, 3, limits=limits, cpu_s=allowance, patience_s=limits.stall_s)

    def _pump(self) -> bool:
        arrived = self._child.read()
        for channel, data in arrived:
            if channel == _RAW:
                self._taken.feed(data)
            elif channel == _RAW_PTS:
                self._taken.feed_timestamps(data)
            else:
                self._note(data)
        return bool(arrived)

    def _note(self, data: bytes) -> None:
        """Keep the first timestamp that was decoded; the others are only read, so that the pipe stays free."""
        if self._first is None:
            listed = [pts for pts, _ in self._decoded.feed_timestamps(data) if pts != NO_PTS]
            self._first = listed[0] if listed else None
