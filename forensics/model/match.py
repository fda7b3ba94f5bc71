"""What comparing two videos gave: hits, segments, a match with its grounds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt


class Hits(NamedTuple):
    """Close pairs of frame hashes: ``query`` int64 (n,) row of the query, ``reference`` int64 (n,) row in the
    index, ``distance`` uint16 (n,) in bits. Complete within the radius asked for: no cap, no k.
    """

    query: npt.NDArray[np.int64]
    reference: npt.NDArray[np.int64]
    distance: npt.NDArray[np.uint16]


class Decision(StrEnum):
    """Only a ``match`` is ever called a repost; a ``candidate`` asks a person to look."""

    MATCH = "match"
    CANDIDATE = "candidate"


class Assessment(StrEnum):
    """What the grounds support, strongest first. Only the first three are decided ``match``."""

    IDENTICAL_FILE = "identical_file"
    IDENTICAL_BITSTREAM = "identical_bitstream"
    SAME_RECORDING = "same_recording"
    SAME_RECORDING_PROBABLE = "same_recording_probable"
    SAME_SCENE = "same_scene"
    AUDIO_ONLY = "audio_only"


class Moving(StrEnum):
    """Which picture moves within its frame, so that it was held still to be compared."""

    QUERY = "query"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """How the reference picture appears in the query picture.

    A similarity from reference to query, in units of each picture's long side: ``scale``, ``rotation_deg``
    (counter-clockwise), shift ``dx``, ``dy``; applied after ``mirrored`` (left-right), ``inverted`` (negative)
    and ``quarter_turns`` (counter-clockwise). ``crop`` is the rectangle (x0, y0, x1, y1) of the reference that is
    visible in the query, and ``box`` the rectangle of the query in which it is seen, both in 0..1 of width and
    height; what is drawn on the picture (captions, logos) counts as part of it.
    """

    mirrored: bool
    inverted: bool
    quarter_turns: int
    scale: float
    rotation_deg: float
    dx: float
    dy: float
    crop: tuple[float, float, float, float]
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentEvidence:
    """The grounds of one segment.

    ``frames`` aligned pairs compared by hash, ``hamming_median`` their median distance in bits (None when the
    segment was found by local features alone), ``moments`` aligned pictures that passed geometry, ``inliers`` the
    median RANSAC inliers, ``cells`` the median number of distinct picture cells that they lie in,
    ``inlier_ratio`` inliers over putative correspondences, ``drift_px`` the spread of the transform over time at
    512 px, ``motion`` the peak motion correlation and ``motion_z`` its distance from the background (None: too little
    motion to tell).
    """

    frames: int
    hamming_median: float | None
    moments: int
    inliers: float
    cells: float
    inlier_ratio: float
    drift_px: float | None
    motion: float | None
    motion_z: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Which moment of the reference a still shows, and the grounds for it.

    ``at_s`` seconds of the frame that agrees best; ``detail`` the mean correlation of fine detail there, and
    ``elsewhere`` the best one more than a second away (None: nothing was compared there). ``changing`` counts the
    blocks of the picture that only this moment shows so, and ``explained`` is the share of them in which the still
    agrees (None: too few change to tell one moment from another).
    """

    at_s: float
    detail: float
    elsewhere: float | None
    changing: int
    explained: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """An aligned stretch. Times in seconds on each file's presentation clock; ``speed`` is reference seconds
    per query second.

    Of a still the query's start and end are 0; the reference's are those between which frames agree about as well as
    the one at ``moment``, which a segment between two videos has not.

    Where one picture moves within its frame (a copy that pans or shakes, or was filmed from a screen by hand) no
    ``transform`` holds for the whole segment, and ``held_still`` names the file whose picture that is.
    """

    query_start_s: float
    query_end_s: float
    reference_start_s: float
    reference_end_s: float
    speed: float
    score: float
    transform: Transform | None
    evidence: SegmentEvidence
    moment: Moment | None = None
    held_still: Moving | None = None


SELDOM = ("moment", "held_still")
"""Fields of a segment that documents leave out where there is nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """Which procedure found it: name, version, digest of the canonical parameters."""

    name: str
    version: str
    params_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundEvidence:
    """Sound that agrees. It says nothing about the pictures, and no decision rests on it.

    The query's sound from ``query_start_s`` to ``query_end_s`` is heard in the reference ``offset_s`` later
    (presentation clocks; reference less query). ``seconds`` of it were audible in both and compared, in words of 32
    bits of which ``bits`` differ on average; ``chance_bits`` is what the same words give when paired at random.
    ``agrees_with_pictures`` tells whether a segment of the pictures has that offset; None without such a segment.
    """

    offset_s: float
    query_start_s: float
    query_end_s: float
    seconds: float
    bits: float
    chance_bits: float
    agrees_with_pictures: bool | None
    method: Method


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """All aligned segments of one pair, with the assessment. ``score`` is in [0, 1] and grows with trust.

    ``sound`` supports and never decides: only `Assessment.AUDIO_ONLY` rests on it, which is no match.
    """

    query_id: str
    reference_id: str
    score: float
    decision: Decision
    assessment: Assessment
    mirrored: bool
    segments: tuple[Segment, ...]
    method: Method
    sound: SoundEvidence | None = None

    def __post_init__(self) -> None:
        if self.assessment is Assessment.AUDIO_ONLY and (self.sound is None or self.decision is Decision.MATCH):
            raise ValueError("what rests on sound alone names the sound, and is a candidate")
        if not 0.0 <= self.score <= 1.0:
            raise ValueError("a score is in [0, 1]")


class Joining(Protocol):
    """What puts two files into one group: a match by its segments, anything without segments as whole files."""

    @property
    def query_id(self) -> str:
        """One of both files."""
        ...

    @property
    def reference_id(self) -> str:
        """The other one."""
        ...

    @property
    def decision(self) -> Decision:
        """Only a match joins."""
        ...

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Which stretches; none: the whole files."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SameServerFile:
    """Two files joined whole because posts give both as one file of the platform's servers, and no picture speaks
    against it. ``name`` is that file's. It is no match: nothing was compared.
    """

    query_id: str
    reference_id: str
    name: str

    @property
    def decision(self) -> Decision:
        """Joins as a match does."""
        return Decision.MATCH

    @property
    def segments(self) -> tuple[Segment, ...]:
        """None: the whole files."""
        return ()
