"""A paper to PDF/A-3, through typst: one template, the paper as data beside it.

Nothing of a paper is ever part of a typst source: it goes in as JSON and is printed as strings, so that no markup in it
acts. The typesetter gets its files from memory, with no package, no system font and no clock; its own fonts are
Libertinus Serif and DejaVu Sans Mono. A character that these lack is printed as its code point, ``⟨U+4F60⟩``, never as
a box.

https://typst.app/docs/reference/pdf/
"""

from __future__ import annotations

import json
import re
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forensics.errors import ToolError
from forensics.report.paper import Block, Commands, Paper, Picture, TableRow
from forensics.report.text import visible
from forensics.report.values import Row

if TYPE_CHECKING:
    from types import ModuleType

EXTRA = "footage-forensics[report]"

STANDARD = "a-3b"
"""PDF/A-3, conformance level B (ISO 19005-3): the one for archives that lets a file carry other files."""

MAX_TEXT = 9000
"""Characters of one text on paper: a caption has 4,096 at most, a reason 8,000. What is longer is cut and says so."""

LINE, CELL = (48, 24), (30, 12)
"""Letters of the longest word that is never broken, and after which a longer one may be: beside a label, and in a
column of a table. A SHA-256 is never broken, so that it can be searched for and copied.
"""

_PAPERS = Path(__file__).parent / "papers"
_DIGEST = re.compile(r"(?:[0-9a-f]{64}|[0-9a-f]{128}|SHA256:[A-Za-z0-9+/]{43})\Z")
_WORD, _WHOLE = re.compile(r"\S+"), re.compile(r"([0-9a-f]{64}|SHA256:[A-Za-z0-9+/]{43})")
_BREAK = "\u200b"


def typeset(paper: Paper) -> bytes:
    """The PDF of a paper: the same bytes for the same paper, with one version of typst.

    Raises:
        ToolError: typst is not installed (``tool.no_extra``), or it refuses the paper (``tool.typesetting``).
    """
    typst = _typst()
    files = {
        "main.typ": (_PAPERS / "document.typ").read_bytes(),
        "paper.json": json.dumps(_data(paper), ensure_ascii=True, sort_keys=True).encode("ascii"),
        **{each.name: each.data for each in paper.attachments},
    }
    try:
        made = typst.compile(
            files, format="pdf", ignore_system_fonts=True, pdf_standards=[STANDARD], timestamp=paper.moment
        )
    except typst.TypstError as error:
        raise ToolError(
            f"the typesetter refused the paper: {visible(str(error))[:300]}",
            code="tool.typesetting",
            hint="report it with the version of typst that `forensics doctor` names",
        ) from error
    assert isinstance(made, bytes)
    return made


def is_there() -> bool:
    """Whether the typesetter is installed."""
    try:
        _typst()
    except ToolError:
        return False
    return True


def printable(text: str) -> str:
    """Raw text as it stands on paper: made visible, and what the fonts lack as code points. Line feeds stay."""
    cut = text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]} […]"
    covered = _covered()
    shown = visible(cut, keep_newlines=True)
    return "".join(sign if sign == "\n" or ord(sign) in covered else f"\u27e8U+{ord(sign):04X}\u27e9" for sign in shown)


@cache
def _covered() -> frozenset[int]:
    """Code points that the fonts have, upright and bold, read from their cmap tables (typst 0.15)."""
    pairs = (each.partition("-") for each in (_PAPERS / "glyphs.txt").read_text("ascii").split())
    return frozenset(sign for low, _, high in pairs for sign in range(int(low, 16), int(high or low, 16) + 1))


def _typst() -> ModuleType:
    try:
        import typst
    except ImportError as error:
        raise ToolError(
            "a PDF is asked for, but typst is not installed", code="tool.no_extra", hint=f"pip install '{EXTRA}'"
        ) from error
    return typst


def _data(paper: Paper) -> dict[str, Any]:
    moment = paper.moment
    return {
        "title": printable(paper.title),
        "language": paper.language,
        "size": str(paper.size),
        "head_left": printable(paper.head_left),
        "head_right": printable(paper.head_right),
        "foot": printable(paper.foot),
        "page_of": paper.page_of,
        "moment": [moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second],
        "bates": None if paper.bates is None else _value(paper.bates),
        "attachments": [{"name": each.name, "type": each.media_type, "what": each.what} for each in paper.attachments],
        "blocks": [_block(block) for block in paper.blocks],
    }


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Commands):  # what is typed from paper, or copied, has no unseen break in it
        return {"kind": "commands", "lines": [printable(line) for line in block.lines]}
    return {"kind": type(block).__name__.lower(), **_value(block)}


def _value(value: object) -> Any:
    """A part of a block as JSON: texts made printable, pictures as lists of bytes (the typesetter takes text only)."""
    match value:
        case str():
            return _breakable(printable(value), LINE)
        case bytes():
            return list(value)
        case tuple():
            return [_value(each) for each in value]
        case Row():
            return {"label": _value(value.label), "value": _cell(value.value)}
        case TableRow():
            cells = [_breakable(printable(each), CELL) for each in value.cells]
            return {"cells": cells, "below": _value(value.below)}
        case Picture():
            alt = printable(value.alt)
            return {"jpeg": _value(value.jpeg), "alt": alt, "lines": [_cell(line) for line in value.lines]}
        case bool() | int() | None:
            return value
        case _:
            return {each.name: _value(getattr(value, each.name)) for each in fields(value)}  # type: ignore[arg-type]


def _breakable(text: str, room: tuple[int, int]) -> str:
    """The text with places in its long words where a line may end, so that none runs off the page."""
    longest, step = room

    def broken(found: re.Match[str]) -> str:
        word = found[0]
        if len(word) <= longest:
            return word
        pieces: list[str] = []
        for part in filter(None, _WHOLE.split(word)):
            if _WHOLE.fullmatch(part):
                pieces.append(part)
            elif pieces and len(part) <= step:  # a full stop, a bracket: nothing that needs a line of its own
                pieces[-1] += part
            else:
                pieces += (part[at : at + step] for at in range(0, len(part), step))
        return _BREAK.join(pieces)

    return _WORD.sub(broken, text)


def _cell(text: str) -> dict[str, Any]:
    """A value: a digest is set in fixed width, 64 digits a line, and never broken elsewhere."""
    if _DIGEST.match(text):
        return {"mono": True, "lines": [text[at : at + 64] for at in range(0, len(text), 64)]}
    return {"mono": False, "lines": [_value(line) for line in text.split("\n")]}
