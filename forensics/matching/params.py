"""Every threshold of the decision, with its reason, and the digest that goes into each match."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields

from forensics.model.match import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Thresholds. The digest of their canonical text (name=value lines, sorted) is recorded with every match."""

    least_inliers: int = 12
    least_cells: int = 5
    scale_range: tuple[float, float] = (0.15, 7.0)
    most_drift_px: float = 2.5
    sure_z: float = 8.0
    clear_peak: float = 0.5
    clear_z: float = 5.0
    clear_ratio: float = 2.0
    least_peak: float = 0.15
    least_seconds: float = 1.2
    least_share: float = 0.25
    quiet_level: float = 1.0
    least_gain: float = 1.5
    least_frames: int = 5
    most_seeds: int = 6
    most_windows: int = 60
    most_segments: int = 8

    def digest(self) -> str:
        """SHA-256 of the canonical text."""
        lines = sorted(f"{field.name}={getattr(self, field.name)!r}" for field in fields(self))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


PARAMS = Params()
METHOD = Method(name="geometry-motion", version="1", params_sha256=PARAMS.digest())
