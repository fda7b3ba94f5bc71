"""What the stored tracks have in common: a first line, one line of canonical JSON, arrays, and nothing after them.

There is one byte sequence for each value: what is read back encodes to the same bytes again. Every byte is hostile
until it was found to be as it would have been written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from forensics.errors import IntegrityError

MOST_HEADER_BYTES = 4096
"""Longest header line that is read: ours are below 1,200 bytes."""

MOST_COUNT = (1 << 53) - 1
"""Largest whole number of the canonical profile."""

_CODES = {
    "fingerprint": "integrity.fingerprint",
    "sound": "integrity.sound",
    "descriptors": "integrity.descriptors",
}
_PRINTABLE = re.compile(r"[ -~]*\Z")

Header = TypeVar("Header", bound=msgspec.Struct)


def is_printable(text: str) -> bool:
    """Whether a text is printable ASCII."""
    return _PRINTABLE.match(text) is not None


def write_line(header: msgspec.Struct) -> bytes:
    """Write the header as one line of canonical JSON (RFC 8785 for ASCII names and whole numbers)."""
    return msgspec.json.encode(header, order="sorted") + b"\n"


def split(data: bytes, magic: bytes, what: str) -> tuple[bytes, memoryview]:
    """The header's line with its newline, and the arrays behind it."""
    if not data.startswith(magic):
        raise broken(what, "it does not begin with the track's first line")
    end = data.find(b"\n", len(magic), len(magic) + MOST_HEADER_BYTES)
    if end < 0:
        raise broken(what, "its header line does not end")
    return data[len(magic) : end + 1], memoryview(data)[end + 1 :]


def read_line(line: bytes, kind: type[Header], what: str) -> Header:
    """The header that a line holds, when the line is the one that `write_line` gives."""
    try:
        header = msgspec.json.decode(line, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise broken(what, f"its header is not valid: {error}") from error
    if write_line(header) != line:
        raise broken(what, "its header is not in canonical form")
    return header


def cut(body: memoryview, layout: Sequence[tuple[str, tuple[int, ...]]], what: str) -> tuple[npt.NDArray[Any], ...]:
    """Cut the arrays that follow the header, each a copy in the machine's own byte order that cannot be written to."""
    sizes = [np.dtype(kind).itemsize * shape[0] * (shape[1] if len(shape) > 1 else 1) for kind, shape in layout]
    if sum(sizes) != len(body):
        raise broken(what, f"its header tells of {sum(sizes)} bytes of arrays, and {len(body)} follow")
    arrays, start = [], 0
    for (kind, shape), size in zip(layout, sizes, strict=True):
        stored = np.frombuffer(body[start : start + size], dtype=kind).reshape(shape)
        arrays.append(sealed(stored.astype(stored.dtype.newbyteorder("="))))
        start += size
    return tuple(arrays)


def sealed(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array itself, which cannot be written to any more."""
    array.setflags(write=False)
    return array


def broken(what: str, fault: str) -> IntegrityError:
    """The error for a track (``what``: "fingerprint", "sound", "descriptors") that is not whole."""
    return IntegrityError(
        f"The {what} track is not whole: {fault}.",
        code=_CODES[what],
        hint="Run `forensics verify`; a track can be made again from the kept original.",
    )
