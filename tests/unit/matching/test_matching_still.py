"""A still's instant: when it is singled out, and when another moment could be meant."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forensics.matching.detail import Blocks, Canvas
from forensics.matching.geometry import Detector, Fit, Floats, Pose
from forensics.matching.instant import FAR_S, Instant, Singled, instant_of
from forensics.matching.scan import Reading, Scan
from forensics.matching.sight import CLOSE, PART_SIDE, SIDE, Held, Sight, View
from forensics.matching.still import singled_out
from forensics.matching.still_params import STILL_PARAMS
from forensics.model.match import Moment, Segment, SegmentEvidence
from pipelines.cli.match import moment_in_words
from tests.unit.fingerprint.scenes import plane

GRID = (4, 4)
POINTS = np.zeros((40, 2), np.float32)
FIT = Fit(matrix=np.eye(3)[:2], inliers=40, cells=12, putative=44, source=POINTS, target=POINTS)


def reading(at_s: float, agree: float) -> Reading:
    side = 16 * GRID[0]
    return Reading(
        at_s=at_s,
        frame=np.zeros((side, side), np.uint8),
        held=Held(FIT, np.eye(3)),
        blocks=Blocks(np.full(16, agree), np.full(16, 10.0)),
        field=np.zeros((side, side), np.float32),
        filled=np.ones((side, side), bool),
    )


def scan_of(seconds: Floats, agree: Floats) -> Scan:
    canvas = Canvas(np.zeros((64, 64), np.float32), np.eye(3), GRID)
    readings = tuple(reading(float(at), float(value)) for at, value in zip(seconds, agree, strict=True))
    view = View(0, Detector.ORB)
    return Scan(canvas=canvas, readings=readings, view=view, standing=None, frame_shape=(64, 64))


def instant(**told: object) -> Instant:
    single = Singled(changing=20, explained=1.0, agree=0.99, neighbours_s=0.3, contradicted=0)
    fields = {"first_s": 1.0, "last_s": 1.1, "detail": 0.99, "elsewhere": 0.5, "alone": True, "singled": single}
    return Instant(reading=reading(1.0, 0.99), **{**fields, **told})  # type: ignore[arg-type]


def test_one_peak_stands_alone_and_its_times_are_those_around_it() -> None:
    seconds = np.arange(0.0, 6.0, 0.1)
    found = instant_of(scan_of(seconds, 0.9 * np.exp(-((seconds - 2.0) ** 2) / 0.1)), STILL_PARAMS)
    assert found.alone
    assert found.reading.at_s == pytest.approx(2.0)
    assert found.first_s < 2.0 < found.last_s < 2.0 + FAR_S


def test_a_moment_that_comes_again_does_not_stand_alone() -> None:
    seconds = np.arange(0.0, 6.0, 0.1)
    twice = np.exp(-((seconds - 1.5) ** 2) / 0.1) + 0.99 * np.exp(-((seconds - 4.5) ** 2) / 0.1)
    assert not instant_of(scan_of(seconds, 0.9 * twice), STILL_PARAMS).alone


def test_where_nothing_moves_no_moment_stands_alone() -> None:
    seconds = np.arange(0.0, 6.0, 0.1)
    assert not instant_of(scan_of(seconds, np.full(len(seconds), 0.95)), STILL_PARAMS).alone


def test_an_instant_is_singled_out_only_when_nearly_all_that_it_alone_shows_is_there() -> None:
    assert singled_out(instant(), STILL_PARAMS)
    single = instant().singled
    assert single is not None
    for told in ({"explained": 0.89}, {"changing": 7}, {"contradicted": 2}):
        assert not singled_out(instant(singled=replace(single, **told)), STILL_PARAMS)
    assert not singled_out(instant(singled=None), STILL_PARAMS)


def test_the_last_part_of_a_still_is_all_of_it_closely_however_small_it_is() -> None:
    sight = Sight(np.ascontiguousarray(plane(3, 256)[:192]), Pose())
    assert [part.luma.shape for part in sight.parts] == [(192, 256), (768, 1024)]
    assert max(sight.parts[CLOSE].luma.shape) == SIDE
    large = Sight(plane(3, 1024), Pose())
    assert [max(part.luma.shape) for part in large.parts] == [PART_SIDE, SIDE]
    assert list(large.plain_parts) == [0]


def test_only_an_instant_is_said_to_be_shown() -> None:
    segment = Segment(
        query_start_s=0.0,
        query_end_s=0.0,
        reference_start_s=1.0,
        reference_end_s=1.2,
        speed=1.0,
        score=0.5,
        transform=None,
        evidence=SegmentEvidence(
            frames=1, hamming_median=None, moments=1, inliers=40.0, cells=12.0,
            inlier_ratio=0.9, drift_px=None, motion=None, motion_z=None,
        ),
        moment=Moment(at_s=1.1, detail=0.99, elsewhere=None, changing=20, explained=1.0),
    )  # fmt: skip
    assert moment_in_words(segment, "same_recording_probable").startswith("the still shows the moment 1.10 s")
    assert "not excluded" in moment_in_words(segment, "same_scene")
