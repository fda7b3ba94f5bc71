from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from forensics.matching import Candidate, Corpus, Footage, Seed, Subject, candidates, examine
from forensics.matching.geometry import Detector, Pose, detect
from forensics.model.fingerprint import Anchors, Fingerprint, FrameFlag, HashSpec
from forensics.model.match import Assessment, Decision, Hits, Match
from forensics.model.media import Window
from forensics.model.time import MediaTime, TimeBase
from tests.unit.matching.scenes import cropped, inset, joined, mirrored, stretch, take

BASE = TimeBase(num=1, den=1000)
SPEC = HashSpec(name="test", version="1", bits=256, recipe="", keep_bits=16)


def subject(name: str, window: Window, *, flags: int = 0, sha256: str | None = None) -> Subject:
    """A subject whose hashes are thresholded thumbnails, with anchors every two seconds."""
    pts = np.round(window.seconds * 1000).astype(np.int64)
    small = window.luma[:, ::18, ::32].reshape(len(pts), -1)[:, :256]
    codes = np.packbits(small > np.median(small, axis=1, keepdims=True), axis=1)
    rows = range(5, len(pts), 20)
    found = [detect(window.luma[row], Detector.ORB) for row in rows]
    anchors = Anchors(
        pts=np.concatenate([np.full(60, pts[row]) for row in rows]),
        points=np.concatenate([f.points[:: len(f.points) // 60][:60] / 512 for f in found]).astype(np.float32),
        descriptors=np.concatenate([f.descriptors[:: len(f.points) // 60][:60] for f in found]),
    )
    fingerprint = Fingerprint(
        spec=SPEC,
        origin=MediaTime(pts=0, base=BASE),
        frames=len(pts),
        end_pts=int(pts[-1]),
        codes=codes,
        pts=pts,
        quality=np.full(len(pts), 100, np.uint8),
        flags=np.full(len(pts), flags, np.uint8),
        box_codes=np.zeros((0, 32), np.uint8),
        anchors=anchors,
    )
    return Subject(id=name, fingerprint=fingerprint, duration_s=len(pts) / 10, sha256=sha256)


def footage(**windows: Window) -> Footage:
    def read(name: str, start: float, end: float, fps: float, long_side: int) -> Window:
        window = windows[name]
        kept = (window.seconds >= start) & (window.seconds < end)
        return Window(window.seconds[kept], window.luma[kept])

    return Footage(read)


def search(stored: np.ndarray):
    def query(codes: np.ndarray, radius: int) -> Hits:
        apart = np.bitwise_count(codes[:, None] ^ stored[None]).sum(axis=2)
        q, r = np.nonzero(apart <= radius)
        return Hits(q.astype(np.int64), r.astype(np.int64), apart[q, r].astype(np.uint16))

    return query


def views(codes: np.ndarray) -> Mapping[tuple[bool, bool, int], np.ndarray]:
    return {(False, False, 0): codes, (False, True, 0): ~codes}


def ranked(query: Subject, references: list[Subject], frames: Footage) -> tuple[Candidate, ...]:
    corpus = Corpus.build(references)
    return candidates(query, corpus, search(corpus.codes), search(corpus.descriptors), views, frames).candidates


def compared(query: Window, reference: Window) -> Match | None:
    frames = footage(q=query, r=reference)
    ours, theirs = subject("q", query), subject("r", reference)
    found = ranked(ours, [theirs], frames)
    return examine(ours, theirs, found[0], frames) if found else None


@pytest.fixture(scope="module")
def original() -> Window:
    return take(11, 21, 90)


def test_a_copied_stretch_is_a_match_with_its_times(original: Window) -> None:
    found = compared(joined(take(12, 22, 30), stretch(original, 3, 7.5), take(13, 23, 20)), original)
    assert found is not None
    assert (found.decision, found.assessment) == (Decision.MATCH, Assessment.SAME_RECORDING)
    (segment,) = found.segments
    assert segment.query_start_s == pytest.approx(3.0, abs=0.15)
    assert segment.query_end_s == pytest.approx(7.5, abs=0.15)
    assert segment.reference_start_s == pytest.approx(3.0, abs=0.15)
    assert segment.speed == 1.0


@pytest.fixture(scope="module")
def long_original() -> Window:
    """Of a tripod: every seed fits, however far off it is."""
    return take(17, 61, 480)


def examined_from(query_s: float, reference_s: float, query: Window, reference: Window) -> tuple[Match, float]:
    """The result from one seed, and how many seconds of the reference were read."""
    read: list[float] = []

    def reader(name: str, start: float, end: float, fps: float, long_side: int) -> Window:
        window = {"q": query, "r": reference}[name]
        kept = (window.seconds >= start) & (window.seconds < end)
        if name == "r":
            read.append(float(kept.sum()) / 10)
        return Window(window.seconds[kept], window.luma[kept])

    seed = Seed(query_s=query_s, reference_s=reference_s, pose=Pose(), weight=9.0, by_hash=True)
    candidate = Candidate(query_id="q", reference_id="r", score=9.0, seeds=(seed,))
    ends = {"q": len(query.seconds) / 10, "r": len(reference.seconds) / 10}
    found = examine(subject("q", query), subject("r", reference), candidate, Footage(reader, ends.__getitem__))
    assert found is not None
    return found, sum(read)


def test_of_a_long_reference_only_what_a_short_copy_can_show_is_read(long_original: Window) -> None:
    found, read_s = examined_from(3.0, 23.0, stretch(long_original, 20, 26), long_original)
    assert found.decision is Decision.MATCH
    assert [s.reference_start_s for s in found.segments] == [pytest.approx(20.0, abs=0.15)]
    assert read_s <= 35.0


def test_a_short_copy_whose_seed_is_far_off_is_found_further_around(long_original: Window) -> None:
    found, _ = examined_from(3.0, 4.0, stretch(long_original, 36, 42), long_original)
    assert found.decision is Decision.MATCH
    assert [s.reference_start_s for s in found.segments] == [pytest.approx(36.0, abs=0.15)]


def test_two_far_parts_of_one_reference_are_both_found_from_one_seed(long_original: Window) -> None:
    query = joined(stretch(long_original, 4, 8), stretch(long_original, 38, 43))
    found, _ = examined_from(2.0, 6.0, query, long_original)
    assert found.decision is Decision.MATCH
    assert [s.reference_start_s for s in found.segments] == [pytest.approx(at, abs=0.2) for at in (4.0, 38.0)]


def test_a_mirrored_crop_is_a_match_and_said_to_be_mirrored(original: Window) -> None:
    found = compared(mirrored(cropped(stretch(original, 2, 7), 0.1, 0.1, 0.8, 0.8)), original)
    assert found is not None
    assert found.decision is Decision.MATCH
    assert found.mirrored
    transform = found.segments[0].transform
    assert transform is not None
    assert transform.crop == pytest.approx((0.1, 0.1, 0.8, 0.8), abs=0.03)


def test_an_inset_is_a_match_and_its_box_is_told(original: Window) -> None:
    found = compared(inset(stretch(original, 0, 5), take(14, 24, 60), 0.4, 260, 20), original)
    assert found is not None
    assert found.decision is Decision.MATCH
    transform = found.segments[0].transform
    assert transform is not None
    assert transform.box == pytest.approx((260 / 512, 20 / 288, 465 / 512, 135 / 288), abs=0.03)


def test_another_recording_by_the_same_camera_is_never_a_match(original: Window) -> None:
    found = compared(take(11, 31, 60), original)
    assert found is not None
    assert found.decision is Decision.CANDIDATE
    assert found.score < 0.7


def test_a_still_place_is_at_most_a_candidate() -> None:
    found = compared(take(15, 41, 40, movers=0), take(15, 42, 40, movers=0))
    assert found is not None
    assert found.decision is Decision.CANDIDATE


def test_unrelated_footage_is_no_pair(original: Window) -> None:
    assert compared(take(16, 51, 60), original) is None


def test_a_comparison_gives_the_same_answer_twice(original: Window) -> None:
    query = cropped(stretch(original, 1, 4), 0.0, 0.1, 0.9, 1.0)
    assert compared(query, original) == compared(query, original)


def test_the_same_bytes_need_no_pictures(original: Window) -> None:
    ours = subject("q", original, sha256="a" * 64)
    theirs = subject("r", original, sha256="a" * 64)
    nothing = Candidate(query_id="q", reference_id="r", score=0.0, seeds=())
    found = examine(ours, theirs, nothing, footage())
    assert found is not None
    assert (found.assessment, found.score) == (Assessment.IDENTICAL_FILE, 1.0)


def test_the_same_packets_in_another_container_are_told_apart_from_the_same_file(original: Window) -> None:
    ours = replace(subject("q", original, sha256="a" * 64), video_essence="c" * 64)
    theirs = replace(subject("r", original, sha256="b" * 64), video_essence="c" * 64)
    nothing = Candidate(query_id="q", reference_id="r", score=0.0, seeds=())
    found = examine(ours, theirs, nothing, footage())
    assert found is not None
    assert found.assessment is Assessment.IDENTICAL_BITSTREAM


def test_flagged_frames_start_no_candidate() -> None:
    card = Window(np.arange(40) / 10, np.repeat(take(17, 61, 1).luma, 40, axis=0))
    empty = Anchors(
        pts=np.zeros(0, np.int64), points=np.zeros((0, 2), np.float32), descriptors=np.zeros((0, 32), np.uint8)
    )

    def bare(name: str, flags: int) -> Subject:
        made = subject(name, card, flags=flags)
        return replace(made, fingerprint=replace(made.fingerprint, anchors=empty))

    frames = footage(q=card, r=card)
    flagged = int(FrameFlag.TITLE_CARD)
    assert [c.reference_id for c in ranked(bare("q", 0), [bare("r", 0)], frames)] == ["r"]
    assert ranked(bare("q", flagged), [bare("r", flagged)], frames) == ()
    assert ranked(bare("q", 0), [bare("r", flagged)], frames) == ()


def test_more_copies_than_can_be_examined_are_counted(original: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = sys.modules["forensics.matching.candidates"]
    monkeypatch.setattr(stage, "MOST_CANDIDATES", 2)
    monkeypatch.setattr(stage, "MOST_STRONG", 3)
    references = [subject(name, original) for name in "abcde"]
    corpus = Corpus.build(references)
    frames = footage(q=original, **dict.fromkeys("abcde", original))
    found = candidates(subject("q", original), corpus, search(corpus.codes), search(corpus.descriptors), views, frames)
    assert ([c.reference_id for c in found.candidates], found.left_out) == (["a", "b", "c"], 2)


def test_references_to_skip_are_no_candidates(original: Window) -> None:
    ours, frames = subject("q", original), footage(q=original)
    corpus = Corpus.build([subject("q", original), subject("r", original)])
    found = candidates(
        ours, corpus, search(corpus.codes), search(corpus.descriptors), views, frames, skip=frozenset({"q"})
    )
    assert [c.reference_id for c in found.candidates] == ["r"]


def test_a_seed_outside_both_files_is_harmless(original: Window) -> None:
    ours, theirs = subject("q", original), subject("r", original)
    seed = Seed(query_s=500.0, reference_s=-3.0, pose=Pose(mirrored=True), weight=1.0, by_hash=True)
    wild = Candidate(query_id="q", reference_id="r", score=1.0, seeds=(seed,))
    assert examine(ours, theirs, wild, footage(q=original, r=original)) is None
