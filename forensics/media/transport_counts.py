"""Are packets missing within an MPEG transport stream (Rec. ITU-T H.222.0, 2.4.3)?"""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt

from forensics.media.transport import NULL_PID, SYNC

_AT_ONCE = 1 << 13
"""Packets read at once: 1.5 MB."""


def damage(handle: int, size: int, length: int, sync: int) -> str:
    """A sentence on packets among the first ``size`` bytes that do not begin as packets do, or between which the count
    of a stream does not go on; empty when there are none.
    """
    lost, gaps, whole = 0, 0, size - size % length
    counts: dict[int, int] = {}
    for at in range(0, whole, length * _AT_ONCE):
        data = os.pread(handle, min(length * _AT_ONCE, whole - at), at)
        packets = np.frombuffer(data, np.uint8)[: len(data) - len(data) % length].reshape(-1, length)[
            :, sync : sync + 6
        ]
        begun = packets[:, 0] == SYNC
        lost += int(np.count_nonzero(~begun))
        gaps += _gaps(packets[begun], counts)
    if lost:
        return f"{lost} packets of the transport stream do not begin as packets do."
    told = f"{gaps} times the packets of a stream are not numbered on: some are missing there, or streams were joined."
    return told if gaps else ""


def _gaps(packets: npt.NDArray[np.uint8], counts: dict[int, int]) -> int:
    """How often a continuity counter neither goes on nor stands (2.4.3.3), over headers (n, 6); ``counts`` are the last
    counters by stream, brought up to date. A packet that says that its counter is discontinuous begins anew.
    """
    pids = (packets[:, 1].astype(np.int64) & 0x1F) << 8 | packets[:, 2]
    told = packets[:, 3]
    anew = (told & 0x20 > 0) & (packets[:, 4] > 0) & (packets[:, 5] & 0x80 > 0)
    counted = (told & 0x10 > 0) & (pids != NULL_PID)
    gaps = 0
    for pid in np.unique(pids[counted | anew]).tolist():
        of = (pids == pid) & (counted | anew)
        numbers, free = (told[of] & 0x0F).astype(np.int64), anew[of]
        before = np.concatenate(([counts.get(pid, int(numbers[0]))], numbers[:-1]))
        steps = (numbers - before) % 16
        gaps += int(np.count_nonzero((steps > 1) & ~free))
        counts[pid] = int(numbers[-1])
    return gaps
