"""Which part of a picture is seen where a map carries it, and which part something else covers.

A map tells where the whole of the reference's picture would lie in the query's. In a split screen, under a second inset
or where a crop was padded, part of that place shows something else. Along a stretch that is proven the registered
pictures agree wherever the picture is seen, so a side is cut where agreement ends at a straight, standing line and what
lies beyond is larger than the picture (see `covers`). Either video may be the split screen: each is looked at.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from forensics.matching.covers import LEVEL_QUANTILE, Cover, Side, covers, measured
from forensics.matching.dense import Grid, Shared, detail, sample, shared_area
from forensics.matching.geometry import AS_IS, Floats, Luma, Pose, posed
from forensics.matching.motion import BESIDE_S
from forensics.matching.pairing import Pairing
from forensics.matching.params import Params
from forensics.matching.reel import Reel
from forensics.matching.transforms import Rect, Seen, whole
from forensics.matching.verdict import FELLOW, Stretch, strength
from forensics.model.media import Window

MOMENTS = 12
"""Pairs of frames that are compared, spread over the stretch; a second of it holds as many at the least."""

CELLS = 128
"""Grid cells along the long side of the picture's place."""

CELL_PX = 2.0
"""Pixels that a cell spans at the least: smaller ones would only copy their neighbours."""

DETAIL_SIGMA = 3.0
"""Grid cells: detail broader than this reaches too far across a line."""

NOISE = 1.0
"""Grey levels below which detail counts as this much, so that flat cells agree with nothing."""

DETAIL_LEVEL, STRANGE_LEVEL = 2.0, 8.0
"""Grey levels of detail that make a cell tell: in the other picture; in the shown one, where the other is flat."""

LEAST_CELLS = 60
"""With fewer cells that tell, the place is left as it is."""

LEFT, TOP, RIGHT, BOTTOM = range(4)


class _Place(NamedTuple):
    """Where the other picture lies in the shown one, and how well the two agree there; fields as those of `Side`."""

    area: Shared
    agree: Grid
    known: npt.NDArray[np.bool_]
    change: Grid
    pictures: Grid


def with_seen(stretch: Stretch, pairing: Pairing) -> Stretch:
    """The stretch with the parts of both pictures that are seen in it, where it is strong enough to be part of a match.

    Frames come from what `Footage` keeps: the stretch was decoded to be proven.
    """
    if strength(stretch, pairing.params) < FELLOW:
        return stretch
    frames = _frames(stretch, pairing)
    if frames is None:
        return stretch
    return replace(stretch, seen=seen(*frames, stretch.held.matrix, stretch.pose, pairing.params))


def _frames(stretch: Stretch, pairing: Pairing) -> tuple[Luma, Luma] | None:
    """Frames of both that show the same moments; None where there are none."""
    query, reference = [], []
    for at in np.linspace(stretch.query_start_s, stretch.query_end_s, MOMENTS + 2)[1:-1].tolist():
        ours = pairing.footage.frame(pairing.query.id, at)
        if ours is None:
            continue
        wanted = stretch.beside(ours[0])
        theirs = pairing.footage.frame(pairing.reference.id, wanted)
        if theirs is not None and abs(theirs[0] - wanted) <= BESIDE_S:
            query.append(ours[1])
            reference.append(theirs[1])
    return (np.stack(query), np.stack(reference)) if query else None


def seen(query: Luma, reference: Luma, matrix: Floats, pose: Pose, params: Params) -> Seen:
    """The parts seen of frames uint8 (n, h, w) of the same moments; ``matrix`` maps posed query pixels to reference
    pixels.
    """
    turned = np.stack([posed(frame, pose) for frame in query])
    back = np.asarray(np.linalg.inv(np.vstack([matrix, [0.0, 0.0, 1.0]]))[:2], np.float64)
    return Seen(uncovered(turned, reference, back, params), uncovered(reference, turned, matrix, params))


def uncovered(shown: Luma, other: Luma, matrix: Floats, params: Params) -> Rect:
    """What is left of the shown picture when whatever covers the sides of the other's in it is taken off.

    ``shown`` and ``other`` are frames uint8 (n, h, w) of the same moments, ``matrix`` maps pixels of the other to
    pixels of the shown one. Side by side: the next is looked at on what is left, the one covered deepest first.
    """
    edges = list(whole(_shape(shown)))
    place = _place(shown, other, matrix)
    if place is None:
        return Rect(*edges)
    kept = [0, 0, place.agree.shape[1], place.agree.shape[0]]
    sides = [LEFT, TOP, RIGHT, BOTTOM]
    while sides:
        found = [(side, cover) for side in sides if (cover := _cover(place, kept, side, params)) is not None]
        if not found:
            break
        side, cover = max(found, key=lambda item: (item[1].cells, -item[0]))
        sides.remove(side)
        sign = 1 if side in (LEFT, TOP) else -1
        kept[side] += sign * round(cover.cells)
        edges[side] += sign * cover.line_px
    return Rect(*edges)


def _cover(place: _Place, kept: list[int], side: int, params: Params) -> Cover | None:
    found = measured(_side(place, kept, side), params)
    return found if found is not None and covers(found, params) else None


def _place(shown: Luma, other: Luma, matrix: Floats) -> _Place | None:
    """The other picture's place; None where too little of it tells."""
    area = shared_area(matrix, _shape(other), _shape(shown))
    if area is None:
        return None
    cells = min(CELLS, int(max(area.width, area.height) / CELL_PX))
    ours, _ = sample(_reel(shown), np.eye(2, 3), area, cells, AS_IS)
    theirs, filled = sample(_reel(other), matrix, area, cells, AS_IS)
    filled = _inner(filled)
    one, two = detail(ours, filled, DETAIL_SIGMA), detail(theirs, filled, DETAIL_SIGMA)
    both, own, their = _mean(one * two), _mean(one * one), _mean(two * two)
    agree = np.asarray(both / np.sqrt(np.maximum(own, NOISE**2) * np.maximum(their, NOISE**2)), np.float32)
    known = _inner(filled) & ((their >= DETAIL_LEVEL**2) | (own >= STRANGE_LEVEL**2))
    if known.sum() < LEAST_CELLS:
        return None
    same = known & (agree >= float(np.quantile(agree[known], LEVEL_QUANTILE)))
    gain = float(np.median(np.sqrt(own[same] / np.maximum(their[same], NOISE**2))))
    pictures = np.stack([shown.mean(0, dtype=np.float32), np.float32(gain) * _carried(other, matrix, _shape(shown))])
    return _Place(area, agree, known, np.asarray(one.std(0), np.float32), pictures)


def _carried(frames: Luma, matrix: Floats, shape: tuple[int, int]) -> Grid:
    """The mean picture of the other video at its place in a picture of this shape."""
    mean = np.asarray(np.round(frames.mean(0, dtype=np.float32)), np.uint8)
    everywhere = Shared(0.0, 0.0, float(shape[1]), float(shape[0]))
    placed, _ = sample(_reel(mean[None]), matrix, everywhere, max(shape), AS_IS)
    return np.asarray(placed[0], np.float32)


def _reel(frames: Luma) -> Reel:
    """Frames of which it does not matter here when they were shown."""
    return Reel(Window(np.zeros(len(frames)), frames))


def _inner(filled: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Cells with nothing but filled ones around them: those at an outline hold part of what is beyond."""
    return cv2.erode(filled.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0).astype(bool)


def _mean(values: Grid) -> Grid:
    """Mean over the frames and over a cell and its neighbours."""
    return np.asarray(cv2.blur(values.mean(0), (3, 3), borderType=cv2.BORDER_REPLICATE), np.float32)


def _shape(frames: Luma) -> tuple[int, int]:
    return int(frames.shape[1]), int(frames.shape[2])


def _side(place: _Place, kept: list[int], side: int) -> Side:
    """What is kept of a place, turned."""
    area, (height, width) = place.area, place.pictures.shape[1:]
    rows, columns = place.agree.shape
    across, down = area.width / columns, area.height / rows
    x0, y0, x1, y1 = kept
    level = side in (LEFT, RIGHT)
    if level:
        strip = place.pictures[:, int(area.y + y0 * down) : int(np.ceil(area.y + y1 * down))]
    else:
        strip = place.pictures[:, :, int(area.x + x0 * across) : int(np.ceil(area.x + x1 * across))]
    part = np.s_[y0:y1, x0:x1]
    return Side(
        agree=_turned(place.agree[part], side),
        known=_turned(place.known[part], side),
        change=_turned(place.change[part], side),
        pictures=_turned(strip, side),
        start=(area.x, area.y, width - area.x - area.width, height - area.y - area.height)[side],
        step=across if level else down,
    )


def _turned(field: npt.NDArray, side: int) -> npt.NDArray:  # type: ignore[type-arg]
    upright = field if side in (LEFT, RIGHT) else np.swapaxes(field, -1, -2)
    return upright[..., ::-1] if side in (RIGHT, BOTTOM) else upright
