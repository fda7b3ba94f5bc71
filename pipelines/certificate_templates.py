"""Templates of certificates: files of data whose places and blocks come from closed tables."""

from __future__ import annotations

import string
import tomllib
from typing import Annotated, Literal

import msgspec

from forensics.errors import InputError
from pipelines.shipped import read_shipped

FOLDER = "certificates"
"""Folder of this package that holds the templates that come with the program."""

SHIPPED = ("fre902-14", "fre902-13", "affidavit")

PLACES = frozenset({"declarant", "employer", "training", "case"})
"""What a text may leave to be filled in."""

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
_Block = Literal["exhibits", "environment", "checks", "custody", "gaps", "signature"]


class Paragraph(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One numbered paragraph. ``block`` is what of the record follows it; ``needs`` what must be in the log for it."""

    text: _Text
    block: _Block | None = None
    needs: Literal["named_check"] | None = None


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A certificate: ``rule`` is what it was drafted for, ``basis`` on what reading, ``counsel`` what to review."""

    name: Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9][a-z0-9-]{0,39}\Z")]
    title: _Text
    rule: _Text
    basis: _Text
    counsel: Annotated[tuple[_Text, ...], msgspec.Meta(min_length=1, max_length=50)]
    paragraph: Annotated[tuple[Paragraph, ...], msgspec.Meta(min_length=1, max_length=100)]


def open_template(name: str) -> Template:
    """A template of the program's by its name, or else the one in a file.

    Raises:
        InputError: neither, or a file that is no template.
    """
    return _template(read_shipped("template", name, FOLDER, SHIPPED), name)


def _template(data: bytes, name: str) -> Template:
    try:
        template = msgspec.convert(tomllib.loads(data.decode("utf-8")), Template, strict=True)
        for each in template.paragraph:
            _require_known(each, name)
    except (ValueError, msgspec.ValidationError, RecursionError) as error:
        raise InputError(f"template {name}: {error}", hint="docs/legal.md shows the form") from error
    return template


def _require_known(paragraph: Paragraph, name: str) -> None:
    for _, place, form, conversion in string.Formatter().parse(paragraph.text):
        if place is not None and (place not in PLACES or form or conversion):
            raise InputError(
                f"template {name}: no place is called {place!r:.40}", hint=f"known: {', '.join(sorted(PLACES))}"
            )
    if paragraph.block == "checks" and paragraph.needs != "named_check":
        raise InputError(
            f"template {name}: the block 'checks' stands in a paragraph with needs = \"named_check\"",
            hint="so that it is never printed without one",
        )
