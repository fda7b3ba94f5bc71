"""Sunlight on a world: where the sun stands, shadows, and the lit colour map the camera samples."""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, atan2, cos, degrees, pi, radians, sin, tan

import cv2
import numpy as np
import numpy.typing as npt
from terrain import F32, GAMMA, Colour, World, smoothstep

LAMP: Colour = (0.28, 0.62, 1.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """Sun azimuth (from north, clockwise) and elevation in degrees; sun, sky and haze colours in linear BGR."""

    azimuth: float
    elevation: float
    sun: Colour
    sky: Colour
    haze: Colour
    haze_distance: float = 900.0


def sun_position(latitude: float, longitude: float, day_of_year: int, utc_hours: float) -> tuple[float, float]:
    """Azimuth and elevation of the sun in degrees, good to about half a degree (Spencer 1971 series)."""
    year = 2 * pi * (day_of_year - 1 + (utc_hours - 12) / 24) / 365
    declination = 0.006918 - 0.399912 * cos(year) + 0.070257 * sin(year) - 0.006758 * cos(2 * year)
    declination += 0.000907 * sin(2 * year)
    equation = 229.18 * (0.000075 + 0.001868 * cos(year) - 0.032077 * sin(year) - 0.014615 * cos(2 * year))
    equation -= 229.18 * 0.040849 * sin(2 * year)
    hour_angle = radians((utc_hours * 60 + equation + 4 * longitude) / 4 - 180)
    lat = radians(latitude)
    up = sin(lat) * sin(declination) + cos(lat) * cos(declination) * cos(hour_angle)
    north = cos(lat) * sin(declination) - sin(lat) * cos(declination) * cos(hour_angle)
    east = -cos(declination) * sin(hour_angle)
    return degrees(atan2(east, north)) % 360, degrees(asin(up))


def shadow(height: F32, cell: float, light: Light) -> F32:
    """1 where the sun is seen, 0 in shadow; a running maximum along the sun's direction, doubled each pass."""
    toward = (sin(radians(light.azimuth)), -cos(radians(light.azimuth)))
    drop = tan(radians(light.elevation)) * cell
    horizon = _ahead(height, toward, 1.0) - np.float32(drop)
    reach = 1.0
    while reach * drop < float(height.max() - height.min()):
        horizon = np.maximum(horizon, _ahead(horizon, toward, reach) - np.float32(reach * drop))
        reach *= 2
    return cv2.GaussianBlur(smoothstep(0.35, -0.05, horizon - height), (0, 0), 0.7).astype(np.float32)


def _ahead(field: F32, toward: tuple[float, float], cells: float) -> F32:
    move = np.array([[1, 0, toward[0] * cells], [0, 1, toward[1] * cells]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    shifted = cv2.warpAffine(field, move, field.shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return shifted.astype(np.float32, copy=False)


def bake(world: World, light: Light) -> npt.NDArray[np.uint8]:
    """The lit colour map (size, size, 3), BGR, display gamma."""
    slope_x = cv2.Sobel(world.height, cv2.CV_32F, 1, 0, scale=1 / (8 * world.cell))
    slope_y = cv2.Sobel(world.height, cv2.CV_32F, 0, 1, scale=1 / (8 * world.cell))
    up = 1 / np.sqrt(1 + slope_x**2 + slope_y**2)
    az, el = radians(light.azimuth), radians(light.elevation)
    facing = (-slope_x * (sin(az) * cos(el)) + slope_y * (cos(az) * cos(el)) + sin(el)) * up
    wall = ~np.isnan(world.wall_azimuth)
    facing[wall] = cos(el) * np.cos(world.wall_azimuth[wall] - az)
    up[wall] = 0.25
    direct = np.clip(facing, 0, 1) * shadow(world.height, world.cell, light)
    direct[wall] = np.clip(facing[wall], 0, 1)
    around = cv2.GaussianBlur(world.height, (0, 0), 2.5 / world.cell) - world.height
    open_sky = np.exp(-0.28 * np.clip(around, 0, 4)) * (0.45 + 0.55 * up)
    open_sky[wall] = 0.62
    lit = np.empty_like(world.colour)
    for channel in range(3):
        total = light.sun[channel] * direct + light.sky[channel] * open_sky
        lit[..., channel] = world.colour[..., channel] * total
    lit += world.lamp[..., None] * (0.1 + world.colour) * np.asarray(LAMP, np.float32)
    return display(lit)


def display(linear_light: F32) -> npt.NDArray[np.uint8]:
    """Camera tone curve (soft shoulder) and display gamma, 8 bits."""
    exposed = linear_light * 1.35
    toned = exposed * (1 + exposed / 4) / (1 + exposed)
    shown: npt.NDArray[np.uint8] = np.clip(np.power(toned, 1 / GAMMA) * 285, 0, 255).astype(np.uint8)
    return shown
