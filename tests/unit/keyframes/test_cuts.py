"""Where one shot ends and the next begins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from forensics.keyframes import CutFinder, Uncut
from forensics.keyframes.cuts import AHEAD, BLOCKS, _block_sums
from tests.unit.keyframes.footage import luma_of, pan

Frames = npt.NDArray[np.uint8]


def cuts_of(frames: Frames, batch: int = 64) -> list[int]:
    finder = CutFinder()
    found: list[int] = []
    for start in range(0, len(frames), batch):
        found += finder.add(frames[start : start + batch])
    return found + finder.finish()


def joined(*shots: Frames) -> tuple[Frames, list[int]]:
    return np.concatenate(shots), np.cumsum([len(shot) for shot in shots])[:-1].tolist()


def test_the_cuts_between_moving_shots_are_found_to_the_frame() -> None:
    frames, cuts = joined(pan(1, 40, 1), pan(2, 25, 2), pan(3, 60, 0.5), pan(4, 12, 3))
    assert cuts_of(frames) == cuts


@pytest.mark.parametrize("batch", [1, 5, 9, 1000])
def test_how_frames_are_batched_changes_nothing(batch: int) -> None:
    frames, cuts = joined(pan(5, 30, 1), pan(6, 10, 1), pan(7, 50, 2))
    assert cuts_of(frames, batch) == cuts


def test_the_cuts_between_still_shots_are_found() -> None:
    frames, cuts = joined(*(np.repeat(pan(seed, 1, 0), 20, axis=0) for seed in range(10, 16)))
    assert cuts_of(frames) == cuts


@pytest.mark.parametrize("speed", [0, 1, 4, 8, 12])
def test_a_steady_pan_has_no_cut(speed: int) -> None:
    assert cuts_of(pan(20, 120, speed)) == []


def test_a_sudden_whip_of_the_camera_is_no_cut() -> None:
    slow, whip = pan(21, 400, 1), [130, 140, 150]
    plane = np.concatenate([slow[:130:1][:120], slow[whip], slow[150:260]])
    assert cuts_of(plane) == []


def test_a_jerk_during_a_pan_is_no_cut() -> None:
    pan_and_jerk = np.concatenate([pan(37, 300, 2)[:40], pan(37, 300, 2)[46:90]])
    assert cuts_of(pan_and_jerk) == []


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_flash_is_no_cut(length: int) -> None:
    frames = pan(22, 80, 1).astype(np.int16)
    frames[40 : 40 + length] += 110
    assert cuts_of(np.clip(frames, 0, 255).astype(np.uint8)) == []


@pytest.mark.parametrize("length", [1, 2, 3])
def test_damaged_or_black_frames_are_no_cut(length: int) -> None:
    frames = pan(23, 80, 1).copy()
    frames[40 : 40 + length] = 16
    frames[60 : 60 + length] = pan(99, length, 1)
    assert cuts_of(frames) == []


def test_a_flash_just_before_a_cut_does_not_hide_it() -> None:
    frames, cuts = joined(pan(24, 40, 1), pan(25, 40, 1))
    frames = frames.astype(np.int16)
    frames[33:35] += 110
    assert cuts_of(np.clip(frames, 0, 255).astype(np.uint8)) == cuts


def test_a_jump_of_exposure_is_no_cut() -> None:
    frames = pan(26, 80, 1)
    frames[40:] = frames[40:] // 2
    assert cuts_of(frames) == []


def test_slow_fades_are_no_cuts() -> None:
    frames = pan(27, 100, 1) * np.linspace(0, 1, 100)[:, None, None]
    assert cuts_of(frames.astype(np.uint8)) == []


def test_shots_shorter_than_the_look_ahead_are_found() -> None:
    frames, cuts = joined(pan(28, 30, 1), pan(29, AHEAD - 2, 1), pan(30, 30, 1))
    assert cuts_of(frames) == cuts


def test_a_cut_near_the_end_is_found() -> None:
    frames, cuts = joined(pan(31, 30, 1), pan(32, 4, 1))
    assert cuts_of(frames) == cuts


def test_a_doubled_frame_rate_does_not_make_cuts() -> None:
    assert cuts_of(np.repeat(pan(33, 60, 3), 2, axis=0)) == []


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_frames_have_no_cut(count: int) -> None:
    assert cuts_of(pan(34, max(count, 1), 1)[:count]) == []


def test_what_is_decided_lags_by_the_look_ahead_and_no_more() -> None:
    finder = CutFinder()
    finder.add(pan(35, 50, 1))
    assert finder.decided == 50 - AHEAD
    finder.finish()
    assert finder.decided == 50


def test_a_block_is_the_sum_of_four_by_four_samples_and_the_brightest_does_not_overflow() -> None:
    frames = np.random.default_rng(3).integers(0, 256, (5, 64, 64), dtype=np.uint8)
    frames[0] = 255
    plain = frames.reshape(5, BLOCKS, 4, BLOCKS, 4).sum(axis=(2, 4), dtype=np.int64)
    assert np.array_equal(_block_sums(frames), plain)
    assert _block_sums(frames).dtype == np.int16


def test_little_is_held_of_a_long_video() -> None:
    finder = CutFinder()
    for _ in range(20):
        finder.add(pan(36, 256, 1))
    assert finder._blocks.nbytes < 64 * 512


def test_hundreds_of_generated_cuts_are_found_with_few_errors() -> None:
    random = np.random.default_rng(7)
    shots = [pan(int(seed), int(random.integers(9, 40)), float(random.uniform(0, 3))) for seed in range(200, 500)]
    frames, cuts = joined(*shots)
    found = set(cuts_of(frames, 256))
    hits = len(found & set(cuts))
    print(f"precision {hits / len(found):.4f} recall {hits / len(cuts):.4f} of {len(cuts)} cuts")
    assert hits / len(found) >= 0.98
    assert hits / len(cuts) >= 0.97


CLIPS = ("karma.mp4", "dash_us.mp4", "vtest_a.mp4", "smoke_aer.mp4", "irdrone068.mp4", "vbird009.mp4", "town_a.mp4")


def test_real_clips_put_together_are_cut_where_they_were_joined(shared: Path) -> None:
    sources = shared / "bench" / "sources"
    clips = [luma_of(["-i", str(sources / name), "-frames:v", "60"]) for name in CLIPS]
    order = np.random.default_rng(3).permutation(np.repeat(np.arange(len(clips)), 4))
    order = order[np.r_[True, order[1:] != order[:-1]]]
    shots = [clips[row][:: 1 + place % 2] for place, row in enumerate(order)]
    frames, cuts = joined(*shots)
    assert cuts_of(frames) == cuts


@pytest.mark.parametrize(("name", "cuts"), [("bikes.mp4", [30, 76, 137, 187, 242]), ("hamilton.mp4", [20, 82, 211])])
def test_edited_clips_are_cut_where_a_person_sees_a_cut(shared: Path, name: str, cuts: list[int]) -> None:
    assert cuts_of(luma_of(["-i", str(shared / "bench" / "sources" / name)])) == cuts


@pytest.mark.parametrize("name", ["chair22.mp4", "walk360.mp4", "lanes_top.avi", "dash_in.mp4", "armwrestle_w.mp4"])
def test_shaky_and_fast_clips_without_cuts_stay_whole(shared: Path, name: str) -> None:
    assert cuts_of(luma_of(["-i", str(shared / "bench" / "sources" / name)])) == []


def test_without_a_search_for_cuts_every_frame_is_decided_at_once_and_none_begins_a_shot() -> None:
    finder = Uncut()
    loud = np.random.default_rng(3).integers(0, 256, (40, 64, 64), dtype=np.uint8)
    assert finder.add(loud) == []
    assert finder.decided == 40
    assert finder.finish() == []
