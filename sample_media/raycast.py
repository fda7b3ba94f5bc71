"""Where each pixel's ray meets the height map."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin, tan

import cv2
import numpy as np
import numpy.typing as npt
from stage import Lens, Pose, Stage
from terrain import F32, World

MARCH_STEPS = 72
NEAR_STEPS = 7
COARSE = 8
REFINE_STEPS = 5
LENS_BARREL = 0.035


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
        hit = (sample(stage.world.height, *flight.at(z)) >= z) & seeking
        level[hit] = z[hit]
        seeking ^= hit
    _march_rest(stage, flight, level, start - step * np.float32(NEAR_STEPS), seeking, step)
    low, high = level, level + step
    for _ in range(REFINE_STEPS):
        middle = (low + high) * np.float32(0.5)
        inside = sample(stage.world.height, *flight.at(middle)) >= middle
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
        seeking &= sample(stage.peaks, column * scale, row * scale, cv2.INTER_NEAREST) < z
        start[seeking] = z[seeking]
    high = cv2.dilate(start, np.ones((3, 3), np.uint8)).astype(np.float32)
    full: F32 = np.repeat(np.repeat(high, COARSE, 0), COARSE, 1)[: flight.row_0.shape[0], : flight.row_0.shape[1]]
    return full


def _march_rest(
    stage: Stage, flight: Flight, level: F32, start: F32, seeking: npt.NDArray[np.bool_], step: np.float32
) -> None:
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


def sample(
    surface: npt.NDArray[np.float32] | npt.NDArray[np.uint8], column: F32, row: F32, mode: int = cv2.INTER_LINEAR
) -> F32:
    """Values of a map at places between its cells; beyond the edge it is mirrored."""
    found = cv2.remap(surface, column, row, mode, borderMode=cv2.BORDER_REFLECT_101)
    return found.astype(np.float32, copy=False)
