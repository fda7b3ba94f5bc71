"""Shot boundaries from the 64x64 luma of every frame: hard cuts, found against what their surroundings do.

The measure is the mean absolute difference of 16x16 block averages. As in PySceneDetect's adaptive detector
(``scenedetect/detectors/adaptive_detector.py``) it is compared with its neighbours and not with a constant, so that
handheld and low-flying footage does not fall to pieces. Three more tests keep the usual false cuts out:

* flashes and single damaged frames: the frames before must differ from *all* of the next few after, and the reverse;
* fast pans: what remains after the best shift of the whole picture must still be most of the difference;
* exposure jumps: the two pictures must not correlate.

Everything is counted in integers, so that equal luma gives equal cuts on any machine. Dissolves and fades are not cuts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

AHEAD = 8
"""Frames that must follow a boundary before it is decided; also how far its neighbourhood reaches each way."""

FLASH_FRAMES = 3
"""Longest flash, in frames, that does not count as two cuts."""

LEAST_DIFFERENCE = 8
"""Levels of luma by which pictures differ at a cut. Pairs of unrelated clips: minimum 9, 1 % below 18."""

ADAPTIVE_RATIO = 3
"""How many times its neighbourhood a cut's difference is: PySceneDetect's own default."""

SUDDEN_RATIO = 8
"""From this ratio on the surroundings are so still that similar pictures may be two shots (one sky after another)."""

CORRELATED_PERCENT = 75
"""Correlation from which two pictures are one scene (unrelated clips: 99 % below 67)."""

SAME_PERCENT = 90
"""Correlation from which they are one scene however sudden the change: a jump of exposure, a dropped frame."""

SHIFT_BLOCKS = 3
"""Shifts tried each way, in blocks of 1/16 of the picture: a whip pan of a fifth of the picture a frame."""

SHIFT_LEFT_PERCENT = 65
"""Per cent of the difference that no shift explains at a cut (cuts: above 74; whip pans: below 59)."""

JERK_LEFT_PERCENT = 40
"""The same where all was still before: one jerk of the camera. Smooth skies resemble one another when shifted."""

BLOCKS = 16
_CELL = 4
_LEVEL = BLOCKS * BLOCKS * _CELL * _CELL
"""One level of mean difference in the units of block sums."""

_OUTLIERS = 2
"""Largest neighbours left out of the mean: another cut or a flash nearby must not hide this one."""


class CutFinder:
    """Finds the cuts of a stream of frames with a look-ahead of `AHEAD` frames; holds two dozen small pictures."""

    def __init__(self) -> None:
        self._start = 0
        self._blocks = np.empty((0, BLOCKS, BLOCKS), dtype=np.int16)
        self._next = 1

    @property
    def decided(self) -> int:
        """Number of frames, from the first, for which it is known which shot they belong to."""
        return self._next

    def add(self, luma: npt.NDArray[np.uint8]) -> list[int]:
        """Take the next frames, luma uint8 (n, 64, 64). Returns the newly found cuts, as numbers of first frames."""
        self._blocks = np.concatenate([self._blocks, _block_sums(luma)])
        cuts = self._decide(self._start + len(self._blocks) - AHEAD)
        surplus = self._next - self._start - AHEAD - FLASH_FRAMES - 1
        if surplus > 0:
            self._blocks = self._blocks[surplus:]
            self._start += surplus
        return cuts

    def finish(self) -> list[int]:
        """Decide what is left, with the neighbourhood that there is."""
        return self._decide(self._start + len(self._blocks))

    def _decide(self, end: int) -> list[int]:
        first, self._next = self._next, max(self._next, end)
        if end <= first:
            return []
        lags = [_lagged(self._blocks, lag) for lag in range(1, FLASH_FRAMES + 2)]
        rows = range(first - self._start, end - self._start)
        loud = LEAST_DIFFERENCE * _LEVEL
        return [self._start + row for row in rows if lags[0][row - 1] >= loud and self._is_cut(lags, row)]

    def _is_cut(self, lags: list[npt.NDArray[np.int64]], row: int) -> bool:
        """Whether the frame at ``row`` begins a new shot."""
        difference = _least_across(lags, row)
        nearby = range(max(row - FLASH_FRAMES, 1), min(row + FLASH_FRAMES + 1, len(self._blocks)))
        if difference < LEAST_DIFFERENCE * _LEVEL or difference < max(_least_across(lags, other) for other in nearby):
            return False
        usual = max(_usual(lags[0], row), _LEVEL)
        if difference < ADAPTIVE_RATIO * usual:
            return False
        before, after = self._blocks[row - 1], self._blocks[row]
        if difference >= SUDDEN_RATIO * usual:
            return not _correlates(before, after, SAME_PERCENT) and not _is_shift(before, after, JERK_LEFT_PERCENT)
        return not _correlates(before, after, CORRELATED_PERCENT) and not _is_shift(before, after, SHIFT_LEFT_PERCENT)


class Uncut:
    """In place of `CutFinder` for frames that lie seconds apart: what differs between them is no cut, so that all of
    them count as one stretch, and no shot is told.
    """

    def __init__(self) -> None:
        self.decided = 0

    def add(self, luma: npt.NDArray[np.uint8]) -> list[int]:
        """Take the next frames, luma uint8 (n, 64, 64)."""
        self.decided += len(luma)
        return []

    def finish(self) -> list[int]:
        """No cut."""
        return []


def _block_sums(luma: npt.NDArray[np.uint8]) -> npt.NDArray[np.int16]:
    """Sums of 4x4 samples, int16 (n, 16, 16), of luma uint8 (n, 64, 64)."""
    # Lines onto lines, then columns onto columns: an eighth of the time of one sum over two axes.
    lines = luma[:, ::_CELL].astype(np.int16)
    for place in range(1, _CELL):
        lines += luma[:, place::_CELL]
    sums = lines[:, :, ::_CELL].copy()
    for place in range(1, _CELL):
        sums += lines[:, :, place::_CELL]
    return sums


def _usual(steps: npt.NDArray[np.int64], row: int) -> int:
    """The mean difference from frame to frame around a boundary, itself and the greatest others left out."""
    around = np.sort(np.r_[steps[max(row - 1 - AHEAD, 0) : row - 1], steps[row : row + AHEAD]])
    kept = around[: max(len(around) - _OUTLIERS, 1)]
    return int(kept.mean()) if len(kept) else 0


def _lagged(blocks: npt.NDArray[np.int16], lag: int) -> npt.NDArray[np.int64]:
    """Summed absolute differences of pictures ``lag`` apart, int64 (n - lag,)."""
    sums: npt.NDArray[np.int64] = np.abs(blocks[lag:] - blocks[:-lag]).sum(axis=(1, 2), dtype=np.int64)
    return sums


def _least_across(lags: list[npt.NDArray[np.int64]], row: int) -> int:
    """The smallest difference between the frame before the boundary and the next few after it, and the reverse."""
    forward = [steps[row - 1] for steps in lags if row - 1 < len(steps)]
    backward = [steps[row - lag] for lag, steps in enumerate(lags, start=1) if 0 <= row - lag < len(steps)]
    return int(min(forward + backward))


def _correlates(a: npt.NDArray[np.int16], b: npt.NDArray[np.int16], percent: int) -> bool:
    """Whether the correlation of two block pictures is at least so many per cent, compared in whole numbers."""
    x, y = a.astype(np.int64).ravel(), b.astype(np.int64).ravel()
    n = len(x)
    covariance = n * int(x @ y) - int(x.sum()) * int(y.sum())
    spread_x = n * int(x @ x) - int(x.sum()) ** 2
    spread_y = n * int(y @ y) - int(y.sum()) ** 2
    return covariance > 0 and covariance * covariance * 10_000 >= percent * percent * spread_x * spread_y


def _is_shift(a: npt.NDArray[np.int16], b: npt.NDArray[np.int16], percent: int) -> bool:
    """Whether moving the whole picture leaves less than so many per cent of the difference."""
    whole = int(np.abs(a - b).sum(dtype=np.int64))
    reach = range(-SHIFT_BLOCKS, SHIFT_BLOCKS + 1)
    return any(_left_over(a, b, down, right) * 100 < percent * whole for down in reach for right in reach)


def _left_over(a: npt.NDArray[np.int16], b: npt.NDArray[np.int16], down: int, right: int) -> int:
    """Difference after a shift, scaled from the overlap to the whole picture."""
    moved = a[max(0, down) : BLOCKS + min(0, down), max(0, right) : BLOCKS + min(0, right)]
    under = b[max(0, -down) : BLOCKS + min(0, -down), max(0, -right) : BLOCKS + min(0, -right)]
    return int(np.abs(moved - under).sum(dtype=np.int64)) * BLOCKS * BLOCKS // moved.size
