"""Every threshold of the decision, with its reason, and the digest that goes into each match."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from forensics.model.match import Method

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Thresholds of the decision. A match names their digest.

    Geometry: ``least_inliers`` and ``least_cells`` (unrelated pairs reached 25 inliers but never more than 4 cells);
    ``scale_range`` of query against reference; ``least_moments`` of five at which that must hold for a match;
    ``most_drift_px`` at 512 px (copies 0 to 1.9, another flight over the same ground 3.5 and more).

    Of a pair's seeds the best ``most_seeds`` are tried, and none after ``most_refused`` without geometry (of 198 true
    pairs 197 hold at the first, one at the second).

    Motion, clear: other recordings of the same place stayed below a correlation of 0.38 in what changes on the fine
    grid, copies mostly above 0.7; the peak must also stand out from all other offsets (``clear_z``, ``clear_ratio``),
    last, and explain a share of the time in which both show the scene.

    ``clear_peak`` is for stretches of ``clear_peak_s`` and longer; a shorter one needs that times the ratio of both to
    ``clear_peak_power`` (0.70 at 3.5 s, 0.87 at 2 s). Two cars in one lane before a fixed camera agreed for 1.7 to
    3.5 s with up to 0.71, nowhere more than 0.82 of what is needed.

    ``clear_carried`` and ``faint_carried`` are how many tenths of a second must carry the agreement: one event that
    two recordings share, a lamp that goes on, gives a sharp peak, but fills at most the second over which change is
    taken (measured 9.2).

    Motion, faint: for hardly any motion, noise and heavy coding. Other recordings reached z 7.5 where little moves
    (change up to ``quiet_level`` grey levels) and 9.9 on a road with cars; copies z 9 to 20.

    A picture held still: its corners are off by ``held_moving_px`` and more (median over the moments around a seed,
    pixels at 512), those of the other video by ``held_still_px`` at the most (fixed cameras 0 to 1.6, moving ones
    mostly 9 and more); ``held_looks`` such moments must show one picture, and ``held_share`` of the frames near it must
    be laid on it.

    Where both pictures move, what moves of its own must agree as well (`forensics.matching.own_movement`): where it
    changes by ``own_level`` grey levels or more and agrees by less than ``own_agree`` times the agreement of the whole,
    and what changes with both held still stands out by less than ``own_z``, it is no copy. Of 418 copies a few came
    down to 0.36 or to a z of 2.5, one to both (a small drone before clouds, coded low: 0.20 with 1.4); of 38 other
    recordings in which something moves of its own by 2 grey levels 36 are below both, mostly below 0.3 and 1.5. Small
    drones before a sky change by 0.6 to 2: of 63 pairs of files that were still matched 7 are told apart there.

    What is seen of a picture (for ``crop`` and ``box`` alone; no decision rests on it): agreement ends at a side where
    it falls below ``seen_share`` of the usual, which must itself reach ``seen_agree``. A cover is at least
    ``cover_cells`` of 128 deep (2 %) and tells in ``cover_pieces`` of 8. Measured on split screens, in brackets on
    strong perspective, caption bars, tickers and insets with bars: it agrees by 0.02 of the usual and less
    (0.06 to 0.29; ``cover_hidden``), in a piece by 0.31 (``cover_worst``); beside it 0.68 and more agrees (0.51 to
    0.74; ``cover_beside``); its line stands in 7 of 8 pieces (5, ``cover_line``), and what only the other picture has
    there is 0.16 of it and less (5 and more where the line was the other's, ``cover_foreign``); the outline stands out
    in 3 of 8 pieces at the most (6 and more, ``cover_outline``). Where picture and outline end together a cover must
    hold ``cover_reach`` of the picture, more than a ticker, and change by ``cover_change`` grey levels.
    """

    least_inliers: int = 12
    least_cells: int = 5
    scale_range: tuple[float, float] = (0.15, 7.0)
    least_moments: int = 3
    most_drift_px: float = 2.5
    clear_peak: float = 0.5
    clear_peak_s: float = 8.0
    clear_peak_power: float = 0.4
    clear_z: float = 5.0
    clear_ratio: float = 2.0
    clear_seconds: float = 1.2
    clear_share: float = 0.25
    clear_carried: float = 11.0
    faint_peak: float = 0.15
    faint_z_quiet: float = 9.0
    faint_z_long: float = 6.0
    faint_z_lively: float = 11.0
    quiet_level: float = 0.7
    faint_ratio: float = 4.0
    faint_seconds: float = 3.5
    faint_carried: float = 18.0
    faint_share: float = 0.6
    faint_unique: float = 3.0
    least_gain: float = 1.5
    least_frames: int = 5
    most_seeds: int = 6
    most_refused: int = 2
    most_windows: int = 60
    most_segments: int = 8
    held_looks: int = 4
    held_still_px: float = 2.0
    held_moving_px: float = 4.0
    held_share: float = 0.6
    own_level: float = 0.6
    own_agree: float = 0.43
    own_z: float = 3.5
    seen_share: float = 0.4
    seen_agree: float = 0.5
    cover_cells: int = 3
    cover_pieces: int = 4
    cover_hidden: float = 0.2
    cover_worst: float = 0.6
    cover_beside: float = 0.6
    cover_line: float = 0.7
    cover_foreign: float = 1.0
    cover_outline: float = 0.5
    cover_reach: float = 0.25
    cover_change: float = 2.0


def digest_of(params: DataclassInstance) -> str:
    """SHA-256 of the canonical text of thresholds: one line ``name=value`` for each field, sorted by name."""
    lines = sorted(f"{field.name}={getattr(params, field.name)!r}" for field in fields(params))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


PARAMS = Params()
"""The thresholds in force."""

METHOD = Method(name="geometry-motion", version="1", params_sha256=digest_of(PARAMS))
"""The procedure as recorded with every match."""
