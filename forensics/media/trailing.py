"""Bytes after the end that AVI and Matroska files state: what is appended there is shown by no player.

Only headers at the outermost level are read, and no offset is followed past the end of the file. ISO files have a walk
of their own (`forensics.media.isobmff`); transport streams, FLV and Ogg state no end.
"""

from __future__ import annotations

import os

MAX_PARTS = 4096
"""Outermost parts of one file: an AVI has one for each gigabyte, a Matroska file two."""

_FIRST_PART, _NEXT_PART = b"AVI ", b"AVIX"
_EBML, _SEGMENT, _VOID, _CRC = 0x1A45DFA3, 0x18538067, 0xEC, 0xBF
_UNFINISHED = (0, 0xFFFFFFFF)


def trailing_bytes(fd: int, container: str) -> int:
    """Bytes after the stated end of the file open as ``fd``; 0 where none is stated, or the file is cut before it.

    ``container`` is ffprobe's format name.
    """
    size = os.fstat(fd).st_size
    names = container.split(",")
    if "avi" in names:
        end = _riff_end(fd)
    elif "matroska" in names:
        end = _ebml_end(fd, size)
    else:
        return 0
    return 0 if end is None else max(0, size - end)


def _riff_end(fd: int) -> int | None:
    """End of the last RIFF part (OpenDML AVI File Format Extensions 1.02); None when a recorder never wrote it."""
    at = 0
    for _ in range(MAX_PARTS):
        head = os.pread(fd, 12, at)
        length = int.from_bytes(head[4:8], "little")
        if head[:4] != b"RIFF" or head[8:] != (_NEXT_PART if at else _FIRST_PART):
            return at or None
        if length in _UNFINISHED:
            return None
        at += 8 + length + length % 2
    return None


def _ebml_end(fd: int, size: int) -> int | None:
    """End of the first segment, and of padding after it (RFC 8794, RFC 9559); None when its size is unknown."""
    at, segments = 0, 0
    for _ in range(MAX_PARTS):
        head = os.pread(fd, 12, at)
        kind, after_kind = _vint(head, 0, keep_marker=True)
        length, after = _vint(head, after_kind, keep_marker=False)
        known = kind in {_VOID, _CRC} or (kind in {_EBML, _SEGMENT} and not segments)
        if at >= size or after > len(head) or not known:
            return at if segments else None
        if length == (1 << 7 * (after - after_kind)) - 1:  # all ones: it ends where the file does
            return None
        segments += kind == _SEGMENT
        at += after + length
    return None


def _vint(data: bytes, at: int, *, keep_marker: bool) -> tuple[int, int]:
    """A number of variable length (RFC 8794, section 4) and the place after it, past the end when it is not whole."""
    if at >= len(data) or data[at] == 0:
        return 0, len(data) + 1
    length = 9 - data[at].bit_length()
    value = int.from_bytes(data[at : at + length], "big")
    return (value if keep_marker else value & ((1 << 7 * length) - 1)), at + length
