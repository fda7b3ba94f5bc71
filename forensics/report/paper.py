"""A paper: blocks of raw text that the typesetter puts on pages. No block holds any markup.

Every text is given raw, exactly as found; `forensics.report.typeset` makes it safe to look at, once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from forensics.errors import InputError
from forensics.report.values import Row

_BATES = re.compile(r"([A-Za-z0-9 ._-]{0,30}?)([0-9]{1,10})\Z")


class PaperSize(StrEnum):
    """Sizes of sheets, by the names that the typesetter has for them."""

    A4 = "a4"
    LETTER = "us-letter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bates:
    """The number on the first page: ``prefix`` and a number of at least ``width`` digits; each page counts one on."""

    prefix: str
    first: int
    width: int


def bates_from(text: str) -> Bates:
    """The number of a first page as typed: ``ACME-000001``. Raises InputError for what does not end in a number."""
    found = _BATES.match(text)
    if found is None:
        raise InputError(
            f"no Bates number: {text[:40]!r}", hint="letters, digits, '.', '_', '-' and then a number: ACME-000001"
        )
    return Bates(prefix=found[1], first=int(found[2]), width=len(found[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading; level 1 is the paper's title. ``fresh_page``: it begins a page."""

    text: str
    level: int = 2
    fresh_page: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Para:
    """A paragraph. ``small`` for notes below a table; ``strong`` where nobody may miss it; ``kept`` on the page of what
    follows: a signature never stands on a page without what is signed.
    """

    text: str
    small: bool = False
    strong: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxed:
    """Words in a frame that tell what kind of page this is."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A list, each point with a dash."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Labels and values; a digest as a value is set in fixed width."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One row; ``below`` are lines in small fixed width under it, across all columns."""

    cells: tuple[str, ...]
    below: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table: ``widths`` are shares of the line, one a column."""

    head: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[TableRow, ...]

    def __post_init__(self) -> None:
        if any(len(cells) != len(self.widths) for cells in (self.head, *(row.cells for row in self.rows))):
            raise ValueError("each row of a table has a cell for each column")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """Lines to type, in fixed width."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Large:
    """One text in large type, to be compared by eye, with its label above."""

    label: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A JPEG with its alternative text and lines below it."""

    jpeg: bytes | None
    alt: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """Pictures in rows of two."""

    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Empty lines to be filled in by hand, each over its label."""

    labels: tuple[str, ...]


Block: TypeAlias = Heading | Para | Boxed | Items | Rows | Table | Commands | Large | Pictures | Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file inside the paper: UTF-8 text, given back byte for byte. Readers list them by name."""

    name: str
    data: bytes
    media_type: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A whole paper.

    ``language`` is the one of the fixed texts (ISO 639-1). ``moment`` is the time that the file states as its own: one
    of the case, so that the same state gives the same bytes. ``page_of`` holds ``{page}`` and ``{pages}``.
    """

    title: str
    language: str
    size: PaperSize
    head_left: str
    head_right: str
    foot: str
    page_of: str
    moment: datetime
    blocks: tuple[Block, ...]
    bates: Bates | None = None
    attachments: tuple[Attachment, ...] = ()


def as_text(paper: Paper) -> Iterator[str]:
    """Yield the lines of the paper as plain text, raw: whoever prints them makes them safe, as with a page."""
    for block in paper.blocks:
        yield from _lines(block)
        yield ""


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Heading(text=text, level=level):
            yield text
            yield ("=" if level == 1 else "-") * min(len(text), 78)
        case Para(text=text):
            yield text
        case Boxed(title=title, text=text):
            yield f"*** {title} ***"
            yield text
        case Items(texts=texts):
            yield from (f"- {text}" for text in texts)
        case Signature(labels=labels):
            yield from (f"{label}: ______________________________" for label in labels)
        case _:
            yield from _columns(block)


def _columns(block: Rows | Table | Commands | Large | Pictures) -> Iterator[str]:
    match block:
        case Rows(rows=rows):
            yield from (f"{row.label}: {row.value}" for row in rows)
        case Table(head=head, rows=table):
            yield " | ".join(head)
            for each in table:
                yield " | ".join(each.cells)
                yield from (f"    {row.label} {row.value}" for row in each.below)
        case Commands(lines=lines):
            yield from (f"    {line}" for line in lines)
        case Large(label=label, texts=texts):
            yield label
            yield from (f"    {text}" for text in texts)
        case Pictures(pictures=pictures):
            yield from (" ".join(each.lines) for each in pictures)
