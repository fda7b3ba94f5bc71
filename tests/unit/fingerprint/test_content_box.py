"""Borders that a repost puts around a picture, and the hash of what they leave."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from forensics.fingerprint import fingerprinter, hash_batch
from forensics.fingerprint.borders import find_box
from forensics.fingerprint.box import FINE, WHOLE, Box, resample
from forensics.fingerprint.fingerprinter import BoxHasher
from forensics.model.hamming import hamming
from tests.unit.fingerprint.scenes import flight, plane, shown_in

FRAMES = flight(11, 60, speed=2)
SIDE = 512


def canvas(level: int) -> npt.NDArray[np.uint8]:
    return np.full((SIDE, SIDE), level, dtype=np.uint8)


def lettered() -> npt.NDArray[np.uint8]:
    bar = canvas(235)
    cv2.putText(bar, "SEEN TODAY", (20, 60), cv2.FONT_HERSHEY_SIMPLEX, 2.2, 16, 8)
    return bar


def cells(box: Box | None) -> list[float]:
    assert box is not None
    return [edge / FINE for edge in box]


def bits_from_plain(shown: npt.NDArray[np.uint8]) -> float:
    box = find_box(shown)
    assert box is not None
    return float(np.median(hamming(hash_batch(resample(shown, box))[0], hash_batch(FRAMES)[0])))


BORDERS = {
    "black letterbox": (canvas(16), (64, 448, 0, 512)),
    "black pillarbox": (canvas(16), (0, 512, 96, 416)),
    "thin bars that end within a cell": (canvas(0), (20, 492, 0, 512)),
    "white frame on all sides": (canvas(235), (100, 400, 60, 460)),
    "white bar above with letters": (lettered(), (100, 512, 0, 512)),
    "bar below only": (canvas(40), (0, 420, 0, 512)),
    "fixed patterned frame": (plane(77), (80, 432, 80, 432)),
}


@pytest.mark.parametrize("name", BORDERS)
def test_a_border_is_found_to_a_third_of_a_cell(name: str) -> None:
    ground, box = BORDERS[name]
    found = cells(find_box(shown_in(FRAMES, ground, box)))
    assert found == pytest.approx([edge / 8 for edge in box], abs=0.34)


@pytest.mark.parametrize("name", BORDERS)
def test_the_hash_of_the_box_is_that_of_the_picture_without_border(name: str) -> None:
    ground, box = BORDERS[name]
    shown = shown_in(FRAMES, ground, box)
    assert np.median(hamming(hash_batch(shown)[0], hash_batch(FRAMES)[0])) > 24
    assert bits_from_plain(shown) <= 20


def test_a_blurred_fill_above_and_below_is_found() -> None:
    shown = []
    for frame in FRAMES:
        fill = cv2.resize(cv2.GaussianBlur(frame, (0, 0), 5), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        shown.append(shown_in(frame[None], np.asarray(fill, dtype=np.uint8), (144, 368, 0, 512))[0])
    stack = np.stack(shown)
    assert cells(find_box(stack)) == pytest.approx([18, 46, 0, 64], abs=0.5)
    assert bits_from_plain(stack) <= 40


@pytest.mark.parametrize("seed", range(5))
def test_footage_without_border_has_no_box(seed: int) -> None:
    assert find_box(flight(100 + seed, 40, speed=1.5)) is None


def test_a_scene_that_stands_still_has_no_box() -> None:
    still = np.repeat(flight(12, 1), 50, axis=0)
    assert find_box(still) is None


def test_an_empty_sky_above_a_hilly_horizon_is_no_border() -> None:
    frames = flight(13, 40, speed=1)
    horizon = (20 + 6 * np.sin(np.arange(64) / 7)).astype(int)
    for column, line in enumerate(horizon):
        frames[:, :line, column] = 200
    assert find_box(frames) is None


def test_a_black_video_has_no_box() -> None:
    assert find_box(np.full((30, 64, 64), 16, dtype=np.uint8)) is None


def test_a_line_at_the_edge_is_no_border() -> None:
    assert find_box(shown_in(FRAMES, canvas(0), (0, 506, 0, 512))) is None


def test_a_single_frame_in_bars_has_a_box() -> None:
    assert cells(find_box(shown_in(FRAMES[:1], canvas(16), (64, 448, 0, 512)))) == pytest.approx(
        [8, 56, 0, 64], abs=0.34
    )


def test_a_picture_too_small_to_hash_is_no_box() -> None:
    assert find_box(shown_in(FRAMES, canvas(16), (200, 312, 0, 512))) is None


def test_no_frames_have_no_box() -> None:
    assert find_box(np.zeros((0, 64, 64), dtype=np.uint8)) is None


def test_the_whole_picture_as_box_is_the_picture() -> None:
    whole = Box(top=0, bottom=WHOLE, left=0, right=WHOLE)
    assert np.array_equal(resample(FRAMES[:5], whole), FRAMES[:5])


@pytest.mark.parametrize("box", [Box(128, 896, 0, 1024), Box(37, 1001, 205, 777), Box(0, 333, 512, 1024)])
def test_resampling_is_the_exact_area_average(box: Box) -> None:
    frame = FRAMES[0]
    found = resample(frame[None], box)[0]
    for row, column in [(0, 0), (63, 63), (17, 40), (31, 5)]:
        assert int(found[row, column]) == averaged(frame, box, row, column)


def averaged(frame: npt.NDArray[np.uint8], box: Box, row: int, column: int) -> int:
    """The definition, in fractions: mixed cells stand for the next whole cell inside."""

    def overlaps(first: int, end: int, place: int) -> list[tuple[int, Fraction]]:
        start = Fraction(first, FINE) + Fraction(end - first, FINE * 64) * place
        stop = start + Fraction(end - first, FINE * 64)
        lowest, highest = -(-first // FINE), end // FINE - 1
        return [
            (min(max(cell, lowest), highest), min(stop, cell + 1) - max(start, Fraction(cell)))
            for cell in range(64)
            if cell < stop and cell + 1 > start
        ]

    rows, columns = overlaps(box.top, box.bottom, row), overlaps(box.left, box.right, column)
    total = sum((int(frame[y, x]) * high * wide for y, high in rows for x, wide in columns), Fraction(0))
    area = sum(high for _, high in rows) * sum(wide for _, wide in columns)
    return int(total / area + Fraction(1, 2))


def test_frames_after_the_memory_is_full_are_hashed_in_the_box_found_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprinter, "MOST_HELD", 40)
    shown = np.concatenate([shown_in(FRAMES[:42], canvas(16), (64, 448, 0, 512)), FRAMES[42:]])
    hasher = BoxHasher()
    for start in range(0, len(shown), 7):
        hasher.add(shown[start : start + 7])
    codes = hasher.finish()
    box = find_box(shown[:42])
    assert box is not None
    assert np.array_equal(codes, hash_batch(resample(shown, box))[0])


def test_without_a_border_there_are_no_box_hashes() -> None:
    hasher = BoxHasher()
    hasher.add(flight(101, 30))
    assert hasher.finish().shape == (0, 32)
