"""Frames that arrive on two pipes: raw samples on one, timestamps on the other."""

from __future__ import annotations

import re

_LINE = re.compile(rb"frame:(\d+) +pts:(-?\d+|NOPTS)")

NO_PTS = -(1 << 63)
"""AV_NOPTS_VALUE of ffmpeg's libavutil/avutil.h: the frame has no timestamp."""


class Timestamps:
    """Reader of what the metadata filter prints: one ``frame:N pts:P`` line for each frame.

    ``restarts`` holds the numbers of the frames before which ffmpeg rebuilt the filter graph, that is where picture
    size or pixel format changed: there its own count starts again at 0.
    """

    def __init__(self) -> None:
        self.count = 0
        self.restarts: list[int] = []
        self._rest = b""

    def feed(self, data: bytes) -> list[int]:
        """The timestamps that became complete with ``data``."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        fresh = []
        for line in lines:
            found = _LINE.match(line)
            if found is None:
                continue
            if self.count and int(found[1]) == 0:
                self.restarts.append(self.count)
            self.count += 1
            fresh.append(NO_PTS if found[2] == b"NOPTS" else int(found[2]))
        return fresh


class RawFrames:
    """Raw frames of one fixed size, cut from a byte stream."""

    def __init__(self, frame_bytes: int) -> None:
        self._size = frame_bytes
        self._buffer = bytearray()

    @property
    def ready(self) -> int:
        """How many whole frames are waiting."""
        return len(self._buffer) // self._size

    def feed(self, data: bytes) -> None:
        """Add what arrived."""
        self._buffer += data

    def take(self, count: int) -> bytes:
        """The first ``count`` whole frames, one behind the other."""
        length = count * self._size
        taken = bytes(memoryview(self._buffer)[:length])
        del self._buffer[:length]
        return taken
