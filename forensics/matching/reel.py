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
        for row in np.arange(len(done))[self._rows][~done[self._rows]].tolist():
            frames[row] = reduced(self._whole[row], by, pose)
        done[self._rows] = True
        return frames[self._rows]


def reduced(frame: Luma, by: int, pose: Pose) -> Luma:
    """The posed frame with every ``by`` by ``by`` pixels averaged; what is left over at the right (mirrored: at the
    left) and at the bottom is cut off.
    """
    height, width = frame.shape[0] // by * by, frame.shape[1] // by * by
    kept = frame[:height, frame.shape[1] - width :] if pose.mirrored else frame[:height, :width]
    if by == 1:
        return posed(kept, pose)
    small = cv2.resize(kept, (width // by, height // by), interpolation=cv2.INTER_AREA)
    return posed(np.asarray(small, np.uint8), pose)
