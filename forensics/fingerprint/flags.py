"""Frames that say little about a recording: black, flat, title cards. They support a match but never start one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from forensics.model.fingerprint import FrameFlag

BLACK_LEVEL = 32
"""Luma at or below this is black: video black is 16 (ITU-R BT.601 studio range), and encoders leave noise above it."""

BLACK_SHARE = 98
"""Per cent of a frame that must be black; a small station mark does not make a frame of footage."""

FLAT_DEVIATION = 3
"""Standard deviation of luma below which a frame is one surface: its hash is the sign of noise."""

CARD_GROUND_SHARE = 60
"""Per cent of a title card that its ground covers. Of 78 clips 76 stay below 58 (not: mist, a bare wall)."""

CARD_GROUND_SPREAD = 2
"""Levels either side of the commonest one that belong to the ground."""

CARD_STEP = 24
"""Difference of neighbouring samples that an edge of letters or graphics reaches at 64x64."""

CARD_EDGE_SHARE = 1
"""Per cent of horizontal neighbours that are such edges. A bird or an aircraft in an even sky stays below this."""

_SAMPLES = 64 * 64
_HORIZONTAL_PAIRS = 64 * 63


def flag_batch(luma: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """`FrameFlag` bits, uint8 (n,), of luma uint8 (n, 64, 64), each frame judged by itself.

    ``TITLE_CARD`` here means the look of one: letters or graphics on an even ground. That it also stands still is for
    whoever knows the frames' times to say.
    """
    flags = np.zeros(len(luma), dtype=np.uint8)
    flat = _is_flat(luma)
    flags[_is_black(luma)] |= np.uint8(FrameFlag.BLACK)
    flags[flat] |= np.uint8(FrameFlag.FLAT)
    edged = np.flatnonzero(~flat & _has_card_edges(luma))
    flags[edged[_has_card_ground(luma[edged])]] |= np.uint8(FrameFlag.TITLE_CARD)
    return flags


def _is_black(luma: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    dark = np.count_nonzero(luma <= BLACK_LEVEL, axis=(1, 2))
    return np.asarray(dark * 100 >= BLACK_SHARE * _SAMPLES)


def _is_flat(luma: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    wide = luma.reshape(-1, _SAMPLES).astype(np.uint32)
    total = wide.sum(axis=1, dtype=np.int64)
    scaled_variance = _SAMPLES * (wide * wide).sum(axis=1, dtype=np.int64) - total**2
    return np.asarray(scaled_variance < (FLAT_DEVIATION * _SAMPLES) ** 2)


def _has_card_edges(luma: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    left, right = luma[:, :, :-1], luma[:, :, 1:]
    edges = np.count_nonzero(np.maximum(left, right) - np.minimum(left, right) >= CARD_STEP, axis=(1, 2))
    return np.asarray(edges * 100 >= CARD_EDGE_SHARE * _HORIZONTAL_PAIRS)


def _has_card_ground(luma: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    offsets = 256 * np.arange(len(luma), dtype=np.int64)[:, None]
    levels = luma.reshape(-1, _SAMPLES) + offsets
    histogram = np.bincount(levels.ravel(), minlength=256 * len(luma)).reshape(-1, 256)
    summed = np.pad(histogram.cumsum(axis=1), ((0, 0), (1, 0)))
    mode = histogram.argmax(axis=1)
    rows = np.arange(len(luma))
    low, high = np.maximum(mode - CARD_GROUND_SPREAD, 0), np.minimum(mode + CARD_GROUND_SPREAD + 1, 256)
    ground = summed[rows, high] - summed[rows, low]
    return np.asarray(ground * 100 >= CARD_GROUND_SHARE * _SAMPLES)
