"""Small generated footage: a camera over a textured plane, as 64x64 luma."""

from __future__ import annotations

import shutil
import subprocess

import cv2
import numpy as np
import numpy.typing as npt

RECIPE = "extractplanes=y,scale=64:64:flags=area+bitexact+accurate_rnd"


def plane(seed: int, side: int = 512) -> npt.NDArray[np.uint8]:
    """A textured plane, uint8 (side, side), with detail at several scales."""
    random = np.random.default_rng(seed)
    total = np.zeros((side, side))
    for step in (4, 8, 16, 32, 64):
        noise = random.normal(size=(side // step, side // step))
        total += step**0.7 * cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)
    total = (total - total.min()) / (total.max() - total.min())
    return (20 + 215 * total).astype(np.uint8)


def flight(seed: int, frames: int, speed: float = 0.5, field: int = 192) -> npt.NDArray[np.uint8]:
    """Frames uint8 (n, 64, 64) of a camera that moves in a straight line over a plane."""
    ground = plane(seed)
    pictures = []
    for number in range(frames):
        at = speed * number
        move = np.float32([[1, 0, -at], [0, 1, -0.6 * at]])
        view = cv2.warpAffine(ground, move, (field, field), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        pictures.append(cv2.resize(view, (64, 64), interpolation=cv2.INTER_AREA))
    return np.stack(pictures).astype(np.uint8)


def shown_in(
    frames: npt.NDArray[np.uint8], canvas: npt.NDArray[np.uint8], box: tuple[int, int, int, int]
) -> npt.NDArray[np.uint8]:
    """Frames put on a canvas uint8 (h, w) in the box (top, bottom, left, right), and all of it scaled to 64x64."""
    top, bottom, left, right = box
    shown = []
    for frame in frames:
        whole = canvas.copy()
        whole[top:bottom, left:right] = cv2.resize(frame, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
        shown.append(cv2.resize(whole, (64, 64), interpolation=cv2.INTER_AREA))
    return np.stack(shown).astype(np.uint8)


def decoded(arguments: list[str], shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Raw frames that ffmpeg writes for some arguments."""
    ffmpeg = shutil.which("ffmpeg")
    assert ffmpeg is not None
    command = [ffmpeg, "-v", "error", "-nostdin", *arguments, "-f", "rawvideo", "-"]
    data = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    return np.frombuffer(data, np.uint8).reshape(-1, *shape)
