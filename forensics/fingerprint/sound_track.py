"""The stored form of a file's sound: one immutable binary track.

Layout, in this order and nothing after it:

1. the line ``footage-forensics sound 1``
2. one line of canonical JSON (RFC 8785; ASCII, integers below 2**53) with the members of `_Header`
3. little-endian arrays: ``words`` uint32 (as many as ``samples`` give), ``levels`` uint8 (likewise), then one bit a
   word, least significant first, for each flag: silent, plain; bits past the last word are zero

An hour takes 127 kB. There is one byte sequence for each track: what decodes encodes to the same bytes again.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from forensics.fingerprint.stored import (
    MOST_COUNT,
    MOST_HEADER_BYTES,
    broken,
    cut,
    is_printable,
    read_line,
    sealed,
    split,
    write_line,
)
from forensics.model.sound import SoundFlag, SoundSpec, SoundTrack

MAGIC = b"footage-forensics sound 1\n"
"""First line of every track; the number is the version of the layout."""

_WHAT = "sound"
_FLAGS = (SoundFlag.SILENT, SoundFlag.PLAIN)


class _Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Members of the header line; ``spec_*`` are those of `SoundSpec`."""

    samples: int
    spec_name: str
    spec_rate: int
    spec_recipe: str
    spec_span: int
    spec_step: int
    spec_version: str


def encode_sound(track: SoundTrack) -> bytes:
    """Write a track: the same bytes for equal tracks, on any machine.

    Raises ValueError for a value that the layout cannot hold: a text that is not printable ASCII, an unknown flag.
    """
    spec = track.spec
    header = _Header(
        samples=track.samples,
        spec_name=spec.name,
        spec_rate=spec.rate,
        spec_recipe=spec.recipe,
        spec_span=spec.span,
        spec_step=spec.step,
        spec_version=spec.version,
    )
    line = write_line(header)
    fault = _fault_of(header)
    if fault or len(line) > MOST_HEADER_BYTES:
        raise ValueError(fault or f"its header is longer than {MOST_HEADER_BYTES} bytes")
    if bool(np.any(track.flags > sum(_FLAGS))):
        raise ValueError("a word has an unknown flag")
    bits = [np.packbits((track.flags & flag) > 0, bitorder="little") for flag in _FLAGS]
    arrays = (track.words.astype("<u4"), track.levels, *bits)
    return MAGIC + line + b"".join(array.tobytes() for array in arrays)


def decode_sound(data: bytes) -> SoundTrack:
    """Read the track that these bytes hold. Its arrays cannot be written to.

    Raises IntegrityError (``integrity.sound``) when any byte is not as `encode_sound` would have written it.
    """
    line, body = split(data, MAGIC, _WHAT)
    header = read_line(line, _Header, _WHAT)
    fault = _fault_of(header)
    if fault:
        raise broken(_WHAT, fault)
    spec = SoundSpec(
        name=header.spec_name,
        version=header.spec_version,
        recipe=header.spec_recipe,
        rate=header.spec_rate,
        step=header.spec_step,
        span=header.spec_span,
    )
    count, packed = spec.words_of(header.samples), -(-spec.words_of(header.samples) // 8)
    layout = (("<u4", (count,)), ("u1", (spec.levels_of(header.samples),)), ("u1", (packed,)), ("u1", (packed,)))
    words, levels, *bits = cut(body, layout, _WHAT)
    flags = np.zeros(count, np.uint8)
    for flag, packs in zip(_FLAGS, bits, strict=True):
        flags |= _unpacked(packs, count) * np.uint8(flag)
    return SoundTrack(spec=spec, samples=header.samples, words=words, levels=levels, flags=sealed(flags))


def _unpacked(packs: npt.NDArray[np.uint8], count: int) -> npt.NDArray[np.uint8]:
    bits = np.unpackbits(packs, bitorder="little")
    if bool(bits[count:].any()):
        raise broken(_WHAT, "a flag stands where there is no word")
    return bits[:count]


def _fault_of(header: _Header) -> str | None:
    """Say what is wrong with the header's values by themselves, or None."""
    numbers = (header.spec_rate, header.spec_span, header.spec_step)
    texts = (header.spec_name, header.spec_recipe, header.spec_version)
    faults = (
        (not 0 <= header.samples <= MOST_COUNT, "its number of samples is negative or too large"),
        (any(not 0 < number <= MOST_COUNT for number in numbers), "its rate, span or step is out of range"),
        (not all(is_printable(text) for text in texts), "a text of its specification is not printable ASCII"),
    )
    return next((fault for found, fault in faults if found), None)
