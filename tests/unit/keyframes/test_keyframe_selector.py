"""Which pictures stand for which shots."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from forensics.keyframes import KeyframeSelector, Selection, sharpness
from forensics.keyframes.selector import MOST_WAITING, SEGMENT_S
from forensics.model.media import FrameBatch, Picture
from forensics.model.time import TimeBase
from tests.unit.keyframes.footage import pan

BASE = TimeBase(num=1, den=90_000)
TICKS = 3600
"""One frame at 25 frames a second."""

BLACK = np.full((64, 64), 16, dtype=np.uint8)


def picture(frame: int, luma: npt.NDArray[np.uint8]) -> Picture:
    return Picture(frame * TICKS, "gray", luma.tobytes(), luma)


def select(frames: npt.NDArray[np.uint8], pictures: list[Picture], batch: int = 64, late: int = 0) -> Selection:
    """Feed frames in batches, and each picture ``late`` frames after its own (before it when negative)."""
    selector = KeyframeSelector(BASE)
    waiting = sorted(pictures, key=lambda each: each.pts)
    for start in range(0, len(frames), batch):
        end = min(start + batch, len(frames))
        selector.add(FrameBatch(np.arange(start, end, dtype=np.int64) * TICKS, frames[start:end]))
        while waiting and waiting[0].pts // TICKS + late < end:
            selector.add_picture(waiting.pop(0))
    for each in waiting:
        selector.add_picture(each)
    return selector.finish()


def every(step: int, frames: npt.NDArray[np.uint8]) -> list[Picture]:
    return [picture(number, frames[number]) for number in range(0, len(frames), step)]


def frames_of(selection: Selection) -> list[tuple[int, int]]:
    return [(chosen.shot, chosen.picture.pts // TICKS) for chosen in selection.chosen]


THREE = np.concatenate([pan(1, 60, 1), pan(2, 100, 1), pan(3, 50, 1)])


def test_shots_tile_the_video() -> None:
    shots = select(THREE, []).shots
    assert [(shot.first_frame, shot.last_frame) for shot in shots] == [(0, 59), (60, 159), (160, 209)]
    assert [(shot.first_pts, shot.last_pts) for shot in shots] == [
        (shot.first_frame * TICKS, shot.last_frame * TICKS) for shot in shots
    ]


def test_each_shot_has_one_keyframe_from_within() -> None:
    selection = select(THREE, every(12, THREE))
    assert [shot for shot, _ in frames_of(selection)] == [0, 1, 2]
    for shot, frame in frames_of(selection):
        assert selection.shots[shot].first_frame <= frame <= selection.shots[shot].last_frame


@pytest.mark.parametrize("batch", [1, 13, 64, 256])
@pytest.mark.parametrize("late", [-1, 0, 5])
def test_neither_batches_nor_early_or_late_pictures_change_the_choice(batch: int, late: int) -> None:
    expected = select(THREE, every(12, THREE))
    found = select(THREE, every(12, THREE), batch, late)
    assert found.shots == expected.shots
    assert frames_of(found) == frames_of(expected)


def test_a_shot_without_pictures_is_listed_and_has_no_keyframe() -> None:
    pictures = [each for each in every(12, THREE) if not 60 <= each.pts // TICKS < 160]
    selection = select(THREE, pictures)
    assert len(selection.shots) == 3
    assert [shot for shot, _ in frames_of(selection)] == [0, 2]


def test_a_long_shot_has_a_keyframe_for_every_ten_seconds() -> None:
    frames = pan(4, 25 * 35, 0.5)
    chosen = frames_of(select(frames, every(12, frames)))
    assert [frame // (25 * SEGMENT_S) for _, frame in chosen] == [0, 1, 2, 3]


def test_the_keyframe_lies_near_the_middle() -> None:
    for seconds in (2, 3, 5, 7, 9):
        frames = np.repeat(pan(5, 1, 0), 25 * seconds, axis=0)
        ((_, frame),) = frames_of(select(frames, every(12, frames)))
        assert 0.2 <= frame / len(frames) <= 0.8


def blurred(luma: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.GaussianBlur(luma, (0, 0), 4), dtype=np.uint8)


def test_the_sharpest_of_neighbouring_pictures_is_taken() -> None:
    frames = pan(6, 100, 0.2)
    pictures = [picture(n, frames[n] if n == 44 else blurred(frames[n])) for n in range(0, 100, 4)]
    assert frames_of(select(frames, pictures)) == [(0, 44)]


def test_a_black_picture_is_taken_only_when_there_is_no_other() -> None:
    frames = pan(7, 100, 0.2)
    pictures = [picture(n, frames[n] if n == 0 else BLACK) for n in range(0, 100, 10)]
    assert frames_of(select(frames, pictures)) == [(0, 0)]
    only_black = [picture(50, BLACK)]
    assert frames_of(select(frames, only_black)) == [(0, 50)]


def test_a_blurred_middle_gives_way_to_a_sharp_side() -> None:
    frames = pan(8, 200, 0.2)
    pictures = [picture(n, blurred(frames[n]) if n < 190 else frames[n]) for n in range(0, 200, 10)]
    assert frames_of(select(frames, pictures)) == [(0, 190)]


def test_black_noise_does_not_pass_for_sharp() -> None:
    noise = np.random.default_rng(0).integers(0, 32, (64, 64)).astype(np.uint8)
    frames = pan(9, 50, 0.2)
    chosen = frames_of(select(frames, [picture(30, blurred(frames[30])), picture(36, noise)]))
    assert chosen == [(0, 30)]


def test_finished_keyframes_can_be_taken_while_decoding_goes_on() -> None:
    selector = KeyframeSelector(BASE)
    taken: list[int] = []
    for start in range(0, len(THREE), 10):
        selector.add(FrameBatch(np.arange(start, start + 10, dtype=np.int64) * TICKS, THREE[start : start + 10]))
        selector.add_picture(picture(start, THREE[start]))
        taken += [chosen.shot for chosen in selector.take()]
    assert taken == [0, 1]
    assert [chosen.shot for chosen in selector.finish().chosen] == [2]


def held(selector: KeyframeSelector) -> int:
    segment = selector._segment
    candidates = [] if segment is None else [segment._older, segment._newer]
    return len(selector._waiting) + len([each for each in candidates if each is not None])


def test_few_pictures_are_held_however_long_the_video() -> None:
    selector = KeyframeSelector(BASE)
    frames = pan(10, 40, 0.2)
    most = 0
    for start in range(0, 4000, 40):
        selector.add(FrameBatch(np.arange(start, start + 40, dtype=np.int64) * TICKS, frames))
        for frame in range(start, start + 40, 10):
            selector.add_picture(picture(frame, frames[frame - start]))
            selector.take()
            most = max(most, held(selector))
    assert most <= 4


def test_pictures_far_ahead_of_their_frames_are_bounded() -> None:
    selector = KeyframeSelector(BASE)
    frames = pan(11, 300, 0.2)
    for each in every(2, frames):
        selector.add_picture(each)
        assert held(selector) <= MOST_WAITING
    selector.add(FrameBatch(np.arange(300, dtype=np.int64) * TICKS, frames))
    assert len(selector.finish().chosen) >= 1


def test_footage_of_one_frame_a_second_gets_its_keyframes() -> None:
    frames = pan(12, 40, 1)
    selector = KeyframeSelector(TimeBase(num=1, den=1))
    for number in range(40):
        selector.add(FrameBatch(np.array([number]), frames[number : number + 1]))
        selector.add_picture(Picture(number, "gray", b"", frames[number]))
    assert len(selector.finish().chosen) == 4


def test_a_single_frame_is_a_shot_with_a_keyframe() -> None:
    selection = select(THREE[:1], every(1, THREE[:1]))
    assert (len(selection.shots), frames_of(selection)) == (1, [(0, 0)])


def test_nothing_gives_nothing() -> None:
    assert KeyframeSelector(BASE).finish() == Selection(shots=(), chosen=())


def test_pictures_without_any_frames_choose_nothing() -> None:
    selector = KeyframeSelector(BASE)
    selector.add_picture(picture(0, THREE[0]))
    assert selector.finish() == Selection(shots=(), chosen=())


def test_a_picture_whose_timestamp_no_frame_has_goes_to_the_nearest() -> None:
    luma = THREE[70]
    selection = select(THREE, [Picture(70 * TICKS + 11, "gray", b"", luma)])
    assert [chosen.shot for chosen in selection.chosen] == [1]


def test_timestamps_that_jump_to_the_ends_of_time_do_no_harm() -> None:
    extremes = np.array([0, 2**63 - 1, -(2**63), 5, 5, -9, 2**62, -(2**62)], dtype=np.int64)
    selector = KeyframeSelector(BASE)
    selector.add(FrameBatch(extremes, THREE[:8]))
    for number, pts in enumerate(extremes.tolist()):
        selector.add_picture(Picture(pts, "gray", b"", THREE[number]))
    selection = selector.finish()
    assert len(selection.shots) == 1
    assert selection.shots[0].last_pts == -(2**62)


def test_timestamps_and_frames_must_agree_in_number() -> None:
    with pytest.raises(ValueError, match="2 timestamps for 3 frames"):
        KeyframeSelector(BASE).add(FrameBatch(np.arange(2), THREE[:3]))


def test_the_sharpness_of_a_chosen_picture_is_its_own_as_a_decimal() -> None:
    selection = select(THREE[:50], [picture(20, THREE[20])])
    assert selection.chosen[0].sharpness == f"{sharpness(THREE[20]) / 1000:.3f}"
