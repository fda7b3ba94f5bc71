"""Files whose last part bears a mark: GIF, Ogg, MPEG program streams."""

from __future__ import annotations

import os
import struct

from forensics.media.ending import FileEnd

_GIF_SCREEN_BYTES = 13
_GIF_IMAGE_BYTES = 10
_GIF_IMAGE, _GIF_EXTENSION, _GIF_TRAILER = 0x2C, 0x21, 0x3B
_BUFFER = 1 << 20

_OGG_PAGE = struct.Struct("<4sBBqIIIB")
"""Capture pattern, version, flags, position, stream, number of the page, checksum, segments (RFC 3533, section 6)."""
_OGG_LAST = 4
_MAX_PAGES = 1_000_000
"""Pages of one Ogg file: of 4 KiB each, 4 GiB; beyond, the end is not looked for."""
_MAX_STREAMS = 64

_PACK, _PROGRAM_END = b"\x00\x00\x01\xba", b"\x00\x00\x01\xb9"
_PROGRAM_TAIL = 1 << 20
"""Bytes at the end of a program stream in which its last packs lie: they are some KiB apart."""
_MAX_TRIES = 32
_FIRST_PACKET_ID = 0xBB


def gif_ending(handle: int) -> FileEnd | None:
    """Of the trailer of a GIF (GIF89a Specification, 27)."""
    if not os.pread(handle, 6, 0).startswith(b"GIF8"):
        return None
    cut = FileEnd(counted=True, missing="The GIF ends before its trailer.")
    reader = _Reader(handle)
    screen = reader.take(_GIF_SCREEN_BYTES)
    if len(screen) < _GIF_SCREEN_BYTES:
        return cut
    reader.skip(_color_table(screen[10]))
    while kind := reader.take(1):
        if kind[0] == _GIF_TRAILER:
            return FileEnd(counted=True, after=max(0, os.fstat(handle).st_size - reader.at))
        if kind[0] == _GIF_IMAGE:
            image = reader.take(_GIF_IMAGE_BYTES - 1)
            reader.skip(_color_table(image[8]) + 1 if len(image) == _GIF_IMAGE_BYTES - 1 else 0)
        elif kind[0] == _GIF_EXTENSION:
            reader.skip(1)
        else:
            return FileEnd(counted=True, missing=f"The blocks of the GIF break off at byte {reader.at - 1}.")
        while (length := reader.take(1)) and length[0]:
            reader.skip(length[0])
    return cut


def _color_table(flags: int) -> int:
    """Bytes of the colour table that these flags announce."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


class _Reader:
    """Reads a file forward in small steps, from blocks; past the end it gives less than was asked for."""

    def __init__(self, handle: int) -> None:
        self.at = 0
        self._handle = handle
        self._block = b""
        self._from = 0

    def take(self, count: int) -> bytes:
        place = self.at - self._from
        if place < 0 or place + count > len(self._block):
            self._block, self._from, place = os.pread(self._handle, _BUFFER, self.at), self.at, 0
        self.at += count
        return self._block[place : place + count]

    def skip(self, count: int) -> None:
        self.at += count


def ogg_ending(handle: int) -> FileEnd | None:
    """Of the marks on the last pages of the streams in an Ogg (RFC 3533, section 4)."""
    if os.pread(handle, 4, 0) != b"OggS":
        return None
    reader = _Reader(handle)
    size = os.fstat(handle).st_size
    ended: dict[int, bool] = {}
    for _ in range(_MAX_PAGES):
        begin = reader.at
        head = reader.take(_OGG_PAGE.size)
        if len(head) < _OGG_PAGE.size or not head.startswith(b"OggS"):
            if begin < size and not (ended and all(ended.values())):
                return FileEnd(counted=True, missing=f"The pages of the Ogg break off at byte {begin} of {size}.")
            return _ogg_end(ended, size - begin)
        _, _, flags, _, stream, _, _, segments = _OGG_PAGE.unpack(head)
        reader.skip(sum(reader.take(segments)))
        if reader.at > size:
            return FileEnd(
                counted=True, missing=f"The last page of the Ogg ends {reader.at - size} bytes after the file."
            )
        if stream in ended or len(ended) < _MAX_STREAMS:
            ended[stream] = bool(flags & _OGG_LAST)
    return None


def _ogg_end(ended: dict[int, bool], after: int) -> FileEnd:
    if open_ := sum(not each for each in ended.values()):
        what = f"{open_} of {len(ended)} streams of the Ogg end without a page that is marked as their last."
        return FileEnd(counted=True, missing=what)
    return FileEnd(counted=True, after=max(0, after))


def program_ending(handle: int) -> FileEnd | None:
    """Of the end code of an MPEG program stream (Rec. ITU-T H.222.0, 2.5.3); most writers leave it out, and then only a
    cut within a packet can be told.
    """
    if os.pread(handle, 4, 0) != _PACK:
        return None
    size = os.fstat(handle).st_size
    tail = os.pread(handle, _PROGRAM_TAIL, max(0, size - _PROGRAM_TAIL))
    if tail.rstrip(b"\x00\xff").endswith(_PROGRAM_END):
        return FileEnd(counted=True)
    at = len(tail)
    for _ in range(_MAX_TRIES):
        at = tail.rfind(_PACK, 0, at)
        if at < 0:
            break
        past = _packets_end(tail, at)
        if past is not None:
            missing = f"The last packet of the program stream ends {past - len(tail)} bytes after the file."
            return FileEnd(counted=False, missing=missing if past > len(tail) else "")
    return FileEnd(counted=False)


def _packets_end(tail: bytes, at: int) -> int | None:
    """Where the last packet says that it ends, of those that follow each other from the pack header at ``at`` on; None
    when they do not: what looked like a header was none.
    """
    while at + 4 <= len(tail):
        if tail[at : at + 3] != b"\x00\x00\x01":
            return None
        kind = tail[at + 3]
        if kind == _PACK[3]:
            if at + 14 > len(tail):
                return at + 14
            at += 14 + (tail[at + 13] & 7) if tail[at + 4] & 0xC0 == 0x40 else 12
        elif kind >= _FIRST_PACKET_ID:
            if at + 6 > len(tail):
                return at + 6
            at += 6 + int.from_bytes(tail[at + 4 : at + 6], "big")
        else:
            return None
    return at if at >= len(tail) else at + 4
