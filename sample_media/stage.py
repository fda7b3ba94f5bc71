"""What the camera is pointed at: a lit world, the lens, the pose, and the bodies that move through the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import cos, radians, sin, tan
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from light import Light, bake, display
from terrain import F32, Colour, World, fractal_noise, smoothstep

Image: TypeAlias = npt.NDArray[np.uint8]
Kept: TypeAlias = tuple[npt.NDArray[np.generic], tuple[slice, slice], npt.NDArray[np.generic]]

PEAK_CELLS = 8
MIP_LEVELS = 4
RIPPLE_PIXELS = 512
TALLEST_BODY = 3.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Where the camera is (metres on the map, metres up) and where it looks (degrees; yaw from north, clockwise)."""

    x: float
    y: float
    z: float
    yaw: float
    pitch: float
    roll: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A thing that moves, at one instant: a box with a cab, metres and radians in map axes."""

    x: float
    y: float
    angle: float
    length: float
    width: float
    tall: float
    paint: Colour
    cab: tuple[float, float] = (-0.32, 0.18)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """Picture size in pixels, horizontal field of view in degrees, and the sensor's faults."""

    width: int
    height: int
    field_of_view: float = 70.0
    noise: float = 2.2
    vignette: float = 0.26
    sharpen: float = 0.35
    samples: int = 2


@dataclass(slots=True)
class Stage:
    """A lit world ready for the camera, with its smaller copies for far away."""

    world: World
    light: Light
    surf: bool = False
    glow: bool = False
    lit: list[Image] = field(init=False)
    ripples: F32 = field(init=False)
    peaks: F32 = field(init=False)

    def __post_init__(self) -> None:
        self.lit = [bake(self.world, self.light)]
        for _ in range(MIP_LEVELS - 1):
            self.lit.append(_halved(self.lit[-1]))
        self.ripples = fractal_noise(np.random.default_rng(self.world.size), RIPPLE_PIXELS, 40, 4, 0.75)
        self.peaks = _peaks(self.world)


def _peaks(world: World) -> F32:
    """Highest surface near each block of cells, with room for the spread of a block of rays and for vehicles."""
    blocks = world.size // PEAK_CELLS
    shape = (blocks, PEAK_CELLS, blocks, PEAK_CELLS)
    tallest = world.height.reshape(shape).max((1, 3))
    tallest += np.float32(TALLEST_BODY) * (world.paved.reshape(shape).max((1, 3)) > 0)
    spread: F32 = cv2.dilate(tallest, np.ones((5, 5), np.uint8)).astype(np.float32)
    return spread


def _halved(image: Image) -> Image:
    half: Image = cv2.resize(image, (image.shape[1] // 2, image.shape[0] // 2), interpolation=cv2.INTER_AREA).astype(
        np.uint8
    )
    return half


def place_bodies(stage: Stage, bodies: Sequence[Body]) -> list[Kept]:
    """Stamp moving bodies into the maps; returns what to put back afterwards."""
    kept = []
    for body in bodies:
        area = _surroundings(stage, body)
        if area is None:
            continue
        maps: list[npt.NDArray[np.generic]] = [stage.world.height, *stage.lit]
        for level, surface in enumerate(maps):
            part = _coarser(area, max(0, level - 1))
            kept.append((surface, part, surface[part].copy()))
        _stamp(stage, body, area)
        for level in range(1, MIP_LEVELS):
            stage.lit[level][_coarser(area, level)] = _halved(stage.lit[level - 1][_coarser(area, level - 1)])
    return kept


def _surroundings(stage: Stage, body: Body) -> tuple[slice, slice] | None:
    grid = 2 ** (MIP_LEVELS - 1)
    reach = (body.length + 3 * body.tall + 2) / stage.world.cell
    column, row = body.x / stage.world.cell, body.y / stage.world.cell
    if not (reach + grid < min(column, row) and max(column, row) < stage.world.size - reach - grid):
        return None
    edges = [int(value // grid) * grid for value in (row - reach, row + reach, column - reach, column + reach)]
    return slice(edges[0], edges[1] + grid), slice(edges[2], edges[3] + grid)


def _coarser(area: tuple[slice, slice], level: int) -> tuple[slice, slice]:
    rows, columns = area
    return slice(rows.start >> level, rows.stop >> level), slice(columns.start >> level, columns.stop >> level)


def _stamp(stage: Stage, body: Body, area: tuple[slice, slice]) -> None:
    cell = stage.world.cell
    y, x = np.mgrid[area].astype(np.float32) * np.float32(cell)
    x, y = x - np.float32(body.x), y - np.float32(body.y)
    az, reach = radians(stage.light.azimuth), body.tall / tan(radians(max(stage.light.elevation, 12)))
    picture = stage.lit[0][area].astype(np.float32)
    for part in (0.25, 0.6, 0.9):
        cover = _inside(body, x + sin(az) * reach * part, y - cos(az) * reach * part, cell)
        picture -= picture * (cover * np.float32(0.3))[..., None]
    cover = _inside(body, x, y, cell) * (stage.world.crown[area] <= 0)
    along = (x * cos(body.angle) + y * sin(body.angle)) / body.length
    cab = smoothstep(body.cab[0] - 0.08, body.cab[0], along) * smoothstep(body.cab[1] + 0.1, body.cab[1], along)
    paint = display(np.asarray(body.paint, np.float32).reshape(1, 1, 3) * 1.1).astype(np.float32)
    glass = np.float32(1) - 0.62 * (4 * cab * (1 - cab))
    picture += (paint * glass[..., None] - picture) * cover[..., None]
    stage.lit[0][area] = np.clip(picture, 0, 255).astype(np.uint8)
    rise = stage.world.ground[area] + body.tall * (0.58 + 0.42 * cab)
    stage.world.height[area] = np.where(
        cover > 0.5, np.maximum(rise, stage.world.height[area]), stage.world.height[area]
    )


def _inside(body: Body, x: F32, y: F32, cell: float) -> F32:
    along, across = x * cos(body.angle) + y * sin(body.angle), -x * sin(body.angle) + y * cos(body.angle)
    edge = np.minimum(body.length / 2 - np.abs(along), body.width / 2 - np.abs(across))
    return np.clip(edge / np.float32(cell) + 0.5, 0, 1).astype(np.float32)


def put_back(kept: list[Kept]) -> None:
    """Undo `place_bodies`, last stamp first (stamps may overlap)."""
    for surface, area, before in reversed(kept):
        surface[area] = before
