"""How a copy's picture must lie in its original's, derived from the steps of the attack that made it.

Only what the steps determine is derived: a crop at a random place has a known size and an unknown place, a picture
in a random corner four possible places, a screen seen at an angle no rectangle at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Rect = tuple[float, float, float, float]
"""x0, y0, x1, y1 in shares of width and height."""

WHOLE: Rect = (0.0, 0.0, 1.0, 1.0)
LONG_SIDE = 848
"""The generator reduces its sources to this before anything else."""

OVER = frozenset({"logo", "watermark", "bars", "censor", "pip_over"})
TONE = frozenset({"enc", "tone", "grey", "sepia", "nightgreen", "invert", "blur", "noise", "sharpen", "audio"})
TIME = frozenset({"base", "fps", "drop", "speed", "freeze", "slowmo", "embed", "compile"})
UNMOVED = OVER | TONE | TIME
"""Steps that leave every point of the picture where it was."""

EDGE = 0.03
"""Share of the side by which a reported edge may be off."""

TURN_DEG = 1.0


@dataclass(frozen=True)
class Expected:
    """What the record should say. ``crop_size`` is the share of the original's width and height that is seen, its
    place ``crop`` when determined; ``boxes`` are the places in the copy where the original may lie. None: not
    determined. ``width`` and ``height`` are of the copy's picture on the way.
    """

    width: float
    height: float
    mirrored: bool = False
    quarter_turns: int | None = 0
    rotation_deg: float | None = 0.0
    crop: Rect | None = WHOLE
    crop_size: tuple[float, float] | None = (1.0, 1.0)
    boxes: tuple[Rect, ...] | None = (WHOLE,)

    @property
    def cropped(self) -> bool:
        """Whether part of the original is certainly missing."""
        return self.crop_size is not None and min(self.crop_size) < 1 - EDGE

    @property
    def boxed(self) -> bool:
        """Whether the original certainly fills only part of the copy."""
        return self.boxes is not None and max(abs(a - b) for a, b in zip(self.boxes[0], WHOLE, strict=True)) > EDGE


def expected(steps: Sequence[Sequence[Any]], width: float, height: float) -> Expected | None:
    """What follows from an attack's steps for a source of this size; None when a step is not known here."""
    small = min(1.0, LONG_SIDE / max(width, height))
    state = Expected(width * small, height * small)
    for name, told in steps:
        if name in UNMOVED:
            continue
        if name not in MOVES:
            return None
        state = MOVES[name](state, told)
    return state


def _crop(state: Expected, told: Mapping[str, Any]) -> Expected:
    keep = 1 - told["pct"]
    if state.boxes != (WHOLE,) or state.crop_size is None:
        return replace(state, crop=None, crop_size=None, boxes=None)
    size = (state.crop_size[0] * keep, state.crop_size[1] * keep)
    return replace(state, width=state.width * keep, height=state.height * keep, crop=None, crop_size=size)


def _placed(state: Expected, x: float, y: float, scale: float, width: float, height: float) -> Expected:
    """The picture, scaled, with its corner at x, y of a larger one."""
    if state.boxes is None:
        return replace(state, width=width, height=height)

    def moved(box: Rect) -> Rect:
        across, down = state.width * scale, state.height * scale
        return (
            (x + box[0] * across) / width,
            (y + box[1] * down) / height,
            (x + box[2] * across) / width,
            (y + box[3] * down) / height,
        )

    return replace(state, width=width, height=height, boxes=tuple(moved(box) for box in state.boxes))


def _meme(state: Expected, told: Mapping[str, Any]) -> Expected:
    above, below = state.height * told["top"], state.height * told["bottom"]
    return _placed(state, 0, above, 1, state.width, state.height + above + below)


def _letterbox(state: Expected, told: Mapping[str, Any]) -> Expected:
    wide = state.width / state.height > told["ar"]
    width = state.width if wide else state.height * told["ar"]
    height = state.width / told["ar"] if wide else state.height
    return _placed(state, (width - state.width) / 2, (height - state.height) / 2, 1, width, height)


def _portrait(state: Expected, told: Mapping[str, Any]) -> Expected:
    width, height = told["w"], told["h"]
    scale = min(width / state.width, height / state.height)
    x, y = (width - state.width * scale) / 2, (height - state.height * scale) / 2
    return _placed(state, x, y, scale, width, height)


def _border(state: Expected, told: Mapping[str, Any]) -> Expected:
    margin = state.width * told["frac"]
    return _placed(state, margin, margin, 1, state.width + 2 * margin, state.height + 2 * margin)


def _pip_in(state: Expected, told: Mapping[str, Any]) -> Expected:
    width, height = 640.0, 360.0
    scale = min(width * told["frac"] / state.width, height * told["frac"] / state.height)
    margin, across, down = 0.03 * width, state.width * scale, state.height * scale
    corners = [(x, y) for x in (margin, width - across - margin) for y in (margin, height - down - margin)]
    return _either([_placed(state, x, y, scale, width, height) for x, y in corners])


def _split(state: Expected, told: Mapping[str, Any]) -> Expected:
    """Scaled to cover a half of 424 by 360, the rest cut off around the middle; left or right."""
    half, height = 424.0, 360.0
    scale = max(half / state.width, height / state.height)
    size = (half / (state.width * scale), height / (state.height * scale))
    if state.crop != WHOLE or state.boxes != (WHOLE,):
        return replace(state, crop=None, crop_size=None, boxes=None, width=2 * half, height=height)
    seen = ((1 - size[0]) / 2, (1 - size[1]) / 2, (1 + size[0]) / 2, (1 + size[1]) / 2)
    cut = replace(state, crop=seen, crop_size=size, width=half, height=height)
    return _either([_placed(cut, x, 0, 1, 2 * half, height) for x in (0.0, half)])


def _either(states: list[Expected]) -> Expected:
    boxes = [state.boxes for state in states]
    return replace(states[0], boxes=None if None in boxes else tuple(box for each in boxes for box in each or ()))


def _mirror(state: Expected, told: Mapping[str, Any]) -> Expected:
    boxes = state.boxes and tuple((1 - x1, y0, 1 - x0, y1) for x0, y0, x1, y1 in state.boxes)
    return replace(state, mirrored=not state.mirrored, boxes=boxes)


def _rotate(state: Expected, told: Mapping[str, Any]) -> Expected:
    """Turned about the middle by so many degrees either way, then the middle cut out and enlarged."""
    zoom = 1 + abs(told["deg"]) * 0.03 if told["fill"] == "zoom" else 1.0
    if state.crop != WHOLE or state.boxes != (WHOLE,):
        return replace(state, rotation_deg=float(told["deg"]), crop=None, crop_size=None, boxes=None)
    sine, cosine = math.sin(math.radians(told["deg"])), math.cos(math.radians(told["deg"]))
    across = min(1.0, (state.width * cosine + state.height * sine) / zoom / state.width)
    down = min(1.0, (state.height * cosine + state.width * sine) / zoom / state.height)
    seen = ((1 - across) / 2, (1 - down) / 2, (1 + across) / 2, (1 + down) / 2)
    return replace(state, rotation_deg=float(told["deg"]), crop=seen, crop_size=(across, down))


def _rot90(state: Expected, told: Mapping[str, Any]) -> Expected:
    """ffmpeg's transpose 1 turns clockwise; the record counts the other way round."""
    if told["dir"] != 1 or state.boxes != (WHOLE,):
        return replace(state, quarter_turns=None, crop=None, crop_size=None, boxes=None)
    return replace(state, quarter_turns=3, width=state.height, height=state.width)


def _screenrec(state: Expected, told: Mapping[str, Any]) -> Expected:
    return replace(state, rotation_deg=None, crop=None, crop_size=None, boxes=None)


MOVES: Mapping[str, Callable[[Expected, Mapping[str, Any]], Expected]] = {
    "crop": _crop,
    "meme": _meme,
    "letterbox": _letterbox,
    "portrait": _portrait,
    "border": _border,
    "pip_in": _pip_in,
    "split": _split,
    "mirror": _mirror,
    "rotate": _rotate,
    "rot90": _rot90,
    "screenrec": _screenrec,
}


def judged(due: Expected, found: Mapping[str, Any]) -> dict[str, bool]:
    """For each thing that is determined, whether the record says it right.

    ``mirrored`` and ``not mirrored`` are counted apart, so are pictures that are and are not turned, cropped, boxed.
    """
    out = {"mirrored" if due.mirrored else "not mirrored": found["mirrored"] == due.mirrored}
    if due.quarter_turns is not None:
        out["quarter turn" if due.quarter_turns else "no quarter turn"] = found["quarter_turns"] == due.quarter_turns
    if due.rotation_deg is not None:
        near = abs(abs(found["rotation_deg"]) - due.rotation_deg) <= TURN_DEG
        out["small rotation" if due.rotation_deg else "no small rotation"] = near
    if due.crop_size is not None:
        x0, y0, x1, y1 = found["crop"]
        right = _close((x1 - x0, y1 - y0), due.crop_size, 2 * EDGE)
        right &= due.crop is None or _close(found["crop"], due.crop)
        out["crop rectangle" if due.cropped else "no crop"] = right
    if due.boxes is not None:
        out["inset box" if due.boxed else "no inset"] = any(_close(found["box"], box) for box in due.boxes)
    return out


def _close(found: Sequence[float], due: Sequence[float], reach: float = EDGE) -> bool:
    return all(abs(a - b) <= reach for a, b in zip(found, due, strict=True))
