"""Frames that arrive on two pipes, raw samples on one and timestamps on the other, and the order they leave in."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable

_LINE = re.compile(rb"^frame:(\d+) +pts:(-?\d+|NOPTS)", re.MULTILINE)
_MAX_LINE = 256

NO_PTS = -(1 << 63)
"""AV_NOPTS_VALUE of ffmpeg's libavutil/avutil.h: the frame has no timestamp."""


class TimedFrames:
    """Raw frames of one fixed size, each with the timestamp that ffmpeg's metadata filter printed for it.

    ``restarts`` counts how often ffmpeg rebuilt its filter graph, which it does where picture size or pixel format
    changes: there the filter's own frame count starts again at 0.
    """

    def __init__(self, frame_bytes: int) -> None:
        self.taken = 0
        self.restarts = 0
        self._frame_bytes = frame_bytes
        self._chunks: deque[bytes] = deque()
        self._bytes = 0
        self._pts: deque[int] = deque()
        self._rest = b""
        self._listed = 0

    @property
    def ready(self) -> int:
        """How many frames are here whole, with their timestamps."""
        return min(len(self._pts), self._bytes // self._frame_bytes)

    @property
    def unpaired(self) -> int:
        """How many frames more than timestamps came (or fewer, if negative)."""
        return self._bytes // self._frame_bytes - len(self._pts)

    def feed(self, data: bytes) -> None:
        """Add raw samples."""
        self._chunks.append(data)
        self._bytes += len(data)

    def feed_timestamps(self, data: bytes) -> list[tuple[int, bool]]:
        """Add printed timestamps; those that became complete, each with whether the graph was rebuilt before it."""
        lines, _, rest = (self._rest + data).rpartition(b"\n")
        self._rest = rest[-_MAX_LINE:]
        fresh: list[tuple[int, bool]] = []
        for place, moment in _LINE.findall(lines):
            restarted = self._listed > 0 and int(place) == 0
            self._listed += 1
            self.restarts += restarted
            fresh.append((NO_PTS if moment == b"NOPTS" else int(moment), restarted))
        self._pts.extend(pts for pts, _ in fresh)
        return fresh

    def take(self, count: int) -> tuple[list[int], bytes]:
        """Timestamps and samples of the first ``count`` frames."""
        self.taken += count
        pts = [self._pts.popleft() for _ in range(count)]
        return pts, self._cut(count * self._frame_bytes)

    def _cut(self, length: int) -> bytes:
        """The first ``length`` bytes, copied once."""
        parts: list[bytes] = []
        missing = length
        while missing > 0:
            chunk = self._chunks.popleft()
            if len(chunk) > missing:
                self._chunks.appendleft(chunk[missing:])
                chunk = chunk[:missing]
            parts.append(chunk)
            missing -= len(chunk)
        self._bytes -= length
        return b"".join(parts)


class Schedule:
    """Knows which frames ffmpeg's select filter takes as pictures, by the same rule from the same timestamps (see
    `forensics.media.commands.every_interval`), so that batches and pictures leave in an order that depends on the
    file alone and not on which pipe was faster.
    """

    def __init__(self, interval_ticks: int, *, batch_frames: int, batch_pictures: int) -> None:
        self._interval = interval_ticks
        self._batch_frames = batch_frames
        self._batch_pictures = batch_pictures
        self._marks: deque[bool] = deque()
        self._last: int | None = None
        self._seen, self._pictures = 0, 0

    def add(self, fresh: Iterable[tuple[int, bool]]) -> None:
        """Take note of the next frames' timestamps."""
        for pts, restarted in fresh:
            last = None if restarted else self._last
            taken = last is None or pts - last >= self._interval or pts < last
            self._marks.append(taken)
            if taken:
                self._last = None if pts == NO_PTS else pts

    def full_batch(self, ready: int) -> int:
        """Length of the next batch: up to the frame that fills it, or 0 when ``ready`` frames do not."""
        for place in range(self._seen, min(ready, self._batch_frames)):
            pictures = self._pictures + self._marks[place]
            if pictures == self._batch_pictures or place + 1 == self._batch_frames:
                return place + 1
            self._seen, self._pictures = place + 1, pictures
        return 0

    def take(self, count: int) -> int:
        """Drop ``count`` frames: how many of them were taken as pictures."""
        self._seen, self._pictures = 0, 0
        return sum(self._marks.popleft() for _ in range(count))
