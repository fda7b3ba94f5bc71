"""Compressed bytes out of an archive, some at a time: no input makes a large output at once.

zlib, bz2 and lzma of the standard library, each told how much it may give; a stream may be followed by further ones
(RFC 1952, section 2.2; the .xz file format, section 2), and by zeros.
"""

from __future__ import annotations

import bz2
import lzma
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from forensics.sources.archive_entries import CHUNK_BYTES, refused
from forensics.sources.opening import unreadable

MAX_DICTIONARY_BYTES = 256 * 2**20
"""Memory that an xz stream may ask for: ``xz -9`` takes 65 MB, the format allows 4 GB."""

_RAW_DEFLATE, _GZIP = -15, 31
"""zlib's window sizes for a stream without a header and for one of RFC 1952."""


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


class _Zlib:
    """zlib's object with the manners of bz2's and lzma's: it keeps what it did not get to."""

    def __init__(self, window: int) -> None:
        self._inner = zlib.decompressobj(window)
        self._left = b""

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        out = self._inner.decompress(self._left + data, max_length)
        self._left = self._inner.unconsumed_tail
        return out


_DECODERS: dict[str, Callable[[], _Decoder]] = {
    "deflate": lambda: _Zlib(_RAW_DEFLATE),
    "gzip": lambda: _Zlib(_GZIP),
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_DICTIONARY_BYTES),
}
METHODS = frozenset(_DECODERS)
"""Names of the compressions that are read."""


def stored(fd: int, start: int, length: int) -> Iterator[bytes]:
    """The bytes of a file from ``start`` on, as they are. Raises Unreadable; ExportInvalid when there are fewer."""
    while length > 0:
        try:
            part = os.pread(fd, min(length, CHUNK_BYTES), start)
        except OSError as err:
            raise unreadable(err) from err
        if not part:
            raise refused("archive.truncated", "ends before its bytes do")
        yield part
        start, length = start + len(part), length - len(part)


def decoded(method: str, parts: Iterator[bytes], *, several: bool) -> Iterator[bytes]:
    """What the parts of a compressed stream hold, of ``several`` streams one after the other if that is allowed.

    Raises:
        ExportInvalid: ``archive.damaged``; ``archive.truncated`` when it ends too soon; ``archive.memory``.

    """
    decoder: _Decoder | None = None
    ended = False
    for part in parts:
        data = part
        while data:
            if decoder is None:
                data = data.lstrip(b"\0") if ended else data
                if not data:
                    break
                if ended and not several:
                    raise refused("archive.damaged", "goes on after the end of its compressed bytes")
                decoder = _DECODERS[method]()
            yield from _given(decoder, data)
            if not decoder.eof:
                break
            data, decoder, ended = decoder.unused_data, None, True
    if decoder is not None:
        raise refused("archive.truncated", "ends within its compressed bytes")


def _given(decoder: _Decoder, data: bytes) -> Iterator[bytes]:
    """All that the decoder gives for these bytes, some at a time."""
    while True:
        with _mapped():
            out = decoder.decompress(data, CHUNK_BYTES)
        if out:
            yield out
        if decoder.eof or not out:
            return
        data = b""


@contextmanager
def _mapped() -> Iterator[None]:
    try:
        yield
    except lzma.LZMAError as err:
        if "limit" in str(err):
            raise refused("archive.memory", f"asks for more than {MAX_DICTIONARY_BYTES} bytes of memory") from err
        raise refused("archive.damaged", "has damaged compressed bytes") from err
    except (zlib.error, OSError, EOFError, ValueError) as err:  # bz2 calls bad data an OSError
        raise refused("archive.damaged", "has damaged compressed bytes") from err
