"""Where in a screenshot the picture is: the part that no even ground of an interface, page or bar surrounds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

GROUND_SPREAD = 1
"""Levels either side of a line's commonest one that belong to its ground: JPEG leaves drawn grounds within them, and a
sky is noisier."""

GROUND_SHARE = 50
"""Per cent of a line that its ground covers where it is interface: lines of text leave more ground than this; lines of
footage have so much of one level only in even skies and in darkness."""

COMMON_SHARE = 0.08
"""Share of all lines whose ground has the same level where it is interface; the grounds of a sky change with height."""

LEAST_SHARE = 0.12
"""Share of the height, and of the width, that a picture measures at the least."""

MOST_SHARE = 0.96
"""What is trimmed less than this is the whole picture."""

MOST_GAP = 0.02
"""Lines of the picture that look like ground (a sky, a dark band), in a row, as a share of the side, do not end it."""

_SAMPLES = 512
"""Samples looked at along each line, and lines each way, at the most: the panel's edges need not be exact."""

_LEVELS = 256


class Panel(NamedTuple):
    """A rectangle of a picture in pixels: rows ``top`` up to ``bottom``, columns ``left`` up to ``right``."""

    top: int
    bottom: int
    left: int
    right: int


def find_panel(luma: npt.NDArray[np.uint8]) -> Panel | None:
    """The picture within luma uint8 (height, width), or None where nothing surrounds it.

    Rows, then columns, then both again: the longest run of lines without a ground of their own is kept each time.
    """
    height, width = luma.shape
    down, right = max(1, height // _SAMPLES), max(1, width // _SAMPLES)
    small = luma[::down, ::right]
    rows, columns = (0, small.shape[0]), (0, small.shape[1])
    for _ in range(2):
        rows = _longest(small[:, slice(*columns)], rows)
        columns = _longest(small[slice(*rows)].T, columns)
    tall, wide = (rows[1] - rows[0]) / small.shape[0], (columns[1] - columns[0]) / small.shape[1]
    if min(tall, wide) < LEAST_SHARE or min(tall, wide) > MOST_SHARE:
        return None
    return Panel(
        top=rows[0] * down,
        bottom=min(rows[1] * down, height),
        left=columns[0] * right,
        right=min(columns[1] * right, width),
    )


def _longest(lines: npt.NDArray[np.uint8], span: tuple[int, int]) -> tuple[int, int]:
    """The longest run, within ``span``, of lines that have no ground; short gaps are bridged. ``span`` if there is
    none.
    """
    bare = ~_grounded(lines)[slice(*span)]
    gap = max(1, round(MOST_GAP * len(lines)))
    best, start, last = (0, 0), None, -1
    for row in np.flatnonzero(bare).tolist():
        start = row if start is None or row - last > gap + 1 else start
        last = row
        best = max(best, (last + 1 - start, -start))
    length, start = best[0], -best[1]
    return (span[0] + start, span[0] + start + length) if length else span


def _grounded(lines: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Which lines, uint8 (n, samples), have one level, within `GROUND_SPREAD`, in `GROUND_SHARE` of their samples, and
    share that level with others.
    """
    offsets = _LEVELS * np.arange(len(lines), dtype=np.int64)[:, None]
    counts = np.bincount((lines + offsets).ravel(), minlength=_LEVELS * len(lines)).reshape(-1, _LEVELS)
    summed = np.pad(counts.cumsum(axis=1), ((0, 0), (1, 0)))
    width = 2 * GROUND_SPREAD + 1
    around = summed[:, width:] - summed[:, :-width]
    level = around.argmax(axis=1)
    even = around.max(axis=1) * 100 >= GROUND_SHARE * lines.shape[1]
    alike = np.convolve(np.bincount(level[even], minlength=_LEVELS), np.ones(width), "same")
    return np.asarray(even & (alike[level] >= COMMON_SHARE * len(lines)))
