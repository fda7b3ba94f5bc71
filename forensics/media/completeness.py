"""Was all of the video decoded? Counts kept while frames pass, and the notices they lead to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forensics.media.diagnostics import Diagnostics
from forensics.media.frames import NO_PTS
from forensics.model.media import Stream
from forensics.model.notice import Notice

LATEST = 9
"""Timestamps kept of the end: eight steps of one length are a rhythm."""


class Tally:
    """Running counts over the timestamps of all frames; ``span`` are the smallest and the largest, ``latest`` the last
    `LATEST`.

    ``presented`` are the spans of the stream's clock that the edit list shows, as [start, end) in ticks; None when
    there is no edit list, or none that can be told to belong to this stream.
    """

    def __init__(self, presented: Sequence[tuple[int, int]] | None) -> None:
        self.frames = 0
        self.last_pts: int | None = None
        self.span: tuple[int, int] | None = None
        self.backward = 0
        self.untimed = 0
        self.hidden = 0
        self.latest: tuple[int, ...] = ()
        self._presented = presented

    def add(self, pts: npt.NDArray[np.int64]) -> None:
        """Count the timestamps (n,) of the next frames."""
        self.frames += len(pts)
        timed = pts[pts != NO_PTS]
        self.untimed += len(pts) - len(timed)
        if len(timed) == 0:
            return
        before = timed[:1] if self.last_pts is None else np.array([self.last_pts], dtype=np.int64)
        self.backward += int(np.count_nonzero(np.diff(np.concatenate((before, timed))) < 0))
        self.last_pts = int(timed[-1])
        self.latest = (*self.latest, *timed[-LATEST:].tolist())[-LATEST:]
        low, high = self.span or (self.last_pts, self.last_pts)
        self.span = (min(low, int(timed.min())), max(high, int(timed.max())))
        if self._presented is not None:
            shown = np.zeros(len(timed), dtype=bool)
            for start, end in self._presented:
                shown |= (timed >= start) & (timed < end)
            self.hidden += int(np.count_nonzero(~shown))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How the child ended: within its limits, with which status, after how many graph restarts."""

    status: int
    over_limit: bool
    flooded: bool
    restarts: int
    unpaired: int


def judge(tally: Tally, video: Stream, diagnostics: Diagnostics, ending: Ending) -> tuple[tuple[Notice, ...], bool]:
    """The notices about one decode pass, and whether it is complete."""
    faults = tuple(_faults(tally, video, diagnostics, ending))
    return (*faults, *_remarks(tally, ending)), not faults


def _faults(tally: Tally, video: Stream, diagnostics: Diagnostics, ending: Ending) -> Iterator[Notice]:
    if ending.flooded:
        yield Notice(code="media.limit", message=f"Decoding was stopped at the limit of {tally.frames} frames.")
        return
    if ending.over_limit:
        yield Notice(code="media.limit", message=f"Decoding was stopped by a time limit after {tally.frames} frames.")
    elif ending.status != 0:
        yield Notice(code="media.decode_failed", message=f"ffmpeg ended with status {ending.status}.")
    if diagnostics.truncations:
        yield Notice(code="media.truncated", message=f"The data ends early: {_quote(diagnostics)}")
    if diagnostics.errors > diagnostics.truncations:
        message = f"ffmpeg reported {diagnostics.errors} faults in the data: {_quote(diagnostics)}"
        yield Notice(code="media.decode_errors", message=message)
    if video.packets is not None and tally.frames < video.packets:
        message = f"{tally.frames} frames were decoded from {video.packets} packets of video."
        yield Notice(code="media.fewer_frames", message=message)
    if ending.unpaired:
        message = f"{abs(ending.unpaired)} frames came without a timestamp or the reverse; they are left out."
        yield Notice(code="media.frames_unpaired", message=message)


def _remarks(tally: Tally, ending: Ending) -> Iterator[Notice]:
    """What does not make the pass incomplete, but changes how its frames are to be read."""
    if tally.hidden:
        message = (
            f"The edit list hides frames from players: stored {tally.frames}, presented {tally.frames - tally.hidden}."
        )
        yield Notice(code="media.hidden_frames", message=message)
    if tally.backward:
        message = f"The clock of the video jumps back {tally.backward} times; times after a jump are not unique."
        yield Notice(code="media.clock_jumps_back", message=message)
    if tally.untimed:
        yield Notice(code="media.no_timestamps", message=f"{tally.untimed} frames have no timestamp.")
    if ending.restarts:
        message = (
            f"Picture size or pixel format changes {ending.restarts} times within the video; later pictures are scaled."
        )
        yield Notice(code="media.geometry_changes", message=message)


def _quote(diagnostics: Diagnostics) -> str:
    return diagnostics.first[0] if diagnostics.first else "no text"
