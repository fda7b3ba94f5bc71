"""Samples of many frames that arrive in parts, gathered in memory that no child is given."""

from __future__ import annotations

import mmap

FIRST_BYTES = 64 << 20
"""Room at the start: more than the frames of ten seconds take, so that few are copied once more. Of what nobody wrote
to, the system keeps no page.
"""

_DONT_FORK: int | None = getattr(mmap, "MADV_DONTFORK", None)
"""Linux alone has it; elsewhere a fork is as slow as it was."""


class Gathered:
    """Bytes in the order in which they came.

    To start a child this process is forked, which costs time for each of its pages, although the child gives them all
    up at once. Frames are most of these pages, and no child needs them: they are left out of the fork (madvise(2)).
    """

    def __init__(self) -> None:
        self._room = _room(FIRST_BYTES)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add(self, data: bytes) -> None:
        """Add a part."""
        end = self._length + len(data)
        if end > len(self._room):
            larger = _room(max(end, 2 * len(self._room)))
            with memoryview(self._room) as view:
                larger[: self._length] = view[: self._length]
            self._room = larger
        self._room[self._length : end] = data
        self._length = end

    def first(self, length: int) -> memoryview:
        """The first ``length`` bytes, which cannot be written to."""
        return memoryview(self._room)[: min(length, self._length)].toreadonly()


def _room(length: int) -> mmap.mmap:
    made = mmap.mmap(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if _DONT_FORK is not None:
        made.madvise(_DONT_FORK)
    return made
