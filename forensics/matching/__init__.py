"""Hits to aligned segments, verified on pixels; score and decision.

Hashes and local features only rank (`candidates`); geometry and motion decide (`examine`).
"""

from __future__ import annotations

from forensics.matching import rates, statistics
from forensics.matching.candidates import Candidate, RangeQuery, Seed, Views, candidates
from forensics.matching.examine import examine
from forensics.matching.footage import Footage, WindowReader
from forensics.matching.lineage import GroupName, name_groups
from forensics.matching.nearest import Copy, Nearest, nearest
from forensics.matching.params import METHOD, PARAMS, Params
from forensics.matching.still import examine_still
from forensics.matching.still_candidates import still_candidates
from forensics.matching.still_params import STILL_METHOD, STILL_PARAMS, StillParams
from forensics.matching.subject import Corpus, Subject

__all__ = [
    "METHOD",
    "PARAMS",
    "STILL_METHOD",
    "STILL_PARAMS",
    "Candidate",
    "Copy",
    "Corpus",
    "Footage",
    "GroupName",
    "Nearest",
    "Params",
    "RangeQuery",
    "Seed",
    "StillParams",
    "Subject",
    "Views",
    "WindowReader",
    "candidates",
    "examine",
    "examine_still",
    "name_groups",
    "nearest",
    "rates",
    "statistics",
    "still_candidates",
]
