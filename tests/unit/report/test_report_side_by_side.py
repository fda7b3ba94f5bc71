"""The canvas of a comparison: what it is stands in each frame, nothing foreign acts, equal values give equal pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forensics.model.match import Assessment, Decision
from forensics.report import BANNER, HEIGHT, UNCHANGED, WIDTH, Instant, Party, Scene, compose, heading, residual
from forensics.report.drawn import Pen, plain, wrapped
from forensics.report.side_by_side import cells

LEFT = Party(letter="A", name="E-0001", sha256="ab" * 32, length_s=10.0)
RIGHT = Party(letter="B", name="E-0002", sha256="cd" * 32, length_s=20.0)
SCENE = Scene(
    left=LEFT,
    right=RIGHT,
    query_first=True,
    decision=Decision.MATCH,
    assessment=Assessment.SAME_RECORDING,
    rejected=False,
    transform=UNCHANGED,
    measured_side=512,
    facts=("Segment 1 of 1", "Speed: 1.000 s of B in a second of A"),
    lines=((0.0, 5.0, 2.0, 7.0),),
)


def instant(width=320, height=180, level=90, **changed):
    left, right = np.full((height, width, 3), level, np.uint8), np.full((180, 320, 3), level + 10, np.uint8)
    laid = residual(left, right, UNCHANGED, 512)
    base = {"left": left, "left_s": 1.0, "left_clock": "0:01.000", "right": right, "right_s": 3.0}
    return Instant(**{**base, "right_clock": "0:03.000", "residual": laid, **changed})


def test_equal_values_give_equal_pixels_of_the_promised_size():
    one, two = compose(SCENE, instant()), compose(SCENE, instant())
    assert one.shape == (HEIGHT, WIDTH, 3)
    assert one.tobytes() == two.tobytes()


def test_what_it_is_stands_in_the_same_pixels_of_every_frame():
    """The banner's half of the head does not depend on the frame, the pair or the assessment's words."""
    one = compose(SCENE, instant())
    two = compose(replace(SCENE, left=RIGHT, facts=(), assessment=Assessment.IDENTICAL_FILE), instant(level=200))
    assert BANNER == "Demonstrative. Not evidence."
    head = one[:64, : WIDTH // 3]
    assert (head == two[:64, : WIDTH // 3]).all()
    assert (head.max(axis=2) == 240).sum() > 500  # letters, in the lightest ink


def test_candidates_and_rejected_pairs_say_so_and_have_another_head():
    said = {
        (Decision.CANDIDATE, False): "CANDIDATE, not called a copy: same scene",
        (Decision.CANDIDATE, True): "REJECTED by an examiner (the program said: same scene)",
    }
    heads = [compose(SCENE, instant())[2, 2].tolist()]
    for (decision, rejected), words in said.items():
        assert heading(decision, Assessment.SAME_SCENE, rejected=rejected) == words
        scene = replace(SCENE, decision=decision, assessment=Assessment.SAME_SCENE, rejected=rejected)
        heads.append(compose(scene, instant())[2, 2].tolist())
    assert len({tuple(colour) for colour in heads}) == 3


def test_the_clocks_are_drawn_below_the_pictures():
    still = compose(SCENE, instant())
    later = compose(SCENE, instant(left_clock="0:01.040"))
    changed = np.argwhere((still != later).any(axis=2))
    cell = cells(instant())[0]
    assert len(changed) > 20
    assert changed[:, 0].min() >= cell.y + cell.height - 40
    assert changed[:, 1].max() < cell.x + cell.width


def test_both_pictures_are_shown_whole_and_as_they_are():
    canvas = compose(SCENE, instant())
    left, right, *_ = cells(instant())
    assert (canvas[left.y + left.height // 2, left.x + left.width // 2] == 90).all()
    assert (canvas[right.y + right.height // 2, right.x + right.width // 2] == 100).all()


def test_upright_pictures_get_columns():
    assert cells(instant())[2].y > cells(instant())[0].y
    tall = instant(width=180, height=400)
    assert len({cell.y for cell in cells(replace(tall, right=tall.left))}) == 1


def test_without_a_transform_no_difference_is_shown():
    canvas = compose(replace(SCENE, transform=None), instant(residual=None))
    cell = cells(instant())[2]
    inside = canvas[cell.y + 60 : cell.y + cell.height - 60, cell.x + 10 : cell.x + cell.width - 10]
    assert (np.ptp(inside, axis=2) < 12).all()  # no colour of the scale of differences


@pytest.mark.parametrize("name", ["\u202eevil", "Канал", "a\nb\x1b[2J", "x" * 5000, "", "%{pts}:text='"])
def test_no_name_can_do_more_than_be_drawn(name):
    canvas = compose(replace(SCENE, left=replace(LEFT, name=name), facts=(name,)), instant())
    right = cells(instant())[1]
    clean = compose(SCENE, instant())
    assert (canvas[64:, right.x :][: right.height] == clean[64:, right.x :][: right.height]).all()


def test_text_is_drawn_in_ascii_and_wrapped_between_words():
    assert plain("\u22120:01 Київ\n") == "-0:01 ?????"
    pen = Pen(0.7, (255, 255, 255))
    lines = list(wrapped("one two three four five six seven", pen, 150))
    assert " ".join(lines) == "one two three four five six seven"
    assert len(lines) > 1
    assert all(pen.width_of(line) <= 150 for line in lines)
