"""A named pair is looked at with whole pictures of both, all along."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from forensics.matching.geometry import Detector, Features, Pose, detect, posed
from forensics.matching.subject import Subject
from forensics.matching.thorough import thorough
from tests.unit.matching.scenes import texture

PAN_PX = 120
"""By how much the camera turns in a second."""


@dataclass
class Filmed:
    """A camera that pans over a place; the copy begins ``late_s`` in and shows the middle of the picture, enlarged."""

    mirrored: bool = False
    late_s: float = 2.0
    elsewhere: bool = False

    def ahead(self, subject: str, start_s: float, end_s: float) -> None:
        assert start_s < end_s

    def features(self, subject: str, at_s: float, pose: Pose, detector: Detector) -> Features | None:
        return None if detector is Detector.SIFT else detect(posed(self._picture(subject, at_s), pose), detector)

    def still(self, subject: str, long_side: int) -> None:
        raise AssertionError("no still is asked for")

    def _picture(self, subject: str, at_s: float) -> np.ndarray:
        place = texture(9 if self.elsewhere and subject == "copy" else 5, 288, 2200, 3.0)
        at = round(PAN_PX * (at_s + (self.late_s if subject == "copy" else 0.0)))
        whole = place[:, at : at + 512]
        if subject == "original":
            return np.ascontiguousarray(whole)
        middle = cv2.resize(whole[72:216, 128:384], (512, 288), interpolation=cv2.INTER_CUBIC)
        return np.ascontiguousarray(middle[:, ::-1] if self.mirrored else middle)


def subject(name: str, duration_s: float) -> Subject:
    return Subject(id=name, fingerprint=None, duration_s=duration_s)  # type: ignore[arg-type]


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_quarter_of_the_picture_is_found_at_its_time(mirrored: bool) -> None:
    found = thorough(subject("copy", 5.0), subject("original", 12.0), Filmed(mirrored=mirrored))
    assert found is not None
    best = found.seeds[0]
    assert best.pose == Pose(mirrored=mirrored)
    assert best.reference_s - best.query_s == pytest.approx(2.0, abs=1.1)
    assert not best.by_hash


def test_another_place_is_found_nowhere() -> None:
    assert thorough(subject("copy", 5.0), subject("original", 12.0), Filmed(elsewhere=True)) is None


def test_videos_without_a_picture_are_found_nowhere() -> None:
    class Dark(Filmed):
        def features(self, subject: str, at_s: float, pose: Pose, detector: Detector) -> Features | None:
            return None

    assert thorough(subject("copy", 0.0), subject("original", 0.04), Dark()) is None
