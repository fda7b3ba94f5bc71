"""Text laid out for a terminal: tables with columns that stand in line, and long lines folded at its width.

Widths are cells of a terminal, not characters: Chinese takes two, a combining mark none. What comes from outside stands
in the last column, so that a script that runs from right to left moves nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len

from forensics.model.text import visible

GAP = "  "
"""Between two columns; words have one space."""

MOST_HANG = 44
"""Cells that folded lines are set in by, at the most: half of a narrow terminal stays for the text."""

LEAST_WIDTH = 40
"""A terminal narrower than this is taken for one as wide."""

_COLUMN = re.compile(r"\S?\s{2,}(?=\S)")
_BARE_WORDS = re.compile(r"\s+|[^\s/]*/|[^\s/]+")
_WORDS = re.compile(r"\s+|\[[^\[\]]+\]|[^\s/]*/|[^\s/]+")
"""What a line may be broken between: white space, and behind each slash of a path. A remark in brackets stays whole."""


def table(
    rows: Iterable[Sequence[str]], *, heads: Sequence[str] = (), right: Iterable[int] = (), indent: int = 0
) -> Iterator[str]:
    """Yield the lines of a table: each column as wide as its widest cell, those of ``right`` set to the right.

    The last column is free. Nothing is cut: `folded` breaks what is too long.
    """
    shown = [[visible(cell) for cell in row] for row in ([heads] if heads else [])]
    shown += [[visible(cell) for cell in row] for row in rows]
    if len(shown) == bool(heads):
        return
    widths = [max(cell_len(row[place]) for row in shown) for place in range(len(shown[0]) - 1)]
    aligned = frozenset(right)
    for row in shown:
        fixed = zip(row[:-1], widths, strict=True)
        cells = [_padded(cell, width, to_the_right=place in aligned) for place, (cell, width) in enumerate(fixed)]
        yield (" " * indent + GAP.join([*cells, row[-1]])).rstrip()


def _padded(cell: str, width: int, *, to_the_right: bool) -> str:
    room = " " * (width - cell_len(cell))
    return room + cell if to_the_right else cell + room


def folded(line: str, width: int | None) -> Iterator[str]:
    """Yield the pieces of a line that fit into ``width`` cells (None: the line as it is).

    It is broken between words, behind a slash, and where neither helps anywhere; what follows is set in below the
    column that it belongs to.
    """
    line = visible(line)
    if width is None or cell_len(line) <= width:
        yield line
        return
    width = max(width, LEAST_WIDTH)
    hang = min(_hang(line), width // 2)
    piece = ""
    for word in _words(line, width - hang):
        if cell_len(piece + word.rstrip()) <= width:
            piece += word
        elif cell_len(word.strip()) <= width - hang and cell_len(piece.rstrip()) > hang:
            yield piece.rstrip()
            piece = " " * hang + word.lstrip()
        else:
            *whole, piece = _chopped(piece, word, width, hang)
            yield from whole
    if piece.strip():
        yield piece.rstrip()


def _words(line: str, room: int) -> Iterator[str]:
    """Yield what a line may be broken between; a remark in brackets that no line can hold, word by word."""
    for word in _WORDS.findall(line):
        yield from [word] if cell_len(word) <= room else _BARE_WORDS.findall(word)


def _hang(line: str) -> int:
    """Where the last column begins that stands in the first part of a line."""
    starts = [cell_len(line[: found.end()]) for found in _COLUMN.finditer(line)]
    leading = cell_len(line) - cell_len(line.lstrip())
    return max((start for start in starts if start <= MOST_HANG), default=leading)


def _chopped(piece: str, word: str, width: int, hang: int) -> Iterator[str]:
    """Yield lines filled with a word that no line can hold, the last one unfinished; marks stay with their letter."""
    for sign in word:
        if cell_len(piece + sign) > width:
            yield piece.rstrip()
            piece = " " * hang
        piece += sign
    yield piece
