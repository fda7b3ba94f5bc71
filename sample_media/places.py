"""The invented places: a river village with its fields, a coast, a forest clearing, a town, a winter farm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import pi
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from structures import (
    CROPS,
    Crop,
    Grove,
    House,
    build,
    cut_river,
    heading_of,
    paint_field,
    paint_road,
    paint_track,
    plant,
    plant_hedge,
)
from terrain import F32, Colour, World, blend, distance_to, linear, smoothstep, split_land

Line: TypeAlias = npt.NDArray[np.float64]

LEAF = (linear(74, 92, 44), linear(86, 100, 48), linear(64, 84, 46), linear(98, 106, 56))
NEEDLE = (linear(48, 66, 44), linear(56, 72, 46), linear(62, 76, 50))
MEADOW = linear(112, 116, 66)
CLAY = (linear(160, 92, 68), linear(148, 80, 60), linear(136, 88, 72), linear(166, 108, 82), linear(112, 78, 68))
SLATE = (linear(92, 94, 98), linear(104, 102, 100), linear(78, 80, 86))
PLASTER = (linear(214, 206, 190), linear(196, 182, 156), linear(178, 128, 104), linear(220, 216, 208))
CROFT_REACH = 85.0
SOIL = linear(168, 148, 116)


@dataclass(slots=True)
class Place:
    """A world and the lines along which things move."""

    world: World
    ways: dict[str, Line] = field(default_factory=dict)


def land(seed: int, size: int, cell: float, relief: float) -> World:
    world = World(size, cell, np.random.default_rng(seed))
    world.ground += relief * world.noise(260.0, 3)
    world.flatten_surface()
    return world


def _square(world: World, turn: float) -> Line:
    half = world.extent * 0.75
    corners = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    square: Line = corners @ spin.T + world.extent / 2
    return square


def farmland(
    world: World, area: float, turn: float, crops: Sequence[Crop], crofts: Line | None = None, border: Colour = MEADOW
) -> list[Line]:
    """Fields, their parcels; near the line ``crofts`` (metres) they are cut into small plots."""
    patches, grain = world.noise(28.0, 5), world.noise(0.9, 3, 0.8)
    parcels = split_land(world.rng, _square(world, turn), area)
    if crofts is not None:
        near = [bool(np.hypot(*(crofts - parcel.mean(0)).T).min() < CROFT_REACH) for parcel in parcels]
        parcels = [
            plot
            for parcel, small in zip(parcels, near, strict=True)
            for plot in (split_land(world.rng, parcel, 1300.0) if small else [parcel])
        ]
    for parcel in parcels:
        paint_field(world, parcel, crops[int(world.rng.integers(len(crops)))], patches, grain)
    canvas = np.zeros((world.size, world.size), np.uint8)
    for parcel in parcels:
        cv2.polylines(
            canvas,
            [np.round(parcel / world.cell).astype(np.int32)],
            True,
            255,
            max(1, round(1.6 / world.cell)),
            cv2.LINE_AA,
        )
    edge = cv2.GaussianBlur(canvas, (0, 0), 2.5).astype(np.float32) / 255
    blend(world, border, np.clip(edge * (0.8 + 0.4 * patches), 0, 1))
    return parcels


def hedges(world: World, parcels: Sequence[Line], share: float, leaf: Sequence[Colour], clear: F32) -> None:
    """Hedges on a share of the field borders, none where ``clear`` (0 to 1) is above a half."""
    grove = Grove.grown(world.rng)
    for parcel in parcels:
        for start, end in zip(parcel, np.roll(parcel, -1, 0), strict=True):
            column, row = np.clip((start + end) / 2 / world.cell, 0, world.size - 1).astype(int)
            if world.rng.random() < share and np.hypot(*(end - start)) > 15 and clear[row, column] < 0.5:
                plant_hedge(world, grove, start, end, leaf[int(world.rng.integers(len(leaf)))])


def scatter(
    world: World,
    grove: Grove,
    colours: Sequence[Colour],
    density: F32,
    count: int,
    size: tuple[float, float],
) -> None:
    for _ in range(count):
        x, y = world.rng.uniform(8, world.extent - 8, 2)
        if world.rng.random() > density[int(y / world.cell), int(x / world.cell)]:
            continue
        radius = float(world.rng.uniform(*size))
        plant(
            world,
            grove,
            float(x),
            float(y),
            radius,
            radius * float(world.rng.uniform(1.8, 2.6)),
            colours[int(world.rng.integers(len(colours)))],
        )


def _free(world: World, taken: list[tuple[float, float, float]], x: float, y: float, reach: float) -> bool:
    row, column = int(y / world.cell), int(x / world.cell)
    if not (0 < row < world.size and 0 < column < world.size) or world.water[row, column] > 0:
        return False
    return all((x - a) ** 2 + (y - b) ** 2 > (reach + c) ** 2 for a, b, c in taken)


def street(
    world: World,
    line: Line,
    taken: list[tuple[float, float, float]],
    gap: float,
    set_back: float,
    roofs: Sequence[Colour],
) -> list[House]:
    houses = []
    for index in range(4, len(line) - 4, 2):
        angle = heading_of(line, index)
        for side in (-1, 1):
            offset = set_back + float(world.rng.uniform(0, 5))
            x, y = line[index] + side * offset * np.array([-np.sin(angle), np.cos(angle)])
            length, width = float(world.rng.uniform(9, 15)), float(world.rng.uniform(7, 9))
            reach = length / 2 + gap / 2
            if not _free(world, taken, float(x), float(y), reach) or world.rng.random() < 0.25:
                continue
            taken.append((float(x), float(y), reach))
            turn = angle + float(world.rng.normal(0, 0.06)) + (pi / 2 if world.rng.random() < 0.3 else 0)
            eave = float(world.rng.uniform(3.0, 5.4))
            houses.append(
                House(
                    x=float(x),
                    y=float(y),
                    length=length,
                    width=width,
                    angle=turn,
                    eave=eave,
                    ridge=eave + width * 0.42,
                    roof=roofs[int(world.rng.integers(len(roofs)))],
                    wall=PLASTER[int(world.rng.integers(len(PLASTER)))],
                    hipped=bool(world.rng.random() < 0.25),
                )
            )
    return houses


def _garden(world: World, grove: Grove, house: House) -> None:
    """A lawn, a shed, some trees and bushes round a house."""
    rows = np.arange(world.size, dtype=np.float32) * np.float32(world.cell)
    reach = house.length + 7
    area = (
        slice(max(0, int((house.y - reach) / world.cell)), int((house.y + reach) / world.cell)),
        slice(max(0, int((house.x - reach) / world.cell)), int((house.x + reach) / world.cell)),
    )
    far = np.hypot(rows[area[1]][None, :] - np.float32(house.x), rows[area[0]][:, None] - np.float32(house.y))
    lawn = smoothstep(reach, reach - 5, far) * np.float32(0.55) * (1 - world.paved[area])
    world.colour[area] += (np.asarray(linear(98, 114, 58), np.float32) - world.colour[area]) * lawn[..., None]
    for _ in range(int(world.rng.integers(5, 12))):
        angle, away = world.rng.uniform(0, 2 * pi), world.rng.uniform(house.length * 0.62, reach)
        radius = float(world.rng.choice([0.8, 1.1, 1.6, 2.4, 3.2]))
        x, y = house.x + away * np.cos(angle), house.y + away * np.sin(angle)
        plant(world, grove, float(x), float(y), radius, radius * 1.9, LEAF[int(world.rng.integers(len(LEAF)))])


def settle(world: World, houses: Sequence[House]) -> None:
    grove = Grove.grown(world.rng)
    for house in houses:
        _garden(world, grove, house)
    for house in houses:
        build(world, house)
        angle, away = house.angle + pi / 2, house.width / 2 + float(world.rng.uniform(4, 8))
        x, y = house.x + away * float(np.cos(angle)), house.y + away * float(np.sin(angle))
        reach = int(4 / world.cell)
        row, column = int(y / world.cell), int(x / world.cell)
        paved = world.paved[row - reach : row + reach, column - reach : column + reach].max(initial=0)
        if world.rng.random() < 0.6 and paved < 0.1:
            size = float(world.rng.uniform(3, 7)), float(world.rng.uniform(2.6, 4))
            roof = SLATE[int(world.rng.integers(len(SLATE)))]
            build(
                world,
                House(
                    x=x,
                    y=y,
                    length=size[0],
                    width=size[1],
                    angle=house.angle,
                    eave=2.2,
                    ridge=3.0,
                    roof=roof,
                    wall=linear(130, 112, 92),
                ),
            )


def roughen(world: World, strength: float = 1.0) -> None:
    """Break up flat colours at the scales of clods, tufts and damp."""
    rough = 0.13 * world.noise(0.5, 2, 0.8) + 0.09 * world.noise(2.2, 3) + 0.07 * world.noise(17.0, 3)
    world.colour *= np.clip(1 + strength * rough, 0.5, 1.5)[..., None]


def village() -> Place:
    """Fields, a river with a bridge, a village along a road, a church, a farm."""
    world = land(4201, 4096, 0.15, 2.0)
    heart = np.array([[190.0, 355.0], [250, 360], [305, 372], [318, 310], [395, 350], [280, 420], [450, 350]])
    parcels = farmland(world, 7200.0, 0.32, CROPS, heart)
    middle = cut_river(
        world, [(-20, 208), (90, 236), (190, 222), (285, 252), (380, 244), (470, 268), (560, 238), (640, 262)], 17.0
    )
    yard = smoothstep(60, 30, distance_to(world, heart[:3]) + world.noise(30.0, 2) * 8) * smoothstep(12, 22, middle)
    blend(world, np.asarray(linear(104, 112, 68), np.float32) * (1 + 0.25 * world.noise(5.0, 4))[..., None], yard * 0.5)
    world.height += (world.ground - world.height) * yard
    road = paint_road(
        world,
        [(170, 640), (214, 540), (262, 455), (306, 372), (322, 300), (326, 246), (352, 150), (372, -20)],
        6.4,
        marked=True,
    )
    lane = paint_road(world, [(300, 384), (240, 366), (176, 350), (110, 372), (20, 362)], 4.2, marked=False)
    east = paint_road(world, [(310, 362), (372, 352), (430, 366), (498, 340), (640, 352)], 4.4, marked=False)
    track = paint_track(world, [(232, 508), (318, 486), (400, 498), (476, 452), (560, 470), (640, 450)], SOIL)
    paint_track(world, [(176, 350), (160, 420), (126, 490), (60, 520), (-10, 560)], SOIL)
    _bridge(world, road, middle)
    hedges(world, parcels, 0.5, LEAF, np.maximum(yard, smoothstep(12, 9, middle)))
    _village_houses(world, (road, lane, east))
    _village_trees(world, (road, lane, east, track), middle, yard)
    roughen(world)
    return Place(world, {"road": road, "lane": lane, "east": east, "track": track})


def _village_houses(world: World, streets: Sequence[Line]) -> None:
    taken = [(float(p[0]), float(p[1]), 3.0) for line in streets for p in line[::3]]
    church = House(x=338, y=334, length=22, width=9.5, angle=0.25, eave=7, ridge=12, roof=SLATE[2], wall=PLASTER[3])
    tower = House(
        x=326.4, y=331, length=6, width=6, angle=0.25, eave=15, ridge=21, roof=SLATE[0], wall=PLASTER[3], hipped=True
    )
    barns = [
        House(
            x=212, y=460, length=34, width=13, angle=1.12, eave=5, ridge=8.4, roof=SLATE[1], wall=linear(150, 148, 140)
        ),
        House(
            x=196, y=480, length=26, width=11, angle=1.12, eave=4.4, ridge=7.2, roof=CLAY[4], wall=linear(172, 128, 106)
        ),
        House(x=232, y=484, length=16, width=9, angle=2.69, eave=4, ridge=7.6, roof=CLAY[0], wall=PLASTER[1]),
    ]
    taken += [(h.x, h.y, h.length / 2 + 3) for h in [church, *barns]]
    houses = [
        h
        for line, gap, back in zip(streets, (7.0, 6.0, 7.0), (12.0, 11.0, 12.0), strict=True)
        for h in street(world, line, taken, gap, back, CLAY + SLATE[:1])
    ]
    kept = [h for h in houses if 278 < h.y < 446 and 150 < h.x < 450]
    settle(world, [*kept, church, *barns])
    build(world, tower)


def _village_trees(world: World, ways: Sequence[Line], middle: F32, yard: F32) -> None:
    grove = Grove.grown(world.rng)
    banks = (smoothstep(24, 13, middle) * smoothstep(8.5, 11, middle)).astype(np.float32)
    for line in ways:
        banks *= smoothstep(4, 9, distance_to(world, line))
    scatter(world, grove, LEAF, banks, 5200, (1.4, 4.2))
    wood = (
        smoothstep(0.35, 0.6, world.noise(120.0, 2))
        * smoothstep(60, 90, distance_to(world, ways[0]))
        * smoothstep(20, 40, middle)
        * (1 - yard)
    )
    scatter(world, grove, LEAF, wood.astype(np.float32), 5200, (2.0, 4.4))


def _bridge(world: World, road: Line, middle: F32) -> None:
    deck = smoothstep(4.6, 4.3, distance_to(world, road)) * (middle < 19)
    level = 1.2 + float(np.median(world.ground[(middle > 20) & (middle < 24)]))
    rail = (deck > 0.5) & (distance_to(world, road) > 3.8)
    surface = np.asarray(linear(122, 120, 116), np.float32) * (1 + 0.1 * world.noise(1.0, 2))[..., None]
    blend(world, surface.astype(np.float32), deck)
    world.colour[rail] = linear(176, 170, 160)
    world.water[deck > 0.5] = 0
    world.paved[deck > 0.5] = 1
    raised = deck > 0.5
    world.height[raised] = world.ground[raised] = level
    world.height[rail] += 0.9
