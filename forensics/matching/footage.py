"""Decoded stretches of two videos, read in few chunks and kept within a byte limit."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol, TypeAlias

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

CHUNK_S = 5.0
"""Seconds kept together, and read at the least: to look at one moment of a video that then proves to be another one
costs little more than starting the decoder.
"""

GLANCE_S = 0.5
"""Of a chunk in which one moment is looked at no more is read than up to so long after it: most candidates are refused
at that look, and the next frame tells which one is the nearest.
"""

GLANCES_S = 10.0
"""Moments are looked at in one go where no more than this need be read: starting the decoder again costs as much as
decoding a few seconds.
"""

MOST_READ_S = 60.0
"""Seconds read at once: square pictures at up to 20 frames a second stay below the reader's limit, and what is read in
two goes is decoded from a sync frame before it twice.
"""

SPARSE_S = 0.5
"""Where the nearest frame of a chunk stands further off than this, the chunk before may hold a nearer one."""

MEMORY_BYTES = 400_000_000
"""Limit of what is kept: a query and several references of usual length."""

TIME_SLACK_S = 1e-6
"""Times come as floats, often ones that were given out here."""

KEPT_FEATURES = 400
"""Limit of feature sets kept (about 70 kB each)."""


def endless(subject: str) -> float:
    """Infinity: nothing is known of where this subject ends."""
    return math.inf


class Pictures(Protocol):
    """What ranking asks of a query's frames. `Footage` decodes them; others may know some of it already."""

    def ahead(self, subject: str, start_s: float, end_s: float) -> None:
        """Be ready for what is about to be looked at moment by moment."""
        ...

    def features(self, subject: str, at_s: float, pose: Pose, detector: Detector) -> Features | None:
        """Local features of the frame nearest to a moment, after ``pose``; None where nothing was decoded."""
        ...

    def still(self, subject: str, long_side: int) -> npt.NDArray[np.uint8] | None:
        """The picture of a still, its longer side at most ``long_side``; None where nothing was decoded."""
        ...


class _Chunk(NamedTuple):
    """The frames of a chunk, rows from ``first`` of what was read together in one ``run``: the ``whole`` of them, or
    those from its beginning on.
    """

    window: Window
    run: Window
    first: int
    whole: bool


def _cut(run: Window, first: int, last: int, *, whole: bool) -> _Chunk:
    return _Chunk(Window(run.seconds[first:last], run.luma[first:last]), run, first, whole)


class Footage:
    """Reads stretches through a `WindowReader` and keeps the latest ones. ``end_of`` tells where a subject ends
    (seconds): nothing is read beyond.

    What is read together and what is still kept changes no result: the reader gives the same frames for a stretch
    however it is cut.
    """

    def __init__(
        self, reader: WindowReader, end_of: Callable[[str], float] = endless, memory_bytes: int = MEMORY_BYTES
    ) -> None:
        self._reader = reader
        self.end_of = end_of
        self._limit = memory_bytes
        self._chunks: OrderedDict[tuple[str, int], _Chunk] = OrderedDict()
        self._features: OrderedDict[tuple[str, float, Pose, Detector], Features] = OrderedDict()
        self._bytes = 0

    def stretch(self, subject: str, start_s: float, end_s: float) -> Window:
        """Frames with start_s <= time <= end_s, in time order."""
        return between(_joined(self._read(subject, start_s, end_s)), start_s, end_s)

    def ahead(self, subject: str, start_s: float, end_s: float) -> None:
        """Read in one go what is about to be looked at moment by moment."""
        self._read(subject, start_s, end_s)

    def glances(self, subject: str, moments: Sequence[float]) -> None:
        """Read in one go what looking at each of these moments reads, where they stand near one another."""
        end, latest = self.end_of(subject), max(moments)
        first, last = (int(max(0.0, at) // CHUNK_S) for at in (min(moments), latest))
        stop = min(latest + GLANCE_S, end)
        kept = any((subject, number) in self._chunks for number in range(first, last + 1))
        if kept or latest > end or stop - first * CHUNK_S > GLANCES_S:
            return
        window = self._reader(subject, first * CHUNK_S, stop, FPS, LONG_SIDE)
        edges = np.searchsorted(window.seconds, [number * CHUNK_S for number in range(first, last + 2)])
        for number, low, high in zip(range(first, last + 1), edges[:-1], edges[1:], strict=True):
            whole = stop >= min((number + 1) * CHUNK_S, end)
            self._keep((subject, number), _cut(window, low, high, whole=whole))

    def frame(self, subject: str, at_s: float) -> tuple[float, npt.NDArray[np.uint8]] | None:
        """The frame nearest to a moment, with its time; None where nothing was decoded."""
        at = int(max(0.0, min(at_s, self.end_of(subject) - TIME_SLACK_S)) // CHUNK_S)
        found = self._glance(subject, at, at_s) or _nearest(self._read(subject, at * CHUNK_S, at * CHUNK_S), at_s)
        if at and (found is None or abs(found[0] - at_s) > SPARSE_S):
            before = _nearest(self._read(subject, (at - 1) * CHUNK_S, (at - 1) * CHUNK_S), at_s)
            if before is not None and (found is None or abs(before[0] - at_s) < abs(found[0] - at_s)):
                return before
        return found

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

    def _glance(self, subject: str, number: int, at_s: float) -> tuple[float, npt.NDArray[np.uint8]] | None:
        """The frame of a chunk nearest to a moment, where a frame after the moment shows that none comes nearer: from
        what is kept of the chunk, or else from its beginning.
        """
        key, start, end = (subject, number), number * CHUNK_S, min((number + 1) * CHUNK_S, self.end_of(subject))
        if key not in self._chunks and at_s + GLANCE_S < end:
            window = self._reader(subject, start, at_s + GLANCE_S, FPS, LONG_SIDE)
            first = int(np.searchsorted(window.seconds, start))
            self._keep(key, _cut(window, first, len(window.seconds), whole=False))
        kept = self._chunks.get(key)
        if kept is None or not len(kept.window.seconds) or kept.window.seconds[-1] < at_s:
            return None
        self._chunks.move_to_end(key)
        return _nearest([kept], at_s)

    def _read(self, subject: str, start_s: float, end_s: float) -> list[_Chunk]:
        """The chunks that hold start_s to end_s; those that are not kept are decoded, neighbours together."""
        end = self.end_of(subject)
        first = int(max(0.0, start_s) // CHUNK_S)
        last = int(max(0.0, min(end_s, end - TIME_SLACK_S)) // CHUNK_S)
        parts = {number: self._whole((subject, number)) for number in range(first, last + 1)}
        for run in _runs([number for number, part in parts.items() if part is None]):
            window = self._reader(subject, run[0] * CHUNK_S, min((run[-1] + 1) * CHUNK_S, end), FPS, LONG_SIDE)
            edges = np.searchsorted(window.seconds, [number * CHUNK_S for number in (*run, run[-1] + 1)])
            for number, low, high in zip(run, edges[:-1], edges[1:], strict=True):
                parts[number] = part = _cut(window, low, high, whole=True)
                self._keep((subject, number), part)
        for number in parts:
            if (subject, number) in self._chunks:
                self._chunks.move_to_end((subject, number))
        return [part for part in parts.values() if part is not None]

    def _whole(self, key: tuple[str, int]) -> _Chunk | None:
        kept = self._chunks.get(key)
        return kept if kept is not None and kept.whole else None

    def _keep(self, key: tuple[str, int], chunk: _Chunk) -> None:
        before = self._chunks.pop(key, None)
        self._bytes += chunk.window.luma.nbytes - (0 if before is None else before.window.luma.nbytes)
        self._chunks[key] = chunk
        while self._bytes > self._limit and len(self._chunks) > 1:
            _, old = self._chunks.popitem(last=False)
            self._bytes -= old.window.luma.nbytes

    def hold(self, subject: str, opening: Window, end_s: float) -> None:
        """Keep frames of a subject that came another way: all those before ``end_s`` that the reader would give."""
        end = self.end_of(subject)
        count = math.ceil(end / CHUNK_S) if end <= end_s else int(end_s // CHUNK_S)
        edges = np.searchsorted(opening.seconds, [min(number * CHUNK_S, end) for number in range(count + 1)])
        for number, low, high in zip(range(count), edges[:-1], edges[1:], strict=True):
            self._keep((subject, number), _cut(opening, low, high, whole=True))

    def forget(self, subject: str) -> None:
        """Let go of what is kept of a subject."""
        for key in [key for key in self._chunks if key[0] == subject]:
            self._bytes -= self._chunks.pop(key).window.luma.nbytes
        for seen in [seen for seen in self._features if seen[0] == subject]:
            del self._features[seen]


def _runs(numbers: list[int]) -> Iterator[list[int]]:
    """Yield neighbouring numbers together, no run longer than `MOST_READ_S`."""
    run: list[int] = []
    for number in numbers:
        if run and (number != run[-1] + 1 or len(run) * CHUNK_S >= MOST_READ_S):
            yield run
            run = []
        run.append(number)
    if run:
        yield run


def _joined(parts: list[_Chunk]) -> Window:
    """The frames of chunks in time order; a view where they were read together."""
    parts = [part for part in parts if len(part.window.seconds)]
    if not parts:
        return Window(np.zeros(0), np.zeros((0, 2, 2), np.uint8))
    if all(_adjoin(*neighbours) for neighbours in pairwise(parts)):
        rows = slice(parts[0].first, parts[-1].first + len(parts[-1].window.seconds))
        return Window(parts[0].run.seconds[rows], parts[0].run.luma[rows])
    windows = [part.window for part in parts]
    return Window(np.concatenate([w.seconds for w in windows]), np.concatenate([w.luma for w in windows]))


def _adjoin(one: _Chunk, other: _Chunk) -> bool:
    return one.run is other.run and one.first + len(one.window.seconds) == other.first


def _nearest(parts: list[_Chunk], at_s: float) -> tuple[float, npt.NDArray[np.uint8]] | None:
    """The frame nearest to a moment in the only chunk of ``parts``."""
    if not parts or not len(parts[0].window.seconds):
        return None
    window = parts[0].window
    row = int(np.argmin(np.abs(window.seconds - at_s)))
    return float(window.seconds[row]), window.luma[row]


def between(window: Window, start_s: float, end_s: float) -> Window:
    """The frames of a window with start_s <= time <= end_s, a view of them."""
    rows = rows_between(window.seconds, start_s, end_s)
    return Window(window.seconds[rows], window.luma[rows])


def rows_between(seconds: npt.NDArray[np.float64], start_s: float, end_s: float) -> slice:
    """The rows of rising times with start_s <= time <= end_s."""
    first = int(np.searchsorted(seconds, start_s - TIME_SLACK_S))
    return slice(first, int(np.searchsorted(seconds, end_s + TIME_SLACK_S, side="right")))
