"""What every exhibit carries for its reader: the programs and the page that say how to check it, and a first page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from forensics.model.text import visible

CARRIED = ("VERIFY.sh", "VERIFY.ps1", "VERIFY.txt")
"""Files of this package that lie in each exhibit, the same bytes in all."""

COVER = "READ-ME-FIRST.html"

PAPER = "EXHIBIT.pdf"
"""The item on paper, for a filing; not in each exhibit."""

_FOLDER = Path(__file__).parent / "carried"
_MAX_TEXT = 400
"""Characters of one foreign text: the identifier of a case, chosen by its keeper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What the first page tells. ``keys`` are fingerprints; ``withheld`` counts findings that were left out, and
    ``unshown`` lines of the log on this item; ``paper`` tells whether `PAPER` is there.
    """

    name: str
    sha256: str
    case_id: str
    profile: str
    size: int
    head: str
    keys: tuple[str, ...]
    stamps: int
    lines: int
    unshown: int
    findings: int
    withheld: int
    disclosures: int
    paper: bool


def carried(name: str) -> bytes:
    """The bytes of one of `CARRIED`."""
    return (_FOLDER / name).read_bytes()


def render_cover(cover: Cover) -> bytes:
    """READ-ME-FIRST.html: one page without scripts, in which every value is escaped and made visible."""
    # Checking an exhibit draws no page and need not load what draws it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    engine = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    engine.filters["foreign"] = lambda text: visible(str(text)[:_MAX_TEXT], keep_newlines=True)
    return engine.get_template("cover.html").render(cover=cover).encode("utf-8")
