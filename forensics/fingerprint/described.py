"""The stored form of descriptors: a cache, made again when it is gone or is not what it should be.

Layout, in this order and nothing after it:

1. the line ``footage-forensics descriptors 1``
2. one line of canonical JSON with the members of `_Header`
3. little-endian arrays: ``seconds`` float64 (rows), ``as_is`` float16 (rows, length), ``negative`` float16 (rows,
   length)
"""

from __future__ import annotations

import hashlib

import msgspec
import numpy as np

from forensics.fingerprint.stored import broken, cut, read_line, split, write_line
from forensics.model.learned import Descriptors, ModelSpec

MAGIC = b"footage-forensics descriptors 1\n"
"""First line; the number is the version of the layout and of the times at which pictures are taken."""

_WHAT = "descriptors"
_UNIT_SLACK = 0.01
"""Half precision moves the length of a unit vector by less."""


class _Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of whom, by what, how many, and the SHA-256 of the arrays."""

    arrays_sha256: str
    evidence: str
    height: int
    length: int
    model_sha256: str
    recipe: str
    rows: int
    runtime: str
    width: int


def encode_descriptors(found: Descriptors, evidence: str, spec: ModelSpec) -> bytes:
    """Write the descriptors of an evidence (its SHA-256), made with this model."""
    arrays = b"".join(
        array.tobytes()
        for array in (found.seconds.astype("<f8"), found.as_is.astype("<f2"), found.negative.astype("<f2"))
    )
    return MAGIC + write_line(_header(len(found.seconds), arrays, evidence, spec)) + arrays


def decode_descriptors(data: bytes, evidence: str, spec: ModelSpec) -> Descriptors:
    """Read descriptors back.

    Raises:
        IntegrityError: (``integrity.descriptors``) they are damaged, or of another evidence, model or runtime.
    """
    line, body = split(data, MAGIC, _WHAT)
    header = read_line(line, _Header, _WHAT)
    if header != _header(header.rows, bytes(body), evidence, spec):
        raise broken(_WHAT, "it is of another evidence, model or runtime, or was changed")
    if header.rows < 0:
        raise broken(_WHAT, "its number of rows is negative")
    layout = (("<f8", (header.rows,)), ("<f2", (header.rows, header.length)), ("<f2", (header.rows, header.length)))
    seconds, as_is, negative = cut(body, layout, _WHAT)
    if not (bool(np.isfinite(seconds).all()) and _are_units(as_is) and _are_units(negative)):
        raise broken(_WHAT, "it holds what no model gave")
    return Descriptors(seconds=seconds, as_is=as_is, negative=negative)


def _header(rows: int, arrays: bytes, evidence: str, spec: ModelSpec) -> _Header:
    return _Header(
        arrays_sha256=hashlib.sha256(arrays).hexdigest(),
        evidence=evidence,
        height=spec.height,
        length=spec.length,
        model_sha256=spec.sha256,
        recipe=spec.recipe,
        rows=rows,
        runtime=spec.runtime,
        width=spec.width,
    )


def _are_units(rows: np.ndarray[tuple[int, ...], np.dtype[np.float16]]) -> bool:
    """Whether every row has unit length, or is zeros."""
    norms = np.linalg.norm(rows.astype(np.float64), axis=1)
    return bool(((np.abs(norms - 1.0) < _UNIT_SLACK) | (norms == 0.0)).all())
