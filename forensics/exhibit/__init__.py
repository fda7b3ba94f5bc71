"""Exhibits: one item of a case as a bag (BagIt 1.0) that the other side can check without this program.

Values to files and back; whether what is inside holds is for `forensics.custody` to say.
"""

from __future__ import annotations

from forensics.exhibit import bag, layout
from forensics.exhibit.opened import Opened, digest, looks_like_exhibit, open_exhibit, read
from forensics.exhibit.pages import CARRIED, PAPER, Cover, carried, render_cover
from forensics.exhibit.structure import check_structure
from forensics.exhibit.written import BagFolder, alone_in, are_equal, discard, publish, write_zip

__all__ = [
    "CARRIED",
    "PAPER",
    "BagFolder",
    "Cover",
    "Opened",
    "alone_in",
    "are_equal",
    "bag",
    "carried",
    "check_structure",
    "digest",
    "discard",
    "layout",
    "looks_like_exhibit",
    "open_exhibit",
    "publish",
    "read",
    "render_cover",
    "write_zip",
]
