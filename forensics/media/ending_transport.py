"""How an MPEG transport stream ends (Rec. ITU-T H.222.0, 2.4.3).

Nothing in one states its length or counts its pictures. Cut between two packets it is a shorter stream, which its last
packets may betray: a PES packet states more bytes than came, or its last packet lacks the stuffing by which a PES
packet of no stated length is brought to the end of a transport packet.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from forensics.media.ending import FileEnd
from forensics.media.transport import IN_STEP, NULL_PID, SYNC, in_step, packet_form

_TAIL = 1 << 20
"""Bytes at the end that are looked at: half a second at 16 megabits, so that every stream but sparse data comes by."""
_SCANNED = 1 << 30
"""Bytes from the begin of which every packet's header is looked at: a second of CPU, ten of a slow disk."""
_PACKET = 188
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
    form = packet_form(handle)
    if form is None:
        return None
    # At the point of use: numpy, which it brings in, takes longer to load than all that reads other files.
    from forensics.media.transport_counts import damage

    length, sync = form
    size = os.fstat(handle).st_size
    begin = max(0, size - _TAIL)
    tail = os.pread(handle, _TAIL, begin)
    first = next((at for at in range(length) if in_step(tail[at + sync :: length][-IN_STEP:])), None)
    if first is None:
        return FileEnd(counted=False, missing="The transport stream does not end in packets.")
    if (begin + first) % length:
        message = (
            "The last packets of the transport stream are out of step with the first: bytes were lost or added between."
        )
        return FileEnd(counted=False, damaged=message)
    damaged = damage(handle, min(size, _SCANNED), length, sync)
    if (len(tail) - first) % length:
        return FileEnd(counted=False, missing="The transport stream ends within a packet.", damaged=damaged)
    last: dict[int, _Last] = {}
    for at in range(first, len(tail) - length + 1, length):
        _take(last, tail[at + sync : at + sync + _PACKET])
    return _judge(last)._replace(damaged=damaged)


def _take(last: dict[int, _Last], packet: bytes) -> None:
    """Take one packet into account."""
    pid = int.from_bytes(packet[1:3], "big") & 0x1FFF
    if pid == NULL_PID or packet[0] != SYNC or not packet[3] & 0x10:
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
