"""How an MPEG transport stream ends (Rec. ITU-T H.222.0, 2.4.3).

Nothing in one states its length or counts its pictures. Cut between two packets it is a shorter stream, which its last
packets may betray: a PES packet states more bytes than came, or its last packet lacks the stuffing by which a PES
packet of no stated length is brought to the end of a transport packet.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forensics.media.ending import FileEnd

PACKET_FORMS = ((188, 0), (192, 4), (204, 0))
"""Bytes of a packet and place of its sync byte: plain, with a time code (m2ts), with Reed-Solomon bytes."""

_SYNC = 0x47
_IN_STEP = 5
"""Sync bytes in a row that are taken for packets: five in noise are one in 2^40."""
_TAIL = 1 << 20
"""Bytes at the end that are looked at: half a second at 16 megabits, so that every stream but sparse data comes by."""
_SCANNED = 1 << 30
"""Bytes from the begin of which every packet's header is looked at: a second of CPU, ten of a slow disk."""
_AT_ONCE = 1 << 13
"""Packets read at once: 1.5 MB."""
_PACKET = 188
_NULL_PID = 0x1FFF
_MOST_STATED = 6 + 0xFFFF
"""Bytes of the longest PES packet that states its length."""


@dataclass(slots=True)
class _Last:
    """What is known of the last PES packet of one stream: bytes still to come, None when it states no length or its
    begin was not seen; bytes seen; whether its last transport packet is filled with it.
    """

    begun: bool = False
    stated: bool = False
    due: int = 0
    seen: int = 0
    filled: bool = False

    @property
    def unbounded(self) -> bool:
        return not self.stated if self.begun else self.seen > _MOST_STATED


def transport_ending(handle: int) -> FileEnd | None:
    """The ending of a transport stream, never counted; None when the first bytes are none."""
    size = os.fstat(handle).st_size
    head = os.pread(handle, 204 * _IN_STEP, 0)
    forms = [form for form in PACKET_FORMS if _in_step(head, *form)]
    if not forms:
        return None
    length, sync = forms[0]
    begin = max(0, size - _TAIL)
    tail = os.pread(handle, _TAIL, begin)
    first = next((at for at in range(length) if _in_step_at_end(tail, at, length, sync)), None)
    if first is None:
        return FileEnd(counted=False, missing="The transport stream does not end in packets.")
    if (begin + first) % length:
        message = (
            "The last packets of the transport stream are out of step with the first: bytes were lost or added between."
        )
        return FileEnd(counted=False, damaged=message)
    damaged = _damaged(handle, min(size, _SCANNED), length, sync)
    if (len(tail) - first) % length:
        return FileEnd(counted=False, missing="The transport stream ends within a packet.", damaged=damaged)
    last: dict[int, _Last] = {}
    for at in range(first, len(tail) - length + 1, length):
        _take(last, tail[at + sync : at + sync + _PACKET])
    return _judge(last)._replace(damaged=damaged)


def _damaged(handle: int, size: int, length: int, sync: int) -> str:
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
        begun = packets[:, 0] == _SYNC
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
    counted = (told & 0x10 > 0) & (pids != _NULL_PID)
    gaps = 0
    for pid in np.unique(pids[counted | anew]).tolist():
        of = (pids == pid) & (counted | anew)
        numbers, free = (told[of] & 0x0F).astype(np.int64), anew[of]
        before = np.concatenate(([counts.get(pid, int(numbers[0]))], numbers[:-1]))
        steps = (numbers - before) % 16
        gaps += int(np.count_nonzero((steps > 1) & ~free))
        counts[pid] = int(numbers[-1])
    return gaps


def _in_step(data: bytes, length: int, sync: int) -> bool:
    marks = data[sync::length][:_IN_STEP]
    return len(marks) > 0 and marks.count(_SYNC) == len(marks)


def _in_step_at_end(tail: bytes, first: int, length: int, sync: int) -> bool:
    marks = tail[first + sync :: length][-_IN_STEP:]
    return len(marks) > 0 and marks.count(_SYNC) == len(marks)


def _take(last: dict[int, _Last], packet: bytes) -> None:
    """Take one packet into account."""
    pid = int.from_bytes(packet[1:3], "big") & 0x1FFF
    if pid == _NULL_PID or packet[0] != _SYNC or not packet[3] & 0x10:
        return
    at, filled = _payload(packet)
    payload = packet[at:]
    stream = last.setdefault(pid, _Last())
    if packet[1] & 0x40:
        if payload[:3] != b"\x00\x00\x01" or len(payload) < 6:  # tables, or encrypted: no PES packet begins here
            del last[pid]
            return
        stated = int.from_bytes(payload[4:6], "big")
        last[pid] = stream = _Last(begun=True, stated=stated > 0, due=6 + stated)
    stream.due -= len(payload)
    stream.seen += len(payload)
    stream.filled = filled


def _payload(packet: bytes) -> tuple[int, bool]:
    """Where the payload begins, and whether nothing was stuffed to bring its end to that of the packet (2.4.3.4)."""
    if not packet[3] & 0x20:
        return 4, True
    length = packet[4]
    if length == 0:  # a field of one byte is stuffing itself
        return 5, False
    flags = packet[5]
    used = 1 + 6 * bool(flags & 0x10) + 6 * bool(flags & 0x08) + bool(flags & 0x04)
    for present in (flags & 0x02, flags & 0x01):  # private data, then the extension: each with its length before it
        if present and used < length:
            used += 1 + packet[min(5 + used, _PACKET - 1)]
    return min(5 + length, _PACKET), used >= length


def _judge(last: dict[int, _Last]) -> FileEnd:
    missing = "; ".join(_missing(last))
    if missing:
        return FileEnd(counted=False, missing=f"The transport stream ends within {missing}.")
    filled = [f"0x{pid:x}" for pid, stream in sorted(last.items()) if stream.unbounded and stream.filled]
    if not filled:
        return FileEnd(counted=False)
    message = (
        f"The last packet of stream {', '.join(filled)} is filled to its end, as one of 184 whole streams ends and"
        " all that are cut within a picture."
    )
    return FileEnd(counted=False, unclear=message)


def _missing(last: dict[int, _Last]) -> Iterator[str]:
    for pid, stream in sorted(last.items()):
        if stream.begun and stream.stated and stream.due > 0:
            yield f"a PES packet of stream 0x{pid:x}, of which {stream.due} bytes are missing"
