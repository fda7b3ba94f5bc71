"""The frame hash: 256 signs of a two-dimensional cosine transform, in the bit order of Meta's PDQ.

Source: "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm" (Facebook 2019) and the reference
code beside it (ThreatExchange, pdq/cpp/hashing/pdqhashing.cpp): coefficients 1..16 by 1..16 of the 64x64 luma picture,
each compared with the median of all 256; bit ``16 * vertical + horizontal``, the highest bit written first.

Two things differ from the reference, and both only in how a picture becomes 64x64 luma: ours is the area average that
the recipe names, theirs two box-filter passes over RGB luma; and our arithmetic is exact.

Exactness. The cosines are integers ``round(cos * 2**16)``, the samples are integers below 2**8, so every product and
every partial sum, in any order, is an integer of magnitude at most 64 * 64 * 255 * 2**32 < 2**52. Float64 holds all
integers up to 2**53, hence no matrix library, thread count, vector width or fused multiply-add can change a bit. The
smallest distance of any ``cos * 2**16`` from a half is 0.04, so that no cosine routine rounds it otherwise.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from forensics.model.fingerprint import HASH_BYTES

SIDE = 64
"""Rows and columns of the luma picture that is hashed."""

FREQUENCIES = 16
"""Cosine frequencies 1..16 each way; frequency 0 (brightness) is left out, as in PDQ."""

COSINE_BITS = 16
"""Cosines are integers of this many fraction bits: the largest for which the bound above stays below 2**53."""

_BITS = FREQUENCIES * FREQUENCIES
_MEDIAN = _BITS // 2 - 1
"""PDQ's median of an even count (Torben's method) is the lower of the two middle values."""

_CHUNK = 256
"""Frames a step: keeps the float64 working set (8 MiB) near the cache whatever the batch size."""

_QUALITY_SCALE = 90
"""PDQ's own divisor from summed gradients to 0..100."""


def cosine_basis() -> npt.NDArray[np.float64]:
    """Build the integer basis, float64 (16, 64): ``round(2**16 * cos(pi / 128 * f * (2 * x + 1)))``, f = 1..16."""
    scale = 1 << COSINE_BITS
    step = math.pi / (2 * SIDE)
    rows = [[round(scale * math.cos(step * f * (2 * x + 1))) for x in range(SIDE)] for f in range(1, FREQUENCIES + 1)]
    return np.array(rows, dtype=np.float64)


_BASIS = cosine_basis()


def coefficients(luma: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Exact cosine coefficients, float64 (n, 16, 16) holding integers, of luma uint8 (n, 64, 64).

    Axis 1 is the vertical, axis 2 the horizontal frequency.
    """
    samples = luma.astype(np.float64)
    rows = samples.reshape(-1, SIDE) @ _BASIS.T
    result: npt.NDArray[np.float64] = _BASIS @ rows.reshape(-1, SIDE, FREQUENCIES)
    return result


def codes_of(luma: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Frame hashes uint8 (n, 32) of luma uint8 (n, 64, 64)."""
    codes = np.empty((len(luma), HASH_BYTES), dtype=np.uint8)
    for start in range(0, len(luma), _CHUNK):
        flat = coefficients(luma[start : start + _CHUNK]).reshape(-1, _BITS)
        median = np.partition(flat, _MEDIAN, axis=1)[:, _MEDIAN, None]
        codes[start : start + _CHUNK] = np.packbits((flat > median)[:, ::-1], axis=1)
    return codes


def quality_of(luma: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Rate pictures as PDQ does: quality 0..100, uint8 (n,), of luma uint8 (n, 64, 64).

    The sum of ``|difference| * 100 // 255`` over all neighbours, down and across, divided by 90 and cut at 100.
    """
    total = _gradient_sum(luma[:, 1:], luma[:, :-1]) + _gradient_sum(luma[:, :, 1:], luma[:, :, :-1])
    return np.asarray(np.minimum(total // _QUALITY_SCALE, 100), dtype=np.uint8)


def _gradient_sum(a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    steps = (np.maximum(a, b) - np.minimum(a, b)).astype(np.uint16) * np.uint16(100) // np.uint16(255)
    sums: npt.NDArray[np.int64] = steps.sum(axis=(1, 2), dtype=np.int64)
    return sums


def hash_batch(luma: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Frame hashes uint8 (n, 32) and their qualities uint8 (n,) of luma uint8 (n, 64, 64).

    The 32 bytes in hex are the form in which PDQ hashes are exchanged. A picture without any structure (all
    coefficients equal) hashes to zeros with quality 0.

    Raises ValueError for an array of another shape or type.
    """
    if luma.dtype != np.uint8 or luma.ndim != 3 or luma.shape[1:] != (SIDE, SIDE):
        raise ValueError(f"frames are uint8 (n, {SIDE}, {SIDE}), not {luma.dtype} {luma.shape}")
    return codes_of(luma), quality_of(luma)
