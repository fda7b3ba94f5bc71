"""Decoding a part of a file again: luma for comparing pictures, and pictures for showing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from forensics.errors import MediaError
from forensics.media.child import Child
from forensics.media.color import to_bgr
from forensics.media.commands import Branch, one_a_place, stretch_command
from forensics.media.decode import decodable_video
from forensics.media.frames import NO_PTS, TimedFrames
from forensics.media.gathered import Gathered
from forensics.media.limits import DEFAULT_LIMITS, Limits
from forensics.media.orientation import upright
from forensics.media.pixels import Recipe, recipe_for, samples
from forensics.media.tools import Tools
from forensics.model.media import Picture, Probe, Stream, Window

SEEK_MARGIN_S = Fraction(1)
"""Seek this far ahead of the first wanted frame: more than any codec reorders frames, so that the sync frame found
lies before it on the presentation clock too."""

BLIND_SEEK_MARGIN_S = Fraction(10)
"""The same for containers without an index of sync frames: one should lie in so much video."""

MAX_WINDOW_BYTES = 512 << 20
"""Luma that one window may hold in memory."""

MAX_SHOWN = 64
"""Pictures of one call: a display strip has about ten."""

_JITTER_S = Fraction(15, 10_000)
"""Some containers round timestamps to milliseconds: that must not cost every other frame."""

_NEARBY_FRAMES = 3
_BLIND = frozenset({"mpegts", "mpeg"})
_SAME_MOMENT_S = Fraction(1, 1_000_000)
"""Times come as floats, often ones that this module gave: a rounding error must not cost the frame they name."""

_RAW, _RAW_PTS, _ALL_PTS = range(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """What every call that decodes a part of a file needs to know of it."""

    tools: Tools
    fd: int
    probe: Probe
    limits: Limits
    video: Stream
    recipe: Recipe
    width: int
    height: int

    @property
    def tick(self) -> Fraction:
        """Seconds of one unit of its timestamps."""
        assert self.video.time_base is not None
        return self.video.time_base.fraction

    @property
    def origin(self) -> Fraction:
        """Where its presentation clock begins, in seconds of its timestamps."""
        return self.probe.origin.seconds if self.probe.origin else Fraction(0)

    def tick_from(self, seconds: float) -> int:
        """The first tick of the stream that is not before a presentation time."""
        return math.ceil((Fraction(seconds) + self.origin - _SAME_MOMENT_S) / self.tick)

    def tick_at(self, seconds: float) -> int:
        """The last tick of the stream that is not after a presentation time."""
        return math.floor((Fraction(seconds) + self.origin + _SAME_MOMENT_S) / self.tick)

    def seconds(self, pts: Sequence[int]) -> npt.NDArray[np.float64]:
        """Presentation times of ticks, each rounded once."""
        return presented(pts, self.tick, self.origin)


def presented(pts: Sequence[int], tick: Fraction, origin: Fraction) -> npt.NDArray[np.float64]:
    """Seconds from ``origin`` to each tick, rounded once: Python rounds the quotient of two whole numbers so."""
    factor, shift = tick.numerator * origin.denominator, origin.numerator * tick.denominator
    below = tick.denominator * origin.denominator
    return np.array([(value * factor - shift) / below for value in pts], dtype=np.float64)


def clip_of(tools: Tools, fd: int, probe: Probe, limits: Limits) -> Clip:
    """Gather it. Raises `MediaError` as `decode` does before anything is decoded."""
    video, width, height = decodable_video(probe, limits)
    return Clip(
        tools=tools,
        fd=fd,
        probe=probe,
        limits=limits,
        video=video,
        recipe=recipe_for(video.pixel_format),
        width=width,
        height=height,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """One run of ffmpeg: timestamps and samples of the taken frames, timestamps of all frames decoded."""

    pts: list[int]
    raw: memoryview
    decoded: list[int]


def window(
    tools: Tools,
    fd: int,
    probe: Probe,
    start_s: float,
    end_s: float,
    fps: float,
    long_side: int,
    limits: Limits = DEFAULT_LIMITS,
) -> Window:
    """Luma of the frames shown from ``start_s`` up to ``end_s`` (presentation clock), thinned to ``fps`` or some more.

    Of footage with a constant rate every n-th frame is taken, with the greatest n that gives at least ``fps``: copies
    of a recording then show the same moments more often than at a rate that is no part of theirs. Which frames those
    are does not depend on the window: two windows that meet give together what one over both gives. The frames are
    scaled so that the longer side has ``long_side`` pixels (never enlarged), and stand upright. Only the part from the
    sync frame before the start is decoded; the frames are those that a decode from the start gives.

    Raises `MediaError` as `decode` does, and ``media.limit`` when the window would not fit in memory.
    """
    clip = clip_of(tools, fd, probe, limits)
    first, last = clip.tick_from(start_s), clip.tick_from(end_s) - 1
    width, height = fit(clip.width, clip.height, long_side)
    if first > last:
        return Window(seconds=np.empty(0), luma=np.empty((0, height, width), dtype=np.uint8))
    scale, shift = _grid(clip, 1 / Fraction(fps))
    run = _run(clip, (first, last), f"gte(pts,{first})*({one_a_place(scale, shift)})", (width, height), luma_only=True)
    luma = samples(run.raw, (len(run.pts), height, width), clip.recipe.layout.depth)
    return Window(seconds=clip.seconds(run.pts), luma=upright(luma, clip.video.rotation, (1, 2)))


class Excerpt(NamedTuple):
    """The frames before ``end_s`` (presentation clock), thinned and scaled as `window` does it."""

    end_s: float
    fps: float
    long_side: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How the decode pass of a whole file gives an excerpt: ``branch`` is what to ask of it."""

    branch: Branch
    clip: Clip

    def window(self, pts: Sequence[int], raw: bytes) -> Window:
        """The timestamps and samples of the branch as the window that `window` would have decoded once more."""
        width, height = self.branch.size
        luma = samples(raw, (len(pts), height, width), self.clip.recipe.layout.depth)
        return Window(seconds=self.clip.seconds(pts), luma=upright(luma, self.clip.video.rotation, (1, 2)))


def opening(tools: Tools, fd: int, probe: Probe, excerpt: Excerpt, limits: Limits = DEFAULT_LIMITS) -> Opening:
    """An excerpt as a branch of the decode pass: the very frames that `window` gives from zero on.

    Raises `MediaError` as `decode` does.
    """
    clip = clip_of(tools, fd, probe, limits)
    first, last = clip.tick_from(0.0), clip.tick_from(excerpt.end_s) - 1
    place = one_a_place(*_grid(clip, 1 / Fraction(excerpt.fps)))
    select = f"gte(pts,{first})*lte(pts,{last})*({place})"
    return Opening(branch=Branch(select, fit(clip.width, clip.height, excerpt.long_side)), clip=clip)


def pictures_at(
    tools: Tools,
    fd: int,
    probe: Probe,
    seconds: Sequence[float],
    long_side: int,
    limits: Limits = DEFAULT_LIMITS,
) -> list[tuple[float, npt.NDArray[np.uint8]]]:
    """For each wanted presentation time the frame shown then: its own time, and BGR uint8 (h, w, 3), upright.

    A time before the first frame gives the first, one after the last gives the last. Raises `MediaError` as `decode`.
    """
    if not seconds:
        return []
    if len(seconds) > MAX_SHOWN:
        raise ValueError(f"at most {MAX_SHOWN} pictures at once, not {len(seconds)}")
    clip = clip_of(tools, fd, probe, limits)
    size = fit(clip.width, clip.height, long_side)
    wanted = [clip.tick_at(moment) for moment in seconds]
    near = _nearby_ticks(clip)
    spans = "+".join(f"between(pts,{tick - near},{tick})" for tick in sorted(set(wanted)))
    run = _run(clip, (min(wanted), max(wanted)), spans, size, luma_only=False)
    shown = [_shown_at(tick, run.decoded) for tick in wanted]
    if not set(shown) <= set(run.pts):
        # A long pause before the wanted time: now that all timestamps are known, ask for the very frames.
        exact = "+".join(f"eq(pts,{pts})" for pts in sorted(set(shown)))
        run = _run(clip, (min(shown), max(shown)), exact, size, luma_only=False)
    frames = _bgr_by_pts(clip, run, size)
    return [(float(clip.seconds([pts])[0]), frames[pts]) for pts in shown if pts in frames]


def fit(width: int, height: int, long_side: int) -> tuple[int, int]:
    """The size with its longer side reduced to ``long_side``; at least one pixel each way."""
    longest = max(width, height)
    if longest <= long_side:
        return width, height
    return max(1, round(width * long_side / longest)), max(1, round(height * long_side / longest))


def seek_before(probe: Probe, video: Stream, tick: int) -> str | None:
    """Where to enter the file, in seconds as text, so that the frame at ``tick`` can be decoded; None: the start."""
    assert video.time_base is not None
    blind = not _BLIND.isdisjoint(probe.container.split(","))
    seek = tick * video.time_base.fraction - (BLIND_SEEK_MARGIN_S if blind else SEEK_MARGIN_S)
    return f"{float(seek):.6f}" if seek > (video.start_pts or 0) * video.time_base.fraction else None


def _frame_s(clip: Clip) -> Fraction:
    """How long a frame is shown, as the container says, at most a second; a 25th where it says nothing."""
    try:
        rate = Fraction(clip.video.frame_rate or "25")
    except (ValueError, ZeroDivisionError):
        rate = Fraction(25)
    return 1 / max(rate, Fraction(1))


def _grid(clip: Clip, interval: Fraction) -> tuple[Fraction, Fraction]:
    """The places, from the first frame on, of which each gives one frame, as many frame durations long as the interval
    holds (where it holds none, as long as itself): a tick's place is the whole part of tick * first + second.
    """
    frame = _frame_s(clip)
    held = math.floor((interval + _JITTER_S) / frame)
    length = held * frame if held else interval
    return clip.tick / length, (_JITTER_S - (clip.video.start_pts or 0) * clip.tick) / length


def _nearby_ticks(clip: Clip) -> int:
    """A few frame durations: the frame shown at a moment usually began within them."""
    return math.ceil(_NEARBY_FRAMES * _frame_s(clip) / clip.tick)


def _shown_at(tick: int, decoded: Sequence[int]) -> int:
    """The last timestamp not after ``tick``, else the first."""
    return max((pts for pts in decoded if pts <= tick), default=min(decoded))


def _bgr_by_pts(clip: Clip, run: _Stretch, size: tuple[int, int]) -> dict[int, npt.NDArray[np.uint8]]:
    length = clip.recipe.layout.picture_bytes(*size)
    return {
        pts: bgr_of(clip, pts, run.raw[place * length : (place + 1) * length].tobytes(), size)
        for place, pts in enumerate(run.pts)
    }


def bgr_of(clip: Clip, pts: int, planes: bytes, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """The picture of these planes, ``size`` (width, height) as coded, as BGR uint8 (h, w, 3), upright."""
    width, height = size
    layout = clip.recipe.layout
    luma = samples(memoryview(planes)[: width * height * layout.sample_bytes], (height, width), layout.depth)
    picture = Picture(pts=pts, pixel_format=layout.name, planes=planes, luma=luma)
    bgr = to_bgr(picture, width, height, clip.video.color_space, clip.video.color_range)
    return upright(bgr, clip.video.rotation)


def _run(clip: Clip, span: tuple[int, int], select: str, size: tuple[int, int], *, luma_only: bool) -> _Stretch:
    """Decode ``span`` (first and last tick) from the sync frame before it; from the start if that was not early
    enough, which happens in containers without an index. The frame before the span tells whether its first is taken.
    """
    seek = seek_before(clip.probe, clip.video, span[0])
    if seek is not None:
        run = _run_from(clip, seek, span, select, size, luma_only=luma_only)
        if run.decoded and run.decoded[0] < span[0]:
            return run
    run = _run_from(clip, None, span, select, size, luma_only=luma_only)
    if not run.decoded:
        raise MediaError("no frame can be decoded here", code="media.damaged")
    return run


def _run_from(
    clip: Clip, seek_s: str | None, span: tuple[int, int], select: str, size: tuple[int, int], *, luma_only: bool
) -> _Stretch:
    def build(name: str, outputs: tuple[str, ...]) -> list[str]:
        return stretch_command(
            clip.tools.ffmpeg,
            clip.probe,
            clip.recipe,
            (name, outputs),
            seek_s=seek_s,
            end_pts=span[1],
            select=select,
            size=size,
            luma_only=luma_only,
            limits=clip.limits,
        )

    layout = clip.recipe.layout
    frame_bytes = size[0] * size[1] * layout.sample_bytes if luma_only else layout.picture_bytes(*size)
    listed, everything = TimedFrames(1), TimedFrames(1)
    raw, pts, decoded = Gathered(), list[int](), list[int]()
    limits = clip.limits
    allowance = limits.decode_allowance(clip.video.packets or limits.max_frames, clip.width * clip.height)
    with Child(build, clip.fd, 3, limits=limits, cpu_s=allowance, patience_s=limits.stall_s) as child:
        while arrived := child.read():
            for channel, data in arrived:
                if channel == _RAW:
                    raw.add(data)
                elif channel == _RAW_PTS:
                    pts += [pts for pts, _ in listed.feed_timestamps(data)]
                else:
                    decoded += [pts for pts, _ in everything.feed_timestamps(data) if pts != NO_PTS]
            if len(raw) > MAX_WINDOW_BYTES:
                raise MediaError("the stretch is too long to hold in memory", code="media.limit", hint="Ask for less.")
        child.wait()
        if child.over_limit:
            raise MediaError("decoding the stretch exceeds the limits", code="media.limit")
    whole = min(len(pts), len(raw) // frame_bytes)
    return _Stretch(pts=pts[:whole], raw=raw.first(whole * frame_bytes), decoded=decoded)
