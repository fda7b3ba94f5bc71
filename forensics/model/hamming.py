"""Hamming distance of frame hashes and local descriptors: the one place where bits are counted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_BITS_OF_BYTE = np.array([value.bit_count() for value in range(256)], dtype=np.uint8)


def hamming(a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint16]:
    """Bits in which the last axes of ``a`` and ``b`` differ (Hamming 1950).

    ``a`` and ``b`` are uint8 of shapes (..., bytes) that broadcast against each other; the result has the broadcast
    shape without its last axis. ``hamming(codes, codes[0])`` compares every row with the first, and
    ``hamming(a[:, None], b[None])`` every row of one with every row of the other.

    Raises ValueError when the last axes differ in length.
    """
    if a.shape[-1] != b.shape[-1]:
        raise ValueError(f"codes of {a.shape[-1]} and {b.shape[-1]} bytes cannot be compared")
    counts: npt.NDArray[np.uint16] = popcount(np.bitwise_xor(a, b)).sum(axis=-1, dtype=np.uint16)
    return counts


def popcount(codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Count the set bits, element by element, in words of eight bytes where the last axis allows it."""
    if not hasattr(np, "bitwise_count"):  # numpy 1.26
        return _BITS_OF_BYTE[codes]
    if codes.ndim and codes.shape[-1] % 8 == 0 and codes.flags.c_contiguous:
        return np.bitwise_count(codes.view(np.uint64))
    return np.bitwise_count(codes)


def word_bits(words: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
    """Count the set bits of each 32-bit word."""
    if not hasattr(np, "bitwise_count"):  # numpy 1.26
        counts: npt.NDArray[np.uint8] = _BITS_OF_BYTE[words[..., None].view(np.uint8)].sum(axis=-1, dtype=np.uint8)
        return counts
    return np.bitwise_count(words)
