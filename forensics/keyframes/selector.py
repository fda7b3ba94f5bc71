"""From a stream of frames and candidate pictures to shots and the pictures that stand for them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from forensics.keyframes.cuts import CutFinder, Uncut
from forensics.keyframes.sharpness import is_black, sharpness
from forensics.model.media import FrameBatch, Picture, Shot
from forensics.model.time import TimeBase

SEGMENT_S = 10
"""Longest stretch that one keyframe stands for; a longer shot has several."""

FIRST_PERIOD_S = 1
"""Length of a segment's first period, see `_Segment`."""

MOST_WAITING = 8
"""Pictures that may wait for their frames' shot to be known. The look-ahead is eight frames, so that more come only
from footage of a few frames a second or from pictures far ahead of their frames; then the least telling one goes."""

REMEMBERED_FRAMES = 1024
"""Frames before the newest batch whose timestamps are at hand: pictures come within a batch (256) of their frame."""

BLURRED_PERCENT = 50
"""A picture with less than this share of another's sharpness is blurred in comparison."""


class Chosen(NamedTuple):
    """A keyframe: the index of its shot, the picture, and its sharpness (variance of the Laplacian, a decimal)."""

    shot: int
    picture: Picture
    sharpness: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """All shots in order, and the chosen pictures in order of their shots; a shot without a picture has none."""

    shots: tuple[Shot, ...]
    chosen: tuple[Chosen, ...]


class _Candidate(NamedTuple):
    picture: Picture
    sharpness: int
    black: bool

    @property
    def rank(self) -> tuple[bool, int]:
        return (not self.black, self.sharpness)

    def outshines(self, other: _Candidate) -> bool:
        """Whether the other is black or blurred beside this one."""
        if self.black or other.black:
            return other.black and not self.black
        return other.sharpness * 100 < BLURRED_PERCENT * self.sharpness


class _Segment:
    """One open stretch of a shot, at most `SEGMENT_S` long, holding at most two candidates.

    Its middle is not known before its end. So its time is divided into periods of 1, 2, 4 and 8 s: whatever its length
    turns out to be, its middle lies in the last period or near the one before, and the sharpest candidate of each of
    those two is what is held.
    """

    def __init__(self, shot: int, start: int, first_period: int) -> None:
        self.shot = shot
        self.start = start
        self._first_period = first_period
        self._period = 0
        self._older: _Candidate | None = None
        self._newer: _Candidate | None = None

    def offer(self, candidate: _Candidate) -> None:
        """Consider a candidate; those of one segment come in the order of their times."""
        period = ((candidate.picture.pts - self.start) // self._first_period + 1).bit_length()
        if period > self._period:
            self._period = period
            if self._newer is not None and not (self._older is not None and self._older.outshines(self._newer)):
                self._older = self._newer
            self._newer = None
        if self._newer is None or candidate.rank > self._newer.rank:
            self._newer = candidate

    def best(self, end: int) -> _Candidate | None:
        """The candidate nearer to the middle of a segment that ended at ``end``, unless the other outshines it."""
        if self._older is None or self._newer is None:
            return self._older or self._newer
        middle = self.start + (end - self.start) // 2
        near, far = sorted((self._older, self._newer), key=lambda each: abs(each.picture.pts - middle))
        return far if far.outshines(near) else near


class KeyframeSelector:
    """Finds the shots of one video and chooses their keyframes while it is decoded.

    ``base`` is the time base of the video stream. Pictures may come before or after the batch that holds their frame.
    With ``cuts`` `Uncut` all of it is one stretch.
    """

    def __init__(self, base: TimeBase, cuts: CutFinder | Uncut | None = None) -> None:
        self._segment_ticks = ceil(SEGMENT_S / base.fraction)
        self._first_period = ceil(FIRST_PERIOD_S / base.fraction)
        self._cuts = cuts or CutFinder()
        self._clock = _Clock()
        self._shots: list[_ShotStart] = []
        self._waiting: list[_Candidate] = []
        self._open: tuple[int, int] = (-1, 0)
        self._segment: _Segment | None = None
        self._chosen: list[Chosen] = []

    def add(self, batch: FrameBatch) -> None:
        """Take the next decoded frames. Raises ValueError when timestamps and frames differ in number."""
        if len(batch.pts) != len(batch.luma):
            raise ValueError(f"{len(batch.pts)} timestamps for {len(batch.luma)} frames")
        if not len(batch.pts):
            return
        self._clock.add(batch.pts)
        if not self._shots:
            self._begin_shots([0])
        self._begin_shots(self._cuts.add(batch.luma))
        self._settle(self._cuts.decided)

    def add_picture(self, picture: Picture) -> None:
        """Take a candidate for a keyframe."""
        self._waiting.append(_Candidate(picture, sharpness(picture.luma), is_black(picture.luma)))
        self._settle(self._cuts.decided)
        if len(self._waiting) > MOST_WAITING:
            worst = min(range(len(self._waiting)), key=lambda row: self._waiting[row].rank)
            del self._waiting[worst]

    def take(self) -> tuple[Chosen, ...]:
        """The keyframes that are final, each handed out once: whoever writes them as they come keeps memory small."""
        ready, self._chosen = tuple(self._chosen), []
        return ready

    def finish(self) -> Selection:
        """All shots, and the keyframes that were not yet taken."""
        if not self._shots:
            return Selection(shots=(), chosen=())
        self._begin_shots(self._cuts.finish())
        self._settle(self._clock.frames)
        self._close()
        starts = self._shots
        ends = [
            *((after.frame - 1, after.pts_before) for after in starts[1:]),
            (self._clock.frames - 1, self._clock.last),
        ]
        shots = tuple(
            Shot(first_frame=start.frame, last_frame=last_frame, first_pts=start.pts, last_pts=last_pts)
            for start, (last_frame, last_pts) in zip(starts, ends, strict=True)
        )
        return Selection(shots=shots, chosen=self.take())

    def _begin_shots(self, frames: list[int]) -> None:
        for frame in frames:
            self._shots.append(_ShotStart(frame, self._clock.pts_of(frame), self._clock.pts_of(max(frame - 1, 0))))

    def _settle(self, decided: int) -> None:
        """Give the waiting pictures to the segments of those frames whose shot is known."""
        still: list[_Candidate] = []
        for candidate in self._waiting:
            frame = self._clock.frame_at(candidate.picture.pts, ended=decided >= self._clock.frames)
            if frame is None or frame >= decided:
                still.append(candidate)
            else:
                self._offer(frame, candidate)
        self._waiting = still

    def _offer(self, frame: int, candidate: _Candidate) -> None:
        shot = bisect_right(self._shots, frame, key=lambda start: start.frame) - 1
        first = self._shots[shot].pts
        number = max(candidate.picture.pts - first, 0) // self._segment_ticks
        if (shot, number) > self._open:
            self._close()
            self._open = (shot, number)
            self._segment = _Segment(shot, first + number * self._segment_ticks, self._first_period)
        if (shot, number) == self._open and self._segment is not None:
            self._segment.offer(candidate)

    def _close(self) -> None:
        """Choose the open segment's keyframe."""
        segment, self._segment = self._segment, None
        if segment is None:
            return
        last = self._shots[segment.shot + 1].pts_before if segment.shot + 1 < len(self._shots) else self._clock.last
        best = segment.best(min(last, segment.start + self._segment_ticks))
        if best is not None:
            value = f"{best.sharpness // 1000}.{best.sharpness % 1000:03d}"
            self._chosen.append(Chosen(segment.shot, best.picture, value))


class _ShotStart(NamedTuple):
    """First frame of a shot, its timestamp, and that of the frame before it."""

    frame: int
    pts: int
    pts_before: int


class _Clock:
    """Which frame has which timestamp, for the last `REMEMBERED_FRAMES` frames."""

    def __init__(self) -> None:
        self.frames = 0
        self._recent = np.empty(0, dtype=np.int64)

    @property
    def last(self) -> int:
        """Timestamp of the last frame so far."""
        return int(self._recent[-1])

    def add(self, pts: npt.NDArray[np.int64]) -> None:
        self.frames += len(pts)
        self._recent = np.concatenate([self._recent[-REMEMBERED_FRAMES:], pts])

    def pts_of(self, frame: int) -> int:
        """Timestamp of a frame, by its number."""
        return int(self._recent[frame - self.frames])

    def frame_at(self, pts: int, *, ended: bool) -> int | None:
        """Number of the frame with a timestamp; the nearest one when there is none; None when it may still come."""
        if not len(self._recent) or (pts > int(self._recent.max()) and not ended):
            return None
        row = int(np.argmin(np.abs(self._recent - np.int64(pts))))
        return self.frames - len(self._recent) + row
