"""Drawings from elsewhere in the program, let into the page only if they are made of shapes and words.

SVG in a page can run scripts, load files and restyle what stands around it (SVG 2, chapters 15 and 16). The makers of
drawings are our own; this wall holds even if one of them forgets to escape a name.
"""

from __future__ import annotations

import re

from markupsafe import Markup

from forensics.report.markup import foreign
from forensics.report.text import visible

ELEMENTS = frozenset(
    {"svg", "g", "title", "desc", "rect", "circle", "ellipse", "line", "polyline", "polygon", "path", "text", "tspan"}
)
"""What a drawing may consist of: shapes, groups and words. No link, picture, style, script or foreign part."""

ATTRIBUTES = frozenset(
    {
        "viewBox", "width", "height", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry", "d", "points",
        "transform", "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap",
        "stroke-linejoin", "font-size", "font-family", "font-weight", "text-anchor", "role", "aria-label", "xml:space",
    }
)  # fmt: skip
"""What its elements may carry: places, sizes, colours and words. No address, event or style."""

_NAMESPACE = ' xmlns="http://www.w3.org/2000/svg"'
_PIECE = re.compile(r"<(/?)([A-Za-z]+)((?:\s+[A-Za-z][A-Za-z0-9:-]*=\"[^\"<>]*\")*)\s*/?>|([^<>]+)")
_ATTRIBUTE = re.compile(r"([A-Za-z][A-Za-z0-9:-]*)=\"([^\"]*)\"")
_POINTING = re.compile("[(:&]")


def drawn(drawing: str) -> Markup:
    """The drawing as a part of the page; anything that is more than a drawing is shown as the text that it is."""
    svg = drawing.strip().replace(_NAMESPACE, "", 1)
    return Markup(visible(svg, keep_newlines=True)) if _is_plain(svg) else foreign(drawing)  # noqa: S704 checked above


def _is_plain(svg: str) -> bool:
    """Whether it is one SVG element that holds nothing but what is named above, each part closed in its order."""
    if not svg.startswith("<svg"):
        return False
    end = 0
    open_elements: list[str] = []
    for found in _PIECE.finditer(svg):
        if found.start() != end or (end and not open_elements):
            return False
        end = found.end()
        closing, name, attributes, _ = found.groups()
        if name is None:
            continue
        if closing:
            if not open_elements or open_elements.pop() != name:
                return False
        elif name not in ELEMENTS or not all(_is_allowed(*each) for each in _ATTRIBUTE.findall(attributes)):
            return False
        elif not found[0].endswith("/>"):
            open_elements.append(name)
    return end == len(svg) and not open_elements


def _is_allowed(name: str, value: str) -> bool:
    """No attribute but those, and but for words no value that points anywhere (``url(#…)``, ``javascript:``)."""
    if name == "aria-label":
        return True
    return name in ATTRIBUTES and not _POINTING.search(value.removeprefix("translate("))
