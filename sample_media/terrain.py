"""A small invented world as maps: surface height, ground height, colour, water, walls.

Map axes: column = x, metres to the east; row = y, metres to the south; ``cell`` metres a pixel. Colours are BGR,
linear light, 0 to 1. Everything is drawn from a generator seeded by the scene, so a world is a pure function of its
seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

F32: TypeAlias = npt.NDArray[np.float32]
Mask: TypeAlias = npt.NDArray[np.bool_]
Point: TypeAlias = tuple[float, float]
Colour: TypeAlias = tuple[float, float, float]

GAMMA = 2.2


def linear(red: int, green: int, blue: int) -> Colour:
    """An sRGB colour (0 to 255) as linear BGR."""
    return ((blue / 255) ** GAMMA, (green / 255) ** GAMMA, (red / 255) ** GAMMA)


@dataclass(slots=True)
class World:
    """The maps of one scene; arrays are (size, size) or (size, size, 3), float32.

    ``water`` is 0 on land, else metres to the shore; ``wall_azimuth`` is NaN off walls, else the direction a wall
    faces in radians; ``wall_along`` the distance along the wall in metres (for windows) and
    ``wall_top`` the height of its upper edge. ``paved`` is 1 on roads and
    tracks (nothing grows there), ``crown`` the height of a tree or bush in metres, else 0; ``lamp`` the light of
    street lamps, 0 to about 1.
    """

    size: int
    cell: float
    rng: np.random.Generator
    ground: F32 = field(init=False)
    height: F32 = field(init=False)
    colour: F32 = field(init=False)
    water: F32 = field(init=False)
    wall_azimuth: F32 = field(init=False)
    wall_along: F32 = field(init=False)
    wall_top: F32 = field(init=False)
    paved: F32 = field(init=False)
    crown: F32 = field(init=False)
    lamp: F32 = field(init=False)

    def __post_init__(self) -> None:
        shape = (self.size, self.size)
        self.ground = np.zeros(shape, np.float32)
        self.height = np.zeros(shape, np.float32)
        self.colour = np.zeros((*shape, 3), np.float32)
        self.water = np.zeros(shape, np.float32)
        self.wall_azimuth = np.full(shape, np.nan, np.float32)
        self.wall_along = np.zeros(shape, np.float32)
        self.wall_top = np.zeros(shape, np.float32)
        self.paved = np.zeros(shape, np.float32)
        self.crown = np.zeros(shape, np.float32)
        self.lamp = np.zeros(shape, np.float32)

    @property
    def extent(self) -> float:
        """Length of a side in metres."""
        return self.size * self.cell

    def noise(self, wavelength: float, octaves: int = 4, gain: float = 0.5) -> F32:
        """Fractal noise over the map, about -1 to 1; ``wavelength`` of the first octave in metres."""
        return fractal_noise(self.rng, self.size, wavelength / self.cell, octaves, gain)

    def flatten_surface(self) -> None:
        """Let the surface start as the bare ground."""
        self.height[:] = self.ground


def fractal_noise(rng: np.random.Generator, size: int, wavelength: float, octaves: int, gain: float) -> F32:
    """Value noise (size, size), zero mean, standard deviation about 0.5; ``wavelength`` in pixels."""
    total = np.zeros((size, size), np.float32)
    amplitude, power = 1.0, 0.0
    for _ in range(octaves):
        cells = max(2, round(size / wavelength)) + 3
        grid = rng.standard_normal((cells, cells)).astype(np.float32)
        scaled = cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC)
        total += np.float32(amplitude) * scaled
        power += amplitude**2
        amplitude *= gain
        wavelength = max(1.0, wavelength / 2)
    return total * np.float32(0.7 / power**0.5)


def smoothstep(low: float, high: float, value: F32) -> F32:
    """The cubic ramp from 0 at ``low`` to 1 at ``high`` (which may be the smaller one)."""
    t = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    ramp: F32 = (t * t * (3 - 2 * t)).astype(np.float32)
    return ramp


def blend(world: World, paint: Colour | F32, weight: F32) -> None:
    """Mix ``paint`` into the colour map by ``weight`` (size, size) in 0 to 1."""
    target = np.asarray(paint, np.float32)
    world.colour += (target - world.colour) * weight[..., None]


def curve(points: Sequence[Point], step: float = 1.0) -> npt.NDArray[np.float64]:
    """A Catmull-Rom curve through ``points``, sampled about every ``step`` metres: (n, 2)."""
    knots = np.asarray([points[0], *points, points[-1]], np.float64)
    pieces = []
    for a, b, c, d in zip(knots, knots[1:], knots[2:], knots[3:], strict=False):
        count = max(2, int(np.hypot(*(c - b)) / step))
        t = np.linspace(0, 1, count, endpoint=False)[:, None]
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate([*pieces, knots[-1:]])


def distance_to(world: World, line: npt.NDArray[np.float64]) -> F32:
    """Metres from each cell to a line of points in metres."""
    canvas = np.full((world.size, world.size), 255, np.uint8)
    pixels = np.round(line / world.cell * 16).astype(np.int32)
    cv2.polylines(canvas, [pixels.reshape(-1, 1, 2)], False, 0, 1, cv2.LINE_8, 4)
    distance: F32 = cv2.distanceTransform(canvas, cv2.DIST_L2, cv2.DIST_MASK_PRECISE).astype(np.float32)
    return distance * np.float32(world.cell)


def split_land(
    rng: np.random.Generator, polygon: npt.NDArray[np.float64], area: float
) -> list[npt.NDArray[np.float64]]:
    """Cut a convex polygon across its long side again and again until each parcel is below about ``area`` m2."""
    following = np.roll(polygon, -1, 0)
    size = 0.5 * abs(float(np.sum(polygon[:, 0] * following[:, 1] - polygon[:, 1] * following[:, 0])))
    if size < area * rng.uniform(0.6, 1.5):
        return [polygon]
    axis = long_axis(polygon)
    turn = rng.normal(0, 0.07)
    axis = np.array([axis[0] * np.cos(turn) - axis[1] * np.sin(turn), axis[0] * np.sin(turn) + axis[1] * np.cos(turn)])
    along = polygon @ axis
    cut = along.min() + (along.max() - along.min()) * rng.uniform(0.36, 0.64)
    return [piece for side in (1.0, -1.0) for piece in split_land(rng, clip(polygon, side * axis, side * cut), area)]


def long_axis(polygon: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Unit vector along the greatest spread of a polygon."""
    centred = polygon - polygon.mean(0)
    _, _, axes = np.linalg.svd(centred)
    first: npt.NDArray[np.float64] = axes[0] * np.sign(axes[0][0] + 1e-9)
    return first


def clip(polygon: npt.NDArray[np.float64], axis: npt.NDArray[np.float64], cut: float) -> npt.NDArray[np.float64]:
    """The part of a convex polygon with ``point . axis <= cut``."""
    kept = []
    for a, b in zip(polygon, np.roll(polygon, -1, 0), strict=True):
        da, db = float(a @ axis) - cut, float(b @ axis) - cut
        if da <= 0:
            kept.append(a)
        if da * db < 0:
            kept.append(a + (b - a) * da / (da - db))
    return np.asarray(kept)


def parcel_mask(world: World, polygon: npt.NDArray[np.float64]) -> tuple[slice, slice, Mask]:
    """Rows, columns and the inside mask of a polygon given in metres, cut to the map."""
    pixels = np.round(polygon / world.cell).astype(np.int32)
    low = np.clip(pixels.min(0), 0, world.size)
    high = np.clip(pixels.max(0) + 1, 0, world.size)
    canvas = np.zeros((max(0, high[1] - low[1]), max(0, high[0] - low[0])), np.uint8)
    if canvas.size:
        cv2.fillPoly(canvas, [pixels - low], 1)
    return slice(low[1], high[1]), slice(low[0], high[0]), canvas.astype(bool)
