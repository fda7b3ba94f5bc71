"""What each attack does to the pictures: chains of ffmpeg filters, drawn without fonts or files."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import ffmpeg

from forensics.media.commands import generated


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The upright picture that a chain begins with: even ``width`` and ``height``, ``rate`` in frames a second, the
    attack's drawn ``values``, and a whole number ``noise_seed`` for filters that draw themselves.
    """

    width: int
    height: int
    rate: Fraction
    values: Mapping[str, float]
    noise_seed: int

    def frames(self, seconds: float) -> int:
        """How many frames of the even rate come nearest to a length, at least one."""
        return max(1, round(Fraction(seconds) * self.rate))

    def even(self, pixels: float) -> int:
        """A whole even number of pixels, at least 2: 4:2:0 chroma has no half ones."""
        return max(2, 2 * round(pixels / 2))


Chain: TypeAlias = Callable[[Any, Stage], Any]
"""An ffmpeg-python stream and the stage to the attacked stream."""


def unchanged(stream: Any, stage: Stage) -> Any:
    """Only encoded again."""
    return stream


def chained(*chains: Chain) -> Chain:
    """One chain after another. Each sees the stage at which the first began: chains that change size come last."""

    def run(stream: Any, stage: Stage) -> Any:
        for chain in chains:
            stream = chain(stream, stage)
        return stream

    return run


def small(stream: Any, stage: Stage) -> Any:
    """Scaled to ``scale`` of its size."""
    scale = stage.values["scale"]
    return stream.filter("scale", stage.even(stage.width * scale), stage.even(stage.height * scale), flags="bicubic")


def frame_rate(stream: Any, stage: Stage) -> Any:
    """Thinned to ``fps`` frames a second."""
    return stream.filter("fps", stage.values["fps"])


def speed(stream: Any, stage: Stage) -> Any:
    """Played at ``speed``."""
    # In fine ticks: those of the even rate would round every frame to a whole one before it is thinned.
    fine = stream.filter("settb", "1/90000")
    return fine.filter("setpts", f"PTS/{stage.values['speed']}").filter("fps", str(stage.rate))


def crop(stream: Any, stage: Stage) -> Any:
    """``keep`` of each side, at ``x`` and ``y`` of what may be moved, brought back to the full size."""
    width, height = stage.even(stage.width * stage.values["keep"]), stage.even(stage.height * stage.values["keep"])
    x = stage.values["x"] * (stage.width - width)
    y = stage.values["y"] * (stage.height - height)
    cut = stream.filter("crop", width, height, int(x), int(y))
    return cut.filter("scale", stage.width, stage.height, flags="bicubic")


def shake(stream: Any, stage: Stage) -> Any:
    """A part of ``keep`` of each side that wanders about the whole, ``sway`` radians a second across and three quarters
    of that up and down, brought back to the full size: as filmed from a screen with an unsteady hand.
    """
    width, height = stage.even(stage.width * stage.values["keep"]), stage.even(stage.height * stage.values["keep"])
    sway = stage.values["sway"]
    x = f"{(stage.width - width) / 2}*(1+sin({sway}*t))"
    y = f"{(stage.height - height) / 2}*(1+cos({0.75 * sway:.4f}*t))"
    return stream.filter("crop", width, height, x, y).filter("scale", stage.width, stage.height, flags="bicubic")


def captions(stream: Any, stage: Stage) -> Any:
    """A bar over the top and one over the bottom, ``bar`` of the height each, with words as boxes."""
    bar = max(8, int(stage.height * stage.values["bar"]))
    for number, top in enumerate((0, stage.height - bar)):
        color = ("white", "black")[number]
        stream = stream.filter("drawbox", 0, top, stage.width, bar, color=color, t="fill")
        stream = _words(stream, (stage.width // 20, top + bar // 3), stage.width * 9 // 10, bar // 3, number)
    return stream


def _words(stream: Any, corner: tuple[int, int], length: int, height: int, kind: int) -> Any:
    """A line of boxes of uneven width, as a line of text has."""
    x, end = corner[0], corner[0] + length
    for number in range(12):
        width = height * (1 + (number * 5 + kind * 3) % 4)
        if x + width > end:
            break
        stream = stream.filter("drawbox", x, corner[1], width, height, color=("red", "yellow")[kind], t="fill")
        x += width + height
    return stream


def logo(stream: Any, stage: Stage) -> Any:
    """A two-coloured sign of ``size`` of the width in a corner."""
    side = max(8, int(stage.width * stage.values["size"]))
    x = 8 if stage.values["x"] < 0.5 else stage.width - side - 8
    y = 8 if stage.values["y"] < 0.5 else max(0, stage.height - side - 8)
    sign = stream.filter("drawbox", x, y, side, side, color="red@0.9", t="fill")
    return sign.filter("drawbox", x + side // 4, y + side // 4, side // 2, side // 2, color="white@0.9", t="fill")


def letterbox(stream: Any, stage: Stage) -> Any:
    """Bars of ``bar`` of the height above and below."""
    bar = stage.even(stage.height * stage.values["bar"])
    return stream.filter("pad", stage.width, stage.height + 2 * bar, 0, bar, color="black")


def portrait(stream: Any, stage: Stage) -> Any:
    """On an upright 9:16 canvas, the rest filled with the picture enlarged and blurred."""
    height = stage.even(stage.width * 16 / 9)
    both = stream.filter_multi_output("split", 2)
    fill = both[0].filter("scale", stage.width, height, force_original_aspect_ratio="increase", flags="bicubic")
    fill = fill.filter("crop", stage.width, height).filter("gblur", sigma=18)
    return ffmpeg.overlay(fill, both[1], x=0, y=(height - stage.height) // 2, shortest=1)


def mirror(stream: Any, stage: Stage) -> Any:
    """Left and right exchanged."""
    return stream.filter("hflip")


def rotate(stream: Any, stage: Stage) -> Any:
    """Turned by ``degrees``, the corners black."""
    angle = math.radians(stage.values["degrees"])
    return stream.filter("rotate", f"{angle:.6f}", fillcolor="black")


def quarter_turn(stream: Any, stage: Stage) -> Any:
    """Turned by a quarter, one way or the other."""
    return stream.filter("transpose", dir="clock" if stage.values["way"] < 0.5 else "cclock")


def inset(stream: Any, stage: Stage) -> Any:
    """Picture in picture: ``scale`` of its size, over other footage."""
    scale = stage.values["scale"]
    width, height = stage.even(stage.width * scale), stage.even(stage.height * scale)
    over = stream.filter("scale", width, height, flags="bicubic")
    x, y = (int(stage.values[way] * room) for way, room in (("x", stage.width - width), ("y", stage.height - height)))
    return ffmpeg.overlay(_other_footage(stage), over, x=x, y=y, shortest=1)


def embed(stream: Any, stage: Stage) -> Any:
    """Between ``before_s`` and ``after_s`` seconds of other footage."""
    before, after = (stage.frames(stage.values[name]) for name in ("before_s", "after_s"))
    return ffmpeg.concat(_other_footage(stage, before), stream, _other_footage(stage, after), v=1, a=0)


def _other_footage(stage: Stage, frames: int | None = None) -> Any:
    """Generated footage with much detail and motion, which is no footage of the case."""
    source = generated(f"testsrc2=s={stage.width}x{stage.height}:r={stage.rate}")
    if frames is not None:
        source = source.filter("trim", end_frame=frames)
    return source.filter("setsar", 1).filter("format", "yuv420p")


def tone(stream: Any, stage: Stage) -> Any:
    """Brightness, contrast, saturation and gamma moved."""
    names = ("brightness", "contrast", "saturation", "gamma")
    return stream.filter("eq", **{name: stage.values[name] for name in names})


def invert(stream: Any, stage: Stage) -> Any:
    """The negative."""
    return stream.filter("negate")


def grey(stream: Any, stage: Stage) -> Any:
    """Without colour."""
    return stream.filter("hue", s=0)


def noise(stream: Any, stage: Stage) -> Any:
    """Moving noise of ``strength`` grey levels."""
    return stream.filter("noise", alls=round(stage.values["strength"]), allf="t", all_seed=stage.noise_seed)


def blur(stream: Any, stage: Stage) -> Any:
    """Blurred by ``sigma`` pixels."""
    return stream.filter("gblur", sigma=stage.values["sigma"])


def screen(stream: Any, stage: Stage) -> Any:
    """As filmed from a screen: seen at an angle (``tilt``), duller, darker to the corners, noisy, slightly soft."""
    shift_x, shift_y = stage.width * stage.values["tilt"], stage.height * stage.values["tilt"]
    seen = stream.filter(
        "perspective",
        *(0, f"{shift_y:.2f}", f"{stage.width - shift_x:.2f}", 0),  # upper left, upper right
        *(f"{shift_x:.2f}", stage.height, stage.width, f"{stage.height - shift_y:.2f}"),  # lower left, lower right
        sense="source",
    )
    dull = seen.filter("eq", contrast=0.85, saturation=0.8, gamma=1.15).filter("gblur", sigma=0.6)
    return dull.filter("vignette", angle="PI/6").filter("noise", alls=6, allf="t", all_seed=stage.noise_seed)
