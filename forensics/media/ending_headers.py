"""Files whose header states where they end: AVI, Matroska, ASF, FLV, MXF.

Only headers at the outermost level are read, of Matroska those down to each block, and no offset is followed past the
end of the file.
"""

from __future__ import annotations

import os
import struct

from forensics.media.ending import FileEnd, at_length

MAX_PARTS = 4096
"""Outermost parts of one file: an AVI has one for each gigabyte, a Matroska file two, an ASF header some twenty, the
last partition of an MXF some hundred."""

_FIRST_PART, _NEXT_PART = b"AVI ", b"AVIX"
_UNFINISHED = (0, 0xFFFFFFFF)

_EBML, _SEGMENT, _VOID, _CRC = 0x1A45DFA3, 0x18538067, 0xEC, 0xBF
_CLUSTER, _BLOCK_GROUP = 0x1F43B675, 0xA0
_OF_SEGMENT = frozenset({0x114D9B74, 0x1549A966, 0x1654AE6B, _CLUSTER, 0x1C53BB6B, 0x1941A469, 0x1043A770, 0x1254C367})
_OF_CLUSTER = frozenset({0xE7, 0x5854, 0xA7, 0xAB, 0xA3, _BLOCK_GROUP, 0xAF})
_OF_GROUP = frozenset({0xA1, 0xA2, 0x75A1, 0x9B, 0xFA, 0xFB, 0xFD, 0xA4, 0x75A2, 0x8E, 0xC8})
_WITHIN = _OF_SEGMENT | _OF_CLUSTER | _OF_GROUP | {_VOID, _CRC}
"""What may stand in a segment, a cluster and a block group (RFC 9559, section 5, with what it has withdrawn)."""

MAX_ELEMENTS = 1_000_000
"""Elements that are looked at: blocks of three hours with sound."""

_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_HEADER_BYTES = 30
_ASF_BROADCAST = 1

_FLV_HEAD_BYTES, _FLV_TAG_BYTES, _FLV_SCRIPT = 9, 11, 18
_FLV_SCRIPT_MOST = 64 << 10
_FLV_DURATION = b"\x00\x08duration\x00"
"""A property of onMetaData: length of its name, the name, the type of a number."""

_SMPTE = bytes.fromhex("060e2b34")
_MXF_PARTITION = bytes.fromhex("060e2b34020501010d01020101")
_MXF_HEADER, _MXF_FOOTER = 2, 4
_MXF_KEY_BYTES = 16
_MXF_PACK = struct.Struct(">HHIQQQQQ")
"""Of a partition pack: version, grid, offsets of this, the former and the last partition, bytes of its header metadata
and of its index."""


def riff_ending(handle: int) -> FileEnd | None:
    """Of the RIFF parts of an AVI (OpenDML AVI File Format Extensions 1.02); not counted when a recorder never wrote
    the size of one.
    """
    at = 0
    for _ in range(MAX_PARTS):
        head = os.pread(handle, 12, at)
        length = int.from_bytes(head[4:8], "little")
        if head[:4] != b"RIFF" or head[8:] != (_NEXT_PART if at else _FIRST_PART):
            return at_length(handle, at, "The list of the AVI") if at else None
        if length in _UNFINISHED:
            return FileEnd(counted=False)
        at += 8 + length + length % 2
    return None


def ebml_ending(handle: int) -> FileEnd | None:
    """Of the first segment of a Matroska file, and of padding after it (RFC 8794, RFC 9559); not counted when its size
    is unknown. Damaged where an element is none of Matroska: readers pass over it, and over the frame that it was.
    """
    size = os.fstat(handle).st_size
    at, segments, damaged = 0, 0, ""
    for _ in range(MAX_PARTS):
        head = os.pread(handle, 12, at)
        kind, after_kind = _vint(head, 0, keep_marker=True)
        length, after = _vint(head, after_kind, keep_marker=False)
        known = kind in {_VOID, _CRC} or (kind in {_EBML, _SEGMENT} and not segments)
        if at >= size or after > len(head) or not known:
            end = at_length(handle, at, "The segment of the Matroska file") if segments else None
            return end and end._replace(damaged=damaged)
        unknown = length == _size_unknown(after - after_kind)  # it ends where the file does
        if kind == _SEGMENT:
            segments += 1
            damaged = _no_element(handle, at + after, size if unknown else min(size, at + after + length))
        if unknown:
            return FileEnd(counted=False, damaged=damaged)
        at += after + length
    return None


def _no_element(handle: int, at: int, end: int) -> str:
    """A sentence on the first thing in a segment that is no element of Matroska, empty when there is none."""
    for _ in range(MAX_ELEMENTS):
        head = os.pread(handle, 12, at)
        kind, after_kind = _vint(head, 0, keep_marker=True)
        length, after = _vint(head, after_kind, keep_marker=False)
        if at + after > end:
            return ""
        if kind not in _WITHIN:
            return f"What stands at byte {at} is no element of Matroska: if it was a frame, it is passed over."
        inside = kind in (_CLUSTER, _BLOCK_GROUP)
        if not inside and length == _size_unknown(after - after_kind):
            return ""
        at += after if inside else after + length
    return ""


def _size_unknown(octets: int) -> int:
    """The length that stands for an unknown one: all ones (RFC 8794, section 6.2)."""
    return (1 << 7 * octets) - 1


def _vint(data: bytes, at: int, *, keep_marker: bool) -> tuple[int, int]:
    """A number of variable length (RFC 8794, section 4) and the place after it, past the end when it is not whole."""
    if at >= len(data) or data[at] == 0:
        return 0, len(data) + 1
    length = 9 - data[at].bit_length()
    value = int.from_bytes(data[at : at + length], "big")
    return (value if keep_marker else value & ((1 << 7 * length) - 1)), at + length


def asf_ending(handle: int) -> FileEnd | None:
    """Of the file properties of an ASF (Advanced Systems Format Specification 1.20, 3.2); not counted in a broadcast,
    which does not know its end. What is appended is not told: writers leave index objects out of the size.
    """
    head = os.pread(handle, _ASF_HEADER_BYTES, 0)
    if head[:16] != _ASF_HEADER or len(head) < _ASF_HEADER_BYTES:
        return None
    end, at = int.from_bytes(head[16:24], "little"), _ASF_HEADER_BYTES
    for _ in range(MAX_PARTS):
        entry = os.pread(handle, 92, at)
        length = int.from_bytes(entry[16:24], "little")
        if len(entry) < 92 or length < 24 or at + length > end:
            return FileEnd(counted=False)
        if entry[:16] == _ASF_FILE:
            stated, flags = int.from_bytes(entry[40:48], "little"), int.from_bytes(entry[88:92], "little")
            if flags & _ASF_BROADCAST or not stated:
                return FileEnd(counted=False)
            return at_length(handle, stated, "The header of the ASF")._replace(after=0)
        at += length
    return None


def flv_ending(handle: int) -> FileEnd | None:
    """Whether the header of an FLV states a duration, against which its pictures are held (Adobe Flash Video File
    Format Specification 10.1, E.5).
    """
    head = os.pread(handle, _FLV_HEAD_BYTES, 0)
    if head[:4] != b"FLV\x01":
        return None
    at = int.from_bytes(head[5:9], "big") + 4
    tag = os.pread(handle, _FLV_TAG_BYTES + _FLV_SCRIPT_MOST, at)
    if not tag or tag[0] & 0x1F != _FLV_SCRIPT:
        return FileEnd(counted=False)
    place = tag.find(_FLV_DURATION, _FLV_TAG_BYTES, _FLV_TAG_BYTES + int.from_bytes(tag[1:4], "big"))
    number = tag[place + len(_FLV_DURATION) :][:8]
    return FileEnd(counted=place >= 0 and len(number) == 8 and struct.unpack(">d", number)[0] > 0)


def mxf_ending(handle: int) -> FileEnd | None:
    """Of the footer partition that the first partition of an MXF names (SMPTE ST 377-1, 7.1); not counted when it names
    none, as a file that is still written.
    """
    first = _partition(handle, 0)
    if first is None or first[0] != _MXF_HEADER:
        return None
    footer = first[1]
    if footer == 0:
        return FileEnd(counted=False)
    last = _partition(handle, footer) if footer < os.fstat(handle).st_size else None
    if last is None or last[0] != _MXF_FOOTER:
        return FileEnd(counted=True, missing=f"The last partition of the MXF, at byte {footer}, is not there.")
    end = footer
    for _ in range(MAX_PARTS):
        value, length = _klv(os.pread(handle, _MXF_KEY_BYTES + 9, end))
        if not value:
            break
        end += value + length
    return at_length(handle, max(end, last[2]), "The last partition of the MXF")._replace(after=0)


def _partition(handle: int, at: int) -> tuple[int, int, int] | None:
    """Kind of the partition that begins at ``at``, offset of the footer that it names, and the end of its metadata."""
    head = os.pread(handle, _MXF_KEY_BYTES + 9 + _MXF_PACK.size, at)
    value, length = _klv(head)
    if not head.startswith(_MXF_PARTITION) or not value or len(head) < value + _MXF_PACK.size:
        return None
    *_, footer, metadata, index = _MXF_PACK.unpack_from(head, value)
    return head[13], footer, at + value + length + metadata + index


def _klv(head: bytes) -> tuple[int, int]:
    """Where the value of an item begins that ``head`` begins, 0 when it is none, and its length (SMPTE ST 336)."""
    if not head.startswith(_SMPTE) or len(head) <= _MXF_KEY_BYTES:
        return 0, 0
    marker = head[_MXF_KEY_BYTES]
    if marker < 0x80:
        return _MXF_KEY_BYTES + 1, marker
    value = _MXF_KEY_BYTES + 1 + (marker & 0x7F)
    if marker > 0x88 or len(head) < value:
        return 0, 0
    return value, int.from_bytes(head[_MXF_KEY_BYTES + 1 : value], "big")
