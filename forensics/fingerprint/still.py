"""The fingerprint of a still: that of a video of one frame, made from a picture of any size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from forensics.fingerprint.anchors import AnchorTaker
from forensics.fingerprint.dct import SIDE, codes_of
from forensics.fingerprint.fingerprinter import Fingerprinter
from forensics.fingerprint.spec import SPEC
from forensics.model.fingerprint import Fingerprint, FrameFlag
from forensics.model.media import FrameBatch, Picture
from forensics.model.panel import find_panel
from forensics.model.time import MediaTime, TimeBase

STILL_SPEC = replace(
    SPEC,
    recipe=(
        "decoded still as luma, upright, scaled to 64x64 by exact area average, rounded half up;"
        " then as for a frame of video; one hash; of a screenshot a second one, of the picture in it"
    ),
)
"""The frame hash of a still: the bits are those of `SPEC`, another scaler made the 64x64 picture."""

BASE = TimeBase(num=1, den=1)
"""A still has no clock: its one frame stands at 0 s."""

_ROWS_AT_ONCE = 256
"""Rows of the picture held as float64: 40 MB of the widest still that is decoded."""


def fingerprint_still(luma: npt.NDArray[np.uint8]) -> Fingerprint:
    """The fingerprint of luma uint8 (height, width): one frame hash, that of the picture in a screenshot or of the
    content box where there is a border, the anchors.

    Whether something that looks like a title card stands still cannot be told from one frame, so no still is one.
    """
    maker = Fingerprinter(BASE)
    maker.add(FrameBatch(np.zeros(1, dtype=np.int64), small_luma(luma)[None]))
    made = maker.finish(MediaTime(pts=0, base=BASE))
    taker = AnchorTaker(BASE)
    taker.add(Picture(pts=0, pixel_format="gray", planes=b"", luma=luma))
    flags = (made.flags & np.uint8(0xFF ^ FrameFlag.TITLE_CARD)).astype(np.uint8)
    return replace(made, spec=STILL_SPEC, flags=flags, box_codes=_inside(luma, made), anchors=taker.finish())


def _inside(luma: npt.NDArray[np.uint8], made: Fingerprint) -> npt.NDArray[np.uint8]:
    """The hash of the picture that an interface surrounds, else that of the content box: at most one row."""
    panel = find_panel(luma)
    if panel is None:
        return made.box_codes
    return codes_of(small_luma(luma[panel.top : panel.bottom, panel.left : panel.right])[None])


def small_luma(luma: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Luma uint8 (height, width) scaled to (64, 64) by exact area average."""
    height, width = luma.shape
    down, across = _overlaps(height), _overlaps(width)
    # Whole numbers of at most 255 * height * width, below 2**53: exact in any order.
    sums = np.zeros((SIDE, width))
    for first in range(0, height, _ROWS_AT_ONCE):
        part = slice(first, first + _ROWS_AT_ONCE)
        sums += down[:, part] @ luma[part].astype(np.float64)
    area = height * width
    return np.asarray(((sums @ across.T).astype(np.int64) + area // 2) // area, dtype=np.uint8)


def _overlaps(length: int) -> npt.NDArray[np.float64]:
    """Overlaps of `SIDE` output cells with ``length`` input cells, float64 (64, length), in units in which an input
    cell is `SIDE` long and an output cell ``length``.
    """
    out_start = np.arange(SIDE)[:, None] * length
    in_start = np.arange(length)[None] * SIDE
    overlap = np.minimum(out_start + length, in_start + SIDE) - np.maximum(out_start, in_start)
    return np.asarray(np.clip(overlap, 0, None), dtype=np.float64)
