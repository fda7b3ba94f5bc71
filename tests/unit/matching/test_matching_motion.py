from __future__ import annotations

import cv2
import numpy as np

from forensics.matching.dense import Shared
from forensics.matching.geometry import AS_IS
from forensics.matching.motion import CELLS, DETAIL_SIGMA, Motion, compare, on_grid, overlaid
from forensics.matching.params import PARAMS
from forensics.matching.reel import Reel
from forensics.model.media import Window
from tests.unit.matching.scenes import stretch, take

WHOLE = Shared(0.0, 0.0, 512.0, 288.0)


def measured(query: Window, reference: Window, offset: float, speed: float = 1.0) -> Motion:
    pair = on_grid(Reel(query), Reel(reference), np.eye(2, 3), AS_IS, WHOLE, CELLS, DETAIL_SIGMA)
    assert pair is not None
    found = compare(pair, speed, offset, 0.05, float(query.seconds[-1]) - 0.05)
    assert found is not None
    return found


def test_a_copy_stands_out_at_its_offset() -> None:
    original = take(1, 1, 90)
    found = measured(stretch(original, 2.0, 6.0), original, 2.0)
    assert found.peak > 0.9
    assert found.z > 8
    assert abs(found.shift_s) < 0.06


def test_another_recording_of_the_place_does_not_stand_out() -> None:
    one, other = take(1, 1, 90), take(1, 2, 90)
    for offset in (0.0, 1.0, 2.5):
        found = measured(stretch(one, 2.0, 6.0), other, float(offset))
        assert found.z < 5
        assert found.peak < 0.4
        assert found.still > 0.7


def test_a_small_error_of_the_offset_is_measured() -> None:
    original = take(2, 3, 90)
    found = measured(stretch(original, 2.0, 6.0), original, 2.2)
    assert abs(found.shift_s + 0.2) < 0.06


def test_a_place_in_which_nothing_moves_proves_nothing() -> None:
    one, other = take(3, 4, 60, movers=0), take(3, 5, 60, movers=0)
    found = measured(one, other, 0.0)
    assert found.z < 5
    assert found.still > 0.9


def clocked(window: Window) -> Window:
    """A running clock, once for each second, written into the top edge."""
    luma = window.luma.copy()
    for row, at in enumerate(window.seconds):
        luma[row, 8:36, 8:120] = 16
        cv2.putText(luma[row], f"12:00:{int(at) % 60:02d}", (10, 32), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 235, 2)
    return Window(window.seconds, luma)


def test_two_recordings_that_show_the_same_clock_do_not_stand_out() -> None:
    one, other = take(5, 7, 80, movers=0), take(5, 8, 80, movers=0)
    found = measured(clocked(stretch(one, 0.0, 6.0)), clocked(other), 0.0)
    assert found.peak < 0.3
    assert found.z < 5


def lit(window: Window, at_s: float) -> Window:
    """A lamp goes on at a moment."""
    gain = np.where(window.seconds >= at_s, 1.25, 0.9)[:, None, None]
    return Window(window.seconds, np.clip(window.luma * gain, 0, 255).astype(np.uint8))


def test_a_lamp_that_goes_on_in_two_recordings_proves_nothing() -> None:
    found = measured(lit(take(6, 9, 60, movers=0), 3.0), lit(take(6, 10, 60, movers=0), 3.0), 0.0)
    assert found.peak < PARAMS.clear_peak or found.carried < PARAMS.clear_carried
    assert found.carried < PARAMS.faint_carried


def test_too_few_frames_are_no_test() -> None:
    original = take(4, 6, 30)
    query, reference = Reel(stretch(original, 0, 0.5)), Reel(original)
    pair = on_grid(query, reference, np.eye(2, 3), AS_IS, WHOLE, CELLS, DETAIL_SIGMA)
    assert pair is not None
    assert compare(pair, 1.0, 0.0, 0.0, 0.4) is None


def test_a_caption_that_the_reference_lacks_is_found_as_overlay() -> None:
    rng = np.random.default_rng(0)
    ground = rng.normal(scale=8, size=(1, 40, 64)).astype(np.float32)
    theirs = np.repeat(ground, 10, axis=0) + rng.normal(scale=3, size=(10, 40, 64)).astype(np.float32)
    ours = theirs.copy()
    ours[:, 30:36, 10:50] = 60.0
    found = overlaid(ours, theirs, np.ones((40, 64), bool))
    assert found[31:35, 11:49].all()
    assert found[:20].mean() < 0.1
