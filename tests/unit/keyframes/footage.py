"""Small generated footage for shots: flights over different grounds, as 64x64 luma."""

from __future__ import annotations

import shutil
import subprocess

import cv2
import numpy as np
import numpy.typing as npt


def ground(seed: int, side: int = 400) -> npt.NDArray[np.uint8]:
    """A textured plane, uint8 (side, side)."""
    random = np.random.default_rng(seed)
    total = np.zeros((side, side))
    for step in (2, 4, 10, 25, 50, 100):
        noise = random.normal(size=(side // step, side // step))
        total += step**0.7 * cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)
    total = (total - total.min()) / (total.max() - total.min())
    low = random.integers(10, 60)
    return (low + (random.integers(160, 240) - low) * total).astype(np.uint8)


def pan(seed: int, frames: int, speed: float) -> npt.NDArray[np.uint8]:
    """Frames uint8 (n, 64, 64) of a camera that moves ``speed`` samples of 64 a frame, to and fro."""
    plane = ground(seed)
    room = plane.shape[1] - 64
    places = [int(room - abs((speed * number) % (2 * room) - room)) for number in range(frames)]
    return np.stack([plane[100:164, place : place + 64] for place in places])


def luma_of(arguments: list[str]) -> npt.NDArray[np.uint8]:
    """What ffmpeg decodes, as 64x64 luma of every frame."""
    ffmpeg = shutil.which("ffmpeg")
    assert ffmpeg is not None
    command = [ffmpeg, "-v", "error", "-nostdin", *arguments, "-an", "-fps_mode", "passthrough"]
    command += ["-vf", "extractplanes=y,scale=64:64:flags=area+bitexact+accurate_rnd", "-f", "rawvideo", "-"]
    data = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    return np.frombuffer(data, np.uint8).reshape(-1, 64, 64)
