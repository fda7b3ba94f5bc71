"""A decoded stretch whose frames are reduced once, however often and in whatever parts they are compared."""

from __future__ import annotations

from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from forensics.matching.footage import rows_between
from forensics.matching.geometry import AS_IS, Floats, Luma, Pose, posed
from forensics.model.media import Window

Rows = npt.NDArray[np.intp]

LANES = np.uint64(0x0001000100010001)
"""Times this, a word of four 16-bit numbers has their sum in its highest 16 bits."""

BY_LANES = (4, 8, 16)
"""Reductions made so: four columns are added at once, and the sum of 16 by 16 pixels still fits into 16 bits."""

AT_ONCE = 8
"""Frames reduced together: a megabyte at 512 pixels, which stays in the cache of the processor."""


class Reel:
    """Frames uint8 (n, h, w) with their times. Parts of it share what has been reduced already.

    What is kept, a quarter of the frames' own bytes at the most for each pose, goes with the last part.
    """

    __slots__ = ("_kept", "_rows", "_whole", "luma", "seconds")

    def __init__(self, window: Window) -> None:
        self.seconds: Floats = window.seconds
        self.luma: Luma = window.luma
        self._whole = window.luma
        self._rows: slice | Rows = slice(0, len(window.seconds))
        self._kept: dict[tuple[int, Pose], tuple[Luma, npt.NDArray[np.bool_]]] = {}

    def part(self, rows: slice | Rows) -> Self:
        """Some of the frames, of a whole reel."""
        if self.luma is not self._whole:
            raise ValueError("parts are taken of a whole reel")
        made = type(self)(Window(self.seconds[rows], self.luma[rows]))
        made._whole, made._rows, made._kept = self._whole, rows, self._kept
        return made

    def between(self, start_s: float, end_s: float) -> Self:
        """The frames with start_s <= time <= end_s."""
        return self.part(rows_between(self.seconds, start_s, end_s))

    def reduced(self, by: int, pose: Pose) -> Luma:
        """The posed frames with every ``by`` by ``by`` pixels averaged, as `reduced` does it."""
        if by == 1:
            turned = self.luma if pose == AS_IS else np.array([posed(frame, pose) for frame in self.luma], np.uint8)
            return turned.reshape(self.luma.shape)
        height, width = self._whole.shape[1] // by, self._whole.shape[2] // by
        if (by, pose) not in self._kept:
            made = np.empty((len(self._whole), height, width), np.uint8)
            self._kept[by, pose] = made, np.zeros(len(made), bool)
        frames, done = self._kept[by, pose]
        missing = np.arange(len(done))[self._rows][~done[self._rows]]
        for start in range(0, len(missing), AT_ONCE):
            rows = missing[start : start + AT_ONCE]
            together = rows[-1] - rows[0] == len(rows) - 1
            frames[rows] = reduced(self._whole[rows[0] : rows[-1] + 1] if together else self._whole[rows], by, pose)
        done[self._rows] = True
        return frames[self._rows]


def reduced(frames: Luma, by: int, pose: Pose) -> Luma:
    """The posed frames (n, h, w) with every ``by`` by ``by`` pixels averaged; what is left over at the right (mirrored:
    at the left) and at the bottom is cut off.
    """
    height, width = frames.shape[1] // by * by, frames.shape[2] // by * by
    kept = frames[:, :height, frames.shape[2] - width :] if pose.mirrored else frames[:, :height, :width]
    small = kept if by == 1 else averaged(kept, by)
    return small if pose == AS_IS else np.array([posed(frame, pose) for frame in small], np.uint8).reshape(small.shape)


def averaged(frames: Luma, by: int) -> Luma:
    """Frames (n, h, w) with every ``by`` by ``by`` pixels averaged, which divides both sides; half a level goes to the
    even one. The same as OpenCV's INTER_AREA, in half the time where columns are added four at a time.
    """
    count, height, width = frames.shape
    if by not in BY_LANES:
        size = (width // by, height // by)
        small = [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in frames]
        return np.array(small, np.uint8).reshape(count, size[1], size[0])
    lines = np.ascontiguousarray(frames).reshape(-1, by, width)
    total = np.add(lines[:, 0], lines[:, 1], dtype=np.uint16)
    for line in range(2, by):
        total += lines[:, line]
    sums = ((total.view(np.uint64) * LANES) >> np.uint64(48)).astype(np.uint16)
    for _ in range(by.bit_length() - BY_LANES[0].bit_length()):
        sums = sums[:, ::2] + sums[:, 1::2]
    bits = 2 * by.bit_length() - 2
    # Half of the divisor less one, and one more where the quotient would be odd: halves go to the even level.
    sums += np.uint16((1 << (bits - 1)) - 1) + (sums >> np.uint16(bits) & np.uint16(1))
    return (sums >> np.uint16(bits)).astype(np.uint8).reshape(count, height // by, width // by)
