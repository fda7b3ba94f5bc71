"""A track against the clip that it lies beside or in: length against length, clock against clock. Leads, no verdicts.

A sidecar that is longer than its clip, or whose clock began at another moment, belongs to another clip, or one of the
two was cut. Nothing is corrected.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise

from forensics.model.notice import Notice
from forensics.model.telemetry import ClockRecord, Track
from forensics.telemetry.srt_values import Faults

MAX_FRAMES_OFF = 2
"""Frames by which a track may end before or after its clip: a camera writes a cue a frame, and may miss the last."""

QUARTER_HOUR_S = 900
"""Offsets of all time zones since 1972 are whole quarters of an hour (IANA tz database)."""
MAX_OFFSET_S = 14 * 3600
"""The offset that is furthest from UTC: +14:00 (Kiribati); the other way it is -12:00."""
MAX_START_OFF_S = 30
"""Seconds between the clock of the first cue and the time that a container says it was made, once a time zone is
allowed for: writers set it when a recording starts or when it ends, so the clip's length is added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """What is known of a clip: seconds long, seconds a frame (either None if unknown), and its container's clocks."""

    duration_s: Fraction | None
    frame_s: Fraction | None
    clocks: tuple[ClockRecord, ...] = ()


def against_clip(track: Track, clip: Clip) -> tuple[Notice, ...]:
    """What does not agree between a track that covers a whole clip and that clip."""
    return (*_lengths(track, clip), *_clocks(track, clip))


def inside_clip(track: Track, clip: Clip) -> tuple[Notice, ...]:
    """What does not agree between a track that a clip carries and that clip: it should begin and end with it.

    A clip that is cut without decoding keeps data streams whole, or loses more of them than of the pictures.
    """
    return (*_beginnings(track, clip), *against_clip(track, clip))


def _beginnings(track: Track, clip: Clip) -> Iterator[Notice]:
    times = [fix.at_ms for fix in track.fixes if fix.at_ms is not None]
    step = _step(times)
    if step is None or clip.frame_s is None:
        return
    begin = Fraction(times[0], 1000)
    if abs(begin) > MAX_FRAMES_OFF * clip.frame_s + step:
        message = (
            f"the track begins {float(abs(begin)):.3f} s {'after' if begin > 0 else 'before'} the first picture of the "
            "clip that carries it: one of the two was cut, or it was put there"
        )
        yield Notice(code="telemetry.begin_mismatch", message=message)


def _step(times: Sequence[int]) -> Fraction | None:
    """The middle of the steps in seconds; None for a timeline that goes back, or has no two times."""
    steps = sorted(after - before for before, after in pairwise(times))
    return None if not steps or steps[0] < 0 else Fraction(steps[len(steps) // 2], 1000)


def _lengths(track: Track, clip: Clip) -> Iterator[Notice]:
    """The track ends one step after its last cue begins; a track whose timeline goes back has no end."""
    times = [fix.at_ms for fix in track.fixes if fix.at_ms is not None]
    step = _step(times)
    if step is None or clip.duration_s is None or clip.frame_s is None:
        return
    end = Fraction(times[-1], 1000) + step
    off = end - clip.duration_s
    # The last cue of one a second may stand for any part of that second.
    if abs(off) > MAX_FRAMES_OFF * clip.frame_s + step:
        message = (
            f"the track ends {float(abs(off)):.3f} s {'after' if off > 0 else 'before'} the clip "
            f"({float(end):.3f} s against {float(clip.duration_s):.3f} s): it belongs to another clip, or one was cut"
        )
        yield Notice(code="telemetry.length_mismatch", message=message)


def _clocks(track: Track, clip: Clip) -> Iterator[Notice]:
    """The first clock against the creation time of the movie, zones allowed for: not all writers put UTC there."""
    first = _first_clock(track)
    if first is None:
        return
    text, began = first
    created = [record for record in clip.clocks if record.source.endswith("mvhd creation") and record.utc]
    for record in created[:1]:
        off = began - _seconds(record.utc or "")
        rest = (off + QUARTER_HOUR_S / 2) % QUARTER_HOUR_S - QUARTER_HOUR_S / 2
        allowed = MAX_START_OFF_S + float(clip.duration_s or 0)
        if abs(off) > MAX_OFFSET_S + allowed:
            message = f"{off / 3600:+.2f} h, which no time zone explains"
        elif abs(rest) > allowed:
            message = f"{off:+.0f} s, which is {rest:+.0f} s off every time zone"
        else:
            continue
        message = f"the track's clock begins at {text}, the container says {record.utc}: they differ by {message}"
        yield Notice(code="telemetry.container_clock", message=message)


def _first_clock(track: Track) -> tuple[str, float] | None:
    """The first clock of a track as text, and in seconds as `_seconds` counts: UTC where its format declares that."""
    utc = next((fix.utc for fix in track.fixes if fix.utc), None)
    if utc is not None:
        return utc, _seconds(utc)
    written = next((fix.clock_as_written for fix in track.fixes if fix.clock_as_written), None)
    clock = None if written is None else Faults().clock(written + "\n")
    return None if clock is None or clock.micros is None else (clock.text, clock.micros / 1e6)


def _seconds(utc: str) -> float:
    """Seconds on the timeline of `Clock.micros`, which counts from the year 1 without any zone."""
    moment = datetime.fromisoformat(utc).astimezone(UTC)
    return (
        ((moment.toordinal() * 24 + moment.hour) * 60 + moment.minute) * 60 + moment.second + moment.microsecond / 1e6
    )
