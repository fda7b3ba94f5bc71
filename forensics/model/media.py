"""What a media file says and shows: probe facts, frames, shots, keyframes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from forensics.model.tag import Tag as Tag
from forensics.model.time import MediaTime, TimeBase


class MediaKind(StrEnum):
    """What can be done with the bytes."""

    VIDEO = "video"
    STILL = "still"
    UNDECODABLE = "undecodable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One stream of a container, as ffprobe tells it. Decimals and ratios stay text, as read."""

    index: int
    kind: str
    codec: str | None
    time_base: TimeBase | None
    start_pts: int | None
    duration: str | None
    packets: int | None
    width: int | None = None
    height: int | None = None
    pixel_format: str | None = None
    frame_rate: str | None = None
    sample_aspect_ratio: str | None = None
    color_space: str | None = None
    color_range: str | None = None
    rotation: int | None = None
    attached_picture: bool = False
    sample_rate: int | None = None
    channels: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The container facts of one file.

    ``origin`` is the presentation clock's zero on the video stream's own clock: a frame with timestamp ``pts``
    is shown at ``(pts * time_base) - origin`` seconds. It accounts for the container's start time and, where
    there is an edit list (ISO/IEC 14496-12, 8.6.6), for the first edit, since frames are decoded with edit lists
    ignored. ``trailing_bytes`` is what follows the last box of an ISO file.
    """

    container: str
    duration: str | None
    start: str | None
    bit_rate: str | None
    brands: tuple[str, ...]
    streams: tuple[Stream, ...]
    tags: tuple[Tag, ...]
    video: int | None
    origin: MediaTime | None
    edit_list: bool
    trailing_bytes: int

    @property
    def video_stream(self) -> Stream | None:
        """The first real video stream (not a cover picture), or None."""
        return None if self.video is None else self.streams[self.video]


class FrameBatch(NamedTuple):
    """Consecutive decoded frames, reduced: ``pts`` int64 (n,) in stream ticks, ``luma`` uint8 (n, 64, 64)."""

    pts: npt.NDArray[np.int64]
    luma: npt.NDArray[np.uint8]


class Picture(NamedTuple):
    """One decoded frame at full size.

    ``planes`` are the bytes of the decoded planes as ffmpeg wrote them (layout named by ``pixel_format``);
    ``luma`` is uint8 (height, width); ``bgr`` converts on demand in `forensics.media`.
    """

    pts: int
    pixel_format: str
    planes: bytes
    luma: npt.NDArray[np.uint8]


class Window(NamedTuple):
    """A decoded stretch for comparing pictures: ``seconds`` float64 (n,) on the presentation clock,
    ``luma`` uint8 (n, h, w).
    """

    seconds: npt.NDArray[np.float64]
    luma: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A run of frames between two cuts: first and last frame number (inclusive) and their timestamps in ticks."""

    first_frame: int
    last_frame: int
    first_pts: int
    last_pts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyframe:
    """A frame that stands for a shot.

    ``planes_sha256`` is over the decoded planes (exact on any ffmpeg when ``exact``); ``png_sha256`` over the
    stored PNG; ``phash`` and ``dhash`` are imagehash's ordinary hex forms (64 bits).
    """

    shot: int
    pts: int
    width: int
    height: int
    pixel_format: str
    exact: bool
    planes_sha256: str
    png_sha256: str
    phash: str
    dhash: str
    sharpness: str
