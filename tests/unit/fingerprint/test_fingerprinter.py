"""Which hashes of a video are kept, and what is said of them."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from forensics.fingerprint import SPEC, Fingerprinter, encode, hash_batch
from forensics.model.fingerprint import Fingerprint, FrameFlag
from forensics.model.hamming import hamming
from forensics.model.media import FrameBatch, Picture
from forensics.model.time import MediaTime, TimeBase
from tests.unit.fingerprint.scenes import flight, plane

BASE = TimeBase(num=1, den=12_800)
TICKS = 512
"""One frame at 25 frames a second."""


def pts_of(frames: int) -> npt.NDArray[np.int64]:
    return np.arange(frames, dtype=np.int64) * TICKS


def fingerprint_of(luma: npt.NDArray[np.uint8], batch: int = 64, base: TimeBase = BASE) -> Fingerprint:
    maker = Fingerprinter(base)
    pts = pts_of(len(luma))
    for start in range(0, len(luma), batch):
        maker.add(FrameBatch(pts[start : start + batch], luma[start : start + batch]))
    return maker.finish(MediaTime(pts=0, base=base))


FAST = flight(21, 150, speed=1)
STILL = np.repeat(flight(22, 1), 300, axis=0)


def test_every_frame_lies_within_the_keeping_bits_of_a_kept_hash() -> None:
    kept = fingerprint_of(FAST)
    codes, _ = hash_batch(FAST)
    assert 2 < len(kept.codes) < len(FAST)
    assert hamming(codes[:, None], kept.codes[None]).min(axis=1).max() <= SPEC.keep_bits


def test_kept_hashes_are_those_of_their_frames() -> None:
    kept = fingerprint_of(FAST)
    codes, quality = hash_batch(FAST[kept.pts // TICKS])
    assert np.array_equal(kept.codes, codes)
    assert np.array_equal(kept.quality, quality)


def test_each_kept_hash_but_the_last_is_far_from_the_one_before() -> None:
    kept = fingerprint_of(FAST)
    assert hamming(kept.codes[1:-1], kept.codes[:-2]).min() > SPEC.keep_bits


def test_the_first_and_the_last_frame_are_always_kept() -> None:
    kept = fingerprint_of(FAST[:-7])
    assert (kept.pts[0], kept.pts[-1]) == (0, (len(FAST) - 8) * TICKS)
    assert kept.end_pts == kept.pts[-1]
    assert kept.frames == len(FAST) - 7


def test_still_footage_has_a_hash_every_two_seconds() -> None:
    kept = fingerprint_of(STILL)
    assert (kept.pts // TICKS).tolist() == [0, 50, 100, 150, 200, 250, 299]


@pytest.mark.parametrize("batch", [1, 7, 256])
def test_how_frames_are_batched_changes_nothing(batch: int) -> None:
    luma = np.concatenate([FAST, STILL[:70], FAST[:40]])
    assert encode(fingerprint_of(luma, batch)) == encode(fingerprint_of(luma))


def test_a_single_frame_is_kept_once() -> None:
    kept = fingerprint_of(FAST[:1])
    assert (len(kept.codes), kept.frames, kept.end_pts) == (1, 1, 0)


def test_no_frames_give_an_empty_fingerprint() -> None:
    maker = Fingerprinter(BASE)
    maker.add(FrameBatch(pts_of(0), FAST[:0]))
    kept = maker.finish(MediaTime(pts=90, base=BASE))
    assert (len(kept.codes), kept.frames, kept.end_pts) == (0, 0, 90)


def test_timestamps_that_jump_to_the_ends_of_time_do_no_harm() -> None:
    extremes = np.array([0, 2**63 - 1, -(2**63), 5, 5, -9], dtype=np.int64)
    maker = Fingerprinter(BASE)
    maker.add(FrameBatch(extremes, FAST[:6]))
    kept = maker.finish(MediaTime(pts=0, base=BASE))
    assert kept.pts[0] == 0
    assert kept.pts[-1] == -9


def test_timestamps_and_frames_must_agree_in_number() -> None:
    with pytest.raises(ValueError, match="2 timestamps for 3 frames"):
        Fingerprinter(BASE).add(FrameBatch(pts_of(2), FAST[:3]))


def test_an_origin_in_another_time_base_is_refused() -> None:
    with pytest.raises(ValueError, match="1/25"):
        Fingerprinter(BASE).finish(MediaTime(pts=0, base=TimeBase(num=1, den=25)))


def card() -> npt.NDArray[np.uint8]:
    picture = np.full((64, 64), 20, dtype=np.uint8)
    cv2.putText(picture, "NEWS", (4, 40), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 230, 2)
    return picture


def flags_within(kept: Fingerprint, first: int, last: int) -> list[int]:
    inside = (kept.pts >= first * TICKS) & (kept.pts <= last * TICKS)
    return kept.flags[inside].tolist()


def test_a_title_card_that_stands_is_flagged() -> None:
    kept = fingerprint_of(np.concatenate([FAST[:30], np.repeat(card()[None], 40, axis=0), FAST[30:60]]))
    assert set(flags_within(kept, 30, 69)) == {FrameFlag.TITLE_CARD}
    assert set(flags_within(kept, 0, 29)) == {FrameFlag.NONE}


def test_what_looks_like_a_title_card_for_a_moment_is_not_flagged() -> None:
    kept = fingerprint_of(np.concatenate([FAST[:30], np.repeat(card()[None], 4, axis=0), FAST[30:60]]))
    assert set(kept.flags.tolist()) == {FrameFlag.NONE}


def test_black_frames_are_flagged() -> None:
    black = np.full((20, 64, 64), 16, dtype=np.uint8)
    kept = fingerprint_of(np.concatenate([black, FAST[:30]]))
    assert kept.flags[0] == FrameFlag.BLACK | FrameFlag.FLAT


def test_box_hashes_stand_beside_the_frames_they_are_of() -> None:
    boxed = FAST.copy()
    boxed[:, :10] = 16
    boxed[:, 54:] = 16
    kept = fingerprint_of(boxed)
    assert kept.box_codes.shape == kept.codes.shape
    assert not np.array_equal(kept.box_codes, kept.codes)


def picture_at(ground: npt.NDArray[np.uint8], second: float, shift: int) -> Picture:
    view = np.ascontiguousarray(ground[shift : shift + 270, shift : shift + 480])
    return Picture(int(second * BASE.den), "gray", b"", view)


def anchors_of(pictures: list[Picture]) -> Fingerprint:
    maker = Fingerprinter(BASE)
    for picture in pictures:
        maker.add_picture(picture)
    return maker.finish(MediaTime(pts=0, base=BASE))


GROUND = plane(31, 1024)


def anchor_seconds(pictures: list[Picture]) -> list[float]:
    return sorted({float(pts) / BASE.den for pts in anchors_of(pictures).anchors.pts})


def test_a_moving_scene_has_an_anchor_every_three_and_a_half_seconds() -> None:
    pictures = [picture_at(GROUND, step / 2, step) for step in range(36)]
    assert anchor_seconds(pictures) == [0, 3.5, 7, 10.5, 14, 17.5]


def test_a_scene_that_stands_still_has_an_anchor_every_twelve_seconds() -> None:
    assert anchor_seconds([picture_at(GROUND, step / 2, 0) for step in range(60)]) == [0, 12, 24]


def test_a_cut_brings_an_anchor_at_once() -> None:
    other = plane(32, 1024)
    pictures = [
        picture_at(GROUND, 0, 0),
        picture_at(GROUND, 0.5, 2),
        picture_at(other, 1, 0),
        picture_at(other, 1.5, 0),
    ]
    assert anchor_seconds(pictures) == [0, 1]


def test_footage_that_cuts_all_the_time_has_no_more_anchors_in_the_long_run() -> None:
    grounds = [plane(seed, 768) for seed in range(40, 46)]
    pictures = [picture_at(grounds[step % 6], step / 2, 0) for step in range(240)]
    assert len(anchor_seconds(pictures)) <= 120 / 3 + 12 / 3


def test_an_anchor_has_forty_features_spread_over_the_picture() -> None:
    anchors = anchors_of([picture_at(GROUND, 0, 0)]).anchors
    assert anchors.descriptors.shape == (40, 32)
    assert anchors.points.dtype == np.float32
    assert anchors.points.min() >= 0
    assert anchors.points[:, 0].max() < 1
    assert anchors.points[:, 1].max() < 270 / 480
    assert len({(int(x * 8), int(y * 8)) for x, y in anchors.points}) >= 16


def test_features_follow_the_picture() -> None:
    here = anchors_of([picture_at(GROUND, 0, 0)]).anchors
    there = anchors_of([picture_at(GROUND, 0, 24)]).anchors
    distance = hamming(here.descriptors[:, None], there.descriptors[None])
    pairs = np.argwhere(distance <= 48)
    assert len(pairs) >= 12
    moved = here.points[pairs[:, 0]] - there.points[pairs[:, 1]]
    assert np.median(moved, axis=0) == pytest.approx([24 / 480, 24 / 480], abs=0.01)


@pytest.mark.parametrize("shape", [(1, 1), (4, 4000), (2160, 2), (8, 8), (400, 400)])
def test_pictures_without_features_give_no_anchors(shape: tuple[int, int]) -> None:
    anchors = anchors_of([Picture(0, "gray", b"", np.full(shape, 90, dtype=np.uint8))]).anchors
    assert (len(anchors.pts), anchors.points.shape, anchors.descriptors.shape) == (0, (0, 2), (0, 32))
