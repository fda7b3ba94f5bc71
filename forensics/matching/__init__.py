"""Hits to aligned segments, verified on pixels; score and decision.

Hashes and local features only rank (`candidates`); geometry and motion decide (`examine`). Sound supports and never
decides (`supported`, `sound_alone`).
"""

from __future__ import annotations

from forensics.matching import rates, statistics
from forensics.matching.candidates import ANCHOR_RADIUS, RADIUS, Candidate, RangeQuery, Ranking, Seed, Views, candidates
from forensics.matching.examine import examine
from forensics.matching.footage import FPS, LONG_SIDE, MOST_READ_S, Footage, Pictures, WindowReader
from forensics.matching.learned import LEARNED_PARAMS, LearnedParams, with_learned
from forensics.matching.learned import parameters as learned_parameters
from forensics.matching.lineage import GroupName, name_groups
from forensics.matching.nearest import Copy, Nearest, nearest
from forensics.matching.params import METHOD, PARAMS, Params
from forensics.matching.partly import as_candidate
from forensics.matching.sound import (
    SOUND_METHOD,
    SOUND_METHOD_VERSION,
    SOUND_PARAMS,
    SoundParams,
    compare_sound,
    sound_alone,
    supported,
)
from forensics.matching.sound_search import Proposal, SoundIndex
from forensics.matching.still import examine_still
from forensics.matching.still_candidates import ANCHOR_RADIUS as STILL_ANCHOR_RADIUS
from forensics.matching.still_candidates import still_candidates
from forensics.matching.still_params import STILL_METHOD, STILL_PARAMS, StillParams
from forensics.matching.subject import Corpus, Named, Subject, id_rank
from forensics.matching.thorough import thorough

__all__ = [
    "ANCHOR_RADIUS",
    "FPS",
    "LEARNED_PARAMS",
    "LONG_SIDE",
    "METHOD",
    "MOST_READ_S",
    "PARAMS",
    "RADIUS",
    "SOUND_METHOD",
    "SOUND_METHOD_VERSION",
    "SOUND_PARAMS",
    "STILL_ANCHOR_RADIUS",
    "STILL_METHOD",
    "STILL_PARAMS",
    "Candidate",
    "Copy",
    "Corpus",
    "Footage",
    "GroupName",
    "LearnedParams",
    "Named",
    "Nearest",
    "Params",
    "Pictures",
    "Proposal",
    "RangeQuery",
    "Ranking",
    "Seed",
    "SoundIndex",
    "SoundParams",
    "StillParams",
    "Subject",
    "Views",
    "WindowReader",
    "as_candidate",
    "candidates",
    "compare_sound",
    "examine",
    "examine_still",
    "id_rank",
    "learned_parameters",
    "name_groups",
    "nearest",
    "rates",
    "sound_alone",
    "statistics",
    "still_candidates",
    "supported",
    "thorough",
    "with_learned",
]
