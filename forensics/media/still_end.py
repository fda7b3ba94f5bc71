"""Where a still picture ends by its own marks: what is appended there is shown by no viewer.

JPEG (ITU-T T.81, annex B): the end marker after the last scan; thumbnails inside segments have marks of their own,
which are stepped over with their segment. A camera that stores several pictures in one file lists them in its first
one (CIPA DC-007, Multi-Picture Format): these belong to it. PNG (ISO/IEC 15948): the chunk IEND. WebP: the size that
the RIFF header states.
"""

from __future__ import annotations

import re
import struct

MAX_PARTS = 65_536
"""Segments, scans or chunks walked: a progressive JPEG has a dozen scans, a PNG one chunk for each 8 KiB at least."""

MAX_MPF_ENTRIES = 64
"""Pictures of one multi-picture file: cameras write two to four, a stereo burst some more."""

_SCAN, _END, _APP2 = 0xDA, 0xD9, 0xE2
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length: TEM, restarts, start of image."""
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""The next marker in coded data: stuffed zeros, restarts and fill bytes are none (T.81, B.1.1.5)."""
_MPF_ENTRIES, _MPF_ENTRY_BYTES = 0xB002, 16
_PNG_SIGNATURE_BYTES, _PNG_AROUND = 8, 12


def end_of(form: str, data: bytes) -> int | None:
    """The place after the last byte of the ``jpeg``, ``png`` or ``webp`` picture; None when its end is missing."""
    if form == "jpeg":
        return _end_of_jpeg(data)
    if form == "png":
        return _end_of_png(data)
    length = int.from_bytes(data[4:8], "little")
    end = 8 + length + length % 2
    return end if end <= len(data) else None


def _end_of_jpeg(data: bytes) -> int | None:
    at, listed = 2, 0
    for _ in range(MAX_PARTS):
        while data[at : at + 2] == b"\xff\xff":
            at += 1
        if at + 2 > len(data) or data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == _END:
            return max(at + 2, listed)
        if marker in _ALONE:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2:
            return None
        if marker == _APP2 and data[at + 4 : at + 8] == b"MPF\0":
            listed = _end_of_listed(data, at + 8, at + 2 + length)
        at += 2 + length
        if marker == _SCAN:
            found = _AFTER_SCAN.search(data, at)
            if found is None:
                return None
            at = found.start()
    return None


def _end_of_listed(data: bytes, header: int, end: int) -> int:
    """Where the last picture of a multi-picture index ends that begins like one; 0 when there is none."""
    order = {b"II": "<", b"MM": ">"}.get(data[header : header + 2])
    if order is None:
        return 0
    try:
        directory = header + struct.unpack_from(f"{order}I", data, header + 4)[0]
        count = struct.unpack_from(f"{order}H", data, directory)[0]
        for place in range(min(count, MAX_MPF_ENTRIES)):
            tag, _, size, offset = struct.unpack_from(f"{order}HHII", data, directory + 2 + 12 * place)
            if tag == _MPF_ENTRIES and header + offset < end:
                return _last_of(data, header, header + offset, size // _MPF_ENTRY_BYTES, order)
    except struct.error:  # the index ends early, so it lists nothing that could be told apart
        return 0
    return 0


def _last_of(data: bytes, header: int, at: int, count: int, order: str) -> int:
    last = 0
    for place in range(min(count, MAX_MPF_ENTRIES)):
        size, offset = struct.unpack_from(f"{order}II", data, at + _MPF_ENTRY_BYTES * place + 4)
        start = header + offset
        if offset and data[start : start + 2] == b"\xff\xd8" and start + size <= len(data):
            last = max(last, start + size)
    return last


def _end_of_png(data: bytes) -> int | None:
    at = _PNG_SIGNATURE_BYTES
    for _ in range(MAX_PARTS):
        if at + _PNG_AROUND > len(data):
            return None
        end = at + _PNG_AROUND + int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"IEND":
            return end if end <= len(data) else None
        at = end
    return None
