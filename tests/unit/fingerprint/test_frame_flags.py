"""Which frames may not start a match."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from forensics.fingerprint import flag_batch
from forensics.model.fingerprint import FrameFlag
from tests.unit.fingerprint.scenes import RECIPE, decoded, flight


def card(ground: int, ink: int, text: str = "NEWS 24") -> npt.NDArray[np.uint8]:
    picture = np.full((360, 640), ground, dtype=np.uint8)
    cv2.putText(picture, text, (60, 200), cv2.FONT_HERSHEY_SIMPLEX, 3.5, ink, 14)
    return np.asarray(cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA))[None]


def flags_of(frames: npt.NDArray[np.uint8]) -> list[FrameFlag]:
    return [FrameFlag(int(value)) for value in flag_batch(frames)]


def test_footage_has_no_flag() -> None:
    assert set(flags_of(flight(1, 50))) == {FrameFlag.NONE}


@pytest.mark.parametrize("level", [0, 16, 32])
def test_a_black_frame_is_black_and_flat(level: int) -> None:
    assert flags_of(np.full((1, 64, 64), level, dtype=np.uint8)) == [FrameFlag.BLACK | FrameFlag.FLAT]


def test_a_black_frame_with_a_station_mark_is_still_black() -> None:
    frame = np.full((1, 64, 64), 16, dtype=np.uint8)
    frame[0, 2:8, 50:62] = 200
    assert FrameFlag.BLACK in flags_of(frame)[0]


def test_a_bright_even_frame_is_flat_but_not_black() -> None:
    noise = np.random.default_rng(0).integers(178, 183, (1, 64, 64)).astype(np.uint8)
    assert flags_of(noise) == [FrameFlag.FLAT]


def test_night_footage_is_not_black() -> None:
    assert set(flags_of(flight(2, 20) // 4)) == {FrameFlag.NONE}


@pytest.mark.parametrize(("ground", "ink"), [(16, 235), (235, 16), (60, 180), (120, 30)])
def test_letters_on_an_even_ground_are_a_title_card(ground: int, ink: int) -> None:
    assert flags_of(card(ground, ink)) == [FrameFlag.TITLE_CARD]


def test_an_aircraft_in_an_even_sky_is_no_title_card() -> None:
    sky = np.tile(np.linspace(120, 180, 64).astype(np.uint8)[:, None], (1, 64))[None].copy()
    sky[0, 30:33, 20:26] = 40
    assert flags_of(sky) == [FrameFlag.NONE]


def test_a_caption_over_footage_is_no_title_card() -> None:
    frames = flight(3, 3)
    frames[:, 52:60] = card(16, 235)[0, 26:34]
    assert set(flags_of(frames)) == {FrameFlag.NONE}


@pytest.mark.parametrize("name", ["karma.mp4", "vbird049.mp4", "vplane040.mp4", "irbird031.mp4", "vheli001.mp4"])
def test_real_footage_of_ground_and_sky_is_no_title_card(shared: Path, name: str) -> None:
    frames = decoded(["-i", str(shared / "bench" / "sources" / name), "-frames:v", "60", "-vf", RECIPE], (64, 64))
    assert not any(flag & (FrameFlag.TITLE_CARD | FrameFlag.BLACK) for flag in flags_of(frames))


def test_no_frames_have_no_flags() -> None:
    assert flag_batch(np.zeros((0, 64, 64), dtype=np.uint8)).shape == (0,)
