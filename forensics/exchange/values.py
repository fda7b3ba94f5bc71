"""What a hash list holds, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from forensics.model.notice import Notice


class Algorithm(StrEnum):
    """Which hash of a picture: PDQ (256 bits), or imagehash's ordinary phash and dhash (64 bits)."""

    PDQ = "pdq"
    PHASH = "phash"
    DHASH = "dhash"


CODE_BYTES = {Algorithm.PDQ: 32, Algorithm.PHASH: 8, Algorithm.DHASH: 8}
"""Bytes of one hash."""

RADIUS = {Algorithm.PDQ: 31, Algorithm.PHASH: 8, Algorithm.DHASH: 8}
"""Bits within which a frame is named. 31 is PDQ's own recommendation (ThreatExchange, pdq/README); an eighth of the
bits is the same share for the short hashes, whose package recommends none."""

MOST_QUALITY = 100
MOST_MS = 10**12
"""Thirty years of video: a time past it is no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hash:
    """One picture's hash. ``quality`` is PDQ's 0..100; ``at_ms`` milliseconds into its video. Unknown is None."""

    algorithm: Algorithm
    code: bytes
    quality: int | None = None
    at_ms: int | None = None

    def __post_init__(self) -> None:
        if len(self.code) != CODE_BYTES[self.algorithm]:
            raise ValueError(f"a {self.algorithm} hash has {CODE_BYTES[self.algorithm]} bytes, not {len(self.code)}")
        if self.quality is not None and not 0 <= self.quality <= MOST_QUALITY:
            raise ValueError(f"a quality is in 0..{MOST_QUALITY}")
        if self.at_ms is not None and not 0 <= self.at_ms <= MOST_MS:
            raise ValueError("a time lies inside a video")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A hash of a list with the line on which it stands, counted from 1."""

    line: int
    hash: Hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What was read of a list, and every line that was not."""

    entries: tuple[Listed, ...]
    notices: tuple[Notice, ...]
