"""Pieces of the stored documents that several of them share."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from forensics.errors import ManifestError
from forensics.model.text import visible

Hex64 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
"""A SHA-256 as text."""

Hex128 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{128}\Z")]
"""A SHA-512 as text."""


class DigestSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """An in-toto DigestSet of the two algorithms in use."""

    sha256: Hex64
    sha512: Hex128 | None = None


class Descriptor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """An in-toto ResourceDescriptor: a named thing and its digests; ``annotations`` may hold its size in bytes."""

    name: str
    digest: DigestSet
    annotations: dict[str, int] | None = None


def wire_error(document: str, error: Exception) -> ManifestError:
    """The library's error for a document whose fields are not those of its schema."""
    return ManifestError(
        f"the {document} has a field that its schema does not allow: {visible(str(error))}",
        code="manifest.invalid",
        hint="Compare it with the log and with another copy of the case.",
    )


def decimals_to_text(value: Any, unsound: Callable[[str], ManifestError]) -> Any:
    """The value with every float as the shortest text that gives the same IEEE 754 double back.

    Raises what ``unsound`` makes of a complaint, for a float that is not finite.
    """
    if isinstance(value, dict):
        return {key: decimals_to_text(element, unsound) for key, element in value.items()}
    if isinstance(value, (list, tuple)):
        return [decimals_to_text(element, unsound) for element in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise unsound(f"{value} is no decimal")
        return repr(float(value))
    return value
