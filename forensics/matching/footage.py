"""Decoded stretches of two videos, read in few chunks and kept within a byte limit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from forensics.matching.geometry import Detector, Features, Pose, detect, posed
from forensics.model.media import Window

WindowReader: TypeAlias = Callable[[str, float, float, float, int], Window]
"""(subject id, start_s, end_s, frames per second, long side in pixels) -> the luma frames of that stretch."""

FPS = 10.0
"""Frames per second of every stretch: motion is compared at this rate, and a tenth of a second is the time wanted."""

MOST_FPS = 1000.0
"""Faster than any recording: no frame is left out."""

LONG_SIDE = 512
"""Pixels: enough for local features in a picture-in-picture of a third of the width."""

CHUNK_S = 20.0
"""Seconds read at once: most clips are one or two chunks, and a chunk of 16:9 pictures takes about 30 MB."""

MEMORY_BYTES = 400_000_000
"""Limit of what is kept: a query and several references of usual length."""

TIME_SLACK_S = 1e-6
"""Times come as floats, often ones that were given out here."""

KEPT_FEATURES = 400
"""Limit of feature sets kept (about 70 kB each)."""


class Footage:
    """Reads stretches through a `WindowReader` and keeps the latest ones."""

    def __init__(self, reader: WindowReader, memory_bytes: int = MEMORY_BYTES) -> None:
        self._reader = reader
        self._limit = memory_bytes
        self._chunks: OrderedDict[tuple[str, int], Window] = OrderedDict()
        self._features: OrderedDict[tuple[str, float, Pose, Detector], Features] = OrderedDict()
        self._bytes = 0

    def stretch(self, subject: str, start_s: float, end_s: float) -> Window:
        """Frames with start_s <= time <= end_s, in time order."""
        first, last = int(max(0.0, start_s) // CHUNK_S), int(max(0.0, end_s) // CHUNK_S)
        parts = [self._chunk(subject, index) for index in range(first, last + 1)]
        parts = [part for part in parts if len(part.seconds)]
        if not parts:
            return Window(np.zeros(0), np.zeros((0, 2, 2), np.uint8))
        if len(parts) == 1:
            return between(parts[0], start_s, end_s)
        seconds = np.concatenate([part.seconds for part in parts])
        return between(Window(seconds, np.concatenate([part.luma for part in parts])), start_s, end_s)

    def frame(self, subject: str, at_s: float) -> tuple[float, npt.NDArray[np.uint8]] | None:
        """The frame nearest to a moment, with its time; None where nothing was decoded."""
        chunk = self._chunk(subject, int(max(0.0, at_s) // CHUNK_S))
        if not len(chunk.seconds) and at_s >= CHUNK_S:
            chunk = self._chunk(subject, int(at_s // CHUNK_S) - 1)
        if not len(chunk.seconds):
            return None
        row = int(np.argmin(np.abs(chunk.seconds - at_s)))
        return float(chunk.seconds[row]), chunk.luma[row]

    def still(self, subject: str, long_side: int) -> npt.NDArray[np.uint8] | None:
        """The picture of a still, its longer side at most ``long_side``; None where nothing was decoded."""
        window = self._reader(subject, 0.0, CHUNK_S, FPS, long_side)
        return window.luma[0] if len(window.seconds) else None

    def every_frame(self, subject: str, start_s: float, end_s: float) -> Window:
        """All frames with start_s <= time < end_s, at the rate of the file."""
        return self._reader(subject, max(0.0, start_s), end_s, MOST_FPS, LONG_SIDE)

    def features(self, subject: str, at_s: float, pose: Pose, detector: Detector) -> Features | None:
        """Local features of the frame nearest to a moment, after ``pose``; None where nothing was decoded."""
        found = self.frame(subject, at_s)
        if found is None:
            return None
        key = (subject, found[0], pose, detector)
        if key not in self._features:
            self._features[key] = detect(posed(found[1], pose), detector)
            if len(self._features) > KEPT_FEATURES:
                self._features.popitem(last=False)
        self._features.move_to_end(key)
        return self._features[key]

    def _chunk(self, subject: str, index: int) -> Window:
        key = (subject, index)
        if key not in self._chunks:
            start = index * CHUNK_S
            window = self._reader(subject, start, start + CHUNK_S, FPS, LONG_SIDE)
            first, last = np.searchsorted(window.seconds, (start, start + CHUNK_S))
            self._chunks[key] = Window(window.seconds[first:last], window.luma[first:last])
            self._bytes += self._chunks[key].luma.nbytes
            while self._bytes > self._limit and len(self._chunks) > 2:
                _, old = self._chunks.popitem(last=False)
                self._bytes -= old.luma.nbytes
        self._chunks.move_to_end(key)
        return self._chunks[key]

    def forget(self, subject: str) -> None:
        """Let go of what is kept of a subject."""
        for key in [key for key in self._chunks if key[0] == subject]:
            self._bytes -= self._chunks.pop(key).luma.nbytes
        for seen in [seen for seen in self._features if seen[0] == subject]:
            del self._features[seen]


def between(window: Window, start_s: float, end_s: float) -> Window:
    """The frames of a window with start_s <= time <= end_s, a view of them."""
    first = int(np.searchsorted(window.seconds, start_s - TIME_SLACK_S))
    last = int(np.searchsorted(window.seconds, end_s + TIME_SLACK_S, side="right"))
    return Window(window.seconds[first:last], window.luma[first:last])
