import cv2
import numpy as np
import pytest

from forensics.keyframes.sheet import (
    CELL_HEIGHT,
    CELL_WIDTH,
    MAX_COLUMNS,
    MAX_SHEET_FRAMES,
    MAX_TITLE_LINES,
    contact_sheet,
)

RED, GREEN = (0, 0, 255), (0, 255, 0)


def plain(height, width, colour):
    return np.full((height, width, 3), colour, np.uint8)


def decode(jpeg):
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def test_the_same_frames_give_the_same_bytes():
    frames = [(plain(90, 160, RED), "0:00.000")]
    assert contact_sheet(frames, 2, ["one"]) == contact_sheet(frames, 2, ["one"])


def test_a_sheet_shows_every_frame_whole_in_its_cell():
    frames = [(plain(1080, 1920, RED), "first"), (plain(1920, 1080, GREEN), "second"), (plain(90, 160, RED), "third")]
    sheet = decode(contact_sheet(frames, 2, []))
    columns, rows = 2, 2
    assert sheet.shape[1] > columns * CELL_WIDTH
    assert sheet.shape[0] > rows * CELL_HEIGHT
    is_green = (np.abs(sheet.astype(int) - GREEN) < 40).all(axis=2)
    ys, xs = np.nonzero(is_green)
    assert ys.max() - ys.min() + 1 == pytest.approx(CELL_HEIGHT, abs=2)
    assert xs.max() - xs.min() + 1 == pytest.approx(CELL_HEIGHT * 9 / 16, abs=3)


def test_a_label_is_drawn_below_its_frame_and_a_title_above():
    bare = decode(contact_sheet([(plain(90, 160, RED), "")], 1, [""]))
    with_label = decode(contact_sheet([(plain(90, 160, RED), "0:01.000  abcdef")], 1, [""]))
    with_title = decode(contact_sheet([(plain(90, 160, RED), "")], 1, ["CASE-1"]))
    changed = np.nonzero(np.abs(bare.astype(int) - with_label).max(axis=(1, 2)) > 60)[0]
    assert changed.min() > bare.shape[0] / 2
    changed = np.nonzero(np.abs(bare.astype(int) - with_title).max(axis=(1, 2)) > 60)[0]
    assert changed.max() < bare.shape[0] / 4


def test_hostile_labels_never_stop_a_sheet():
    for label in ("видео", "\x00\x1b[2J", "\udce9", "x" * 100_000, ""):
        assert contact_sheet([(plain(9, 16, RED), label)], 1, [label]).startswith(b"\xff\xd8")


def test_a_sheet_without_frames_is_still_a_picture():
    assert decode(contact_sheet([], 4, ["nothing was decoded"])) is not None


def test_the_largest_sheet_allowed_can_be_written():
    frames = [(plain(2, 2, RED), "")] * MAX_SHEET_FRAMES
    assert contact_sheet(frames, 1, ["title"] * MAX_TITLE_LINES).startswith(b"\xff\xd8")


def test_a_sheet_that_cannot_be_drawn_is_refused():
    for columns in (0, MAX_COLUMNS + 1):
        with pytest.raises(ValueError, match="columns"):
            contact_sheet([], columns, [])
    with pytest.raises(ValueError, match="at most"):
        contact_sheet([(plain(2, 2, RED), "")] * (MAX_SHEET_FRAMES + 1), 4, [])
    for wrong in (np.zeros((0, 5, 3), np.uint8), np.zeros((5, 5), np.uint8), np.zeros((5, 5, 3), np.float32)):
        with pytest.raises(ValueError, match="uint8"):
            contact_sheet([(wrong, "")], 1, [])
