"""How much fine detail a picture shows, and whether it shows anything at all."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

BLACK_LEVEL = 32
"""Luma at or below this is black (video black is 16, and encoders leave noise above it)."""

BLACK_PERCENT = 98
"""Share of samples that are black in a black picture."""

_ROWS = 64
"""Rows widened at once: keeps the working set in the cache for pictures of any height."""


def sharpness(luma: npt.NDArray[np.uint8]) -> int:
    """Variance of the Laplacian (Pech-Pacheco et al. 2000) of luma uint8 (height, width), in thousandths.

    The kernel is integer, its values are at most 1020: their squares are whole numbers whose sum stays below 2**53
    for pictures of up to 2**33 samples, so that float64 holds every partial sum, in any order, and the figure is the
    same on any machine.
    """
    edges = cv2.Laplacian(luma, cv2.CV_16S, ksize=1)
    total = squares = 0
    for top in range(0, len(edges), _ROWS):
        rows = edges[top : top + _ROWS].astype(np.float64).ravel()
        total += int(rows.sum())
        squares += int(rows @ rows)
    count = edges.size
    return 1000 * (count * squares - total * total) // (count * count)


def is_black(luma: npt.NDArray[np.uint8]) -> bool:
    """Whether nearly all samples of luma uint8 (height, width) are black."""
    return int(np.count_nonzero(luma <= BLACK_LEVEL)) * 100 >= BLACK_PERCENT * luma.size
