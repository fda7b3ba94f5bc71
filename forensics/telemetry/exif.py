"""EXIF of stills (JPEG, TIFF, PNG, WebP, HEIC) as text, by exifread, kept within bounds.

Sources: CIPA DC-008 (Exif 2.32), TIFF 6.0, ITU-T T.81 Annex B (JPEG segments). exifread looks for EXIF only near the
start of a JPEG and says nothing when it finds none, so a JPEG's segments are walked here and exifread gets the TIFF
block alone. It reads through a meter: a directory of 65,535 entries that all name the same megabyte, or that name one
another, ends when the meter is spent and not when memory is.
"""

from __future__ import annotations

import logging
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import exifread
from exifread.core.exceptions import ExifError
from exifread.core.ifd_tag import IfdTag

from forensics.model.notice import Notice
from forensics.model.tag import Tag
from forensics.model.text import visible

MAX_READS = 150_000
"""exifread asks for one number a read; a maker note of 64 KiB alone takes 65,536. Half a second of work."""

MAX_READ_BYTES = 16 << 20
"""All bytes that exifread may be given; one EXIF block of a JPEG has at most 64 KiB."""

MAX_TAGS = 1000
"""Tags told. Cameras write 40 to 200."""

MAX_VALUE = 1024
"""Characters of one value."""

MAX_NAME = 128
"""Characters of a group's or tag's name; exifread names unknown tags by number, so none is longer."""

MAX_SEGMENTS = 4096
"""JPEG segments before the picture; EXIF comes among the first few, an ICC profile takes at most 255."""

_EXIF = b"Exif\0"
_EXIF_HEADER_BYTES = 6
_JPEG = b"\xff\xd8"
_STILLS = (b"II*\0", b"MM\0*", b"\x89PNG\r\n\x1a\n")
_BIG_TIFF = (b"II+\0", b"MM\0+")
_HEIF = frozenset(b"ftyp" + brand for brand in (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"avif"))
_PICTURE_BEGINS = frozenset((0xDA, 0xD9))
_NO_LENGTH = frozenset((0x01, *range(0xD0, 0xD9)))


class _MeterSpent(Exception):
    """More was asked of a block than any camera's EXIF needs."""


FOREIGN_ERRORS = (
    ExifError,
    struct.error,
    zlib.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What exifread 3.3 to 3.5 throws on damaged bytes: its own errors, and those of code that trusts a count or a type."""


class _Metered(BytesIO):
    """Bytes in memory that may be read only so often and so much."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._reads = 0
        self._bytes = 0

    def read(self, size: int | None = -1, /) -> bytes:
        part = super().read(size)
        self._reads += 1
        self._bytes += len(part)
        if self._reads > MAX_READS or self._bytes > MAX_READ_BYTES:
            raise _MeterSpent
        return part


def read_tags(data: bytes) -> tuple[tuple[Tag, ...], tuple[Notice, ...]]:
    """Every EXIF tag of a still, in the order of the file: its directory, its name, its value as exifread prints it.

    Rational numbers stay rational (``[60, 10, 16251/1250]``). A value that lies beyond the end of its block is left
    out: exifread would read zeros there. A file of a format that has no EXIF, or without any, gives no tags and no
    notice. Nothing is raised for hostile bytes.

    Args:
        data: The whole file.
    """
    notices: list[Notice] = []
    block = _block(data, notices)
    if block is None:
        return (), tuple(notices)
    found = _process(block, notices)
    if not found and not notices and _announces(data):
        notices.append(_notice("unreadable", "the file announces EXIF, but none could be read"))
    told = {key: value for key, value in found.items() if isinstance(value, IfdTag)}
    whole = [_tag(key, value) for key, value in told.items() if value.field_offset + value.field_length <= len(block)]
    if len(whole) < len(told):
        notices.append(_notice("damaged", f"{len(told) - len(whole)} values lie beyond the end and were left out"))
    if len(whole) > MAX_TAGS:
        notices.append(_notice("limit", f"{len(whole)} tags; only the first {MAX_TAGS} are told"))
    return tuple(whole[:MAX_TAGS]), tuple(notices)


def read_tags_of(handle: int) -> tuple[tuple[Tag, ...], tuple[Notice, ...]]:
    """`read_tags` of the still that is open as ``handle``."""
    return read_tags(os.pread(handle, os.fstat(handle).st_size, 0))


def _block(data: bytes, notices: list[Notice]) -> bytes | None:
    """What exifread is given: the first EXIF block of a JPEG, else the file; None when there is nothing to read."""
    if data.startswith(_BIG_TIFF):
        notices.append(_notice("unsupported", "a BigTIFF; its tags are not read"))
        return None
    if not data.startswith(_JPEG):
        known = data.startswith(_STILLS) or data[4:12] in _HEIF or (data[:4], data[8:12]) == (b"RIFF", b"WEBP")
        return data if known else None
    blocks = [segment[_EXIF_HEADER_BYTES:] for segment in app1_segments(data) if segment.startswith(_EXIF)]
    if len(blocks) > 1:
        notices.append(_notice("several", f"{len(blocks)} EXIF blocks; only the first was read"))
    return blocks[0] if blocks else None


def _notice(code: str, message: str) -> Notice:
    return Notice(code=f"exif.{code}", message=message)


def app1_segments(data: bytes) -> Iterator[bytes]:
    """The payload of each APP1 segment of a JPEG (EXIF, XMP), up to the picture's first scan."""
    if not data.startswith(_JPEG):
        return
    at = 2
    for _ in range(MAX_SEGMENTS):
        while data[at : at + 2] == b"\xff\xff":  # fill bytes (T.81 B.1.1.2)
            at += 1
        if len(data) < at + 4 or data[at] != 0xFF or data[at + 1] in _PICTURE_BEGINS:
            return
        if data[at + 1] in _NO_LENGTH:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == 0xE1:
            yield data[at + 4 : at + 2 + length]
        at += 2 + max(length, 2)


def _process(block: bytes, notices: list[Notice]) -> dict[str, object]:
    """With the maker note if possible; without it, and said, if that part cannot be read."""
    try:
        with _quiet() as grumbles:
            found = _exifread(block, details=True)
    except (_MeterSpent, *FOREIGN_ERRORS) as err:
        first = _reason(err)
    else:
        if grumbles.count:
            notices.append(_notice("damaged", f"{grumbles.count} entries could not be read whole: {grumbles.first}"))
        return found
    try:
        with _quiet():
            found = _exifread(block, details=False)
    except (_MeterSpent, *FOREIGN_ERRORS) as err:
        notices.append(_notice("unreadable", f"the EXIF block cannot be read: {_reason(err)}"))
        return {}
    notices.append(_notice("maker_note_unread", f"read without the maker's own part, which cannot be read: {first}"))
    return found


def _exifread(block: bytes, *, details: bool) -> dict[str, object]:
    return exifread.process_file(_Metered(block), details=details, extract_thumbnail=False)


def _reason(err: Exception) -> str:
    if isinstance(err, _MeterSpent):
        return "it asks for more reading than any camera's EXIF needs"
    return visible(f"{type(err).__name__}: {str(err)[:200]}")


class _Grumbles(logging.Handler):
    """Counts what exifread would have printed, and keeps the first line of it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.count = 0
        self.first = ""

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().endswith("exif data."):  # "PNG file does not have exif data." is no damage
            return
        self.count += 1
        self.first = self.first or visible(record.getMessage()[:200])


@contextmanager
def _quiet() -> Iterator[_Grumbles]:
    """Exifread's logger speaks to us alone, and is afterwards as it was."""
    logger = logging.getLogger("exifread")
    before = logger.level, logger.propagate, logger.handlers[:]
    grumbles = _Grumbles()
    logger.handlers[:], logger.propagate = [grumbles], False
    logger.setLevel(logging.WARNING)
    try:
        yield grumbles
    finally:
        logger.handlers[:], logger.propagate = before[2], before[1]
        logger.setLevel(before[0])


def _announces(data: bytes) -> bool:
    """Whether a file that gave no tags says that it has EXIF: a WebP flag, a PNG chunk, a HEIF item."""
    head = data[:65536]
    if head.startswith(b"RIFF") and head[8:16] == b"WEBPVP8X":
        return bool(data[20:21] and data[20] & 8)
    if head.startswith(b"\x89PNG"):
        return b"eXIf" in head
    return head[4:8] == b"ftyp" and b"Exif" in head


def _tag(key: str, value: object) -> Tag:
    group, _, name = key.partition(" ")
    text = str(value).encode("utf-8", "replace").decode("utf-8")
    return Tag(group=group[:MAX_NAME], name=name[:MAX_NAME], value=text[:MAX_VALUE])
