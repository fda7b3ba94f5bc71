"""Turning frames upright."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def upright(
    frames: npt.NDArray[np.uint8], rotation: int | None, axes: tuple[int, int] = (0, 1)
) -> npt.NDArray[np.uint8]:
    """Turn pictures counter-clockwise by ``rotation`` degrees, as the container's display matrix asks of players.

    ``axes`` are rows and columns. Only quarter turns are done; any other angle leaves the frames as they are.
    """
    quarter_turns, rest = divmod(rotation or 0, 90)
    if rest or quarter_turns % 4 == 0:
        return frames
    return np.ascontiguousarray(np.rot90(frames, quarter_turns % 4, axes))
