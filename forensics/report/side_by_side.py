"""One frame of a comparison: both pictures as they are, their difference, and what a viewer must know, on one canvas.

Every frame says what it is and is not. Clocks and labels are pixels that we draw; no text of a file gets here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from forensics.model.match import Assessment, Decision, Transform
from forensics.report.drawn import Bgr, Colour, Pen, Rect, fitted, loop, paste, wrapped, write
from forensics.report.residual import GAIN, Residual, outline
from forensics.report.wording import ASSESSMENT_NAMES

BANNER = "Demonstrative. Not evidence."
"""Stands in every frame, in the film's title and on the page."""

WIDTH, HEIGHT = 1920, 1080
"""The canvas: what a court's screen shows."""

PICTURE_SIDE = 960
"""Long side at which pictures are decoded: as large as a canvas of two by two shows them."""

_HEAD = 64
_GAP = 12
_LABEL, _CLOCK = 40, 40
_PAPER: Colour = (26, 24, 23)
_CELL: Colour = (16, 15, 14)
_INK: Colour = (240, 240, 240)
_QUIET: Colour = (176, 172, 168)
_MARK: Colour = (90, 200, 255)
_MATCH_BAND: Colour = (92, 58, 30)
_CANDIDATE_BAND: Colour = (20, 88, 150)
_REJECTED_BAND: Colour = (40, 34, 140)
_WHOLE = 0.01
"""A box is drawn where it leaves more than this share of a side out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A side of the film: its letter (``A``: named first), exhibit number or role, SHA-256, seconds that it lasts, and
    whether the case keeps it.
    """

    letter: str
    name: str
    sha256: str
    length_s: float
    kept: bool = True

    @property
    def label(self) -> str:
        """What stands above its picture."""
        return f"{self.letter}   {self.name}   SHA-256 {self.sha256[:16]}..."


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What all frames of one segment share.

    ``query_first``: the left picture is the query's. ``transform`` is of the segment (None: none was found, so that no
    difference is shown); ``facts`` are lines of our own words; ``lines`` are all segments as start and end on the left
    clock, then on the right one.
    """

    left: Party
    right: Party
    query_first: bool
    decision: Decision
    assessment: Assessment
    rejected: bool
    transform: Transform | None
    measured_side: int
    facts: tuple[str, ...]
    lines: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """What one frame shows: pictures with their seconds and the clock to print, and the difference if there is one."""

    left: Bgr
    left_s: float
    left_clock: str
    right: Bgr
    right_s: float
    right_clock: str
    residual: Residual | None


def heading(decision: Decision, assessment: Assessment, *, rejected: bool) -> str:
    """The assessment, so that no frame can be taken for more than it shows."""
    name = ASSESSMENT_NAMES[assessment]
    if rejected:
        return f"REJECTED by an examiner (the program said: {name})"
    if decision is Decision.MATCH:
        return f"Match: {name}"
    return f"CANDIDATE, not called a copy: {name}"


def drawing_versions() -> dict[str, str]:
    """What draws the canvas, by version: other versions may give other pixels."""
    return {"OpenCV": cv2.__version__, "numpy": np.__version__}


def compose(scene: Scene, instant: Instant) -> Bgr:
    """The canvas BGR uint8 (1080, 1920, 3). Equal values give equal pixels."""
    canvas = _ground(scene.decision, scene.assessment, rejected=scene.rejected).copy()
    left, right, difference, words = cells(instant)
    query, reference = (left, right) if scene.query_first else (right, left)
    rects = {
        left: _pane(canvas, left, scene.left.label, instant.left, instant.left_clock),
        right: _pane(canvas, right, scene.right.label, instant.right, instant.right_clock),
    }
    _outlines(canvas, scene, instant, rects[query], rects[reference])
    _difference(canvas, difference, scene, instant)
    _words(canvas, words, scene, instant)
    return canvas


def cells(instant: Instant) -> tuple[Rect, Rect, Rect, Rect]:
    """Left, right, difference, words: two by two, or four columns where that shows upright pictures larger."""
    best = max((_grid(2, 2), _grid(4, 1)), key=lambda grid: _shown(grid, instant))
    return best[0], best[1], best[2], best[3]


def _grid(columns: int, rows: int) -> tuple[Rect, ...]:
    width = (WIDTH - (columns + 1) * _GAP) // columns
    height = (HEIGHT - _HEAD - (rows + 1) * _GAP) // rows
    return tuple(
        Rect(_GAP + column * (width + _GAP), _HEAD + _GAP + row * (height + _GAP), width, height)
        for row in range(rows)
        for column in range(columns)
    )


def _shown(grid: tuple[Rect, ...], instant: Instant) -> int:
    """Pixels that both pictures get."""
    rects = [fitted(bgr, _inner(cell)) for bgr, cell in ((instant.left, grid[0]), (instant.right, grid[1]))]
    return sum(rect.width * rect.height for rect in rects)


def _inner(cell: Rect) -> Rect:
    """The place of the picture between label and clock."""
    return Rect(cell.x, cell.y + _LABEL, cell.width, cell.height - _LABEL - _CLOCK)


@lru_cache(maxsize=4)
def _ground(decision: Decision, assessment: Assessment, *, rejected: bool) -> Bgr:
    """The canvas with its head, which says in every frame what this is."""
    canvas: Bgr = np.full((HEIGHT, WIDTH, 3), _PAPER, np.uint8)
    band = _MATCH_BAND if decision is Decision.MATCH else _CANDIDATE_BAND
    canvas[:_HEAD] = _REJECTED_BAND if rejected else band
    write(canvas, BANNER, (2 * _GAP, 44), Pen(1.2, _INK, 2), WIDTH // 2)
    words = heading(decision, assessment, rejected=rejected)
    pen = Pen(0.95, _INK, 2)
    write(canvas, words, (WIDTH - 2 * _GAP - pen.width_of(words), 43), pen, WIDTH // 2)
    return canvas


def _pane(canvas: Bgr, cell: Rect, label: str, bgr: Bgr, clock: str) -> Rect:
    cv2.rectangle(canvas, cell[:2], (cell.x + cell.width - 1, cell.y + cell.height - 1), _CELL, cv2.FILLED)
    write(canvas, label, (cell.x + _GAP, cell.y + 28), Pen(_label_scale(cell), _INK, 1), cell.width - 2 * _GAP)
    base = (cell.x + _GAP, cell.y + cell.height - 12)
    write(canvas, clock, base, Pen(_clock_scale(cell), _MARK, 2), cell.width - 2 * _GAP)
    return paste(canvas, bgr, _inner(cell))


def _label_scale(cell: Rect) -> float:
    return 0.8 if cell.width > WIDTH // 3 else 0.52


def _clock_scale(cell: Rect) -> float:
    return 0.9 if cell.width > WIDTH // 3 else 0.56


def _outlines(canvas: Bgr, scene: Scene, instant: Instant, query: Rect, reference: Rect) -> None:
    """Mark in each picture the part that the other one shows, where that is not all of it."""
    if scene.transform is None:
        return
    x0, y0, x1, y1 = scene.transform.box
    if min(x1 - x0, y1 - y0) < 1.0 - _WHOLE:
        loop(canvas, [[x0, y0], [x1, y0], [x1, y1], [x0, y1]], query, _MARK)
    crop = scene.transform.crop
    if min(crop[2] - crop[0], crop[3] - crop[1]) < 1.0 - _WHOLE:
        ours, theirs = (instant.left, instant.right) if scene.query_first else (instant.right, instant.left)
        sizes = (ours.shape[1], ours.shape[0]), (theirs.shape[1], theirs.shape[0])
        loop(canvas, outline(scene.transform, *sizes, scene.measured_side), reference, _MARK)


def _difference(canvas: Bgr, cell: Rect, scene: Scene, instant: Instant) -> None:
    if instant.residual is None:
        _pane(canvas, cell, "Difference: not shown", np.full((90, 160, 3), _CELL, np.uint8), "")
        pen = Pen(_label_scale(cell), _QUIET)
        said = "No transform between these pictures was found: they cannot be laid over one another."
        for number, line in enumerate(wrapped(said, pen, cell.width - 4 * _GAP)):
            write(canvas, line, (cell.x + 2 * _GAP, cell.y + cell.height // 2 + 30 * number), pen, cell.width)
        return
    where = scene.left.letter if scene.query_first else scene.right.letter
    label = f"Difference of brightness in the picture of {where}, {GAIN} times; black: equal"
    mean = instant.residual.mean
    found = "nothing compared" if mean is None else f"mean {mean:.1f} of 255"
    note = f"{found}, over {100 * instant.residual.share:.0f} % of the picture"
    _pane(canvas, cell, label, instant.residual.shown(), note)


def _words(canvas: Bgr, cell: Rect, scene: Scene, instant: Instant) -> None:
    """The facts, and where in both files this instant lies."""
    wide = cell.width > cell.height
    side = min(cell.height - 2 * _GAP, cell.width * 9 // 20) if wide else cell.width - 2 * _GAP
    plot = Rect(cell.x + cell.width - side - _GAP, cell.y + cell.height - side - _GAP, side, side)
    pen = Pen(0.76 if wide else 0.56, _INK)
    width = cell.width - side - 3 * _GAP if wide else cell.width - 2 * _GAP
    y = cell.y + 30
    for fact in scene.facts:
        for line in wrapped(fact, pen, width):
            write(canvas, line, (cell.x + _GAP, y), pen, width)
            y += 31 if wide else 26
        y += 10
    if min(scene.left.length_s, scene.right.length_s) > 0:
        _plot(canvas, plot, scene, instant)


def _plot(canvas: Bgr, place: Rect, scene: Scene, instant: Instant) -> None:
    """The offset line: the clock of the left file across, that of the right one up; the dot is now."""
    cv2.rectangle(canvas, place[:2], (place.x + place.width - 1, place.y + place.height - 1), _CELL, cv2.FILLED)
    inner = Rect(place.x + 44, place.y + 34, place.width - 64, place.height - 74)
    across = _length(scene.left.length_s, [line[1] for line in scene.lines])
    up = _length(scene.right.length_s, [line[3] for line in scene.lines])

    def point(left_s: float, right_s: float) -> tuple[int, int]:
        x = inner.x + round(inner.width * min(max(left_s / across, 0.0), 1.0))
        return x, inner.y + inner.height - round(inner.height * min(max(right_s / up, 0.0), 1.0))

    cv2.rectangle(canvas, point(0.0, up), point(across, 0.0), (70, 68, 66), 1, cv2.LINE_AA)
    for left_0, left_1, right_0, right_1 in scene.lines:
        cv2.line(canvas, point(left_0, right_0), point(left_1, right_1), _QUIET, 3, cv2.LINE_AA)
    cv2.circle(canvas, point(instant.left_s, instant.right_s), 9, _MARK, cv2.FILLED, cv2.LINE_AA)
    pen = Pen(0.55, _QUIET)
    below = f"{scene.left.letter}: 0 to {across:.1f} s"
    write(canvas, below, (inner.x, inner.y + inner.height + 28), pen, inner.width)
    write(canvas, f"{scene.right.letter}: 0 to {up:.1f} s", (inner.x, inner.y - 12), pen, inner.width)


def _length(known: float, ends: list[float]) -> float:
    return max([known, *ends, 0.001])
