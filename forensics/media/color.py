"""From planes to BGR, in integers, so that every machine gets the same bytes."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from forensics.media.pixels import LAYOUTS, samples
from forensics.model.media import Picture

_BITS = 5
"""Fractional bits: a sum of luma and chroma parts stays within int16, and is off by at most one step of 255."""

_KR_KB = {
    "bt709": (Fraction(2126, 10000), Fraction(722, 10000)),
    "bt601": (Fraction(299, 1000), Fraction(114, 1000)),
    "bt2020nc": (Fraction(2627, 10000), Fraction(593, 10000)),
    "smpte240m": (Fraction(212, 1000), Fraction(87, 1000)),
}
"""Weights of red and blue in luma: Rec. ITU-T H.273, table 4."""

_ALIASES = {"smpte170m": "bt601", "bt470bg": "bt601", "fcc": "bt601", "bt2020c": "bt2020nc"}

_HD_HEIGHT = 720
"""From this height on untagged video is taken as BT.709, below as BT.601: what players do."""


def matrix_name(color_space: str | None, height: int) -> str:
    """The matrix in force for a tagged or untagged stream."""
    name = _ALIASES.get(color_space or "", color_space or "")
    if name in _KR_KB:
        return name
    return "bt709" if height >= _HD_HEIGHT else "bt601"


def to_bgr(
    picture: Picture, width: int, height: int, color_space: str | None, color_range: str | None
) -> npt.NDArray[np.uint8]:
    """A picture as BGR uint8 (height, width, 3), as coded (not turned upright).

    ``color_space`` and ``color_range`` are ffprobe's names. Untagged video: BT.709 from 720 lines on, else BT.601;
    limited range, except for gray and for ffmpeg's ``yuvj`` formats. Chroma samples are repeated, not interpolated.
    Samples deeper than 8 bits lose their low bits. Integer arithmetic (Rec. ITU-T H.273, 8.3).
    """
    layout = LAYOUTS[picture.pixel_format]
    full = color_range == "pc" or (color_range is None and picture.pixel_format.startswith(("yuvj", "gray")))
    luma = _looked_up(picture.luma, _luma_table(full=full))
    if layout.chroma is None:
        channels = [_levels(luma)] * 3
    else:
        parts = _chroma_parts(picture, width, height, matrix_name(color_space, height), full=full)
        channels = [_levels(luma + part) for part in parts]
    return np.asarray(cv2.merge(channels), dtype=np.uint8)


def _looked_up(codes: npt.NDArray[np.uint8], table: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """``table[codes]`` in a quarter of the time."""
    return np.asarray(cv2.LUT(codes, table), dtype=np.int16)


def _levels(sums: npt.NDArray[np.int16]) -> npt.NDArray[np.uint8]:
    """Sums with fractional bits, half a level in them, as levels: what lies below is cut off. ``sums`` is used up."""
    sums >>= _BITS
    return np.clip(sums, 0, 255, out=sums).astype(np.uint8)


@cache
def _luma_table(*, full: bool) -> npt.NDArray[np.int16]:
    """Luma code to its part of each channel, with fractional bits; half a level more, so that a shift rounds."""
    gain, black = (Fraction(1), 0) if full else (Fraction(255, 219), 16)
    half = 1 << (_BITS - 1)
    return np.array([round((code - black) * gain * (1 << _BITS)) + half for code in range(256)], dtype=np.int16)


@cache
def _chroma_table(weight: Fraction, *, full: bool) -> npt.NDArray[np.int16]:
    gain = Fraction(1) if full else Fraction(255, 224)
    return np.array([round((code - 128) * gain * weight * (1 << _BITS)) for code in range(256)], dtype=np.int16)


def _chroma_parts(picture: Picture, width: int, height: int, matrix: str, *, full: bool) -> list[npt.NDArray[np.int16]]:
    """What chroma adds to blue, green and red: computed at chroma size, then repeated to picture size."""
    layout = LAYOUTS[picture.pixel_format]
    assert layout.chroma is not None
    across, down = layout.chroma
    shape = layout.plane_shapes(width, height)[1]
    size = shape[0] * shape[1] * layout.sample_bytes
    planes = memoryview(picture.planes)
    start = width * height * layout.sample_bytes
    cb = samples(planes[start : start + size], shape, layout.depth)
    cr = samples(planes[start + size : start + 2 * size], shape, layout.depth)
    kr, kb = _KR_KB[matrix]
    kg = 1 - kr - kb
    blue = _looked_up(cb, _chroma_table(2 * (1 - kb), full=full))
    red = _looked_up(cr, _chroma_table(2 * (1 - kr), full=full))
    green = _looked_up(cb, _chroma_table(-2 * (1 - kb) * kb / kg, full=full))
    green += _looked_up(cr, _chroma_table(-2 * (1 - kr) * kr / kg, full=full))
    return [_repeat(part, across, down)[:height, :width] for part in (blue, green, red)]


def _repeat(plane: npt.NDArray[np.int16], across: int, down: int) -> npt.NDArray[np.int16]:
    """Repeat samples 2**across times along rows and 2**down times along columns."""
    if across:
        plane = np.repeat(plane, 1 << across, axis=1)
    return np.repeat(plane, 1 << down, axis=0) if down else plane
