"""The exact offset of a camera that moves steadily over ground with depth."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from forensics.matching.alignment import Line
from forensics.matching.candidates import Seed
from forensics.matching.footage import Footage
from forensics.matching.geometry import Detector, Pose
from forensics.matching.pairing import Pairing
from forensics.matching.params import PARAMS
from forensics.matching.sharpen import sharpened
from forensics.matching.subject import Subject
from forensics.model.media import Window

SIZE = (448, 252)
RATE = 10.0


def texture(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    layers = [cv2.resize(rng.integers(0, 255, (n, n)).astype(np.float32), (1400, 1400)) for n in (40, 160, 700)]
    return (sum(layers) / 3).astype(np.uint8)


GROUND, ROOFS = texture(1), texture(2)


def flight(start_s: float, end_s: float, crop: float) -> Window:
    """Two layers at different depth under a camera that flies steadily; ``crop`` is cut off on every side."""
    seconds = np.arange(start_s, end_s - 1e-9, 1 / RATE)
    frames = []
    for moment in seconds:
        ground, roofs = (
            cv2.warpAffine(layer, np.array([[zoom, 0, -300 - speed * moment], [0, zoom, -200 - 3 * moment]]), SIZE)
            for layer, zoom, speed in ((GROUND, 1 + 0.01 * moment, 6.0), (ROOFS, 1 + 0.016 * moment, 10.0))
        )
        mask = cv2.warpAffine(
            np.kron(np.indices((20, 20)).sum(0) % 2, np.ones((70, 70))).astype(np.uint8),
            np.array([[1 + 0.016 * moment, 0, -300 - 10.0 * moment], [0, 1 + 0.016 * moment, -200 - 3 * moment]]),
            SIZE,
            flags=cv2.INTER_NEAREST,
        )
        frame = np.where(mask > 0, roofs, ground)
        inner = frame[int(SIZE[1] * crop) : int(SIZE[1] * (1 - crop)), int(SIZE[0] * crop) : int(SIZE[0] * (1 - crop))]
        frames.append(cv2.resize(inner, SIZE, interpolation=cv2.INTER_AREA))
    return Window(seconds - start_s, np.stack(frames))


@pytest.mark.parametrize("wrong_by", [-0.8, -0.3, 0.0, 0.5, 1.2])
def test_a_line_that_is_off_is_moved_to_where_detail_agrees(wrong_by: float) -> None:
    whole, cut = flight(0.0, 12.0, 0.0), flight(3.0, 9.0, 0.1)
    windows = {"q": cut, "r": whole}

    def read(subject: str, start_s: float, end_s: float, fps: float, long_side: int) -> Window:
        window = windows[subject]
        kept = (window.seconds >= start_s) & (window.seconds <= end_s)
        return Window(window.seconds[kept], window.luma[kept])

    def subject(name: str, end_s: float) -> Subject:
        return Subject(id=name, fingerprint=None, duration_s=end_s)  # type: ignore[arg-type]

    pairing = Pairing(query=subject("q", 6.0), reference=subject("r", 12.0), footage=Footage(read), params=PARAMS)
    seed = Seed(query_s=3.0, reference_s=6.0 + wrong_by, pose=Pose(), weight=1.0, by_hash=True)
    placed = pairing.place(seed)
    assert placed is not None
    line = Line(speed=1.0, offset_s=3.0 + wrong_by, first=0, last=len(cut.seconds) - 1, gain=1.0)
    moved, held = sharpened(line, cut.seconds, placed, pairing, (cut, whole))
    assert moved.offset_s == pytest.approx(3.0, abs=0.1)
    assert held.fit.scale == pytest.approx(0.8, abs=0.02)
    assert held.detector is Detector.ORB
