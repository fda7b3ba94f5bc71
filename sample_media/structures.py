"""What stands on the land: fields and their rows, roads, rivers, trees, hedges, houses."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, cos, pi, sin

import cv2
import numpy as np
import numpy.typing as npt
from terrain import (
    F32,
    Colour,
    World,
    blend,
    curve,
    distance_to,
    fractal_noise,
    linear,
    parcel_mask,
    smoothstep,
)
from terrain import long_axis as parcel_axis

STAMP_VARIANTS = 10
STAMP_PIXELS = 96
CHIMNEY_HOUSE = (8.0, 20.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """A field's look: base colour, row colour, row spacing in metres, how patchy, how tall, how rough."""

    base: Colour
    rows: Colour
    spacing: float
    contrast: float
    patchy: float
    tall: float = 0.0
    tramlines: bool = False
    rough: float = 0.28


CROPS = (
    Crop(
        base=linear(104, 122, 62),
        rows=linear(88, 106, 52),
        spacing=0.9,
        contrast=0.5,
        patchy=0.35,
        tall=0.4,
        tramlines=True,
    ),
    Crop(base=linear(118, 128, 70), rows=linear(102, 113, 64), spacing=2.4, contrast=0.3, patchy=0.5),
    Crop(base=linear(134, 113, 86), rows=linear(112, 93, 70), spacing=1.2, contrast=0.8, patchy=0.4),
    Crop(
        base=linear(176, 160, 82),
        rows=linear(158, 148, 76),
        spacing=1.0,
        contrast=0.4,
        patchy=0.3,
        tall=0.6,
        tramlines=True,
    ),
    Crop(base=linear(158, 142, 104), rows=linear(136, 122, 88), spacing=1.6, contrast=0.7, patchy=0.45, tramlines=True),
    Crop(base=linear(96, 112, 58), rows=linear(84, 98, 52), spacing=4.0, contrast=0.15, patchy=0.7),
)


def paint_field(world: World, polygon: npt.NDArray[np.float64], crop: Crop, patches: F32, grain: F32) -> None:
    """Fill a parcel with a crop: rows along its long side, tramlines, patches of poor growth."""
    rows, columns, inside = parcel_mask(world, polygon)
    if not inside.any():
        return
    axis = parcel_axis(polygon)
    y, x = np.mgrid[rows, columns].astype(np.float32) * np.float32(world.cell)
    wander = patches[rows, columns] * 0.6
    across = x * -axis[1] + y * axis[0] + wander
    wave = 0.5 + 0.5 * np.sin(2 * pi * across / crop.spacing + grain[rows, columns] * 1.5)
    weight = (wave * crop.contrast)[..., None]
    paint = np.asarray(crop.base, np.float32) * (1 - weight) + np.asarray(crop.rows, np.float32) * weight
    paint *= (1 + crop.patchy * patches[rows, columns] * 0.55 + crop.rough * grain[rows, columns])[..., None]
    if crop.tramlines:
        gap = np.abs((across % 18.0) - 9.0)
        rut = smoothstep(0.35, 0.1, np.abs(gap - 0.9))
        paint += (np.asarray(linear(132, 116, 86), np.float32) - paint) * (rut * 0.7)[..., None]
    world.colour[rows, columns][inside] = np.clip(paint[inside], 0.004, 1)
    world.height[rows, columns][inside] += crop.tall * (0.7 + 0.3 * grain[rows, columns])[inside]


def paint_road(
    world: World, points: list[tuple[float, float]], width: float, *, marked: bool
) -> npt.NDArray[np.float64]:
    """An asphalt road with worn lanes and verges; returns its centre line in metres."""
    line = curve(points)
    distance = distance_to(world, line)
    wear = world.noise(3.0, 3)
    verge = smoothstep(width / 2 + 2.2, width / 2 + 0.4, distance + world.noise(2.0, 2) * 0.5) * (1 - world.paved)
    blend(world, linear(112, 116, 70), verge)
    _level(world, verge)
    asphalt = np.asarray(linear(112, 111, 110), np.float32) * (1 + 0.14 * wear + 0.1 * world.noise(0.5, 1))[..., None]
    lanes = smoothstep(0.7, 0.2, np.abs(distance - width / 4))
    asphalt *= (1 - 0.14 * lanes)[..., None]
    surface = smoothstep(width / 2 + 0.2, width / 2 - 0.1, distance)
    blend(world, asphalt, surface)
    np.maximum(world.paved, smoothstep(width / 2 + 1.5, width / 2 + 0.7, distance), out=world.paved)
    if marked:
        _mark(world, line, width, distance)
    return line


def _level(world: World, weight: F32) -> None:
    world.height += (world.ground - world.height) * weight


def _mark(world: World, line: npt.NDArray[np.float64], width: float, distance: F32) -> None:
    edge = smoothstep(0.16, 0.06, np.abs(distance - (width / 2 - 0.35)))
    blend(world, linear(205, 203, 196), edge * 0.6)
    canvas = np.zeros((world.size, world.size), np.uint8)
    for start in range(0, len(line) - 4, 9):
        pixels = np.round(line[start : start + 4] / world.cell * 16).astype(np.int32)
        cv2.polylines(canvas, [pixels.reshape(-1, 1, 2)], False, 255, 1, cv2.LINE_AA, 4)
    blend(world, linear(214, 212, 205), canvas.astype(np.float32) * np.float32(0.85 / 255))


def paint_track(world: World, points: list[tuple[float, float]], soil: Colour) -> npt.NDArray[np.float64]:
    """A farm track: two bare ruts with grass between; returns its centre line in metres."""
    line = curve(points)
    distance = distance_to(world, line) + world.noise(4.0, 3) * 0.25
    weight = smoothstep(2.4, 1.7, distance)
    blend(world, linear(116, 118, 74), weight * 0.9)
    _level(world, weight)
    np.maximum(world.paved, weight, out=world.paved)
    blend(
        world,
        np.asarray(soil, np.float32) * (1 + 0.2 * world.noise(1.0, 2))[..., None],
        smoothstep(0.75, 0.3, np.abs(distance - 0.9)),
    )
    return line


def cut_river(world: World, points: list[tuple[float, float]], width: float) -> F32:
    """A river with banks; lowers the ground, marks the water; returns metres from its middle."""
    distance = distance_to(world, curve(points)) + world.noise(30.0, 4) * 2.2
    bank = smoothstep(width / 2 + 9, width / 2 - 1, distance)
    world.ground -= bank * 1.8
    world.height -= bank * 1.8
    blend(world, linear(98, 108, 58), smoothstep(width / 2 + 8, width / 2 + 3, distance) * 0.85)
    blend(world, linear(142, 130, 100), smoothstep(width / 2 + 2.2, width / 2 + 0.2, distance + world.noise(3.0, 3)))
    wet = distance < width / 2
    world.water[wet] = (width / 2 - distance)[wet]
    bed = np.asarray(linear(74, 84, 66), np.float32) * (1 - 0.55 * smoothstep(0, width / 3, world.water))[..., None]
    blend(world, bed, wet.astype(np.float32))
    world.height[wet] = world.ground[wet] = world.ground[wet] - 0.3
    return distance


@dataclass(slots=True)
class Grove:
    """Ready-made tree crowns: profile 0 to 1 and shade, stamped at any size."""

    profiles: list[F32]
    shades: list[F32]

    @classmethod
    def grown(cls, rng: np.random.Generator, *, conical: bool = False) -> Grove:
        """Make the crowns; conical ones are conifers."""
        axis = np.linspace(-1, 1, STAMP_PIXELS, dtype=np.float32)
        radius = np.hypot(axis[None, :], axis[:, None])
        profiles, shades = [], []
        for _ in range(STAMP_VARIANTS):
            lump = fractal_noise(rng, STAMP_PIXELS, 34, 3, 0.7)
            edge = radius * (1 + 0.32 * lump)
            round_top = 1 - edge if conical else np.sqrt(np.clip(1 - edge**2, 0, 1)) ** 1.3
            leaf = fractal_noise(rng, STAMP_PIXELS, 14, 3, 0.7)
            profile = np.clip(round_top * (1 + 0.2 * leaf), 0, 1.2)
            profile[edge >= 0.98] = 0
            profiles.append(profile.astype(np.float32))
            shades.append((0.62 + 0.4 * profile + 0.32 * leaf).astype(np.float32))
        return cls(profiles, shades)


def plant(world: World, grove: Grove, x: float, y: float, radius: float, tall: float, colour: Colour) -> None:
    """One tree or bush at (x, y) metres."""
    pixels = max(3, round(2 * radius / world.cell))
    left, top = round(x / world.cell - pixels / 2), round(y / world.cell - pixels / 2)
    if left < 0 or top < 0 or left + pixels > world.size or top + pixels > world.size:
        return
    pick = int(world.rng.integers(STAMP_VARIANTS))
    turn = int(world.rng.integers(4))
    profile = np.rot90(cv2.resize(grove.profiles[pick], (pixels, pixels), interpolation=cv2.INTER_AREA), turn)
    shade = np.rot90(cv2.resize(grove.shades[pick], (pixels, pixels), interpolation=cv2.INTER_AREA), turn)
    area = (slice(top, top + pixels), slice(left, left + pixels))
    if world.paved[area].max() > 0.5 and world.paved[top + pixels // 2, left + pixels // 2] > 0.1:
        return
    crown = world.ground[area] + tall * (0.22 + 0.78 * profile)
    covers = (profile > 0.03) & (crown > world.height[area]) & (world.water[area] <= 0)
    world.crown[area][covers] = tall
    world.height[area][covers] = crown[covers]
    tint = (
        np.asarray(colour, np.float32)
        * np.float32(1 + 0.14 * world.rng.standard_normal())
        * (1 + 0.04 * world.rng.standard_normal(3)).astype(np.float32)
    )
    world.colour[area][covers] = np.clip((tint * shade[..., None])[covers], 0.004, 1)
    world.wall_azimuth[area][covers] = np.nan
    world.wall_along[area][covers] = 0


def plant_hedge(
    world: World, grove: Grove, start: npt.NDArray[np.float64], end: npt.NDArray[np.float64], colour: Colour
) -> None:
    """Bushes in a row, here and there a tree, here and there a gap."""
    length = float(np.hypot(*(end - start)))
    for step in np.arange(0, length, 1.1):
        if world.rng.random() < 0.07:
            continue
        x, y = start + (end - start) * step / length + world.rng.normal(0, 0.3, 2)
        radius = float(world.rng.uniform(0.9, 1.6))
        plant(world, grove, float(x), float(y), radius, float(world.rng.uniform(1.4, 2.4)), colour)
        if world.rng.random() < 0.05:
            plant(world, grove, float(x), float(y), radius * 2.4, float(world.rng.uniform(6, 10)), colour)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A gabled building: place and size in metres, ridge direction in radians, colours in linear BGR."""

    x: float
    y: float
    length: float
    width: float
    angle: float
    eave: float
    ridge: float
    roof: Colour
    wall: Colour
    hipped: bool = False


def build(world: World, house: House) -> None:
    """Put a house on the map: roof planes with tile courses, walls, chimney, a worn yard around."""
    reach = int((house.length + house.width) / world.cell)
    column, row = round(house.x / world.cell), round(house.y / world.cell)
    if not (reach < column < world.size - reach and reach < row < world.size - reach):
        return
    area = (slice(row - reach, row + reach), slice(column - reach, column + reach))
    y, x = np.mgrid[-reach:reach, -reach:reach].astype(np.float32) * np.float32(world.cell)
    along = x * cos(house.angle) + y * sin(house.angle)
    across = -x * sin(house.angle) + y * cos(house.angle)
    inset_along, inset_across = house.length / 2 - np.abs(along), house.width / 2 - np.abs(across)
    inset = np.minimum(inset_along, inset_across)
    base = float(world.ground[row, column])
    yard = smoothstep(-2.2, -0.3, inset) * np.float32(0.75)
    world.colour[area] += (np.asarray(linear(146, 138, 120), np.float32) - world.colour[area]) * yard[..., None]
    world.height[area] += (base - world.height[area]) * smoothstep(-1.5, -0.3, inset)
    slope = np.minimum(inset_along * 1.2, inset_across) if house.hipped else inset_across
    top = base + house.eave + (house.ridge - house.eave) * np.clip(slope / (house.width / 2), 0, 1)
    chimney = (np.abs(along - house.length * 0.22) < 0.45) & (np.abs(across - 0.6) < 0.45)
    top = top.astype(np.float32)
    chimney &= CHIMNEY_HOUSE[0] < house.length < CHIMNEY_HOUSE[1]
    top[chimney] = base + house.ridge + 0.9
    inside = inset >= 0
    world.height[area][inside] = top[inside]
    world.crown[area][inset >= -0.4] = 0
    _tile(world, area, house, along, across, inside)
    world.colour[area][chimney] = linear(120, 84, 70)
    ring = np.abs(inset - 0.08) < 0.26
    world.wall_top[area][ring] = top[ring]
    _walls(world, area, house, along, across, inset_along < inset_across, ring)


def _tile(
    world: World, area: tuple[slice, slice], house: House, along: F32, across: F32, inside: npt.NDArray[np.bool_]
) -> None:
    size = along.shape[0]
    stain = fractal_noise(world.rng, size, 3.0 / world.cell, 4, 0.6)
    courses = 0.07 * np.sin(2 * pi * across / 0.62) + 0.04 * np.sin(2 * pi * along / 0.9)
    paint = np.asarray(house.roof, np.float32) * (1 + courses + 0.24 * stain)[..., None]
    paint[np.abs(across) < 0.22] *= 0.78
    world.colour[area][inside] = np.clip(paint, 0.01, 1)[inside]


def _walls(
    world: World,
    area: tuple[slice, slice],
    house: House,
    along: F32,
    across: F32,
    gable: npt.NDArray[np.bool_],
    ring: npt.NDArray[np.bool_],
) -> None:
    out_x = np.where(gable, np.sign(along) * cos(house.angle), -np.sign(across) * sin(house.angle))
    out_y = np.where(gable, np.sign(along) * sin(house.angle), np.sign(across) * cos(house.angle))
    facing = np.arctan2(out_x, -out_y).astype(np.float32)
    world.wall_azimuth[area][ring] = facing[ring]
    world.wall_along[area][ring] = np.where(gable, across, along)[ring] + np.float32(100)
    world.colour[area][ring] = house.wall


def heading_of(line: npt.NDArray[np.float64], index: int) -> float:
    """Direction of a line at a sample, radians in map axes."""
    ahead, behind = line[min(index + 2, len(line) - 1)], line[max(index - 2, 0)]
    return atan2(float(ahead[1] - behind[1]), float(ahead[0] - behind[0]))
