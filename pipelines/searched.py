"""What the exact search of a matching compared: said in its summary, its log event and the report's method."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from forensics import matching
from pipelines.library import Library

RADII: dict[str, int] = {
    "hash_radius": matching.RADIUS,
    "feature_radius": matching.ANCHOR_RADIUS,
    "still_feature_radius": matching.STILL_ANCHOR_RADIUS,
}
"""Bits of 256, inclusive: of frame hashes, of local features with a video as query, and with a still."""


_SHARED = {"looked_up", "looked_up_before", "records", "records_sha256"}

_TOLD = {"exhaustive", *RADII, "hashes", "features", "hub_hashes", "segments", "segments_sha256"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """The references that every hash asked was compared with, one and all: no nearest few, no limit on results.

    ``hashes`` frame hashes and ``features`` local features in the index; ``hub_hashes`` of these hashes are of black
    frames, flat ones and title cards: they are compared, and start no match. ``segments`` are the SHA-256 of what was
    searched, sorted; ``remade`` counts segments that were found not to be whole and were made again from the tracks.
    ``heard`` counts the videos of the case by what they are to the ear.
    """

    evidence: int
    hashes: int
    features: int
    hub_hashes: int
    segments: tuple[str, ...]
    remade: int
    heard: Mapping[str, int] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """The SHA-256 of the digests of the segments, a line each: one digest for the whole index."""
        return hashlib.sha256("".join(f"{digest}\n" for digest in self.segments).encode()).hexdigest()

    def detail(self) -> dict[str, str | int]:
        """What the log event of a matching says of it."""
        counts: dict[str, int] = {"hashes": self.hashes, "features": self.features, "hub_hashes": self.hub_hashes}
        index: dict[str, str | int] = {"segments": len(self.segments), "segments_sha256": self.sha256}
        return {"exhaustive": "yes", **RADII, **counts, **index, "segments_remade": self.remade}

    def as_json(self) -> dict[str, object]:
        """What the summary line says of it: as the log, with every segment named."""
        return {**self.detail(), "segments": list(self.segments)}


def prepared(library: Library) -> Searched:
    """Bring the index of the library up to date, and say what will be searched.

    Raises:
        IntegrityError: a track is not the one that its manifest names.
        StoreError: the index cannot be written.
    """
    # Opened apart: a driver whose workers search keeps none of it.
    opened = replace(library)
    upkeep = opened.bring_up_index()
    shelves = [opened.videos.collection, opened.stills.collection]
    return Searched(
        evidence=len(library.references),
        hashes=sum(len(each.codes) for each in shelves),
        features=sum(len(each.descriptors) for each in shelves),
        hub_hashes=sum(each.hub_rows for each in shelves),
        segments=tuple(sorted(segment.sha256 for each in shelves for segment in each.segments)),
        remade=upkeep.broken,
    )


def in_words(detail: Mapping[str, str | int]) -> str | None:
    """What the log event of a matching says of its search, for the report; None where it says nothing of it."""
    if detail.get("exhaustive") != "yes" or not detail.keys() >= _TOLD:
        return None
    return (
        f"The search of the last matching was exhaustive: yes. Every frame hash asked was compared with all "
        f"{detail['hashes']} frame hashes of the case within a radius of {detail['hash_radius']} bits of 256, every "
        f"local feature with all {detail['features']} within {detail['feature_radius']} bits "
        f"({detail['still_feature_radius']} of a still); results were not cut off at any number. "
        f"{detail['hub_hashes']} of these hashes are of black or flat frames or title cards: they were compared and "
        f"start no match. The {detail['segments']} index segments searched have the digests whose list has the "
        f"SHA-256 {detail['segments_sha256']}."
        f"{_taken_over(detail)}"
    )


def _taken_over(detail: Mapping[str, str | int]) -> str:
    """Of a matching of the whole case: what of it was done now, and what before."""
    if not detail.keys() >= _SHARED:
        return ""
    return (
        f" Every pair of files is asked from both sides: {detail['looked_up']} times in that matching, "
        f"{detail['looked_up_before']} times in earlier ones of the same files with the same fingerprints by the same "
        f"procedure. The log names each of these comparisons, in {detail['records']} records whose list has the "
        f"SHA-256 {detail['records_sha256']}."
    )
