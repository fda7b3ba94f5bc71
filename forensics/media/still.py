"""Still pictures: JPEG, PNG and WebP, decoded in this process once their header is within bounds."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from forensics.errors import MediaError
from forensics.media.still_end import end_of
from forensics.media.stretch import fit
from forensics.model.media import Window
from forensics.model.notice import Notice

MAX_STILL_PIXELS = 128_000_000
"""The largest drone cameras have 100 megapixels; decoded, this limit is 512 MB."""
MAX_STILL_BYTES = 256 << 20
MAX_SEGMENTS = 4096
"""Segments or chunks before the picture data; a photograph has about 20."""

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_CRITICAL = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_JPEG_END = b"\xff\xd9"
_JPEG_TAIL = 64 << 10
"""Where the end marker is looked for in a JPEG whose segments cannot be walked: behind it, cameras append kilobytes."""
_JPEG_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """A decoded still, upright (EXIF orientation applied): ``luma`` uint8 (height, width), ``bgr`` uint8
    (height, width, 3).
    """

    format: str
    width: int
    height: int
    luma: npt.NDArray[np.uint8]
    bgr: npt.NDArray[np.uint8]
    notices: tuple[Notice, ...]


def read_still(data: bytes) -> Still:
    """Decode a JPEG (ITU-T T.81), PNG (ISO/IEC 15948) or WebP (RFC 9649) file.

    Raises `MediaError`: ``media.empty``, ``media.not_media`` for any other format, ``media.limit`` when the header
    says more pixels than allowed, ``media.damaged`` when nothing can be decoded.
    """
    if not data:
        raise MediaError("the file is empty", code="media.empty", hint="Fetch it again.")
    if len(data) > MAX_STILL_BYTES:
        raise MediaError(f"a still of {len(data)} bytes exceeds the limit", code="media.limit")
    name, width, height = _header(data)
    end, size = end_of(name, data), len(data)
    if width * height > MAX_STILL_PIXELS:
        raise MediaError(
            f"a still of {width}x{height} exceeds the limit of {MAX_STILL_PIXELS} pixels", code="media.limit"
        )
    if name == "png":
        data = _png_without_text(data)
    bgr, whole = _decoded(data, cv2.IMREAD_COLOR), True
    if bgr is None and name == "jpeg":
        data += _JPEG_END  # the decoder waits for the end of a cut file and gives nothing
        bgr, whole = _decoded(data, cv2.IMREAD_COLOR), False
    luma = _decoded(data, cv2.IMREAD_GRAYSCALE)
    if bgr is None or luma is None:
        raise MediaError("the still cannot be decoded", code="media.damaged", hint="The bytes are kept.")
    notices: tuple[Notice, ...] = ()
    if not whole or (name == "jpeg" and end is None and _JPEG_END not in data[-_JPEG_TAIL:]):
        notices = (Notice(code="media.truncated", message="The JPEG ends early: its lower part is missing."),)
    elif end is not None and end < size:
        message = f"{size - end} bytes follow the end of the picture; viewers do not show them."
        notices = (Notice(code="media.trailing_data", message=message),)
    return Still(format=name, width=bgr.shape[1], height=bgr.shape[0], luma=luma, bgr=bgr, notices=notices)


def still_of(handle: int) -> Still:
    """The still that is open as ``handle``. Raises `MediaError` as `read_still` does."""
    return read_still(os.pread(handle, MAX_STILL_BYTES + 1, 0))


def still_window_of(handle: int, long_side: int) -> Window:
    """`still_window` of the still that is open as ``handle``."""
    return still_window(os.pread(handle, MAX_STILL_BYTES + 1, 0), long_side)


def still_window(data: bytes, long_side: int) -> Window:
    """The luma of a still as a stretch of one frame at 0 s, its longer side reduced to ``long_side`` (never enlarged).

    Raises `MediaError` as `read_still` does.
    """
    luma = read_still(data).luma
    height, width = luma.shape
    if max(height, width) > long_side:
        size = fit(width, height, long_side)
        luma = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return Window(seconds=np.zeros(1), luma=luma[None])


def shrunk_pictures(pictures: tuple[bytes, ...], long_side: int) -> tuple[npt.NDArray[np.uint8] | None, ...]:
    """Each picture in colour, (h, w, 3) in the order blue, green, red, its longer side at most ``long_side``; None for
    one that cannot be read.
    """
    return tuple(_shrunk(each, long_side) for each in pictures)


def _shrunk(data: bytes, long_side: int) -> npt.NDArray[np.uint8] | None:
    try:
        picture = _decoded(data, cv2.IMREAD_COLOR) if data else None
    except MediaError:
        return None
    if picture is None or max(picture.shape[:2]) <= long_side:
        return picture
    height, width = picture.shape[:2]
    scale = long_side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _decoded(data: bytes, flags: int) -> npt.NDArray[np.uint8] | None:
    try:
        picture = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), flags)
    except cv2.error as error:
        raise MediaError(f"the still cannot be decoded: {error.err}", code="media.damaged") from error
    return None if picture is None else np.asarray(picture, dtype=np.uint8)


def _header(data: bytes) -> tuple[str, int, int]:
    """Format name, width and height as the header says."""
    size: tuple[int, int] | None = None
    name = ""
    if data.startswith(_PNG_SIGNATURE):
        name = "png"
        size = struct.unpack(">II", data[16:24]) if data[12:16] == b"IHDR" and len(data) >= 24 else None
    elif data.startswith(b"\xff\xd8\xff"):
        name, size = "jpeg", _jpeg_size(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        name, size = "webp", _webp_size(data)
    if not name:
        raise MediaError("not a still picture that is read here", code="media.not_media")
    if size is None or 0 in size:
        raise MediaError(f"the {name} file has no usable header", code="media.damaged")
    return name, size[0], size[1]


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from the frame header (T.81, B.2.2); the largest, should there be several."""
    at, best = 2, None
    for _ in range(MAX_SEGMENTS):
        while data[at : at + 1] == b"\xff" and data[at + 1 : at + 2] == b"\xff":
            at += 1
        if at + 4 > len(data) or data[at] != 0xFF or data[at + 1] in {0xDA, 0xD9}:
            break
        length = struct.unpack_from(">H", data, at + 2)[0]
        if data[at + 1] in _JPEG_FRAME_MARKERS and at + 9 <= len(data):
            height, width = struct.unpack_from(">HH", data, at + 5)
            best = max(best or (0, 0), (width, height), key=lambda size: size[0] * size[1])
        at += 2 + length
    return best


def _webp_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from the first chunk (RFC 9649, 2.5 to 2.7)."""
    kind = data[12:16]
    if kind == b"VP8X" and len(data) >= 30:
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if kind == b"VP8 " and len(data) >= 30:
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L" and len(data) >= 25:
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return None


def _png_without_text(data: bytes) -> bytes:
    """Only the chunks that make the picture: compressed text chunks inflate to any size."""
    return _PNG_SIGNATURE + b"".join(chunk for kind, chunk in _png_chunks(data) if kind in _PNG_CRITICAL)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_PNG_SIGNATURE)
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at:end]
        at = end
