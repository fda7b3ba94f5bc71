"""The local features of evidence as a query, kept so that it is not decoded again whenever new evidence comes.

CASE/index/features/<versions>/<evidence>.features    a cache: it may be deleted

A file is three lines (what it is; the SHA-256 of all that follows; canonical JSON naming the evidence, its track and
each picture that was looked at) and the points and descriptors of these pictures, one after another. One that is not
whole, or is of another track, is not read: the pictures are decoded and looked at again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from forensics import matching
from forensics.errors import StoreError
from forensics.matching.geometry import Detector, Features, Pose

MAGIC = b"footage-forensics features 1\n"
SUFFIX = ".features"

MOST_BYTES = 64_000_000
"""Of one evidence: ten minutes looked at in every way. What is longer is decoded again."""

_POINT, _DESCRIPTOR = 8, 32
"""Bytes of a point (two float32) and of an ORB descriptor."""

Key = tuple[float, bool, bool, str]
"""The second looked at, mirrored, negative, detector."""


class _Picture(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    at_s: float
    mirrored: bool
    inverted: bool
    detector: str
    count: int
    """Features; below 0 where nothing was decoded."""
    height: int
    width: int


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    evidence: str
    track: str
    pictures: list[_Picture]


class _Reach(NamedTuple):
    start_s: float
    end_s: float


@dataclass(kw_only=True)
class KeptFeatures:
    """One query's frames, as `matching.candidates` asks for them: from the file, and where it has not got them from
    ``footage``, which decodes. ``path`` None: nothing is kept. ``track`` is the SHA-256 of the query's fingerprint.
    """

    footage: matching.Footage
    evidence: str
    track: str
    path: Path | None
    _known: dict[Key, Features | None] = field(init=False)
    _ahead: _Reach | None = field(default=None, init=False)
    _new: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Read what is there."""
        self._known = {} if self.path is None else _read(self.path, self.evidence, self.track)

    def ahead(self, subject: str, start_s: float, end_s: float) -> None:
        """Remember what would be read: it is decoded when a picture in it has to be looked at."""
        self._ahead = _Reach(start_s, end_s)

    def features(self, subject: str, at_s: float, pose: Pose, detector: Detector) -> Features | None:
        """As `matching.Footage.features`."""
        key = (at_s, pose.mirrored, pose.inverted, str(detector))
        if key not in self._known:
            if self._ahead is not None:
                self.footage.ahead(subject, *self._ahead)
                self._ahead = None
            self._known[key] = self.footage.features(subject, at_s, pose, detector)
            self._new = True
        return self._known[key]

    def still(self, subject: str, long_side: int) -> npt.NDArray[np.uint8] | None:
        """As `matching.Footage.still`; nothing of it is kept."""
        return self.footage.still(subject, long_side)

    def keep(self) -> None:
        """Write what was looked at, if there is anything new.

        Raises:
            StoreError: it cannot be written.
        """
        if self.path is None or not self._new:
            return
        data = _encoded(self.evidence, self.track, self._known)
        if len(data) > MOST_BYTES:
            return
        unfinished = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(data)
            unfinished.replace(self.path)
        except OSError as error:
            raise StoreError(f"{self.path}: {error.strerror}", hint="make room or check permissions") from error
        self._new = False


def _encoded(evidence: str, track: str, known: dict[Key, Features | None]) -> bytes:
    pictures = []
    parts = []
    for key, found in known.items():
        if found is None:
            pictures.append(_Picture(*key, -1, 0, 0))
            continue
        pictures.append(_Picture(*key, len(found.points), found.height, found.width))
        parts += [np.ascontiguousarray(found.points).tobytes(), np.ascontiguousarray(found.descriptors).tobytes()]
    header = msgspec.json.encode(_Header(evidence=evidence, track=track, pictures=pictures)) + b"\n"
    body = b"".join([header, *parts])
    return MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _read(path: Path, evidence: str, track: str) -> dict[Key, Features | None]:
    """What a file holds; nothing, where it is not whole or of another track."""
    try:
        with path.open("rb") as handle:
            data = handle.read(MOST_BYTES + 1)
    except OSError:
        return {}
    head, _, body = data.removeprefix(MAGIC).partition(b"\n")
    whole = data.startswith(MAGIC) and len(data) <= MOST_BYTES and hashlib.sha256(body).hexdigest().encode() == head
    if not whole:
        return {}
    line, _, columns = body.partition(b"\n")
    try:
        header = msgspec.json.decode(line, type=_Header)
        if (header.evidence, header.track) != (evidence, track):
            return {}
        return dict(_pictures(header, columns))
    except ValueError:  # msgspec's, and numpy's where the columns are too short
        return {}


def _pictures(header: _Header, columns: bytes) -> Iterator[tuple[Key, Features | None]]:
    at = 0
    for each in header.pictures:
        key = (each.at_s, each.mirrored, each.inverted, each.detector)
        if each.count < 0:
            yield key, None
            continue
        points = np.frombuffer(columns, np.float32, each.count * 2, at).reshape(-1, 2)
        at += each.count * _POINT
        descriptors = np.frombuffer(columns, np.uint8, each.count * _DESCRIPTOR, at).reshape(-1, _DESCRIPTOR)
        at += each.count * _DESCRIPTOR
        yield key, Features(points, descriptors, each.height, each.width)
