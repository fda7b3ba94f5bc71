"""Made-up footage: a textured place, and textured things that move in it."""

from __future__ import annotations

import cv2
import numpy as np

from forensics.model.media import Window

FPS = 10.0


def texture(seed: int, height: int, width: int, sigma: float = 2.0) -> np.ndarray:
    """A smooth random picture, uint8, with corners everywhere."""
    noise = np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), sigma)
    scaled = 128 + 55 * smooth / smooth.std()
    return np.clip(scaled, 0, 255).astype(np.uint8)


def take(place: int, events: int, frames: int, *, movers: int = 4, noise: float = 1.0) -> Window:
    """A tripod recording of ``place``: what moves depends on ``events``."""
    ground = texture(place, 288, 512, 3.0)
    rng = np.random.default_rng(events)
    out = np.repeat(ground[None], frames, axis=0).astype(np.float32)
    times = np.arange(frames) / FPS
    for number in range(movers):
        patch = texture(1000 * events + number, 40, 60, 3.0)
        start, rate, phase = rng.uniform([0, 0], [440, 240]), rng.uniform(20, 60), rng.uniform(0, 6)
        for row, at in enumerate(times):
            x = int((start[0] + rate * at + 20 * np.sin(at + phase)) % 450)
            y = int((start[1] + 30 * np.sin(0.8 * at + phase)) % 246)
            out[row, y : y + 40, x : x + 60] = patch
    out += rng.normal(scale=noise, size=out.shape)
    return Window(times, np.clip(out, 0, 255).astype(np.uint8))


def stretch(window: Window, start: float, end: float, speed: float = 1.0) -> Window:
    """The frames of start..end played at ``speed``, on a clock that begins at zero."""
    wanted = np.arange(start, end, speed / FPS)
    rows = np.clip(np.round(wanted * FPS).astype(int), 0, len(window.seconds) - 1)
    return Window(np.arange(len(rows)) / FPS, window.luma[rows])


def joined(*windows: Window) -> Window:
    """One after another."""
    luma = np.concatenate([window.luma for window in windows])
    return Window(np.arange(len(luma)) / FPS, luma)


def cropped(window: Window, x0: float, y0: float, x1: float, y1: float) -> Window:
    """The rectangle (0..1) of every frame, at full size again."""
    height, width = window.luma.shape[1:]
    box = (slice(int(y0 * height), int(y1 * height)), slice(int(x0 * width), int(x1 * width)))
    return Window(window.seconds, np.stack([cv2.resize(frame[box], (width, height)) for frame in window.luma]))


def mirrored(window: Window) -> Window:
    """Left and right exchanged."""
    return Window(window.seconds, np.ascontiguousarray(window.luma[:, :, ::-1]))


def inset(window: Window, ground: Window, scale: float, x: int, y: int) -> Window:
    """The window as a small picture over the ground."""
    height, width = window.luma.shape[1:]
    size = (round(width * scale), round(height * scale))
    out = ground.luma[: len(window.luma)].copy()
    for row, frame in enumerate(window.luma):
        out[row, y : y + size[1], x : x + size[0]] = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    return Window(window.seconds, out)
