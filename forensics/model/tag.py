"""What a file names beside its samples, as it writes it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One metadata entry as found: ``group`` is ``format`` or ``stream:N``, an EXIF group, and so on."""

    group: str
    name: str
    value: str
