"""A segment: the search columns of many fingerprints in one immutable file, named by its SHA-256 and read in place.

It is a cache. The tracks in the store are the truth; whoever doubts a segment makes it again from them and gets the
same bytes. Layout, in this order and nothing after it:

1. the line ``footage-forensics segment 1``
2. one line of canonical JSON (RFC 8785): ``anchor_rows``, ``code_rows``, ``members``, ``shelf``, and ``columns``: for
   each its name, element type (as numpy writes it), shape, and the byte of the file at which it begins
3. the columns of `_layout`, each at a multiple of 64 bytes, zero bytes between

Rows stand member by member. A member's code rows are its frame hashes and then the hashes of its content boxes, in the
order of its track. Times are ticks of the member's time base (a fraction of seconds) from the zero of its clock.
"""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from forensics.errors import IntegrityError
from forensics.model.fingerprint import HASH_BYTES, Fingerprint, FrameFlag

MAGIC = b"footage-forensics segment 1\n"
"""First line of every segment; the number is the version of the layout and of what the columns mean."""

MOST_HEADER_BYTES = 4096
"""Longest header line that is read: ours are below 1,000 bytes."""

MOST_SEGMENT_BYTES = 1 << 36
"""No segment is larger: half a million members and a thousand million rows. What claims more is not read."""

_ALIGNMENT = 64
"""A cache line: the kernel that counts bits reads whole ones."""

_ALL_FLAGS = int(FrameFlag.BLACK | FrameFlag.FLAT | FrameFlag.TITLE_CARD)
_DIGEST_CHUNK = 1 << 20


class Member(NamedTuple):
    """What a segment is made of: an evidence, the SHA-256 of its track (both lower-case hex), and what that holds."""

    evidence: str
    track: str
    fingerprint: Fingerprint


class _Column(NamedTuple):
    name: str
    kind: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Bytes."""
        return int(np.dtype(self.kind).itemsize * np.prod(self.shape, dtype=np.int64))


class _Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Members of the header line."""

    anchor_rows: int
    code_rows: int
    columns: tuple[tuple[str, str, tuple[int, ...], int], ...]
    members: int
    shelf: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segment:
    """A segment as it was found whole. ``sha256`` is of its bytes; every column is a view of them, not a copy.

    Of the members: ``evidence`` and ``tracks`` lower-case hex, ``code_starts`` and ``anchor_starts`` int64
    (members + 1,) where each one's rows begin, ``seconds_per_tick`` float64 (members,). Of code rows: ``codes`` uint8
    (n, 32), ``ticks`` int64, ``flags`` uint8 of `FrameFlag`. Of anchor rows: ``descriptors`` uint8 (k, 32),
    ``anchor_ticks`` int64, ``points`` float32 (k, 2) in units of the long side.
    """

    sha256: str
    shelf: str
    evidence: tuple[str, ...]
    tracks: tuple[str, ...]
    code_starts: npt.NDArray[np.int64]
    anchor_starts: npt.NDArray[np.int64]
    seconds_per_tick: npt.NDArray[np.float64]
    codes: npt.NDArray[np.uint8]
    ticks: npt.NDArray[np.int64]
    flags: npt.NDArray[np.uint8]
    descriptors: npt.NDArray[np.uint8]
    anchor_ticks: npt.NDArray[np.int64]
    points: npt.NDArray[np.float32]
    mapped: mmap.mmap | None = None

    def release(self) -> None:
        """Let the system take back the memory of pages that were read: they come again from the file when asked for."""
        if self.mapped is not None:
            self.mapped.madvise(mmap.MADV_DONTNEED)

    @property
    def rows(self) -> int:
        """Code rows and anchor rows together."""
        return len(self.codes) + len(self.descriptors)


def rows_of(fingerprint: Fingerprint) -> int:
    """How many rows a fingerprint takes in a segment."""
    return len(fingerprint.codes) + len(fingerprint.box_codes) + len(fingerprint.anchors.pts)


def encode_segment(shelf: str, members: Sequence[Member]) -> Iterator[bytes]:
    """Write a segment, piece by piece: the same bytes for the same members in the same order, on any machine.

    ``shelf`` is a plain word: which collection the members belong to.
    """
    prints = [member.fingerprint for member in members]
    codes = [len(each.codes) + len(each.box_codes) for each in prints]
    anchors = [len(each.anchors.pts) for each in prints]
    header, columns = _header(shelf, len(members), sum(codes), sum(anchors))
    yield header
    at = len(header)
    for column, start in columns:
        yield bytes(start - at)
        at = start + column.size
        yield from _written(column.name, members, codes, anchors)


def open_segment(data: bytes | mmap.mmap, name: str) -> Segment:
    """Read a segment where it lies.

    Raises IntegrityError (``integrity.index``) when the SHA-256 of its bytes is not its ``name``, or when they are not
    such as `encode_segment` writes.
    """
    view = memoryview(data).cast("B")
    digest = hashlib.sha256()
    for start in range(0, len(view), _DIGEST_CHUNK):
        digest.update(view[start : start + _DIGEST_CHUNK])
    if digest.hexdigest() != name:
        raise _broken(name, "its SHA-256 is another one")
    header, columns = _read_header(view, name)
    found = {
        column.name: np.frombuffer(view, np.dtype(column.kind), int(np.prod(column.shape)), start).reshape(column.shape)
        for column, start in columns
    }
    fault = _fault(found, header)
    if fault:
        raise _broken(name, fault)
    base = found["base"].astype(np.float64)
    return Segment(
        sha256=name,
        shelf=header.shelf,
        evidence=_hex(found["evidence"]),
        tracks=_hex(found["track"]),
        code_starts=_starts(found["codes_of"]),
        anchor_starts=_starts(found["anchors_of"]),
        seconds_per_tick=base[:, 0] / base[:, 1],
        codes=found["code"],
        ticks=found["tick"],
        flags=found["flag"],
        descriptors=found["descriptor"],
        anchor_ticks=found["anchor_tick"],
        points=found["point"],
        mapped=data if isinstance(data, mmap.mmap) else None,
    )


def _layout(members: int, codes: int, anchors: int) -> tuple[_Column, ...]:
    return (
        _Column("evidence", "|u1", (members, HASH_BYTES)),
        _Column("track", "|u1", (members, HASH_BYTES)),
        _Column("codes_of", "<i8", (members,)),
        _Column("anchors_of", "<i8", (members,)),
        _Column("base", "<i8", (members, 2)),
        _Column("code", "|u1", (codes, HASH_BYTES)),
        _Column("tick", "<i8", (codes,)),
        _Column("flag", "|u1", (codes,)),
        _Column("descriptor", "|u1", (anchors, HASH_BYTES)),
        _Column("anchor_tick", "<i8", (anchors,)),
        _Column("point", "<f4", (anchors, 2)),
    )


def _header(shelf: str, members: int, codes: int, anchors: int) -> tuple[bytes, tuple[tuple[_Column, int], ...]]:
    """The first two lines, and where each column begins."""
    layout = _layout(members, codes, anchors)
    # The columns begin at one place however long the header's numbers are: no number depends on the header's length.
    starts = accumulate((_padded(column.size) for column in layout), initial=MOST_HEADER_BYTES)
    columns = tuple(zip(layout, starts, strict=False))
    header = _Header(
        anchor_rows=anchors,
        code_rows=codes,
        columns=tuple((column.name, column.kind, column.shape, start) for column, start in columns),
        members=members,
        shelf=shelf,
    )
    return MAGIC + msgspec.json.encode(header, order="sorted") + b"\n", columns


def _read_header(view: memoryview, name: str) -> tuple[_Header, tuple[tuple[_Column, int], ...]]:
    first = bytes(view[:MOST_HEADER_BYTES])
    if not first.startswith(MAGIC):
        raise _broken(name, "it does not begin with the first line of this layout")
    line = first[len(MAGIC) :].partition(b"\n")[0]
    try:
        header = msgspec.json.decode(line, type=_Header)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise _broken(name, f"its header is not valid: {error}") from error
    counts = (header.members, header.code_rows, header.anchor_rows)
    if not all(0 <= count <= MOST_SEGMENT_BYTES for count in counts):
        raise _broken(name, "a count is negative or too large")
    written, columns = _header(header.shelf, *counts)
    last, start = columns[-1]
    if not first.startswith(written) or len(view) != start + last.size:
        raise _broken(name, "its header is not the one that its columns have")
    return header, columns


def _written(name: str, members: Sequence[Member], codes: Sequence[int], anchors: Sequence[int]) -> Iterator[bytes]:
    """The bytes of one column."""
    if name == "codes_of":
        yield np.array(codes, "<i8").tobytes()
    elif name == "anchors_of":
        yield np.array(anchors, "<i8").tobytes()
    else:
        for member in members:
            for array in _of_member(name, member):
                yield array.tobytes()


def _of_member(name: str, member: Member) -> Sequence[npt.NDArray[Any]]:
    each = member.fingerprint
    twice = 2 if len(each.box_codes) else 1
    origin, base = each.origin.pts, each.origin.base
    match name:
        case "evidence" | "track":
            return [np.frombuffer(bytes.fromhex(getattr(member, name)), np.uint8)]
        case "base":
            return [np.array([base.num, base.den], "<i8")]
        case "code":
            return [each.codes, each.box_codes]
        case "tick":
            return [(each.pts - origin).astype("<i8")] * twice
        case "flag":
            return [each.flags] * twice
        case "descriptor":
            return [each.anchors.descriptors]
        case "anchor_tick":
            return [(each.anchors.pts - origin).astype("<i8")]
        case _:
            return [each.anchors.points.astype("<f4")]


def _fault(found: dict[str, npt.NDArray[Any]], header: _Header) -> str | None:
    """Say what the columns hold that no fingerprint has, or None."""
    counts = found["codes_of"], found["anchors_of"]
    points = found["point"]
    faults = (
        (any(bool(np.any((each < 0) | (each > MOST_SEGMENT_BYTES))) for each in counts), "a member's rows cannot be"),
        (int(counts[0].sum()) != header.code_rows, "its members do not add up to its code rows"),
        (int(counts[1].sum()) != header.anchor_rows, "its members do not add up to its anchor rows"),
        (bool(np.any(found["base"] <= 0)), "a time base is no fraction"),
        (bool(np.any(found["flag"] > _ALL_FLAGS)), "a frame has an unknown flag"),
        (not bool(np.all((points >= 0) & (points < 1))), "a point lies outside its picture"),
    )
    return next((fault for is_so, fault in faults if is_so), None)


def _starts(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])


def _hex(digests: npt.NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(digest.tobytes().hex() for digest in digests)


def _padded(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _broken(name: str, fault: str) -> IntegrityError:
    return IntegrityError(
        f"the index segment {name[:16]} is not whole: {fault}",
        code="integrity.index",
        hint="Nothing is lost: delete the folder index/ of the case, it is made again from the tracks.",
    )
