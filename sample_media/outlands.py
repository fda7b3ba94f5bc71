"""The other invented places: a coast, a forest clearing, a town at dusk, a farm in winter."""

from __future__ import annotations

from math import pi

import cv2
import numpy as np
from places import (
    CLAY,
    LEAF,
    NEEDLE,
    PLASTER,
    SLATE,
    SOIL,
    Line,
    Place,
    farmland,
    hedges,
    land,
    roughen,
    scatter,
    settle,
    street,
)
from structures import CROPS, Crop, Grove, House, build, cut_river, paint_road, paint_track, plant
from terrain import F32, World, blend, distance_to, linear, smoothstep, split_land

SNOW = (
    Crop(base=linear(214, 218, 224), rows=linear(196, 198, 200), spacing=1.4, contrast=0.5, patchy=0.1, rough=0.05),
    Crop(base=linear(222, 225, 230), rows=linear(218, 221, 226), spacing=3.0, contrast=0.2, patchy=0.08, rough=0.04),
    Crop(base=linear(206, 207, 208), rows=linear(150, 136, 120), spacing=1.1, contrast=0.45, patchy=0.2, rough=0.12),
    Crop(
        base=linear(212, 214, 214),
        rows=linear(176, 170, 148),
        spacing=0.9,
        contrast=0.5,
        patchy=0.15,
        tramlines=True,
        rough=0.08,
    ),
)
TWIGS = (linear(118, 104, 94), linear(104, 92, 84), linear(126, 116, 106))
LAMP_SPACING = 26
SIZE, CELL = 2560, 0.2


def coast() -> Place:
    """Sea to the east, a beach, dunes with a track, fields and a few houses behind."""
    world = land(5103, SIZE, CELL, 1.2)
    parcels = farmland(world, 5200.0, -0.25, CROPS[1:])
    shore = [(300.0, -20.0), (262, 70), (282, 150), (252, 240), (274, 320), (330, 400), (316, 540)]
    sea = _shore(world, shore)
    dunes = smoothstep(-64, -46, sea) * smoothstep(-12, -24, sea)
    tufts = np.clip(0.55 + 0.6 * world.noise(6.0, 4), 0, 1)
    blend(world, linear(196, 180, 146), smoothstep(-62, -48, sea) * smoothstep(4, 1, sea))
    blend(world, linear(128, 132, 88), (dunes * tufts).astype(np.float32))
    lift = dunes * (1.6 + 1.6 * world.noise(14.0, 3))
    world.ground += lift
    world.height += lift
    path = [(x - 74 + 5 * (i % 2), y) for i, (x, y) in enumerate(shore)]
    track = paint_track(world, path, SOIL)
    road = paint_road(world, [(60, -20), (96, 120), (84, 260), (130, 400), (120, 540)], 5.6, marked=True)
    hedges(world, parcels, 0.35, LEAF, smoothstep(-75, -66, sea))
    taken = [(float(p[0]), float(p[1]), 3.0) for line in (road, track) for p in line[::3]]
    settle(world, [h for h in street(world, track, taken, 26.0, 15.0, CLAY) if 140 < h.y < 400 and h.x < 250 - 30])
    grove = Grove.grown(world.rng)
    scatter(world, grove, LEAF, (dunes * 0.25).astype(np.float32), 2600, (0.6, 1.5))
    roughen(world)
    ways = {
        "track": track,
        "road": road,
        "sea": np.array([[338.0, 500.0], [330.0, 100.0]]),
        "beach": np.array(shore) - (9.0, 0.0),
    }
    for name in ("sea", "beach"):
        np.maximum(world.paved, smoothstep(9, 6, distance_to(world, ways[name])), out=world.paved)
    return Place(world, ways)


def _shore(world: World, line: list[tuple[float, float]]) -> F32:
    """Make the sea east of a line; returns signed metres from the shore, positive in the water."""
    canvas = np.zeros((world.size, world.size), np.uint8)
    outline = (
        np.array([*line, (world.extent * 1.5, world.extent * 1.1), (world.extent * 1.5, -world.extent)]) / world.cell
    )
    cv2.fillPoly(canvas, [outline.astype(np.int32)], 1)
    out = cv2.distanceTransform(canvas, cv2.DIST_L2, 5) - cv2.distanceTransform(1 - canvas, cv2.DIST_L2, 5)
    sea = (cv2.GaussianBlur(out, (0, 0), 40) * np.float32(world.cell) + 2.4 * world.noise(38.0, 3)).astype(np.float32)
    wet = sea > 0
    world.ground *= smoothstep(-20, -70, sea)
    world.ground += 3.2 * smoothstep(0, -60, sea)
    world.height[:] = np.where(sea > -70, world.ground, world.height + 3.2)
    world.water[wet] = sea[wet]
    deep = smoothstep(0, 60, sea)[..., None]
    bed = np.asarray(linear(150, 150, 118), np.float32) * (1 - deep) + np.asarray(linear(44, 84, 92), np.float32) * deep
    bed *= (1 + 0.2 * world.noise(24.0, 4) * (1 - 0.6 * deep[..., 0]))[..., None]
    blend(world, bed.astype(np.float32), wet.astype(np.float32))
    blend(world, linear(158, 140, 110), smoothstep(-9, -1, sea) * (~wet))
    return sea


def forest() -> Place:
    """Mixed woodland, a clearing with log piles, a sandy track through it."""
    world = land(6209, SIZE, CELL, 3.0)
    floor = np.asarray(linear(92, 88, 60), np.float32) * (1 + 0.35 * world.noise(7.0, 5))[..., None]
    world.colour[:] = np.clip(floor, 0.01, 1)
    centre = np.array([[236.0, 250.0], [276.0, 232.0]])
    glade = smoothstep(46, 30, distance_to(world, centre) + world.noise(36.0, 3) * 14)
    grass = np.asarray(linear(124, 126, 76), np.float32) * (1 + 0.3 * world.noise(5.0, 4))[..., None]
    blend(world, grass, glade)
    track = paint_track(
        world,
        [(206, 540), (226, 420), (212, 330), (246, 250), (318, 190), (336, 90), (380, -20)],
        linear(176, 154, 118),
    )
    spur = paint_track(world, [(246, 250), (180, 214), (90, 222), (-10, 190)], linear(162, 142, 108))
    open_to_sky = (
        (1 - glade) * smoothstep(3.6, 6.5, distance_to(world, track)) * smoothstep(3.2, 5.5, distance_to(world, spur))
    )
    stand = smoothstep(-0.4, 0.3, world.noise(90.0, 2))
    conifers, broad = Grove.grown(world.rng, conical=True), Grove.grown(world.rng)
    scatter(world, broad, LEAF, (open_to_sky * (1 - stand) * 0.9).astype(np.float32), 12000, (2.2, 4.6))
    scatter(world, conifers, NEEDLE, (open_to_sky * stand).astype(np.float32), 15000, (1.8, 3.0))
    scatter(world, broad, LEAF, (glade * 0.2).astype(np.float32), 1600, (0.5, 1.2))
    for index in range(7):
        x, y = 252 + 7.5 * (index % 4) + index, 262 - 9 * (index // 4)
        build(
            world,
            House(
                x=x,
                y=y,
                length=5.2,
                width=3.0,
                angle=0.5,
                eave=1.2,
                ridge=2.0,
                roof=linear(172, 132, 92),
                wall=linear(196, 160, 116),
            ),
        )
    roughen(world)
    return Place(world, {"track": track, "spur": spur})


def town() -> Place:
    """Street blocks with courts, rows of houses, lamps; lit for dusk by the scene."""
    world = land(7307, SIZE, CELL, 0.6)
    half = world.extent * 0.72
    square = np.array([[-half, -half], [half, -half], [half, half], [-half, half]]) @ np.array(
        [[0.94, 0.34], [-0.34, 0.94]]
    )
    blocks = split_land(world.rng, square + world.extent / 2, 5200.0)
    court = np.asarray(linear(106, 108, 84), np.float32) * (1 + 0.3 * world.noise(6.0, 4))[..., None]
    world.colour[:] = court
    edges = np.full((world.size, world.size), 255, np.uint8)
    for block in blocks:
        cv2.polylines(edges, [np.round(block / world.cell).astype(np.int32)], True, 0, 1)
    distance = cv2.distanceTransform(edges, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) * np.float32(world.cell)
    blend(world, linear(136, 132, 126), smoothstep(7.6, 7.2, distance))
    asphalt = np.asarray(linear(84, 84, 86), np.float32) * (1 + 0.14 * world.noise(2.0, 3))[..., None]
    blend(world, asphalt, smoothstep(4.9, 4.6, distance))
    world.paved[:] = smoothstep(7.4, 7.0, distance)
    ways: dict[str, Line] = {}
    for number, block in enumerate(blocks):
        _block(world, block)
        ways[f"street{number}"] = block
    grove = Grove.grown(world.rng)
    scatter(world, grove, LEAF, (smoothstep(18, 24, distance) * 0.7).astype(np.float32), 2600, (1.4, 3.4))
    roughen(world)
    return Place(world, ways)


def _block(world: World, block: Line) -> None:
    """Buildings along each side of a street block, street lamps on the pavement."""
    for start, end in zip(block, np.roll(block, -1, 0), strict=True):
        run, length = end - start, float(np.hypot(*(end - start)))
        if length < 40:
            continue
        angle = float(np.arctan2(run[1], run[0]))
        inward = np.array([-run[1], run[0]]) / length
        inward *= np.sign((block.mean(0) - start) @ inward)
        place = 15.0
        while place < length - 22:
            front = float(world.rng.uniform(12, 21))
            x, y = start + run * ((place + front / 2) / length) + inward * 14.0
            eave = float(world.rng.choice([6.2, 9.0, 9.0, 11.8]))
            roof = (CLAY + SLATE)[int(world.rng.integers(len(CLAY + SLATE)))]
            wall = PLASTER[int(world.rng.integers(len(PLASTER)))]
            ridge = eave + float(world.rng.choice([0.5, 3.4, 4.2]))
            if world.rng.random() < 0.9:
                build(
                    world,
                    House(
                        x=float(x),
                        y=float(y),
                        length=front - 0.6,
                        width=11.0,
                        angle=angle,
                        eave=eave,
                        ridge=ridge,
                        roof=roof,
                        wall=wall,
                    ),
                )
            place += front + float(world.rng.choice([0.0, 0.0, 5.0]))
        for step in np.arange(8, length - 8, LAMP_SPACING):
            _lamp(world, start + run * (step / length) + inward * 5.6)


def _lamp(world: World, where: Line) -> None:
    reach = int(14 / world.cell)
    column, row = np.round(where / world.cell).astype(int)
    if not (reach < column < world.size - reach and reach < row < world.size - reach):
        return
    area = (slice(row - reach, row + reach), slice(column - reach, column + reach))
    y, x = np.mgrid[-reach:reach, -reach:reach].astype(np.float32) * np.float32(world.cell)
    far = x**2 + y**2
    world.lamp[area] += 0.75 * np.exp(-far / 34) + 2.2 * np.exp(-far / 0.12)


def winter() -> Place:
    """Snow fields, a dark stream with bare trees, a farm at the end of a driven track."""
    world = land(8419, SIZE, CELL, 2.4)
    parcels = farmland(world, 6800.0, 0.9, SNOW, border=linear(188, 186, 178))
    middle = cut_river(world, [(-20, 120), (110, 150), (200, 132), (300, 176), (420, 160), (530, 196)], 7.0)
    blend(world, linear(206, 209, 214), smoothstep(3.6, 4.6, middle) * smoothstep(14, 8, middle))
    track = paint_track(
        world, [(150, 540), (190, 420), (236, 330), (262, 262), (360, 236), (540, 250)], linear(138, 126, 114)
    )
    blend(
        world,
        linear(208, 211, 216),
        smoothstep(1.5, 2.6, distance_to(world, track)) * smoothstep(4.5, 3, distance_to(world, track)),
    )
    hedges(world, parcels, 0.45, TWIGS, smoothstep(9, 7, middle))
    white = linear(216, 219, 225)
    farm = [
        House(x=290, y=268, length=24, width=11, angle=0.35, eave=4.6, ridge=8.4, roof=white, wall=PLASTER[2]),
        House(x=270, y=292, length=32, width=13, angle=1.92, eave=5.2, ridge=9, roof=white, wall=linear(130, 96, 80)),
        House(
            x=312,
            y=292,
            length=18,
            width=9,
            angle=1.92,
            eave=3.8,
            ridge=6.8,
            roof=linear(176, 174, 176),
            wall=PLASTER[1],
        ),
    ]
    for house in farm:
        build(world, house)
    _winter_trees(world, middle, track)
    roughen(world, 0.3)
    return Place(world, {"track": track})


def _winter_trees(world: World, middle: F32, track: Line) -> None:
    grove = Grove.grown(world.rng)
    banks = smoothstep(13, 8, middle) * smoothstep(4.6, 5.5, middle)
    scatter(world, grove, TWIGS, banks.astype(np.float32), 2400, (1.2, 3.0))
    wood = (
        smoothstep(0.3, 0.55, world.noise(110.0, 2))
        * smoothstep(10, 16, middle)
        * smoothstep(40, 60, distance_to(world, track))
    )
    scatter(world, Grove.grown(world.rng, conical=True), NEEDLE, wood.astype(np.float32), 4200, (1.6, 2.8))
    for angle in np.linspace(0, 2 * pi, 14):
        plant(world, grove, 290 + 42 * float(np.cos(angle)), 284 + 36 * float(np.sin(angle)), 2.0, 5.0, TWIGS[0])
