"""Which flight is filmed where: camera paths, light, what moves. One `Shoot` makes one clip."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import cos, pi, radians, sin

import numpy as np
import outlands
import places
from camera import expose, shade
from light import Light, sun_position
from places import Line, Place
from raycast import rays
from stage import Body, Image, Lens, Pose, Stage, place_bodies, put_back
from structures import heading_of
from terrain import Colour, linear

# The rendered place is invented; the coordinates lie in open sea, where no village can be.
LATITUDE, LONGITUDE = 56.3012, 6.6047
DAY = 137  # 17 May
MORNING_UTC, EVENING_UTC = 8.702, 17.35
SHUTTER = 0.4  # share of a frame's time that the picture is exposed


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """Something that goes along a way: start and speed in metres (per second; negative = the other direction)."""

    way: str
    start: float
    speed: float
    size: tuple[float, float, float]
    paint: Colour
    aside: float = 1.6
    cab: tuple[float, float] = (-0.32, 0.18)

    def at(self, line: Line, seconds: float) -> Body:
        """Where it is now; it keeps to the right side of its way."""
        steps = np.hypot(*np.diff(line, axis=0).T)
        along = np.concatenate([[0.0], np.cumsum(steps)])
        place = self.start + self.speed * seconds
        index = int(np.clip(np.searchsorted(along, place), 1, len(line) - 1))
        angle = heading_of(line, index) + (pi if self.speed < 0 else 0)
        x, y = (float(np.interp(place, along, line[:, axis])) for axis in (0, 1))
        length, width, tall = self.size
        x, y = x - self.aside * sin(angle), y + self.aside * cos(angle)
        return Body(x=x, y=y, angle=angle, length=length, width=width, tall=tall, paint=self.paint, cab=self.cab)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shoot:
    """One clip: the place, its light, the camera's path over time, what moves, how long, how fast, which faults."""

    place: Callable[[], Place]
    light: Light
    path: Callable[[float], Pose]
    movers: tuple[Mover, ...]
    lens: Lens
    rate: int
    frames: int
    seed: int
    surf: bool = False
    glow: bool = False

    def pictures(self) -> Iterator[Image]:
        """Every frame in order: BGR, 8 bits."""
        place = self.place()
        stage = Stage(place.world, self.light, self.surf, self.glow)
        rng = np.random.default_rng(self.seed)
        for frame in range(self.frames):
            seconds = frame / self.rate
            kept = place_bodies(stage, [mover.at(place.ways[mover.way], seconds) for mover in self.movers])
            total = np.zeros((self.lens.height, self.lens.width, 3), np.float32)
            for part in range(self.lens.samples):
                share = (part + 0.5) / self.lens.samples - 0.5
                now = seconds + share * SHUTTER / self.rate
                pose = self.pose(now)
                total += shade(stage, pose, rays(pose, self.lens, (share, share)), self.lens, now)
            put_back(kept)
            yield expose(total * np.float32(1 / self.lens.samples), self.lens, rng)

    def pose(self, seconds: float) -> Pose:
        """The path with what wind and gimbal add to it."""
        plain = self.path(seconds)
        phases = np.random.default_rng(self.seed).uniform(0, 2 * pi, (3, 3))
        beats = np.array([0.31, 0.83, 2.3])
        sway = (np.sin(2 * pi * beats * seconds + phases) * np.array([1.0, 0.45, 0.12])).sum(1)
        return Pose(
            x=plain.x + 0.12 * sway[0],
            y=plain.y + 0.12 * sway[1],
            z=plain.z + 0.1 * sway[2],
            yaw=plain.yaw + 0.16 * sway[0],
            pitch=plain.pitch + 0.1 * sway[1],
            roll=plain.roll + 0.13 * sway[2],
        )


def ease(seconds: float, start: float, end: float) -> float:
    """0 before ``start``, 1 after ``end``, smooth between."""
    t = min(1.0, max(0.0, (seconds - start) / (end - start)))
    return t * t * (3 - 2 * t)


def morning(seconds: float) -> Pose:
    """North over the farm and the village towards the bridge: climbing, turning, looking down at the end."""
    run = 7.4 * seconds + 0.9 * ease(seconds, 0, 3)
    return Pose(
        x=252 + 0.36 * run + 5 * ease(seconds, 4, 12),
        y=566 - run,
        z=74 + 17 * ease(seconds, 1, 9) - 5 * ease(seconds, 10, 14.4),
        yaw=-3 + 24 * ease(seconds, 2.5, 9.5) - 17 * ease(seconds, 9, 14.4),
        pitch=-35 - 9 * ease(seconds, 5, 13),
    )


def evening(seconds: float) -> Pose:
    """Another pilot, another path: from the east side, flying west, looking south-west."""
    return Pose(
        x=470 - 8.5 * seconds,
        y=300 + 1.2 * seconds,
        z=62 + 5 * ease(seconds, 1, 7),
        yaw=236 + 16 * ease(seconds, 1, 8),
        pitch=-36,
    )


def along_the_shore(seconds: float) -> Pose:
    """North along the beach."""
    return Pose(
        x=214 + 2.0 * seconds,
        y=452 - 8.0 * seconds,
        z=58 - 4 * ease(seconds, 1, 7),
        yaw=20 - 9 * ease(seconds, 1, 7),
        pitch=-31,
    )


def beside_the_dunes(seconds: float) -> Pose:
    """Standing south of the beach's bend, looking north-east over the dunes."""
    return Pose(x=196 + seconds, y=236, z=46, yaw=38, pitch=-27)


def over_the_trees(seconds: float) -> Pose:
    """Up the track to the clearing, sinking."""
    return Pose(
        x=214 + 1.6 * seconds,
        y=412 - 8.6 * seconds,
        z=78 - 12 * ease(seconds, 0, 7),
        yaw=6 + 14 * ease(seconds, 1, 7),
        pitch=-41,
    )


def round_the_blocks(seconds: float) -> Pose:
    """A slow arc over the roofs."""
    turn = radians(-26 + 5.2 * seconds)
    return Pose(x=256 - 120 * sin(turn), y=250 + 150 * cos(turn), z=84, yaw=-26 + 5.2 * seconds + 4, pitch=-39)


def to_the_farm(seconds: float) -> Pose:
    """Low over the snow towards the farm."""
    return Pose(
        x=222 + 2.4 * seconds,
        y=436 - 9.0 * seconds,
        z=60 + 4 * ease(seconds, 0, 6),
        yaw=15 + 7 * ease(seconds, 2, 6),
        pitch=-35,
    )


CAR, VAN, TRUCK, TRACTOR = (4.4, 1.8, 1.45), (5.4, 2.0, 2.2), (9.5, 2.5, 3.3), (5.6, 2.4, 2.7)
PERSON, BOAT = (0.55, 0.5, 1.75), (9.0, 3.0, 1.4)
RED, WHITE, BLACK = linear(150, 44, 38), linear(232, 232, 230), linear(38, 40, 46)
BLUE, SILVER, GREEN = linear(52, 84, 146), linear(168, 172, 176), linear(58, 104, 62)


def _walkers(way: str, start: float, count: int, gap: float, speed: float, aside: float) -> tuple[Mover, ...]:
    coats = (RED, BLACK, BLUE, WHITE, GREEN)
    return tuple(
        Mover(
            way=way,
            start=start + gap * i,
            speed=speed * (1 - 0.13 * (i % 3)),
            size=PERSON,
            paint=coats[i % 5],
            aside=aside + 0.6 * (i % 2),
            cab=(-0.6, 0.6),
        )
        for i in range(count)
    )


def _day(utc_hours: float, sun: Colour, sky: Colour) -> Light:
    azimuth, elevation = sun_position(LATITUDE, LONGITUDE, DAY, utc_hours)
    return Light(azimuth=azimuth, elevation=elevation, sun=sun, sky=sky, haze=(0.62, 0.55, 0.50), haze_distance=1300)


DRONE = Shoot(
    place=places.village,
    light=_day(MORNING_UTC, (0.92, 1.04, 1.12), (0.33, 0.26, 0.22)),
    path=morning,
    lens=Lens(width=1280, height=720),
    rate=25,
    frames=360,
    seed=42,
    movers=(
        Mover(way="road", start=88, speed=12.5, size=CAR, paint=RED),
        Mover(way="road", start=62, speed=12.0, size=VAN, paint=WHITE),
        Mover(way="road", start=430, speed=-11.5, size=TRUCK, paint=BLUE, cab=(0.22, 0.5)),
        Mover(way="road", start=300, speed=-12.5, size=CAR, paint=BLACK),
        Mover(way="lane", start=170, speed=-7.0, size=CAR, paint=SILVER, aside=1.1),
        Mover(way="east", start=12, speed=8.5, size=CAR, paint=WHITE, aside=1.1),
        Mover(way="track", start=20, speed=4.0, size=TRACTOR, paint=GREEN, aside=0.0),
        *_walkers("east", 30, 6, 4.3, 1.3, 3.4),
        *_walkers("lane", 40, 4, 6.1, -1.2, 3.2),
    ),
)
SECOND_FLIGHT = Shoot(
    place=places.village,
    light=_day(EVENING_UTC, (0.62, 0.95, 1.28), (0.36, 0.28, 0.24)),
    path=evening,
    lens=Lens(width=854, height=480, noise=2.8, field_of_view=62),
    rate=30,
    frames=240,
    seed=77,
    movers=(
        Mover(way="east", start=150, speed=-9.0, size=TRUCK, paint=GREEN, aside=1.2, cab=(0.22, 0.5)),
        Mover(way="east", start=20, speed=8.0, size=CAR, paint=BLUE, aside=1.2),
        Mover(way="road", start=330, speed=-10.0, size=CAR, paint=SILVER),
        Mover(way="road", start=210, speed=10.5, size=VAN, paint=RED),
    ),
)
COAST = Shoot(
    place=outlands.coast,
    path=along_the_shore,
    surf=True,
    lens=Lens(width=854, height=480, noise=2.4, samples=1),
    rate=25,
    frames=200,
    seed=51,
    light=Light(
        azimuth=215,
        elevation=38,
        sun=(0.92, 1.0, 1.04),
        sky=(0.40, 0.32, 0.26),
        haze=(0.68, 0.60, 0.54),
        haze_distance=1000,
    ),
    movers=(
        Mover(way="track", start=250, speed=9.0, size=CAR, paint=WHITE, aside=0.0),
        Mover(way="sea", start=190, speed=5.5, size=BOAT, paint=WHITE),
        *_walkers("beach", 190, 9, 9.0, 1.3, 2.0),
    ),
)
STILL = replace(
    COAST,
    path=beside_the_dunes,
    frames=1,
    seed=52,
    movers=COAST.movers[2:],
    lens=Lens(width=1280, height=720, noise=2.0),
)
FOREST = Shoot(
    place=outlands.forest,
    path=over_the_trees,
    lens=Lens(width=854, height=480, noise=2.6, samples=1),
    rate=25,
    frames=175,
    seed=62,
    light=Light(
        azimuth=160,
        elevation=47,
        sun=(0.86, 1.0, 1.08),
        sky=(0.33, 0.27, 0.22),
        haze=(0.58, 0.54, 0.5),
        haze_distance=1200,
    ),
    movers=(
        Mover(way="track", start=260, speed=-6.5, size=CAR, paint=RED, aside=0.0),
        Mover(way="spur", start=20, speed=4.0, size=TRUCK, paint=SILVER, aside=0.0, cab=(0.22, 0.5)),
        *_walkers("track", 330, 5, 3.0, 1.2, 3.0),
    ),
)
TOWN = Shoot(
    place=outlands.town,
    path=round_the_blocks,
    glow=True,
    lens=Lens(width=854, height=480, noise=4.2, vignette=0.34, samples=1),
    rate=24,
    frames=192,
    seed=73,
    light=Light(
        azimuth=300,
        elevation=4,
        sun=(0.10, 0.16, 0.26),
        sky=(0.20, 0.135, 0.11),
        haze=(0.17, 0.13, 0.125),
        haze_distance=900,
    ),
    movers=tuple(
        Mover(
            way=f"street{n}",
            start=8.0 + 37 * n % 60,
            speed=(7.5, -8.5, 6.0)[n % 3],
            size=CAR,
            paint=(WHITE, RED, SILVER, BLACK)[n % 4],
            aside=1.7,
        )
        for n in range(4, 30, 2)
    ),
)
WINTER = Shoot(
    place=outlands.winter,
    path=to_the_farm,
    lens=Lens(width=854, height=480, noise=1.8, samples=1),
    rate=30,
    frames=210,
    seed=84,
    light=Light(
        azimuth=205,
        elevation=13,
        sun=(0.58, 0.72, 0.82),
        sky=(0.36, 0.29, 0.25),
        haze=(0.66, 0.61, 0.58),
        haze_distance=800,
    ),
    movers=(
        Mover(way="track", start=190, speed=5.0, size=TRACTOR, paint=RED, aside=0.0),
        Mover(way="track", start=420, speed=-8.0, size=CAR, paint=BLACK, aside=0.4),
    ),
)
