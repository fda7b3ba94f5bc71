"""Text and lines drawn on a picture with the font that OpenCV brings: ASCII only, and no font of the machine.

OpenCV 4 draws Hershey's letters and OpenCV 5 those of a font of its own: equal versions give equal pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

Bgr: TypeAlias = npt.NDArray[np.uint8]
"""A picture, uint8 (height, width, 3), blue first."""

Colour: TypeAlias = tuple[int, int, int]

MAX_CHARACTERS = 300
"""Characters of one text that are measured: no more fit on the widest canvas."""

_FONT = cv2.FONT_HERSHEY_SIMPLEX


class Rect(NamedTuple):
    """Pixels of a canvas: left, top, width, height."""

    x: int
    y: int
    width: int
    height: int


class Pen(NamedTuple):
    """How text is drawn: scale of the font, colour, thickness in pixels."""

    scale: float
    colour: Colour
    weight: int = 1

    def width_of(self, text: str) -> int:
        """Pixels that a text takes."""
        return int(cv2.getTextSize(text, _FONT, self.scale, self.weight)[0][0])


def plain(text: str) -> str:
    """The text in printable ASCII; anything else is drawn as ``?``."""
    line = text[:MAX_CHARACTERS].replace("\u2212", "-").encode("ascii", "replace").decode("ascii")
    return "".join(sign if sign.isprintable() else "?" for sign in line)


def write(canvas: Bgr, text: str, at: tuple[int, int], pen: Pen, width: int) -> None:
    """One line with its base line at ``at``; what is wider than ``width`` is cut."""
    line = plain(text)
    while line and pen.width_of(line) > width:
        line = line[:-1]
    cv2.putText(canvas, line, at, _FONT, pen.scale, pen.colour, pen.weight, cv2.LINE_AA)


def wrapped(text: str, pen: Pen, width: int) -> Iterator[str]:
    """Yield the lines of a text that fit into ``width`` pixels, broken between words."""
    line = ""
    for word in plain(text).split(" "):
        longer = f"{line} {word}" if line else word
        if line and pen.width_of(longer) > width:
            yield line
            line = word
        else:
            line = longer
    yield line


def fitted(bgr: Bgr, place: Rect) -> Rect:
    """Where a whole picture lies in a place: nothing cut off, nothing stretched."""
    height, width = bgr.shape[:2]
    scale = min(place.width / width, place.height / height)
    across, down = max(1, round(width * scale)), max(1, round(height * scale))
    return Rect(place.x + (place.width - across) // 2, place.y + (place.height - down) // 2, across, down)


def paste(canvas: Bgr, bgr: Bgr, place: Rect) -> Rect:
    """Lay a whole picture into a place; where it lies."""
    rect = fitted(bgr, place)
    method = cv2.INTER_AREA if rect.width < bgr.shape[1] else cv2.INTER_LINEAR
    small = cv2.resize(bgr, (rect.width, rect.height), interpolation=method)
    canvas[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width] = small
    return rect


def loop(canvas: Bgr, corners: Sequence[Sequence[float]], rect: Rect, colour: Colour) -> None:
    """A closed line through corners in 0..1 of a rectangle, no further out than the rectangle."""
    inside = np.clip(np.array(corners, np.float64), 0.0, 1.0)
    points = np.round(inside * (rect.width - 1, rect.height - 1) + (rect.x, rect.y)).astype(np.int32)
    cv2.polylines(canvas, [points.reshape(-1, 1, 2)], isClosed=True, color=colour, thickness=2, lineType=cv2.LINE_AA)
