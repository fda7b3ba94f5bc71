"""Attacked copies for validation: named attacks, drawn from a seed, with the truth about their times.

Here and in `forensics.media.film` ffmpeg writes a file: the one that the caller has opened, named by its descriptor, of
bounded size. The source is read as everywhere: by descriptor, under the same whitelists and limits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from forensics.errors import MediaError, ToolError
from forensics.media import attack_chains as chains
from forensics.media.attack_chains import Chain, Stage
from forensics.media.child import Child, CommandBuilder
from forensics.media.commands import attack_command
from forensics.media.decode import decodable_video
from forensics.media.frames import NO_PTS, TimedFrames
from forensics.media.limits import DEFAULT_LIMITS, Limits
from forensics.media.stretch import seek_before
from forensics.media.tools import Tools
from forensics.model.manifest import Json
from forensics.model.media import Probe, Stream
from forensics.model.validation import Truth

ATTACKS_VERSION = 1
"""Grows with any change to an attack, its ranges or its chain."""

LONG_SIDE = 640
"""Copies are made at most this large: what messengers deliver, and what a validation can afford."""

RATES = (Fraction(5), Fraction(30))
"""Copies have an even frame rate within these bounds, the source's own where it lies between."""

MAX_FILE_BYTES = 256 << 20
"""A copy of a minute at this size is below 30 MB whatever the noise."""

MEMORY_BYTES = 4 << 30
"""Address space: the encoder's look-ahead on top of decoding."""

ENCODING_FACTOR = 8
"""CPU seconds granted per second that decoding alone may take."""

_DRAW_DIGITS = 13
_DEFAULT_CRF = 27


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """A named attack: its ``ranges`` are drawn from evenly. ``keep_s`` (seconds kept), ``speed``, ``before_s`` and
    ``crf`` or ``kbit`` among them have their meaning here, the others in the chain.
    """

    name: str
    chain: Chain = chains.unchanged
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    mirrored: bool = False

    def draw(self, seed: int, source: str) -> dict[str, float]:
        """The values for one source: a function of the seed, the source's digest and the names alone."""
        return {
            name: round(low + (high - low) * unit_of(f"{seed}:{source}:{self.name}:{name}"), 3)
            for name, (low, high) in self.ranges.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An attacked copy: what was drawn, where it shows the source, the command with descriptors renumbered."""

    values: dict[str, float]
    truth: Truth
    command: tuple[str, ...]


_AT = {"x": (0.0, 1.0), "y": (0.0, 1.0)}

RECODE = Attack(name="recode", ranges={"crf": (26, 32)})
"""The mildest attack; also used to cut parts of a source that do not overlap."""

ATTACKS = (
    RECODE,
    Attack(name="low_bitrate", chain=chains.small, ranges={"scale": (0.5, 0.7), "kbit": (120, 250)}),
    Attack(name="small", chain=chains.small, ranges={"scale": (0.35, 0.5)}),
    Attack(name="frame_rate", chain=chains.frame_rate, ranges={"fps": (10, 16)}),
    Attack(name="trim", ranges={"keep_s": (4, 6)}),
    Attack(name="faster", chain=chains.speed, ranges={"speed": (1.1, 1.5)}),
    Attack(name="slower", chain=chains.speed, ranges={"speed": (0.7, 0.9)}),
    Attack(name="embed", chain=chains.embed, ranges={"before_s": (3, 5), "after_s": (3, 5), "keep_s": (5, 8)}),
    Attack(name="crop_light", chain=chains.crop, ranges={"keep": (0.85, 0.95), **_AT}),
    Attack(name="crop", chain=chains.crop, ranges={"keep": (0.7, 0.85), **_AT}),
    Attack(name="crop_strong", chain=chains.crop, ranges={"keep": (0.5, 0.65), **_AT}),
    Attack(name="shaken", chain=chains.shake, ranges={"keep": (0.85, 0.92), "sway": (2, 8)}),
    Attack(name="captions", chain=chains.captions, ranges={"bar": (0.1, 0.18)}),
    Attack(name="logo", chain=chains.logo, ranges={"size": (0.1, 0.2), **_AT}),
    Attack(name="letterbox", chain=chains.letterbox, ranges={"bar": (0.1, 0.25)}),
    Attack(name="portrait_blur", chain=chains.portrait),
    Attack(name="mirror", chain=chains.mirror, mirrored=True),
    Attack(name="rotate", chain=chains.rotate, ranges={"degrees": (-5, 5)}),
    Attack(name="quarter_turn", chain=chains.quarter_turn, ranges={"way": (0, 1)}),
    Attack(name="picture_in_picture", chain=chains.inset, ranges={"scale": (0.55, 0.75), **_AT}),
    Attack(
        name="tone",
        chain=chains.tone,
        ranges={"brightness": (-0.1, 0.1), "contrast": (0.75, 1.3), "saturation": (0.5, 1.5), "gamma": (0.8, 1.3)},
    ),
    Attack(name="invert", chain=chains.invert),
    Attack(name="grey", chain=chains.grey),
    Attack(name="noise", chain=chains.noise, ranges={"strength": (8, 16)}),
    Attack(name="blur", chain=chains.blur, ranges={"sigma": (1, 2.5)}),
    Attack(
        name="screen",
        chain=chains.chained(chains.screen, chains.frame_rate),
        ranges={"tilt": (0.01, 0.04), "fps": (20, 30)},
    ),
    Attack(
        name="mirror_crop_captions",
        chain=chains.chained(chains.mirror, chains.crop, chains.captions),
        ranges={"keep": (0.75, 0.9), "bar": (0.1, 0.15), "kbit": (250, 400), **_AT},
        mirrored=True,
    ),
    Attack(
        name="trim_tone_portrait",
        chain=chains.chained(chains.grey, chains.noise, chains.portrait),
        ranges={"keep_s": (5, 7), "strength": (5, 10)},
    ),
    Attack(
        name="mirror_inset",
        chain=chains.chained(chains.mirror, chains.inset),
        ranges={"scale": (0.6, 0.75), **_AT},
        mirrored=True,
    ),
)
"""The attacks, mild to combined. Those of one list are reported together, each with its own rate."""


def make_attack(
    tools: Tools,
    fd: int,
    probe: Probe,
    target: int,
    attack: Attack,
    span_s: tuple[float, float],
    draw: tuple[int, str],
    limits: Limits = DEFAULT_LIMITS,
) -> Made:
    """Write into the file open as ``target`` an attacked copy of ``span_s`` (seconds on the presentation clock).

    ``draw`` is the seed and the source's name. The copy's clock begins at 0; the truth comes from the timestamps of
    the frames that were taken, to half a frame of the even rate.

    Raises `MediaError` (as `decode`; ``media.damaged`` when no frame or no whole file comes out, ``media.limit``)
    and `ToolError` (``tool.no_encoder``).
    """
    video, width, height = decodable_video(probe, limits)
    values = attack.draw(*draw)
    span = _span(probe, video, span_s, values)
    if (video.rotation or 0) % 180 == 90:
        width, height = height, width
    stage = Stage(
        **dict(zip(("width", "height"), _even_fit(width, height), strict=True)),
        rate=_rate(video),
        values=values,
        noise_seed=int(unit_of(f"{draw[0]}:{draw[1]}:{attack.name}") * 2**31),
    )

    def build(name: str, outputs: tuple[str, ...]) -> list[str]:
        return attack_command(
            tools.ffmpeg,
            probe,
            (name, (outputs[0], outputs[1])),
            seek_s=seek_before(probe, video, span[0]),
            span=span,
            rate=str(stage.rate),
            size=(stage.width, stage.height),
            shape=lambda stream: attack.chain(stream, stage),
            encoding=_encoding(values),
            limits=limits,
        )

    cpu_s = ENCODING_FACTOR * limits.decode_allowance(video.packets or limits.max_frames, width * height)
    pts, command = _run(build, fd, target, limits, cpu_s)
    return Made(values=values, truth=_truth(probe, video, pts, attack, stage), command=command)


def describe_attack(attack: Attack) -> dict[str, Json]:
    """The attack as canonical values, for its digest: name, version of the chains, ranges as decimal text."""
    ranges: dict[str, Json] = {name: [str(float(low)), str(float(high))] for name, (low, high) in attack.ranges.items()}
    return {"name": attack.name, "version": ATTACKS_VERSION, "ranges": ranges, "mirrored": attack.mirrored}


def unit_of(text: str) -> float:
    """An even number in [0, 1) that the text decides."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:_DRAW_DIGITS], 16) / float(16**_DRAW_DIGITS)


def _span(probe: Probe, video: Stream, span_s: tuple[float, float], values: Mapping[str, float]) -> tuple[int, int]:
    """First and last tick of what is kept: the middle ``keep_s`` of the span when the attack trims."""
    assert video.time_base is not None
    start, end = (Fraction(moment) for moment in span_s)
    surplus = (end - start - Fraction(values.get("keep_s", float(end - start)))) / 2
    if surplus > 0:
        start, end = start + surplus, end - surplus
    origin = probe.origin.seconds if probe.origin else Fraction(0)
    tick = video.time_base.fraction
    return int((start + origin) / tick), int((end + origin) / tick)


def _even_fit(width: int, height: int) -> tuple[int, int]:
    """The size within `LONG_SIDE`, never enlarged, in even numbers."""
    scale = min(1.0, LONG_SIDE / max(width, height))
    return max(2, 2 * round(width * scale / 2)), max(2, 2 * round(height * scale / 2))


def _rate(video: Stream) -> Fraction:
    """The source's frame rate, within `RATES`."""
    try:
        rate = Fraction(video.frame_rate or "25")
    except (ValueError, ZeroDivisionError):
        rate = Fraction(25)
    return min(max(rate, RATES[0]), RATES[1]).limit_denominator(1001)


def _encoding(values: Mapping[str, float]) -> dict[str, str | int]:
    """Encoder options: one quality, or one bit rate as platforms enforce it."""
    if "kbit" in values:
        kbit = round(values["kbit"])
        return {"preset": "veryfast", "b:v": f"{kbit}k", "maxrate": f"{kbit}k", "bufsize": f"{2 * kbit}k"}
    return {"preset": "veryfast", "crf": round(values.get("crf", _DEFAULT_CRF))}


def _run(build: CommandBuilder, fd: int, target: int, limits: Limits, cpu_s: int) -> tuple[list[int], tuple[str, ...]]:
    """Timestamps of the frames that went into the copy, and the command."""
    with Child(
        build,
        fd,
        1,
        limits=replace(limits, memory_bytes=max(limits.memory_bytes, MEMORY_BYTES)),
        cpu_s=cpu_s,
        patience_s=limits.stall_s,
        target=target,
        file_bytes=MAX_FILE_BYTES,
    ) as child:
        pts = _taken(child)
        status = child.wait()
    _check(child, status, pts)
    return pts, child.command


def _taken(child: Child) -> list[int]:
    """Timestamps of the frames that went into the copy."""
    stamps = TimedFrames(1)
    pts: list[int] = []
    while arrived := child.read():
        for _, data in arrived:
            pts += [stamp for stamp, _ in stamps.feed_timestamps(data) if stamp != NO_PTS]
    return pts


def _check(child: Child, status: int, pts: list[int]) -> None:
    said = " ".join(child.diagnostics.first)
    if "encoder" in said and "libx264" in said:
        raise ToolError(
            f"{child.command[0]} has no encoder libx264: attacked copies cannot be made",
            code="tool.no_encoder",
            hint="Install an ffmpeg built with libx264 (the ones of Debian, Ubuntu and Homebrew are).",
        )
    if child.over_limit:
        raise MediaError("making the copy exceeds the limits", code="media.limit")
    if status != 0 or len(pts) < 2:
        raise MediaError(f"no copy can be made: {said or 'no frame'}", code="media.damaged")


def _truth(probe: Probe, video: Stream, pts: list[int], attack: Attack, stage: Stage) -> Truth:
    assert video.time_base is not None
    origin = probe.origin.seconds if probe.origin else Fraction(0)
    start, end = (float(stamp * video.time_base.fraction - origin) for stamp in (pts[0], pts[-1]))
    speed = stage.values.get("speed", 1.0)
    before = float(stage.frames(stage.values["before_s"]) / stage.rate) if "before_s" in stage.values else 0.0
    return Truth(
        query_start_s=round(before, 6),
        query_end_s=round(before + (end - start) / speed, 6),
        reference_start_s=round(start, 6),
        reference_end_s=round(end, 6),
        speed=speed,
        mirrored=attack.mirrored,
    )
