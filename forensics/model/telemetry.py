"""What a drone or camera wrote about itself. Unknown is None, never filled, smoothed or swapped."""

from __future__ import annotations

from dataclasses import dataclass

from forensics.model.notice import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """One sample of a track. Numbers stay decimal text, as written in the file.

    ``cue`` is the sample's number in file order from 0, ``at_ms`` its start on the sidecar's own timeline in
    milliseconds, ``clock_as_written`` the wall clock text without any zone guessed. Degrees WGS 84, metres.
    """

    cue: int
    at_ms: int | None
    clock_as_written: str | None
    latitude: str | None
    longitude: str | None
    relative_altitude: str | None = None
    absolute_altitude: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A telemetry file read whole: which family of format, every cue counted, the fixes, what was odd.

    ``axis_order_basis`` tells how latitude was told from longitude: ``named`` in the file, by ``value`` (one is beyond
    90 degrees), or by what is known of the ``family`` alone; None without positions.
    """

    format: str
    family: str | None
    cues: int
    fixes: tuple[Fix, ...]
    notices: tuple[Notice, ...] = ()
    axis_order_basis: str | None = None

    @property
    def located(self) -> tuple[Fix, ...]:
        """The samples that have a position."""
        return tuple(fix for fix in self.fixes if fix.latitude is not None and fix.longitude is not None)
