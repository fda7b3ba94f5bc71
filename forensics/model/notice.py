"""A notice: something a reader must know, that did not stop the work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """``code`` is stable and dotted (``media.truncated``); ``message`` is one plain sentence with its figures."""

    code: str
    message: str
