"""Every threshold of a still's decision, with its reason, and the digest that goes into each match."""

from __future__ import annotations

from dataclasses import dataclass

from forensics.matching.params import digest_of
from forensics.model.match import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class StillParams:
    """Thresholds of the decision on a still. A match names their digest.

    Geometry, as for videos: ``least_inliers``, ``least_cells``, ``scale_range``. ``least_detail``: mean agreement of
    fine detail below which a map is taken for chance.

    The moment: agreement falls by ``doubt_share`` of what sets the best moment off from the others, or by
    ``doubt_least``, before another moment counts as worse.

    The instant is singled out (``same_recording_probable``) when geometry is strong (``strong_inliers``,
    ``strong_cells``), and of at least ``least_changing`` blocks, in which the frame differs from its neighbours on both
    sides and from the usual picture (correlation up to ``changed_agree``), at least ``explained_share`` are explained:
    what the still leaves open of such a block is at most ``open_share`` of what the neighbours leave open. At most
    ``most_contrary`` blocks may disagree (below ``contrary_agree``) that agree at another time of the reference, and no
    moment more than a second away may agree about as well. On one half of the footage families stills of other times
    explained up to 0.61, those of the moment, bars of text aside, from 0.92.

    What is looked at: ``most_seeds`` and ``most_scans`` for each reference; ``most_nearly`` of the seeds at which a
    fit had ``nearly_inliers`` where plain features held nowhere.
    """

    least_inliers: int = 12
    least_cells: int = 5
    scale_range: tuple[float, float] = (0.15, 7.0)
    least_detail: float = 0.1
    doubt_share: float = 0.15
    doubt_least: float = 0.01
    strong_inliers: int = 30
    strong_cells: int = 8
    least_changing: int = 8
    changed_agree: float = 0.9
    open_share: float = 0.5
    contrary_agree: float = 0.5
    most_contrary: int = 1
    explained_share: float = 0.9
    most_seeds: int = 6
    most_scans: int = 2
    nearly_inliers: int = 6
    most_nearly: int = 2


STILL_PARAMS = StillParams()
"""The thresholds in force."""

STILL_METHOD = Method(name="still-moment", version="1", params_sha256=digest_of(STILL_PARAMS))
"""The procedure as recorded with every match of a still."""
