"""A camera in the air: casts a ray for every pixel onto the height map and adds what a small sensor adds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias
from dataclasses import dataclass, field
from math import cos, radians, sin, tan

import cv2
import numpy as np
import numpy.typing as npt
from light import Light, bake, display
from terrain import F32, Colour, World, fractal_noise, smoothstep

Image: TypeAlias = npt.NDArray[np.uint8]

MARCH_STEPS = 72
NEAR_STEPS = 7
COARSE = 8
PEAK_CELLS = 8
REFINE_STEPS = 5
MIP_LEVELS = 4
RIPPLE_PIXELS = 512
WINDOW_SPACING = 3.1
LENS_BARREL = 0.035


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
    tallest = world.height.reshape(blocks, PEAK_CELLS, blocks, PEAK_CELLS).max((1, 3))
    tallest = np.maximum(tallest, np.where(world.paved.reshape(blocks, PEAK_CELLS, blocks, PEAK_CELLS).max((1, 3)) > 0, tallest + 2, tallest))
    spread: F32 = cv2.dilate(tallest, np.ones((5, 5), np.uint8)).astype(np.float32)
    return spread


def _halved(image: Image) -> Image:
    half: Image = cv2.resize(image, (image.shape[1] // 2, image.shape[0] // 2), interpolation=cv2.INTER_AREA).astype(np.uint8)
    return half


def rays(pose: Pose, lens: Lens, shift: tuple[float, float]) -> tuple[F32, F32, F32]:
    """Directions (x east, y south, z up) of every pixel's ray, unit depth; ``shift`` in pixels."""
    half = tan(radians(lens.field_of_view) / 2)
    u = ((np.arange(lens.width) + 0.5 + shift[0]) / lens.width * 2 - 1) * half
    v = ((np.arange(lens.height) + 0.5 + shift[1]) / lens.height * 2 - 1) * half * lens.height / lens.width
    right, down = np.meshgrid(u.astype(np.float32), v.astype(np.float32))
    bulge = 1 + np.float32(LENS_BARREL) * (right**2 + down**2)
    right, down = right * bulge, down * bulge
    roll, pitch, yaw = radians(pose.roll), radians(pose.pitch), radians(pose.yaw)
    right, down = right * cos(roll) - down * sin(roll), right * sin(roll) + down * cos(roll)
    forward = cos(pitch) + down * sin(pitch)
    z = sin(pitch) - down * cos(pitch)
    return forward * sin(yaw) + right * cos(yaw), -forward * cos(yaw) + right * sin(yaw), z


def march(stage: Stage, pose: Pose, directions: tuple[F32, F32, F32]) -> tuple[F32, F32, F32]:
    """Map column, map row and height (m) where each ray first meets the surface.

    A coarse pass over a map of local maxima finds a safe start for blocks of rays; every ray then steps down from
    there, and a bisection ends it.
    """
    flight = Flight.of(stage.world, pose, directions)
    top, bottom = float(stage.world.height.max()) + 0.1, float(stage.world.height.min()) - 0.1
    step = np.float32((top - bottom) / MARCH_STEPS)
    start = _safe_start(stage, flight, top, step)
    level = np.full(start.shape, np.float32(bottom), np.float32)
    seeking = np.ones(start.shape, bool)
    for index in range(NEAR_STEPS):
        z = start - step * np.float32(index)
        hit = (_at(stage.world.height, *flight.at(z)) >= z) & seeking
        level[hit] = z[hit]
        seeking ^= hit
    _march_rest(stage, flight, level, start - step * np.float32(NEAR_STEPS), seeking, step)
    low, high = level, level + step
    for _ in range(REFINE_STEPS):
        middle = (low + high) / 2
        inside = _at(stage.world.height, *flight.at(middle)) >= middle
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return *flight.at(low), low


@dataclass(frozen=True, slots=True)
class Flight:
    """The rays as map positions linear in height: column = column_0 + column_z * z, and so for the row."""

    column_0: F32
    column_z: F32
    row_0: F32
    row_z: F32

    @classmethod
    def of(cls, world: World, pose: Pose, directions: tuple[F32, F32, F32]) -> Flight:
        """Rays of a pose; those that would rise are bent to the far distance."""
        down = np.minimum(directions[2], np.float32(-0.02)) * np.float32(world.cell)
        column_z, row_z = directions[0] / down, directions[1] / down
        column_0 = np.float32(pose.x / world.cell) - column_z * np.float32(pose.z)
        return cls(column_0, column_z, np.float32(pose.y / world.cell) - row_z * np.float32(pose.z), row_z)

    def at(self, z: F32) -> tuple[F32, F32]:
        """Map column and row of every ray at height ``z``."""
        return self.column_0 + self.column_z * z, self.row_0 + self.row_z * z

    def pick(self, which: npt.NDArray[np.bool_]) -> Flight:
        """Some of the rays, in one row."""
        return Flight(self.column_0[which], self.column_z[which], self.row_0[which], self.row_z[which])


def _safe_start(stage: Stage, flight: Flight, top: float, step: np.float32) -> F32:
    block = (slice(COARSE // 2, None, COARSE),) * 2
    few = Flight(flight.column_0[block], flight.column_z[block], flight.row_0[block], flight.row_z[block])
    start = np.full(few.row_0.shape, np.float32(top), np.float32)
    scale = np.float32(stage.peaks.shape[0] / stage.world.size)
    seeking = np.ones(start.shape, bool)
    for index in range(MARCH_STEPS):
        z = np.full(start.shape, np.float32(top) - step * np.float32(index), np.float32)
        column, row = few.at(z)
        seeking &= _at(stage.peaks, column * scale, row * scale, cv2.INTER_NEAREST) < z
        start[seeking] = z[seeking]
    high = cv2.dilate(start, np.ones((3, 3), np.uint8))
    full: F32 = np.repeat(np.repeat(high, COARSE, 0), COARSE, 1)[: flight.row_0.shape[0], : flight.row_0.shape[1]]
    return full


def _march_rest(stage: Stage, flight: Flight, level: F32, start: F32, seeking: npt.NDArray[np.bool_], step: np.float32) -> None:
    height = stage.world.height
    rows, columns = np.nonzero(seeking)
    z = start[rows, columns]
    few = flight.pick(seeking)
    bottom = level[rows[0], columns[0]] if rows.size else np.float32(0)
    while rows.size:
        column, row = few.at(z)
        there = height[_folded(row, height.shape[0]), _folded(column, height.shape[1])]
        done = (there >= z) | (z < bottom)
        level[rows[done], columns[done]] = z[done]
        left = ~done
        rows, columns, z, few = rows[left], columns[left], z[left] - step, few.pick(left)


def _folded(place: F32, size: int) -> npt.NDArray[np.int32]:
    cell = np.abs(np.rint(place).astype(np.int32)) % (2 * size - 2)
    folded: npt.NDArray[np.int32] = np.minimum(cell, 2 * size - 2 - cell)
    return folded


def _at(surface: npt.NDArray[np.generic], column: F32, row: F32, mode: int = cv2.INTER_LINEAR) -> F32:
    found: F32 = cv2.remap(surface, column, row, mode, borderMode=cv2.BORDER_REFLECT_101)  # type: ignore[assignment, call-overload]
    return found


def shade(stage: Stage, pose: Pose, directions: tuple[F32, F32, F32], lens: Lens, seconds: float) -> F32:
    """The picture before the sensor: surface colour by distance, windows, water, haze; float32 BGR 0 to 255."""
    column, row, z = march(stage, pose, directions)
    away = np.sqrt(directions[0] ** 2 + directions[1] ** 2 + directions[2] ** 2)
    distance = away * (np.float32(pose.z) - z) / -np.minimum(directions[2], np.float32(-0.02))
    footprint = distance * np.float32(2 * tan(radians(lens.field_of_view) / 2) / lens.width / stage.world.cell)
    grazing = np.sqrt(away / -np.minimum(directions[2], np.float32(-0.02)))
    wanted = np.clip(np.log2(footprint * grazing * 0.8), 0, MIP_LEVELS - 1)
    picture = np.zeros((lens.height, lens.width, 3), np.float32)
    for level, image in enumerate(stage.lit):
        weight = np.clip(1 - np.abs(wanted - level), 0, 1)[..., None]
        if weight.any():
            scale = np.float32(0.5**level)
            picture += _at(image, (column + 0.5) * scale - 0.5, (row + 0.5) * scale - 0.5) * weight
    _leaves(stage, picture, column, row, z)
    _windows(stage, picture, column, row, z)
    _water(stage, picture, column, row, directions[2] / away, seconds)
    haze = display(np.asarray(stage.light.haze, np.float32).reshape(1, 1, 3)).astype(np.float32)
    veil = (1 - np.exp(-distance / np.float32(stage.light.haze_distance)))[..., None]
    return picture + (haze - picture) * veil


def _leaves(stage: Stage, picture: F32, column: F32, row: F32, z: F32) -> None:
    """Give the sides of crowns, which a height map smears, leaf clumps in depth and a dark underside."""
    tall = _at(stage.world.crown, column, row, cv2.INTER_NEAREST)
    leafy = tall > 0
    x, y = column[leafy] * np.float32(stage.world.cell), row[leafy] * np.float32(stage.world.cell)
    above, tall = z[leafy], tall[leafy]
    ground = _at(stage.world.ground, column, row, cv2.INTER_NEAREST)[leafy]
    clump = _clump(stage.ripples, x * 9 + above * 31, y * 9 + above * 17) + _clump(stage.ripples, x * 31 - above * 57, y * 31 + above * 43)
    low = np.clip((above - ground) / (tall * np.float32(0.75)), 0, 1)
    picture[leafy] *= ((0.38 + 0.62 * low) * np.clip(1 + 0.3 * clump, 0.5, 1.6))[:, None]


def _clump(tile: F32, column: F32, row: F32) -> F32:
    return tile[np.rint(row).astype(np.int32) % RIPPLE_PIXELS, np.rint(column).astype(np.int32) % RIPPLE_PIXELS]


def _windows(stage: Stage, picture: F32, column: F32, row: F32, z: F32) -> None:
    along = _at(stage.world.wall_along, column, row, cv2.INTER_NEAREST)
    on_wall = along > 1
    place = along[on_wall]
    above = z[on_wall] - _at(stage.world.ground, column, row, cv2.INTER_NEAREST)[on_wall]
    roof = _at(stage.world.wall_top, column, row, cv2.INTER_NEAREST)[on_wall] - z[on_wall]
    gap = np.abs((place % WINDOW_SPACING) - WINDOW_SPACING / 2)
    pane = (gap < 0.55) & (np.abs((above % 2.8) - 1.55) < 0.62) & (above > 0.6) & (roof > 0.55)
    plain = cv2.remap(stage.lit[0], column, row, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101)
    walls = plain[on_wall] * (0.82 + 0.18 * np.clip(above / 2, 0, 1))[:, None]
    shown = (np.floor(place / WINDOW_SPACING) * 7 + np.floor(above / 2.8) * 3) % 5 < 2
    walls[pane] = walls[pane] * 0.38
    if stage.glow:
        walls[pane & shown] = (96, 178, 236)
    picture[on_wall] = walls


def _water(stage: Stage, picture: F32, column: F32, row: F32, down: F32, seconds: float) -> None:
    shore = _at(stage.world.water, column, row)
    wet = smoothstep(0, 0.3, shore)
    if not wet.any():
        return
    x, y = column * np.float32(stage.world.cell), row * np.float32(stage.world.cell)
    wave = _tile_at(stage.ripples, x * 14 + seconds * 26, y * 14 + seconds * 11)
    wave += 1.2 * _tile_at(stage.ripples, x * 5 - seconds * 9, y * 5 + seconds * 13)
    mirror = 0.1 + 0.75 * np.power(1 - np.clip(-down, 0, 1), 2.2) + 0.09 * wave
    sky = display(np.asarray(stage.light.sky, np.float32).reshape(1, 1, 3) * 1.3).astype(np.float32)
    surface = picture + (sky - picture) * np.clip(mirror, 0, 0.9)[..., None]
    if stage.surf:
        surface += (np.float32(236) - surface) * _foam(stage, shore, wave, x, y, seconds)[..., None]
    picture += (surface - picture) * wet[..., None]


def _foam(stage: Stage, shore: F32, wave: F32, x: F32, y: F32, seconds: float) -> F32:
    bend = _tile_at(stage.ripples, x * 1.1, y * 1.1)
    phase = shore / 13 + seconds / 6.5 + bend * 0.55
    crest = smoothstep(0.80, 0.97, 0.5 + 0.5 * np.cos(2 * np.pi * phase)) * smoothstep(48, 22, shore)
    wash = smoothstep(5.5 + 2.0 * np.sin(seconds / 1.1), 0.5, shore + bend * 2)
    lace = smoothstep(-0.55, 0.35, wave)
    return np.clip(crest * lace + wash * (0.25 + 0.75 * lace), 0, 0.92).astype(np.float32)


def _tile_at(tile: F32, column: F32, row: F32) -> F32:
    wrapped: F32 = cv2.remap(tile, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP).astype(np.float32)
    return wrapped


def place_bodies(stage: Stage, bodies: Sequence[Body]) -> list[tuple[npt.NDArray[np.generic], tuple[slice, slice], npt.NDArray[np.generic]]]:
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
    stage.world.height[area] = np.where(cover > 0.5, np.maximum(rise, stage.world.height[area]), stage.world.height[area])


def _inside(body: Body, x: F32, y: F32, cell: float) -> F32:
    along, across = x * cos(body.angle) + y * sin(body.angle), -x * sin(body.angle) + y * cos(body.angle)
    edge = np.minimum(body.length / 2 - np.abs(along), body.width / 2 - np.abs(across))
    return np.clip(edge / np.float32(cell) + 0.5, 0, 1).astype(np.float32)


def put_back(kept: list[tuple[npt.NDArray[np.generic], tuple[slice, slice], npt.NDArray[np.generic]]]) -> None:
    """Undo `place_bodies`, last stamp first (stamps may overlap)."""
    for surface, area, before in reversed(kept):
        surface[area] = before


def expose(picture: F32, lens: Lens, rng: np.random.Generator) -> Image:
    """Sensor and processing: vignetting, noise of light and colour, sharpening, 8 bits."""
    v, u = np.mgrid[-1 : 1 : lens.height * 1j, -1 : 1 : lens.width * 1j].astype(np.float32)
    picture = picture * (1 - np.float32(lens.vignette) * ((u**2 + v**2) / 2) ** 1.5)[..., None]
    shot = rng.standard_normal((lens.height, lens.width, 1), np.float32) * np.float32(lens.noise)
    colour = rng.standard_normal((lens.height // 2, lens.width // 2, 3), np.float32) * np.float32(lens.noise * 0.8)
    coarse = cv2.resize(colour, (lens.width, lens.height), interpolation=cv2.INTER_LINEAR)
    picture = picture + (shot + coarse) * (1.25 - picture / 255)
    grey = picture.mean(2, keepdims=True)
    picture = grey + (picture - grey) * np.float32(0.86)
    picture = picture + 10 * np.sin((picture - 128) * np.float32(np.pi / 128))
    soft = cv2.GaussianBlur(picture, (0, 0), 1.1)
    return np.clip(picture + (picture - soft) * lens.sharpen, 0, 255).astype(np.uint8)
