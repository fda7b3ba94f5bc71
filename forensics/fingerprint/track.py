"""The stored form of a fingerprint: one immutable binary track.

Layout, in this order and nothing after it:

1. the line ``footage-forensics fingerprint 1``
2. one line of canonical JSON (RFC 8785; ASCII, integers below 2**53, 64-bit timestamps as decimal text) with the
   members of `_Header`
3. little-endian arrays: ``codes`` uint8 (rows, 32), ``pts`` int64 (rows), ``quality`` uint8 (rows), ``flags`` uint8
   (rows), ``box_codes`` uint8 (box_rows, 32), anchor frames: ``pts`` int64 (anchor_frames) and ``count`` uint16
   (anchor_frames), anchor rows: ``points`` uint16 (anchor_rows, 2) in 1/65536 of the long side and ``descriptors``
   uint8 (anchor_rows, 32)

There is one byte sequence for each fingerprint: what decodes encodes to the same bytes again.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from forensics.fingerprint.anchors import POINT_UNITS
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
from forensics.model.fingerprint import HASH_BYTES, Anchors, Fingerprint, FrameFlag, HashSpec
from forensics.model.time import MediaTime, TimeBase

MAGIC = b"footage-forensics fingerprint 1\n"
"""First line of every track; the number is the version of the layout."""

_WHAT = "fingerprint"
_INT64 = 1 << 63
_DECIMAL = re.compile(r"(?:0|-?[1-9][0-9]{0,18})\Z")
_ALL_FLAGS = int(FrameFlag.BLACK | FrameFlag.FLAT | FrameFlag.TITLE_CARD)
_MOST_PER_RUN = (1 << 16) - 1


class _Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Members of the header line; ``spec_*`` are those of `HashSpec`."""

    anchor_frames: int
    anchor_rows: int
    base_den: int
    base_num: int
    box_rows: int
    end_pts: str
    frames: int
    origin_pts: str
    rows: int
    spec_bits: int
    spec_keep_bits: int
    spec_name: str
    spec_recipe: str
    spec_version: str


def encode(fingerprint: Fingerprint) -> bytes:
    """Write the track of a fingerprint: the same bytes for equal fingerprints, on any machine.

    Raises ValueError for a value that the layout cannot hold: a point that is no multiple of 1/65536 in [0, 1), a
    text that is not printable ASCII, a quality above 100.
    """
    anchors = fingerprint.anchors
    points = anchors.points.astype(np.float64) * POINT_UNITS
    if not bool(np.all((points == np.floor(points)) & (points >= 0) & (points < POINT_UNITS))):
        raise ValueError("a point is a whole number of 1/65536 of the long side, below 1")
    run_pts, run_counts = _runs(anchors.pts)
    header = _header_of(fingerprint, len(run_pts))
    line = write_line(header)
    fault = _fault_of_header(header) or _fault_of_values(fingerprint)
    if fault or len(line) > MOST_HEADER_BYTES:
        raise ValueError(fault or f"its header is longer than {MOST_HEADER_BYTES} bytes")
    arrays = (
        fingerprint.codes,
        fingerprint.pts.astype("<i8"),
        fingerprint.quality,
        fingerprint.flags,
        fingerprint.box_codes,
        run_pts.astype("<i8"),
        run_counts.astype("<u2"),
        points.astype("<u2"),
        anchors.descriptors,
    )
    return MAGIC + line + b"".join(array.tobytes() for array in arrays)


def decode(data: bytes) -> Fingerprint:
    """Read the fingerprint that a track holds. Its arrays cannot be written to.

    Raises IntegrityError (``integrity.fingerprint``) when any byte is not as `encode` would have written it.
    """
    line, body = split(data, MAGIC, _WHAT)
    header = read_line(line, _Header, _WHAT)
    fault = _fault_of_header(header)
    if fault:
        raise broken(_WHAT, fault)
    arrays = _cut(body, header)
    codes, pts, quality, flags, box_codes, run_pts, run_counts, points, descriptors = arrays
    if int(run_counts.sum(dtype=np.int64)) != header.anchor_rows or not _are_runs(run_pts, run_counts):
        raise broken(_WHAT, "its anchor frames do not add up to its anchor rows")
    fingerprint = Fingerprint(
        spec=_spec_of(header),
        origin=MediaTime(pts=int(header.origin_pts), base=TimeBase(num=header.base_num, den=header.base_den)),
        frames=header.frames,
        end_pts=int(header.end_pts),
        codes=codes,
        pts=pts,
        quality=quality,
        flags=flags,
        box_codes=box_codes,
        anchors=Anchors(
            pts=sealed(np.repeat(run_pts, run_counts)),
            points=sealed((points / POINT_UNITS).astype(np.float32)),
            descriptors=descriptors,
        ),
    )
    fault = _fault_of_values(fingerprint)
    if fault:
        raise broken(_WHAT, fault)
    return fingerprint


def _header_of(fingerprint: Fingerprint, anchor_frames: int) -> _Header:
    spec, base = fingerprint.spec, fingerprint.origin.base
    return _Header(
        anchor_frames=anchor_frames,
        anchor_rows=len(fingerprint.anchors.pts),
        base_den=base.den,
        base_num=base.num,
        box_rows=len(fingerprint.box_codes),
        end_pts=str(fingerprint.end_pts),
        frames=fingerprint.frames,
        origin_pts=str(fingerprint.origin.pts),
        rows=len(fingerprint.pts),
        spec_bits=spec.bits,
        spec_keep_bits=spec.keep_bits,
        spec_name=spec.name,
        spec_recipe=spec.recipe,
        spec_version=spec.version,
    )


def _spec_of(header: _Header) -> HashSpec:
    return HashSpec(
        name=header.spec_name,
        version=header.spec_version,
        bits=header.spec_bits,
        recipe=header.spec_recipe,
        keep_bits=header.spec_keep_bits,
    )


def _fault_of_header(header: _Header) -> str | None:
    """Say what is wrong with the header's values by themselves, or None."""
    counts = (header.anchor_frames, header.anchor_rows, header.box_rows, header.frames, header.rows)
    texts = (header.spec_name, header.spec_recipe, header.spec_version)
    faults = (
        (any(not 0 <= count <= MOST_COUNT for count in counts), "a count is negative or too large"),
        (header.rows > header.frames, "it has more kept hashes than frames"),
        ((header.rows == 0) != (header.frames == 0), "it has frames without any kept hash"),
        (header.box_rows not in (0, header.rows), "its box hashes are neither none nor one a row"),
        (
            not (0 < header.base_num <= MOST_COUNT and 0 < header.base_den <= MOST_COUNT),
            "its time base is no fraction",
        ),
        (not (_is_int64(header.end_pts) and _is_int64(header.origin_pts)), "a timestamp is no 64-bit integer"),
        (header.spec_bits != 8 * HASH_BYTES, "its hashes are not of 256 bits"),
        (not 0 <= header.spec_keep_bits <= 8 * HASH_BYTES, "its keeping rule is out of range"),
        (
            not all(is_printable(text) for text in texts),
            "a text of the hash's specification is not printable ASCII",
        ),
    )
    return next((fault for found, fault in faults if found), None)


def _is_int64(text: str) -> bool:
    return bool(_DECIMAL.match(text)) and -_INT64 <= int(text) < _INT64


def _fault_of_values(fingerprint: Fingerprint) -> str | None:
    if bool(np.any(fingerprint.quality > 100)):
        return "a quality is above 100"
    if bool(np.any(fingerprint.flags > _ALL_FLAGS)):
        return "a frame has an unknown flag"
    return None


def _cut(body: memoryview, header: _Header) -> tuple[npt.NDArray[Any], ...]:
    """Cut the arrays that follow the header, each a copy in the machine's own byte order that cannot be written to."""
    layout: tuple[tuple[str, tuple[int, ...]], ...] = (
        ("u1", (header.rows, HASH_BYTES)),
        ("<i8", (header.rows,)),
        ("u1", (header.rows,)),
        ("u1", (header.rows,)),
        ("u1", (header.box_rows, HASH_BYTES)),
        ("<i8", (header.anchor_frames,)),
        ("<u2", (header.anchor_frames,)),
        ("<u2", (header.anchor_rows, 2)),
        ("u1", (header.anchor_rows, HASH_BYTES)),
    )
    return cut(body, layout, _WHAT)


def _runs(pts: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Timestamps of consecutive equal rows and how many rows each run has."""
    if not len(pts):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, pts[1:] != pts[:-1]])
    counts = np.diff(np.r_[starts, len(pts)])
    if int(counts.max()) > _MOST_PER_RUN:
        raise ValueError(f"a frame has at most {_MOST_PER_RUN} anchor rows")
    return pts[starts], counts


def _are_runs(pts: npt.NDArray[np.int64], counts: npt.NDArray[np.uint16]) -> bool:
    return bool(np.all(counts > 0)) and bool(np.all(pts[1:] != pts[:-1]))
