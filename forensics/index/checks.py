"""What every index demands of codes and radius, and the growing store of the plain ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from forensics.model.fingerprint import HASH_BYTES


def check_codes(codes: npt.NDArray[np.uint8]) -> None:
    """Raise ValueError unless the codes are uint8 (n, 32)."""
    if codes.dtype != np.uint8 or codes.ndim != 2 or codes.shape[1] != HASH_BYTES:
        raise ValueError(f"codes are uint8 (n, {HASH_BYTES}), not {codes.dtype} {codes.shape}")


def check_query(codes: npt.NDArray[np.uint8], radius: int) -> None:
    """Raise ValueError unless the codes are uint8 (n, 32) and the radius is in 0..256."""
    check_codes(codes)
    if not 0 <= radius <= 8 * HASH_BYTES:
        raise ValueError(f"a radius is in 0..{8 * HASH_BYTES} bits, not {radius}")


class CodeStore:
    """Codes added piece by piece and read as one array."""

    def __init__(self) -> None:
        self._parts: list[npt.NDArray[np.uint8]] = [np.empty((0, HASH_BYTES), dtype=np.uint8)]

    def __len__(self) -> int:
        return sum(len(part) for part in self._parts)

    def add(self, codes: npt.NDArray[np.uint8]) -> None:
        """Append a copy of codes uint8 (n, 32); ValueError for another shape."""
        check_codes(codes)
        self._parts.append(codes.copy())

    @property
    def codes(self) -> npt.NDArray[np.uint8]:
        """All codes, uint8 (n, 32), in the order added."""
        if len(self._parts) > 1:
            self._parts = [np.concatenate(self._parts)]
        return self._parts[0]
