"""What a drone or camera wrote about itself. Unknown is None, never filled, smoothed or swapped."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from forensics.model.notice import Notice
from forensics.model.tag import Tag


class ClockBasis(StrEnum):
    """How far a clock may be taken for UTC."""

    UTC_DECLARED = "utc_declared"
    """Its format says that it is UTC; whether the device was set right is another question."""
    OFFSET_DECLARED = "offset_declared"
    """The offset from UTC stands beside it."""
    LOCAL_UNKNOWN = "local_unknown"
    """A wall clock without any zone."""


class AltitudeDatum(StrEnum):
    """What absolute heights of a track are measured from, where its format says so."""

    MSL = "msl"
    WGS84_ELLIPSOID = "wgs84_ellipsoid"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRecord:
    """One clock of a file by itself: where it stands, its first reading as written, and what is known of its zone.

    ``utc`` is RFC 3339 with ``Z``, None unless ``basis`` gives it; ``offset_minutes`` is the offset that was declared.
    """

    source: str
    raw: str
    basis: ClockBasis
    utc: str | None = None
    offset_minutes: int | None = None


class Packet(NamedTuple):
    """One packet of a data stream: when it is shown, in milliseconds of the clip (None if unknown), and its bytes."""

    at_ms: int | None
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """One sample of a track. Numbers stay decimal text, as written in the file.

    ``cue`` is the sample's number in file order from 0, ``at_ms`` its start on the sidecar's own timeline in
    milliseconds, ``clock_as_written`` the wall clock text without any zone guessed. Degrees WGS 84, metres. ``utc`` is
    RFC 3339 with ``Z``, for formats that declare UTC only.
    """

    cue: int
    at_ms: int | None
    clock_as_written: str | None
    latitude: str | None
    longitude: str | None
    relative_altitude: str | None = None
    absolute_altitude: str | None = None
    utc: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A telemetry file read whole: which family of format, every cue counted, the fixes, what was odd.

    ``axis_order_basis`` tells how latitude was told from longitude: ``named`` in the file, by ``value`` (one is beyond
    90 degrees), or by what is known of the ``family`` alone; None without positions. ``home`` is the take-off place
    that the file names first, (latitude, longitude); ``clocks`` are its clocks, each by itself; ``tags`` are what it
    names besides places: device, serial numbers, classification, checksum verdicts.
    """

    format: str
    family: str | None
    cues: int
    fixes: tuple[Fix, ...]
    notices: tuple[Notice, ...] = ()
    axis_order_basis: str | None = None
    altitude_datum: AltitudeDatum | None = None
    home: tuple[str, str] | None = None
    clocks: tuple[ClockRecord, ...] = ()
    tags: tuple[Tag, ...] = ()

    @property
    def located(self) -> tuple[Fix, ...]:
        """The samples that have a position."""
        return tuple(fix for fix in self.fixes if fix.latitude is not None and fix.longitude is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcedTrack:
    """A track with where it was read: ``source`` in words (a file name, a stream of a clip), ``sha256`` of the whole
    file. ``redacted`` names what was left out or made coarse; empty for a track as it was read.
    """

    source: str
    sha256: str
    track: Track
    redacted: tuple[str, ...] = ()
