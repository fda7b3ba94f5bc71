"""The filters of the templates: values to pieces of HTML in which nothing foreign acts."""

from __future__ import annotations

import base64

from markupsafe import Markup

from forensics.report.text import visible

MAX_TEXT = 20_000
"""Characters of one foreign text on the page. Telegram's longest caption is 4,096 and a path 4,096 bytes, so only an
attack is cut, and the page says by how much; the manifest has it whole."""

HASH_GROUP = 8
"""Hex digits between two gaps of a written digest: what a person compares at one glance."""
SHORT_DIGITS = 16


def foreign(value: str, most: int = MAX_TEXT) -> Markup:
    """Text from outside on one line: visible, escaped, and apart from the direction of the text around it; no more than
    ``most`` characters of it.
    """
    return Markup('<bdi dir="auto">{}</bdi>{}').format(visible(value[:most]), _rest(value, most))


def said(value: str) -> Markup:
    """A caption with its line feeds, for a block with ``dir="auto"`` (which does not look into a ``bdi``)."""
    return Markup("{}{}").format(visible(value[:MAX_TEXT], keep_newlines=True), _rest(value, MAX_TEXT))


def _rest(value: str, most: int) -> Markup:
    """Count what is longer, instead of showing it."""
    if len(value) <= most:
        return Markup("")
    return Markup(' <span class="cut">[{} more characters: see the manifest]</span>').format(len(value) - most)


def digest(value: str) -> Markup:
    """Write a digest in groups for the eye; copied, it is one unbroken word."""
    groups = [value[start : start + HASH_GROUP] for start in range(0, len(value), HASH_GROUP)]
    spans = Markup("<wbr>").join(Markup("<span>{}</span>").format(group) for group in groups)
    return Markup('<code class="digest">{}</code>').format(spans)


def picture(jpeg: bytes) -> Markup:
    """Write a JPEG as the address of an image inside the page itself."""
    return Markup("data:image/jpeg;base64,{}").format(base64.b64encode(jpeg).decode("ascii"))


def short(value: str) -> str:
    """Cut a digest to its first digits, where the whole stands in the manifest."""
    return value[:SHORT_DIGITS]
