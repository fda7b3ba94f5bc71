"""The pictures of a match: frames of both files at the same aligned moments, and where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from forensics import matching, media, report
from forensics.errors import MediaError
from forensics.model.manifest import Manifest
from forensics.model.match import Assessment, Match, Segment
from forensics.model.media import MediaKind
from forensics.model.notice import Notice
from pipelines.case import Case
from pipelines.facts import duration_of
from pipelines.readers import STILL

PAIRS_OF_ONE, PAIRS_OF_EACH = 6, 4
"""Aligned pairs shown of the only segment, and of each of several: enough to judge, few enough to print."""

SEGMENTS_SHOWN = 2
"""Segments of one match that are shown, the longest ones: a panel stays on one printed page."""

STRIP_LONG_SIDE = 320
"""Pixels of the long side of a strip's frames."""

MAX_PAIRS = 900
"""Aligned pairs of one report: about 15 MB, and half a second of decoding each six; past that, matches are shown
without pictures and a notice says so."""

_AS_THEY_ARE = frozenset({Assessment.IDENTICAL_FILE, Assessment.IDENTICAL_BITSTREAM})
"""Assessments without a transform whose frames lie on one another as they are."""

Shown: TypeAlias = tuple[float, npt.NDArray[np.uint8]]


class Strips:
    """Fetches the pictures of matches, until `MAX_PAIRS` are fetched."""

    def __init__(self, case: Case, tools: media.Tools, manifests: Mapping[str, Manifest]) -> None:
        self._case = case
        self._tools = tools
        self._manifests = manifests
        self._fetched = 0
        self.notices: list[Notice] = []

    def side(self, evidence: str) -> report.SideView:
        """Name and length of one file."""
        manifest = self._manifests[evidence]
        name = Path(str(manifest.record.appearances[0]["path"])).name
        return report.SideView(name=name, duration_s=duration_of(manifest.facts))

    def pairs(self, match: Match) -> Iterator[report.AlignedPair]:
        """Yield aligned pairs of the longest segments; a frame that cannot be decoded is a notice."""
        longest = sorted(match.segments, key=lambda each: each.query_start_s - each.query_end_s)[:SEGMENTS_SHOWN]
        pairs = PAIRS_OF_ONE if len(longest) == 1 else PAIRS_OF_EACH
        for segment in sorted(longest, key=lambda each: each.query_start_s):
            if self._fetched >= MAX_PAIRS:
                self._say_once(
                    "report.pictures_left_out", f"only the first {MAX_PAIRS} aligned pairs are shown as pictures"
                )
                return
            self._fetched += pairs
            moments = moments_of(segment, pairs)
            try:
                asked = self._pictures(match.query_id, [moment for moment, _ in moments])
                known = self._pictures(match.reference_id, [moment for _, moment in moments])
            except MediaError as error:
                self.notices.append(
                    Notice(code=error.code, message=f"no strip for {match.query_id[:16]}: {error.message}")
                )
                continue
            for query, reference in zip(asked, known, strict=False):
                yield _pair(match, segment, query, reference)

    def _say_once(self, code: str, message: str) -> None:
        notice = Notice(code=code, message=message)
        if notice not in self.notices:
            self.notices.append(notice)

    def _pictures(self, evidence: str, seconds: Sequence[float]) -> list[Shown]:
        original = self._case.store.path(evidence, "original")
        if self._manifests[evidence].facts.exact.get("kind") == MediaKind.STILL:
            with original.open("rb") as handle:
                shown = media.read(STILL, handle=handle.fileno()).bgr
            return [(0.0, shown) for _ in seconds]
        with original.open("rb") as handle:
            probed = media.probe(self._tools, handle.fileno())
            return media.pictures_at(self._tools, handle.fileno(), probed.probe, seconds, STRIP_LONG_SIDE)


def _pair(match: Match, segment: Segment, query: Shown, reference: Shown) -> report.AlignedPair:
    mapped = segment.transform is not None or match.assessment in _AS_THEY_ARE
    laid = segment.transform, matching.LONG_SIDE
    difference = report.difference_map(query[1], reference[1], *laid) if mapped else None
    return report.AlignedPair(
        query_jpeg=report.thumbnail(query[1]),
        query_s=query[0],
        reference_jpeg=report.thumbnail(reference[1]),
        reference_s=reference[0],
        difference_jpeg=difference,
    )


def moments_of(segment: Segment, pairs: int) -> list[tuple[float, float]]:
    """So many evenly spaced moments inside a segment, on both clocks; the one moment that a still shows."""
    if segment.query_start_s == segment.query_end_s:
        at_s = segment.reference_start_s if segment.moment is None else segment.moment.at_s
        return [(0.0, at_s)]
    steps = (np.arange(pairs) + 0.5) / pairs
    query = segment.query_start_s + steps * (segment.query_end_s - segment.query_start_s)
    reference = segment.reference_start_s + steps * (segment.reference_end_s - segment.reference_start_s)
    return list(zip(query.tolist(), reference.tolist(), strict=True))
