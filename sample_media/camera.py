"""A camera in the air: colours what its rays meet and adds what a small sensor adds."""

from __future__ import annotations

from math import radians, tan

import cv2
import numpy as np
from light import display
from raycast import march, sample
from stage import MIP_LEVELS, RIPPLE_PIXELS, Image, Lens, Pose, Stage
from terrain import F32, smoothstep

WINDOW_SPACING = 3.1


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
            picture += sample(image, (column + 0.5) * scale - 0.5, (row + 0.5) * scale - 0.5) * weight
    _leaves(stage, picture, column, row, z)
    _windows(stage, picture, column, row, z)
    _water(stage, picture, column, row, directions[2] / away, seconds)
    haze = display(np.asarray(stage.light.haze, np.float32).reshape(1, 1, 3)).astype(np.float32)
    veil = (1 - np.exp(-distance / np.float32(stage.light.haze_distance)))[..., None]
    hazed: F32 = picture + (haze - picture) * veil
    return hazed


def _leaves(stage: Stage, picture: F32, column: F32, row: F32, z: F32) -> None:
    """Give the sides of crowns, which a height map smears, leaf clumps in depth and a dark underside."""
    tall = sample(stage.world.crown, column, row, cv2.INTER_NEAREST)
    leafy = tall > 0
    x, y = column[leafy] * np.float32(stage.world.cell), row[leafy] * np.float32(stage.world.cell)
    above, tall = z[leafy], tall[leafy]
    ground = sample(stage.world.ground, column, row, cv2.INTER_NEAREST)[leafy]
    clump = _clump(stage.ripples, x * 9 + above * 31, y * 9 + above * 17) + _clump(
        stage.ripples, x * 31 - above * 57, y * 31 + above * 43
    )
    low = np.clip((above - ground) / (tall * np.float32(0.75)), 0, 1)
    picture[leafy] *= ((0.38 + 0.62 * low) * np.clip(1 + 0.3 * clump, 0.5, 1.6))[:, None]


def _clump(tile: F32, column: F32, row: F32) -> F32:
    return tile[np.rint(row).astype(np.int32) % RIPPLE_PIXELS, np.rint(column).astype(np.int32) % RIPPLE_PIXELS]


def _windows(stage: Stage, picture: F32, column: F32, row: F32, z: F32) -> None:
    along = sample(stage.world.wall_along, column, row, cv2.INTER_NEAREST)
    on_wall = along > 1
    place = along[on_wall]
    above = z[on_wall] - sample(stage.world.ground, column, row, cv2.INTER_NEAREST)[on_wall]
    roof = sample(stage.world.wall_top, column, row, cv2.INTER_NEAREST)[on_wall] - z[on_wall]
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
    shore = sample(stage.world.water, column, row)
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
    crest = smoothstep(
        0.80, 0.97, np.float32(0.5) + np.float32(0.5) * np.cos(np.float32(2 * np.pi) * phase)
    ) * smoothstep(48, 22, shore)
    wash = smoothstep(5.5 + 2.0 * np.sin(seconds / 1.1), 0.5, shore + bend * 2)
    lace = smoothstep(-0.55, 0.35, wave)
    foam: F32 = np.clip(crest * lace + wash * (0.25 + 0.75 * lace), 0, 0.92).astype(np.float32)
    return foam


def _tile_at(tile: F32, column: F32, row: F32) -> F32:
    wrapped: F32 = cv2.remap(tile, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP).astype(np.float32)
    return wrapped


def expose(picture: F32, lens: Lens, rng: np.random.Generator) -> Image:
    """Sensor and processing: vignetting, noise of light and colour, sharpening, 8 bits."""
    v, u = np.mgrid[-1 : 1 : lens.height * 1j, -1 : 1 : lens.width * 1j].astype(np.float32)
    picture = picture * (1 - np.float32(lens.vignette) * ((u**2 + v**2) / 2) ** np.float32(1.5))[..., None]
    shot = rng.standard_normal((lens.height, lens.width, 1), np.float32) * np.float32(lens.noise)
    colour = rng.standard_normal((lens.height // 2, lens.width // 2, 3), np.float32) * np.float32(lens.noise * 0.8)
    coarse = cv2.resize(colour, (lens.width, lens.height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    picture += (shot + coarse) * (np.float32(1.25) - picture / np.float32(255))
    grey = picture.mean(2, keepdims=True, dtype=np.float32)
    picture = grey + (picture - grey) * np.float32(0.86)
    picture = picture + 10 * np.sin((picture - 128) * np.float32(np.pi / 128))
    soft = cv2.GaussianBlur(picture, (0, 0), 1.1)
    return np.clip(picture + (picture - soft) * lens.sharpen, 0, 255).astype(np.uint8)
