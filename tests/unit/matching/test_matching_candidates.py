"""Which references are worth looking at: what local features propose, alone and in a crowd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pytest

from forensics.index import LinearIndex
from forensics.matching import Corpus, Ranking, Subject, candidates
from forensics.matching.candidates import FRAMES_FITTED
from forensics.matching.footage import LONG_SIDE
from forensics.matching.geometry import Detector, Features, Pose
from forensics.model.fingerprint import HASH_BYTES, Anchors, Fingerprint, HashSpec
from forensics.model.match import Hits
from forensics.model.time import MediaTime, TimeBase

Codes = npt.NDArray[np.uint8]

ASKED, STORED, DURATION_S = 300, 40, 6
NONE = np.zeros(0, np.int64)


def flipped(codes: Codes, bits: int, draw: np.random.Generator) -> Codes:
    """The codes with so many bits of each changed."""
    out = np.unpackbits(codes, axis=1)
    for row in out:
        row[draw.choice(out.shape[1], bits, replace=False)] ^= 1
    return np.packbits(out, axis=1)


def reference(name: str, points: npt.NDArray[np.float32], descriptors: Codes) -> Subject:
    """A file with these features in one picture, and no frame hash."""
    track = Fingerprint(
        spec=HashSpec(name="none", version="1", bits=256, recipe="none", keep_bits=0),
        origin=MediaTime(pts=0, base=TimeBase(num=1, den=1)),
        frames=DURATION_S,
        end_pts=DURATION_S,
        codes=np.zeros((0, HASH_BYTES), np.uint8),
        pts=NONE,
        quality=np.zeros(0, np.uint8),
        flags=np.zeros(0, np.uint8),
        box_codes=np.zeros((0, HASH_BYTES), np.uint8),
        anchors=Anchors(pts=np.ones(len(points), np.int64), points=points, descriptors=descriptors),
    )
    return Subject(id=name, fingerprint=track, duration_s=float(DURATION_S))


@dataclass(frozen=True)
class OnePicture:
    """Shows the same features at every moment, and only when it is looked at as it is. A stand-in for footage."""

    shown: Features

    def ahead(self, subject: str, start_s: float, end_s: float) -> None:
        """Nothing is decoded."""

    def features(self, subject: str, at_s: float, pose: Pose, detector: Detector) -> Features | None:
        return self.shown if (pose, detector) == (Pose(), Detector.ORB) else None

    def still(self, subject: str, long_side: int) -> npt.NDArray[np.uint8] | None:
        return None


def ranked(shown: Features, references: Sequence[Subject]) -> Ranking:
    """What a query that shows these features proposes."""
    corpus = Corpus.build(references)
    index = LinearIndex()
    index.add(np.asarray(corpus.descriptors[np.arange(len(corpus.descriptors))]))
    query = reference("query", np.zeros((0, 2), np.float32), np.zeros((0, HASH_BYTES), np.uint8))
    nothing = Hits(NONE, NONE, np.zeros(0, np.uint16))
    return candidates(query, corpus, lambda codes, radius: nothing, index.query, lambda codes: {}, OnePicture(shown))


@pytest.fixture
def shown() -> Features:
    draw = np.random.default_rng(4)
    descriptors = draw.integers(0, 256, (ASKED, HASH_BYTES), dtype=np.uint8)
    return Features((draw.random((ASKED, 2)) * [500, 280]).astype(np.float32), descriptors, 288, 512)


def copy_of(shown: Features, features: int, bits: int) -> Subject:
    """A reference that holds so many of the shown features where they are, each changed by so many bits."""
    descriptors = flipped(shown.descriptors[:features], bits, np.random.default_rng(5))
    return reference("copy", shown.points[:features] / LONG_SIDE, descriptors)


def crowd(shown: Features, count: int, bits: int) -> list[Subject]:
    """Files whose every feature is as near as this to one of the shown ones, at places that mean nothing."""
    draw = np.random.default_rng(6)
    out = []
    for number in range(count):
        rows = draw.choice(ASKED, STORED, replace=False)
        points = (draw.random((STORED, 2)) * [1.0, 0.56]).astype(np.float32)
        out.append(reference(f"crowd-{number:04d}", points, flipped(shown.descriptors[rows], bits, draw)))
    return out


def test_a_picture_with_near_features_in_place_is_proposed(shown: Features) -> None:
    (found,) = ranked(shown, [copy_of(shown, 20, 24)]).candidates
    assert found.reference_id == "copy"
    assert found.seeds[0].reference_s == 1.0
    assert not found.seeds[0].by_hash


def test_near_features_count_more_than_many_far_ones(shown: Features) -> None:
    others = crowd(shown, 20 * FRAMES_FITTED, 54)
    found = ranked(shown, [*others, copy_of(shown, 20, 24)]).candidates
    assert found[0].reference_id == "copy"


def test_what_every_file_shares_counts_less_than_what_one_has(shown: Features) -> None:
    """A logo in every file: near features, at one place in all of them."""
    rows = np.arange(ASKED - 8, ASKED)
    logo = (shown.points[rows] / LONG_SIDE, flipped(shown.descriptors[rows], 10, np.random.default_rng(7)))
    others = [reference(f"channel-{number:04d}", *logo) for number in range(20 * FRAMES_FITTED)]
    found = ranked(shown, [*others, copy_of(shown, 12, 40)]).candidates
    assert "copy" in {each.reference_id for each in found}


def test_each_picture_of_a_file_is_fitted_by_its_own_features(shown: Features) -> None:
    """The first half of the features at one second and the rest at another: neither picture has enough to be found."""
    whole = copy_of(shown, 8, 20)
    anchors = replace(whole.fingerprint.anchors, pts=np.repeat([1, 4], 4).astype(np.int64))
    apart = replace(whole, fingerprint=replace(whole.fingerprint, anchors=anchors))
    assert ranked(shown, [whole]).candidates
    assert not ranked(shown, [apart]).candidates


def test_where_copies_abound_all_of_them_are_proposed(shown: Features) -> None:
    """Good copies, and as many that have half of the votes."""
    bits = (10, 20)
    copies = [replace(copy_of(shown, 20, bits[n % 2]), id=f"copy-{n:04d}") for n in range(4 * FRAMES_FITTED)]
    found = ranked(shown, [*crowd(shown, 2 * FRAMES_FITTED, 54), *copies]).candidates
    assert {each.reference_id for each in found} == {copy.id for copy in copies}
