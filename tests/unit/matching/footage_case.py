"""Matches between files that are named by letters, ingested in alphabetical order."""

from __future__ import annotations

from dataclasses import dataclass

from forensics.model.match import Assessment, Decision, Match, Method, Segment, SegmentEvidence, Transform
from forensics.model.provenance import Appearance
from forensics.report import RepostGroup, repost_groups

GROUND = SegmentEvidence(
    frames=9, hamming_median=8.0, moments=5, inliers=90.0, cells=30.0, inlier_ratio=0.8, drift_px=0.4,
    motion=0.8, motion_z=9.0,
)  # fmt: skip
WHOLE = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class File:
    """An evidence as grouping sees it."""

    sha256: str
    appearances: tuple[Appearance, ...] = ()


def transform(
    crop: tuple[float, float, float, float] = WHOLE, box: tuple[float, float, float, float] = WHOLE
) -> Transform:
    return Transform(
        mirrored=False, inverted=False, quarter_turns=0, scale=1.0, rotation_deg=0.0, dx=0.0, dy=0.0, crop=crop, box=box
    )


def match(
    query: str,
    reference: str,
    *spans: tuple[float, float, float, float],
    how: Transform | None = None,
    speed: float = 1.0,
    decision: Decision = Decision.MATCH,
) -> Match:
    segments = tuple(
        Segment(
            query_start_s=a,
            query_end_s=b,
            reference_start_s=c,
            reference_end_s=d,
            speed=speed,
            score=0.9,
            transform=how,
            evidence=GROUND,
        )
        for a, b, c, d in spans or ((0.0, 10.0, 0.0, 10.0),)
    )
    return Match(
        query_id=query,
        reference_id=reference,
        score=0.9,
        decision=decision,
        assessment=Assessment.SAME_RECORDING if decision is Decision.MATCH else Assessment.SAME_SCENE,
        mirrored=False,
        segments=segments,
        method=Method(name="m", version="1", params_sha256="0" * 64),
    )


def grouped(items: str, matches: list[Match]) -> tuple[RepostGroup, ...]:
    return repost_groups([File(item) for item in items], matches)
